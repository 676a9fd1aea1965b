-- Decisions, orders and what they came to of one mode, over many sessions. Append-only but for `balance` and `flow`, which
-- are sums of `posting`; a halt is cleared by a later row. Amounts are atoms; TEXT where they may leave 64 bits.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL             -- mode: 'paper' or 'live' · wallet: JSON of what the config gave them, mint or
                                    -- exchange/mint → atoms · risk: JSON of cambist.execution.risk.RiskState ·
                                    -- listed: JSON of cambist.model.market.Listed · rules: JSON of the rules that were in force
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
    session    TEXT    NOT NULL,
    id         INTEGER NOT NULL,
    intent     INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    at_ns      INTEGER NOT NULL,
    strategy   TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,    -- 'open' or 'reduce'
    settlement TEXT    NOT NULL,    -- 'atomic' or 'legged'
    base       TEXT    NOT NULL,    -- mint that it begins and ends with
    route      TEXT    NOT NULL,    -- canonical key of its cycle
    json       TEXT    NOT NULL,    -- cambist.model.orders.Order
    PRIMARY KEY (session, id)
) STRICT;
CREATE INDEX orders_at ON orders (at_ns);

CREATE TABLE took (
    session TEXT    NOT NULL,
    orders  INTEGER NOT NULL,
    json    TEXT    NOT NULL,       -- cambist.model.orders.StageTimes: measured by the run that sent it
    PRIMARY KEY (session, orders)
) STRICT, WITHOUT ROWID;

CREATE TABLE stage (
    session TEXT    NOT NULL,
    orders  INTEGER NOT NULL,
    n       INTEGER NOT NULL,       -- counts the stages of an order from 1
    attempt INTEGER NOT NULL,
    stage   TEXT    NOT NULL,       -- cambist.model.orders.Stage
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    figure  TEXT,                   -- the number that decided it, in unit
    unit    TEXT    NOT NULL,
    PRIMARY KEY (session, orders, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE fill (
    id      INTEGER PRIMARY KEY,
    session TEXT    NOT NULL,
    orders  INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    status  TEXT    NOT NULL,       -- 'unknown' first, what the venue said later
    json    TEXT    NOT NULL        -- cambist.model.orders.Fill
) STRICT;
CREATE INDEX fill_order ON fill (session, orders);
CREATE INDEX fill_at ON fill (at_ns);

CREATE TABLE entry (
    session  TEXT    NOT NULL,
    id       INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    at_ns    INTEGER NOT NULL,
    day      INTEGER NOT NULL,      -- days since 1970, UTC
    kind     TEXT    NOT NULL,      -- cambist.model.ledger.EntryKind
    orders   INTEGER NOT NULL,      -- 0 for an opening
    worth    TEXT,                  -- what it earned in atoms of the unit; NULL where nothing of it could be valued
    json     TEXT    NOT NULL,      -- cambist.model.ledger.Entry
    PRIMARY KEY (session, id)
) STRICT;
CREATE INDEX entry_day ON entry (day, at_ns);
CREATE INDEX entry_order ON entry (session, orders);

CREATE TABLE posting (
    session TEXT    NOT NULL,
    entry   INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    account TEXT    NOT NULL,       -- cambist.model.ledger.Account
    venue   TEXT    NOT NULL,
    token   TEXT    NOT NULL,
    atoms   TEXT    NOT NULL,
    PRIMARY KEY (session, entry, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE balance (
    account TEXT NOT NULL,
    venue   TEXT NOT NULL,
    token   TEXT NOT NULL,
    atoms   TEXT NOT NULL,
    PRIMARY KEY (account, venue, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE flow (
    day     INTEGER NOT NULL,
    account TEXT    NOT NULL,
    venue   TEXT    NOT NULL,
    token   TEXT    NOT NULL,
    atoms   TEXT    NOT NULL,
    PRIMARY KEY (day, account, venue, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE halt (
    id      INTEGER PRIMARY KEY,
    session TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    halted  INTEGER NOT NULL,       -- 1 halted, 0 cleared
    reason  TEXT    NOT NULL
) STRICT;
