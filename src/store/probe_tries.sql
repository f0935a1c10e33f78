-- SPDX-License-Identifier: MIT
-- How often a mailbox was put off was written down, and read by nobody.
ALTER TABLE probe DROP COLUMN tries;
