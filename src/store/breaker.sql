-- SPDX-License-Identifier: MIT
-- The bounce policy, the breaker and its quarantine.

-- Whose server said it, by the name of data/providers.def; NULL when that is not known.
ALTER TABLE event ADD COLUMN provider TEXT;

-- Mail within a time, and its refusals without reading the rows of the rest.
CREATE INDEX event_at ON event (at, action);

-- The numbers that the suppressions here were derived under (policy.def).
CREATE TABLE policy (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- Events of bursts (breaker.c). Beside the events, which never change. `held` is derived, and comes
-- and goes with the events around it; `released` and `discarded` are what a person decided, and stay.
CREATE TABLE quarantine (
    event   INTEGER PRIMARY KEY REFERENCES event (id),
    mailbox INTEGER NOT NULL REFERENCES mailbox (id),
    at      INTEGER NOT NULL, -- the event's
    burst   TEXT NOT NULL,    -- the same for all events of one
    scope   TEXT NOT NULL,    -- domain or provider
    name    TEXT NOT NULL,    -- which
    mark    TEXT NOT NULL     -- held, released, discarded
);
CREATE INDEX quarantine_at ON quarantine (at);
CREATE INDEX quarantine_burst ON quarantine (burst);

-- Days (since 1970) that got mail since the breaker last looked at them, so that an import that is
-- killed before it did leaves word to the next.
CREATE TABLE breaker_day (
    day INTEGER PRIMARY KEY
);
