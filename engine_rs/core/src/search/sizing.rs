//! The input that earns most: closed form as a start, exact integers to decide.
//!
//! `out − in` along a chain of pools is concave in the input up to the rounding of each hop. The start composes the
//! hops' virtual reserves in f64: a hop turns x into `a·x / (1 + c·x)` with `a = keep·out/in`, `c = keep/in`; chaining
//! gives `a = a₂·a₁`, `c = c₁ + c₂·a₁`; the best input is `(√a − 1) / c`. A bracket around it is then closed on exact
//! quotes: by parabola steps, and where one does not halve it by steps to where the lines through its ends meet (ticks,
//! bins and depth make kinks). A concave curve lies under those lines, so where they meet is also the most that can
//! still be missed.
//!
//! Where fees stop growing the profit is concave in pieces. Who knows them gives inputs near the best of each; these are
//! quoted first, and a bracket is closed around the best one only, as they are nearer than the closed form is.
//!
//! **Bound.** Where the profit but for rounding is concave, the result is within `profit/2^17 + 4·rounding` of the best in
//! min..=cap, or its bracket is narrower than 2^-14 of the input, or `MAX_EVALUATIONS` are used up. `rounding` is what
//! one atom lost in every hop is worth at the end.
//!
//! One file: start, bracket, steps and bound are one proof, and are read as one.

/// Most times the chain is quoted around one start.
pub const MAX_EVALUATIONS: u32 = 32;
/// Most concave pieces that a profit is looked for in.
const MAX_PIECES: usize = 4;
/// A start within a factor of 2 of what was found finds the same.
const NEAR_BITS: u32 = 1;
/// The search ends when the profit it may still miss is below 2^-this of the profit.
const PROFIT_BITS: u32 = 17;
/// Or when the bracket is narrower than 2^-this of the input.
const INPUT_BITS: u32 = 14;
const MOST_ROUNDING: f64 = 1e18;

/// A chain of hops that can be quoted exactly; the last one pays the token the first one takes.
pub trait Hops {
    /// How many hops there are.
    fn len(&self) -> usize;
    /// What `hop` pays for `amount_in`, `None` if it refuses.
    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64>;
    /// (reserve in, reserve out, 1 − fee) near the present price, `None` if unknown.
    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)>;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What stopped the size from growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binds {
    /// The cap; more would earn more.
    Cap,
    /// The prices: more earns less.
    Curve,
    /// A hop refuses more (depth, liquidity).
    Depth,
}

impl Binds {
    /// Returns what a word says, `None` if it says nothing.
    pub fn named(word: &str) -> Option<Self> {
        let all = [Self::Cap, Self::Curve, Self::Depth];
        all.into_iter().find(|binds| binds.as_str() == word)
    }

    /// Returns the word both engines use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Curve => "curve",
            Self::Depth => "depth",
        }
    }
}

/// The best input found and what it pays. The profit may be negative: then no input earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sized {
    pub amount_in: u64,
    pub amount_out: u64,
    pub evaluations: u32,
    pub binds: Binds,
}

/// Returns the amount the chain pays for `amount_in`, `None` if a hop refuses.
pub fn chain_out<H: Hops + ?std::marker::Sized>(hops: &H, amount_in: u64) -> Option<u64> {
    (0..hops.len()).try_fold(amount_in, |amount, hop| hops.quote(hop, amount))
}

/// Returns (input, profit) for each size, `None` where a hop refuses.
pub fn curve<H: Hops + ?std::marker::Sized>(hops: &H, sizes: &[u64]) -> Vec<(u64, Option<i128>)> {
    sizes
        .iter()
        .map(|&size| {
            (
                size,
                chain_out(hops, size).map(|out| i128::from(out) - i128::from(size)),
            )
        })
        .collect()
}

