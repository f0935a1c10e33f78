#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is in the store does not depend on how it came there: twice, in another order, in pieces.
WN_BINARY=... python3 tests/e2e/test_same_store.py; WN_SEED=... repeats the cuts of a failed run."""

import csv
import glob
import io
import json
import os
import random
import sqlite3
import time

from support import DATA, HERE, OK, SAMPLE, Case, main, read, rounds

SAMPLES = os.path.normpath(os.path.join(HERE, "..", "data"))

# One bounce told by a log, and by its notification in the next minute.
TWO_TELLERS = """\
2026-10-03T10:00:58.000000+00:00 mail postfix/cleanup[7]: 4XYZ01: message-id=<two@brackwell.net>
2026-10-03T10:00:59.000000+00:00 mail postfix/smtp[77]: 4XYZ01: to=<told@brackwell.net>, \
relay=mx.brackwell.net[192.0.2.1]:25, delay=1, delays=0/0/0.5/0.5, dsn=5.1.1, status=bounced \
(host mx.brackwell.net[192.0.2.1] said: 550 5.1.1 <told@brackwell.net>: user unknown (in reply to \
RCPT TO command))
2026-10-03T10:00:59.000000+00:00 mail postfix/smtp[77]: 4XYZ01: to=<here@brackwell.net>, \
relay=mx.brackwell.net[192.0.2.1]:25, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent \
(250 2.0.0 Ok: queued as 1)
2026-10-03T10:01:00.000000+00:00 mail postfix/qmgr[7]: 4XYZ01: removed
"""
NOTIFICATION = """\
Return-Path: <>
Date: Sat, 03 Oct 2026 10:01:01 +0000
From: MAILER-DAEMON@mail.brackwell.net
To: news@brackwell.net
Subject: Undelivered Mail Returned to Sender
Message-ID: <n1@mail.brackwell.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<told@brackwell.net>: host mx.brackwell.net[192.0.2.1] said: 550 5.1.1
    <told@brackwell.net>: user unknown (in reply to RCPT TO command)

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.brackwell.net

Final-Recipient: rfc822; told@brackwell.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.brackwell.net
Diagnostic-Code: smtp; 550 5.1.1 <told@brackwell.net>: user unknown

--b
Content-Type: message/rfc822

From: news@brackwell.net
Message-ID: <two@brackwell.net>
Subject: news

