-- SPDX-License-Identifier: MIT
-- Derived: what became of the first mail that met each mailbox of a domain in a repute
-- (suppression.h); `mails` mailboxes, of which so many had a delivery, a domain that takes no mail, a
-- hard bounce. The others bounced softly.
CREATE TABLE domain_outcome (
    domain    TEXT NOT NULL,
    repute    TEXT NOT NULL,
    mails     INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    dead      INTEGER NOT NULL,
    hard      INTEGER NOT NULL,
    PRIMARY KEY (domain, repute)
) WITHOUT ROWID;
