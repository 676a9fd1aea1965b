//! The settings that tests use: those that the config had when sessions began to keep all of them.

use cambist_core::fees::Bidding;
use cambist_core::judge::scorer::Gates;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

const SETTINGS: &str = include_str!("../../../../tests/cambist/config/defaults.json");

/// Returns a table of the fixture, with other values where `changes` has some.
pub(crate) fn table(name: &str, changes: Map<String, Value>) -> Value {
    let mut tables: Value = serde_json::from_str(SETTINGS).expect("JSON");
    let mut table = tables[name].take();
    let whole = table.as_object_mut().expect("a table");
    whole.extend(changes);
    table
}

fn made<T: DeserializeOwned>(name: &str, changes: Map<String, Value>) -> T {
    serde_json::from_value(table(name, changes)).expect("the whole table")
}

pub(crate) fn gates() -> Gates {
    made("gates", Map::new())
}

pub(crate) fn bidding() -> Bidding {
    made("bidding", Map::new())
}

/// Reads gates of which only those that differ from the fixture are written.
pub(crate) fn gates_over<'de, D: Deserializer<'de>>(from: D) -> Result<Gates, D::Error> {
    Map::deserialize(from).map(|changes| made("gates", changes))
}

/// Reads a bidding of which only what differs from the fixture is written.
pub(crate) fn bidding_over<'de, D: Deserializer<'de>>(from: D) -> Result<Bidding, D::Error> {
    Map::deserialize(from).map(|changes| made("bidding", changes))
}

/// Returns the setup of an engine with nothing but these channels.
pub(crate) fn setup(channels: &Value) -> String {
    let none = Map::new;
    serde_json::json!({
        "channels": channels, "tokens": [], "identities": [], "instruments": [], "venue_fees": [], "equivalences": [],
        "pools": [], "quote_mint": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        "sol_mint": "So11111111111111111111111111111111111111112", "search": table("search", none()),
        "gates": table("gates", none()), "bidding": table("bidding", none()),
    })
    .to_string()
}
