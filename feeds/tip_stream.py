"""The tips that landed, as a block engine streams them: each frame is what its plain HTTP address tells.

    [{"time":"2026-11-21T10:00:00Z","landed_tips_25th_percentile":6.0e-06,…,"ema_landed_tips_50th_percentile":1.0e-05}]

Nothing is subscribed: frames come from the moment the connection is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feeds.base import FeedStatus, Note, Sink, no_note
from feeds.socket import SocketLimits, WebSocketSource

if TYPE_CHECKING:
    import random

    from cambist.model.events import Channel
    from cambist.model.opportunity import Need
    from feeds.watchdog import Breach

KEY = "tips"


class TipStreamConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the tips that landed are streamed."""

    url: str
    """Up to and with the path, e.g. `wss://bundles.jito.wtf/api/v1/bundles/tip_stream`."""
    name: str = "tip stream"
    silence_s: float = 60.0
    """Without a frame for this long the connection is made anew."""
    socket: SocketLimits = SocketLimits(max_size=1 << 16)


class TipStreamFeed:
    """A `Feed` of the tips that landed, over a stream."""

    def __init__(
        self,
        config: TipStreamConfig,
        channel: Channel,
        sink: Sink,
        *,
        note: Note = no_note,
        rng: random.Random | None = None,
    ) -> None:
        """Raises `EndpointError`."""
        self.name = config.name
        self._config, self._channel = config, channel
        self._socket = WebSocketSource(
            config.url, channel.id, sink, self, name=config.name, limits=config.socket, note=note, rng=rng
        )

    # A feed

    def channels(self) -> tuple[Channel, ...]:
        """Returns its one channel."""
        return (self._channel,)

    def status(self) -> tuple[FeedStatus, ...]:
        """Returns how the stream is."""
        return (self._socket.status(),)

    def need(self, need: Need) -> None:
        """Tips are streamed; no need is this feed's."""

    def retry(self) -> None:
        """Connects now."""
        self._socket.retry()

    async def run(self) -> None:
        """Runs until cancelled."""
        await self._socket.run()

    # The venue's side of a connection

    def opened(self) -> None:
        """Expects a first frame."""
        self._socket.watch.sent(KEY, self._config.silence_s, silence_s=self._config.silence_s)

    def received(self, body: bytes) -> None:
        """A frame came."""
        self._socket.watch.data(KEY)

    def closed(self, reason: str) -> None:
        """The connection ended; the source connects again."""

    def overdue(self, breach: Breach) -> bool:
        """Connects anew: a stream that says nothing is no stream."""
        return True
