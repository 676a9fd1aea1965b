"""A run of an exchange with faults, and the same run without one."""

import pytest

from cambist.simulator.exchanges.faults import Fault, Kind
from tests.simulator.exchanges.rig import Client, Rig, parse, running
from tests.simulator.exchanges.subscriptions import (
    CHANNEL,
    OTHER,
    SYMBOL,
    VENUES,
    Mirror,
    ask,
    book_symbol,
)

every_venue = pytest.mark.parametrize("venue", VENUES)
STEPS = 60
AT = 12


def depth_of(venue: str) -> int | None:
    return {"kraken": 10, "bybit": 50}.get(venue)


async def begin(rig: Rig, client: Client) -> tuple[Mirror, list[str | bytes]]:
    """Subscribes to two books. Returns a mirror of the first and what came so far."""
    venue = rig.venue
    await rig.steps(20)
    mirror = Mirror(venue, SYMBOL[venue])
    await client.send(ask(venue, SYMBOL[venue], OTHER[venue]))
    first = await client.all_raw()
    if venue == "binance":
        _, _, snapshot = await rig.get(f"/api/v3/depth?symbol={SYMBOL[venue]}&limit=5000")
        mirror.book.seed(snapshot)
    for text in first:
        mirror.apply(parse(text))
    return mirror, first


async def frames(venue: str, *faults: Fault) -> tuple[list[str | bytes], Rig]:
    """Returns what 3 s bring after the subscription, as it came."""
    async with running(venue) as rig, rig.client() as client:
        await begin(rig, client)
        rig.exchange.inject(*faults)
        await rig.steps(STEPS)
        return await client.all_raw(), rig


def fault(venue: str, kind: Kind, **more: object) -> Fault:
    return Fault(kind=kind, symbol=SYMBOL[venue], **{"at_frame": AT, "channel": CHANNEL[venue], **more})


def place(venue: str, clean: list[str | bytes]) -> int:
    """Returns where the frame is that the fault strikes."""
    places = [i for i, text in enumerate(clean) if book_symbol(venue, parse(text)) == SYMBOL[venue]]
    return places[AT - 1]
