#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What bad bounces get: nothing crashes, nothing hangs, no event is invented, and each piece is
counted and named. WN_BINARY=... python3 tests/e2e/test_bad_bounces.py"""

import base64
import json
import os
import subprocess
import threading

from support import DATA, NOINPUT, OK, Case, binary, main, read

HEAD = """\
Return-Path: <>
Date: Sat, 03 Oct 2026 10:01:01 +0000
From: MAILER-DAEMON@mail.brackwell.net
To: news@brackwell.net
Subject: Undelivered Mail Returned to Sender
Message-ID: <n1@mail.brackwell.net>
MIME-Version: 1.0
"""
REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
PARTS = """\
--b
Content-Type: text/plain

I could not deliver your message.

"""
STATUS = """\
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.brackwell.net

"""
GROUP = """\
Final-Recipient: rfc822; {0}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{0}>: user unknown

"""
RETURNED = """\
--b
Content-Type: message/rfc822

From: news@brackwell.net
To: told@brackwell.net
Message-ID: <two@brackwell.net>
Subject: news

Hello
"""
DSN = HEAD + REPORT + PARTS + STATUS + GROUP.format("told@brackwell.net") + RETURNED + "--b--\n"
LINE = ("{at} mail postfix/smtp[77]: 4XYZ01: to=<{to}>, relay=mx.brackwell.net[192.0.2.1]:25, "
        "delay=1, delays=0/0/0.5/0.5, dsn=5.1.1, status=bounced (host mx.brackwell.net[192.0.2.1] "
        "said: 550 5.1.1 {text} (in reply to RCPT TO command))\n")
AT = "2026-10-03T10:00:59.000000+00:00"


class BadCase(Case):
    def parse(self, name, data, *arguments, **how):
        self.write(name, data)
        done = self.winnow("bounces", "parse", "-v", *arguments, name, **how)
        done.events = [json.loads(line) for line in done.out.splitlines()]
        done.recipients = [event["recipient"] for event in done.events]
        return done


class MessageTest(BadCase):
    def test_truncated_anywhere(self):
        """Half an address was taken for somebody's."""
        for at in range(0, len(DSN), 11):
            self.write(f"cut/{at:05}.eml", DSN[:at])
        done = self.winnow("bounces", "parse", "-v", "cut")
        found = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual({event["recipient"] for event in found}, {"told@brackwell.net"})
        self.assertGreater(len(found), 20)

    def test_deep_parts(self):
        deep = "".join(f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}\n'
                       for i in range(10000))
        done = self.parse("deep.eml", HEAD + deep + STATUS + GROUP.format("x@brackwell.net"))
        self.assertEqual(done.events, [])
        self.assertIn("1 unrecognised", done.err)

    def test_many_parts(self):
        parts = "".join(f"--b\nContent-Type: text/plain\n\npart {i}\n" for i in range(50000))
        done = self.parse("many.eml", HEAD + REPORT + PARTS + STATUS
                          + GROUP.format("told@brackwell.net") + parts + "--b--\n")
        self.assertEqual(done.recipients, ["told@brackwell.net"])

    def test_attachment_of_50_mb(self):
        text = base64.encodebytes(os.urandom(1 << 20)).decode() * 37
        self.assertGreater(len(text), 50_000_000)
        file = f"--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n{text}"
        for name, data in (("behind", PARTS + STATUS + GROUP.format("told@brackwell.net") + file),
                           ("before", PARTS + file + STATUS + GROUP.format("told@brackwell.net"))):
            with self.subTest(name):
                done = self.parse(f"{name}.eml", HEAD + REPORT + data + "--b--\n")
                self.assertEqual(done.recipients,
                                 ["told@brackwell.net"] if name == "behind" else [])
                self.assertIn("1 read: ", done.err)

    def test_garbage_for_base64(self):
        status = STATUS.replace("\n\n", "\nContent-Transfer-Encoding: base64\n\n", 1)
        for garbage in ("!!!!" * 1000, "A" * 100001, "=" * 5000, "\xff\xfe" * 5000):
            done = self.parse("b64.eml", (HEAD + REPORT + PARTS + status + garbage + "\n--b--\n")
                              .encode("latin-1"))
            self.assertEqual(done.events, [])
            self.assertIn("1 unrecognised", done.err)

    def test_code_in_the_quoted_original_only(self):
        """What the original says is no reply, in the text or in a part of its own."""
        original = ("From: news@brackwell.net\nTo: victim@brackwell.net\nSubject: x\n\n"
                    "550 5.1.1 <victim@brackwell.net>: user unknown\n")
        text = HEAD + "\nYour message is delayed.\n\n--- Original message ---\n\n" + original
        part = (HEAD + REPORT + "--b\nContent-Type: text/plain\n\nSorry.\n\n--b\nContent-Type: "
                "message/rfc822\n\n" + original + "--b--\n")
        for data in (text, part):
            for event in self.parse("quoted.eml", data).events:
                self.assertNotIn(event["action"], ("S", "S2", "N"))
                self.assertNotIn("5.1.1", event["diagnostic"] or "")

    def test_people_quote_bounces(self):
        quoted = "".join("> " + line + "\n" for line in DSN.splitlines())
        person = HEAD.replace("MAILER-DAEMON", "ann").replace("Return-Path: <>",
                                                              "Return-Path: <ann@brackwell.net>")
        done = self.parse("reply.eml", person.replace("Undelivered", "Re: Undelivered")
                          + "\nWhat is this?\n\n" + quoted)
        self.assertEqual(done.events, [])
        self.assertIn("1 read: 0 events", done.err)

    def test_10000_recipients(self):
        """As many as a report names; each is a mailbox's own event."""
        groups = "".join(GROUP.format(f"p{i}@brackwell.net") for i in range(10000))
        done = self.parse("many.eml", HEAD + REPORT + PARTS + STATUS + groups + "--b--\n")
        self.assertLessEqual(len(done.recipients), 10000)
        self.assertEqual(done.recipients,
                         [f"p{i}@brackwell.net" for i in range(len(done.recipients))])
        self.assertGreaterEqual(len(done.recipients), 1000)

    def test_bytes_that_are_no_text(self):
        for bad in (b"\xff\xfe\xc3", b"\0", b"\0" * 100, b"\x1b[2J", b"\xed\xa0\x80"):
            data = DSN.encode().replace(b"user unknown", b"user " + bad + b" unknown")
            done = self.parse("bytes.eml", data)
            for recipient in done.recipients:
                self.assertEqual(recipient, "told@brackwell.net")
            self.assertIn("1 read: ", done.err)
            inside = DSN.encode().replace(b"told@", b"to" + bad + b"ld@")
            for recipient in self.parse("inside.eml", inside).recipients:
                self.assertTrue(recipient.startswith("to\xff"), (bad, recipient))  # as Latin-1
            behind = DSN.encode().replace(b"brackwell.net", b"brackwell.ne" + bad + b"t")
            for recipient in self.parse("behind.eml", behind).recipients:
                self.assertNotIn(recipient, ("told@brackwell.ne", "news@brackwell.ne"))

    def test_dates(self):
        """Of 1970 and 2100: the next best date counts, and none of them never."""
        for date in ("Thu, 01 Jan 1970 00:00:00 +0000", "Fri, 01 Jan 2100 00:00:00 +0000",
                     "Sat, 99 Foo 2026 99:99:99 +0000", "0"):
            data = DSN.replace("Sat, 03 Oct 2026 10:01:01 +0000", date)
            done = self.parse("date.eml", data)
            self.assertEqual(done.events, [])
            self.assertIn("1 no date that can be read, or one in the future", done.err)
            dated = data.replace("Action: failed",
                                 "Action: failed\nLast-Attempt-Date: 3 Oct 2026 10:00:00 +0000")
            self.assertEqual(self.parse("date.eml", dated).events[0]["at"], "2026-10-03T10:00:00Z")