/// Returns the input in min..=cap with the highest `out − in`, within the bound of this module; the smaller of equals.
/// `None` if there is no such input or every one tried was refused.
pub fn best_input<H: Hops + ?std::marker::Sized>(hops: &H, cap: u64, min: u64) -> Option<Sized> {
    best_input_near(hops, cap, min, &[])
}

/// Returns the same of a profit that need not be concave, only its pieces are: each is given by inputs near which it may
/// be best. It is looked for around the best of them, unless that is near what was found; without any piece around the
/// closed form.
pub fn best_input_near<H: Hops + ?std::marker::Sized>(
    hops: &H,
    cap: u64,
    min: u64,
    pieces: &[Vec<f64>],
) -> Option<Sized> {
    let min = min.max(1);
    if cap < min || hops.is_empty() {
        return None;
    }
    let mut search = Bracket {
        hops,
        min,
        cap,
        tried: Vec::with_capacity(MAX_EVALUATIONS as usize),
        most: MAX_EVALUATIONS as usize,
    };
    let mut found: Option<(Point, Point)> = None;
    if pieces.is_empty() {
        let start =
            closed_form(hops).map_or_else(|| middle(min, cap), |best| to_amount(best, min, cap));
        found = search.around(start);
    }
    for starts in pieces.iter().take(MAX_PIECES) {
        let Some(start) = search.best_of(starts) else {
            continue;
        };
        if found.is_some_and(|(best, _)| is_near(start, best.amount)) {
            continue;
        }
        search.most = search.tried.len() + MAX_EVALUATIONS as usize;
        let other = search.around(start);
        if other.is_some_and(|(other, _)| found.is_none_or(|(best, _)| other.beats(&best))) {
            found = other;
        }
    }
    let (best, high) = found?;
    let binds = if best.amount == cap {
        Binds::Cap
    } else if high.profit.is_none() {
        Binds::Depth
    } else {
        Binds::Curve
    };
    let amount_out = u64::try_from(best.profit? + i128::from(best.amount)).ok()?;
    Some(Sized {
        amount_in: best.amount,
        amount_out,
        evaluations: search.tried.len() as u32,
        binds,
    })
}

/// Returns whether a bracket around an amount would have met what is around a start.
fn is_near(start: u64, amount: u64) -> bool {
    start >> NEAR_BITS <= amount && amount >> NEAR_BITS <= start
}

/// Returns the best input of the composed virtual reserves as a real number, 0 if none earns.
pub fn closed_form<H: Hops + ?std::marker::Sized>(hops: &H) -> Option<f64> {
    let (mut gain, mut bend) = (1.0_f64, 0.0_f64);
    for hop in 0..hops.len() {
        let (reserve_in, reserve_out, keep) = hops.virtual_reserves(hop)?;
        if reserve_in == 0.0 {
            return Some(f64::NAN);
        }
        bend += keep / reserve_in * gain;
        gain *= keep * reserve_out / reserve_in;
    }
    if gain > 1.0 {
        Some(if bend == 0.0 {
            f64::NAN
        } else {
            (gain.sqrt() - 1.0) / bend
        })
    } else {
        Some(0.0)
    }
}

/// Returns a real number as an amount in min..=cap; what is not a number becomes the middle.
pub fn to_amount(value: f64, min: u64, cap: u64) -> u64 {
    if value.is_nan() {
        return middle(min, cap);
    }
    if value >= cap as f64 {
        return cap;
    }
    if value <= min as f64 {
        min
    } else {
        (value as u64).clamp(min, cap)
    }
}

/// Returns the geometric middle.
fn middle(min: u64, cap: u64) -> u64 {
    (u128::from(min) * u128::from(cap)).isqrt() as u64
}

/// One input and its profit, `None` if it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    amount: u64,
    profit: Option<i128>,
    /// What one atom lost in every hop is worth at the end.
    rounding: i128,
}

impl Point {
    const ORIGIN: Self = Self {
        amount: 0,
        profit: Some(0),
        rounding: 0,
    };

