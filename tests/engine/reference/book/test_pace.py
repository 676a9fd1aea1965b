from cambist.engine.reference.book.order_book.pace import ENOUGH, FIRST_SILENCE_NS, Pace

SECOND = 1_000_000_000


def heard(gaps: int) -> Pace:
    pace = Pace()
    for at in range(gaps + 1):
        pace.received(at * SECOND)
    return pace


def test_a_pace_is_known_after_eight_gaps() -> None:
    assert (ENOUGH, heard(7).patience_ns) == (8, FIRST_SILENCE_NS)
    assert heard(8).patience_ns == 10 * SECOND


def test_gaps_are_counted_as_far_as_32_bits_go() -> None:
    for before in ((1 << 32) - 2, (1 << 32) - 1):
        pace = Pace(0, SECOND, before)
        pace.received(SECOND)
        assert pace.gaps == (1 << 32) - 1
