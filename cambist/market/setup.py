"""All that decisions depend on, made from config and market."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from cambist.config import Paper, Risk
from cambist.config.settings import Gates
from cambist.config.watch import hint
from cambist.engine.protocol import EngineSetup
from cambist.engine.rules import compile_rule
from cambist.execution.paper_model import PaperParams
from cambist.kernel import KernelSetup
from cambist.market.limits import risk_limits
from cambist.market.strategies import DEFAULT, budgets, strategy_setups
from cambist.market.transfers import transfers_of
from cambist.model.units import NS_PER_MS
from cambist.model.valuation import Valuing
from cambist.model.venues import POOL_VENUES
from cambist.strategies.rule import symbols_of

if TYPE_CHECKING:
    from cambist.config import Config
    from cambist.market.markets import Market


def kernel_setup(config: Config, market: Market) -> KernelSetup:
    """Returns all that decisions depend on, from config and market. Symbols in the config mean verified base tokens."""
    tokens = config.valuation.ranked(market.tokens)
    base = {t.symbol: t for t in tokens if t.base}

    def atoms(amounts: dict[str, float], key: str, default: dict[str, float]) -> dict[str, int]:
        if amounts == default:
            amounts = {symbol: amount for symbol, amount in amounts.items() if symbol in base}
        unknown = sorted(set(amounts) - set(base))
        if unknown:
            message = (
                f"[{key}] names {', '.join(unknown)}; the base tokens here are {', '.join(sorted(base)) or 'none'}"
            )
            raise ValueError(message)
        return {base[s].mint: round(v * 10 ** base[s].decimals) for s, v in amounts.items()}

    risk, paper = config.risk, config.paper
    caps = atoms(risk.cap, "risk.cap", Risk().cap)
    quote = EngineSetup().quote_mint
    if config.valuation.quote:
        quote = config.valuation.mint(config.valuation.quote, tokens, "quote")
    setup = EngineSetup(
        quote_mint=quote,
        channels=market.channels,
        tokens=tokens,
        identities=market.identities,
        instruments=market.instruments,
        venue_fees=config.venue_fees,
        equivalences=config.equivalences,
        pools=market.pools,
        search=config.search,
        gates=Gates(**msgspec.structs.asdict(config.gates), caps=caps),
        bidding=config.bidding,
        moments=True,
        transfers=transfers_of(config.transfers, tokens),
    )
    strategies = strategy_setups(config, tokens)
    names = tuple(each.name for each in strategies) or DEFAULT
    limits = risk_limits(risk, atoms, setup.channels, names, budgets(config, atoms))
    model = PaperParams(
        latency_ns=paper.latency_ms * NS_PER_MS,
        jitter_ns=paper.jitter_ms * NS_PER_MS,
        failure_ppm=paper.failure_ppm,
        slippage_ppm=paper.slippage_ppm,
        exchange_latency_ns=paper.exchange_latency_ms * NS_PER_MS,
        exchange_jitter_ns=paper.exchange_jitter_ms * NS_PER_MS,
        venue_latency_ns={venue: ms * NS_PER_MS for venue, ms in sorted(paper.venue_latency_ms.items())},
        late_ppm=paper.late_ppm,
        late_full_ppm=paper.late_full_ppm,
        protected=paper.sender == "bundle",
    )
    wallet = atoms(paper.wallet, "paper.wallet", Paper().wallet)
    _check_rule(config.strategy.rule, market)
    return KernelSetup(
        engine=setup,
        limits=limits,
        paper=model,
        seed=paper_seed(market.seed),
        wallet=wallet,
        inventory=_inventory(paper, market),
        market=market.label,
        demo=market.demo,
        easy=market.easy,
        valuation=_valuing(config, market),
        rule=config.strategy.rule,
        strategies=strategies,
    )


def _inventory(paper: Paper, market: Market) -> dict[str, dict[str, int]]:
    """Returns what paper has at exchanges. Raises `ValueError` for a symbol that means no token here, or several."""
    names, decimals = symbols_of(market.tokens), {token.mint: token.decimals for token in market.tokens}
    made: dict[str, dict[str, int]] = {}
    for venue, amounts in sorted(paper.inventory.items()):
        for symbol, amount in amounts.items():
            mint = names.get(symbol)
            if mint is None:
                message = f"[paper.inventory.{venue}] {symbol[:60]!r} is no token here{hint(symbol, names)}"
                raise ValueError(message)
            made.setdefault(venue, {})[mint] = round(amount * 10 ** decimals[mint])
    return made


def paper_seed(seed: int) -> int:
    """Returns the seed of paper's draws for a session's: from it nobody can tell what the embedded market will draw."""
    return int.from_bytes(blake2b(f"cambist paper {seed}".encode(), digest_size=8).digest(), "big") >> 1


def _valuing(config: Config, market: Market) -> Valuing:
    """Returns which prices may value a sum. Raises `ValueError` for a source that no price comes from here."""
    wanted = config.valuation
    known = (*(venue.name for venue in POOL_VENUES), *dict.fromkeys(i.venue for i in market.instruments), "injected")
    known += tuple(c.venue for c in market.channels if c.venue not in (*known, "solana", "jito"))
    for name in wanted.sources:
        if name not in known:
            message = f"[valuation] sources: {name[:60]!r} gives no price here{hint(name, known)}"
            raise ValueError(message)
    return Valuing(wanted.sources, wanted.max_age_ms)


def _check_rule(text: str, market: Market) -> None:
    if not text:
        return
    try:
        compile_rule(text, list(symbols_of(market.tokens)))
    except ValueError as error:
        message = f"[strategy] rule: {error}"
        raise ValueError(message) from error
