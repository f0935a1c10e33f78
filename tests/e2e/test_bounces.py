#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bounces in, history out, and what they do to a list: WN_BINARY=... python3
tests/e2e/test_bounces.py"""

import calendar
import gzip
import json
import os
import sqlite3
import time

import support
from support import AS_OF, CANTCREATE, DATA, IO, NOINPUT, OK, USAGE, Case

HEADER = "email,code,date\n"


def seconds(day):
    """Since 1970, of a day's beginning; 0 for none."""
    return calendar.timegm(time.strptime(day, "%Y-%m-%d")) if day else 0


class BouncesCase(Case):
    def bounces(self, text, *arguments, status=OK, name="bounces.csv"):
        self.write(name, text)
        return self.winnow("bounces", "import", "--db", self.db, *arguments, name, status=status)

    def counts(self, text, *arguments, **how):
        counts = self.bounces(text, "--json", *arguments, **how).json()
        return (counts["read"], counts["new"], counts["known"],
                counts["no_bounce"] + counts["unrecognised"])

    def reason(self, address, *arguments):
        done = self.winnow("check", "--offline", "--json", "--db", self.db, "--as-of", AS_OF,
                           *arguments, address, status=None)
        return json.loads(done.out)["reason"]


class CodeTest(BouncesCase):
    """The codes of the issue, and what one event of each does to an address by 2026-11-01."""

    # code -> (reason after one, reason after two a month apart, after three over a month)
    CODES = {
        "5.1.1": ("hard_bounced",) * 3,
        "5.2.1": ("hard_bounced",) * 3,
        "5.2.2": ("mailbox_full", "mailbox_full", "full_too_long"),
        "4.2.2": ("mailbox_full", "mailbox_full", "full_too_long"),
        "5.4.0": ("not_checked",) * 3,
        "4.4.7": ("not_checked", "not_checked", "domain_unreachable"),
        "5.7.1": ("not_checked",) * 3,
        "5.0.0": ("not_checked",) * 3,
        "550 5.7.1 No such user": ("soft_bounced", "hard_bounced", "hard_bounced"),
        "554 5.1.1 no such user": ("hard_bounced",) * 3,
        "550 4.2.2 mailbox full": ("mailbox_full", "mailbox_full", "full_too_long"),
        "554 4.4.7 expired": ("not_checked", "not_checked", "domain_unreachable"),
        "4.1.1": ("soft_bounced", "soft_bounced", "bounced_too_often"),
    }
    DAYS = ("2026-09-20", "2026-10-05", "2026-10-20")

    def test_codes(self):
        rows = [HEADER]
        for i, code in enumerate(self.CODES):
            for number in range(3):
                for day in self.DAYS[2 - number:]:
                    rows.append(f"p{i}-{number}@d{i}-{number}.brackwell.net,{code},{day}\n")
        self.bounces("".join(rows))
        for i, (code, reasons) in enumerate(self.CODES.items()):
            for number, reason in enumerate(reasons):
                with self.subTest(code=code, events=number + 1):
                    self.assertEqual(self.reason(f"p{i}-{number}@d{i}-{number}.brackwell.net"),
                                     reason)

    def test_expired_mail_is_the_domains_matter(self):
        rows = "".join(f"p{i}@gone.brackwell.net,4.4.7,{day}\n" for i, day in enumerate(self.DAYS))
        self.bounces(HEADER + rows)
        self.assertEqual(self.reason("somebody.else@gone.brackwell.net"), "domain_unreachable")

    def test_kinds(self):
        """kind -> reason"""
        cases = {"complaint": "complained", "unsubscribe": "unsubscribed",
                 "manual_add": "suppressed", "delivered": "delivered", "echo": "not_checked"}
        for kind, reason in cases.items():
            with self.subTest(kind):
                self.bounces(f"email,kind,date\n{kind}@brackwell.net,{kind},2026-10-01\n")
                self.assertEqual(self.reason(f"{kind}@brackwell.net"), reason)

    def test_a_delivery_clears(self):
        self.bounces(HEADER + "ann@brackwell.net,5.1.1,2026-05-01\n")
        self.bounces("email,kind,date\nann@brackwell.net,delivered,2026-06-01\n")
        self.assertEqual(self.reason("ann@brackwell.net"), "delivered")
        self.assertEqual(self.reason("ann@brackwell.net", "--as-of", AS_OF), "delivered")

    def test_the_key_is_the_mailboxes(self):
        self.bounces(HEADER + "Ann@BRACKWELL.net,5.1.1,2026-05-01\n")
        self.assertEqual(self.reason("ann@brackwell.net"), "hard_bounced")


