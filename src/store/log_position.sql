-- SPDX-License-Identifier: MIT
-- How far logs were read (positions.h). A file is known by where it lies on the disk and by its first
-- line, so that it is found again under the name that a rotation gave it.
CREATE TABLE log_position (
    device     INTEGER NOT NULL,
    inode      INTEGER NOT NULL,
    first_line BLOB NOT NULL,    -- its digest
    position   INTEGER NOT NULL, -- bytes before the first line that was not read
    updated_at INTEGER NOT NULL, -- seconds since 1970
    PRIMARY KEY (device, inode)
) WITHOUT ROWID;
