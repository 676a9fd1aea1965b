use super::*;
use Verdict::{False, True, Unknown};

const SYMBOLS: &[&str] = &["SOL", "USDC", "BONK", "$WIF"];
const NAN: f64 = f64::NAN;

fn verdict(text: &str, values: &[f64]) -> Verdict {
    compile(text, SYMBOLS).unwrap().evaluate(values).unwrap()
}

fn problem(text: &str) -> String {
    compile(text, SYMBOLS).unwrap_err().to_string()
}

#[test]
fn the_briefs_rule_reads_its_inputs_in_order_of_appearance() {
    let rule = compile(
        "net_bps > 8 and age_ms < 400 and hops <= 3 and rsi(SOL) < 70 and net_bps < 900",
        SYMBOLS,
    )
    .unwrap();
    assert_eq!(rule.fields(), ["net_bps", "age_ms", "hops", "rsi(SOL)"]);
    for (row, expected) in [
        ([9.0, 399.0, 3.0, 69.0], True),
        ([8.0, 399.0, 3.0, 69.0], False),
        ([9.0, 399.0, 3.0, NAN], Unknown),
        ([8.0, 399.0, 3.0, NAN], False),
    ] {
        assert_eq!(rule.evaluate(&row), Ok(expected), "{row:?}");
    }
}

#[test]
fn unknown_is_between_false_and_true() {
    for (text, expected) in [
        ("atomic and true", Unknown),
        ("atomic and false", False),
        ("atomic or true", True),
        ("atomic or false", Unknown),
        ("not atomic", Unknown),
        ("not (atomic or true)", False),
    ] {
        assert_eq!(
            compile(text, SYMBOLS).unwrap().evaluate(&[NAN]),
            Ok(expected),
            "{text}"
        );
    }
}

#[test]
fn a_number_that_is_not_finite_is_unknown_wherever_it_came_from() {
    for (text, expected) in [
        ("hops / (hops - hops) > 1", Unknown),
        ("1 / (hops / 0) == 0", Unknown),
        ("0 * hops / 0 != 1", Unknown),
        ("hops > 1 or 1 / 0 > 1", True),
        ("hops > 3 or 1 / 0 > 1", Unknown),
    ] {
        assert_eq!(verdict(text, &[2.0]), expected, "{text}");
    }
    assert_eq!(verdict("hops * hops > 1", &[1e200]), Unknown);
    assert_eq!(verdict("hops < 1", &[f64::INFINITY]), Unknown);
    assert_eq!(verdict("1 / (hops * 2) == 0", &[1e308]), Unknown);
}

#[test]
fn precedence_is_that_of_arithmetic() {
    assert_eq!(verdict("1 + 2 * 3 == 7", &[]), True);
    assert_eq!(verdict("(1 + 2) * 3 == 9", &[]), True);
    assert_eq!(verdict("2 − 3 − 4 == −5", &[]), True);
    assert_eq!(verdict("8 ÷ 2 ÷ 2 == 2 × 1", &[]), True);
    assert_eq!(verdict("true or false and false", &[]), True);
    assert_eq!(verdict("not false and false", &[]), False);
    assert_eq!(verdict("not 1 > 2", &[]), True);
    assert_eq!(
        verdict("-hops < -1 and 1 ≠ 2 and 1 ≤ 1 and 1 ≥ 1", &[2.0]),
        True
    );
    assert_eq!(verdict("0.1 + 0.2 == 0.3", &[]), False);
}

