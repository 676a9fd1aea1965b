//! One column of a block: which numbers stand for its values, and their bits.

use super::ColumnError;

/// Bytes ahead of the packed numbers: kind, base, step.
pub(super) const HEAD: usize = 17;
const GROUP: usize = 64;
/// Set in a group's first byte where zeros are left out.
const SPARSE: u8 = 0x80;
/// Bytes of a full group of the widest numbers, with room to read 16 at any number.
const ROOM: usize = GROUP * 8 + 16;

/// Appends the column; `values` aren't empty.
pub(super) fn write(values: &[u64], out: &mut Vec<u8>) {
    let step = step(values);
    let least = values.iter().copied().min().unwrap_or_default();
    let first = values.first().copied().unwrap_or_default();
    if step == 0 {
        head(0, first, 0, out);
        return;
    }
    let changes = changes(values, step);
    let mut kinds: [Vec<u64>; 3] = [
        values.iter().map(|value| (value - least) / step).collect(),
        changes.iter().copied().map(zigzag).collect(),
        Vec::new(),
    ];
    let mut before = 0;
    for change in changes {
        kinds[2].push(zigzag(change.wrapping_sub(before)));
        before = change;
    }
    let sizes = kinds.each_ref().map(|numbers| packed_len(numbers));
    let best = (1..3).fold(0, |best, kind| {
        if sizes[kind] < sizes[best] {
            kind
        } else {
            best
        }
    });
    head(best as u8, if best == 0 { least } else { first }, step, out);
    for group in kinds[best].chunks(GROUP) {
        write_group(group, out);
    }
}

fn head(kind: u8, base: u64, step: u64, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend(base.to_le_bytes());
    out.extend(step.to_le_bytes());
}

/// Returns the greatest common divisor of the changes, 0 if there are none.
fn step(values: &[u64]) -> u64 {
    let mut step = 0_u64;
    for pair in values.windows(2) {
        let change = pair[0].abs_diff(pair[1]);
        // Most changes are multiples already: one division instead of the chain of them.
        if step == 0 || change % step != 0 {
            step = gcd(change, step);
        }
        if step == 1 {
            break;
        }
    }
    step
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Returns each change ÷ step modulo 2⁶⁴, 0 for the first value.
fn changes(values: &[u64], step: u64) -> Vec<u64> {
    let mut before = values.first().copied().unwrap_or_default();
    values
        .iter()
        .map(|&value| {
            let steps = value.abs_diff(before) / step;
            let change = if value < before {
                steps.wrapping_neg()
            } else {
                steps
            };
            before = value;
            change
        })
        .collect()
}

/// Returns 0, 1, 2, 3 … for 0, −1, 1, −2 … modulo 2⁶⁴.
fn zigzag(value: u64) -> u64 {
    let sign = (value.cast_signed() >> 63).cast_unsigned();
    value << 1 ^ sign
}

fn unzigzag(value: u64) -> u64 {
    value >> 1 ^ (value & 1).wrapping_neg()
}

fn width(group: &[u64]) -> usize {
    let all = group.iter().fold(0, |all, number| all | number);
    64 - all.leading_zeros() as usize
}

/// How a group is written.
struct Plan {
    width: usize,
    is_sparse: bool,
    /// Bytes, the first among them.
    size: usize,
}

fn plan(group: &[u64]) -> Plan {
    let width = width(group);
    let others = group.iter().filter(|number| **number != 0).count();
    let dense = (group.len() * width).div_ceil(8);
    let sparse = group.len().div_ceil(8) + (others * width).div_ceil(8);
    Plan {
        width,
        is_sparse: sparse < dense,
        size: 1 + dense.min(sparse),
    }
}

fn packed_len(numbers: &[u64]) -> usize {
    numbers.chunks(GROUP).map(|group| plan(group).size).sum()
}

fn write_group(group: &[u64], out: &mut Vec<u8>) {
    let Plan {
        width, is_sparse, ..
    } = plan(group);
    if !is_sparse {
        out.push(width as u8);
        write_bits(group.iter().copied(), width, out);
        return;
    }
    out.push(width as u8 | SPARSE);
    let others = group.iter().map(|number| u64::from(*number != 0));
    write_bits(others, 1, out);
    write_bits(
        group.iter().copied().filter(|number| *number != 0),
        width,
        out,
    );
}

fn write_bits(numbers: impl Iterator<Item = u64>, width: usize, out: &mut Vec<u8>) {
    let (mut held, mut bits) = (0_u128, 0);
    for number in numbers {
        held |= u128::from(number) << bits;
        bits += width;
        if bits >= 64 {
            out.extend((held as u64).to_le_bytes());
            held >>= 64;
            bits -= 64;
        }
    }
    out.extend(&(held as u64).to_le_bytes()[..bits.div_ceil(8)]);
}

/// Reads a column of `rows` values; returns the bytes after it.
pub(super) fn read<'a>(
    bytes: &'a [u8],
    rows: usize,
    values: &mut Vec<u64>,
) -> Result<&'a [u8], ColumnError> {
    let (head, mut rest) = take(bytes, HEAD)?;
    let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| head[at + byte]));
    let (kind, base, step) = (head[0], long(1), long(9));
    if kind > 2 {
        return Err(ColumnError::Kind(kind));
    }
    values.clear();
    if step == 0 {
        values.resize(rows, base);
        return Ok(rest);
    }
    while values.len() < rows {
        let count = GROUP.min(rows - values.len());
        rest = read_group(rest, count, values)?;
    }
    restore(kind, base, step, values);
    Ok(rest)
}