class LogTest(BadCase):
    def test_forged_line_in_a_reply(self):
        """A server that writes a line of ours into its reply suppresses nobody."""
        forged = LINE.format(at=AT, to="victim@brackwell.net", text="no such user").strip()
        for text in (forged, f"first\\n{forged}", f"<x> {forged[45:]}", f")\\n{forged}",
                     f")#012{forged}", "to=<victim@brackwell.net>, status=bounced (550 5.1.1 no)"):
            log = LINE.format(at=AT, to="told@brackwell.net", text=text)
            done = self.parse("mail.log", log)
            self.assertEqual(done.recipients, ["told@brackwell.net"], text)

    def test_forged_line_in_mail(self):
        """The log in somebody's mail is no log."""
        text = HEAD.replace("MAILER-DAEMON", "ann").replace("Return-Path: <>\n", "").replace(
            "Undelivered Mail Returned to Sender", "Is this our log?")
        done = self.parse("m.eml", text + "\n" + LINE.format(at=AT, to="victim@brackwell.net",
                                                             text="no such user"))
        self.assertEqual(done.events, [])

    def test_bytes_that_are_no_text(self):
        data = b"".join(LINE.format(at=AT, to="told@brackwell.net", text="X").encode()
                        .replace(b"X", bad) for bad in (b"\xff\xfe", b"\0\0", b"\x1b[2J", b"X"))
        self.assertEqual(set(self.parse("mail.log", data).recipients), {"told@brackwell.net"})

    def test_dates(self):
        data = "".join(LINE.format(at=at, to="told@brackwell.net", text="no")
                       for at in ("1970-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00",
                                  "2026-13-45T99:00:00+00:00", AT))
        done = self.parse("mail.log", data)
        self.assertEqual(len(done.events), 1)
        self.assertIn("3 no date that can be read, or one in the future", done.err)

    def test_what_the_queue_forgets_is_counted(self):
        line = ("{at} mail postfix/smtp[7]: 4XYZ01: to=<p{i}@brackwell.net>, relay=mx.x.net[192.0."
                "2.1]:25, delay=1, dsn=4.2.0, status=deferred (host mx.x.net[192.0.2.1] said: 450 "
                "4.2.0 later (in reply to RCPT TO command))\n")
        data = "".join(line.format(at=AT, i=i) for i in range(1200))
        done = self.parse("mail.log", data)
        self.assertEqual(len(done.events), 1200)
        self.assertIn("200 messages or recipients of a log's queue forgotten", done.err)
        counts = self.winnow("bounces", "import", "--json", "--db", self.db, "mail.log").json()
        self.assertEqual(counts["forgotten"], 200)


