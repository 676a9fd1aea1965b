"""`cambist new-feed`: the first files of a plug-in for an exchange: the venue, its samples, and a test of both."""

from __future__ import annotations

from pathlib import Path
from string import Template

import msgspec

from cambist.commands.console import OK, print_line
from cambist.commands.scaffold import written

VENUE = Template('''"""$title, as a feed of cambist.

What stands here speaks an invented wire format; put the venue's own in its place, method by method, and its frames
into `samples/`. `pytest` says what is still missing.

    {"op":"subscribe","id":1,"topics":["book SOL-USD"]}   →   {"op":"subscribed","id":1}
    {"topic":"book SOL-USD","first":true,"seq":7,"bids":[["142.50","12.5"]],"asks":[["142.52","3"]]}
"""

from collections.abc import Sequence

import msgspec

from feeds.venue import NOTHING, Deadlines, ParsedFrame, Op, Refused, Subscription, Venue, VenueLimits


class Message(msgspec.Struct):
    """What any frame may hold; fields that are not named are not read."""

    topic: str = ""
    first: bool = False
    seq: int = 0
    ts: int = 0
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []
    price: str = ""
    quantity: str = ""
    side: str = ""
    op: str = ""
    id: int | None = None
    error: str = ""
    code: str = ""


MESSAGE = msgspec.json.Decoder(Message)


class $klass(Venue):
    """The spot market."""

    name = "$name"
    ws = "wss://stream.$name.example"
    streams = ("book", "trade")
    limits = VenueLimits(batch=50)
    deadlines = Deadlines(silence_s=30.0)
    errors = {"unknown topic": "bad_subscription", "too many requests": "throttle"}

    def subscriptions(self, symbols: Sequence[str], streams: Sequence[str]) -> list[Subscription]:
        """Returns one topic for each symbol and kind."""
        return [Subscription(f"{stream} {s}", s, stream, stream) for s in symbols for stream in streams]

    def request(self, op: Op, subscriptions: Sequence[Subscription], number: int) -> bytes:
        """Returns the message that subscribes, or ends, these."""
        return msgspec.json.encode({"op": op, "id": number, "topics": [one.key for one in subscriptions]})

    def parse(self, body: bytes) -> ParsedFrame:
        """Returns what a frame says about the connection."""
        message = decoded(body)
        if message is None:
            return NOTHING
        if message.topic:
            return ParsedFrame(data=(message.topic,))
        if message.error:
            return ParsedFrame(refused=Refused(message.error, message.code, number=message.id))
        return ParsedFrame(answered=message.id) if message.op == "subscribed" else NOTHING

    def translate(self, body: bytes) -> list[bytes]:
        """Returns what a frame means in cambist's own form: numbers stay the text that the venue sent.

        Whatever is raised for a frame that can't be read is said once, and the frame is kept and counted as it is.
        """
        message = MESSAGE.decode(body)
        stream, _, symbol = message.topic.partition(" ")
        if not symbol:
            return [b'{"kind":"alive"}']
        if stream == "trade":
            fields = {"price": message.price, "qty": message.quantity, "side": message.side}
            kind = "trade"
        else:
            fields = {"bids": message.bids, "asks": message.asks}
            kind = "snapshot" if message.first else "delta"
        return [msgspec.json.encode({"kind": kind, "symbol": symbol, "seq": message.seq, "ts": message.ts, **fields})]


def decoded(body: bytes) -> Message | None:
    """Returns a frame's fields; `None` if it is none of the venue's."""
    try:
        return MESSAGE.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


VENUE = $klass()
''')

TEST = Template('''"""The venue, held to what cambist relies on."""

from pathlib import Path

import $module
from feeds.contract import check

SAMPLES = Path(__file__).parent / "samples"


def test_the_venue_keeps_the_contract():
    assert check($module.VENUE, SAMPLES, "SOL-USD")


def test_a_refusal_is_told_with_its_class():
    refused = $module.VENUE.parse(b'{"error":"unknown topic book X","id":3}').refused
    assert refused.number == 3
    assert $module.VENUE.error_class(refused.code, refused.reason) == "bad_subscription"
''')

PROJECT = Template("""[build-system]
requires = ["setuptools>=70"]
build-backend = "setuptools.build_meta"

[project]
name = "cambist-$name"
version = "0.1.0"
description = "$title for cambist"
requires-python = ">=3.11"
dependencies = ["cambist"]

# The name of the table in cambist.toml: [venues.$name]
[project.entry-points."cambist.feed"]
$name = "$module:VENUE"

[tool.setuptools]
py-modules = ["$module"]
""")

SAMPLES = {
    "ack.json": {"op": "subscribed", "id": 1},
    "book.json": {
        "topic": "book SOL-USD",
        "first": True,
        "seq": 7,
        "ts": 1_790_000_000_123_000_000,
        "bids": [["142.50", "12.5"]],
        "asks": [["142.52", "3"]],
    },
    "trade.json": {
        "topic": "trade SOL-USD",
        "seq": 990,
        "ts": 1_790_000_000_130_000_000,
        "price": "142.52",
        "quantity": "0.2",
        "side": "buy",
    },
}


def new_feed(name: str, /, *, dir: Path = Path()) -> int:
    """Write the first files of a plug-in for an exchange that cambist does not know; they are listed on stdout.

    Args:
        name: What the exchange is called in cambist.toml, such as acme.
        dir: The folder to make the plug-in's own folder in.
    """
    for path in write(name, dir):
        print(path)
    print_line(
        "put the venue's own wire format in; `pytest` there says what is missing, `pip install -e .` makes it known"
    )
    return OK


def write(name: str, folder: Path) -> list[Path]:
    """Writes a feed named `name`; see `written`."""
    from feeds import venues

    return written("feed", name, venues.names(), folder, _files)


def _files(facts: dict[str, str]) -> dict[str, str]:
    module = facts["module"]
    samples = {f"samples/{file}": msgspec.json.encode(body).decode() + "\n" for file, body in SAMPLES.items()}
    return {
        "pyproject.toml": PROJECT.substitute(facts),
        f"{module}.py": VENUE.substitute(facts),
        f"test_{module}.py": TEST.substitute(facts),
        **samples,
    }
