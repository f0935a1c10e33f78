-- SPDX-License-Identifier: MIT
-- Up to which message mailboxes were read (imap_positions.h).
CREATE TABLE imap_position (
    server      TEXT NOT NULL,    -- host:port
    user        TEXT NOT NULL,
    mailbox     TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    last_uid    INTEGER NOT NULL, -- 0: none was read
    updated_at  INTEGER NOT NULL, -- seconds since 1970
    PRIMARY KEY (server, user, mailbox)
) WITHOUT ROWID;
