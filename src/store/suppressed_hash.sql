-- SPDX-License-Identifier: MIT
-- Mailboxes that are known by the SHA-256 of their key alone (hashed.h).
CREATE TABLE suppressed_hash (
    digest     BLOB PRIMARY KEY,
    at         INTEGER NOT NULL, -- seconds since 1970
    removed_at INTEGER,
    source     TEXT
) WITHOUT ROWID;
