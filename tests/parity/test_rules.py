"""Rules that Hypothesis writes: machine code and both interpreters say the same of each row."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.rules import jit_compiler as reference

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

SYMBOLS = ["SOL", "USDC", "$WIF", "BONK"]
leaves = st.one_of(
    st.sampled_from(
        ["net_bps / age_ms", "hops / net", "rsi(SOL) / hops", "score / age_ms", "price( $WIF ) / hops", "1 / chance"]
    ),
    st.integers(0, 9).map(str),
    st.floats(0, 1e20).map(lambda x: f"{x:.9f}"),
)
numbers = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/−×÷"), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda a: f"-({a})"),
        inner.map(lambda a: f"({a})"),
    ),
    max_leaves=6,
)
comparisons = st.tuples(numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "≤", "≥", "≠"]), numbers)
rules = st.recursive(
    st.one_of(
        comparisons.map(" ".join),
        st.sampled_from(["atomic", "legged", "base(SOL)", "through(BONK)", "true", "false", "net_bps > 8"]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda a: f"not {a}"),
        inner.map(lambda a: f"({a})"),
    ),
    max_leaves=8,
)
values = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1.0, 2.0, 8.0, math.nan, math.inf, 1e308, 5e-324]))


def outcome(compile_rule, text, symbols):
    try:
        rule = compile_rule(text, symbols)
    except ValueError as error:
        return str(error), None
    return rule.fields, rule


@settings(max_examples=200, deadline=None)
@given(rules, st.data())
@example("1 / (hops / 0) == 0", None)
@example("net_bps > 8 and age_ms < 400 and hops <= 3 and rsi(SOL) < 70", None)
def test_machine_code_and_both_interpreters_say_the_same_of_each_row(text, data):
    refusal, plain = outcome(reference.compile_rule, text, SYMBOLS)
    their_refusal, machine = outcome(native.compile_rule, text, SYMBOLS)
    assert their_refusal == refusal
    if plain is None:
        return
    stepped = native.compile_rule(text, SYMBOLS, native=False)
    assert (machine.native, stepped.native, plain.native) == (True, False, False)
    width = len(plain.fields)
    rows = [[1.0 * at] * width for at in range(3)]
    if data is not None:
        rows = data.draw(st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=5))
    table = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    expected = plain.evaluate_batch(rows)
    assert machine.evaluate_batch(table).tolist() == expected
    assert stepped.evaluate_batch(table).tolist() == expected
    for row, verdict in zip(rows, expected, strict=True):
        one = {0: False, 1: None, 2: True}[verdict]
        assert machine.evaluate(row) is stepped.evaluate(row) is plain.evaluate(row) is one


WORDS = """
    net_bps age_ms hops rsi ema atomic SOL (SOL) ($WIF) () ( ) < <= == = ! + - * / and or not true 1 0.5 .5 3. 1e3
    net_bp rsj(SOL) rsi(SOLL) hops(SOL) 'x' ≤ × é & 99999999999999999999
"""
words = st.sampled_from([*WORDS.split(), "\t", "\x1b"])
broken = st.one_of(
    st.lists(words, max_size=8).map(" ".join),
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.tuples(rules, st.integers(0, 40), st.sampled_from(["", "(", ")", " ", "<", "rsi(", "\n", "€"])).map(
        lambda t: t[0][: t[1]] + t[2] + t[0][t[1] + 1 :]
    ),
)


@settings(max_examples=200, deadline=None)
@given(broken)
@example("(" * 40)
@example("-" * 40 + "1 > 1")
@example("1<1 or " * 70 + "true")
@example(" " * 1025)
@example("hops < " + "9" * 400)
@example("not " * 33 + "true")
@example("hops(SOL) rsi (SOL)")
@example("true (SOL x)")
def test_what_is_no_rule_is_refused_in_the_same_words(text):
    assert outcome(native.compile_rule, text, SYMBOLS)[0] == outcome(reference.compile_rule, text, SYMBOLS)[0]


def test_values_of_another_number_are_refused_in_the_same_words():
    rules = [native.compile_rule("hops < 3", []), reference.compile_rule("hops < 3", [])]
    for rule in rules:
        with pytest.raises(ValueError, match="2 values, expected 1"):
            rule.evaluate([1.0, 2.0])
    with pytest.raises(ValueError, match="6 values, expected 3"):
        rules[0].evaluate_batch(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="contiguous"):
        rules[0].evaluate_batch(np.zeros((4, 2))[:, :1])
    with pytest.raises(ValueError, match="contiguous"):
        native.compile_rule("hops < 3 and age_ms < 3", []).evaluate_batch(np.zeros((2, 3)).T)
    assert rules[0].evaluate_batch(np.zeros((0, 1))).tolist() == []


def test_both_name_the_same_words():
    for table, form in ((reference.FIELDS, "{}"), (reference.FUNCTIONS, "{}(SOL)")):
        for name, word in table.items():
            text = form.format(name) if word.unit is None else f"{form.format(name)} > 1"
            assert native.compile_rule(text, SYMBOLS).fields == [form.format(name)]
    message = [outcome(compile_rule, "net_bps > zzz", [])[0] for compile_rule in
               (native.compile_rule, reference.compile_rule)]  # fmt: skip
    assert message[0] == message[1]
