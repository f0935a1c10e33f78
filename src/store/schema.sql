-- SPDX-License-Identifier: MIT
-- The first schema, which is the first migration (db.c). Facts are kept as they were said, in words;
-- what is derived from them can be dropped and built again from the events.

-- One row a mailbox key: normal form, local part in lower case.
CREATE TABLE mailbox (
    id      INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE
);

-- Append-only, also on disk: new events go to the end, and the one index that has to be found in
-- order is small. `digest` is the identity of the event (events.c), so an event is there once however
-- often it is imported; together with the mailbox it also finds a mailbox's events.
CREATE TABLE event (
    id         INTEGER PRIMARY KEY,
    mailbox    INTEGER NOT NULL REFERENCES mailbox (id),
    digest     BLOB NOT NULL,
    at         INTEGER NOT NULL, -- seconds since 1970
    kind       TEXT NOT NULL,    -- the words of events.def, as are action, category and phase
    action     TEXT NOT NULL,
    category   TEXT NOT NULL,
    phase      TEXT NOT NULL,
    code       INTEGER,          -- 550
    enhanced   TEXT,             -- 5.1.1
    rule       TEXT,             -- of the classifier
    diagnostic TEXT,
    message_id TEXT,
    source     TEXT,
    UNIQUE (mailbox, digest)
);

-- Derived: what a mailbox's events amount to. A run scans this table whole, so a row holds its
-- address and one packed state (suppression.c) instead of twenty columns: a scan is three times as
-- fast. `winnow history` shows it in words.
CREATE TABLE suppression (
    mailbox    INTEGER PRIMARY KEY REFERENCES mailbox (id),
    address    TEXT NOT NULL,
    state      BLOB NOT NULL,
    diagnostic TEXT
);

-- Derived: when a domain last took mail, last answered at all, and between which times its mail
-- expired too often (domains.c).
CREATE TABLE domain_history (
    domain            TEXT PRIMARY KEY,
    delivered_at      INTEGER NOT NULL,
    answered_at       INTEGER NOT NULL,
    unreachable_since INTEGER NOT NULL,
    unreachable_until INTEGER NOT NULL
) WITHOUT ROWID;

-- Derived: the last unanswered mail of each UTC day of a domain.
CREATE TABLE domain_expiry (
    domain TEXT NOT NULL,
    day    INTEGER NOT NULL, -- days since 1970
    at     INTEGER NOT NULL,
    PRIMARY KEY (domain, day)
) WITHOUT ROWID;

-- What DNS said of a domain's mail route.
CREATE TABLE domain_fact (
    domain  TEXT PRIMARY KEY,
    route   TEXT NOT NULL,
    mx      TEXT,
    detail  TEXT,
    flags   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE run (
    id      INTEGER PRIMARY KEY,
    began   INTEGER NOT NULL,
    ended   INTEGER NOT NULL,
    command TEXT NOT NULL,
    summary TEXT NOT NULL -- JSON
);
