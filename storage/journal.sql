-- Decisions, orders and fills of one mode, over many sessions. Append-only; a halt is cleared by a later row.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL             -- mode: 'paper' or 'live'
) STRICT, WITHOUT ROWID;

CREATE TABLE intent (
    session TEXT    NOT NULL,
    id      INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    json    TEXT    NOT NULL,       -- cambist.model.orders.Intent
    PRIMARY KEY (session, id)
) STRICT;

CREATE TABLE refusal (
    session TEXT    NOT NULL,
    intent  INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    PRIMARY KEY (session, intent)
) STRICT;

CREATE TABLE orders (
    session TEXT    NOT NULL,
    id      INTEGER NOT NULL,
    intent  INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    json    TEXT    NOT NULL,       -- cambist.model.orders.Order
    PRIMARY KEY (session, id)
) STRICT;

CREATE TABLE fill (
    session TEXT    NOT NULL,
    orders  INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    status  TEXT    NOT NULL,
    json    TEXT    NOT NULL,       -- cambist.model.orders.Fill
    PRIMARY KEY (session, orders, seq)  -- 'unknown' first, what the venue said later
) STRICT;

CREATE TABLE halt (
    id      INTEGER PRIMARY KEY,
    session TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    halted  INTEGER NOT NULL,       -- 1 halted, 0 cleared
    reason  TEXT    NOT NULL
) STRICT;