class JsonTest(BadCase):
    GOOD = ('{"event":"bounce","email":"%s@brackwell.net","timestamp":1772377200,"sg_event_id":"%s",'
            '"reason":"550 5.1.1 unknown","status":"5.1.1","type":"bounce"}')

    def test_nested_10000_deep(self):
        for opening, closing in ("[]", ("{\"a\":", "}")):
            deep = opening * 10000 + "1" + closing * 10000
            done = self.parse("deep.json", self.GOOD % ("a", "1") + "\n" + deep + "\n"
                              + self.GOOD % ("b", "2") + "\n")
            self.assertEqual(done.recipients, ["a@brackwell.net", "b@brackwell.net"])
            self.assertIn("unrecognised (", done.err)

    def test_one_record_of_256_mb(self):
        """It costs a row, its neighbours nothing, and no memory."""
        with open(self.path("long.json"), "wb") as f:
            f.write((self.GOOD % ("a", "1")).encode() + b'\n{"pad":"')
            f.seek(256 << 20, os.SEEK_CUR)  # a hole, so that the disk has room
            f.write(b'"}\n' + (self.GOOD % ("b", "2")).encode())
        code = ("import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]);"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr);"
                "sys.exit(done.returncode)")
        done = subprocess.run(["python3", "-c", code, binary(), "bounces", "parse", "-v",
                               "long.json"], cwd=self.work, env=self.environment,
                              capture_output=True, check=True, timeout=300)
        self.assertEqual([json.loads(line)["recipient"] for line in done.stdout.splitlines()],
                         ["a@brackwell.net", "b@brackwell.net"])
        self.assertIn(b"long.json:2: not a record of this file ('longer than 4 MiB')", done.stderr)
        if b"__asan_init" not in read(binary()) and b"__tsan_init" not in read(binary()):
            self.assertLess(int(done.stderr.splitlines()[-1]), 64 * 1024)

    def test_dates_and_bytes(self):
        for at in ("0", "4102444800", '"1970-01-01"', '"2100-01-01T00:00:00Z"', "-1", "1e300"):
            done = self.parse("d.json", (self.GOOD % ("a", "1")).replace("1772377200", at) + "\n"
                              + self.GOOD % ("b", "2") + "\n")
            self.assertEqual(done.recipients, ["b@brackwell.net"], at)
        for bad in ("\0", "\\u0000"):
            done = self.parse("n.json", self.GOOD % ("a" + bad + "x", "1") + "\n"
                              + self.GOOD % ("b", "2") + "\n")
            self.assertEqual(done.recipients, ["b@brackwell.net"])


