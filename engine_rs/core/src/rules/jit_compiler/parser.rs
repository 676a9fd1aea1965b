//! Tokens to steps: precedence, types and units in one pass.

use super::error::RuleError;
use super::lexer::{Placed, Token, tokens};
use super::program::{Op, Program};
use super::vocabulary::{FIELDS, FUNCTIONS, Kind, Unit, Word, find, nearest};
use super::{MAX_DEPTH, MAX_NODES, MAX_TEXT};

/// Returns the program of a rule. `symbols` are the tokens that functions may name.
///
/// ```
/// use cambist_core::rules::jit_compiler::{RuleCode, Verdict, compile};
/// let rule = compile("net_bps > 8 and rsi(SOL) < 70", &["SOL"]).unwrap();
/// assert_eq!(rule.fields(), ["net_bps", "rsi(SOL)"]);
/// assert_eq!(rule.evaluate(&[9.0, 50.0]), Ok(Verdict::True));
/// assert_eq!(rule.evaluate(&[9.0, f64::NAN]), Ok(Verdict::Unknown));
/// ```
///
/// # Errors
/// `RuleError` for a text that is too long, nested too deep, no expression, of the wrong type or mixed units, or that
/// names what there is not.
pub fn compile(text: &str, symbols: &[&str]) -> Result<Program, RuleError> {
    if text.chars().nth(MAX_TEXT).is_some() {
        let start: String = text.chars().take(64).collect();
        let problem = format!("a rule has at most {MAX_TEXT} characters");
        return Err(RuleError::new(&start, 0, problem));
    }
    let mut parser = Parser {
        text,
        symbols,
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
        fields: Vec::new(),
        steps: Vec::new(),
    };
    let whole = parser.either()?;
    if *parser.token() != Token::End {
        return Err(parser.unexpected("expected `and`, `or` or the end"));
    }
    parser.boolean(whole, "a rule must say true or false")?;
    Ok(Program::new(parser.fields, parser.steps))
}

/// A part that was read: what it gives and where it begins.
#[derive(Clone, Copy)]
struct Part {
    kind: Kind,
    at: usize,
}

struct Parser<'a> {
    text: &'a str,
    symbols: &'a [&'a str],
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    fields: Vec<String>,
    steps: Vec<Op>,
}

type Parsed = Result<Part, RuleError>;

