//! What the edges of an equivalence pay.

use super::Market;
use super::equivalence::Tie;
use super::quotes::{Hop, Refusal, reserves};
use crate::engine::book_scale::{ONE8, Rate, Scale, power};
use crate::search::graph::EdgeId;

impl Market {
    /// Returns what the exact steps of an equivalence need, `None` while its book or a token's decimals are unknown.
    fn tie_scale(&self, tie: &Tie) -> Option<Scale> {
        Some(Scale {
            base: self.places(&tie.facts.a)?,
            quote: self.places(&tie.facts.b)?,
            price: self.pair_book(tie)?.book.scale(),
            taker_ppm: tie.facts.cost_ppm,
        })
    }

    /// Returns the touch that an edge leans on: price, never in its favour beyond par, and what the book takes, × 10⁸
    /// of what the edge is given (`a`), or that times a price of one (`b`).
    fn touch(&self, tie: &Tie, first: bool) -> Option<(u64, u128)> {
        let book = &self.pair_book(tie)?.book;
        let par = book.scale().one();
        if first {
            let (price, qty) = book.best_bid()?;
            Some((price.min(par), u128::from(qty)))
        } else {
            let (price, qty) = book.best_ask()?;
            Some((price.max(par), u128::from(price) * u128::from(qty)))
        }
    }

    pub(super) fn tie_price(&self, tie: &Tie, first: bool) -> Option<Rate> {
        let (scale, (price, _)) = (self.tie_scale(tie)?, self.touch(tie, first)?);
        if first {
            scale.sell_rate(price)
        } else {
            scale.buy_rate(price)
        }
    }

    /// Returns the marginal rate of an equivalence's edge while it is in the graph.
    pub(super) fn tie_rate(&self, edge: EdgeId) -> Option<Rate> {
        self.graph.weight(edge)?;
        let behind = self.behind(edge);
        self.tie_price(&self.ties[behind.at], behind.first)
    }

    /// Returns what an equivalence's edge pays.
    ///
    /// # Errors
    /// `depeg` while it is not in the graph, `liquidity` beyond the touch or where nothing is left.
    pub(super) fn quote_tie(&self, edge: EdgeId, amount_in: u64) -> Result<Hop, Refusal> {
        const DEPEG: Refusal = Refusal::Word("depeg");
        self.graph.weight(edge).ok_or(DEPEG)?;
        let behind = self.behind(edge);
        let tie = &self.ties[behind.at];
        let (price, most) = self.touch(tie, behind.first).ok_or(DEPEG)?;
        let scale = self.tie_scale(tie).ok_or(DEPEG)?;
        let (d_in, d_out) = if behind.first {
            (scale.base, scale.quote)
        } else {
            (scale.quote, scale.base)
        };
        let given8 = u128::from(amount_in) * ONE8 / power(d_in);
        let got8 = if behind.first {
            (given8 <= most).then(|| given8 * u128::from(price) / scale.one())
        } else {
            let given = given8.checked_mul(scale.one());
            given
                .filter(|&given| given <= most)
                .map(|given| given / u128::from(price))
        };
        let amount_out = got8
            .and_then(|got8| scale.net(u64::try_from(got8).ok()?, d_out))
            .ok_or(Refusal::Word("liquidity"))?;
        let at_par = u128::from(amount_out) * power(d_in) / power(d_out);
        Ok(Hop {
            amount_in,
            amount_out,
            fee: amount_in.saturating_sub(u64::try_from(at_par).unwrap_or(u64::MAX)),
            ticks: 0,
        })
    }

    /// Returns where sizing starts, as of a book of that one level.
    pub(super) fn tie_reserves(&self, edge: EdgeId) -> Option<(f64, f64, f64)> {
        let (scale, level) = self.tie_level(edge)?;
        Some(reserves(&scale, level, self.behind(edge).first))
    }

    /// Returns scale and (price, quantity) of the one level that an edge leans on.
    pub(super) fn tie_level(&self, edge: EdgeId) -> Option<(Scale, (u64, u64))> {
        let behind = self.behind(edge);
        let tie = &self.ties[behind.at];
        let book = &self.pair_book(tie)?.book;
        let (_, qty) = if behind.first {
            book.best_bid()?
        } else {
            book.best_ask()?
        };
        let (price, _) = self.touch(tie, behind.first)?;
        Some((self.tie_scale(tie)?, (price, qty)))
    }
}