#[test]
fn errors_point_at_the_column() {
    assert_eq!(
        problem("net_bps > 8 and net_bp < 3"),
        "column 17: `net_bp` is no field; did you mean `net_bps`?\n  net_bps > 8 and net_bp < 3\n                  ^"
    );
    for (text, expected) in [
        (
            "",
            "column 1: expected a number, a field or `(`, was the end",
        ),
        ("hops < 3 <= 4", "column 10: one comparison at a time"),
        (
            "atomic > 1",
            "column 1: expected a number, this is true or false",
        ),
        ("1 + atomic > 1", "column 5: expected a number"),
        (
            "hops",
            "column 1: a rule must say true or false, this is a number",
        ),
        (
            "hops and atomic",
            "column 1: `and` needs true or false on both sides, this is a number",
        ),
        ("atomic or 1 + 1", "column 11: `or` needs true or false"),
        ("not hops", "column 5: `not` needs true or false after it"),
        (
            "net_bps > age_ms",
            "column 9: the left side is in bps, the right side in ms",
        ),
        (
            "net_bps + hops > 1",
            "column 9: the left side is in bps, the right side in hops",
        ),
        (
            "rsi(SOLL) < 3",
            "column 4: `SOLL` is no token here; did you mean `SOL`?",
        ),
        (
            "rsi() < 3",
            "column 4: expected a token between the parentheses",
        ),
        ("rsi < 3", "column 1: `rsi` needs a token: `rsi(SOL)`"),
        ("hops(SOL) < 3", "column 5: `hops` takes no token"),
        (
            "rsy(SOL) < 3",
            "column 1: `rsy` is no function; did you mean `rsi`?",
        ),
        ("qqqqqqqq < 3", "column 1: `qqqqqqqq` is no field\n"),
        ("rsi(SOL < 3", "column 4: `(` is not closed"),
        ("(hops < 3", "column 10: expected `)`, was the end"),
        (
            "hops < 3)",
            "column 9: expected `and`, `or` or the end, was `)`",
        ),
        (
            "hops < 3 AND atomic",
            "column 10: expected `and`, `or` or the end, was `AND`",
        ),
        ("hops = 3", "column 6: `=` compares nothing; write `==`"),
        ("hops < '3'", "column 8: a rule has no strings"),
        ("hops < 3bps", "column 8: `3bps` is no number"),
        ("hops < 3.", "column 8: `3.` is no number"),
        ("hops < 1.2.3", "column 8: `1.2.3` is no number"),
        ("hops & 3", "column 6: this character has no meaning here"),
    ] {
        assert!(problem(text).starts_with(expected), "{}", problem(text));
    }
    let huge = format!("hops < {}", "9".repeat(400));
    assert!(problem(&huge).starts_with("column 8: this number is too large"));
    assert_eq!(
        problem("\x1b[2J"),
        "column 1: this character has no meaning here\n  \u{fffd}[2J\n  ^"
    );
}

#[test]
fn units_scale_by_shares_and_plain_numbers() {
    for text in [
        "net_bps * chance > gross_bps / 2",
        "chance * net > 0.001",
        "net / size > tip_share * 0.5",
        "price(SOL) > ema(SOL) * 1.01",
        "net_bps / age_ms > hops",
    ] {
        assert!(compile(text, SYMBOLS).is_ok(), "{text}: {}", problem(text));
    }
}

#[test]
fn size_depth_and_length_are_bounded() {
    let nested = |n: usize| format!("{}atomic{}", "(".repeat(n), ")".repeat(n));
    assert!(compile(&nested(MAX_DEPTH), SYMBOLS).is_ok());
    assert!(problem(&nested(MAX_DEPTH + 1)).starts_with("column 33: nested deeper than 32"));
    assert!(problem(&format!("{} 1 > 1", "-".repeat(40))).starts_with("column 33: nested deeper"));
    let long = vec!["1<2"; 64].join(" or ");
    assert!(compile(&long, SYMBOLS).is_ok());
    assert!(problem(&format!("{long} or true")).contains("at most 256 numbers"));
    assert!(problem(&" ".repeat(MAX_TEXT + 1)).starts_with("column 1: a rule has at most 1024"));
}

#[test]
fn any_symbol_can_be_named_and_is_named_as_it_is() {
    let rule = compile("through( $WIF ) and not base(USDC)", SYMBOLS).unwrap();
    assert_eq!(rule.fields(), ["through($WIF)", "base(USDC)"]);
    assert_eq!(rule.evaluate(&[1.0, 0.0]), Ok(True));
    assert_eq!(rule.evaluate(&[-2.0, -0.0]), Ok(True));
}

#[test]
fn inputs_of_another_number_are_refused() {
    let rule = compile("hops < 3", SYMBOLS).unwrap();
    let error = rule.evaluate(&[1.0, 2.0]).unwrap_err();
    assert_eq!(error.to_string(), "2 values, expected 1");
    let mut verdicts = [9; 3];
    rule.evaluate_rows(&[1.0, 9.0, NAN], &mut verdicts).unwrap();
    assert_eq!(verdicts, [2, 0, 1]);
    assert!(rule.evaluate_rows(&[1.0], &mut verdicts).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[ a-z0-9().<>=+*/_-]{0,60}|\\PC{0,60}") {
        if let Err(error) = compile(&text, SYMBOLS) {
            assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
        }
    }
}
