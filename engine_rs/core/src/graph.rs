//! Tokens as nodes, (pool, direction) as edges; parallel edges stay.
