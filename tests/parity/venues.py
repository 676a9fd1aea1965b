"""Frames of the exchanges that both engines must read alike, and other values for what stands in them."""

import re

from hypothesis import strategies as st

from tests.parity import bybit_frames, coinbase_frames, kraken_frames, okx_depth_frames, plain_frames

_VENUES = (bybit_frames, coinbase_frames, kraken_frames, okx_depth_frames, plain_frames)
SAMPLES = {protocol: texts for venue in _VENUES for protocol, texts in venue.SAMPLES.items()}
FRAMES = [(protocol, text) for protocol, texts in SAMPLES.items() for text in texts]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|\[\]|\{\}')
_NUMBERS = (
    "0",
    "-0",
    "-1",
    "1",
    "1.5",
    "1e3",
    "1E-5",
    "0.000000001",
    "0.10",
    "7.00000000000000000000",
    "1.0" + "0" * 18,
)
_INTEGERS = ("4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "9" * 25)
_TEXTS = ("", "\\ud800", "१", "+1", "snapshot", "update", "delta", "buy", "sell", "Buy", "bid", "a/b", "ab", "error")
_TIMES = ("2026-02-30T00:00:00Z", "2262-04-11T23:47:16.854775808Z", "2026-11-21T12:00:00Z", "1618678133.383209")
_REST = ("null", "true", "false", "[]", "{}", '[["1","1"]]', '[["0","1"]]', "[[1,1]]", "[[]]", "[{}]", '{"a":1}')
VALUES = [*_NUMBERS, *_INTEGERS, *(f'"{text}"' for text in (*_NUMBERS, *_INTEGERS, *_TEXTS, *_TIMES)), *_REST]


@st.composite
def changed(draw, text):
    """Returns a frame with one or two of its values or keys replaced."""
    for _ in range(draw(st.integers(1, 2))):
        places = [match.span() for match in _TOKEN.finditer(text)]
        start, end = draw(st.sampled_from(places))
        text = text[:start] + draw(st.sampled_from(VALUES)) + text[end:]
    return text


def outcome(call, *args):
    """Returns a call's answer, or the words of its refusal."""
    try:
        return call(*args)
    except ValueError as error:
        return str(error)
