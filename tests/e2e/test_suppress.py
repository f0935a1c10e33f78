#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The suppression list, by hand, as files and as hashes: WN_BINARY=... python3
tests/e2e/test_suppress.py"""

import fcntl
import gzip
import hashlib
import json
import os
import signal
import sqlite3
import stat

import support
from support import CANTCREATE, DATA, IO, NOINPUT, NOT_KEEP, OK, TEMPFAIL, USAGE, Case, read

AS_OF = "2026-11-01"

# What the store of these tests says, told as `bounces import` wants it.
BOUNCES = """email,code,date
hard@brackwell.net,550 5.1.1 no such user,2026-05-02
both@brackwell.net,550 5.1.1 no such user,2026-05-03
full@brackwell.net,552 5.2.2 over quota,2026-09-20
full@brackwell.net,552 5.2.2 over quota,2026-10-05
full@brackwell.net,552 5.2.2 over quota,2026-10-20
often@brackwell.net,4.1.1,2026-09-21
often@brackwell.net,4.1.1,2026-10-06
often@brackwell.net,4.1.1,2026-10-21
once@brackwell.net,4.1.1,2026-10-21
"""
PEOPLE = """email,kind,date
complained@brackwell.net,complaint,2026-05-01T10:00:00Z
both@brackwell.net,unsubscribe,2026-06-01T11:30:00Z
hand@brackwell.net,manual_add,2026-07-01
fine@brackwell.net,delivered,2026-07-01
"""

FULL_AT = BOUNCES.index("full@brackwell.net,552 5.2.2 over quota,2026-10-20")
OFTEN_AT = BOUNCES.index("often@brackwell.net,4.1.1,2026-10-21")
WINNOW = f"""address,reason,since,until,source,diagnostic,bounced_at
both@brackwell.net,unsubscribed,2026-06-01T11:30:00Z,,people.csv@{PEOPLE.index("both")},,
both@brackwell.net,hard_bounced,2026-05-03T00:00:00Z,,bounces.csv@{BOUNCES.index("both")},\
550 5.1.1 no such user,
complained@brackwell.net,complained,2026-05-01T10:00:00Z,,people.csv@{PEOPLE.index("comp")},,
full@brackwell.net,full_too_long,2026-10-20T00:00:00Z,2027-04-18T00:00:00Z,bounces.csv@{FULL_AT},\
552 5.2.2 over quota,2026-09-20T00:00:00Z;2026-10-05T00:00:00Z;2026-10-20T00:00:00Z
hand@brackwell.net,suppressed,2026-07-01T00:00:00Z,,people.csv@{PEOPLE.index("hand")},,
hard@brackwell.net,hard_bounced,2026-05-02T00:00:00Z,,bounces.csv@{BOUNCES.index("hard")},\
550 5.1.1 no such user,
often@brackwell.net,bounced_too_often,2026-10-21T00:00:00Z,2027-04-19T00:00:00Z,\
bounces.csv@{OFTEN_AT},,\
2026-09-21T00:00:00Z;2026-10-06T00:00:00Z;2026-10-21T00:00:00Z
"""
ADDRESSES = [f"{name}@brackwell.net"
             for name in ("both", "complained", "full", "hand", "hard", "often")]


def sha256(address):
    return hashlib.sha256(address.encode()).hexdigest()


EXPORTS = {
    "winnow": WINNOW,
    "email": "Email\n" + "".join(a + "\n" for a in ADDRESSES),
    "mailgun": """address,code,error,created_at
both@brackwell.net,550,550 5.1.1 no such user,"Sun, 03 May 2026 00:00:00 +0000"
full@brackwell.net,552,552 5.2.2 over quota,"Tue, 20 Oct 2026 00:00:00 +0000"
hand@brackwell.net,550,,"Wed, 01 Jul 2026 00:00:00 +0000"
hard@brackwell.net,550,550 5.1.1 no such user,"Sat, 02 May 2026 00:00:00 +0000"
often@brackwell.net,550,,"Wed, 21 Oct 2026 00:00:00 +0000"
""",
    "mailgun-complaints": """address,created_at
complained@brackwell.net,"Fri, 01 May 2026 10:00:00 +0000"
""",
    "mailgun-unsubscribes": """address,tags,created_at
both@brackwell.net,*,"Mon, 01 Jun 2026 11:30:00 +0000"
""",
    "ses": """both@brackwell.net,COMPLAINT
complained@brackwell.net,COMPLAINT
full@brackwell.net,BOUNCE
hand@brackwell.net,BOUNCE
hard@brackwell.net,BOUNCE
often@brackwell.net,BOUNCE
""",
    "sparkpost": """recipient,type,description
