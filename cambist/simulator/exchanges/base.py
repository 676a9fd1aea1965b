"""What all exchanges share: sockets and REST over a floor's books, subscriptions, publishing with counts and faults.

Pushes that a clock drives (heartbeats, repeats) follow the market's time; limits on clients follow `seconds`, real time
unless a test gives another. Publishing books is in `book_publishing`.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from cambist.simulator.exchanges.book_publishing import BookPublisher
from cambist.simulator.exchanges.faults import Fault, Kind, Stage
from cambist.simulator.exchanges.session import Session, Topic
from cambist.simulator.http import HttpServer, Request, Response
from cambist.simulator.sockets import MAX_UNSENT, Client, SocketServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.simulator.books import Book

SHUTDOWN_CODE = 1001


class Exchange(BookPublisher):
    """One exchange. A subclass gives the wire format; `sent` counts frames by (channel, symbol)."""

    venue: ClassVar[str]
    diff_steps: ClassVar[int] = 1
    """Steps of 50 ms between two updates of changed levels."""
    ping_seconds: ClassVar[float] = 20.0

    def __init__(
        self,
        books: Mapping[str, Book],
        clock_ms: Callable[[], int],
        *,
        seed: int = 0,
        max_unsent: int = MAX_UNSENT,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(books, clock_ms, seed)
        self.seconds = seconds
        self.rest = HttpServer(self._request, max_body=4_096)
        self.sockets = SocketServer(
            self._connected,
            self._received,
            self._gone,
            paths=self._known_path,
            max_unsent=max_unsent,
            ping_seconds=self.ping_seconds,
        )
        self.sessions: dict[Client, Session] = {}
        self._numbers = 0
        self._close_at_s: float | None = None
        self._warned: list[Session] = []
        """Clients that were there when a shutdown was announced: those who connect afterwards stay."""

    async def start(self, host: str, rest_port: int = 0, ws_port: int = 0) -> tuple[int, int]:
        """Returns the REST and the WebSocket port. Raises `OSError` if one is taken."""
        return await self.rest.start(host, rest_port), await self.sockets.start(host, ws_port)

    async def close(self) -> None:
        """Stops both servers."""
        await self.rest.close()
        await self.sockets.close()

    @property
    def slow_clients(self) -> int:
        """Clients dropped for reading too slowly."""
        return self.sockets.slow

    def inject(self, *faults: Fault) -> None:
        """Arms faults now. Raises `ScriptError`."""
        self.faults.add(*faults)

    def flush(self) -> None:
        """Ends a step: what time alone brings, then everything queued leaves."""
        self.tick()
        self.sockets.flush()

    def tick(self) -> None:
        """Does what time alone brings: heartbeats, repeats, deadlines, scripted closes."""
        if self.faults.armed(Stage.FRAME):
            for fault in self.faults.due(self.now_s):
                self._end(fault)
        if self._close_at_s is not None and self.now_s >= self._close_at_s:
            self._close_at_s = None
            for session in self._warned:
                session.client.close(SHUTDOWN_CODE)
            self._warned = []
        real = self.seconds()
        self._pushes(self.now_s)
        for session in list(self.sessions.values()):
            if session.sent_since_tick:
                session.sent_since_tick, session.alive_s = False, real
            if session.client.open:
                self._deadlines(session, real)

    def close_all(self, code: int) -> None:
        """Closes every connection."""
        for session in self.sessions.values():
            session.client.close(code)

    # What a venue adds

    @abstractmethod
    def _opened(self, session: Session) -> None:
        """Greets a client."""

    @abstractmethod
    def _handle_message(self, session: Session, message: bytes) -> None:
        """Takes a client's message."""

    @abstractmethod
    def _answer(self, request: Request) -> Response:
        """Answers a REST request."""

    def _pushes(self, now_s: float) -> None:
        """Sends what market time alone brings."""

    def _deadlines(self, session: Session, real_s: float) -> None:
        """Ends a client that broke a limit of time."""

    def _notice(self) -> None:
        """Says that the venue is about to close connections."""

    @staticmethod
    def _known_path(path: str) -> bool:
        """Returns whether a socket may open there."""
        return True

    # Clients

    def _connected(self, client: Client) -> None:
        self._numbers += 1
        session = self.sessions[client] = Session(client, self._numbers, self.seconds(), self.now_s)
        self._opened(session)

    def _received(self, client: Client, message: bytes) -> None:
        session = self.sessions[client]
        session.last_received_s = session.alive_s = self.seconds()
        self._handle_message(session, message)

    def _gone(self, client: Client) -> None:
        session = self.sessions.pop(client, None)
        if session is not None:
            for topic in list(session.topics):
                self.leave(session, topic)

    def verdicts(self, topics: list[Topic]) -> list[Kind | None]:
        """Returns the fault that strikes each topic of one subscription, `None` if none does."""
        found: list[Kind | None] = []
        partial = False
        for topic in topics:
            struck = self.faults.strike(Stage.SUBSCRIBE, topic.channel, topic.symbol, self.now_s)
            kinds = [fault.kind for fault in struck]
            partial = partial or Kind.ACK_PARTIAL in kinds
            found.append(next((kind for kind in kinds if kind is not Kind.ACK_PARTIAL), None))
        if partial:
            half = (len(topics) + 1) // 2
            found[half:] = [kind or Kind.ACK_PARTIAL for kind in found[half:]]
        return found

    def _end(self, fault: Fault) -> None:
        if fault.kind is Kind.CLOSE:
            self.close_all(fault.value)
        else:
            self._warned = list(self.sessions.values())
            self._notice()
            self._close_at_s = self.now_s + fault.value

    # REST

    def _request(self, request: Request) -> Response:
        for fault in self.faults.strike(Stage.REQUEST, request.path, None, self.now_s):
            if fault.kind is Kind.HTML:
                return Response(200, b"<!DOCTYPE html><html><body>Just a moment...</body></html>", "text/html")
            headers = (("Retry-After", str(fault.retry_after_s)),) if fault.retry_after_s else ()
            return Response(fault.value, b"", "text/plain", headers)
        return self._answer(request)
