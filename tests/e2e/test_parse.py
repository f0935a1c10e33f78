#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""winnow bounces parse, and what parse and import do with files, directories and what they cannot
read. What each format means is tested where the format is."""

import gzip
import json
import os
import stat
import subprocess

from support import DATA, NOINPUT, USAGE, Case, main, read

ROW = "{},550 5.1.1 user unknown,2026-01-{:02}\n"
HEADER = "email,code,date\n"


class ParseTest(Case):
    def parse(self, *arguments, **how):
        done = self.winnow("bounces", "parse", *arguments, **how)
        done.events = [json.loads(line) for line in done.out.splitlines()]
        return done

    def test_one_event(self):
        self.write("b.csv", HEADER + ROW.format("Bob@Brackwell.net", 2))
        self.assertEqual(self.parse("b.csv").events, [{
            "source": "b.csv@16", "at": "2026-01-02T00:00:00Z", "recipient": "bob@brackwell.net",
            "kind": "bounce", "code": 550, "enhanced": "5.1.1", "category": "bad_address",
            "action": "S", "phase": "unknown", "diagnostic": "550 5.1.1 user unknown",
            "message_id": None, "rule": "5.1.1"}])

    def test_hostile_texts(self):
        """Every line is JSON, whatever the file holds."""
        self.write("b.csv", b'email,code,date,text\n'
                            b'a@brackwell.net,550,2026-01-02,"quote "" back \\ tab\t bell\x07 \xff\xc3"\n'
                            b'b@brackwell.net,550,2026-01-02,"two\nlines \x1b[2J \xe2\x82\xac"\n')
        events = self.parse("b.csv").events
        self.assertEqual(events[0]["diagnostic"], 'quote " back \\ tab\t bell\x07 \ufffd\ufffd')
        self.assertEqual(events[1]["diagnostic"], "two\nlines \x1b[2J \u20ac")

    def test_nothing_is_stored(self):
        self.write("b.csv", HEADER + ROW.format("bob@brackwell.net", 2))
        self.parse("b.csv")
        self.assertEqual(os.listdir(self.home), [])

    def test_directories_in_order_whatever_the_jobs(self):
        for i in range(40):
            rows = "".join(ROW.format(f"p{i}.{k}@brackwell.net", k % 28 + 1)
                           for k in range(30000 if i == 11 else i % 4))
            data = (HEADER + rows).encode()
            self.write(f"in/{i:02}.csv" + (".gz" if i % 7 == 0 else ""),
                       gzip.compress(data) if i % 7 == 0 else data)
        one = self.parse("-j", "1", "in")
        self.assertEqual(one.out, self.parse("-j", "4", "in").out)
        self.assertEqual(len(one.events), 30000 + sum(i % 4 for i in range(40) if i != 11))
        recipients = [(int(name.split(".")[0][1:]), int(name.split(".")[1].split("@")[0]))
                      for name in (event["recipient"] for event in one.events)]
        self.assertEqual(recipients, sorted(recipients))

    def test_zstd_and_standard_input(self):
        data = (HEADER + ROW.format("bob@brackwell.net", 2)).encode()
        packed = subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True)
        self.assertEqual(self.parse("-", stdin=packed.stdout).events[0]["source"],
                         "standard input@16")

    def test_since(self):
        self.write("b.csv", HEADER + "".join(ROW.format(f"p{d}@brackwell.net", d)
                                             for d in range(1, 11)))
        done = self.parse("--since", "2026-01-08", "b.csv")
        self.assertEqual([event["recipient"][:3].rstrip("@") for event in done.events],
                         ["p8", "p9", "p10"])
        self.assertIn("10 read: 3 events, 7 older", done.err)
        done = self.winnow("bounces", "parse", "--since", "yesterday", "b.csv", status=USAGE)
        self.assertIn("--since", done.err)

    def test_what_cannot_be_read(self):
        """In a directory it is skipped and counted; named, it is an error."""
        self.write("in/1.csv", HEADER + ROW.format("bob@brackwell.net", 2))
        self.write("in/2.gz", b"\x1f\x8b\x08 broken")
        self.write("in/3.txt", "a note\n")
        os.symlink("1.csv", self.path("in/4.csv"))
        done = self.parse("in")
        self.assertEqual(len(done.events), 1)
        self.assertIn("2 files skipped; -v lists them", done.err)
        done = self.parse("-v", "in")
        self.assertRegex(done.err, r"skipped: in/2\.gz: the gzip data")
        self.assertRegex(done.err, r"skipped: in/3\.txt: ")
        self.winnow("bounces", "parse", "in/2.gz", status=DATA)
        self.winnow("bounces", "parse", "in/3.txt", status=DATA)
        self.winnow("bounces", "parse", "in/none", status=NOINPUT)
        self.winnow("bounces", "parse", status=USAGE)
        self.winnow("bounces", "parse", "-", "-", status=USAGE)

    def test_empty_directory(self):
        os.mkdir(self.path("in"))
        done = self.parse("in")
        self.assertEqual((done.events, done.err), ([], "winnow: 0 read: 0 events, 0 no bounce, "
                                                       "0 unrecognised\n"))

    def test_full_standard_output(self):
        self.write("b.csv", HEADER + "".join(ROW.format(f"p{i}@brackwell.net", 1)
                                             for i in range(3000)))
        with open("/dev/full", "wb") as full:
            done = self.winnow("bounces", "parse", "b.csv", status=74, stdout=full)
        self.assertIn("standard output", done.err)


class UnrecognizedTest(Case):
    """--unrecognized DIR: copies of what cannot be read."""

    TEXT = (HEADER + ROW.format("bob@brackwell.net", 2) + "nobody,550 5.1.1,2026-01-02\n" +
            "eve@brackwell.net,550 5.1.1,someday\n" + "eve@brackwell.net,opened,2026-01-02\n")

    def copies(self):
        return {read(self.path(f"un/{name}")) for name in os.listdir(self.path("un"))}

    def test_parse(self):
        self.write("b.csv", self.TEXT)
        self.winnow("bounces", "parse", "--unrecognized", "un", "b.csv")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("un")).st_mode), 0o700)
        self.winnow("bounces", "parse", "--unrecognized", "un", "b.csv")  # once is enough
        self.assertEqual(self.copies(), {b"nobody,550 5.1.1,2026-01-02\n",
                                         b"eve@brackwell.net,550 5.1.1,someday\n"})
        for name in os.listdir(self.path("un")):
            mode = os.stat(self.path(f"un/{name}")).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
            self.assertRegex(name, r"^[0-9a-f]{32}\.csv$")

    def test_import(self):
        self.write("b.csv", "email,code,date,kind\nnobody,550 5.1.1,2026-01-02,bounce\n"
                            "eve@brackwell.net,,2026-01-02,opened\n")
        self.winnow("bounces", "import", "--db", self.db, "--unrecognized", "un", "b.csv")
        self.assertEqual(self.copies(), {b"nobody,550 5.1.1,2026-01-02,bounce\n"})

    def test_no_place(self):
        self.write("b.csv", self.TEXT)
        self.write("un", "a file")
        done = self.winnow("bounces", "parse", "--unrecognized", "un", "b.csv", status=73)
        self.assertIn("un", done.err)
        done = self.winnow("bounces", "parse", "--unrecognized", "no/where", "b.csv", status=73)
        self.assertIn("no/where cannot be created", done.err)


class ImportTest(Case):
    def test_dry_run(self):
        self.write("b.csv", HEADER + "".join(ROW.format(f"p{i}@brackwell.net", 1)
                                             for i in range(100)))
        self.winnow("bounces", "import", "--db", self.db, "b.csv")
        before = self.winnow("history", "--db", self.db, "p1@brackwell.net").out
        self.write("c.csv", HEADER + ROW.format("new@brackwell.net", 1) +
                   ROW.format("p1@brackwell.net", 1))
        for _ in range(2):
            done = self.winnow("bounces", "import", "--dry-run", "--db", self.db, "c.csv")
            self.assertIn("2 read: 1 new, 1 known", done.err)
        self.assertEqual(self.winnow("history", "--db", self.db, "p1@brackwell.net").out, before)
        self.assertNotIn("5.1.1", self.winnow("history", "--db", self.db,
                                              "new@brackwell.net").out.decode())
        self.winnow("bounces", "import", "--dry-run", "--rebuild", "--db", self.db, "c.csv",
                    status=USAGE)

    def test_since_and_directories(self):
        for day in range(1, 5):
            self.write(f"in/{day}.csv", HEADER + ROW.format(f"p{day}@brackwell.net", day))
        done = self.winnow("bounces", "import", "--json", "--since", "2026-01-03", "--db", self.db,
                           "in")
        counts = done.json()
        self.assertEqual((counts["read"], counts["new"], counts["older"]), (4, 2, 2))


if __name__ == "__main__":
    main()