both@brackwell.net,non_transactional,unsubscribed
complained@brackwell.net,non_transactional,complained
full@brackwell.net,transactional,full_too_long
full@brackwell.net,non_transactional,full_too_long
hand@brackwell.net,transactional,suppressed
hand@brackwell.net,non_transactional,suppressed
hard@brackwell.net,transactional,hard_bounced
hard@brackwell.net,non_transactional,hard_bounced
often@brackwell.net,transactional,bounced_too_often
often@brackwell.net,non_transactional,bounced_too_often
""",
    "listmonk": "email,name,attributes\n" + "".join(
        f'{address},,"{{""winnow_reason"":""{reason}"",""winnow_since"":""{since}""}}"\n'
        for address, reason, since in (
            ("both@brackwell.net", "unsubscribed", "2026-06-01T11:30:00Z"),
            ("complained@brackwell.net", "complained", "2026-05-01T10:00:00Z"),
            ("full@brackwell.net", "full_too_long", "2026-10-20T00:00:00Z"),
            ("hand@brackwell.net", "suppressed", "2026-07-01T00:00:00Z"),
            ("hard@brackwell.net", "hard_bounced", "2026-05-02T00:00:00Z"),
            ("often@brackwell.net", "bounced_too_often", "2026-10-21T00:00:00Z"))),
    "sha256": "".join(digest + "\n" for digest in sorted(sha256(a) for a in ADDRESSES)),
}


class SuppressCase(Case):
    def suppress(self, *arguments, db=None, **how):
        return self.winnow("suppress", arguments[0], "--db", db or self.db, *arguments[1:], **how)

    def fill(self):
        """The store with the events above."""
        self.write("bounces.csv", BOUNCES)
        self.write("people.csv", PEOPLE)
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv", "people.csv")

    def export(self, form="winnow", *arguments, db=None):
        return self.suppress("export", "--format", form, "--as-of", AS_OF, *arguments,
                             db=db).out.decode()

    def held(self, db=None, *arguments):
        """address -> (reason, since, until, what was said); the first of each address."""
        out = self.suppress("list", "--as-of", AS_OF, *arguments, db=db).out.decode()
        held = {}
        for line in out.splitlines():
            address, *rest = line.split("\t")
            held.setdefault(address, tuple(rest))
        return held

    def take(self, text, *arguments, name="list.csv", db=None, **how):
        """Imports a file; gives the counts (read, new, known, unused)."""
        self.write(name, text)
        counts = self.suppress("import", "--json", *arguments, name, db=db, **how).json()
        self.assertEqual(counts["read"], counts["new"] + counts["known"] + counts["unused"])
        return tuple(counts[key] for key in ("read", "new", "known", "unused"))

    def reason(self, address, *arguments, db=None):
        done = self.winnow("check", "--offline", "--json", "--db", db or self.db, "--as-of", AS_OF,
                           *arguments, address, status=None)
        return json.loads(done.out)["reason"]

    def events(self, db=None):
        with sqlite3.connect(db or self.db) as store:
            return store.execute("SELECT count(*) FROM event").fetchone()[0]


class ByHandTest(SuppressCase):
    def test_add(self):
        done = self.suppress("add", "Bob@BRACKWELL.net", "--reason", "asked by phone")
        self.assertRegex(done.out.decode(),
                         r"\Abob@brackwell\.net: suppressed since 20\d\d-\d\d-\d\dT[\d:]+Z\n\Z")
        self.assertEqual(self.reason("bob@brackwell.net"), "suppressed")
        history = self.winnow("history", "--db", self.db, "bob@brackwell.net").out.decode()
        self.assertIn("manual_add", history)
        self.assertIn("[winnow suppress]", history)
        self.assertIn("asked by phone", history)
        self.assertIn("only 'winnow suppress remove' lifts it", history)
        self.assertEqual(stat.S_IMODE(os.stat(self.db).st_mode), 0o600)

    def test_adding_twice(self):
        self.suppress("add", "bob@brackwell.net")
        before = self.events()
        done = self.suppress("add", "bob@brackwell.net", "BOB@brackwell.net", "--reason", "other")
        self.assertEqual(done.out.decode().count("bob@brackwell.net: already suppressed, since"), 2)
        self.assertEqual(self.events(), before)

    def test_add_remove_add_within_a_second(self):
        """Was: an event's identity has the minute alone, so the second add was none."""
        for _ in range(3):
            self.suppress("add", "bob@brackwell.net")
            self.assertEqual(self.reason("bob@brackwell.net"), "suppressed")
            done = self.suppress("remove", "bob@brackwell.net")
            self.assertEqual(done.out, b"bob@brackwell.net: not suppressed any more\n")
            self.assertEqual(self.reason("bob@brackwell.net"), "not_checked")
        self.assertEqual(self.events(), 6)
        self.winnow("bounces", "import", "--rebuild", "--db", self.db)
        self.assertEqual(self.reason("bob@brackwell.net"), "not_checked")

    def test_removing_what_is_not_suppressed(self):
        self.suppress("add", "bob@brackwell.net")
        done = self.suppress("remove", "ann@brackwell.net")
        self.assertEqual(done.out, b"ann@brackwell.net: was not suppressed\n")
        self.assertEqual(self.events(), 1)

    def test_remove_forgives_bounces(self):
        self.fill()
        for name in ("hard", "full", "often"):
            done = self.suppress("remove", f"{name}@brackwell.net")
            self.assertEqual(done.out.decode(), f"{name}@brackwell.net: not suppressed any more\n")
            self.assertEqual(self.reason(f"{name}@brackwell.net"), "not_checked")

    def test_remove_lifts_nobodys_own_word(self):
        self.fill()
        done = self.suppress("remove", "complained@brackwell.net", "both@brackwell.net")
        lines = done.out.decode().splitlines()
        self.assertEqual(lines, [
            "complained@brackwell.net: it is complained since 2026-05-01T10:00:00Z; only the "
            "person's own later resubscription lifts it",
            "both@brackwell.net: bounces and the operator's word are lifted, but it is unsubscribed "
            "since 2026-06-01T11:30:00Z; only the person's own later resubscription lifts it"])
        self.assertEqual(self.reason("both@brackwell.net"), "unsubscribed")

    def test_standard_input(self):
        done = self.suppress("add", "-", "cy@brackwell.net",
                             stdin=b"ann@brackwell.net\r\n\n Bob <bob@brackwell.net> \n")
        self.assertEqual([line.split(b":")[0] for line in done.out.splitlines()],
                         [b"ann@brackwell.net", b"bob@brackwell.net", b"cy@brackwell.net"])

    def test_what_is_no_address_stores_nothing(self):
        for word in ("bob", "a..b@brackwell.net", "", "a@x.de, b@x.de", "sha256:12",
                     "sha256:" + "g" * 64):
            with self.subTest(word):
                done = self.suppress("add", "ann@brackwell.net", word, status=DATA)
                self.assertIn(f"'{word}' is no", done.err)
        done = self.suppress("add", "-", status=DATA, stdin=b"ann@brackwell.net\nbob\n")
        self.assertIn("'bob' is no address", done.err)
        self.assertFalse(os.path.exists(self.db))

    def test_hostile_words(self):
        done = self.suppress("add", "ann@brackwell.net", "--reason", "\x1b[31m" + "x" * 5000)
        self.assertNotIn(b"\x1b", done.out)
        self.assertNotIn(b"\x1b", self.suppress("list").out)
        self.assertNotIn(b"\x1b", self.suppress("export").out)

    def test_usage(self):
        for arguments in (("add",), ("remove",), ("list", "x"), ("export", "x"), ("import",)):
            with self.subTest(arguments[0]):
                self.suppress(*arguments, status=USAGE)
        self.winnow("suppress", status=USAGE)
        done = self.winnow("suppress", "frob", status=USAGE)
        self.assertIn("there is no 'winnow suppress frob'", done.err)
        done = self.suppress("list", "--reason", "hard_bounce", status=USAGE)
        self.assertIn("did you mean 'hard_bounced'", done.err)
        done = self.suppress("export", "--format", "mailgum", status=USAGE)
        self.assertIn("did you mean 'mailgun'", done.err)
        self.suppress("import", "--format", "xls", "x", status=USAGE)
        self.suppress("import", "--as", "bounced", "x", status=USAGE)

    def test_help(self):
        for word in ("add", "remove", "list", "import", "export"):
            with self.subTest(word):
                out = self.winnow("help", "suppress", word).out.decode()
                self.assertTrue(out.startswith(f"winnow suppress {word} "), out)
        self.assertIn("suppress export", self.winnow("help").out.decode())

    def test_lock(self):
        self.suppress("add", "bob@brackwell.net")
        self.write("list.csv", "ann@brackwell.net\n")
        with open(self.db + ".import.lock", "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for arguments in (("add", "ann@brackwell.net"), ("remove", "bob@brackwell.net"),
                              ("import", "list.csv")):
                with self.subTest(arguments[0]):
                    done = self.suppress(*arguments, status=TEMPFAIL)
                    self.assertIn("in use by", done.err)
            self.assertIn(b"bob@brackwell.net", self.suppress("list").out)
            self.assertIn(b"bob@brackwell.net", self.suppress("export").out)


