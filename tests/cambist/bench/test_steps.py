"""What is told of the frames of steps: when they were judged, how long they waited, and what their step took."""

from types import SimpleNamespace

from cambist.bench import steps
from cambist.bench.steps import Step, Steps
from cambist.model.events import Direction, RecordKind, pack


def frame(seq: int, at_ns: int, *, moment: bool = False, direction: int = Direction.IN) -> bytes:
    return pack(seq, at_ns, RecordKind.FRAME, b"{}", direction=direction, moment=moment)


TAKEN = [
    Step(4_000, 5_000, frame(1, 1_000) + frame(2, 2_000, direction=Direction.OUT)),
    Step(7_500, 9_000, frame(3, 6_000, moment=True) + frame(4, 7_000)),
    Step(11_500, 12_000, pack(5, 11_000, RecordKind.TICK, b"")),
    Step(14_000, 20_000, frame(6, 13_000)),
]


def test_a_frame_is_judged_when_the_step_with_its_moment_is_over() -> None:
    assert steps.judged_of(TAKEN) == ([3.0, 5.0, 8.0], [1, 3])


def test_the_engine_makes_a_moment_after_512_frames_without() -> None:
    assert steps.judged_of([Step(0, 600_000, b"".join(frame(n, n) for n in range(513)))])[1] == [512]


def test_a_frame_waits_until_its_step_begins_and_shares_all_of_its_time() -> None:
    assert steps.waited_us(TAKEN) == [0.5, 1.0, 1.5, 3.0]
    assert steps.stepped_us(TAKEN) == [1.0, 1.5, 1.5, 6.0]


def test_a_step_is_noted_with_its_times_and_what_was_taken_is_not_told_again() -> None:
    times = iter((3, 8, 13, 21))
    kernel = SimpleNamespace(step=lambda block: len(block))
    noted = Steps(SimpleNamespace(kernel=kernel, source=SimpleNamespace(clock=SimpleNamespace(now_ns=times.__next__))))
    assert kernel.step(b"ab") == 2
    assert noted.taken() == [Step(3, 8, b"ab")]
    assert noted.taken() == []
    kernel.step(b"c")
    noted.forget()
    assert noted.taken() == []
