#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What history does to a verdict, in the report and in check, with the counts and the last event:
WN_BINARY=... python3 tests/e2e/test_verdicts.py"""

import json

import design
import support
from support import AS_OF, Case

HEADER = "email,kind,code,date,text\n"


def bounce(date, code, text=""):
    return ("bounce", code, date, text)


def said(kind, date):
    return (kind, "", date, "")


# name -> events; reason, rule, evidence, blame; reply, hard and soft bounces; last event and its day.
# The run is as of 2026-11-01.
CASES = {
    "hard": ([bounce("2026-09-14", "5.1.1", "550 5.1.1 User unknown")],
             "hard_bounced", "history_hard", "history", "recipient",
             "550", "5.1.1", 1, 0, "bad_address", "2026-09-14"),
    "hard-long-ago": ([bounce("2021-02-03", "5.1.1", "550 5.1.1 User unknown")],
                      "hard_bounced", "history_hard", "history", "recipient",
                      "550", "5.1.1", 1, 0, "bad_address", "2021-02-03"),
    "disabled": ([bounce("2026-09-14", "5.2.1", "550 5.2.1 Mailbox disabled")],
                 "hard_bounced", "history_hard", "history", "recipient",
                 "550", "5.2.1", 1, 0, "mailbox_disabled", "2026-09-14"),
    "twice": ([bounce("2026-09-01", "", "550 5.7.1 No such user"),
               bounce("2026-09-10", "", "550 5.7.1 No such user")],
              "hard_bounced", "history_hard", "history", "recipient",
              "550", "5.7.1", 2, 0, "bad_address", "2026-09-10"),
    "once-of-two": ([bounce("2026-09-10", "", "550 5.7.1 No such user")],
                    "soft_bounced", "history_soft", "history", "recipient",
                    "550", "5.7.1", 1, 0, "bad_address", "2026-09-10"),
    "full-too-long": ([bounce(day, "5.2.2", "552 5.2.2 Mailbox full")
                       for day in ("2026-08-18", "2026-09-01", "2026-09-29")],
                      "full_too_long", "history_full", "history", "recipient",
                      "552", "5.2.2", 0, 3, "mailbox_full", "2026-09-29"),
    "too-often": ([bounce(day, "4.1.1", "450 4.1.1 unverified address")
                   for day in ("2026-08-20", "2026-08-28", "2026-09-10")],
                  "bounced_too_often", "history_often", "history", "recipient",
                  "450", "4.1.1", 0, 3, "bad_address", "2026-09-10"),
    "full": ([bounce("2026-10-13", "4.2.2", "452 4.2.2 Over quota")],
             "mailbox_full", "history_full_lately", "history", "recipient",
             "452", "4.2.2", 0, 1, "mailbox_full", "2026-10-13"),
    "soft": ([bounce("2026-10-13", "4.1.1", "450 4.1.1 unverified address")],
             "soft_bounced", "history_soft", "history", "recipient",
             "450", "4.1.1", 0, 1, "bad_address", "2026-10-13"),
    # Soft verdicts end: lately is 90 days, a soft suppression 180.
    "soft-long-ago": ([bounce("2026-06-13", "4.1.1", "450 4.1.1 unverified address")],
                      "not_checked", "left_out", "policy", "us",
                      "450", "4.1.1", 0, 1, "bad_address", "2026-06-13"),
    "too-often-long-ago": ([bounce(day, "4.1.1", "450 4.1.1 unverified address")
                            for day in ("2026-03-01", "2026-03-20", "2026-04-10")],
                           "not_checked", "left_out", "policy", "us",
                           "450", "4.1.1", 0, 3, "bad_address", "2026-04-10"),
    "delivered": ([said("delivered", "2026-10-20")],
                  "delivered", "history_delivered", "history", "",
                  "", "", 0, 0, "delivered", "2026-10-20"),
    "revived": ([bounce("2026-05-01", "5.1.1", "550 5.1.1 User unknown"),
                 said("delivered", "2026-06-01")],
                "delivered", "history_delivered", "history", "",
                "", "", 0, 0, "delivered", "2026-06-01"),
    "died": ([said("delivered", "2026-06-01"),
              bounce("2026-07-01", "5.1.1", "550 5.1.1 User unknown")],
             "hard_bounced", "history_hard", "history", "recipient",
             "550", "5.1.1", 1, 0, "bad_address", "2026-07-01"),
    "complained": ([said("delivered", "2026-04-10"), said("complaint", "2026-04-11")],
                   "complained", "person_complained", "history", "recipient",
                   "", "", 0, 0, "complaint", "2026-04-11"),
    "complained-then-took-mail": ([said("complaint", "2026-04-11"),
                                   said("delivered", "2026-10-11")],
                                  "complained", "person_complained", "history", "recipient",
                                  "", "", 0, 0, "delivered", "2026-10-11"),
    "left": ([said("unsubscribe", "2026-03-02")],
             "unsubscribed", "person_unsubscribed", "history", "recipient",
             "", "", 0, 0, "unsubscribe", "2026-03-02"),
    "came-back": ([said("unsubscribe", "2026-03-02"), said("resubscribe", "2026-03-03")],
                  "not_checked", "left_out", "policy", "us",
                  "", "", 0, 0, "resubscribe", "2026-03-03"),
    "by-hand": ([said("manual_add", "2026-02-14")],
                "suppressed", "operator_suppressed", "history", "recipient",
                "", "", 0, 0, "manual_add", "2026-02-14"),
    "lifted": ([bounce("2026-02-01", "5.1.1", "550 5.1.1 User unknown"),
                said("manual_add", "2026-02-14"), said("manual_remove", "2026-02-20")],
               "not_checked", "left_out", "policy", "us",
               "", "", 0, 0, "manual_remove", "2026-02-20"),
    "echo": ([said("echo", "2026-02-14")],
             "not_checked", "left_out", "policy", "us",
             "", "", 0, 0, "echo", "2026-02-14"),
    # Our own trouble is shown and counts for nothing.
    "blocked": ([bounce("2026-10-13", "5.7.1", "554 5.7.1 Blocked, see a block list")],
                "not_checked", "left_out", "policy", "us",
                "", "", 0, 0, "sender_policy", "2026-10-13"),
}

COLUMNS = ("reason", "rule", "evidence", "blame", "smtp_code", "enhanced_code", "hard_bounces",
           "soft_bounces", "last_event", "last_event_at")


def address(name):
    return f"{name}@brackwell.net"


def wanted(name):
    _, reason, rule, evidence, blame, code, enhanced, hard, soft, last, day = CASES[name]
    return dict(zip(COLUMNS, (reason, rule, evidence, blame, code, enhanced, str(hard), str(soft),
                              last, f"{day}T00:00:00Z")))


class HistoryVerdictTest(Case):
    def setUp(self):
        super().setUp()
        rows = [f'{address(name)},{kind},{code},{date},"{text}"\n'
                for name, case in CASES.items() for kind, code, date, text in case[0]]
        self.write("bounces.csv", HEADER + "".join(rows))
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")

    def judge(self, policy):
        self.write("list.csv", "email\n" + "".join(address(name) + "\n" for name in CASES))
        self.winnow("clean", "--offline", "--db", self.db, "--as-of", AS_OF, "--policy", policy,
                    "-o", policy, "list.csv")
        return self.output(policy)

    def test_clean(self):
        for name, row in zip(CASES, self.judge("balanced").report):
            with self.subTest(name):
                self.assertEqual({column: row[column] for column in COLUMNS}, wanted(name))

    def test_policies(self):
        for policy in design.POLICIES:
            for name, row in zip(CASES, self.judge(policy).report):
                with self.subTest(name, policy=policy):
                    self.assertEqual(design.faults_of(row, policy), [])

    def test_check(self):
        done = self.winnow("check", "--json", "--offline", "--db", self.db, "--as-of", AS_OF,
                           *map(address, CASES), status=support.NOT_KEEP)
        for name, line in zip(CASES, done.out.splitlines()):
            verdict = json.loads(line)
            with self.subTest(name):
                got = {column: "" if verdict[column] is None else str(verdict[column])
                       for column in COLUMNS}
                self.assertEqual(got, wanted(name))

    def test_check_for_people(self):
        for name in CASES:
            done = self.winnow("check", "--offline", "--db", self.db, "--as-of", AS_OF,
                               address(name), status=None)
            want = wanted(name)
            words = [want["reason"], want["rule"], want["last_event_at"][:10],
                     f"{want['hard_bounces']} hard and {want['soft_bounces']} soft"]
            with self.subTest(name):
                for word in words:
                    self.assertIn(word, done.out.decode())

    def test_history_outranks_guesses_and_wills_outrank_faults(self):
        self.write("more.csv", "email,kind,code,date\n"
                   "test@brackwell.net,delivered,,2026-10-20\n"
                   "info@brackwell.net,unsubscribe,,2026-10-20\n"
                   "sales@brackwell.net,delivered,,2026-10-20\n")
        self.winnow("bounces", "import", "--db", self.db, "more.csv")
        done = self.winnow("check", "--json", "--offline", "--db", self.db, "--as-of", AS_OF,
                           "test@brackwell.net", "info@brackwell.net", "sales@brackwell.net",
                           status=support.NOT_KEEP)
        self.assertEqual([json.loads(line)["reason"] for line in done.out.splitlines()],
                         ["delivered", "unsubscribed", "role_account"])


if __name__ == "__main__":
    support.main()
