//! A rule's text as tokens.

use super::error::RuleError;
use super::program::Comparison;

/// What the text is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    Name(String),
    /// What stands between the parentheses after a name, untouched but for blanks around it.
    Argument(String),
    Compare(Comparison),
    Plus,
    Minus,
    Times,
    Over,
    Open,
    Close,
    And,
    Or,
    Not,
    True,
    False,
    End,
}

/// A token and where it begins, in characters.
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) at: usize,
    /// As it is written.
    pub(crate) text: String,
}

/// Returns all tokens, the last one `End`.
///
/// # Errors
/// `RuleError` for a character that has no meaning, a number that can't be read or parentheses left open after a name.
pub(crate) fn tokens(text: &str) -> Result<Vec<Placed>, RuleError> {
    let chars: Vec<char> = text.chars().collect();
    let (mut found, mut at): (Vec<Placed>, usize) = (Vec::new(), 0);
    while at < chars.len() {
        if blank(chars[at]) {
            at += 1;
            continue;
        }
        let (token, end) = next(text, &chars, at, found.last())?;
        found.push(Placed {
            token,
            at,
            text: chars[at..end].iter().collect(),
        });
        at = end;
    }
    found.push(Placed {
        token: Token::End,
        at,
        text: String::new(),
    });
    Ok(found)
}

fn next(
    text: &str,
    chars: &[char],
    at: usize,
    before: Option<&Placed>,
) -> Result<(Token, usize), RuleError> {
    let c = chars[at];
    if c == '('
        && matches!(
            before,
            Some(Placed {
                token: Token::Name(_),
                ..
            })
        )
    {
        return argument(text, chars, at);
    }
    if c.is_ascii_digit() {
        return number(text, chars, at);
    }
    if word(c) {
        let end = run(chars, at, word);
        return Ok((named(chars[at..end].iter().collect()), end));
    }
    let follows = chars.get(at + 1) == Some(&'=');
    let one = match c {
        '<' | '>' | '=' | '!' if follows => {
            let compare = match c {
                '<' => Comparison::LessOrEqual,
                '>' => Comparison::GreaterOrEqual,
                '=' => Comparison::Equal,
                _ => Comparison::NotEqual,
            };
            return Ok((Token::Compare(compare), at + 2));
        }
        '<' => Token::Compare(Comparison::Less),
        '>' => Token::Compare(Comparison::Greater),
        '≤' => Token::Compare(Comparison::LessOrEqual),
        '≥' => Token::Compare(Comparison::GreaterOrEqual),
        '≠' => Token::Compare(Comparison::NotEqual),
        '+' => Token::Plus,
        '-' | '−' => Token::Minus,
        '*' | '×' => Token::Times,
        '/' | '÷' => Token::Over,
        '(' => Token::Open,
        ')' => Token::Close,
        '=' => return Err(RuleError::new(text, at, "`=` compares nothing; write `==`")),
        '\'' | '"' => {
            return Err(RuleError::new(
                text,
                at,
                "a rule has no strings; write `rsi(SOL)`",
            ));
        }
        _ => {
            return Err(RuleError::new(
                text,
                at,
                "this character has no meaning here",
            ));
        }
    };
    Ok((one, at + 1))
}

fn argument(text: &str, chars: &[char], at: usize) -> Result<(Token, usize), RuleError> {
    let close = chars[at..].iter().position(|&c| c == ')');
    let Some(close) = close.map(|length| at + length) else {
        return Err(RuleError::new(text, at, "`(` is not closed"));
    };
    let inside: String = chars[at + 1..close].iter().collect();
    let name = inside.trim_matches(blank).to_owned();
    Ok((Token::Argument(name), close + 1))
}

fn number(text: &str, chars: &[char], at: usize) -> Result<(Token, usize), RuleError> {
    let end = run(chars, at, |c| word(c) || c == '.');
    let written: String = chars[at..end].iter().collect();
    let (whole, part) = written.split_once('.').unwrap_or((&written, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        let problem = format!("`{written}` is no number; write it like 8 or 0.25");
        return Err(RuleError::new(text, at, problem));
    }
    match written.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), end)),
        _ => Err(RuleError::new(text, at, "this number is too large")),
    }
}

fn named(name: String) -> Token {
    match name.as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "true" => Token::True,
        "false" => Token::False,
        _ => Token::Name(name),
    }
}

fn run(chars: &[char], at: usize, wanted: impl Fn(char) -> bool) -> usize {
    let length = chars[at..].iter().position(|&c| !wanted(c));
    length.map_or(chars.len(), |length| at + length)
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}
