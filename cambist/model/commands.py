"""What an operator can do: a type for each act, where it takes effect, and in which mode.

An act that changes what is decided becomes a COMMAND record and is stepped by the kernel, live and in every replay. In
a record it is `{"name": …, "args": {…}}` with text for every value; `recorded` and `parse` translate.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar, Literal

import msgspec


class Handler(Enum):
    """Who carries a command out."""

    RECORD = "record"
    """The kernel, once the command is a record."""
    HUB = "hub"
    """The runtime: its recorder, its feeds, or the recording it plays."""
    VIEW = "view"
    """The publisher: it only changes what is shown."""


Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=60_000_000_000)]


class _Act(msgspec.Struct, frozen=True, tag_field="act"):
    """Where a command is handled, and whether a live market and a replay know it."""

    HANDLER: ClassVar[Handler]
    LIVE: ClassVar[bool] = True
    REPLAY: ClassVar[bool] = False


class Halt(_Act, frozen=True, tag="halt", omit_defaults=True):
    """Stops new orders until a hand clears it. In a replay it halts the live market beside it."""

    HANDLER = Handler.RECORD
    REPLAY = True
    reason: str = "halted by the operator"


class ClearHalt(_Act, frozen=True, tag="clear_halt"):
    """Takes a halt back."""

    HANDLER = Handler.RECORD
    REPLAY = True


class Disarm(_Act, frozen=True, tag="disarm", omit_defaults=True):
    """Lets no new order out while a cause stands; the runtime's own act."""

    HANDLER = Handler.RECORD
    reason: str = "disarmed"


class Arm(_Act, frozen=True, tag="arm"):
    """Says that no cause stands any more; the runtime's own act."""

    HANDLER = Handler.RECORD


class Measured(_Act, frozen=True, tag="measured"):
    """Says how long a venue took to answer reads in the last minute; the runtime's own act."""

    HANDLER = Handler.RECORD
    venue: str
    p50_ns: Nanoseconds
    p90_ns: Nanoseconds


class SwitchEngine(_Act, frozen=True, tag="engine", omit_defaults=True, rename={"engine": "name"}):
    """Goes on with an engine from the same state; without a name with the one that does not run now."""

    HANDLER = Handler.RECORD
    REPLAY = True
    engine: Literal["native", "reference"] | None = None


class SetRule(_Act, frozen=True, tag="rule"):
    """Says what a trade must be from now on; empty text ends the rule."""

    HANDLER = Handler.RECORD
    text: str = ""


class InjectPrice(_Act, frozen=True, tag="inject_price"):
    """Gives a token a price in whole quote tokens, marked as injected."""

    HANDLER = Handler.RECORD
    mint: str
    price: float


class StartRecording(_Act, frozen=True, tag="record_start"):
    """Begins a new session."""

    HANDLER = Handler.HUB


class StopRecording(_Act, frozen=True, tag="record_stop"):
    """Ends the session; the feeds go on."""

    HANDLER = Handler.HUB


class AddBookmark(_Act, frozen=True, tag="bookmark"):
    """Marks this moment of the session."""

    HANDLER = Handler.HUB
    REPLAY = True
    label: str = ""


class RetryFeed(_Act, frozen=True, tag="retry"):
    """Connects a feed again by its row's name; without one all that are down."""

    HANDLER = Handler.HUB
    feed: str = ""


class SetMode(_Act, frozen=True, tag="mode"):
    """Asks for paper or live trading."""

    HANDLER = Handler.HUB
    mode: Literal["paper", "live"]


class Play(_Act, frozen=True, tag="play"):
    """Goes on from where the replay is."""

    HANDLER = Handler.HUB
    LIVE, REPLAY = False, True


class Pause(_Act, frozen=True, tag="pause"):
    """Holds the replay."""

    HANDLER = Handler.HUB
    LIVE, REPLAY = False, True


class Step(_Act, frozen=True, tag="step"):
    """Steps a paused replay by records; a negative count goes back."""

    HANDLER = Handler.HUB
    LIVE, REPLAY = False, True
    records: int = 1


class SetSpeed(_Act, frozen=True, tag="speed"):
    """Plays so many times as fast as it was recorded; `None` is as fast as it goes."""

    HANDLER = Handler.HUB
    LIVE, REPLAY = False, True
    times: float | None


class Seek(_Act, frozen=True, tag="seek"):
    """Goes to a recorded time."""

    HANDLER = Handler.HUB
    LIVE, REPLAY = False, True
    at_ns: int


class SeekBy(_Act, frozen=True, tag="seek_by"):
    """Goes on or back by a span of recorded time."""

    HANDLER = Handler.HUB
    LIVE, REPLAY = False, True
    by_ns: int


class InspectCycle(_Act, frozen=True, tag="inspect"):
    """Opens a cycle in every View from now on; an empty key closes it."""

    HANDLER = Handler.VIEW
    REPLAY = True
    key: str = ""


class InspectPrice(_Act, frozen=True, tag="inspect_price"):
    """Opens a price row in every View from now on; an empty key closes it."""

    HANDLER = Handler.VIEW
    REPLAY = True
    key: str = ""


LiveRecordCommand = Disarm | Arm | Measured | SetRule | InjectPrice
"""Records that only a live market takes."""
RecordCommand = Halt | ClearHalt | SwitchEngine | LiveRecordCommand
LiveHubCommand = StartRecording | StopRecording | RetryFeed | SetMode
"""What only a live market knows."""
PlaybackCommand = Play | Pause | Step | SetSpeed | Seek | SeekBy
"""What only a replay knows."""
HubCommand = AddBookmark | LiveHubCommand | PlaybackCommand
ViewCommand = InspectCycle | InspectPrice
Command = RecordCommand | HubCommand | ViewCommand
"""An operator's act."""


class RecordedCommand(msgspec.Struct, frozen=True):
    """A command as a COMMAND record holds it, and as the digest takes it in."""

    name: str
    args: dict[str, str] = {}


def name_of(command: Command) -> str:
    """Returns the name a command goes by in records and in the log."""
    return str(type(command).__struct_config__.tag)


def recorded(command: RecordCommand) -> RecordedCommand:
    """Returns a command as a record holds it."""
    values = msgspec.to_builtins(command)
    return RecordedCommand(values.pop("act"), {key: str(value) for key, value in values.items()})


def parse(command: RecordedCommand) -> RecordCommand:
    """Returns the command that a record holds. Raises `ValueError` for one of no known name or with wrong arguments."""
    try:
        found: RecordCommand = msgspec.convert({**command.args, "act": command.name}, RecordCommand, strict=False)
    except msgspec.ValidationError as error:
        message = f"command {command.name[:40]!r} in the record: {error}"
        raise ValueError(message) from error
    return found