    /// Whether it is to be preferred: more profit, or the same for less.
    fn beats(&self, other: &Point) -> bool {
        match (self.profit, other.profit) {
            (Some(a), Some(b)) => a > b || (a == b && self.amount < other.amount),
            (mine, _) => mine.is_some(),
        }
    }
}

struct Bracket<'a, H: Hops + ?std::marker::Sized> {
    hops: &'a H,
    min: u64,
    cap: u64,
    tried: Vec<Point>,
    /// Inputs that may be tried.
    most: usize,
}

impl<H: Hops + ?std::marker::Sized> Bracket<'_, H> {
    fn spent(&self) -> bool {
        self.tried.len() >= self.most
    }

    /// Returns the best of these inputs, the first one if all are refused; `None` if there are none.
    fn best_of(&mut self, starts: &[f64]) -> Option<u64> {
        let mut best: Option<Point> = None;
        for &start in starts {
            let point = self.at(to_amount(start, self.min, self.cap));
            if best.is_none_or(|best| point.beats(&best)) {
                best = Some(point);
            }
        }
        best.map(|best| best.amount)
    }

    /// Returns the best point met from `start` on, and the upper end of its bracket; `None` if all were refused.
    fn around(&mut self, start: u64) -> Option<(Point, Point)> {
        let (low, best, high) = self.enclose(start)?;
        Some(self.narrow(low, best, high))
    }

    /// Quotes one input, each at most once.
    fn at(&mut self, amount: u64) -> Point {
        if let Some(point) = self.tried.iter().find(|point| point.amount == amount) {
            return *point;
        }
        let point = self.quote(amount);
        self.tried.push(point);
        point
    }

    fn quote(&self, amount: u64) -> Point {
        let (mut at, mut rounding) = (amount, 0.0_f64);
        for hop in 0..self.hops.len() {
            let Some(out) = self.hops.quote(hop, at) else {
                return Point {
                    amount,
                    profit: None,
                    rounding: 0,
                };
            };
            rounding = rounding * (out as f64 / at.max(1) as f64) + 1.0;
            at = out;
        }
        let profit = Some(i128::from(at) - i128::from(amount));
        Point {
            amount,
            profit,
            rounding: rounding.min(MOST_ROUNDING) as i128,
        }
    }

    /// Returns three points of which the middle one is best, from `start` outward in growing steps; the outer ones
    /// coincide with it at the ends of the range.
    fn enclose(&mut self, start: u64) -> Option<(Point, Point, Point)> {
        let mut best = self.accepted(start)?;
        let (mut low, mut high) = (
            self.at(self.first_below(best.amount)),
            self.at(self.above(best.amount, 0)),
        );
        let mut reach = 1;
        while is_open(best, low) && low.amount > self.min && !self.spent() {
            if low.beats(&best) {
                (high, best) = (best, low);
            }
            low = self.at(self.below(low.amount, reach));
            reach += 1;
        }
        if low.beats(&best) {
            (high, best) = (best, low);
        }
        while is_open(best, high) && high.amount < self.cap && !self.spent() {
            if high.beats(&best) {
                (low, best) = (best, high);
            }
            high = self.at(self.above(high.amount, reach));
            reach += 1;
        }
        if high.beats(&best) {
            (low, best) = (best, high);
        }
        Some((low, best, high))
    }

    /// Returns `start` if it is not refused, else the first smaller or larger input that is not.
    ///
    /// In steps of 16; if there is none in steps of 19/16, which are not counted: what is accepted may be few atoms
    /// between too little for one hop and too much for another.
    fn accepted(&mut self, start: u64) -> Option<Point> {
        let point = self.at(start);
        if point.profit.is_some() {
            return Some(point);
        }
        if let Some(point) = self.scan(start, 256) {
            return Some(point);
        }
        self.most = usize::MAX;
        let point = self.scan(start, 19);
        self.most = self.tried.len() + MAX_EVALUATIONS as usize;
        point
    }

    fn scan(&mut self, start: u64, sixteenths: u128) -> Option<Point> {
        let (mut down, mut up) = (start, start);
        let (min, cap) = (u128::from(self.min), u128::from(self.cap));
        while !self.spent() && (down > self.min || up < self.cap) {
            let (under, over) = (u128::from(down), u128::from(up));
            down = (under * 16 / sixteenths)
                .min(under.saturating_sub(1))
                .max(min) as u64;
            up = (over * sixteenths / 16).max(over + 1).min(cap) as u64;
            for amount in [down, up] {
                let point = self.at(amount);
                if point.profit.is_some() {
                    return Some(point);
                }
            }
        }
        None
    }

    /// Steps down by 1/16; from the cap by so little that nothing is left to search where more earns more.
    fn first_below(&self, amount: u64) -> u64 {
        if amount < self.cap {
            return self.below(amount, 0);
        }
        amount
            .saturating_sub((amount >> INPUT_BITS).max(1))
            .max(self.min)
    }

    /// Steps down by 1/16, 1/4, 1/2, then to a quarter.
    fn below(&self, amount: u64, reach: u32) -> u64 {
        let step = if reach > 2 {
            amount - (amount >> 2)
        } else {
            amount >> 4_u32.saturating_sub(2 * reach).max(1)
        };
        amount.saturating_sub(step.max(1)).max(self.min)
    }

    /// Steps up by 1/16, 1/4, 1, then 4 times the amount.
    fn above(&self, amount: u64, reach: u32) -> u64 {
        let step = if reach > 2 {
            amount.saturating_mul(4)
        } else {
            amount >> (4 - 2 * reach)
        };
        amount.saturating_add(step.max(1)).min(self.cap)
    }

    /// Closes the bracket. Returns its best point and its upper end.
    fn narrow(&mut self, mut low: Point, mut best: Point, mut high: Point) -> (Point, Point) {
        let mut to_corner = false;
        while !self.spent() && !is_narrow(low, best, high) {
            let [below, above] = self.corners(low, best, high);
            let corner = if above.gain >= below.gain {
                above
            } else {
                below
            };
            if corner.gain <= tolerance(best) {
                break;
            }
            let width = high.amount - low.amount;
            let point = self.at(if to_corner {
                corner.amount
            } else {
                vertex(low, best, high)
            });
            match (point.beats(&best), point.amount > best.amount) {
                (true, true) => (low, best) = (best, point),
                (true, false) => (high, best) = (best, point),
                (false, true) => high = point,
                (false, false) => low = point,
            }
            if (high.amount - low.amount) > width / 2 {
                to_corner = !to_corner;
            }
        }
        (best, high)
    }

    /// Returns the most that may be missed below the best point, and above it.
    fn corners(&self, low: Point, best: Point, high: Point) -> [Corner; 2] {
        let tried = || self.tried.iter().filter(|point| point.profit.is_some());
        let lower = tried().filter(|point| point.amount < low.amount);
        let upper = tried().filter(|point| point.amount > high.amount);
        let lower = lower.max_by_key(|point| point.amount);
        let upper = upper.min_by_key(|point| point.amount);
        // Nothing in, nothing out: where the bracket starts at its best point the origin is its other side.
        let near = if low.amount < best.amount {
            low
        } else {
            Point::ORIGIN
        };
        [
            corner(best, high, low, lower),
            corner(best, near, high, upper),
        ]
    }
}

