"""The feeds as the hub runs them: each in a task, started again when it breaks, switched off when it must."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from cambist import log
from cambist.runtime.words import feed_row_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cambist.model.opportunity import Need
    from feeds.base import Feed, FeedStatus, Note

FEED_AGAIN_S = 5.0


class FeedTasks:
    """Runs feeds. One that breaks is named and started again; the others go on."""

    def __init__(self, note: Note) -> None:
        self.feeds: Sequence[Feed] = ()
        self._note = note
        self._tasks: dict[Feed, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._off: dict[Feed, str] = {}
        """Why a feed is switched off."""
        self._stopping = False

    def take(self, feeds: Sequence[Feed]) -> None:
        """Takes the feeds to run; what is needed of them before they start reaches them already."""
        self.feeds = feeds

    def start(self) -> None:
        """Starts all of them."""
        for feed in self.feeds:
            self._start(feed)

    async def stop(self, timeout_s: float) -> None:
        """Ends all of them."""
        self._stopping = True
        tasks = dict.fromkeys((*self._tasks.values(), *self._ending))  # they end in the order in which they began
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)

    def need(self, needs: Iterable[Need]) -> None:
        """Hands on what the engine wants."""
        for need in needs:
            for feed in self.feeds:
                if feed not in self._off:
                    feed.need(need)

    def statuses(self) -> dict[int, FeedStatus]:
        """Returns how each connection is, by channel."""
        found = {}
        for feed in self.feeds:
            why = self._off.get(feed)
            for status in feed.status():
                if why is not None:
                    status = msgspec.structs.replace(status, state="down", note=why, retry_in_ns=None)
                found[status.channel] = status
        return found

    def of(self, channel: int) -> Feed | None:
        """Returns the feed of a channel, unless it is switched off."""
        for feed in self.feeds:
            if feed not in self._off and any(one.id == channel for one in feed.channels()):
                return feed
        return None

    def renew(self, feed: Feed, why: str) -> None:
        """Makes a feed's connections anew."""
        self._note("warn", feed.name, f"{why}: connecting anew")
        self._end(feed)

    def renew_all(self) -> None:
        """Makes all connections anew."""
        for feed in self.feeds:
            self._end(feed)

    def disable(self, feed: Feed, why: str) -> None:
        """Ends a feed until the operator tries again."""
        self._off[feed] = f"{why}, switched off: press r to try again"
        self._note("error", feed.name, f"{self._off[feed]}. Other feeds go on.")
        self._end(feed)

    def retry(self, name: str | None) -> list[Feed]:
        """Tries again now, all feeds or those of a name or a row; returns those that were switched off."""
        back = []
        for feed in self.feeds:
            rows = {feed_row_name(channel) for channel in feed.channels()}
            if name is not None and name not in feed.name and name not in rows:
                continue
            if self._off.pop(feed, None) is None:
                feed.retry()
            else:
                back.append(feed)
                if feed not in self._tasks:
                    self._start(feed)
        return back

    def _start(self, feed: Feed) -> None:
        self._tasks[feed] = asyncio.create_task(self._run(feed), name=feed.name)

    def _end(self, feed: Feed) -> None:
        """Ends a feed's task; when it has ended, the next one starts unless the feed is off: it runs once at a time."""
        task = self._tasks.get(feed)
        if task is None:
            return
        self._ending.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._ending.discard(task)
            if self._tasks.get(feed) is task:
                del self._tasks[feed]
                if feed not in self._off and not self._stopping:
                    self._start(feed)

        task.add_done_callback(ended)
        task.cancel()

    async def _run(self, feed: Feed) -> None:
        while True:
            try:
                await feed.run()
                return
            except Exception as error:  # whatever it is, it is this feed's alone
                cause = _cause(error)
                log.crash(feed.name, error)
                self._note("error", feed.name, f"stopped: {type(cause).__name__}: {cause}. Other feeds go on.")
            await asyncio.sleep(FEED_AGAIN_S)


def _cause(error: BaseException) -> BaseException:
    """Returns the first error in a group: a task group wraps the one that counts."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
