"""The frames of `frames.json`, which both engines must read alike, and how they are broken."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from cambist.engine.reference.chain.solana import decode_solana
from cambist.engine.reference.exchanges import DecodeError, Direction, SolanaSession, canonical, decode_binance
from tests.parity.sums import Xorshift

HERE = Path(__file__).parent


class Frame(msgspec.Struct, frozen=True):
    body: str = ""
    body_hex: str | None = None
    pad_to: int = 0
    direction: str = "in"
    conn: int = 0
    generation: int = 0
    event: msgspec.Raw = msgspec.Raw()
    error: str | None = None

    def bytes(self) -> bytes:
        raw = self.body.encode() if self.body_hex is None else bytes.fromhex(self.body_hex)
        return raw.ljust(self.pad_to)

    def expected(self) -> str:
        event = bytes(self.event).decode()
        assert (event == "") != (self.error is None)
        return self.error or event


class Case(msgspec.Struct, frozen=True):
    name: str
    protocol: str
    frames: list[Frame]
    symbol: str = ""

    def outcome(self, session: SolanaSession, frame: Frame, body: bytes) -> str:
        """Returns canonical events, or the text of the error. Anything but a `DecodeError` is a failure."""
        try:
            if self.protocol != "solana":
                return canonical(decode_binance(self.protocol, self.symbol, body))
            direction = Direction.OUT if frame.direction == "out" else Direction.IN
            events = decode_solana(session, frame.conn, frame.generation, direction, body)
            return "[" + ",".join(map(canonical, events)) + "]"
        except DecodeError as error:
            return str(error)


def load() -> list[Case]:
    return msgspec.json.decode((HERE / "frames.json").read_bytes(), type=list[Case])


TOKENS = (
    *(char.encode() for char in '"\\{}[],:0-e.'),
    *(b"null", b"true", b"1e400", b"\xff", b"\\ud800", b"18446744073709551616", b" ", b"\0", b"NaN", b"[["),
    *(b'"u":1,', b"\xc3\xa9"),
)


def mutate(body: bytearray, random: Xorshift) -> None:
    """Breaks a frame in one to three places."""
    for _ in range(random.below(3) + 1):
        op = random.below(6)
        at = random.below(len(body) + 1)
        end = min(len(body), at + 1 + random.below(16))
        token = TOKENS[random.below(len(TOKENS))]
        if op == 0 and at < len(body):
            body[at] ^= 1 << ((end - at) % 8)
        elif op == 1:
            del body[at:end]
        elif op == 2:
            body[at:at] = token
        elif op == 3:
            body[at:at] = body[at:end]
        elif op == 4:
            del body[at:]
        else:
            body[at : at + 1] = token


def broken_outcomes(seed: int) -> Iterator[str]:
    """Yields what comes of one case after the other, one frame of it broken."""
    random = Xorshift(seed)
    cases = [case for case in load() if case.frames[0].pad_to == 0]
    turn = 0
    while True:
        case = cases[turn % len(cases)]
        turn += 1
        last = random.below(len(case.frames))
        session = SolanaSession()
        for frame in case.frames[:last]:
            case.outcome(session, frame, frame.bytes())
        body = bytearray(case.frames[last].bytes())
        mutate(body, random)
        yield case.outcome(session, case.frames[last], bytes(body))