class ImportTest(BouncesCase):
    TWO = HEADER + "ann@brackwell.net,5.1.1,2026-05-01\nbob@brackwell.net,5.2.2,2026-05-02\n"

    def test_twice_changes_nothing(self):
        self.assertEqual(self.counts(self.TWO), (2, 2, 0, 0))
        self.assertEqual(self.counts(self.TWO), (2, 0, 2, 0))
        # By another name, with another order and other line ends too.
        other = HEADER + "".join(reversed(self.TWO.splitlines(True)[1:]))
        self.assertEqual(self.counts(other.replace("\n", "\r\n"), name="again.csv"), (2, 0, 2, 0))

    def test_gzip_and_standard_input(self):
        self.write("bounces.csv.gz", gzip.compress(self.TWO.encode()))
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv.gz")
        done = self.winnow("bounces", "import", "--json", "--db", self.db, "-",
                           stdin=self.TWO.encode())
        self.assertEqual((done.json()["new"], done.json()["known"]), (0, 2))

    def test_map(self):
        text = "when;who;what\n2026-05-01;ann@brackwell.net;5.1.1\n"
        self.assertEqual(self.counts(text, "--map", "email=who,code=3,at=when")[1], 1)
        self.assertEqual(self.reason("ann@brackwell.net"), "hard_bounced")

    def test_map_of_the_word_and_the_host(self):
        """The service's own word counts where nothing else is certain; the host tells whose words
        they are."""
        text = ("who,when,what,their word,server\n"
                "ann@brackwell.net,2026-05-01,550,bad-mailbox,mx.brackwell.net\n"
                "bea@brackwell.net,2026-05-01,550,,mta5.am0.yahoodns.net\n")
        self.write("b.csv", text)
        done = self.winnow("bounces", "parse", "--map",
                           "email=who,at=when,code=what,said=theirword,host=server", "b.csv")
        ann, bea = (json.loads(line) for line in done.out.splitlines())
        self.assertEqual((ann["category"], ann["rule"]), ("bad_address", "said.category"))
        self.assertEqual(bea["category"], "unclassified")
        self.bounces(text, "--map", "email=who,at=when,code=what,host=server")
        with sqlite3.connect(self.db) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM event WHERE provider = 'Yahoo'")
                             .fetchone(), (1,))

    def test_bad_maps(self):
        for text in ("email", "email=", "mail=who", "email=who,,"):
            with self.subTest(text):
                self.bounces(self.TWO, "--map", text, status=USAGE)
                self.assertFalse(os.path.exists(self.db))
        self.bounces(self.TWO, "--map", "email=nobody,code=2,at=3", status=DATA)

    def test_rows_that_cannot_be_used(self):
        text = HEADER + ",5.1.1,2026-05-01\nnothing,5.1.1,2026-05-01\n" \
            "ann@brackwell.net,5.1.1,never\nann@brackwell.net,,2026-05-01\n" \
            "ann@brackwell.net,5.1.1,2999-01-01\nbob@brackwell.net,5.1.1,2026-05-01\nshort\n"
        done = self.bounces(text, "-v")
        for line in (2, 3, 4, 6, 8):
            self.assertIn(f"bounces.csv:{line}:", done.err)
        self.assertEqual(self.counts(text)[1:3], (0, 1))

    def test_no_bounces(self):
        for text, status in ((HEADER, OK), ("", None), ("id,name\n1,ann\n", DATA),
                             (b"PK\x03\x04" + bytes(99), DATA)):
            with self.subTest(text[:10]):
                self.bounces(text, status=status)

    def test_missing_file(self):
        self.write("bounces.csv", self.TWO)
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv", "absent.csv",
                    status=NOINPUT)
        self.assertFalse(os.path.exists(self.db))

    def test_rebuild(self):
        """Suppression is derived: it can be thrown away."""
        self.bounces(self.TWO)
        db = sqlite3.connect(self.db)
        db.execute("DELETE FROM suppression")
        db.commit()
        db.close()
        self.assertEqual(self.reason("ann@brackwell.net"), "not_checked")
        self.winnow("bounces", "import", "--rebuild", "--db", self.db)
        self.assertEqual(self.reason("ann@brackwell.net"), "hard_bounced")

    def test_store_in_a_place_that_cannot_be_written(self):
        self.write("bounces.csv", self.TWO)
        done = self.winnow("bounces", "import", "--db", "/proc/none/x.db", "bounces.csv",
                           status=None)
        self.assertIn(done.status, (CANTCREATE, IO))

    def test_input_is_left_alone(self):
        self.write("bounces.csv", self.TWO)
        before = self.snapshot(self.work)
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
        self.assertEqual(self.snapshot(self.work), before)


