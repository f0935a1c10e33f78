#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every reason that this version can give, from a real run: WN_BINARY=... python3
tests/e2e/test_reasons.py

The reasons are those of src/verdict/reasons.def: one that is new there needs an address here.
"""

import json
import os
import re
import unittest

import nsd
import support
from support import AS_OF, Case

SOURCE = os.path.join(support.HERE, "..", "..", "src")

# What only asking a mailbox can find: test_probe_zoo.py.
PROBED = {"mailbox_accepted", "catch_all", "accepts_all_provider", "restricted",
          "mailbox_not_found", "mailbox_disabled", "greylisted", "mailbox_busy", "probe_blocked",
          "no_connection", "probe_timeout", "probe_error", "refused_unclear", "recheck_due"}

# reason -> the cell that gets it, and the column at which `check` underlines a fault
FAULTS = {
    "no_address": ("n/a", 0),
    "syntax_no_at": ("bob.brackwell.net", 17),
    "syntax_empty_local": ("@brackwell.net", 0),
    "syntax_empty_domain": ("bob@", 4),
    "syntax_local_too_long": ("x" * 65 + "@brackwell.net", 64),
    "syntax_too_long": ("a@" + ("b" * 63 + ".") * 3 + "b" * 57 + ".net", 254),
    "syntax_label_too_long": ("bob@" + "b" * 64 + ".net", 67),
    "syntax_domain_too_long": ("a@" + ("b" * 63 + ".") * 3 + "b" * 58 + ".net", 255),
    "syntax_dot": ("bob..smith@brackwell.net", 4),
    "syntax_bad_char": ("bob@brack_well.net", 9),
    "syntax_space": ("bob smith@brackwell.net", 3),
    "syntax_quote": ('bob"@brackwell.net', 3),
    "syntax_hyphen": ("bob@-brackwell.net", 4),
    "syntax_single_label": ("bob@brackwell", 4),
    "syntax_numeric_tld": ("bob@192.0.2.1", 12),
    "syntax_bad_literal": ("bob@[192.0.2.256]", 4),
    "syntax_address_literal": ("bob@[192.0.2.1]", 4),
    "syntax_idn": ("bob@☃.net", 4),
    "syntax_utf8": ("bo\u200bb@brackwell.net", 2),
    "syntax_comment": ("bob@brackwell.net (work)", 18),
    "syntax_several": ("ann@brackwell.net; bob@brackwell.net", 19),
    "syntax_provider": ("b_b@gmail.com", 0),
    "reserved_domain": ("bob@example.com", 4),
    "unknown_tld": ("bob@brackwell.nosuchtld", 14),
}
OFFLINE = {"unknown_tld": FAULTS["unknown_tld"][0], "not_checked": "ann@unasked.brackwell.net"}
OTHERS = {
    "not_probed": "ann@brackwell.net",
    "delivered": "dora@brackwell.net",
    "role_account": "info@brackwell.net",
    "disposable_domain": "ann@mailinator.com",
    "placeholder": "asdf@brackwell.net",
    "typo_suspected": "ann@gmial.com",
    "typo_dead": "ann.smith@gmail.con",
    "mailbox_full": "full@brackwell.net",
    "soft_bounced": "soft@brackwell.net",
    "no_domain": "ann@gone.brackwell.net",
    "no_mail_host": "ann@empty.brackwell.net",
    "null_mx": "ann@null.brackwell.net",
    "mx_unresolvable": "ann@lost.brackwell.net",
    "mx_unroutable": "ann@inside.brackwell.net",
    "domain_unreachable": "ann@silent.brackwell.net",
    "hard_bounced": "hard@brackwell.net",
    "full_too_long": "fuller@brackwell.net",
    "bounced_too_often": "softer@brackwell.net",
    "complained": "angry@brackwell.net",
    "unsubscribed": "leaver@brackwell.net",
    "suppressed": "byhand@brackwell.net",
    "dns_failure": "ann@broken.brackwell.net",
    "duplicate": "ANN@Brackwell.net",  # of the first
}

ZONE = """; servfail: broken.brackwell.net
$ORIGIN .
$TTL 3600
. IN SOA ns.brackwell.net. hostmaster.brackwell.net. 1 3600 900 604800 3600
. IN NS ns.brackwell.net.
mx.brackwell.net. IN A 192.175.48.9
brackwell.net. IN MX 10 mx.brackwell.net.
silent.brackwell.net. IN MX 10 mx.brackwell.net.
empty.brackwell.net. IN TXT "nothing"
null.brackwell.net. IN MX 0 .
lost.brackwell.net. IN MX 10 mx.lost.brackwell.net.
inside.brackwell.net. IN MX 10 mx.inside.brackwell.net.
mx.inside.brackwell.net. IN A 10.1.2.3
mailinator.com. IN MX 10 mx.brackwell.net.
gmail.com. IN MX 10 mx.brackwell.net.
gmial.com. IN MX 10 mx.brackwell.net.
"""

BOUNCES = """email,code,date,kind
dora@brackwell.net,2.0.0,2026-10-20,delivered
full@brackwell.net,4.2.2,2026-10-13,bounce
soft@brackwell.net,4.2.1,2026-10-13,bounce
eve@silent.brackwell.net,4.4.7,2026-09-20,bounce
fay@silent.brackwell.net,4.4.7,2026-10-01,bounce
eve@silent.brackwell.net,4.4.7,2026-10-12,bounce
hard@brackwell.net,5.1.1,2026-09-14,bounce
fuller@brackwell.net,5.2.2,2026-08-18,bounce
fuller@brackwell.net,5.2.2,2026-09-01,bounce
fuller@brackwell.net,5.2.2,2026-09-29,bounce
softer@brackwell.net,4.2.1,2026-08-20,bounce
softer@brackwell.net,4.2.1,2026-08-28,bounce
softer@brackwell.net,4.2.1,2026-09-10,bounce
angry@brackwell.net,,2026-04-11,complaint
leaver@brackwell.net,,2026-03-02,unsubscribe
byhand@brackwell.net,,2026-02-14,manual_add
"""


def words_of(name, macros):
    """The first argument of each row of a .def file under src."""
    with open(os.path.join(SOURCE, name), encoding="utf-8") as f:
        return re.findall(rf"^(?:{macros})\((\w+),", f.read(), re.M)


class TableTest(unittest.TestCase):
    """The tables above against the sources."""

    def test_reasons(self):
        reasons = words_of("verdict/reasons.def", "WN_REASON|WN_FAULT_REASON")
        here = list(FAULTS) + list(OTHERS) + ["not_checked"] + sorted(PROBED)
        self.assertEqual(sorted(here), sorted(reasons))

    def test_faults(self):
        self.assertEqual(sorted(FAULTS), sorted(words_of("address/faults.def", "WN_FAULT")))


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class ReasonTest(Case):
    """One list, one store, one name server."""

    def setUp(self):
        super().setUp()
        self.write("bounces.csv", BOUNCES)
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
        self.server = nsd.Nsd([self.write("zone", ZONE)]).start()
        self.addCleanup(self.server.stop)
        self.cells = {reason: cell for reason, (cell, _) in FAULTS.items()
                      if reason not in OFFLINE}
        self.cells.update(OTHERS)

    def options(self, offline):
        where = ("--offline",) if offline else ("--dns-server", self.server.address)
        return ("--as-of", AS_OF, "--db", self.db, *where)

    def clean_cells(self, cells, offline):
        self.write("list.csv", "email\n" + "".join(
            '"' + cell.replace('"', '""') + '"\n' for cell in cells))
        self.winnow("clean", *self.options(offline), "-o", "out", "list.csv")
        output = self.output("out")
        self.check_conservation(output, support.read(self.path("list.csv")))
        return {row["email"]: row["reason"] for row in output.report}

    def test_clean(self):
        got = self.clean_cells(self.cells.values(), False)
        self.assertEqual({reason: got[cell] for reason, cell in self.cells.items()},
                         {reason: reason for reason in self.cells})
        got = self.clean_cells(OFFLINE.values(), True)
        self.assertEqual({reason: got[cell] for reason, cell in OFFLINE.items()},
                         {reason: reason for reason in OFFLINE})

    def test_check(self):
        for cells, offline in ((self.cells, False), (OFFLINE, True)):
            alone = {reason: cell for reason, cell in cells.items() if reason != "duplicate"}
            done = self.winnow("check", "--json", *self.options(offline), "--", *alone.values(),
                               status=support.NOT_KEEP)
            got = [json.loads(line)["reason"] for line in done.out.splitlines()]
            self.assertEqual(got, list(alone))

    def test_check_underlines_every_fault(self):
        for reason, (cell, column) in FAULTS.items():
            with self.subTest(reason):
                done = self.winnow("check", "--offline", "--no-db", "--", cell,
                                   status=support.NOT_KEEP)
                lines = done.out.decode().split("\n")
                self.assertEqual(lines[1], " " * column + "^")


if __name__ == "__main__":
    support.main()
