//! A rule in postfix form, and its interpreter.

use super::{RuleCode, Verdict, WidthError};

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            #[expect(clippy::float_cmp, reason = "`==` of a rule means equal to the bit")]
            Self::Equal => left == right,
            #[expect(
                clippy::float_cmp,
                reason = "`!=` of a rule means not equal to the bit"
            )]
            Self::NotEqual => left != right,
        }
    }
}

/// One step. Numbers and verdicts have a stack each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Pushes a number.
    Constant(f64),
    /// Pushes an input.
    Number(u16),
    /// Pushes whether an input is other than 0; NaN is unknown.
    Boolean(u16),
    /// Pushes `true` or `false`.
    Truth(bool),
    Add,
    Subtract,
    Multiply,
    Divide,
    Negate,
    Compare(Comparison),
    And,
    Or,
    Not,
}

/// A checked rule: its inputs by name, and its steps. Only `compile` makes one, so that steps always match.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    fields: Vec<String>,
    steps: Vec<Op>,
}

impl Program {
    pub(crate) fn new(fields: Vec<String>, steps: Vec<Op>) -> Self {
        Self { fields, steps }
    }

    /// Returns what it reads, in the order of its inputs: `net_bps`, `rsi(SOL)`.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Returns its steps in postfix order.
    pub fn steps(&self) -> &[Op] {
        &self.steps
    }

    /// Returns an error unless there is one number for each input and row.
    ///
    /// # Errors
    /// `WidthError` with what there is and what is expected.
    pub fn check_width(&self, numbers: usize, rows: usize) -> Result<(), WidthError> {
        let expected = self.fields.len().saturating_mul(rows);
        if numbers == expected {
            Ok(())
        } else {
            Err(WidthError {
                found: numbers,
                expected,
            })
        }
    }
}

impl RuleCode for Program {
    fn evaluate_rows(&self, rows: &[f64], verdicts: &mut [u8]) -> Result<(), WidthError> {
        self.check_width(rows.len(), verdicts.len())?;
        let (width, mut stacks) = (self.fields.len(), Stacks::default());
        for (at, verdict) in verdicts.iter_mut().enumerate() {
            let row = &rows[at * width..(at + 1) * width];
            for &step in &self.steps {
                stacks.take(step, row);
            }
            *verdict = stacks.verdicts.pop().unwrap_or(Verdict::Unknown) as u8;
        }
        Ok(())
    }

    fn native(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct Stacks {
    numbers: Vec<f64>,
    verdicts: Vec<Verdict>,
}

impl Stacks {
    fn take(&mut self, step: Op, row: &[f64]) {
        match step {
            Op::Constant(value) => self.numbers.push(value),
            Op::Number(at) => self.numbers.push(row[usize::from(at)]),
            Op::Boolean(at) => {
                let value = row[usize::from(at)];
                self.verdicts.push(verdict(value.is_finite(), value != 0.0));
            }
            Op::Truth(value) => self.verdicts.push(verdict(true, value)),
            Op::Add => self.numbers(|left, right| left + right),
            Op::Subtract => self.numbers(|left, right| left - right),
            Op::Multiply => self.numbers(|left, right| left * right),
            Op::Divide => self.numbers(|left, right| left / right),
            Op::Negate => {
                let value = self.number();
                self.numbers.push(-value);
            }
            Op::Compare(how) => {
                let (right, left) = (self.number(), self.number());
                let known = left.is_finite() && right.is_finite();
                self.verdicts.push(verdict(known, how.holds(left, right)));
            }
            Op::And => self.verdicts(Ord::min),
            Op::Or => self.verdicts(Ord::max),
            Op::Not => {
                let opposite = Verdict::of(2 - self.verdict() as u8);
                self.verdicts.push(opposite);
            }
        }
    }

    fn numbers(&mut self, act: impl Fn(f64, f64) -> f64) {
        let (right, left) = (self.number(), self.number());
        let result = act(left, right);
        let known = left.is_finite() && right.is_finite() && result.is_finite();
        self.numbers.push(if known { result } else { f64::NAN });
    }

    fn verdicts(&mut self, act: impl Fn(Verdict, Verdict) -> Verdict) {
        let (right, left) = (self.verdict(), self.verdict());
        self.verdicts.push(act(left, right));
    }

    fn number(&mut self) -> f64 {
        self.numbers.pop().unwrap_or(f64::NAN)
    }

    fn verdict(&mut self) -> Verdict {
        self.verdicts.pop().unwrap_or(Verdict::Unknown)
    }
}

fn verdict(known: bool, holds: bool) -> Verdict {
    match (known, holds) {
        (false, _) => Verdict::Unknown,
        (true, false) => Verdict::False,
        (true, true) => Verdict::True,
    }
}
