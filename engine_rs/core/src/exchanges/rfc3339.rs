//! Times as venues write them, to nanoseconds.

use super::decimal::digits;

const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Returns nanoseconds since 1970 of a UTC time, `None` if it isn't one or doesn't fit.
///
/// `YYYY-MM-DDTHH:MM:SS`, optionally a dot and one to nine digits, `Z`. A leap second counts as the one after it.
///
/// ```
/// use cambist_core::exchanges::rfc3339::rfc3339_ns;
///
/// assert_eq!(rfc3339_ns("2026-11-21T12:00:00.000001Z"), Some(1_795_262_400_000_001_000));
/// assert_eq!(rfc3339_ns("2026-02-29T00:00:00Z"), None);
/// ```
pub fn rfc3339_ns(text: &str) -> Option<i64> {
    let (head, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let marks = [head[4], head[7], head[10], head[13], head[16]];
    if &marks != b"--T::" {
        return None;
    }
    let part = |from: usize, to: usize| digits(&head[from..to]);
    let days = days(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let ns = seconds
        .checked_mul(1_000_000_000)?
        .checked_add(nanos(rest)?)?;
    i64::try_from(ns).ok()
}

/// Returns what stands between the seconds and the end, as nanoseconds.
fn nanos(rest: &[u8]) -> Option<u64> {
    let fraction = match rest {
        b"Z" => return Some(0),
        [b'.', fraction @ .., b'Z'] => fraction,
        _ => return None,
    };
    let missing = 9_usize
        .checked_sub(fraction.len())
        .filter(|missing| *missing < 9)?;
    Some(digits(fraction)? * 10_u64.pow(missing as u32))
}

/// Returns the days from 1970 to a date of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last =
        DAYS.get(usize::try_from(month).ok()?.checked_sub(1)?)? + u64::from(leap && month == 2);
    if year < 1970 || day == 0 || day > last {
        return None;
    }
    // Years from March on: the leap day is the last of its year.
    let year = year - u64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_exact_or_nothing() {
        for (text, ns) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00.000000001Z", Some(1)),
            (
                "2026-08-09T21:05:48.228568804Z",
                Some(1_786_309_548_228_568_804),
            ),
            ("2026-08-09T21:05:48.2Z", Some(1_786_309_548_200_000_000)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199_000_000_000)),
            ("2000-02-29T00:00:00Z", Some(951_782_400_000_000_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000_000_000)),
            ("2262-04-11T23:47:16.854775807Z", Some(i64::MAX)),
            ("2262-04-11T23:47:16.854775808Z", None),
            ("9999-12-31T23:59:59Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("2023-02-29T00:00:00Z", None),
            ("2100-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-04-31T00:00:00Z", None),
            ("2026-04-00T00:00:00Z", None),
            ("2026-04-01T24:00:00Z", None),
            ("2026-04-01T00:60:00Z", None),
            ("2026-04-01T00:00:61Z", None),
            ("2026-04-01T00:00:00", None),
            ("2026-04-01T00:00:00.Z", None),
            ("2026-04-01T00:00:00.0123456789Z", None),
            ("2026-04-01T00:00:00+00:00", None),
            ("2026-04-01 00:00:00Z", None),
            ("2026-04-01T00:00:0१Z", None),
            ("", None),
        ] {
            assert_eq!(rfc3339_ns(text), ns, "{text}");
        }
    }
}
