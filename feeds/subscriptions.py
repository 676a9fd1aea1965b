"""The subscriptions of one connection to an exchange: what was asked for, what stands, what is silent, what is refused.

A subscription goes from `requested` to `acked` to `live`, and to `silent` when it owes data. What a connection must not
forget about its predecessors, such as how often a symbol failed, is in `Past`, which all connections of a feed share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.text import sanitise
from feeds.retries import MINUTE_S, Retries
from feeds.subscription_state import PATIENCE_CAP_S, OpenSubscription, Shared, State
from feeds.venue import NOTHING, ParsedFrame, Refused, Subscription, symbols_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feeds.bucket import Bucket
    from feeds.conversation import Conversation
    from feeds.watchdog import Breach

ALIVE = "connection"
ANY = "any stream"
ALREADY = "already subscribed"
KEPT_REQUESTS = 256
"""Requests whose answers are still understood by number; some venues answer by name alone."""


class Subscriptions:
    """A `Handler` of one connection."""

    def __init__(
        self,
        talk: Conversation,
        wanted: Sequence[Subscription],
        shared: Shared,
        operations: Bucket,
        *,
        seeds: bool = False,
    ) -> None:
        """`wanted` in order of urgency; `operations` counts the messages that subscribe and unsubscribe.

        `seeds`: the connection has all its data only when each book was seeded too (`seeded`).
        """
        self._talk, self._shared, self._operations = talk, shared, operations
        self._venue, self._past, self._deadlines = shared.venue, shared.past, shared.deadlines
        self._clock = shared.clock
        self._retries = Retries(shared, operations, self._again)
        self._open = {one.key: OpenSubscription(one) for one in wanted if not self._past[one.key].refused}
        self._requests: dict[int, tuple[str, ...]] = {}
        self._missing = {key for key, one in self._open.items() if one.owes}
        if seeds:
            books = [one.subscription for one in self._open.values() if one.subscription.stream == "book"]
            self._missing |= {_seed_of(book.symbol) for book in books}
        self._any_at = self._clock()
        self._acked_any = False

    # What stands

    def states(self) -> dict[str, State]:
        """Returns the state of each subscription that was not refused."""
        return {key: one.state for key, one in self._open.items()}

    def silent(self) -> list[str]:
        """Returns the keys that owe data."""
        return [key for key, one in self._open.items() if one.mute]

    def pending(self, symbol: str) -> bool:
        """Whether a book is being subscribed, so that a snapshot is on its way already."""
        return any(one.state in ("requested", "acked") for one in self._books(symbol))

    def recover(self, symbols: Sequence[str]) -> None:
        """Subscribes the books of some symbols anew."""
        self._resubscribe([one.subscription.key for symbol in symbols for one in self._books(symbol)])

    def seeded(self, symbol: str) -> None:
        """A book was seeded over HTTP."""
        self._arrived(_seed_of(symbol))

    def drop(self, keys: Iterable[str], reason: str) -> None:
        """Gives subscriptions up for good, and says so once for each symbol and reason."""
        dropped: dict[str, None] = {}
        for key in keys:
            past, one = self._past[key], self._open.pop(key, None)
            if one is None:
                continue
            if not past.refused:
                dropped[one.subscription.symbol or key] = None
            past.refused = reason
            self._talk.watch.forget(key)
            self._retries.forget(key)
            self._arrived(key)
            self.seeded(one.subscription.symbol)
            self._shared.recovered(one.subscription.symbol)
        for symbol in dropped:
            self._shared.note(
                "error", self._shared.name, f"{sanitise(symbol)} is not subscribed: {sanitise(reason, 80)}"
            )
        if not self._open:
            self._talk.watch.forget(ANY)
            self._talk.settled.set()

    def give_up(self, symbol: str, reason: str) -> None:
        """Unsubscribes a symbol for good."""
        keys = [key for key, one in self._open.items() if one.subscription.symbol == symbol]
        self._unsubscribe([self._open[key].subscription for key in keys])
        self.drop(keys, reason)

    # The connection's handler

    def opened(self) -> None:
        """Subscribes everything."""
        if not self._open:
            self._talk.settled.set()
            return
        deadlines, watch = self._deadlines, self._talk.watch
        began_s = deadlines.ack_s + deadlines.first_data_s
        for key, first_s, silence_s in (
            (ALIVE, began_s, deadlines.alive_s),
            (ANY, began_s + deadlines.silence_s, deadlines.silence_s),
        ):
            watch.sent(key, 0.0, first_data_s=first_s, silence_s=silence_s)
            watch.acked(key)
        spent = {key: wait_s for key in self._open if (wait_s := self._retries.spent_s(self._past[key])) > 0}
        for key, wait_s in spent.items():
            self._retries.plan(key, wait_s, anew=False)
        self._subscribe([key for key in self._open if key not in spent])
        if not self._missing:
            self._talk.settled.set()

    def received(self, body: bytes) -> None:
        """Looks at answers and at what speaks; prices are the engine's."""
        self._talk.watch.data(ALIVE)
        parsed = self._shared.parse(body)
        if parsed is NOTHING:
            return
        for key in parsed.data:
            self._data(key)
        if parsed.acked or parsed.answered is not None or parsed.refused is not None:
            self._answered(parsed)
        if parsed.notice:
            self._shared.roll(parsed.notice, self._talk)
        if parsed.state:
            self._shared.on_state(parsed.state)

    def closed(self, reason: str) -> None:
        """Stops what was planned."""
        self._retries.close()
        self._shared.ended(self)

    def overdue(self, breach: Breach) -> bool:
        """Acts on one subscription where it can; a connection that is dead as a whole is not worth keeping."""
        one = self._open.get(breach.key)
        if one is None:
            return breach.key in (ALIVE, ANY)
        if breach.what == "ack":
            # What was to be subscribed anew may be, its answer and snapshot lost: only yet another time brings both.
            self._failed(breach.key, str(breach), anew=one.recovering)
            return not self._acked_any and one.failures >= self._shared.retry.alarm_after
        if breach.what == "first_data":
            one.state, one.mute = "silent", True
            if not one.spoke:
                self._alarm(breach.key, f"{sanitise(breach.key)}: never any data for {breach.seconds:g} s")
            self._failed(breach.key, str(breach), anew=True)
            return False
        return self._fell_silent(breach.key, one)

    # Data

    def _data(self, key: str) -> None:
        one = self._open.get(key)
        if one is None:
            return
        now = self._any_at = self._clock()
        self._talk.watch.data(ANY)
        if one.state == "live":
            one.gaps.append(now - one.last)
            one.last = now
            self._talk.watch.data(key)
            return
        if one.recovering and one.state == "requested":
            return
        past = self._past[key]
        one.state, one.last, one.recovering, one.mute = "live", now, False, False
        one.spoke = True
        one.failures = past.failures = past.steps = 0
        past.alarmed = False
        past.attempts.clear()
        self._acked_any = True
        self._retries.forget(key)
        self._talk.watch.data(key)
        self._arrived(key)
        if one.subscription.stream == "book":
            self._shared.recovered(one.subscription.symbol)

    def _arrived(self, key: str) -> None:
        """Notes that a subscription owes no first data any more."""
        if key in self._missing:
            self._missing.discard(key)
            if not self._missing:
                self._talk.settled.set()

    def _fell_silent(self, key: str, one: OpenSubscription) -> bool:
        """Takes one silent subscription anew, then the connection; silence of all is not its fault."""
        past, now, deadlines = self._past[key], self._clock(), self._deadlines
        most_s = one.most_s(deadlines, past)
        quiet_s = now - one.last
        if now - self._any_at >= deadlines.symbol_s and len(self._open) > 1:
            self._talk.watch.rearm(key, deadlines.symbol_s)
            return False
        if quiet_s < most_s:
            self._talk.watch.rearm(key, most_s - quiet_s)
            return False
        one.state, one.mute = "silent", True
        past.steps += 1
        past.patience_s = min(2 * most_s, PATIENCE_CAP_S)
        self._shared.note("warn", self._shared.name, f"{sanitise(key)} has sent nothing for {quiet_s:.1f} s")
        if past.steps == 1:
            self._retries.plan(key, self._operations.wait_s(2.0), anew=True)
        return past.steps == 2

    # Answers

    def _answered(self, parsed: ParsedFrame) -> None:
        for key in parsed.acked:
            self._acked(key)
        if parsed.answered is not None:
            for key in self._requests.pop(parsed.answered, ()):
                self._acked(key)
        if parsed.refused is not None:
            self._refused(parsed.refused)

    def _acked(self, key: str) -> None:
        one = self._open.get(key)
        self._acked_any = True
        if one is not None and one.state == "requested":
            one.state = "acked"
            self._retries.forget(key)
            self._talk.watch.acked(key)

    def _refused(self, refused: Refused) -> None:
        """Drops what is bad for good, and tries again what may pass."""
        reason = f"{refused.code} {refused.reason}".strip()
        asked = self._requests.get(refused.number, ()) if refused.number is not None else tuple(self._open)
        open_ = [key for key in asked if key in self._open and self._open[key].state == "requested"]
        named = self._named(refused, open_)
        if ALREADY in refused.reason.lower():
            for key in named or open_:
                self._acked(key)
            return
        kind = self._venue.error_class(refused.code, refused.reason)
        if kind == "auth" or (kind == "bad_subscription" and (named or len(open_) == 1)):
            self.drop(named or open_, reason)
        elif kind == "bad_subscription" and self._venue.whole and refused.number is not None:
            half = len(open_) // 2
            self._subscribe(open_[:half])
            self._subscribe(open_[half:])
            return
        elif kind == "bad_subscription":
            self._shared.note("error", self._shared.name, f"refused: {sanitise(reason, 80)}")
        else:
            pause_s = 2 * self._operations.window_s if kind == "throttle" else 0.0
            self._operations.pause(min(pause_s, MINUTE_S))
            for key in named or open_:
                self._failed(key, reason, anew=False)
        if refused.number is not None and self._venue.whole and named and len(open_) > len(named):
            self._subscribe([key for key in open_ if key not in named])

    def _named(self, refused: Refused, open_: list[str]) -> list[str]:
        """Returns the keys that a refusal names, be it only in its text."""
        if refused.key:
            return [refused.key] if refused.key in self._open else []
        symbol = refused.symbol or symbols_in(
            refused.reason, {self._open[key].subscription.symbol for key in open_} - {""}
        )
        return [key for key in open_ if symbol and self._open[key].subscription.symbol == symbol]

    # Subscribing

    def _subscribe(self, keys: Sequence[str]) -> None:
        """Sends what subscribes these keys; deadlines allow for the time that the messages need to go out."""
        ordered = [self._open[key].subscription for key in keys if key in self._open]
        now, deadlines = self._clock(), self._deadlines
        for at, request in enumerate(self._venue.requests("subscribe", ordered, self._shared.numbers)):
            self._operations.spend()
            self._requests[request.number] = request.keys
            if len(self._requests) > KEPT_REQUESTS:
                del self._requests[next(iter(self._requests))]
            self._talk.send(request.message)
            for key in request.keys:
                one = self._open[key]
                one.state = "requested"
                one.gaps.clear()
                self._past[key].attempts.append(now)
                silence_s, first_s = (deadlines.symbol_s, deadlines.first_data_s) if one.owes else (None, None)
                wait_s = deadlines.ack_s + at * self._venue.socket.send_interval_s
                self._talk.watch.sent(key, wait_s, first_data_s=first_s, silence_s=silence_s)

    def _unsubscribe(self, subscriptions: Sequence[Subscription]) -> None:
        for request in self._venue.requests("unsubscribe", subscriptions, self._shared.numbers):
            self._operations.spend()
            self._talk.send(request.message)

    def _resubscribe(self, keys: Sequence[str]) -> None:
        known = [key for key in keys if key in self._open]
        for key in known:
            self._open[key].recovering = True
            self._open[key].state = "requested"
        self._unsubscribe([self._open[key].subscription for key in known])
        self._subscribe(known)

    def _books(self, symbol: str) -> list[OpenSubscription]:
        return [
            one
            for one in self._open.values()
            if one.subscription.stream == "book" and one.subscription.symbol == symbol
        ]

    # Trying again

    def _failed(self, key: str, why: str, *, anew: bool) -> None:
        """Counts a failure and plans the next attempt; `anew` unsubscribes before it."""
        past = self._past[key]
        past.failures += 1
        if key in self._open:
            self._open[key].failures += 1
        if past.failures >= self._shared.retry.alarm_after:
            self._alarm(key, f"{sanitise(key)} failed {past.failures} times: {sanitise(why, 80)}")
        self._retries.plan_after_failure(key, anew=anew)

    def _again(self, anew: list[str], plain: list[str]) -> None:
        self._resubscribe(anew)
        self._subscribe(plain)

    def _alarm(self, key: str, text: str) -> None:
        """Says that a subscription is in trouble, once until it speaks again."""
        if not self._past[key].alarmed:
            self._past[key].alarmed = True
            self._shared.note("error", self._shared.name, text)


def _seed_of(symbol: str) -> str:
    """Returns what a book's seed is called among what is missing; no key begins with a space."""
    return f" {symbol}"
