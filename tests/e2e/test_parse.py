#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""winnow bounces parse, and what parse and import do with files, directories and what they cannot
read. What each format means is tested where the format is."""

import gzip
import json
import os
import stat
import subprocess
import urllib.parse

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


class FormTest(Case):
    """Webhooks as they are posted by those who post forms; a body a line."""

    def parse(self, *bodies, **how):
        self.write("hooks", "\n".join(bodies) + "\n")
        done = self.winnow("bounces", "parse", "hooks", **how)
        done.events = [json.loads(line) for line in done.out.splitlines()]
        return done

    def test_mandrill(self):
        events = [{"event": "hard_bounce", "_id": "ev1", "ts": 1772377200,
                   "msg": {"email": "ann+x@brackwell.net", "_id": "m1", "state": "bounced",
                           "diag": "smtp;550 5.1.1 no such user & none = here 100 % \u00e4"}},
                  {"event": "open", "_id": "ev2", "ts": 1772377201,
                   "msg": {"email": "bob@brackwell.net", "_id": "m2"}},
                  {"event": "spam", "_id": "ev3", "ts": 1772377202,
                   "msg": {"email": "cy@brackwell.net", "_id": "m3"}}]
        body = urllib.parse.urlencode({"mandrill_events": json.dumps(events)})
        done = self.parse(body)
        self.assertEqual([(e["recipient"], e["kind"], e["source"]) for e in done.events],
                         [("ann+x@brackwell.net", "bounce", "ev1"),
                          ("cy@brackwell.net", "complaint", "ev3")])
        self.assertIn("1 no bounce", done.err)
        plain = json.dumps(events)
        self.write("plain.json", plain)
        self.assertEqual(done.out, self.winnow("bounces", "parse", "-q", "plain.json").out)

    def test_mailgun_before_2018(self):
        body = urllib.parse.urlencode({
            "event": "bounced", "recipient": "ann@brackwell.net", "domain": "brackwell.com",
            "message-headers": json.dumps([["Subject", "x"]]), "code": "550",
            "error": "5.1.1 The email account that you tried to reach does not exist",
            "Message-Id": "<1@brackwell.com>", "timestamp": "1772377200", "token": "t1",
            "signature": "s1", "body-plain": ""})
        done = self.parse(body, body.replace("t1", "t2").replace("ann", "bea"))
        self.assertEqual([(e["recipient"], e["code"], e["enhanced"], e["at"], e["source"])
                          for e in done.events],
                         [("ann@brackwell.net", 550, "5.1.1", "2026-03-01T15:00:00Z", "t1"),
                          ("bea@brackwell.net", 550, "5.1.1", "2026-03-01T15:00:00Z", "t2")])

    def test_mailchimp(self):
        body = urllib.parse.urlencode({
            "type": "unsubscribe", "fired_at": "2026-03-01 15:00:00", "data[reason]": "manual",
            "data[email]": "ann@brackwell.net", "data[merges][EMAIL]": "other@brackwell.net"})
        self.assertEqual([(e["recipient"], e["kind"]) for e in self.parse(body).events],
                         [("ann@brackwell.net", "unsubscribe")])

    def test_hostile_bodies(self):
        """Each is counted; none becomes an event, and the line behind them is read."""
        good = "type=unsubscribe&fired_at=2026-03-01+15%3A00%3A00&data%5Bemail%5D=ann%40brackwell.net"
        bodies = [good, good.replace("ann", "a%00nn"), "type=" + "&x=1" * 2000,
                  "type" + "[a]" * 20 + "=x", "mandrill_events=%5B%7B", "mandrill_events=%",
                  "event=bounced&recipient=bob%40brackwell.net", "type=" + "x" * (5 << 20),
                  good + "&data%5Bemail%5D=bob%40brackwell.net", good.replace("ann", "cy")]
        done = self.parse(*bodies)
        self.assertEqual([e["recipient"] for e in done.events],
                         ["ann@brackwell.net", "cy@brackwell.net"])
        self.assertIn("1 no bounce, 7 unrecognised (7 not a record", done.err)


if __name__ == "__main__":
    main()
