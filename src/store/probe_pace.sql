-- SPDX-License-Identifier: MIT
-- Of the recipients that were asked of a group, those of its last minute.
ALTER TABLE probe_group ADD COLUMN lately INTEGER NOT NULL DEFAULT 0;
ALTER TABLE probe_group ADD COLUMN lately_at INTEGER NOT NULL DEFAULT 0; -- when that minute ended
