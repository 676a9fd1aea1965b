//! The call stack behind log lines.

use crate::chain::base58::{self, Pubkey};

pub(super) const LOG: &str = "Program log: ";
pub(super) const DATA: &str = "Program data: ";
const RETURN: &str = "Program return: ";
const TRUNCATED: &str = "Log truncated";
/// Deeper than the runtime goes; a deeper `invoke` is no line of its.
const MAX_DEPTH: u64 = 64;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The lines don't say.
    Open,
    Success,
    Failed(String),
}

/// One invocation of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub program: Pubkey,
    /// 1 for an instruction of the transaction itself.
    pub depth: u32,
    /// The frame that invoked it; `None` at depth 1 and where the lines of the caller are missing.
    pub parent: Option<u32>,
    pub outcome: Outcome,
    /// Compute units consumed, and how many there were; native programs don't say.
    pub consumed: Option<(u64, u64)>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    Invoke,
    Success,
    Failed,
    Consumed,
    Log,
    Data,
    Return,
    Truncated,
    /// Of the runtime or of a native program.
    Other,
}

impl LineKind {
    /// Returns the kind's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Consumed => "consumed",
            Self::Log => "log",
            Self::Data => "data",
            Self::Return => "return",
            Self::Truncated => "truncated",
            Self::Other => "other",
        }
    }
}

/// The frames behind the lines of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// In the order in which they were invoked.
    pub frames: Vec<Frame>,
    /// Of each line, what it is and the frame it belongs to. Nothing belongs to a frame after `Log truncated`: a line
    /// that still fits may stand behind an invocation that doesn't.
    pub lines: Vec<(LineKind, Option<u32>)>,
    pub truncated: bool,
    /// Lines that don't fit the stack; the stack then follows them as far as it can.
    pub misfits: u32,
}

#[derive(Clone, Copy)]
enum Line<'a> {
    Invoke(Pubkey, u32),
    Success(Pubkey),
    Failed(Pubkey, &'a str),
    Consumed(Pubkey, (u64, u64)),
    Plain(LineKind),
}

impl Trace {
    /// Returns the frames behind log lines.
    pub fn of<T: AsRef<str>>(lines: &[T]) -> Self {
        let mut trace = Self {
            frames: Vec::new(),
            lines: Vec::with_capacity(lines.len()),
            truncated: false,
            misfits: 0,
        };
        let mut stack = Vec::new();
        for line in lines {
            let parsed = read(line.as_ref());
            let of_line = trace.take(parsed, &mut stack);
            trace.lines.push(of_line);
        }
        trace
    }

    pub(crate) fn frame(&self, index: u32) -> &Frame {
        &self.frames[index as usize]
    }

    /// Returns whether an instruction of the transaction failed, which undoes all of it.
    pub fn failed(&self) -> bool {
        let failed = |frame: &Frame| matches!(frame.outcome, Outcome::Failed(_));
        self.frames.iter().any(failed)
    }

    /// Returns whether every line fits and every frame ended.
    pub fn complete(&self) -> bool {
        let open = |frame: &Frame| frame.outcome == Outcome::Open;
        !self.truncated && self.misfits == 0 && !self.frames.iter().any(open)
    }

    fn take(&mut self, line: Line<'_>, stack: &mut Vec<Option<u32>>) -> (LineKind, Option<u32>) {
        let kind = line.kind();
        if kind == LineKind::Truncated {
            self.truncated = true;
        }
        if self.truncated {
            return (kind, None);
        }
        let frame = match line {
            Line::Invoke(program, depth) => Some(self.invoke(program, depth, stack)),
            Line::Success(program) => self.end(&program, Outcome::Success, stack),
            Line::Failed(program, why) => {
                self.end(&program, Outcome::Failed(why.to_owned()), stack)
            }
            Line::Consumed(program, units) => {
                let top = stack.last().copied().flatten();
                let own = top.filter(|&top| self.frames[top as usize].program == program);
                match own {
                    Some(frame) => self.frames[frame as usize].consumed = Some(units),
                    None => self.misfits += 1,
                }
                own
            }
            Line::Plain(_) => stack.last().copied().flatten(),
        };
        (kind, frame)
    }

