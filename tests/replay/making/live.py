"""Sessions of the embedded market: recorded by the commands, and by a run whose operator does what can be done."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.replay import stepping
from tests.replay.making.files import EXCHANGES, FOUR, SOL, USDC, copied


class Live(NamedTuple):
    """A session that is recorded on the embedded market."""

    what: str
    config: str
    seconds: int
    records: int
    """It is cut after the chunk that reaches so many."""
    feeds: str = ""
    """What `cambist record` takes; empty for `cambist run`."""


BEGINS = 'engine.duel = false\nmarket.level = "easy"\n'
"""The easy market: a session of seconds is to hold orders, fills and misses."""
EAGER = """
strategy.rule = "net_bps > 1 and hops <= 3 and not through(USDT)"
rules.max_hops = 3
rules.keep = 4
rules.margin_ppm = 0
rules.min_net_ppm = 20
rules.min_seen_slots = 0
rules.rebalancing_ppm = 30
rules.bid_percentile = 50
rules.min_landing_ppm = 1000
risk.cap = { SOL = 3.0, USDC = 300.0 }
risk.daily_loss = { SOL = 0.0004, USDC = 0.05 }
risk.max_open_orders = 4
risk.max_orders_per_minute = 20
paper.latency_ms = 80
paper.jitter_ms = 60
paper.late_ppm = 50000
paper.late_full_ppm = 50000
paper.failure_ppm = 350000
paper.slippage_ppm = 40
paper.inventory = { binance = { SOL = 40.0, USDC = 6000.0 } }
"""
DOLLARS = f"""
market.exchanges = ["binance", "kraken"]
[[tokens]]
mint = "fiat:USD"
symbol = "USD"
decimals = 6
[[identities]]
venue = "kraken"
asset = "USDC"
mint = "{USDC}"
[[identities]]
venue = "kraken"
asset = "USD"
mint = "fiat:USD"
[[equivalences]]
a = "{USDC}"
b = "fiat:USD"
cost_ppm = 20
pair = "kraken:USDC/USD"
band_ppm = 500
max_age_ms = 1500
"""
SLOWLY = "market.rate = 15.0\nengine.use_rust_backend = false\n"
SPARING = "market.rate = 0.4\nrules.max_hops = 3\nrules.keep = 3\n"
"""Ten thousand records have to be replayed by the reference engine, too."""
LIVE = {
    "long-23": Live("a run of ten thousand records", f"market.seed = 23\n{SPARING}{FOUR}", 58, 10_050),
    "demo-7": Live("a run on all exchanges", f"market.seed = 7\n{FOUR}", 8, 2_600),
    "slow-11": Live("a run on a slow market", "market.seed = 11\nmarket.rate = 0.1\n", 7, 1_300),
    "busy-5": Live("a run on a busy market", "market.seed = 5\nmarket.rate = 12.0\n", 4, 1_300),
    "eager-19": Live("a rule, small limits, many misses", f"market.seed = 19\nmarket.rate = 2.0\n{EAGER}", 16, 4_400),
    "dollars-29": Live("a peg of dollars", f"market.seed = 29\n{DOLLARS}", 5, 1_500),
    "wires-13": Live("native sockets", f'market.seed = 13\nmarket.transport = "native"\n{FOUR}', 4, 1_300),
    "python-17": Live(
        "the reference engine sheds load",
        f"market.seed = 17\n{SLOWLY}",
        5,
        2_200,
    ),
    "exchanges-3": Live("exchanges alone", f"market.seed = 3\n{FOUR}", 5, 1_800, EXCHANGES),
    "solana-9": Live("the chain alone", "market.seed = 9\n", 5, 1_300, "solana"),
}
ACTS: tuple[tuple[float, str, dict[str, str]], ...] = (
    (2.0, "inject_price", {"mint": SOL, "price": "151.25"}),
    (2.2, "rule", {"text": "net_bps > 4 and hops <= 3"}),
    (2.4, "rule", {"text": "net_bps >"}),
    (2.6, "halt", {"reason": "halted by the operator"}),
    (3.0, "clear_halt", {}),
    (3.2, "engine", {}),
    (4.2, "engine", {}),
    (4.6, "bookmark", {"label": "here"}),
    (4.7, "retry", {"feed": "binance"}),
    (5.2, "rule", {"text": ""}),
    (5.6, "record_stop", {}),
    (6.2, "record_start", {}),
    (7.0, "halt", {}),
    (8.0, "clear_halt", {}),
    (8.2, "inject_price", {"mint": USDC, "price": "1.0"}),
)


def config(folder: Path, text: str) -> Path:
    """Returns a config file with a session folder of its own."""
    path = folder / "cambist.toml"
    path.write_text(f'{BEGINS}recording.folder = "{folder / "sessions"}"\n{text}', encoding="utf-8")
    return path


def recorded(folder: Path) -> list[Path]:
    """Returns the sessions of a folder, oldest first."""
    return sorted((folder / "sessions").glob("*.cambist"), key=lambda path: path.stat().st_mtime_ns)


def record(name: str, live: Live) -> dict[str, str]:
    """Records a session of the embedded market; returns how, by name."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        command = ["run", "--headless", "--for", str(live.seconds)]
        if live.feeds:
            command = ["record", "--feeds", live.feeds, "--for", str(live.seconds)]
        path = config(folder, live.config)
        subprocess.run([sys.executable, "-m", "cambist", *command, "--config", str(path)], check=True)
        with copied(recorded(folder)[0], name) as file:
            file.cut(live.records)
    return {name: f"cambist {' '.join(command)}: {live.what}"}


def commanded() -> dict[str, str]:
    """Records two sessions whose operator does all that can be done; returns how, by name."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        stepping.live(config(folder, "market.seed = 31\nmarket.rate = 0.3\n"), ACTS, lambda: len(recorded(folder)) > 1)
        for number, path in enumerate(recorded(folder), 1):
            with copied(path, f"commands-{number}"):
                pass
    how = "a run with each act of an operator; recording stops and begins again between the two"
    return {"commands-1": how, "commands-2": how}
