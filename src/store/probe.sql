-- SPDX-License-Identifier: MIT
-- What mail servers said when they were asked (probes.h): of mailboxes, of domains, of us.

-- The last answer about a mailbox. Rows are appended and only the index of addresses is in order.
CREATE TABLE probe (
    address    TEXT NOT NULL UNIQUE, -- the mailbox key
    answer     TEXT NOT NULL,        -- a word of smtp/outcome.h
    code       INTEGER,              -- 550
    enhanced   TEXT,                 -- 5.1.1
    diagnostic TEXT,
    host       TEXT,                 -- the MX host that said it
    rule       TEXT,                 -- of the classifier
    at         INTEGER NOT NULL,     -- seconds since 1970, as are the next two
    expires    INTEGER NOT NULL,
    due        INTEGER NOT NULL,     -- when it may be asked again; 0: no such time
    tries      INTEGER NOT NULL      -- how often it was put off
);

-- Whether a domain accepts any mailbox.
CREATE TABLE catch_all (
    domain  TEXT PRIMARY KEY,
    outcome TEXT NOT NULL, -- a word of smtp/outcome.h
    at      INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

-- Recipients that were asked of an MX group on its last day, and whether it wants no more.
CREATE TABLE probe_group (
    name          TEXT PRIMARY KEY,
    day           INTEGER NOT NULL, -- days since 1970
    used          INTEGER NOT NULL,
    stopped_at    INTEGER NOT NULL, -- 0: never
    stopped_until INTEGER NOT NULL,
    reason        TEXT
) WITHOUT ROWID;
