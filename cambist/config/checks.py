"""What a typed configuration still can't mean: each problem with the key it stands at."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING

from cambist.config import strategies, transfers, watch
from cambist.model.endpoint import endpoint_problem
from cambist.model.equivalences import problems as equivalence_problems
from cambist.model.exchanges import EXCHANGE_OF, EXCHANGES, known_exchanges
from cambist.model.market import FIAT, is_multiple
from cambist.model.rivals import rivals_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.config.risk import Risk
    from cambist.config.schema import Config, ExchangeEndpoint

Problem = tuple[str, str]
"""(key, what is wrong with it; `{key}` stands for the key as the file has it)."""


def problems(config: Config) -> Iterator[Problem]:
    """Yields what can't be meant, the first thing first."""
    yield from _choices(config)
    yield from _endpoints(config)
    yield from _keys(config)
    names = [endpoint.name for endpoint in config.solana]
    for wrong in watch.problems(config.watch, config.valuation, config.tokens, names):
        yield wrong.key, _sentence(wrong.text)
    for at, each in enumerate(config.identities):
        if is_multiple(each.asset):
            text = f'is "{each.asset[:60]}", many tokens at once: it is never taken for the token itself'
            yield f"identities[{at}].asset", _is(text)
    for at in range(len(config.equivalences)):
        for name, problem in equivalence_problems(at, config.equivalences, config.tokens, config.identities):
            yield f"equivalences[{at}].{name}", _is(problem.lstrip())
    for key, problem in (*strategies.problems(config.strategies), *transfers.problems(config.transfers)):
        yield key, _is(problem)
    try:
        rivals_of(config.market.level, config.market.rivals)
    except ValueError as error:
        yield "market.rivals", _sentence(str(error))
    yield from _numbers(config)
    yield from _addresses(config)


def _sentence(text: str) -> str:
    return "{key}: " + text.replace("{", "{{").replace("}", "}}")


def _is(text: str) -> str:
    return "{key} " + text.replace("{", "{{").replace("}", "}}")


def _choices(config: Config) -> Iterator[Problem]:
    served = tuple(exchange.name for exchange in EXCHANGES if exchange.taker_ppm is not None)
    choices = {
        "market.source": ((config.market.source,), ("demo", "network")),
        "market.exchanges": (config.market.exchanges, served),
        "screen.motion": ((config.screen.motion,), ("full", "reduced", "off")),
        "screen.theme": ((config.screen.theme,), ("verdigris", "ledger", "harbour")),
    }
    for key, (values, allowed) in choices.items():
        for value in values:
            if value not in allowed:
                near = difflib.get_close_matches(value, allowed, 1, 0)
                hint = f'; nearest is "{near[0]}"' if near else ""
                yield key, _is(f'is "{value[:60]}", expected one of {", ".join(allowed)}{hint}')


def _endpoints(config: Config) -> Iterator[Problem]:
    if config.market.source == "network" and not config.solana and not config.exchanges:
        yield "market.source", 'market.source is "network", but no [[solana]] or [venues.NAME] endpoint is given'
    names = [endpoint.name for endpoint in config.solana]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield f"solana[{at}].name", _is("is taken by another endpoint: screens and commands tell them apart by it")
    for name, table in config.venues.items():
        yield from _exchange(name, table)


def _exchange(name: str, table: ExchangeEndpoint) -> Iterator[Problem]:
    key = f"venues.{name}"
    if name not in EXCHANGE_OF:
        known = known_exchanges()
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
            yield key, _is(f"is no exchange; {hint}")
    elif table.seed and table.seed not in EXCHANGE_OF[name].seeds:
        yield f"{key}.seed", _is(f"is not a setting of {name}: it leaves no choice")
    seen: set[str] = set()
    for symbol in table.symbols:
        if not symbol or symbol in seen:
            yield f"{key}.symbols", _sentence("is empty" if not symbol else f'"{symbol[:30]}" stands there twice')
        seen.add(symbol)


def _keys(config: Config) -> Iterator[Problem]:
    for i, pool in enumerate(config.pools):
        for name in ("address", "program"):
            if not watch.KEY.fullmatch(value := getattr(pool, name)):
                yield f"pools[{i}].{name}", _is(f'is "{value[:60]}", expected a base58 public key')
    mints = [(f"tokens[{i}].mint", token.mint) for i, token in enumerate(config.tokens)]
    mints += [(f"identities[{i}].mint", each.mint) for i, each in enumerate(config.identities)]
    for key, value in mints:
        if not watch.KEY.fullmatch(value) and not FIAT.fullmatch(value):
            yield key, _is(f'is "{value[:60]}", expected a base58 public key, or `fiat:USD` and the like')


def _numbers(config: Config) -> Iterator[Problem]:
    for key, amounts in (
        *_risk_amounts(config.risk),
        *((f"strategies[{at}].capital", each.capital) for at, each in enumerate(config.strategies)),
        *((f"strategies[{at}].daily_loss", each.daily_loss) for at, each in enumerate(config.strategies)),
        ("paper.wallet", config.paper.wallet),
    ):
        if not all(map(math.isfinite, amounts.values())):
            yield key, _is("holds what is no number")
    if not math.isfinite(config.market.rate):
        yield "market.rate", _is("is no number")


def _risk_amounts(risk: Risk) -> Iterator[tuple[str, dict[str, float]]]:
    """Yields (key, whole tokens by symbol) of every map of amounts in `[risk]`."""
    for key in ("cap", "daily_loss", "open_cap", "day_cap", "balance_floor"):
        yield f"risk.{key}", getattr(risk, key)
    for key in ("venue_cap", "route_cap", "strategy_cap"):
        for name, amounts in getattr(risk, key).items():
            yield f"risk.{key}.{name}", amounts
    for key in ("daily_loss", "max_loss"):
        yield f"risk.account.{key}", getattr(risk.account, key)


def _addresses(config: Config) -> Iterator[Problem]:
    urls = [
        (f"solana[{i}]{key}", url, kind, True)
        for i, e in enumerate(config.solana)
        for key, url, kind in (
            ("", e.pubsub, "ws"),
            ("", e.rpc, "http"),
            (".tip_floor", e.tip_floor, "http"),
            (".tip_stream", e.tip_stream, "ws"),
        )
        if url or not key
    ]
    urls += [
        (f"venues.{name}.{part}", url, kind, False)
        for name, table in config.venues.items()
        for part, url, kind in (("ws", table.ws, "ws"), ("rest", table.rest, "http"))
        if url
    ]
    for key, url, kind, takes_query in urls:
        if problem := endpoint_problem(url, kind):
            yield key, _sentence(problem)
        elif "?" in url and not takes_query:
            yield key, _sentence("a base address takes no query")
