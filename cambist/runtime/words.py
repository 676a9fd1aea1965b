"""Raw engine facts to the few words a screen has room for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cambist.model.exchanges import EXCHANGE_OF
from cambist.model.refusals import Refusal
from cambist.model.text import sanitise, short
from cambist.model.tokens import labels
from cambist.model.venues import POOL_VENUE_OF, VENUE_OF_PROGRAM
from cambist.view import Leg

if TYPE_CHECKING:
    from cambist.engine.protocol import EquivalenceView
    from cambist.model.events import Channel
    from cambist.model.market import Instrument, PoolRef, Token
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import StageTimes

DECISIONS = {
    "go": "go",
    "new": "seen {seen} slot",
    "torn": "torn",
    "depeg": "off its peg",
    "unconfirmed": "one node's word",
    "no_base": "no base token",
    "unknown_cost": "cost unknown",
    "legged_cost": "legged, cost –",
    "not_positive": "loses after cost",
    "fees_eat_gross": "fees over half",
    "tip_share": "tip over half",
    "no_cap": "no cap set",
    "depth": "too thin",
}

EQUIVALENCE = "equivalence"
"""How the names of edges between tokens that stand for one another begin."""

Fate = tuple[bool, Mapping[str, str] | None]
"""Whether an order of it is open, and by strategy why it was not taken at its last chance."""
REFUSED = {
    Refusal.HALTED: "halted",
    Refusal.DISARMED: "disarmed",
    Refusal.SIZE: "no valid size",
    Refusal.UNPRICED: "size not priced",
    Refusal.UNKNOWN_COST: "cost unknown",
    Refusal.OPEN_ENDED: "open-ended",
    Refusal.MIN_OUT: "floor below cost",
    Refusal.UNPROVED: "formula only",
    Refusal.NO_LIMIT: "no risk limit",
    Refusal.CAP: "over risk cap",
    Refusal.OPEN_ORDER: "order is open",
    Refusal.OPEN_ORDERS: "orders at limit",
    Refusal.RATE: "rate at limit",
    Refusal.DAY_RATE: "day's orders out",
    Refusal.TOKEN_CAP: "over open cap",
    Refusal.VENUE_CAP: "over venue cap",
    Refusal.UNKNOWN_VENUE: "venue unknown",
    Refusal.ROUTE_CAP: "over route cap",
    Refusal.STRATEGY_CAP: "strategy capped",
    Refusal.DAY_CAP: "over day's cap",
    Refusal.BUDGET_TOKEN: "not its token",
    Refusal.BUDGET_CAPITAL: "its capital used",
    Refusal.BUDGET_ORDERS: "its orders open",
    Refusal.BUDGET_DAY: "its day's orders",
    Refusal.BUDGET_LOSS: "its loss near",
    Refusal.BALANCE: "balance too low",
    Refusal.INVENTORY: "inventory low",
    Refusal.UNQUOTED: "leg unquoted",
    Refusal.LOSS: "loss limit near",
    Refusal.ACCOUNT_UNKNOWN: "account unknown",
    Refusal.ACCOUNT_DAY: "account's day",
    Refusal.ACCOUNT_LOSS: "account's floor",
    Refusal.BAND: "off other venues",
    Refusal.BAND_UNKNOWN: "no price to hold",
    Refusal.NOT_REDUCING: "reduces nothing",
    Refusal.WORST_PRICE: "below worst",
    Refusal.TRIES: "tries used up",
}
"""Why the risk gate refused, in at most 16 cells."""
DECLINED = {
    "open_edge": ("go", "edge in use"),
    "rule": ("blocked", "rule says no"),
    "rule_unknown": ("blocked", "rule: unknown"),
    "stopped": ("blocked", "has an error"),
    "over_budget": ("blocked", "its work used up"),
    "fee_unknown": ("blocked", "fee unknown"),
    "no_book": ("blocked", "no book to trade"),
    "no_crossing": ("blocked", "books don't meet"),
    "beyond_crossing": ("blocked", "beyond crossing"),
    "decayed": ("blocked", "spread decays"),
    "no_inventory": ("blocked", "no inventory"),
    "inventory_unknown": ("blocked", "inventory –"),
    **{
        f"risk:{reason}": ("go" if reason is Refusal.OPEN_ORDER else "blocked", said)
        for reason, said in REFUSED.items()
    },
}
"""Why a go was not taken, by the strategy's or the risk gate's reason; others are said in the reason's own words."""


def venue_class(venue: str) -> str:
    """Returns the theme role of a venue; one whose name goes on after a hyphen is shown as the one before it."""
    name = venue.partition("-")[0]
    found = POOL_VENUE_OF.get(name) or EXCHANGE_OF.get(name)
    return (found.colour if found else "") or "other"


def venue_rank(venue: str) -> int:
    """Returns where a venue stands among those that a price is shown of: the lowest first."""
    found = POOL_VENUE_OF.get(venue) or EXCHANGE_OF.get(venue)
    return found.rank if found else 0


def feed_row_name(channel: Channel) -> str:
    """Returns the row of the Feeds panel that a channel is counted in: whose it is, and what of it if not the stream.

    At most 24 cells, so that endpoints differ.
    """
    kind = channel.protocol.rpartition(".")[2]
    if channel.feed in ("fees", "tips"):
        return sanitise(f"{channel.venue} {channel.feed}", 24)
    if kind == "ws":
        return sanitise(channel.feed, 24)
    kind = {"http": "rpc", "info": "rules"}.get(kind, kind)
    return f"{sanitise(channel.feed, 23 - len(kind))} {kind}"


