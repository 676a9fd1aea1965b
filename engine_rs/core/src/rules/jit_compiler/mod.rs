//! Operator rules such as `net_bps > 8 and age_ms < 400 and hops <= 3 and rsi(SOL) < 70`, parsed and checked once.
//!
//! Rules are Kleene's three-valued logic over 64-bit floats. An input that is unknown is NaN, and so is each result
//! that is not finite: of an unknown operand, a division by zero, an overflow. A comparison with such a number is
//! unknown; `and` is the lesser of its sides, `or` the greater, `not` the opposite, in the order false < unknown <
//! true. A rule holds only if it is true: unknown fails closed.
//!
//! [`compile`] gives a [`Program`], which interprets itself. Machine code of it stands behind the same [`RuleCode`].

mod error;
mod lexer;
mod parser;
mod program;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use self::error::RuleError;
pub use self::parser::compile;
pub use self::program::{Comparison, Op, Program};
pub use self::vocabulary::{FIELDS, FUNCTIONS, Kind, Unit, Word};

/// Longest text of a rule, in characters.
pub const MAX_TEXT: usize = 1_024;
/// Deepest nesting of parentheses, `not` and signs.
pub const MAX_DEPTH: usize = 32;
/// Most numbers, names and operators.
pub const MAX_NODES: usize = 256;

/// What a rule says of one row of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verdict {
    False = 0,
    Unknown = 1,
    True = 2,
}

impl Verdict {
    /// Returns the verdict of a code as [`RuleCode::evaluate_rows`] writes it; what is none is unknown.
    pub fn of(code: u8) -> Self {
        match code {
            0 => Self::False,
            2 => Self::True,
            _ => Self::Unknown,
        }
    }
}

/// A rule that can be asked: interpreted, or compiled to machine code.
pub trait RuleCode: Send + Sync {
    /// Writes the verdict of each row of inputs, as many as `verdicts` is long.
    ///
    /// # Errors
    /// `WidthError` if `rows` doesn't hold one number for each input and verdict.
    fn evaluate_rows(&self, rows: &[f64], verdicts: &mut [u8]) -> Result<(), WidthError>;

    /// Returns whether it is machine code.
    fn native(&self) -> bool;

    /// Returns the verdict of one row of inputs.
    ///
    /// # Errors
    /// `WidthError` if there are more or fewer than the rule reads.
    fn evaluate(&self, values: &[f64]) -> Result<Verdict, WidthError> {
        let mut code = [Verdict::Unknown as u8];
        self.evaluate_rows(values, &mut code)?;
        Ok(Verdict::of(code[0]))
    }
}

/// Inputs of another number than the rule reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} values, expected {expected}")]
pub struct WidthError {
    pub found: usize,
    pub expected: usize,
}