class ListTest(SuppressCase):
    def test_list(self):
        self.fill()
        out = self.suppress("list", "--as-of", AS_OF).out.decode()
        self.assertEqual(out, "".join(line + "\n" for line in (
            "both@brackwell.net\tunsubscribed\t2026-06-01T11:30:00Z\t-\t",
            "both@brackwell.net\thard_bounced\t2026-05-03T00:00:00Z\t-\t550 5.1.1 no such user",
            "complained@brackwell.net\tcomplained\t2026-05-01T10:00:00Z\t-\t",
            "full@brackwell.net\tfull_too_long\t2026-10-20T00:00:00Z\t2027-04-18T00:00:00Z\t"
            "552 5.2.2 over quota",
            "hand@brackwell.net\tsuppressed\t2026-07-01T00:00:00Z\t-\t",
            "hard@brackwell.net\thard_bounced\t2026-05-02T00:00:00Z\t-\t550 5.1.1 no such user",
            "often@brackwell.net\tbounced_too_often\t2026-10-21T00:00:00Z\t2027-04-19T00:00:00Z\t"
        )))

    def test_it_is_what_check_says(self):
        self.fill()
        held = self.held()
        for address in ADDRESSES + ["once@brackwell.net", "fine@brackwell.net"]:
            reason = self.reason(address)
            with self.subTest(address):
                self.assertEqual(held.get(address, ("",))[0],
                                 reason if address in ADDRESSES else "")

    def test_a_soft_one_ends(self):
        self.fill()
        for day, there in (("2027-04-17", True), ("2027-04-18", False)):
            out = self.suppress("list", "--as-of", day).out.decode()
            self.assertEqual("full@brackwell.net" in out, there, day)

    def test_filters(self):
        self.fill()
        cases = {("--reason", "hard_bounced"): ["both", "hard"],
                 ("--reason", "complained"): ["complained"],
                 ("--since", "2026-06-01"): ["both", "full", "hand", "often"],
                 ("--since", "2026-06-02", "--reason", "hard_bounced"): []}
        for arguments, names in cases.items():
            with self.subTest(arguments):
                self.assertEqual(list(self.held(None, *arguments)),
                                 [f"{name}@brackwell.net" for name in names])

    def test_json(self):
        self.fill()
        out = self.suppress("list", "--as-of", AS_OF, "--json", "--reason", "full_too_long").out
        self.assertEqual(json.loads(out), {
            "address": "full@brackwell.net", "reason": "full_too_long",
            "since": "2026-10-20T00:00:00Z", "until": "2027-04-18T00:00:00Z",
            "cleared_by": "a delivery at least 24 h after the last bounce, 'winnow suppress remove', "
                          "or time clears it",
            "source": f"bounces.csv@{FULL_AT}", "diagnostic": "552 5.2.2 over quota"})

    def test_no_store(self):
        self.assertEqual(self.suppress("list").out, b"")
        self.assertEqual(self.suppress("export").out,
                         b"address,reason,since,until,source,diagnostic,bounced_at\n")
        self.assertFalse(os.path.exists(self.db))