/// Turns numbers into the values that they stand for.
fn restore(kind: u8, base: u64, step: u64, numbers: &mut [u64]) {
    let (mut last, mut change) = (base, 0_u64);
    match kind {
        0 => {
            for number in numbers {
                *number = base.wrapping_add(number.wrapping_mul(step));
            }
        }
        1 => {
            for number in numbers {
                last = last.wrapping_add(unzigzag(*number).wrapping_mul(step));
                *number = last;
            }
        }
        _ => {
            for number in numbers {
                change = change.wrapping_add(unzigzag(*number));
                last = last.wrapping_add(change.wrapping_mul(step));
                *number = last;
            }
        }
    }
}

fn read_group<'a>(
    bytes: &'a [u8],
    count: usize,
    numbers: &mut Vec<u64>,
) -> Result<&'a [u8], ColumnError> {
    let (head, rest) = take(bytes, 1)?;
    let width = usize::from(head[0] & !SPARSE);
    if width > 64 {
        return Err(ColumnError::Width(width));
    }
    if head[0] & SPARSE == 0 {
        let (packed, rest) = take(rest, (count * width).div_ceil(8))?;
        read_bits(packed, width, count, numbers);
        return Ok(rest);
    }
    let (marks, rest) = take(rest, count.div_ceil(8))?;
    let mask = marks
        .iter()
        .rev()
        .fold(0, |mask, byte| mask << 8 | u64::from(*byte));
    if count < GROUP && mask >> count != 0 {
        return Err(ColumnError::Mask { mask, count });
    }
    let others = mask.count_ones() as usize;
    let (packed, rest) = take(rest, (others * width).div_ceil(8))?;
    let begin = numbers.len();
    read_bits(packed, width, others, numbers);
    numbers.resize(begin + count, 0);
    spread(&mut numbers[begin..], others, mask);
    Ok(rest)
}

/// Moves the first `others` numbers to the places that the mask tells, the last first; the rest becomes 0.
fn spread(group: &mut [u64], others: usize, mut mask: u64) {
    for from in (0..others).rev() {
        let to = 63 - mask.leading_zeros() as usize;
        mask ^= 1 << to;
        let number = std::mem::take(&mut group[from]);
        group[to] = number;
    }
}

/// Appends `count` numbers of `width` bits.
fn read_bits(packed: &[u8], width: usize, count: usize, numbers: &mut Vec<u64>) {
    if width == 0 {
        numbers.resize(numbers.len() + count, 0);
        return;
    }
    let mut room = [0_u8; ROOM];
    room[..packed.len()].copy_from_slice(packed);
    let mask = u64::MAX >> (64 - width);
    // A number of up to 57 bits lies in the eight bytes from the one it begins in; a wider one may reach into a ninth.
    if width <= 57 {
        numbers.extend((0..count).map(|at| {
            let bit = at * width;
            let held: [u8; 8] = std::array::from_fn(|byte| room[bit / 8 + byte]);
            u64::from_le_bytes(held) >> (bit % 8) & mask
        }));
    } else {
        numbers.extend((0..count).map(|at| {
            let bit = at * width;
            let held: [u8; 16] = std::array::from_fn(|byte| room[bit / 8 + byte]);
            (u128::from_le_bytes(held) >> (bit % 8)) as u64 & mask
        }));
    }
}

fn take(bytes: &[u8], need: usize) -> Result<(&[u8], &[u8]), ColumnError> {
    bytes.split_at_checked(need).ok_or(ColumnError::Cut {
        have: bytes.len(),
        need,
    })
}