impl Parser<'_> {
    fn either(&mut self) -> Parsed {
        let mut left = self.both()?;
        while let Some(sign) = self.take(&Token::Or) {
            let right = self.both()?;
            left = self.joined(Op::Or, "or", left, right, sign)?;
        }
        Ok(left)
    }

    fn both(&mut self) -> Parsed {
        let mut left = self.negated()?;
        while let Some(sign) = self.take(&Token::And) {
            let right = self.negated()?;
            left = self.joined(Op::And, "and", left, right, sign)?;
        }
        Ok(left)
    }

    fn negated(&mut self) -> Parsed {
        let Some(at) = self.take(&Token::Not) else {
            return self.comparison();
        };
        self.deeper(at)?;
        let part = self.negated()?;
        self.depth -= 1;
        self.boolean(part, "`not` needs true or false after it")?;
        self.push(Op::Not, at)?;
        Ok(Part {
            kind: Kind::Boolean,
            at,
        })
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.sum()?;
        let Token::Compare(how) = *self.token() else {
            return Ok(left);
        };
        let sign = self.place();
        self.at += 1;
        let right = self.sum()?;
        if let Token::Compare(_) = self.token() {
            let problem = "one comparison at a time: write `a < b and b < c`";
            return Err(self.error(self.place(), problem));
        }
        let (one, other) = (self.number(left)?, self.number(right)?);
        self.same_unit(one, other, sign)?;
        self.push(Op::Compare(how), sign)?;
        Ok(Part {
            kind: Kind::Boolean,
            at: left.at,
        })
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let op = match self.token() {
                Token::Plus => Op::Add,
                Token::Minus => Op::Subtract,
                _ => return Ok(left),
            };
            let sign = self.place();
            self.at += 1;
            let right = self.product()?;
            let (one, other) = (self.number(left)?, self.number(right)?);
            let unit = self.same_unit(one, other, sign)?;
            self.push(op, sign)?;
            left.kind = Kind::Number(unit);
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.signed()?;
        loop {
            let op = match self.token() {
                Token::Times => Op::Multiply,
                Token::Over => Op::Divide,
                _ => return Ok(left),
            };
            let sign = self.place();
            self.at += 1;
            let right = self.signed()?;
            let (one, other) = (self.number(left)?, self.number(right)?);
            self.push(op, sign)?;
            left.kind = Kind::Number(scaled(op, one, other));
        }
    }

    fn signed(&mut self) -> Parsed {
        let Some(at) = self.take(&Token::Minus) else {
            return self.atom();
        };
        self.deeper(at)?;
        let part = self.signed()?;
        self.depth -= 1;
        let unit = self.number(part)?;
        self.push(Op::Negate, at)?;
        Ok(Part {
            kind: Kind::Number(unit),
            at,
        })
    }

    fn atom(&mut self) -> Parsed {
        let at = self.place();
        match self.token().clone() {
            Token::Number(value) => {
                self.at += 1;
                self.push(Op::Constant(value), at)?;
                Ok(Part {
                    kind: Kind::Number(Unit::None),
                    at,
                })
            }
            truth @ (Token::True | Token::False) => {
                self.at += 1;
                self.push(Op::Truth(truth == Token::True), at)?;
                Ok(Part {
                    kind: Kind::Boolean,
                    at,
                })
            }
            Token::Name(name) => {
                self.at += 1;
                self.named(&name, at)
            }
            Token::Open => {
                self.at += 1;
                self.deeper(at)?;
                let inside = self.either()?;
                self.depth -= 1;
                if self.take(&Token::Close).is_none() {
                    return Err(self.unexpected("expected `)`"));
                }
                Ok(Part {
                    kind: inside.kind,
                    at,
                })
            }
            _ => Err(self.unexpected("expected a number, a field or `(`")),
        }
    }

    fn named(&mut self, name: &str, at: usize) -> Parsed {
        let (field, function) = (find(FIELDS, name), find(FUNCTIONS, name));
        let place = self.place();
        let argument = match self.token() {
            Token::Argument(argument) => Some(argument.clone()),
            _ => None,
        };
        match (field, function, argument) {
            (Some(word), _, None) => self.input(word, name.to_owned(), at),
            (Some(_), _, Some(_)) => Err(self.error(place, &format!("`{name}` takes no token"))),
            (None, Some(_), None) => {
                Err(self.error(at, &format!("`{name}` needs a token: `{name}(SOL)`")))
            }
            (None, Some(word), Some(symbol)) => {
                self.at += 1;
                if !self.symbols.contains(&symbol.as_str()) {
                    return Err(self.no_token(&symbol, place));
                }
                self.input(word, format!("{name}({symbol})"), at)
            }
            (None, None, argument) => {
                let called = argument.is_some();
                let table = if called { FUNCTIONS } else { FIELDS };
                let problem = format!(
                    "`{name}` is no {}",
                    if called { "function" } else { "field" }
                );
                let names = table.iter().map(|word| word.name);
                Err(self.error(at, &suggested(problem, nearest(name, names))))
            }
        }
    }

    fn no_token(&self, symbol: &str, at: usize) -> RuleError {
        if symbol.is_empty() {
            return self.error(at, "expected a token between the parentheses");
        }
        let near = nearest(symbol, self.symbols.iter().copied());
        self.error(at, &suggested(format!("`{symbol}` is no token here"), near))
    }

    fn input(&mut self, word: Word, name: String, at: usize) -> Parsed {
        let known = self.fields.iter().position(|field| *field == name);
        let slot = known.unwrap_or(self.fields.len());
        if known.is_none() {
            self.fields.push(name);
        }
        // There are at most MAX_NODES inputs.
        let slot = slot as u16;
        let op = match word.kind {
            Kind::Boolean => Op::Boolean(slot),
            Kind::Number(_) => Op::Number(slot),
        };
        self.push(op, at)?;
        Ok(Part {
            kind: word.kind,
            at,
        })
    }

    fn joined(&mut self, op: Op, name: &str, left: Part, right: Part, sign: usize) -> Parsed {
        for side in [left, right] {
            self.boolean(side, &format!("`{name}` needs true or false on both sides"))?;
        }
        self.push(op, sign)?;
        Ok(left)
    }

    fn boolean(&self, part: Part, problem: &str) -> Result<(), RuleError> {
        match part.kind {
            Kind::Boolean => Ok(()),
            Kind::Number(_) => Err(self.error(part.at, &format!("{problem}, this is a number"))),
        }
    }

    fn number(&self, part: Part) -> Result<Unit, RuleError> {
        match part.kind {
            Kind::Number(unit) => Ok(unit),
            Kind::Boolean => Err(self.error(part.at, "expected a number, this is true or false")),
        }
    }

    fn same_unit(&self, left: Unit, right: Unit, sign: usize) -> Result<Unit, RuleError> {
        match (left, right) {
            (Unit::None, unit) | (unit, Unit::None) => Ok(unit),
            _ if left == right => Ok(left),
            _ => {
                let problem = format!(
                    "the left side is in {}, the right side in {}",
                    left.name(),
                    right.name()
                );
                Err(self.error(sign, &problem))
            }
        }
    }

    fn push(&mut self, op: Op, at: usize) -> Result<(), RuleError> {
        if self.steps.len() == MAX_NODES {
            let problem = format!("a rule has at most {MAX_NODES} numbers, names and operators");
            return Err(self.error(at, &problem));
        }
        self.steps.push(op);
        Ok(())
    }

    fn deeper(&mut self, at: usize) -> Result<(), RuleError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(at, &format!("nested deeper than {MAX_DEPTH}")));
        }
        Ok(())
    }

    fn token(&self) -> &Token {
        &self.tokens[self.at].token
    }

    fn place(&self) -> usize {
        self.tokens[self.at].at
    }

    /// Steps over a token and returns where it stands, if it is the next one.
    fn take(&mut self, wanted: &Token) -> Option<usize> {
        let at = (self.token() == wanted).then(|| self.place())?;
        self.at += 1;
        Some(at)
    }

    fn unexpected(&self, expected: &str) -> RuleError {
        let found = &self.tokens[self.at];
        let was = if found.token == Token::End {
            "the end".to_owned()
        } else {
            format!("`{}`", found.text)
        };
        self.error(found.at, &format!("{expected}, was {was}"))
    }

    fn error(&self, at: usize, problem: &str) -> RuleError {
        RuleError::new(self.text, at, problem)
    }
}

/// Returns the unit of a product or quotient: a plain number or a share scales, all else is plain.
fn scaled(op: Op, left: Unit, right: Unit) -> Unit {
    match (left, right) {
        (unit, Unit::None | Unit::Share) => unit,
        (Unit::None | Unit::Share, unit) if op == Op::Multiply => unit,
        _ => Unit::None,
    }
}

fn suggested(problem: String, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("{problem}; did you mean `{near}`?"),
        None => problem,
    }
}