/// Returns whether the best input may still lie beyond `end`: it is better, or rounding alone could make it worse.
fn is_open(best: Point, end: Point) -> bool {
    match (best.profit, end.profit) {
        (Some(top), Some(profit)) => top - profit <= best.rounding.max(end.rounding),
        _ => false,
    }
}

/// Returns whether the bracket is too narrow for its profit to matter.
fn is_narrow(low: Point, best: Point, high: Point) -> bool {
    let reach = (best.amount - low.amount).max(high.amount - best.amount);
    reach <= (best.amount >> INPUT_BITS).max(1)
}

/// Returns what may be missed.
fn tolerance(best: Point) -> f64 {
    ((best.profit.unwrap_or(0).max(0) >> PROFIT_BITS) + 4 * best.rounding) as f64
}

/// The highest point that a concave curve may still reach on one side of the best point.
#[derive(Clone, Copy, Debug)]
struct Corner {
    /// Above the best profit; 0 if there is no input between.
    gain: f64,
    amount: u64,
}

/// Returns the corner between the best point and one end of the bracket.
///
/// The curve lies under the line from `near`, on the other side, through the best point, and under the line from `far`,
/// beyond that end, through the end; where nothing is known beyond it, the first line alone counts. The curve is that without
/// rounding: from the profit of a point to that and its rounding.
fn corner(best: Point, near: Point, end: Point, far: Option<&Point>) -> Corner {
    let run = end.amount.abs_diff(best.amount);
    if run < 2 {
        return Corner {
            gain: 0.0,
            amount: best.amount,
        };
    }
    let (gain, away) = meeting(best, near, end, far, run as f64);
    let step = (away as u64).clamp(1, run - 1);
    let amount = if end.amount > best.amount {
        best.amount + step
    } else {
        best.amount - step
    };
    Corner { gain, amount }
}

