"""Arguments that are no amounts: both engines refuse each kind of them by one type of error, in the same words."""

from collections.abc import Callable
from typing import Any

import pytest

from cambist.engine.reference.library import bins, curves, modules, ranges

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

REFERENCE: dict[str, Any] = {
    name: each for module in (modules, bins, curves, ranges) for name, each in vars(module).items()
}
U64, I64 = "0 to 18446744073709551615", "-9223372036854775808 to 9223372036854775807"
U128 = f"0 to {2**128 - 1}"
I32, U16 = "-2147483648 to 2147483647", "0 to 65535"
TIME, KEY = (0, 0, 0), bytes(32)
DLMM = {"exact_in": True, "x_to_y": True, "now": 0, "slot": 0}
CLMM = {"exact_in": True, "zero_for_one": True, "limit": 0, "now": 0}
CALLS: dict[str, tuple[str, str, Callable[[Any, Any], Any]]] = {
    "quote amounts": ("quote", U64, lambda call, bad: call("ray4", [], True, [1, bad], TIME)),
    "quote slot": ("quote", U64, lambda call, bad: call("ray4", [], True, [1], (bad, 0, 0))),
    "quote time": ("quote", I64, lambda call, bad: call("ray4", [], True, [1], (0, bad, 0))),
    "quote epoch": ("quote", U64, lambda call, bad: call("ray4", [], True, [1], (0, 0, bad))),
    "weights slot": ("pool_weights", U64, lambda call, bad: call("ray4", [], (bad, 0, 0))),
    "stable amounts": ("stable_swap", U64, lambda call, bad: call(b"", (1, 1), True, [bad], 0)),
    "stable reserves": ("stable_swap", U64, lambda call, bad: call(b"", (1, bad), True, [1], 0)),
    "stable time": ("stable_swap", I64, lambda call, bad: call(b"", (1, 1), True, [1], bad)),
    "damm amounts": ("damm_v2", U64, lambda call, bad: call(b"", "in", True, [bad], (0, 0))),
    "damm slot": ("damm_v2", U64, lambda call, bad: call(b"", "in", True, [1], (bad, 0))),
    "damm time": ("damm_v2", I64, lambda call, bad: call(b"", "in", True, [1], (0, bad))),
    "bin": ("dlmm_bin_price", I32, lambda call, bad: call(bad, 1)),
    "bin step": ("dlmm_bin_price", U16, lambda call, bad: call(1, bad)),
    "dlmm amounts": ("dlmm_swaps", U64, lambda call, bad: call(KEY, [], [bad], **DLMM)),
    "dlmm slot": ("dlmm_swaps", U64, lambda call, bad: call(KEY, [], [1], **{**DLMM, "slot": bad})),
    "dlmm time": ("dlmm_swaps", I64, lambda call, bad: call(KEY, [], [1], **{**DLMM, "now": bad})),
    "tick": ("clmm_sqrt_price", I32, lambda call, bad: call(bad)),
    "clmm amounts": ("clmm_swaps", U64, lambda call, bad: call(KEY, [], [bad], **CLMM)),
    "clmm limit": ("clmm_swaps", U128, lambda call, bad: call(KEY, [], [1], **{**CLMM, "limit": bad})),
    "clmm time": ("clmm_swaps", I64, lambda call, bad: call(KEY, [], [1], **{**CLMM, "now": bad})),
    "clmm asks": ("clmm_quotes", U64, lambda call, bad: call(KEY, [], (b"", b""), [(True, True, bad)], TIME)),
    "pump asks": (
        "pump_quotes",
        U64,
        lambda call, bad: call((b"", b"", b""), (1, 1), None, (b"", b""), [(True, True, bad)], TIME),
    ),
    "pump balances": (
        "pump_quotes",
        U64,
        lambda call, bad: call((b"", b"", b""), (bad, 1), None, (b"", b""), [], TIME),
    ),
    "pump supply": ("pump_quotes", U64, lambda call, bad: call((b"", b"", b""), (1, 1), bad, (b"", b""), [], TIME)),
    "pump time": (
        "pump_quotes",
        I64,
        lambda call, bad: call((b"", b"", b""), (1, 1), None, (b"", b""), [], (0, bad, 0)),
    ),
    "sizing hop": ("best_input", U64, lambda call, bad: call([(1, 1, bad, 1)], 10, 1)),
    "sizing cap": ("best_input", U64, lambda call, bad: call([], bad, 1)),
    "sizing minimum": ("best_input", U64, lambda call, bad: call([], 10, bad)),
}


@pytest.mark.parametrize("what", CALLS)
def test_what_is_no_such_integer_is_refused_alike(what: str):
    name, spans, ask = CALLS[what]
    least, most = (int(end) for end in spans.split(" to "))
    for call in (getattr(native, name), REFERENCE[name]):
        for beyond in (least - 1, most + 1):
            with pytest.raises(ValueError, match="integer was") as refused:
                ask(call, beyond)
            assert str(refused.value) == f"integer was {beyond}, expected {spans}"
        for wrong in (1.5, "1"):
            with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
                ask(call, wrong)


@pytest.mark.parametrize("what", CALLS)
def test_the_ends_of_a_range_are_taken(what: str):
    name, spans, ask = CALLS[what]
    for end in map(int, spans.split(" to ")):
        answers = []
        for call in (getattr(native, name), REFERENCE[name]):
            try:
                answers.append(ask(call, end))
            except ValueError as error:
                answers.append(str(error))
        assert answers[0] == answers[1]
        assert "integer was" not in str(answers[0])
