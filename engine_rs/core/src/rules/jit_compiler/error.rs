//! Why a text is no rule, and where.

use std::fmt;

/// A text that is no rule: what is wrong, and the column, counted from 1 in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    pub column: usize,
    pub problem: String,
    text: String,
}

impl RuleError {
    pub(crate) fn new(text: &str, at: usize, problem: impl Into<String>) -> Self {
        Self {
            column: at + 1,
            problem: problem.into(),
            text: text.chars().map(shown).collect(),
        }
    }
}

/// Returns a character as one cell that a terminal can't take for a command.
fn shown(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "column {}: {}", self.column, self.problem)?;
        writeln!(f, "  {}", self.text)?;
        write!(f, "  {:>width$}", "^", width = self.column)
    }
}

impl std::error::Error for RuleError {}
