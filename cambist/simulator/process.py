"""The market as a process of its own: started by a parent that it doesn't outlive, or alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import child, heap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cambist.model.rivals import Rivals
    from cambist.simulator.exchanges.faults import Fault

START_SECONDS = 20.0
ENDS = (signal.SIGTERM, signal.SIGINT)


class MarketError(RuntimeError):
    """The market could not be started; the message says why."""


class Handle:
    """A running market process."""

    def __init__(self, process: subprocess.Popen[bytes], endpoints: dict[str, Any]) -> None:
        self._process = process
        self.endpoints = endpoints
        """What the process printed: addresses, pools, tokens, symbols, instruments, identities."""

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Returns whether it still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends the process and waits for it."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Starting:
    """A market process that may still be building its world: `handle` waits for its endpoints."""

    def __init__(self, process: subprocess.Popen[bytes], output: str = "on stderr") -> None:
        """`output` is where one finds what it writes."""
        self._process, self._output = process, output

    def handle(self) -> Handle:
        """Returns the market once its sockets listen. Raises `MarketError`."""
        process = self._process
        try:
            return Handle(process, msgspec.json.decode(_first_line(process, time.monotonic() + START_SECONDS)))
        except BaseException as error:
            process.kill()
            code = process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            if isinstance(error, MarketError | msgspec.DecodeError):
                message = f"the embedded market did not start (exit code {code}); what it says is {self._output}"
                raise MarketError(message) from None
            raise


def begin(
    seed: int,
    *,
    rate: float = 1.0,
    slot_ms: float = 400.0,
    port: int = 0,
    fund: Sequence[str] = (),
    exchanges: Sequence[str] = (),
    faults: Mapping[str, Path] | None = None,
    rivals: Rivals | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Starting:
    """Starts a market in a child process and returns at once, so that the caller can load its own parts meanwhile.

    `fund` names wallets that get SOL and an associated account of every token, `exchanges` who is served beside
    the first, `faults` a script for each exchange that is to misbehave, `rivals` who else trades. `on_line` gets each
    line that it would write to stderr, in a thread of its own; without it they go to this process's stderr.
    """
    command = child.command("cambist.simulator", "--seed", str(seed), "--rate", str(rate))
    command += ["--slot-ms", str(slot_ms), "--port", str(port), "--genesis-ms", str(time.time_ns() // 1_000_000)]
    command += ["--with-parent", "--exchanges", ",".join(exchanges)]
    if rivals is not None:
        command += ["--rivals", msgspec.json.encode(rivals).decode()]
    for venue, script in (faults or {}).items():
        command += ["--faults", f"{venue}={script}"]
    for key in fund:
        command += ["--fund", key]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if on_line is None else subprocess.PIPE,
        env=child.environment(),
        start_new_session=True,
    )
    if on_line is None:
        return Starting(process)
    threading.Thread(target=_read_stderr, args=(process, on_line), name="market's stderr", daemon=True).start()
    return Starting(process, "in the log")


def _read_stderr(process: subprocess.Popen[bytes], on_line: Callable[[str], None]) -> None:
    assert process.stderr is not None
    with process.stderr as lines:
        for line in lines:
            on_line(line.decode("utf-8", "replace").rstrip())


def spawn(
    seed: int,
    *,
    rate: float = 1.0,
    slot_ms: float = 400.0,
    port: int = 0,
    fund: Sequence[str] = (),
    exchanges: Sequence[str] = (),
    faults: Mapping[str, Path] | None = None,
    rivals: Rivals | None = None,
) -> Handle:
    """Starts a market in a child process and returns it once its sockets listen. Raises `MarketError`."""
    starting = begin(
        seed, rate=rate, slot_ms=slot_ms, port=port, fund=fund, exchanges=exchanges, faults=faults, rivals=rivals
    )
    return starting.handle()


def _first_line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                message = "nothing printed in time"
                raise MarketError(message)
            part = os.read(process.stdout.fileno(), 65_536)
            if not part:
                message = "ended before it printed"
                raise MarketError(message)
            line += part
    return line


def run_market(
    seed: int,
    slots: int | None = None,
    *,
    digest: bool = False,
    rate: float = 1.0,
    port: int = 0,
    slot_ms: float = 400.0,
    genesis_ms: int | None = None,
    fund: Sequence[str] = (),
    with_parent: bool = False,
    exchanges: Sequence[str] = (),
    faults: Sequence[str] = (),
    rivals: Rivals | None = None,
) -> int:
    """Runs the market: as fast as it goes and without sockets for a digest, else in real time. Returns the exit code.

    Prints one JSON line: the endpoints, or the digest.
    """
    from cambist.simulator.encoding import key_bytes
    from cambist.simulator.exchanges import FIRST, SIMULATED_OF
    from cambist.simulator.exchanges.faults import ScriptError
    from cambist.simulator.jsonrpc import RpcError
    from cambist.simulator.market import GENESIS_MS, Market

    if slots is not None and slots < 1:
        return _refuse(f"--slots was {slots}, at least 1 is needed")
    if not (0.0 <= rate <= 1_000.0) or not (1.0 <= slot_ms <= 60_000.0):
        return _refuse(f"--rate was {rate} (0 to 1000), --slot-ms was {slot_ms} (1 to 60000)")
    try:
        funded = tuple(key_bytes(key) for key in fund)
    except RpcError:
        return _refuse(f"--fund was {', '.join(fund)}: not all are base58 public keys")
    if unknown := set(exchanges) - set(SIMULATED_OF):
        return _refuse(f"--exchanges was {', '.join(sorted(unknown))}, known are {', '.join(SIMULATED_OF)}")
    venues = tuple(venue for venue in SIMULATED_OF if venue == FIRST or venue in exchanges)
    try:
        scripts = [_script(text, venues) for text in faults]
    except (ScriptError, OSError) as error:
        return _refuse(f"--faults: {error}")
    if digest:
        return _digest(Market(seed, rate=rate, funded=funded, exchanges=venues, rivals=rivals), slots or 300)
    started = time.time_ns() // 1_000_000 if genesis_ms is None else genesis_ms
    market = Market(seed, rate=rate, genesis_ms=started or GENESIS_MS, funded=funded, exchanges=venues, rivals=rivals)
    return asyncio.run(_serve(market, slots, port, slot_ms, scripts, with_parent=with_parent))


def _script(text: str, venues: Sequence[str]) -> tuple[str, list[Fault]]:
    """Returns the exchange and the faults of one `--faults VENUE=FILE`. Raises `ScriptError` and `OSError`."""
    from cambist.simulator.exchanges.faults import ScriptError, load

    venue, _, path = text.partition("=")
    if venue not in venues:
        message = f"exchange was {venue!r}, served are {', '.join(venues)}"
        raise ScriptError(message)
    return venue, load(Path(path).read_bytes())


def _digest(market: Any, slots: int) -> int:
    for _ in range(slots):
        market.chain.record(market.slot())
    found = {
        "schema": 1,
        "demo": True,
        "seed": market.seed,
        "slots": slots,
        "transactions": market.chain.transactions,
        "digest": market.chain.digest,
    }
    _print(found)
    return 0


async def _serve(
    market: Any,
    slots: int | None,
    port: int,
    slot_ms: float,
    scripts: Sequence[tuple[str, list[Fault]]],
    *,
    with_parent: bool,
) -> int:
    from cambist.simulator.node import Node, Ports

    node = Node(market, slot_ms=slot_ms)
    for venue, script in scripts:
        node.exchanges[venue].inject(*script)
    try:
        await node.start(Ports(port, tuple(node.exchanges)))
    except OSError as error:
        await node.close()
        last = port + 1 + 2 * len(node.exchanges)
        why = error.strerror or error
        return _refuse(f"ports {port} to {last}: {why}. Choose another --port, or 0 for free ones.")
    loop, run = asyncio.get_running_loop(), asyncio.ensure_future(node.run(slots))
    for number in ENDS:
        loop.add_signal_handler(number, run.cancel)
    if with_parent:
        end_with_parent(loop, run)
    _print(node.describe())
    try:
        await run
    except asyncio.CancelledError:
        pass
    finally:
        await node.close()
        for number in ENDS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)  # one that comes while the loop closes finds its pipe gone
    return 0


def end_with_parent(loop: asyncio.AbstractEventLoop, run: asyncio.Future[None]) -> None:
    """Ends the run when the parent closes our stdin, which the system does for one that dies, or is gone anyway.

    A sibling that was forked with the pipe open would keep it from closing; so the parent's id is looked at too.
    """
    parent = os.getppid()

    def look() -> None:
        if os.getppid() != parent:
            run.cancel()
        else:
            loop.call_later(1.0, look)

    def read() -> None:
        if not os.read(0, 4_096):
            loop.remove_reader(0)
            run.cancel()

    loop.add_reader(0, read)
    look()


def _refuse(message: str) -> int:
    print(f"cambist market: {message}", file=sys.stderr)
    return 2


def _print(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code of `python -m cambist.simulator`."""
    from cambist.model.rivals import Rivals
    from cambist.simulator.exchanges import FIRST, SIMULATED_OF

    others = ",".join(venue for venue in SIMULATED_OF if venue != FIRST)
    parser = argparse.ArgumentParser(prog="cambist.simulator", description="The embedded DEMO market.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--slots", type=int, help="end after so many slots")
    parser.add_argument("--digest", action="store_true", help="print the digest of --slots slots and end")
    parser.add_argument("--rate", type=float, default=1.0, help="how busy noise traders and books are")
    parser.add_argument("--port", type=int, default=0, help="first of four ports or more in a row; 0 takes free ones")
    parser.add_argument("--slot-ms", type=float, default=400.0, help="real milliseconds per slot")
    parser.add_argument("--genesis-ms", type=int, help="Unix time of the first slot; now if absent")
    parser.add_argument("--fund", action="append", default=[], metavar="KEY", help="wallet that gets tokens")
    parser.add_argument("--exchanges", default="", metavar="NAMES", help=f"served beside {FIRST}: {others}")
    parser.add_argument(
        "--faults", action="append", default=[], metavar="NAME=FILE", help="JSON script of what an exchange does wrong"
    )
    parser.add_argument("--rivals", default="{}", metavar="JSON", help="figures of who else trades, by name")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin is closed")
    options = parser.parse_args(argv)
    heap.settle()
    try:
        rivals = msgspec.json.decode(options.rivals, type=Rivals)
    except (msgspec.DecodeError, ValueError) as error:
        return _refuse(f"--rivals: {error}")
    return run_market(
        options.seed,
        options.slots,
        digest=options.digest,
        rate=options.rate,
        port=options.port,
        slot_ms=options.slot_ms,
        genesis_ms=options.genesis_ms,
        fund=options.fund,
        with_parent=options.with_parent,
        exchanges=[name.strip() for name in options.exchanges.split(",") if name.strip()],
        faults=options.faults,
        rivals=rivals,
    )