class WebhookTest(BouncesCase):
    """What a mail service's JSON does to an address."""

    @staticmethod
    def sendgrid(address, **more):
        return {"email": address, "timestamp": 1777593600, "sg_event_id": "e", "sg_message_id": "m",
                "event": "bounce", "type": "bounce", **more}

    def test_what_counts(self):
        gone = {"reason": "550 5.1.1 user unknown", "status": "5.1.1"}
        self.bounces(json.dumps([
            self.sendgrid("ann@brackwell.net", **gone),
            self.sendgrid("bob@brackwell.net", **gone, **{"type": "blocked"}),
            self.sendgrid("cy@brackwell.net", event="dropped", reason="Bounced Address"),
            self.sendgrid("dee@brackwell.net", event="spamreport"),
            self.sendgrid("eve@brackwell.net", event="open"),
        ]), name="events")
        reasons = [self.reason(f"{name}@brackwell.net") for name in
                   ("ann", "bob", "cy", "dee", "eve")]
        self.assertEqual(reasons, ["hard_bounced", "not_checked", "not_checked", "complained",
                                   "not_checked"])

    def test_twice_and_zipped_changes_nothing(self):
        lines = "".join(json.dumps(self.sendgrid(f"u{i}@brackwell.net", status="5.1.1")) + "\n"
                        for i in range(50)).encode()
        self.assertEqual(self.counts(lines), (50, 50, 0, 0))
        self.assertEqual(self.counts(gzip.compress(lines)), (50, 0, 50, 0))

    def test_a_broken_line_is_listed_and_costs_one_row(self):
        good = json.dumps(self.sendgrid("ann@brackwell.net", status="5.1.1"))
        text = f"{good}\n{good[:40]}\n{good.replace('ann', 'bob')}\n"
        self.assertEqual(self.counts(text), (3, 2, 0, 1))
        self.assertIn(":2: not a record", self.bounces(text, "-v").err)


class HistoryTest(BouncesCase):
    def history(self, *arguments, **how):
        return self.winnow("history", "--db", self.db, "--as-of", AS_OF, *arguments, **how)

    def test_events_oldest_first(self):
        self.bounces("email,code,date,text\nann@brackwell.net,5.1.1,2026-06-02,550 5.1.1 gone\n"
                     "ann@brackwell.net,4.2.2,2026-05-01,452 4.2.2 full\n")
        text = self.history("Ann@Brackwell.net").out.decode()
        self.assertLess(text.index("2026-05-01"), text.index("2026-06-02"))
        for word in ("bounces.csv", "hard_bounced since 2026-06-02", "550 5.1.1 gone",
                     "bad_address"):
            self.assertIn(word, text)
        events = json.loads(self.history("--json", "ann@brackwell.net").out)["events"]
        self.assertEqual([e["at"][:10] for e in events], ["2026-05-01", "2026-06-02"])

    def test_nobody(self):
        self.assertIn(b"nothing is known", self.history("ann@brackwell.net").out)
        self.assertFalse(os.path.exists(self.db))
        self.history("nothing", status=DATA)

    def test_hostile_text_is_shown_as_text(self):
        self.bounces("email,code,date,text\nann@brackwell.net,5.1.1,2026-06-02,"
                     "550 5.1.1 \x1b[2J\x07 b\xf6se\n".encode("latin-1"))
        self.assertNotRegex(self.history("ann@brackwell.net").out.decode(),
                            r"[\x00-\x09\x0b-\x1f\x7f]")
        json.loads(self.history("--json", "ann@brackwell.net").out.decode())

    def test_hostile_file_name(self):
        self.bounces(HEADER + "ann@brackwell.net,5.1.1,2026-06-02\n", name="b\x1b[2J\n.csv")
        self.assertNotIn(b"\x1b", self.history("ann@brackwell.net").out)


