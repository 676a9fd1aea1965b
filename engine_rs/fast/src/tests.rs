use cambist_core::rules::jit_compiler::{RuleCode, Verdict, compile};
use proptest::prelude::*;

use super::{MachineRule, faster};

const SYMBOLS: &[&str] = &["SOL", "BONK"];

/// Texts of rules: every operator, every kind of input, nested and not, of units that always match.
fn rules() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("hops".to_owned()),
        Just("net_bps * 1 / hops".to_owned()),
        Just("rsi(SOL) / age_ms".to_owned()),
        (0u32..4).prop_map(|n| n.to_string()),
        (0u32..1000).prop_map(|n| format!("{}.{}", n / 7, n)),
    ];
    let number = leaf
        .prop_recursive(4, 24, 2, |inner| {
            prop_oneof![
                (inner.clone(), "[-+*/×÷]", inner.clone())
                    .prop_map(|(a, op, b)| format!("(1 * {a} / hops {op} ({b}) / hops)")),
                inner.prop_map(|a| format!("-{a}")),
            ]
        })
        .prop_map(|text| format!("(1 / hops * ({text}))"));
    let truth = prop_oneof![
        Just("atomic".to_owned()),
        Just("base(BONK)".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        (number.clone(), "[<>]=?|[!=]=", number).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
    ];
    truth.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), "and|or", inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} {b}")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (-3i8..4).prop_map(f64::from),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(-0.0),
        Just(1e308),
        Just(f64::MIN_POSITIVE),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn machine_code_says_what_the_interpreter_says(
        text in rules(),
        values in prop::collection::vec(numbers(), 6 * 8),
    ) {
        let program = compile(&text, SYMBOLS).unwrap();
        let width = program.fields().len();
        let machine = MachineRule::compile(&program).unwrap();
        let (mut expected, mut found) = ([9; 8], [9; 8]);
        program.evaluate_rows(&values[..8 * width], &mut expected).unwrap();
        machine.evaluate_rows(&values[..8 * width], &mut found).unwrap();
        prop_assert_eq!(expected, found, "{}", text);
    }
}

#[test]
fn an_infinite_number_does_not_slip_through_a_quotient() {
    for text in [
        "1 / (hops * hops) == 0",
        "1 / -(hops / 0) == 0",
        "-(hops + hops) < 1",
        "1 / (1 / hops) > 1",
    ] {
        let program = compile(text, SYMBOLS).unwrap();
        let machine = MachineRule::compile(&program).unwrap();
        for value in [1e308, f64::INFINITY, 0.0, -0.0, 5e-324, f64::NAN] {
            let (expected, found) = (program.evaluate(&[value]), machine.evaluate(&[value]));
            assert_eq!(expected, found, "{text} of {value}");
        }
    }
}

#[test]
fn rows_without_inputs_and_no_rows_are_rows() {
    let rule = faster(compile("1 < 2", SYMBOLS).unwrap());
    let mut verdicts = [9; 3];
    rule.evaluate_rows(&[], &mut verdicts).unwrap();
    assert_eq!(verdicts, [2; 3]);
    assert!(rule.evaluate_rows(&[], &mut []).is_ok());
    let rule = faster(compile("hops < 2", SYMBOLS).unwrap());
    assert!(rule.evaluate_rows(&[], &mut []).is_ok());
}

#[test]
fn too_few_or_too_many_inputs_never_reach_the_code() {
    let program = compile("hops < 2 and age_ms < 3", SYMBOLS).unwrap();
    let rule = MachineRule::compile(&program).unwrap();
    let mut verdicts = [9; 2];
    for length in [0, 1, 2, 3, 5] {
        assert!(
            rule.evaluate_rows(&vec![1.0; length], &mut verdicts)
                .is_err()
        );
    }
    assert_eq!(verdicts, [9; 2]);
    assert!(rule.evaluate_rows(&[1.0; 4], &mut verdicts).is_ok());
}

#[test]
fn the_largest_rule_compiles() {
    let text = vec!["hops<2"; 64].join(" or ");
    let program = compile(&text, SYMBOLS).unwrap();
    let rule = faster(program);
    assert!(rule.native());
    assert_eq!(rule.evaluate(&[3.0]), Ok(Verdict::False));
}

#[test]
fn rules_come_and_go_while_others_are_asked_on_many_threads() {
    let rule = faster(compile("hops < 2 and age_ms < 400", SYMBOLS).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..50 {
                    let text = format!("hops < {n}");
                    let own = faster(compile(&text, SYMBOLS).unwrap());
                    let expected = if 3 < n { Verdict::True } else { Verdict::False };
                    assert_eq!(own.evaluate(&[3.0]), Ok(expected));
                    assert_eq!(rule.evaluate(&[1.0, 300.0]), Ok(Verdict::True));
                }
            });
        }
    });
}