Hello
--b--
"""
# A provider's bad hour, for the quarantine; twice with other seconds.
BURST = "email,date,kind,text\n" + "".join(
    f"p{i}@alder.org,2026-10-01T10:{i:02}:{second},bounce,550 5.1.1 <p{i}@alder.org>: unknown\n"
    for second in ("50Z", "10Z") for i in range(30))

DUMP = {
    "event": "SELECT m.address, hex(e.digest), e.at, e.kind, e.action, e.category, e.phase, e.code,"
             " e.enhanced, e.rule, e.diagnostic, e.message_id, e.provider"
             " FROM event e JOIN mailbox m ON m.id = e.mailbox",
    "suppression": "SELECT m.address, s.address, hex(s.state), s.diagnostic"
                   " FROM suppression s JOIN mailbox m ON m.id = s.mailbox",
    "domain_history": "SELECT * FROM domain_history",
    "domain_expiry": "SELECT * FROM domain_expiry",
    "quarantine": "SELECT m.address, hex(e.digest), q.at, q.burst, q.scope, q.name, q.mark FROM"
                  " quarantine q JOIN event e ON e.id = q.event JOIN mailbox m ON m.id = e.mailbox",
    "breaker_day": "SELECT * FROM breaker_day",
}


def csv_pieces(data):
    """Each row of a CSV with its header in front."""
    header, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
    for row in rows:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows((header, row))
        yield text.getvalue().encode()


def json_pieces(data):
    """The elements of an array, or one document or line behind the other."""
    text, decoder, at = data.decode(), json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        try:
            document, end = decoder.raw_decode(text, at)
        except ValueError:
            at = text.find("\n", at) + 1 or len(text)
            continue  # no record, so nothing can come of it
        if isinstance(document, list):
            yield from (json.dumps([element]).encode() for element in document)
        else:
            yield text[at:end].encode() + b"\n"
        at = end


def mbox(messages):
    """The messages in one file, From lines quoted."""
    out = []
    for data in messages:
        lines = data.replace(b"\r\n", b"\n").split(b"\n")
        quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
        out.append(b"From MAILER-DAEMON Mon Nov  2 10:00:00 2026\n" + b"\n".join(quoted) + b"\n\n")
    return out


class SameStoreTest(Case):
    def setUp(self):
        super().setUp()
        self.now = time.time()  # a log without years is as old as its file
        seed = os.environ.get("WN_SEED", str(time.time()))
        self.random = random.Random(seed)
        self.seed = f"WN_SEED={seed}"
        self.messages = [read(p) for p in sorted(glob.glob(os.path.join(SAMPLES, "mail", "*.eml")))]
        self.files = {"box": b"".join(mbox(self.messages)),
                      "two.log": TWO_TELLERS.encode(), "two.eml": NOTIFICATION.encode(),
                      "burst.csv": BURST.encode(),
                      "bounces.csv": read(os.path.join(SAMPLE, "bounces.csv"))}
        for path in (glob.glob(os.path.join(SAMPLES, "logs", "*.log"))
                     + glob.glob(os.path.join(SAMPLES, "webhooks", "*.json"))
                     + glob.glob(os.path.join(SAMPLES, "mail", "*.eml"))):
            self.files[os.path.basename(path)] = read(path)
        self.logs = [name for name in self.files if name.endswith(".log")]
        self.names = sorted(self.files)
        for name in self.names:
            self.put(name, self.files[name])
        self.run_import("whole", *self.names)
        self.whole = self.dump("whole")
        self.assertGreater(len(self.whole["event"]), 250)
        self.assertEqual(len(self.whole["quarantine"]), 30)
        told = [row for row in self.whole["event"] if row[0] == "told@brackwell.net"]
        self.assertEqual(len(told), 1, told)  # though a minute began between the two
        for table in ("suppression", "domain_history", "domain_expiry"):
            self.assertTrue(self.whole[table], table)

    def put(self, name, data):
        path = self.write(name, data)
        os.utime(path, (self.now, self.now))
        return name

    def store(self, name):
        return os.path.join(self.home, name + ".db")

    def run_import(self, store, *names):
        return self.winnow("bounces", "import", "--json", "--db", self.store(store), *names).json()

    def dump(self, store):
        """table -> its rows, sorted, without what depends on where a row lies and came from."""
        with sqlite3.connect(self.store(store)) as db:
            return {table: sorted(db.execute(query), key=repr) for table, query in DUMP.items()}

    def compare(self, store):
        self.maxDiff = None
        found = self.dump(store)
        for table, rows in self.whole.items():
            with self.subTest(self.seed, table=table):
                self.assertEqual(sorted(set(found[table]) - set(rows), key=repr), [], "too much")
                self.assertEqual(sorted(set(rows) - set(found[table]), key=repr), [], "missing")
                self.assertEqual(len(found[table]), len(rows))

    def test_twice(self):
        again = self.run_import("whole", *self.names)
        self.assertEqual(again["new"], 0)
        self.compare("whole")
        for name in self.logs:  # from their beginnings, as other files
            os.rename(self.path(name), self.path("old"))
            self.put(name, self.files[name])
            os.remove(self.path("old"))
        self.assertEqual(self.run_import("whole", *self.names)["new"], 0)
        self.compare("whole")

    def test_reversed(self):
        self.run_import("other", *reversed(self.names))
        self.compare("other")

    def test_one_by_one(self):
        names = list(self.names)
        self.random.shuffle(names)
        for name in names:
            self.run_import("other", name)
        self.compare("other")

    def test_rebuilt(self):
        self.winnow("bounces", "import", "--rebuild", "--db", self.store("whole"))
        self.compare("whole")

    def test_growing_logs(self):
        """Every log is read in pieces that end anywhere."""
        rest = [name for name in self.names if name not in self.logs]
        self.run_import("other", *rest)
        cuts = {name: sorted(self.random.sample(range(1, len(self.files[name])), 6))
                + [len(self.files[name])] for name in self.logs}
        for name in self.logs:
            os.remove(self.path(name))
        for turn in range(7):
            for name in self.logs:
                at = cuts[name][turn - 1] if turn else 0
                with open(self.path(name), "ab") as f:
                    f.write(self.files[name][at:cuts[name][turn]])
                os.utime(self.path(name), (self.now, self.now))
                # By half a line something may not be seen to be a log; then nothing is taken.
                few = b"\n" not in self.files[name][:cuts[name][turn]]
                done = self.winnow("bounces", "import", "--db", self.store("other"), name,
                                   status=None)
                self.assertIn(done.status, (OK, DATA) if few else (OK,), (self.seed, done.err))
        self.compare("other")

    def grow(self, name, data, cuts):
        """Imports ever more of the file; what is in the store at the end is what one import of the
        whole gives."""
        old = self.now - 3600  # this is all there will be
        self.put(name, data)
        os.utime(self.path(name), (old, old))
        self.run_import("all of " + name, name)
        self.whole = self.dump("all of " + name)
        self.assertTrue(self.whole["event"], name)
        for at in sorted(cuts) + [len(data)]:
            with open(self.path(name), "wb") as growing:  # the writer is still at it
                growing.write(data[:at])
                growing.flush()
                done = self.winnow("bounces", "import", "--db", self.store(name), name,
                                   status=None)
            # By so little, what it is cannot always be told.
            few = data.count(b"\n", 0, at) < 2
            self.assertIn(done.status, (OK, DATA) if few else (OK,), (self.seed, at, done.err))
        self.put(name, data)
        os.utime(self.path(name), (old, old))
        self.run_import(name, name)
        with self.subTest(name):
            self.compare(name)

    def cuts(self, data, count=25):
        return self.random.sample(range(1, len(data)), rounds(count))

    def test_growing_mbox(self):
        """But for a cut behind a blank line in a message without parts: that may be its end."""
        told = b""
        while not told:  # the first is one that tells something
            self.random.shuffle(self.messages)
            self.write("first", mbox(self.messages[:1])[0])
            told = self.winnow("bounces", "parse", "-q", "first").out
        for name, count in (("box", len(self.messages)), ("small", 3), ("one", 1)):
            data = b"".join(mbox(self.messages[:count]))
            cuts = [at for at in self.cuts(data) if not data[:at].endswith(b"\n\n")]
            self.grow(name, data, cuts)

    def test_growing_mbox_by_messages(self):
        parts = mbox(self.messages)
        ends = [len(b"".join(parts[:i])) for i in range(1, len(parts))]
        self.grow("box", b"".join(parts), self.random.sample(ends, rounds(20)))

    def test_growing_json(self):
        dump = self.winnow("bounces", "parse", "-q", *self.names).out
        self.assertGreater(dump.count(b"\n"), 250)
        self.grow("dump.json", dump, self.cuts(dump, 40))
        for name in self.names:
            if name.endswith(".json"):
                self.grow(name, self.files[name], self.cuts(self.files[name], 6))

    def test_growing_csv(self):
        """Also one with addresses at the end of its rows, where half of one would be another's,
        and one whose cells hold lines that look like rows."""
        last = "date,text,email\r\n" + "".join(
            f"2026-10-{1 + i % 28:02}T10:00:00Z,550 5.1.1 user unknown,p{i}@alder.org\r\n"
            for i in range(60))
        lines = "email,date,code,text\n" + "".join(
            f'p{i}@alder.org,2026-10-{1 + i % 28:02}T10:00:00Z,550,"550 5.1.1 ""no such"" user\n'
            f'x{i}@alder.org,2026-10-02T10:00:00Z,550,550 5.1.1 quoted\nend"\n' for i in range(60))
        for name, data in (("last.csv", last.encode()), ("lines.csv", lines.encode()),
                           ("burst.csv", self.files["burst.csv"]),
                           ("bounces.csv", self.files["bounces.csv"])):
            self.grow(name, data, self.cuts(data))

    def test_through_a_pipe(self):
        """Standard input comes in pieces that end anywhere."""
        for name in self.names:
            data = self.files[name]
            run = self.start("bounces", "import", "--db", self.store("other"), "-", stdin=-1)
            at = 0
            while at < len(data):
                n = self.random.randint(1, len(data) - at)
                run.stdin.write(data[at:at + n])
                run.stdin.flush()
                at += n
            self.finish(run)
        self.compare("other")

    def test_record_by_record(self):
        """CSV and JSON, each record in a file of its own, and each message of the mbox."""
        names = []
        pieces = {"box": mbox(self.messages)}
        for name, data in self.files.items():
            if name.endswith(".csv"):
                pieces[name] = list(csv_pieces(data))
            elif name.endswith(".json"):
                pieces[name] = list(json_pieces(data))
        for name in self.names:
            for i, piece in enumerate(pieces.get(name, [self.files[name]])):
                names.append(self.put(f"pieces/{i:03}{name}", piece))
                if name == "box":  # one of them has open parts; that is all there will be
                    os.utime(self.path(names[-1]), (self.now - 3600, self.now - 3600))
        self.random.shuffle(names)
        self.run_import("other", *names)
        self.compare("other")


if __name__ == "__main__":
    main()