class ExportTest(SuppressCase):
    def test_formats(self):
        self.fill()
        for form, expected in EXPORTS.items():
            with self.subTest(form):
                self.assertEqual(self.export(form), expected)

    def test_filters(self):
        self.fill()
        self.assertEqual(self.export("email", "--reason", "hard_bounced"),
                         "Email\nboth@brackwell.net\nhard@brackwell.net\n")

    def test_what_is_left_out_is_said(self):
        self.fill()
        self.suppress("add", "sha256:" + sha256("x@brackwell.net"))
        done = self.suppress("export", "--format", "mailgun", "--as-of", AS_OF)
        self.assertIn("1 belong into another of its lists", done.err)
        self.assertIn("1 are known by their SHA-256 alone", done.err)
        self.assertEqual(self.suppress("export", "-q").err, "")

    def test_file(self):
        self.fill()
        os.umask(0)
        for before in (None, "old\n"):
            with self.subTest(before):
                if before is not None:
                    os.chmod(self.write("out.csv", before), 0o644)
                self.export("email", "--output", "out.csv")
                self.assertEqual(read(self.path("out.csv")).decode(), EXPORTS["email"])
                self.assertEqual(stat.S_IMODE(os.stat(self.path("out.csv")).st_mode), 0o600)
        self.assertEqual(self.litter("out.csv", "bounces.csv", "people.csv"), [])

    def test_what_a_killed_run_left_is_no_hindrance(self):
        self.fill()
        self.write(".out.csv.new", "half a li" * 10000)
        self.export("email", "-o", "out.csv")
        self.assertEqual(read(self.path("out.csv")).decode(), EXPORTS["email"])
        self.assertEqual(self.litter("out.csv", "bounces.csv", "people.csv"), [])

    def test_a_link_stays_one(self):
        self.fill()
        os.mkdir(self.path("there"))
        self.write("there/real.csv", "old\n")
        os.symlink("there/real.csv", self.path("link.csv"))
        self.export("email", "-o", "link.csv")
        self.assertTrue(os.path.islink(self.path("link.csv")))
        self.assertEqual(read(self.path("there/real.csv")).decode(), EXPORTS["email"])

    def test_places(self):
        self.fill()
        self.suppress("export", "-o", "no/such/place.csv", status=CANTCREATE)
        self.suppress("export", "-o", ".", status=CANTCREATE)
        self.suppress("export", "-o", "/dev/full", status=IO)
        self.suppress("export", "-o", "/dev/null")
        with open("/dev/full", "wb") as full:
            self.suppress("export", stdout=full, status=IO)
            self.suppress("list", stdout=full, status=IO)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/full").st_mode))

    def test_a_failed_export_leaves_the_old_file(self):
        self.fill()
        self.write("out.csv", "old\n")
        with sqlite3.connect(self.db) as store:
            store.execute("UPDATE suppression SET state = x'00' WHERE address LIKE 'often%'")
        self.suppress("export", "-o", "out.csv", status=IO)
        self.assertEqual(read(self.path("out.csv")), b"old\n")
        self.assertEqual(self.litter("out.csv", "bounces.csv", "people.csv"), [])


class RoundTripTest(SuppressCase):
    def setUp(self):
        super().setUp()
        self.other = os.path.join(self.home, "other.db")

    def test_winnows_own(self):
        self.fill()
        self.assertEqual(self.take(self.export(), db=self.other), (7, 7, 0, 0))
        self.assertEqual(self.export(db=self.other), WINNOW)
        self.assertEqual(self.held(self.other), self.held())
        self.assertEqual(self.take(WINNOW, db=self.other), (7, 0, 7, 0))
        self.winnow("bounces", "import", "--rebuild", "--db", self.other)
        self.assertEqual(self.export(db=self.other), WINNOW)

    def test_into_the_store_it_came_from(self):
        self.fill()
        before = self.events()
        self.assertEqual(self.take(self.export()), (7, 0, 7, 0))
        self.assertEqual(self.events(), before)

    def test_what_clears_it_there_clears_it_here(self):
        self.fill()
        self.take(self.export(), db=self.other)
        self.write("later.csv", "email,kind,date\n" + "".join(
            f"{a},delivered,2026-10-25\n" for a in ADDRESSES))
        for db in (self.db, self.other):
            self.winnow("bounces", "import", "--db", db, "later.csv")
            self.assertEqual(list(self.held(db)), ["both@brackwell.net", "complained@brackwell.net",
                                                   "hand@brackwell.net"])

    def test_a_long_soft_story(self):
        """Days with several bounces, a delivery in between, a deferral that was delivered."""
        rows = ["email,kind,code,id,date\n"]
        rows += [f"a@brackwell.net,bounce,4.2.2,,2026-03-{day:02}T0{hour}:00:00Z\n"
                 for day in range(1, 29) for hour in (1, 2)]
        rows += ["a@brackwell.net,delivered,250,,2026-04-05\n"]
        rows += [f"a@brackwell.net,bounce,4.2.2,,2026-{month:02}-{day:02}\n"
                 for month in (8, 9, 10) for day in (3, 11, 23)]
        self.write("story.csv", "".join(rows))
        self.winnow("bounces", "import", "--db", self.db, "story.csv")
        before = self.export()
        self.assertIn("full_too_long,2026-08-23T00:00:00Z,2027-04-21T00:00:00Z", before)
        self.take(before, db=self.other)
        self.assertEqual(self.export(db=self.other), before)

    def test_every_format_suppresses_the_same(self):
        """form -> the reasons that it cannot tell, as what they come back"""
        lost = {"ses": {"unsubscribed": "complained"}, "email": None}
        self.fill()
        for form in EXPORTS:
            if form == "sha256":
                continue
            with self.subTest(form):
                db = os.path.join(self.home, form + ".db")
                text = self.export(form)
                read_, new, known, unused = self.take(text, db=db)
                self.assertEqual((read_, unused), (new + known, 0))
                self.assertEqual(self.take(text, db=db), (read_, 0, read_, 0))
                if form != "mailgun-complaints":
                    self.assertEqual(self.take(text, "--format", form, db=db),
                                     (read_, 0, read_, 0))
                wanted = {line.split(",")[0] for line in self.export(form).splitlines()
                          if "@" in line}
                held = self.held(db)
                self.assertEqual(set(held), wanted)
                for address, (reason, *_) in self.held().items():
                    if address in wanted and form in ("winnow", "ses", "sparkpost", "listmonk"):
                        will = reason in ("complained", "unsubscribed")
                        told = (lost.get(form) or {}).get(reason, reason)
                        self.assertEqual(held[address][0] if will else told, told, address)

    def test_dates_come_back(self):
        self.fill()
        for form, address, since in (
                ("mailgun", "hard@brackwell.net", "2026-05-02T00:00:00Z"),
                ("mailgun-complaints", "complained@brackwell.net", "2026-05-01T10:00:00Z"),
                ("mailgun-unsubscribes", "both@brackwell.net", "2026-06-01T11:30:00Z"),
                ("listmonk", "complained@brackwell.net", "2026-05-01T10:00:00Z")):
            with self.subTest(form):
                db = os.path.join(self.home, form + ".db")
                self.take(self.export(form), "--format", form, db=db)
                self.assertEqual(self.held(db)[address][1], since)