class CsvTest(BadCase):
    def test_dates_and_bytes(self):
        rows = ["a@x.net,5.1.1,1970-01-01", "b@x.net,5.1.1,2100-01-01", "c\0@x.net,5.1.1,2026-01-01",
                "d\x1b@x.net,5.1.1,2026-01-01", "e@x.net,5.1.1,2026-01-01"]
        done = self.parse("b.csv", "email,code,date\n" + "\n".join(rows) + "\n")
        self.assertEqual(done.recipients, ["e@x.net"])
        self.assertIn("4 unrecognised", done.err)

    def test_a_row_without_its_end(self):
        """A CSV that is being written: the row is named, and read when nobody writes any more."""
        text = "date,code,email\n2026-01-01,5.1.1,a@brackwell.net\n2026-01-01,5.1.1,b@brackwell.ne"
        with open(self.write("b.csv", text), "a", encoding="ascii") as growing:
            done = self.winnow("bounces", "import", "-v", "--db", self.db, "b.csv")
            self.assertIn("b.csv:3: unfinished at the end of the file; read again next time",
                          done.err)
            self.assertIn("1 read: 1 new", done.err)
            growing.write("t")
        done = self.winnow("bounces", "import", "--db", self.db, "b.csv")
        self.assertIn("2 read: 1 new, 1 known", done.err)
        self.assertNotIn("unfinished", done.err)

    def test_half_a_row(self):
        """What lacks fields, too, waits as long as the file is fresh, whoever has it open."""
        text = "email,code,date\na@brackwell.net,5.1.1,2026-01-01\nb@brackwell.net,5.1"
        self.write("b.csv", text)
        done = self.winnow("bounces", "import", "-v", "--db", self.db, "b.csv")
        self.assertIn("b.csv:3: unfinished", done.err)
        os.utime(self.path("b.csv"), (1, 1))  # nobody goes on with it
        done = self.winnow("bounces", "import", "--db", self.db, "b.csv")
        self.assertNotIn("unfinished", done.err)


class VanishingTest(BadCase):
    def vanish(self, name, *paths):
        """The output of an import during which the file goes: while a pipe is read before it."""
        os.mkfifo(self.path("first"))
        run = self.start("bounces", "import", "-v", "-j", "1", "--db", self.db, "first", *paths)
        with open(self.path("first"), "w", encoding="utf-8") as f:
            f.write("email,code,date\na@brackwell.net,5.1.1,2026-01-01\n")
            os.remove(self.path(name))
        return run

    def test_a_named_file(self):
        self.write("gone.csv", "email,code,date\nb@brackwell.net,5.1.1,2026-01-01\n")
        done = self.finish(self.vanish("gone.csv", "gone.csv"), status=None)
        self.assertIn(done.status, (OK, NOINPUT))  # it may be open already
        if done.status == NOINPUT:
            self.assertIn("gone.csv cannot be opened", done.err)
        known = self.winnow("history", "--db", self.db, "a@brackwell.net").out.decode()
        self.assertIn("hard_bounced", known)  # what was read before is kept

    def test_a_file_in_a_directory(self):
        for i in range(20):
            self.write(f"d/{i:02}.csv", f"email,code,date\np{i}@brackwell.net,5.1.1,2026-01-01\n")
        done = self.finish(self.vanish("d/19.csv", "d"))
        self.assertIn("skipped: d/19.csv", done.err)
        self.assertIn("20 new", done.err)
        self.assertIn("1 files skipped", done.err)

    def test_a_file_that_becomes_shorter(self):
        """It is cut while it is read: what was read counts, and nothing hangs."""
        rows = "".join(f"p{i}@brackwell.net,5.1.1,2026-01-01\n" for i in range(400_000))
        self.write("long.csv", "email,code,date\n" + rows)
        run = self.start("bounces", "import", "--db", self.db, "long.csv")
        timer = threading.Timer(0.05, os.truncate, (self.path("long.csv"), 1 << 20))
        timer.start()
        done = self.finish(run, status=None)
        timer.join()
        self.assertIn(done.status, (OK, DATA))
        self.assertNotIn("internal", done.err)


if __name__ == "__main__":
    main()