/// Returns where the two lines meet, (above the best profit, away from its input); the middle if unknown.
fn meeting(best: Point, near: Point, end: Point, far: Option<&Point>, run: f64) -> (f64, f64) {
    let base = best.amount.abs_diff(near.amount);
    let (Some(top), Some(bottom), Some(edge)) = (best.profit, near.profit, end.profit) else {
        return (f64::INFINITY, run * 0.5);
    };
    if base == 0 {
        return (f64::INFINITY, run * 0.5);
    }
    let (top, edge) = (top + best.rounding, edge + end.rounding);
    let lost = best.rounding as f64;
    let rise = (top - bottom) as f64 / base as f64;
    let Some((far, beyond)) = far.and_then(|far| Some((far, far.profit?))) else {
        return (lost + rise * run, run * 0.5);
    };
    let fall = (edge - beyond) as f64 / far.amount.abs_diff(end.amount) as f64;
    if rise + fall <= 0.0 {
        return (lost, run * 0.5);
    }
    let away = ((edge - top) as f64 + fall * run) / (rise + fall);
    let away = away.max(0.0).min(run);
    (lost + rise * away, away)
}

/// Returns the top of the parabola through the bracket, at least 1/64 of the bracket away from its best point.
fn vertex(low: Point, best: Point, high: Point) -> u64 {
    let (left, right) = (best.amount - low.amount, high.amount - best.amount);
    let step = ((left + right) >> 6).max(1);
    if left == 0 {
        return best.amount + step;
    }
    if right == 0 {
        return best.amount - step;
    }
    let (Some(bottom), Some(top), Some(end)) = (low.profit, best.profit, high.profit) else {
        return split(low, best, high);
    };
    let (rise, fall) = (
        (top - bottom) as f64 / left as f64,
        (top - end) as f64 / right as f64,
    );
    if rise + fall <= 0.0 {
        return split(low, best, high);
    }
    let half = (left as f64 + right as f64) * 0.5;
    let peak = low.amount as f64 + left as f64 * 0.5 + half * (rise / (rise + fall));
    let amount = to_amount(peak, low.amount + 1, high.amount - 1);
    if amount.abs_diff(best.amount) >= step {
        return amount;
    }
    if right >= left {
        best.amount + step
    } else {
        best.amount - step
    }
}

/// Returns the middle of the longer side of the bracket.
fn split(low: Point, best: Point, high: Point) -> u64 {
    let (left, right) = (best.amount - low.amount, high.amount - best.amount);
    if right >= left {
        best.amount + (right / 2).max(1)
    } else {
        best.amount - (left / 2).max(1)
    }
}
