"""Rules as a library: each backend, and Python's own arithmetic as the oracle of what is known."""

import doctest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist import engine
from cambist.engine import rules
from cambist.engine.reference.rules import jit_compiler
from cambist.engine.reference.rules.jit_compiler import parser

BACKENDS = [
    "reference",
    pytest.param(
        "native", marks=pytest.mark.skipif(not engine.build_info().native, reason="the Rust engine is not built")
    ),
]
FIELDS = ("hops", "age_ms", "score")
numbers = st.recursive(
    st.sampled_from([*(f"({name} / {name} * {name} / {name})" for name in FIELDS), "3", "0.5", "2", "0"]),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
    max_leaves=5,
)
truths = st.recursive(
    st.tuples(numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers).map(" ".join),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None)
@given(truths, st.lists(st.sampled_from([1.0, 2.0, 0.1, 3.7e5, 1e-9]), min_size=3, max_size=3))
def test_what_python_can_work_out_a_rule_says_too(text, values):
    known = dict(zip(FIELDS, values, strict=True))
    try:
        expected = eval(text, {"__builtins__": {}}, known)  # noqa: S307  # its text is written above
    except ZeroDivisionError:
        return  # Python stops where a rule goes on with unknown.
    for backend in ("reference", "auto"):
        rule = rules.compile_rule(text, backend=backend)
        assert rule.evaluate([known[name] for name in rule.fields]) is expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_takes_any_table_of_numbers(backend):
    rule = rules.compile_rule("net_bps > 8 and hops <= 3", backend=backend)
    assert (rule.native, rule.fields) == (backend == "native", ("net_bps", "hops"))
    table = np.array([[9.0, 9.0, 8.0, np.nan, np.inf], [3.0, 4.0, 3.0, 3.0, 4.0]]).T
    assert rule.evaluate_batch(table).tolist() == [2, 0, 0, 1, 0]
    assert rule.evaluate_batch([[9, 3]]).dtype == np.uint8
    assert rule.evaluate_batch(np.zeros((0, 2))).tolist() == []
    for wrong in (np.zeros((2, 3)), np.zeros(2), np.zeros((1, 2, 2))):
        with pytest.raises(ValueError, match=r"rows of shape .*, expected 2 columns"):
            rule.evaluate_batch(wrong)
    with pytest.raises(ValueError, match="1 values, expected 2"):
        rule.evaluate([1.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_error_points_at_the_column(backend):
    with pytest.raises(ValueError, match="net_bp") as refused:
        rules.compile_rule("hops < 3 and\tnet_bp > 8", backend=backend)
    assert str(refused.value) == (
        "column 14: `net_bp` is no field; did you mean `net_bps`?\n"
        "  hops < 3 and net_bp > 8\n"
        "               ^"
    )  # fmt: skip


def test_bad_backends_are_refused_by_name():
    with pytest.raises(ValueError, match="backend was 'gpu'"):
        rules.compile_rule("true", backend="gpu")


def test_the_examples_run():
    for module in (rules, parser):
        assert doctest.testmod(module).attempted > 0
        assert doctest.testmod(module).failed == 0


def test_each_word_says_what_it_means_and_stands_in_the_readme():
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in jit_compiler.FIELDS)
    assert all(f"`{name}(T)`" in readme for name in jit_compiler.FUNCTIONS)
    for word in (*jit_compiler.FIELDS.values(), *jit_compiler.FUNCTIONS.values()):
        assert word.meaning