class ProbedTest(BouncesCase):
    """What mail servers said of an address, as `winnow history` shows it on 2026-11-01."""

    PROBE = ("INSERT INTO probe (address, answer, code, enhanced, diagnostic, host, rule, at,"
             " expires, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")

    def setUp(self):
        super().setUp()
        self.bounces(HEADER + "old@brackwell.net,5.1.1,2026-06-02\n")

    def probed(self, address, answer, reply=None, host="mx1.brackwell.net", code=None,
               enhanced=None, at="2026-10-30", expires="2026-11-29", due=None):
        with sqlite3.connect(self.db) as store:
            store.execute(self.PROBE, (address, answer, code, enhanced, reply, host, None,
                                       seconds(at), seconds(expires), seconds(due)))

    def catch_all(self, outcome, expires="2026-11-29"):
        with sqlite3.connect(self.db) as store:
            store.execute("INSERT INTO catch_all VALUES ('brackwell.net', ?, ?, ?)",
                          (outcome, seconds("2026-10-30"), seconds(expires)))

    def history(self, *arguments):
        return self.winnow("history", "--db", self.db, "--as-of", AS_OF, *arguments).out.decode()

    def test_an_answer(self):
        self.probed("ann@brackwell.net", "accepted", "250 2.1.5 ok", code=250, enhanced="2.1.5")
        self.assertEqual(self.history("ann@brackwell.net"),
                         "ann@brackwell.net\n"
                         "  probed 2026-10-30T00:00:00Z: accepted by mx1.brackwell.net, 250 2.1.5 ok;"
                         " holds until 2026-11-29T00:00:00Z\n")

    def test_codes_that_the_words_lack(self):
        self.probed("ann@brackwell.net", "not_found", "no such user", code=550, enhanced="5.1.1")
        self.assertIn("not_found by mx1.brackwell.net, 550 5.1.1 no such user;",
                      self.history("ann@brackwell.net"))

    def test_codes_alone(self):
        self.probed("ann@brackwell.net", "busy", code=450)
        self.assertIn("busy by mx1.brackwell.net, 450;", self.history("ann@brackwell.net"))

    def test_nobody_answered(self):
        self.probed("ann@brackwell.net", "no_connection", "all hosts refuse", host=None)
        self.assertIn(": no_connection, all hosts refuse;", self.history("ann@brackwell.net"))

    def test_put_off(self):
        self.probed("ann@brackwell.net", "greylisted", "450 4.7.1 later", expires="2026-11-02",
                    due="2026-11-02")
        self.assertIn("450 4.7.1 later; holds until 2026-11-02T00:00:00Z; put off until "
                      "2026-11-02T00:00:00Z\n", self.history("ann@brackwell.net"))

    def test_an_old_denial(self):
        self.probed("ann@brackwell.net", "not_found", "550 no", at="2026-09-01",
                    expires="2026-09-08")
        self.assertIn("550 no; held until 2026-09-08T00:00:00Z, and is to be asked again\n",
                      self.history("ann@brackwell.net"))

    def test_what_holds_no_more(self):
        self.probed("ann@brackwell.net", "accepted", expires="2026-11-01")
        self.catch_all("accepted", expires="2026-11-01")
        self.assertIn("nothing is known of it", self.history("ann@brackwell.net"))

    def test_beside_events(self):
        self.probed("old@brackwell.net", "accepted", "250 ok")
        text = self.history("old@brackwell.net")
        self.assertEqual(text.count("old@brackwell.net\n"), 1)
        self.assertLess(text.index("suppressed: hard_bounced"), text.index("  probed "))

    def test_catch_all(self):
        for outcome, words in (("accepted", "it accepts any mailbox;"),
                               ("refused", "it refuses mailboxes that do not exist;"),
                               ("inconclusive", "it did not show whether it accepts any mailbox;")):
            with sqlite3.connect(self.db) as store:
                store.execute("DELETE FROM catch_all")
            self.catch_all(outcome)
            self.assertIn(f"  domain: probed 2026-10-30T00:00:00Z: {words} holds until "
                          "2026-11-29T00:00:00Z\n", self.history("ann@brackwell.net"))

    def test_json(self):
        nothing = json.loads(self.history("--json", "ann@brackwell.net"))
        self.assertEqual((nothing["probe"], nothing["catch_all"]), (None, None))
        self.probed("ann@brackwell.net", "not_found", "550 5.1.1 no", code=550, enhanced="5.1.1")
        self.catch_all("refused")
        found = json.loads(self.history("--json", "ann@brackwell.net"))
        self.assertEqual(found["probe"], {
            "at": "2026-10-30T00:00:00Z", "answer": "not_found", "code": 550, "enhanced": "5.1.1",
            "diagnostic": "550 5.1.1 no", "host": "mx1.brackwell.net", "rule": None,
            "expires": "2026-11-29T00:00:00Z", "due": None})
        self.assertEqual(found["catch_all"], {"at": "2026-10-30T00:00:00Z", "outcome": "refused",
                                              "expires": "2026-11-29T00:00:00Z"})


