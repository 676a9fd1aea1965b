//! What a rule can name: fields of an opportunity, and functions of a token.

/// What a number is measured in. Sums and comparisons need one unit on both sides; a literal fits any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A literal, or what came of two different units.
    None,
    Bps,
    Ms,
    Hops,
    Slots,
    /// Whole tokens of the cycle's base token.
    BaseTokens,
    /// Whole quote tokens for one token.
    Price,
    /// A fraction of one.
    Share,
    /// 0 to 100.
    Points,
}

impl Unit {
    /// Returns the unit's name in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "plain numbers",
            Self::Bps => "bps",
            Self::Ms => "ms",
            Self::Hops => "hops",
            Self::Slots => "slots",
            Self::BaseTokens => "base tokens",
            Self::Price => "quote tokens",
            Self::Share => "a share of 1",
            Self::Points => "points of 100",
        }
    }
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Number(Unit),
}

/// A name with what it gives.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub name: &'static str,
    pub kind: Kind,
}

const fn number(name: &'static str, unit: Unit) -> Word {
    Word {
        name,
        kind: Kind::Number(unit),
    }
}

const fn boolean(name: &'static str) -> Word {
    Word {
        name,
        kind: Kind::Boolean,
    }
}

/// Fields of an opportunity; what each is, is said in `cambist/engine/reference/rules/jit_compiler/vocabulary.py`.
pub const FIELDS: &[Word] = &[
    number("net_bps", Unit::Bps),
    number("gross_bps", Unit::Bps),
    number("net", Unit::BaseTokens),
    number("gross", Unit::BaseTokens),
    number("size", Unit::BaseTokens),
    number("age_ms", Unit::Ms),
    number("hops", Unit::Hops),
    number("persistence", Unit::Slots),
    number("chance", Unit::Share),
    number("score", Unit::Points),
    number("tip_share", Unit::Share),
    number("fee_share", Unit::Share),
    number("congestion", Unit::Points),
    boolean("atomic"),
    boolean("legged"),
];

/// Functions of a token.
pub const FUNCTIONS: &[Word] = &[
    number("price", Unit::Price),
    number("rsi", Unit::Points),
    number("ema", Unit::Price),
    number("kama", Unit::Price),
    number("band_low", Unit::Price),
    number("band_high", Unit::Price),
    boolean("base"),
    boolean("through"),
];

/// Returns the word of a table, `None` if it has no such.
pub(crate) fn find(table: &[Word], name: &str) -> Option<Word> {
    table.iter().find(|word| word.name == name).copied()
}

/// Returns the name that differs from `wanted` in the fewest letters: at most two, or a third of them.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = wanted.chars().map(|c| c.to_ascii_lowercase()).collect();
    let allowed = (letters.len() / 3).max(2);
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let distance = distance(&letters, name);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Returns how many letters must be put in, taken out or changed.
fn distance(letters: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=letters.len()).collect();
    for (above, other) in name.chars().enumerate() {
        let other = other.to_ascii_lowercase();
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, &letter) in letters.iter().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[letters.len()]
}
