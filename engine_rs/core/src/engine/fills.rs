//! Fills of our own: what each leg of a route moved, taken over at once.

use super::Engine;
use super::market::{Hop, Impact, Kind, Left, Market, sold_to};
use crate::search::graph::EdgeId;

impl Market {
    /// Takes over a fill of ours on an edge; returns the first edge of what it moved, `None` if that is nothing.
    fn move_by(&mut self, edge: EdgeId, hop: &Hop) -> Option<EdgeId> {
        let behind = self.behind(edge);
        let first = if behind.first { edge } else { edge - 1 };
        let weights = match behind.kind {
            Kind::Pool => {
                self.move_pool(behind.at, behind.first, hop)?;
                self.pool_weights(behind.at)
            }
            Kind::Book => {
                let entry = &self.books.entries[behind.at];
                let (scale, side) = (self.scale(entry)?, sold_to(behind.first));
                let base8 =
                    scale.ordered(&entry.book, hop.amount_in, &entry.rules, behind.first)?;
                self.books.entries[behind.at].book.use_up(side, base8);
                self.book_weights(behind.at)
            }
            Kind::Equivalence => return None,
        };
        self.weigh(first, weights);
        Some(first)
    }

    fn move_pool(&mut self, at: usize, a_to_b: bool, hop: &Hop) -> Option<()> {
        let time = self.registry.time?;
        let pool = &mut self.registry.pools[at];
        let (_, after) = pool.ours()?.swap(a_to_b, hop.amount_in, &time).ok()?;
        let mut net = pool.impact.as_ref().map_or([0; 2], |impact| impact.net);
        let (put, taken) = (usize::from(!a_to_b), usize::from(a_to_b));
        net[put] = net[put].saturating_add_unsigned(hop.amount_in);
        net[taken] = net[taken].saturating_sub_unsigned(hop.amount_out);
        let mut impact = Impact {
            net,
            left: Left {
                weight: 0,
                paid: 0,
                probe: 0,
            },
            time,
            pool: None,
        };
        pool.impact = impact.swap().map(|(direction, amount)| {
            impact.left = Left::of(&after, direction, amount, &time);
            impact.advance(pool.pool.as_ref(), Some(&time));
            Box::new(impact)
        });
        Some(())
    }
}

impl Engine {
    /// Takes over what we hold of a token at an exchange; with `moved` what sells it there is judged again. Where no size
    /// at all is within it, cycles are sized without: what lacks is then refused by name. Not part of a snapshot.
    pub fn stock(&mut self, venue: &str, mint: &str, atoms: u64, moved: bool) {
        let stocks = &mut self.market.stocks;
        let held = stocks.entry(venue.to_owned()).or_default();
        held.insert(mint.to_owned(), atoms);
        if !moved {
            return;
        }
        for entry in &self.market.books.entries {
            let Some(first) = entry.edge.filter(|_| entry.venue == venue) else {
                continue;
            };
            let sold = [(first, &entry.base_mint), (first + 1, &entry.quote_mint)];
            let edges = sold.into_iter().filter(|each| each.1 == mint);
            self.moved.edges.extend(edges.map(|each| each.0));
        }
    }

    /// Takes over that an order of ours was filled on a route, with `amount_in` into its first edge and what each edge pays
    /// into the next. What it moved is judged at the next moment. From an edge on that can't be quoted nothing is moved.
    pub fn filled(&mut self, route: &[&str], amount_in: u64, now_ns: i64) {
        self.weigh_changed(now_ns);
        let (mut amount, mut taken) = (amount_in, Vec::new());
        for name in route {
            let edge = self.market.graph.find_edge(name);
            let Some((edge, hop)) =
                edge.and_then(|edge| Some((edge, self.market.quote(edge, amount).ok()?)))
            else {
                break;
            };
            taken.push(edge);
            if let Some(first) = self.market.move_by(edge, &hop) {
                self.moved.edges.extend([first, first + 1]);
            }
            amount = hop.amount_out;
        }
        self.standing.note_fill(&taken);
    }
}