class ClassifyTest(BouncesCase):
    """reply -> category, action"""
    REPLIES = {
        "550 5.1.1 user unknown": ("bad_address", "S"),
        "452 4.2.2 mailbox full": ("mailbox_full", "N"),
        "554 5.7.1 blocked using a block list": ("sender_policy", "X"),
        "554 5.4.0 too many hops": ("infrastructure", "T"),
    }

    def classify(self, *arguments, **how):
        return self.winnow("bounces", "classify", *arguments, **how)

    def objects(self, *arguments, **how):
        done = self.classify("--json", *arguments, **how)
        return [json.loads(line) for line in done.out.decode().splitlines()]

    def test_replies(self):
        found = self.objects(*self.REPLIES)
        self.assertEqual([o["reply"] for o in found], list(self.REPLIES))
        self.assertEqual([(o["category"], o["action"]) for o in found],
                         list(self.REPLIES.values()))
        self.assertEqual(self.objects("-", stdin="\n\n".join(self.REPLIES).encode()), found)

    def test_the_whole_object(self):
        self.assertEqual(self.objects("452 4.2.2 mailbox full", "x"), [
            {"reply": "452 4.2.2 mailbox full", "code": 452, "enhanced": "4.2.2",
             "category": "mailbox_full", "action": "N", "blame": "recipient", "phase": "unknown",
             "provider": None, "rule": "x.2.2", "sentence": "The mailbox is full."},
            {"reply": "x", "code": None, "enhanced": None, "category": "unclassified",
             "action": "T", "blame": None, "phase": "unknown", "provider": None,
             "rule": "basic.0", "sentence": "The reply does not say why; nothing certain can be "
                                            "learned from it."}])

    def test_for_people(self):
        text = self.classify("550 5.1.1 user unknown", "550 5.7.1 blocked using x").out.decode()
        first, second = text.split("\n\n")
        self.assertEqual(first.splitlines(), [
            "550 5.1.1 user unknown", "  category  bad_address", "  action    S: suppress now",
            "  blame     recipient", "  rule      5.1.1", "  => There is no such mailbox."])
        self.assertIn("  blame     us\n", second)
        self.assertNotIn("provider", text)
        told = self.classify("--provider", "gmail", "--phase", "RCPT", "550 x").out.decode()
        self.assertIn("  provider  Gmail\n  phase     rcpt\n", told)

    def test_the_phase_counts(self):
        for phase, action in (("rcpt", "S"), ("data", "S2"), ("mail", "X"), ("connect", "X")):
            with self.subTest(phase):
                found = self.objects("--phase", phase, "550 5.1.1 x")[0]
                self.assertEqual((found["phase"], found["action"]), (phase, action))

    def test_the_provider_counts(self):
        reply = "550 Mailbox unavailable or access denied"
        self.assertEqual(self.objects("--provider", "qq", reply)[0]["rule"], "qq.refused")
        self.assertNotEqual(self.objects(reply)[0]["rule"], "qq.refused")

    def test_words_that_are_none(self):
        for arguments, near in ((("--provider", "gmial"), "Gmail"), (("--phase", "rpct"), "rcpt"),
                                (("--provider", "MICROSOFT 356"), "Microsoft 365")):
            with self.subTest(arguments):
                self.assertIn(f"'{near}'", self.classify(*arguments, "550", status=USAGE).err)
        self.classify("--provider", "nothing like it", "550", status=USAGE)
        self.classify("--provider", "", "550", status=USAGE)
        self.classify("--phase", "unknown", "550", status=USAGE)
        self.classify(status=USAGE)

    def test_hostile_lines(self):
        """Text is shown as text; a long line is cut, and the next one is whole."""
        lines = b"550 5.1.1 \x1b[2J\x00 b\xf6se\n550 " + b"x" * 100000 + b"\n452 4.2.2 full"
        text = self.classify("-", stdin=lines).out.decode()
        self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f\x7f]")
        found = self.objects("-", stdin=lines)
        self.assertEqual([len(found), len(found[1]["reply"]), found[2]["rule"]], [3, 4096, "x.2.2"])
        self.assertEqual(self.objects("-", stdin=b""), [])


if __name__ == "__main__":
    support.main()
