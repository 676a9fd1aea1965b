//! The numbers of one connection's messages, where the venue counts them all: what is missing, what was there before.

use serde::{Deserialize, Serialize};

/// Late messages in unbroken order from which on it is the numbers that started anew.
const RESTART: u32 = 8;

/// What a message's number says of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    Next,
    /// It was there before: nothing of it is to be applied.
    Repeated,
    /// Messages before it never came.
    Missed,
}

/// How far one connection has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbering {
    last: Option<u64>,
    /// The newest message that was none of the next.
    late: Option<u64>,
    /// Late ones in unbroken order.
    run: u32,
}

impl Numbering {
    /// Takes a message's number.
    pub fn take(&mut self, number: u64) -> Numbered {
        let Some(last) = self.last else {
            self.go_on(number);
            return Numbered::Next;
        };
        if number > last {
            self.go_on(number);
            return if number - last == 1 {
                Numbered::Next
            } else {
                Numbered::Missed
            };
        }
        let follows = self
            .late
            .is_some_and(|late| number == late.saturating_add(1));
        self.run = if follows { self.run + 1 } else { 1 };
        self.late = Some(number);
        if self.run < RESTART {
            return Numbered::Repeated;
        }
        self.go_on(number);
        Numbered::Missed
    }

    fn go_on(&mut self, number: u64) {
        *self = Self {
            last: Some(number),
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Numbered::{Missed, Next, Repeated};
    use super::*;

    fn numbered(numbers: &[u64]) -> Vec<Numbered> {
        let mut numbering = Numbering::default();
        numbers
            .iter()
            .map(|&number| numbering.take(number))
            .collect()
    }

    #[test]
    fn numbers_that_follow_are_next_others_missed_or_repeated() {
        assert_eq!(
            numbered(&[7, 8, 8, 10, 9, 11]),
            [Next, Next, Repeated, Missed, Repeated, Next]
        );
    }

    #[test]
    fn a_count_that_starts_anew_is_believed_after_a_while() {
        let numbers: Vec<u64> = [100].into_iter().chain(0..10).collect();
        let found = numbered(&numbers);
        assert_eq!(found[1..8], [Repeated; 7]);
        assert_eq!(found[8..], [Missed, Next, Next]);
    }
}
