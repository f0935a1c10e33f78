#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A provider's bad hour, and another bounce policy: WN_BINARY=... python3
tests/e2e/test_quarantine.py"""

import json
import os

from support import CONFIG, DATA, NOINPUT, OK, USAGE, Case, main

HEADER = "email,date,kind,text\n"
DEAD = "550 5.1.1 <{0}>: user unknown"


def burst(count, domain="brackwell.net", hour=10, text=None):
    return "".join(f"p{i}@{domain},2026-10-01T{hour}:{i:02d}:30Z,bounce,"
                   f"{text.format(i) if text else DEAD.format(f'p{i}@{domain}')}\n"
                   for i in range(count))


class QuarantineCase(Case):
    def run_import(self, text, *arguments, status=OK):
        self.write("b.csv", HEADER + text)
        return self.winnow("bounces", "import", "--db", self.db, *arguments, "b.csv", status=status)

    def quarantine(self, *words, status=OK):
        return self.winnow("bounces", "quarantine", "--db", self.db, *words, status=status)

    def bursts(self, *arguments):
        out = self.quarantine("list", "--json", *arguments).out.decode()
        return [json.loads(line) for line in out.splitlines()]

    def history(self, address):
        return self.winnow("history", "--db", self.db, address).out.decode()


class BreakerTest(QuarantineCase):
    def test_a_burst(self):
        done = self.run_import(burst(30) + "other@brackwell.net,2026-10-03,bounce,550 5.1.1\n")
        self.assertIn("30 quarantined", done.err)
        self.assertIn("domain brackwell.net refused 30 addresses", done.err)
        self.assertIn("nothing counts: all of it is in quarantine", self.history("p1@brackwell.net"))
        self.assertIn("hard_bounced", self.history("other@brackwell.net"))
        (found,) = self.bursts()
        self.assertEqual((found["scope"], found["name"], found["addresses"], found["state"]),
                         ("domain", "brackwell.net", 30, "held"))
        self.assertIn(found["id"], self.quarantine("list").out.decode())
        again = self.run_import(burst(30), "--json").json()
        self.assertEqual((again["new"], again["quarantined"]), (0, 0))

    def test_bounces_alone(self):
        """A provider's part of a mailing's dead addresses is no bad hour; all of them are held, and
        the summary says what would tell."""
        gone = ("550 5.1.1 The email account that you tried to reach does not exist. Please try"
                " double-checking the address. x{0:02x} - gsmtp")
        tail = "".join(f"x@d{i}.org,2026-10-01T10:{i:02d}:00Z,bounce,{DEAD.format(f'x@d{i}.org')}\n"
                       for i in range(31))
        done = self.run_import(burst(30, "gmail.com", text=gone) + tail)
        self.assertNotIn("quarantined", done.err)
        self.assertIn("hard_bounced", self.history("p1@gmail.com"))
        os.remove(self.db)
        done = self.run_import(burst(55, "gmail.com", text=gone) + tail)
        self.assertIn("55 quarantined", done.err)
        self.assertIn("only bounces are known", done.err)
        burst_id = self.bursts()[0]["id"]
        self.assertIn(f"'winnow bounces quarantine release {burst_id}'", done.err)
        self.quarantine("release", burst_id)
        self.assertIn("hard_bounced", self.history("p1@gmail.com"))
        os.remove(self.db)
        done = self.run_import(burst(55, "gmail.com", text=gone)
                               + "y@d1.org,2026-10-01T10:01:00Z,delivered,\n")
        self.assertIn("55 quarantined", done.err)
        self.assertNotIn("only bounces are known", done.err)

    def test_a_list_that_is_taken_over_is_no_burst(self):
        """Suppressions exported elsewhere come with one reply and one hour; they count."""
        rows = "".join(f"p{i}@brackwell.net,hard_bounced,2026-10-01T10:{i:02d}:30Z,,,"
                       f"550 5.1.1 user unknown,2026-10-01T10:{i:02d}:30Z\n" for i in range(30))
        self.write("list.csv", "address,reason,since,until,source,diagnostic,bounced_at\n" + rows)
        self.winnow("suppress", "import", "--db", self.db, "list.csv")
        self.winnow("bounces", "import", "--rebuild", "--db", self.db)
        self.assertEqual(self.bursts("--all"), [])
        self.assertIn("hard_bounced", self.history("p1@brackwell.net"))

    def test_a_dry_run_names_it(self):
        done = self.run_import(burst(30), "--dry-run", "--json").json()
        self.assertEqual(done["quarantined"], 30)
        self.assertEqual(self.bursts(), [])

    def test_decisions(self):
        self.run_import(burst(30) + burst(26, "alder.org"))
        first, second = (b["id"] for b in sorted(self.bursts(), key=lambda b: b["name"]))
        self.quarantine("discard", first)
        self.quarantine("release", second)
        self.assertEqual(self.bursts(), [])
        self.assertEqual(sorted((b["name"], b["state"]) for b in self.bursts("--all")),
                         [("alder.org", "discarded"), ("brackwell.net", "released")])
        self.assertIn("quarantine: discarded", self.history("p1@alder.org"))
        self.assertIn("hard_bounced", self.history("p1@brackwell.net"))
        self.winnow("bounces", "import", "--rebuild", "--db", self.db)
        self.run_import(burst(30))
        self.assertEqual(self.bursts(), [])
        self.assertIn("hard_bounced", self.history("p1@brackwell.net"))

    def test_all(self):
        self.run_import(burst(30) + burst(26, "alder.org"))
        self.assertIn("56 events of 2 bursts", self.quarantine("release", "all").err)

    def test_refusals(self):
        self.run_import(burst(30))
        self.quarantine("release", "0123456789", status=DATA)
        self.quarantine("release", self.bursts()[0]["id"], "0123456789", status=DATA)
        self.assertEqual(len(self.bursts()), 1)
        for words in ((), ("show",), ("release",), ("list", "x")):
            self.quarantine(*words, status=USAGE)


class PolicyTest(QuarantineCase):
    SOFT = "".join(f"ann@brackwell.net,2026-10-{day:02d},bounce,452 4.2.2 mailbox full\n"
                   for day in (1, 20))

    def policy(self, text, *arguments, status=OK):
        self.write("policy.ini", text)
        return self.winnow("bounces", "import", "--db", self.db, "--bounce-policy", "policy.ini",
                           *arguments, status=status)

    def test_what_clears_it_goes_by_the_policy(self):
        self.run_import("ann@brackwell.net,2026-10-01,bounce,550 5.1.1 user unknown\n")
        self.assertIn("at least 24 h after", self.history("ann@brackwell.net"))
        self.policy("cleared_after_hours = 48\n")
        self.assertIn("at least 48 h after", self.history("ann@brackwell.net"))
        listed = self.winnow("suppress", "list", "--json", "--db", self.db).json()
        self.assertIn("at least 48 h after", listed["cleared_by"])

    def test_who_and_why(self):
        self.run_import(self.SOFT)
        done = self.policy("soft_days = 2\nsoft_lately_days = 80\n", "--dry-run")
        self.assertEqual(done.out.decode(),
                         "ann@brackwell.net: mailbox_full -> full_too_long (soft_days 3 -> 2)\n")
        self.assertNotIn("full_too_long", self.history("ann@brackwell.net"))
        line = json.loads(self.policy("soft_days = 2\n", "--dry-run", "--json").out)
        self.assertEqual(line, {"address": "ann@brackwell.net", "before": "mailbox_full",
                                "after": "full_too_long", "why": "soft_days 3 -> 2"})

    def test_it_is_remembered(self):
        self.policy("soft_days = 2\n")
        self.run_import(self.SOFT)
        self.assertIn("full_too_long", self.history("ann@brackwell.net"))
        self.policy("")
        self.assertNotIn("full_too_long", self.history("ann@brackwell.net"))

    def test_the_breaker_as_the_reason(self):
        self.run_import(burst(20))
        done = self.policy("breaker_addresses = 20\n", "--dry-run")
        self.assertIn("p1@brackwell.net: hard_bounced -> nothing against it (the breaker)",
                      done.out.decode())
        self.assertEqual(self.bursts(), [])

    def test_refusals(self):
        self.assertIn("did you mean 'soft_days'", self.policy("soft_dais = 2\n", status=CONFIG).err)
        self.winnow("bounces", "import", "--db", self.db, "--bounce-policy", "none.ini",
                    status=NOINPUT)
        self.write("b.csv", HEADER)
        self.policy("", "--dry-run", "b.csv", status=USAGE)


if __name__ == "__main__":
    main()
