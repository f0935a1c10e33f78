#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The projected share of hard bounces: WN_BINARY=... python3 tests/e2e/test_projection.py

The figures are those of docs/projection.md's worked example; test_projection.c has them too."""

import sqlite3

import support
from support import AS_OF, Case

DOMAINS = [f"d{i}.brackwell.net" for i in range(10)]
# Of each domain 95 mailboxes that took their first mail and 5 that bounced.
DELIVERED = [f"p{i}@{domain}" for domain in DOMAINS for i in range(95)]
GONE = [f"q{i}@{domain}" for domain in DOMAINS for i in range(5)]
NEW = [f"n{i}@{domain}" for domain in DOMAINS for i in range(20)]


class ProjectionTest(Case):
    def tell(self, addresses, kind, code="", date="2026-09-01", *arguments):
        self.write("events.csv", "email,kind,code,date\n" + "".join(
            f"{address},{kind},{code},{date}\n" for address in addresses))
        self.winnow("bounces", "import", "--db", self.db, *arguments, "events.csv")

    def setUp(self):
        super().setUp()
        self.tell(DELIVERED, "delivered")
        self.tell(GONE, "bounce", "5.1.1")

    def judge(self, cells, *arguments):
        self.write("list.csv", "email\n" + "".join(cell + "\n" for cell in cells))
        done = self.winnow("clean", "--offline", "--db", self.db, "--as-of", AS_OF, "--verbose",
                           "-o", "out", *arguments, "list.csv")
        return self.output("out").summary["projection"], done.err

    def test_worked_example(self):
        projection, text = self.judge(NEW)
        rate = {"rate": 0.05001, "low": 0.025, "high": 0.085, "rows": 200, "certain": 0}
        self.assertEqual(projection, {"basis": True, "observations": 1000, "before": rate,
                                      "after": rate, "level": 90, "line": 0.02})
        self.assertIn("  bounces    5.0 % (2.5-8.5) are expected of the list as it is,\n"
                      "             5.0 % (2.5-8.5) of what is kept; the line is 2 %\n", text)

    def test_what_cannot_be_reached_is_pruned(self):
        cells = NEW + GONE[:10] + [f"no.at.sign{i}" for i in range(10)]
        projection, _ = self.judge(cells)
        self.assertEqual(projection["before"], {"rate": 0.13637, "low": 0.11364, "high": 0.16818,
                                                "rows": 220, "certain": 20})
        self.assertEqual(projection["after"]["rows"], 200)
        self.assertEqual(projection["after"]["rate"], 0.05001)

    def test_a_mailbox_gets_one_mail_and_an_empty_cell_none(self):
        once, _ = self.judge(NEW)
        again, _ = self.judge(NEW + NEW[:50] + ["n/a"] * 20)
        self.assertEqual(again, once)

    def test_reputes_are_kinds_of_their_own(self):
        """The second mail to a mailbox that took the first one never bounced."""
        self.tell(DELIVERED, "delivered", date="2026-09-02")
        projection, _ = self.judge(DELIVERED)
        self.assertEqual(projection["observations"], 950)
        self.assertLess(projection["before"]["rate"], 0.001)
        mixed, _ = self.judge(DELIVERED + NEW)
        self.assertEqual(mixed["observations"], 1950)
        self.assertAlmostEqual(mixed["before"]["rate"], 0.05 * 200 / 1150, 3)

    def test_the_next_mail_is_learnt_from(self):
        before, _ = self.judge(DELIVERED)
        self.assertFalse(before["basis"])
        self.tell(DELIVERED[::10], "bounce", "5.1.1", "2026-10-01")
        self.tell(DELIVERED[1::2], "delivered", date="2026-10-01")
        after, _ = self.judge([a for a in DELIVERED if a not in DELIVERED[::10]])
        self.assertTrue(after["basis"])
        self.assertAlmostEqual(after["before"]["rate"], 95 / (95 + 475), 2)

    def test_jobs_and_rebuild_change_nothing(self):
        first, _ = self.judge(NEW + DELIVERED + GONE)
        for jobs in ("1", "4"):
            self.assertEqual(self.judge(NEW + DELIVERED + GONE, "--jobs", jobs)[0], first)
        self.winnow("bounces", "import", "--rebuild", "--db", self.db)
        self.assertEqual(self.judge(NEW + DELIVERED + GONE)[0], first)

    def test_a_store_from_before(self):
        """Its events are counted with the next rebuild."""
        first, _ = self.judge(NEW)
        with sqlite3.connect(self.db) as store:
            store.executescript("DROP TABLE domain_outcome; DROP TABLE probe;"
                                "DROP TABLE catch_all; DROP TABLE probe_group")
            store.execute("PRAGMA user_version = 5")
        self.check_no_basis(*self.judge(NEW))
        self.winnow("bounces", "import", "--rebuild", "--db", self.db)
        self.assertEqual(self.judge(NEW)[0], first)

    def test_dry_run(self):
        self.judge(NEW)
        done = self.winnow("clean", "--offline", "--db", self.db, "--as-of", AS_OF, "--verbose",
                           "--dry-run", "list.csv")
        self.assertIn("5.0 % (2.5-8.5) of what is kept", done.out.decode() + done.err)

    def test_cron_is_told_above_the_line(self):
        self.write("list.csv", "email\n" + "".join(cell + "\n" for cell in NEW))
        done = self.winnow("clean", "--offline", "--db", self.db, "--as-of", AS_OF, "-o", "out",
                           "list.csv")
        self.assertIn("; 5.0 % of what is kept may bounce hard -> out", done.err)
        self.assertEqual(done.err.count("\n"), 1)

    def check_no_basis(self, projection, text):
        self.assertFalse(projection["basis"])
        for which in ("before", "after"):
            self.assertEqual([projection[which][key] for key in ("rate", "low", "high")],
                             [None] * 3)
        self.assertIn("  bounces    no basis: ", text)

    def test_without_a_store(self):
        self.write("list.csv", "email\n" + "".join(cell + "\n" for cell in NEW))
        done = self.winnow("clean", "--offline", "--no-db", "--verbose", "-o", "out", "list.csv")
        self.check_no_basis(self.output("out").summary["projection"], done.err)

    def test_a_store_that_knows_nothing(self):
        self.db = self.path("other.db")
        self.check_no_basis(*self.judge(NEW))

    def test_bounces_without_deliveries(self):
        """Such a store has never heard of a mail that arrived: all would seem to bounce."""
        self.db = self.path("other.db")
        self.tell(GONE + NEW, "bounce", "5.1.1")
        self.check_no_basis(*self.judge(DELIVERED))


if __name__ == "__main__":
    support.main()