class ImportTest(SuppressCase):
    """Lists as other tools and people write them."""

    # name -> (file, [(address, reason, since or None for now, what was said)], unused)
    FILES = {
        "plain": ("ann@brackwell.net\r\nBOB@Brackwell.net\r\n\r\nno address\r\n",
                  [("ann", "suppressed", None, ""), ("bob", "suppressed", None, "")], 1),
        "email": ("\ufeff\"Email\"\nann@brackwell.net\n", [("ann", "suppressed", None, "")], 0),
        "semicolons": ("Name;E-Mail;Datum;Date\nAnn;ann@brackwell.net;1.2.2026;2026-02-01\n",
                       [("ann", "suppressed", "2026-02-01T00:00:00Z", "")], 0),
        "mailgun bounces": (
            "address,code,error,created_at\nann@brackwell.net,605,Not delivering,"
            "\"Fri, 18 Oct 2024 18:28:14 UTC\"\n"
            "bob@brackwell.net,550,550 5.1.1 no,\"Mon, 01 Jan 0001 00:00:00 UTC\"\n",
            [("ann", "suppressed", "2024-10-18T18:28:14Z", "605 Not delivering"),
             ("bob", "suppressed", None, "550 5.1.1 no")], 0),
        "mailgun unsubscribes": (
            "address,tags,created_at\nann@brackwell.net,*,2026-02-01\n"
            "bob@brackwell.net,news,2026-02-01\ncy@brackwell.net,\"news,*\",2026-02-01\n",
            [("ann", "unsubscribed", "2026-02-01T00:00:00Z", ""),
             ("cy", "unsubscribed", "2026-02-01T00:00:00Z", "")], 1),
        "mailgun api": (
            json.dumps({"items": [{"address": "ann@brackwell.net", "tags": ["*"],
                                   "created_at": "Fri, 18 Oct 2024 18:28:14 UTC"},
                                  {"address": "bob@brackwell.net", "tags": ["news"]}],
                        "paging": {"next": "https://x"}}),
            [("ann", "unsubscribed", "2024-10-18T18:28:14Z", "")], 1),
        "ses csv": ("ann@brackwell.net,BOUNCE\nbob@brackwell.net, COMPLAINT\n",
                    [("ann", "suppressed", None, "BOUNCE"), ("bob", "complained", None, "COMPLAINT")],
                    0),
        "ses json lines": (
            '{"emailAddress": "ann@brackwell.net", "reason": "BOUNCE"}\n'
            '{"emailAddress": "bob@brackwell.net", "reason": "COMPLAINT"}\n{"emailAddress": 7}\n',
            [("ann", "suppressed", None, "BOUNCE"), ("bob", "complained", None, "COMPLAINT")], 1),
        "ses api": (
            json.dumps({"SuppressedDestinationSummaries": [
                {"EmailAddress": "ann@brackwell.net", "Reason": "COMPLAINT",
                 "LastUpdateTime": "2026-04-10T21:03:05+02:00"},
                {"EmailAddress": "bob@brackwell.net", "Reason": "BOUNCE",
                 "LastUpdateTime": 1586552585.077}], "NextToken": "x"}),
            [("ann", "complained", "2026-04-10T19:03:05Z", "COMPLAINT"),
             ("bob", "suppressed", "2020-04-10T21:03:05Z", "BOUNCE")], 0),
        "sparkpost csv": (
            "recipient,type,description\nann@brackwell.net,transactional,Example data\n"
            "ann@brackwell.net,non_transactional,Example data\n",
            [("ann", "suppressed", None, "Example data")], 0),
        "sparkpost api": (
            json.dumps({"results": [
                {"recipient": "ann@brackwell.net", "type": "non_transactional",
                 "source": "Spam Complaint", "description": "x",
                 "created": "2026-05-01T12:00:00+00:00", "updated": "2026-06-01T12:00:00+00:00"},
                {"recipient": "bob@brackwell.net", "source": "List Unsubscribe",
                 "created": "2026-05-01T12:00:00+00:00"},
                {"recipient": "cy@brackwell.net", "source": "Bounce Rule",
                 "description": "550 no such user"}]}),
            [("ann", "complained", "2026-05-01T12:00:00Z", "x"),
             ("bob", "unsubscribed", "2026-05-01T12:00:00Z", "List Unsubscribe"),
             ("cy", "suppressed", None, "550 no such user")], 0),
        "sendgrid": ("status,reason,email,created\n5.1.1,550 no,ann@brackwell.net,1767225600\n",
                     [("ann", "suppressed", "2026-01-01T00:00:00Z", "550 no")], 0),
        "postmark": (
            '{"Suppressions":[{"EmailAddress":"ann@brackwell.net","SuppressionReason":"SpamComplaint"'
            ',"Origin":"Recipient","CreatedAt":"2026-01-10T08:58:33-05:00"},{"EmailAddress":'
            '"bob@brackwell.net","SuppressionReason":"HardBounce","CreatedAt":"x"}]}',
            [("ann", "complained", "2026-01-10T13:58:33Z", "SpamComplaint"),
             ("bob", "suppressed", None, "HardBounce")], 0),
        "mandrill": (
            "email,reason,detail,created_at,expires_at\n"
            "ann@brackwell.net,hard-bounce,smtp;550 no,2026-01-14 19:08:17.5,2030-01-01\n"
            "bob@brackwell.net,soft-bounce,,2015-11-03 10:22:19,2015-11-04 10:22:19\n",
            [("ann", "suppressed", "2026-01-14T19:08:17Z", "smtp;550 no")], 1),
        "listmonk subscribers": (
            "uuid,email,name,attributes,status,created_at\n"
            "1,ann@brackwell.net,Ann,{},enabled,2026-01-01\n"
            "2,bob@brackwell.net,Bob,{},blocklisted,2026-01-02\n",
            [("bob", "suppressed", "2026-01-02T00:00:00Z", "blocklisted")], 1),
        "contacts": (
            "Email,Status,Source,Unsubscribed at\nann@brackwell.net,active,manual,\n"
            "bob@brackwell.net,Unsubscribed,manual,2026-03-04\n",
            [("bob", "unsubscribed", "2026-03-04T00:00:00Z", "Unsubscribed")], 1),
        "own words": ("email,reason\nann@brackwell.net,asked by phone\n",
                      [("ann", "suppressed", None, "asked by phone")], 0),
        "two addresses": ("email\n\"ann@brackwell.net, bob@brackwell.net\"\n", [], 1),
        "empty": ("", [], 0),
        "json texts": ('["ann@brackwell.net", "x"]', [("ann", "suppressed", None, "")], 1),
    }

    def test_files(self):
        for i, (name, (text, wanted, unused)) in enumerate(self.FILES.items()):
            with self.subTest(name):
                db = os.path.join(self.home, f"{i}.db")
                counts = self.take(text, db=db)
                self.assertEqual(counts[3], unused)
                held = self.held(db)
                self.assertEqual(sorted(held), [f"{w[0]}@brackwell.net" for w in wanted])
                for address, reason, since, said in wanted:
                    got = held[f"{address}@brackwell.net"]
                    self.assertEqual((got[0], got[3]), (reason, said))
                    if since is not None:
                        self.assertEqual(got[1], since)
                    else:
                        self.assertGreater(got[1], "2026-11-2")
                again = self.take(text, db=db)
                self.assertEqual(again, (counts[0], 0, counts[0] - unused, unused))

    def test_as(self):
        for word in ("suppressed", "complained", "unsubscribed"):
            db = os.path.join(self.home, word + ".db")
            self.take("email,date\nann@brackwell.net,2026-01-01\n", "--as", word, db=db)
            self.assertEqual(self.held(db)["ann@brackwell.net"][0], word)

    def test_column(self):
        text = "a,email\nann@brackwell.net,bob@brackwell.net\n"
        for column, there in (("a", "ann"), ("2", "bob"), ("EMAIL", "bob")):
            with self.subTest(column):
                db = os.path.join(self.home, column + ".db")
                self.take(text, "--column", column, db=db)
                self.assertEqual(list(self.held(db)), [f"{there}@brackwell.net"])
        done = self.suppress("import", "--column", "b", self.write("x.csv", text), status=DATA)
        self.assertIn("there is no column 'b'", done.err)

    def test_format_is_a_demand(self):
        cases = {"winnow": "email\nann@brackwell.net\n", "ses": "email\nann@brackwell.net\n",
                 "sha256": "sha256\n" + "0" * 64 + "\n", "email": "ann@brackwell.net\n",
                 "mailgun": "address,created_at\nann@brackwell.net,2026-01-01\n"}
        for form, text in cases.items():
            with self.subTest(form):
                self.suppress("import", "--format", form, self.write("x.csv", text), status=DATA)
                self.suppress("import", "--format", "auto", "-n", "x.csv")

    def test_unused_rows_are_listed(self):
        self.write("x.csv", "email,status\n\x1b[31mx,active\nann@brackwell.net,active\n")
        done = self.suppress("import", "-v", "x.csv")
        self.assertIn("x.csv:2: no address that can be one", done.err)
        self.assertIn("x.csv:3: says that the address is subscribed ('active')", done.err)
        self.assertNotIn("\x1b", done.err)
        self.assertIn("2 read: 0 new, 0 known, 2 unused", done.err)

    def test_dry_run(self):
        self.assertEqual(self.take("ann@brackwell.net\n" + "0" * 64 + "\n", "-n"), (2, 2, 0, 0))
        self.assertEqual(self.held(), {})

    def test_an_earlier_date_counts(self):
        self.take("email,date\nann@brackwell.net,2026-03-01\n")
        self.take("email,date\nann@brackwell.net,2026-02-01\n")
        self.assertEqual(self.take("email,date\nann@brackwell.net,2026-04-01\n"), (1, 0, 1, 0))
        self.assertEqual(self.held()["ann@brackwell.net"][1], "2026-02-01T00:00:00Z")

    def test_an_old_row_does_not_undo_a_removal(self):
        text = "email,date\nann@brackwell.net,2026-03-01\n"
        self.take(text)
        self.suppress("remove", "ann@brackwell.net")
        self.take(text)
        self.assertEqual(self.held(), {})
        self.take("ann@brackwell.net\n")  # without a date it is said now
        self.assertEqual(list(self.held()), ["ann@brackwell.net"])

    def test_a_soft_row_without_its_bounces(self):
        """It would not end: it is taken as the operator's word, never as nothing."""
        text = WINNOW.replace(
            "2026-09-20T00:00:00Z;2026-10-05T00:00:00Z;2026-10-20T00:00:00Z", "x;y")
        self.take(text)
        self.assertEqual(self.held()["full@brackwell.net"][:2],
                         ("suppressed", "2026-10-20T00:00:00Z"))
        self.assertEqual(self.take(text), (7, 0, 7, 0))

    def test_compressed_and_standard_input(self):
        self.write("x.gz", gzip.compress(b"ann@brackwell.net\n"))
        self.suppress("import", "x.gz")
        self.suppress("import", "-", stdin=b"bob@brackwell.net\n")
        self.suppress("import", self.write("utf16.csv", "cy@brackwell.net\n".encode("utf-16")))
        self.assertEqual(len(self.held()), 3)

    def test_bad_files(self):
        done = self.suppress("import", self.write("x", "a,b\n1,2\n"), status=DATA)
        self.assertIn("its first line is: a, b", done.err)
        done = self.suppress("import", self.write("x", b"PK\x03\x04" + b"\0" * 99), status=DATA)
        self.assertIn("workbook", done.err)
        self.suppress("import", "-", "-", status=USAGE)
        self.suppress("import", "missing.csv", status=NOINPUT)
        self.suppress("import", ".", status=NOINPUT)
        self.assertEqual(self.held(), {})

    def test_hostile_files(self):
        """Nothing here names an address, so nothing may come of it."""
        cases = {
            "deep": "[" * 100000, "deep objects": '{"items":' * 5000,
            "nul": "email\nann@brack\0well.net\n", "quotes": 'email\n"ann@brackwell.net\n' + '"' * 999,
            "long line": "email\n" + "a" * 3_000_000 + "@brackwell.net\n",
            "many columns": "email" + ",reason" * 5000 + "\n" + "," * 5000 + "\n",
            "control": "email\nann\x01@brackwell.net\n", "half a record": '[{"email":"ann@brack',
            "no utf-8": b"email\n\xff\xfe\xfa@brackwell.net\n",
            "a number": "email\n" + "1" * 64 + "1\n",
            "twice": '{"email":["ann@brackwell.net","bob@brackwell.net"]}',
        }
        for name, text in cases.items():
            with self.subTest(name):
                done = self.suppress("import", self.write("x", text), status=None)
                self.assertIn(done.status, (OK, DATA))
                self.assertEqual(self.held(), {})

    def test_stopped(self):
        read_end, write_end = os.pipe()
        with os.fdopen(read_end) as source:
            run = self.start("suppress", "import", "--db", self.db, "-", stdin=source)
            os.write(write_end, b"ann@brackwell.net\n")
            self.wait_until("the lock", lambda: os.path.exists(self.db + ".import.lock"))
            run.send_signal(signal.SIGINT)
            os.close(write_end)
            _, err = run.communicate(timeout=support.PATIENCE)
        self.assertEqual(run.returncode, 128 + signal.SIGINT, err)

    def test_a_large_list(self):
        """More rows than a transaction has; a stop in between would keep the ones before."""
        rows = 70000
        text = "email,date\n" + "".join(f"p{i}@brackwell.net,2026-01-01\n" for i in range(rows))
        self.assertEqual(self.take(text), (rows, rows, 0, 0))
        self.assertEqual(self.take(text), (rows, 0, rows, 0))
        self.assertEqual(len(self.export("email").splitlines()), rows + 1)
        first = self.start("suppress", "list", "--db", self.db)
        first.stdout.readline()
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=support.PATIENCE)
        self.assertEqual(first.returncode, 128 + signal.SIGINT, err)


