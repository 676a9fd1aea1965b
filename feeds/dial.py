"""How a feed reaches its venue, where that is not over the network: a market in the same process.

What it carries is what the network would: the same messages and the same replies. Only waits for a line are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from feeds.conversation import Socket


class Content(Protocol):
    """The body of a reply."""

    def iter_chunked(self, size: int, /) -> AsyncIterator[bytes]:
        """Returns its parts, of at most so many bytes."""
        ...


class Reply(Protocol):
    """A reply over HTTP, as aiohttp has it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        ...

    @property
    def content(self) -> Content:
        """The body."""
        ...


class Asking(Protocol):
    """What asks over HTTP, as aiohttp's session does."""

    def request(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        allow_redirects: bool = True,
    ) -> AbstractAsyncContextManager[Reply]:
        """Returns a request under way."""
        ...

    async def close(self) -> None:
        """Closes what is open."""
        ...


class Dial(Protocol):
    """Reaches venues by their addresses."""

    async def socket(self, url: str) -> Socket:
        """Returns an open WebSocket. Raises `OSError` if nobody is there."""
        ...

    def asking(self) -> Asking:
        """Returns what asks over HTTP."""
        ...