class Names:
    """Looks up what mints and edges are called on screen."""

    def __init__(
        self, tokens: tuple[Token, ...], pools: tuple[PoolRef, ...], instruments: tuple[Instrument, ...]
    ) -> None:
        self._tokens = {t.mint: t for t in tokens}
        self._venues = {p.address: VENUE_OF_PROGRAM.get(p.program, "other") for p in pools}
        self._instruments = {(i.venue, i.symbol): i for i in instruments}
        self._symbols = labels(tokens)
        self._legs: dict[tuple[str, str], Leg] = {}

    def knows(self, mint: str) -> bool:
        """Whether the token is in the table."""
        return mint in self._tokens

    def symbol(self, mint: str) -> str:
        """Returns a token's label: a symbol alone only if it is verified and the only one; else with its mint."""
        return self._symbols.get(mint) or short(mint)

    def decimals(self, mint: str) -> int:
        """Returns a token's decimals; 0 shows atoms as they are when they are unknown."""
        token = self._tokens.get(mint)
        return token.decimals if token else 0

    def venue(self, edge: str) -> str:
        """Returns the venue of an edge name."""
        head = edge.split(":", 1)[0]
        if head == EQUIVALENCE:
            return "peg"
        return self._venues.get(head, head if edge.count(":") == 2 else "other")

    def legs(self, route: list[str], tokens: list[str]) -> tuple[Leg, ...]:
        """Returns a route as shown, one leg per hop."""
        return tuple([self._legs.get(at) or self._leg(at) for at in zip(route, tokens, strict=False)])

    def _leg(self, at: tuple[str, str]) -> Leg:
        """Makes a leg once; there are as many as edges, and thirty Views a second ask for hundreds of them."""
        edge, mint = at
        venue = self.venue(edge)
        leg = self._legs[at] = Leg(self.symbol(mint), venue, venue_class(venue), edge)
        return leg


def miss(opportunity: Opportunity, names: Names) -> str:
    """Returns how far from go an opportunity was, empty where no figure refused it."""
    short_by, token = opportunity.miss, opportunity.tokens[0]
    if short_by is None:
        return ""
    if opportunity.miss_unit == "atoms":
        decimals = names.decimals(token)
        whole, part = divmod(short_by, 10**decimals)
        amount = f"{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".") if decimals else str(whole)
        return f"{amount} {names.symbol(token)}"
    return f"{short_by / 10_000:g}%" if opportunity.miss_unit == "ppm" else f"{short_by} {opportunity.miss_unit}"


def peg_words(equivalence: EquivalenceView) -> str:
    """Returns the state of an equivalence, and what that costs or by how much the pair is off."""
    off, widened = equivalence.deviation_ppm, equivalence.widened_ppm
    if equivalence.state == "in_band":
        return f"widened by {widened} ppm" if widened else "in band"
    known = "" if off is None else f" {off:+d} ppm"
    return f"{equivalence.state.replace('_', ' ')}{known}"


def reason_words(reason: str) -> tuple[str, str]:
    """Returns (mark, words of at most 16 cells) of why a strategy or the risk gate did not take a go."""
    if reason in DECLINED:
        return DECLINED[reason]
    return "blocked", sanitise(reason.rpartition(":")[2].replace("_", " "), 16)


def _go(declined: Mapping[str, str] | None) -> tuple[str, str]:
    """Returns what the first strategy said of several."""
    return reason_words(next(iter(declined.values()))) if declined else ("go", "go")


def decision(opportunity: Opportunity, min_bps: float, fate: Fate, names: Names) -> tuple[str, str]:
    """Returns (mark, decision text of at most 16 cells) of an opportunity."""
    reason, detail = opportunity.reason, opportunity.detail
    is_open, declined = fate
    if is_open:
        lands = "" if opportunity.landing_ppm is None else f", lands {opportunity.landing_ppm // 10_000}%"
        return "go", f"sent{lands}"
    if reason == "go":
        return _go(declined)
    if reason == "below_min":
        return "skip", f"below min {min_bps:.1f}"
    if reason == "landing":
        return (
            "blocked",
            "landing –" if opportunity.landing_ppm is None else f"landing {opportunity.landing_ppm // 10_000}%",
        )
    if reason == "stale":
        venue = next((names.venue(e) for e in opportunity.route if detail and detail.split(" ")[0] in e), "")
        return "stale", sanitise(f"stale {venue or detail}", 16)
    if reason in ("torn", "depeg"):
        return "stale", DECISIONS[reason]
    if reason == "fork":
        return "stale", "fork rolled back"
    known = DECISIONS.get(reason)
    text = sanitise(reason.replace("_", " "), 16) if known is None else known.format(seen=opportunity.seen_slots)
    return ("blocked" if opportunity.net is not None and opportunity.net > 0 else "skip"), text


def order_times(number: int, times: StageTimes) -> str:
    """Returns how an order came about: `order 4 sent 2.6 ms after its first frame: gathered 1.1, …`."""
    laps = times.laps()
    whole, parts = sum(laps.values()), (laps["moment"] + laps["taken"], laps["decoded"], laps["decided"])
    words = zip(("waited", "decoded", "judged"), parts, strict=True)
    told = [f"{word} {ns / 1e6:.1f}" for word, ns in words]
    rest = (laps["approved"] + laps["built"]) / 1e6
    return f"order {number} sent {whole / 1e6:.1f} ms after its first frame: {', '.join(told)}, approved {rest:.1f}"