class HashedTest(SuppressCase):
    LIST = "email\nann@brackwell.net\nBob@brackwell.net\ncy@brackwell.net\n"

    def setUp(self):
        super().setUp()
        self.hashes = sha256("ann@brackwell.net") + "\n" + sha256("bob@brackwell.net").upper() + "\n"

    def dropped(self, text=None, *arguments):
        self.write("people.csv", text or self.LIST)
        out = self.winnow("clean", "--offline", "--db", self.db, "--only", "drop", *arguments,
                          "people.csv").out
        return out.decode().splitlines()[1:]

    def test_import(self):
        self.assertEqual(self.take(self.hashes), (2, 2, 0, 0))
        self.assertEqual(self.take(self.hashes), (2, 0, 2, 0))
        self.assertEqual(self.take("name,SHA256\nx," + self.hashes.splitlines()[0] + "\ny,12\n"),
                         (2, 0, 1, 1))
        self.assertEqual(self.events(), 0)

    def test_clean_and_check(self):
        self.assertEqual(self.dropped(), [])
        self.take(self.hashes, name="partner.txt")
        self.assertEqual(self.dropped(), ["ann@brackwell.net", "Bob@brackwell.net"])
        self.assertEqual(self.reason("ann@brackwell.net"), "suppressed")
        done = self.winnow("check", "--offline", "--db", self.db, "--json", "ann@brackwell.net",
                           status=NOT_KEEP)
        row = json.loads(done.out)
        self.assertEqual((row["rule"], row["diagnostic"], row["last_event"]),
                         ("operator_suppressed",
                          "a hashed list names this address: partner.txt@0", "manual_add"))

    def test_a_long_list_and_a_short_one(self):
        """Few mailboxes are looked up one by one, many against all hashes at once."""
        self.take("".join(sha256(f"p{i}@brackwell.net") + "\n" for i in range(2000)))
        many = "email\n" + "".join(f"p{i}@brackwell.net\n" for i in range(1900, 4000))
        self.assertEqual(len(self.dropped(many)), 100)
        self.assertEqual(self.dropped("email\np5@brackwell.net\nq@brackwell.net\n"),
                         ["p5@brackwell.net"])

    def test_history_under_it(self):
        self.fill()
        self.take("".join(sha256(f"{name}@brackwell.net") + "\n" for name in
                          ("complained", "hard", "fine", "new")))
        wanted = {"complained": "complained", "hard": "suppressed", "fine": "suppressed",
                  "new": "suppressed", "hand": "suppressed", "once": "soft_bounced"}
        for name, reason in wanted.items():
            with self.subTest(name):
                self.assertEqual(self.reason(f"{name}@brackwell.net"), reason)

    def test_history_command(self):
        self.take(self.hashes)
        out = self.winnow("history", "--db", self.db, "ann@brackwell.net").out.decode()
        self.assertIn("hashed list: names it since", out)
        self.assertIn("suppressed: suppressed since", out)
        self.assertNotIn("nothing is known", out)
        found = self.winnow("history", "--db", self.db, "--json", "ann@brackwell.net").json()
        self.assertEqual(found["hashed_source"], "list.csv@0")
        self.assertEqual(found["suppressed"][0]["reason"], "suppressed")

    def test_fold_aliases(self):
        """A list has the hash of the name that its maker knew: also where names are folded."""
        self.take(sha256("a.n.n+shop@gmail.com") + "\n")
        rows = "email\nA.n.N+shop@gmail.com\nann@gmail.com\n"
        self.assertEqual(self.dropped(rows), ["A.n.N+shop@gmail.com"])
        self.assertEqual(self.dropped(rows, "--fold-aliases"), ["A.n.N+shop@gmail.com",
                                                              "ann@gmail.com"])
        self.assertEqual(self.reason("a.n.n+shop@gmail.com", "--fold-aliases"), "suppressed")

    def test_exchange(self):
        """What one store exports another one honours, and neither sees an address."""
        self.fill()
        other = os.path.join(self.home, "other.db")
        hashes = self.export("sha256")
        self.assertNotIn("@", hashes)
        self.take(hashes, db=other)
        self.assertEqual(self.export("sha256", db=other), hashes)
        self.assertEqual(self.export("email", db=other), "Email\n")
        for address in ADDRESSES:
            self.assertEqual(self.reason(address, db=other), "suppressed")
        own = self.export(db=other)
        third = os.path.join(self.home, "third.db")
        self.take(own, db=third)
        self.assertEqual(self.export(db=third), own)

    def test_a_name_and_its_hash_are_one(self):
        self.take(self.hashes)
        self.suppress("add", "ann@brackwell.net")
        self.assertEqual(len(self.suppress("export", "--format", "sha256").out.splitlines()), 2)

    def test_remove(self):
        self.take(self.hashes)
        done = self.suppress("remove", "ann@brackwell.net")
        self.assertEqual(done.out, b"ann@brackwell.net: not suppressed any more\n")
        self.assertEqual(self.dropped(), ["Bob@brackwell.net"])
        digest = sha256("bob@brackwell.net")
        done = self.suppress("remove", "sha256:" + digest.upper())
        self.assertEqual(done.out.decode(), f"sha256:{digest}: not suppressed any more\n")
        self.assertEqual(self.dropped(), [])
        dated = f"sha256,date\n{digest},2026-01-01\n"
        self.assertEqual(self.take(dated), (1, 0, 1, 0))
        self.assertEqual(self.dropped(), [])
        self.suppress("add", "sha256:" + digest)
        self.assertEqual(self.dropped(), ["Bob@brackwell.net"])

    def test_rebuild_leaves_them(self):
        self.take(self.hashes)
        self.winnow("bounces", "import", "--rebuild", "--db", self.db)
        self.assertEqual(len(self.held()), 2)

    def test_an_older_store(self):
        """A store from before there were hashes is brought up to date by whoever writes."""
        self.fill()
        with sqlite3.connect(self.db) as store:
            store.executescript("DROP TABLE suppressed_hash; DROP TABLE policy;"
                                "DROP TABLE quarantine; DROP TABLE breaker_day;"
                                "DROP TABLE imap_position; DROP TABLE domain_outcome;"
                                "DROP TABLE probe; DROP TABLE catch_all; DROP TABLE probe_group;"
                                "DROP INDEX event_at; ALTER TABLE event DROP COLUMN provider;"
                                "PRAGMA user_version = 2")
        done = self.suppress("list", status=TEMPFAIL)
        self.assertIn("older Winnow", done.err)
        self.take(self.hashes)
        self.assertEqual(len(self.held()), 8)


if __name__ == "__main__":
    support.main()
