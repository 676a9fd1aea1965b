"""The priority-fee feed: polls getRecentPrioritizationFees for the accounts that trades would write to.

A plain node answers with the minimum that landed per slot. Some providers take a percentile as well, in basis points
per slot over all transactions; whether this one does is said by the config or found out by asking once.

    {"jsonrpc":"2.0","id":1,"method":"getRecentPrioritizationFees","params":[["<account>",…],{"percentile":5000}]}
    {"jsonrpc":"2.0","result":[{"slot":338225766,"prioritizationFee":12000},…],"id":1}

Besides, single accounts are asked for one after the other, a few each round, and the estimates of a provider that has
them (`getPriorityFeeEstimate`, `qn_estimatePriorityFees`). `TipFloorFeed` polls the tips that landed, by plain HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from feeds.base import FeedStatus, Note, Sink, no_note
from feeds.http import HttpChannel, HttpLimits, Unreachable
from feeds.node_messages import check_rpc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.model.events import Channel
    from cambist.model.opportunity import Need
    from feeds.dial import Dial

MAX_ACCOUNTS = 128
ESTIMATES = ("getPriorityFeeEstimate", "qn_estimatePriorityFees")
"""Methods of providers that estimate fees."""
ACCOUNT_PERCENTILE = 7500
"""Asked for of single accounts where the node takes percentiles."""
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
    estimates: tuple[str, ...] = ()
    """Which of `ESTIMATES` the node answers."""
    accounts_a_round: int = 1
    """How many single accounts are asked for in a round."""


class TipFloorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the tips that landed are told, and how often to ask."""

    url: str
    """Up to and with the path, e.g. `https://bundles.jito.wtf/api/v1/bundles/tip_floor`."""
    name: str = "tips"
    interval_s: float = 5.0
    http: HttpLimits = HttpLimits(attempts=2, timeout_s=5.0)


class TipFloorFeed:
    """A `Feed` of the tips that landed."""

    def __init__(self, config: TipFloorConfig, channel: Channel, sink: Sink, *, note: Note = no_note) -> None:
        """Raises `EndpointError`."""
        self.name = config.name
        self._config, self._channel = config, channel
        self._http = HttpChannel(config.url, sink, name=config.name, limits=config.http, note=note)
        self._poll = asyncio.Event()

    def channels(self) -> tuple[Channel, ...]:
        """Returns its one channel."""
        return (self._channel,)

    def status(self) -> tuple[FeedStatus, ...]:
        """Returns how the polls went lately."""
        return (self._http.status(self._channel.id),)

    def need(self, need: Need) -> None:
        """Tips are polled; no need is this feed's."""

    def retry(self) -> None:
        """Polls now."""
        self._poll.set()

    async def run(self) -> None:
        """Polls until cancelled."""
        try:
            while True:
                self._poll.clear()
                with contextlib.suppress(Unreachable):  # the channel has noted it; the next round tries again
                    await self._http.get(self._channel.id, "")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._config.interval_s):
                        await self._poll.wait()
        finally:
            await self._http.close()


class PriorityFeeFeed:
    """A `Feed` of fee samples."""

    def __init__(
        self,
        config: PriorityFeeConfig,
        channel: Channel,
        sink: Sink,
        *,
        accounts: Iterable[str] = (),
        singly: Iterable[str] = (),
        note: Note = no_note,
        dial: Dial | None = None,
    ) -> None:
        """Raises `EndpointError`."""
        self.name = config.name
        self.percentiles = config.percentiles
        """Whether the node takes a percentile; `None` while that is not known."""
        self._config, self._channel, self._note = config, channel, note
        self._http = HttpChannel(config.rpc, sink, name=config.name, limits=config.http, note=note, dial=dial)
        self._accounts: tuple[str, ...] = ()
        self._singly = deque(dict.fromkeys(singly))
        """Accounts whose own fees are asked for, the next one first."""
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
                    async with asyncio.timeout(self._config.interval_s):
                        await self._poll.wait()
                except TimeoutError:
                    continue
        finally:
            await self._http.close()

    async def _round(self) -> None:
        try:
            await self._ask(None)
        except Unreachable:
            return  # the channel has noted it; the next round tries again
        await self._percentiles()
        with contextlib.suppress(Unreachable):
            for _ in range(min(self._config.accounts_a_round, len(self._singly))):
                await self._ask(ACCOUNT_PERCENTILE if self.percentiles else None, (self._singly[0],))
                self._singly.rotate(-1)
        for method in self._config.estimates:
            with contextlib.suppress(Unreachable):
                await self._estimate(method)

    async def _percentiles(self) -> None:
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

    async def _ask(self, percentile: int | None, accounts: tuple[str, ...] | None = None) -> None:
        params: list[object] = [list(self._accounts if accounts is None else accounts)]
        if percentile is not None:
            params.append({"percentile": percentile})
        await self._call("getRecentPrioritizationFees", params)

    async def _estimate(self, method: str) -> None:
        """Asks a provider for its estimate for the accounts that trades would write to."""
        if method == "qn_estimatePriorityFees":
            await self._call(method, {"last_n_blocks": 100, "api_version": 2})
            return
        options = {"includeAllPriorityFeeLevels": True}
        await self._call(method, [{"accountKeys": list(self._accounts), "options": options}])

    async def _call(self, method: str, params: object) -> None:
        number, self._next_id = self._next_id, self._next_id + 1
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self._http.post(self._channel.id, msgspec.json.encode(request), check_rpc)
