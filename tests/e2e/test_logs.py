#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logs that grow: each import reads what is new, over rotations, half-written lines and kills."""

import os
import shutil

from support import Case, main

LINE = ("2026-11-{day:02}T10:00:{second:02}.000000+00:00 mail postfix/smtp[77]: 4XYZ{n:04}: "
        "to=<p{n}@brackwell.net>, relay=mx.brackwell.net[192.0.2.1]:25, delay=1, "
        "delays=0/0/0.5/0.5, dsn=5.1.1, status=bounced (host mx.brackwell.net[192.0.2.1] said: "
        "550 5.1.1 <p{n}@brackwell.net>: user unknown (in reply to RCPT TO command))\n")


def line(n):
    return LINE.format(day=1 + n // 50, second=n % 50, n=n)


class LogTest(Case):
    def setUp(self):
        super().setUp()
        self.log = self.path("mail.log")

    def append(self, text, name="mail.log"):
        with open(self.path(name), "a", encoding="utf-8") as f:
            f.write(text)

    def counts(self, *arguments):
        """(read, new, known) of an import."""
        paths = arguments if any(not a.startswith("-") for a in arguments) else (*arguments,
                                                                                 "mail.log")
        counts = self.winnow("bounces", "import", "--json", "--db", self.db, *paths).json()
        return counts["read"], counts["new"], counts["known"]

    def test_only_what_is_new(self):
        self.append(line(1) + line(2))
        self.assertEqual(self.counts(), (2, 2, 0))
        self.assertEqual(self.counts(), (0, 0, 0))
        self.append(line(3))
        self.assertEqual(self.counts(), (1, 1, 0))

    def test_half_a_line_is_read_when_it_is_whole(self):
        whole = line(2)
        self.append(line(1) + whole[:-20])
        self.assertEqual(self.counts(), (1, 1, 0))
        self.append(whole[-20:-1])
        self.assertEqual(self.counts(), (0, 0, 0))
        done = self.winnow("bounces", "import", "-v", "--db", self.db, "mail.log")
        self.assertIn("mail.log:2: unfinished", done.err)
        self.assertIn("1 unfinished at the end of a file, read again next time", done.err)
        self.append("\n")
        self.assertEqual(self.counts(), (1, 1, 0))

    def test_rotation(self):
        """The log is renamed and begun anew: the rest of the old one is read, and all of the new."""
        self.append(line(1) + line(2))
        self.counts()
        self.append(line(3))
        os.rename(self.log, self.path("mail.log.1"))
        self.append(line(4))
        self.assertEqual(self.counts("mail.log.1", "mail.log"), (2, 2, 0))
        self.assertEqual(self.counts("mail.log.1", "mail.log"), (0, 0, 0))

    def test_emptied_in_place(self):
        self.append(line(1) + line(2))
        self.counts()
        shutil.copyfile(self.log, self.path("mail.log.1"))
        os.truncate(self.log, 0)
        self.append(line(3))
        self.assertEqual(self.counts("mail.log"), (1, 1, 0))
        self.assertEqual(self.counts("mail.log.1"), (2, 0, 2))  # a copy: known by its events

    def test_reread(self):
        self.append(line(1) + line(2))
        self.counts()
        self.assertEqual(self.counts("--reread"), (2, 0, 2))

    def test_dry_run_and_since_leave_the_position(self):
        self.append(line(1) + line(60))
        self.assertEqual(self.counts("--dry-run"), (2, 2, 0))
        self.assertEqual(self.counts("--since=2026-11-02"), (2, 1, 0))
        self.assertEqual(self.counts(), (2, 1, 1))
        self.assertEqual(self.counts(), (0, 0, 0))

    def test_parse_always_reads_all(self):
        self.append(line(1) + line(2))
        self.counts()
        done = self.winnow("bounces", "parse", "mail.log")
        self.assertEqual(len(done.out.splitlines()), 2)

    def test_many_logs_at_once(self):
        for i in range(150):
            self.write(f"logs/{i:03}.log", line(i))
        self.assertEqual(self.counts("logs"), (150, 150, 0))
        self.assertEqual(self.counts("logs"), (0, 0, 0))

    def test_standard_input_has_no_position(self):
        data = (line(1) + line(2)).encode()
        for new in (2, 0):
            done = self.winnow("bounces", "import", "--json", "--db", self.db, "-", stdin=data)
            self.assertEqual((done.json()["read"], done.json()["new"]), (2, new))


if __name__ == "__main__":
    main()