    /// Opens a frame. Frames at its depth or deeper whose end is missing stay open for good.
    fn invoke(&mut self, program: Pubkey, depth: u32, stack: &mut Vec<Option<u32>>) -> u32 {
        let callers = depth as usize - 1;
        if stack.len() != callers {
            self.misfits += 1;
            stack.resize(callers, None);
        }
        let frame = self.frames.len() as u32;
        self.frames.push(Frame {
            program,
            depth,
            parent: stack.last().copied().flatten(),
            outcome: Outcome::Open,
            consumed: None,
        });
        stack.push(Some(frame));
        frame
    }

    /// Ends the innermost frame of a program; those above it stay open for good.
    fn end(
        &mut self,
        program: &Pubkey,
        outcome: Outcome,
        stack: &mut Vec<Option<u32>>,
    ) -> Option<u32> {
        let of_program = |each: &Option<u32>| {
            each.is_some_and(|frame| self.frames[frame as usize].program == *program)
        };
        let Some(at) = stack.iter().rposition(of_program) else {
            self.misfits += 1;
            if let Some(None) = stack.last() {
                stack.pop();
            }
            return None;
        };
        if at + 1 != stack.len() {
            self.misfits += 1;
        }
        let frame = stack[at];
        stack.truncate(at);
        if let Some(frame) = frame {
            self.frames[frame as usize].outcome = outcome;
        }
        frame
    }
}

impl Line<'_> {
    fn kind(&self) -> LineKind {
        match self {
            Self::Invoke(..) => LineKind::Invoke,
            Self::Success(_) => LineKind::Success,
            Self::Failed(..) => LineKind::Failed,
            Self::Consumed(..) => LineKind::Consumed,
            Self::Plain(kind) => *kind,
        }
    }
}

/// `Program <id> invoke [<depth>]`, `Program log: <text>`, `Program data: <base64> …`, `Program return: <id> <base64>`,
/// `Program <id> consumed <n> of <m> compute units`, `Program <id> success`, `Program <id> failed: <reason>`.
fn read(line: &str) -> Line<'_> {
    let plain = [
        (LOG, LineKind::Log),
        (DATA, LineKind::Data),
        (RETURN, LineKind::Return),
    ];
    if let Some((_, kind)) = plain.iter().find(|(start, _)| line.starts_with(start)) {
        return Line::Plain(*kind);
    }
    if line == TRUNCATED {
        return Line::Plain(LineKind::Truncated);
    }
    of_program(line).unwrap_or(Line::Plain(LineKind::Other))
}

fn of_program(line: &str) -> Option<Line<'_>> {
    let (program, rest) = line.strip_prefix("Program ")?.split_once(' ')?;
    if rest == "success" {
        return Some(Line::Success(base58::decode(program)?));
    }
    if let Some(why) = rest.strip_prefix("failed: ") {
        return Some(Line::Failed(base58::decode(program)?, why));
    }
    if let Some(depth) = rest.strip_prefix("invoke [") {
        let depth = digits(depth.strip_suffix(']')?)?;
        let known = (1..=MAX_DEPTH).contains(&depth);
        return known.then_some(Line::Invoke(base58::decode(program)?, depth as u32));
    }
    let units = rest
        .strip_prefix("consumed ")?
        .strip_suffix(" compute units")?;
    let (used, limit) = units.split_once(" of ")?;
    let units = (digits(used)?, digits(limit)?);
    Some(Line::Consumed(base58::decode(program)?, units))
}

/// Returns the number of 1 to 20 digits, `None` for anything else and above 2⁶⁴ − 1.
pub(crate) fn digits(text: &str) -> Option<u64> {
    let plain = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
