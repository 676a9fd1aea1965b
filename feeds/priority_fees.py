"""The priority-fee feed: polls getRecentPrioritizationFees for the accounts that trades would write to.

A plain node answers with the minimum that landed per slot. Some providers take a percentile as well, in basis points
per slot over all transactions; whether this one does is said by the config or found out by asking once.

    {"jsonrpc":"2.0","id":1,"method":"getRecentPrioritizationFees","params":[["<account>",…],{"percentile":5000}]}
    {"jsonrpc":"2.0","result":[{"slot":338225766,"prioritizationFee":12000},…],"id":1}
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from feeds.base import FeedStatus, Note, Sink, no_note
from feeds.http import HttpChannel, HttpLimits, Unreachable
from feeds.solana import check_rpc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.model.events import Channel
    from cambist.model.opportunity import Need

MAX_ACCOUNTS = 128
PERCENTILES = (2500, 5000, 7500, 9000, 9900)
"""Basis points: 5000 is the median."""


class PriorityFeeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to ask and how often."""

    rpc: str
    name: str = "priority_fees"
    interval_s: float = 2.0
    percentiles: bool | None = None
    """Whether the node takes a percentile; `None`: find out."""
    http: HttpLimits = HttpLimits(attempts=2, timeout_s=5.0)


class PriorityFeeFeed:
    """A `Feed` of fee samples."""

    def __init__(
        self,
        config: PriorityFeeConfig,
        channel: Channel,
        sink: Sink,
        *,
        accounts: Iterable[str] = (),
        note: Note = no_note,
    ) -> None:
        """Raises `EndpointError`."""
        self.name = config.name
        self.percentiles = config.percentiles
        """Whether the node takes a percentile; `None` while that is not known."""
        self._config, self._channel, self._note = config, channel, note
        self._http = HttpChannel(config.rpc, sink, name=config.name, limits=config.http, note=note)
        self._accounts: tuple[str, ...] = ()
        self._next_id = 1
        self._poll = asyncio.Event()
        self.watch(accounts)

    def channels(self) -> tuple[Channel, ...]:
        """Returns its one channel."""
        return (self._channel,)

    def status(self) -> tuple[FeedStatus, ...]:
        """Returns how the polls went lately."""
        status = self._http.status(self._channel.id)
        if self.percentiles is False and not status.note:
            status = msgspec.structs.replace(status, note="minimum only: the node takes no percentile")
        return (status,)

    def watch(self, accounts: Iterable[str]) -> None:
        """Asks for these writable accounts from now on, the first 128 of them; none means the whole chain."""
        self._accounts = tuple(dict.fromkeys(accounts))[:MAX_ACCOUNTS]

    def need(self, need: Need) -> None:
        """Fees are polled; no need is this feed's."""

    def retry(self) -> None:
        """Polls now, and asks again whether the node takes a percentile if it did not."""
        if self._config.percentiles is None:
            self.percentiles = None
        self._poll.set()

    async def run(self) -> None:
        """Polls until cancelled."""
        try:
            while True:
                self._poll.clear()
                await self._round()
                try:
                    await asyncio.wait_for(self._poll.wait(), self._config.interval_s)
                except TimeoutError:
                    continue
        finally:
            await self._http.close()

    async def _round(self) -> None:
        try:
            await self._ask(None)
        except Unreachable:
            return  # the channel has noted it; the next round tries again
        if self.percentiles is False:
            return
        for percentile in PERCENTILES:
            try:
                await self._ask(percentile)
            except Unreachable as error:
                if self.percentiles is None and error.status == 200:  # it answered: it does not know the parameter
                    self.percentiles = False
                    self._note("info", self.name, f"the node takes no percentile: {error}")
                return
            self.percentiles = True

    async def _ask(self, percentile: int | None) -> None:
        params: list[object] = [list(self._accounts)]
        if percentile is not None:
            params.append({"percentile": percentile})
        number, self._next_id = self._next_id, self._next_id + 1
        request = {"jsonrpc": "2.0", "id": number, "method": "getRecentPrioritizationFees", "params": params}
        await self._http.post(self._channel.id, msgspec.json.encode(request), check_rpc)
