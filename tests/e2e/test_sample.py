#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The sample, from its files to its files: WN_BINARY=... python3 tests/e2e/test_sample.py

sample-data/expected holds what cleaning the sample must give, file by file. When the verdicts are
meant to change, look at every difference, then write the new ones with --freeze.
"""

import gzip
import json
import os
import re
import shutil
import sys
import unittest

import design
import nsd
import support
from support import AS_OF, SAMPLE, Case, read

EXPECTED = os.path.join(SAMPLE, "expected")
CONTACTS = os.path.join(SAMPLE, "contacts.csv")
BOUNCES = os.path.join(SAMPLE, "bounces.csv")
# The domains whose answer the sample's server does not give.
FAILING = ("kettlemere-foods.com", "aldermoss-bakery.com")


def stable(summary):
    """summary.json without what differs from run to run and from version to version."""
    summary = {k: v for k, v in summary.items() if k not in ("run", "winnow")}
    return (json.dumps(summary, indent=1, ensure_ascii=False) + "\n").encode()


def comparable(output):
    """What is frozen: the files as they are, but for the summary."""
    files = {name: data for name, data in output.files.items() if name != ".winnow"}
    files["summary.json"] = stable(output.summary)
    return files


class SampleCase(Case):
    """One server for all cases of a class; a copy of the sample for each."""

    @classmethod
    def setUpClass(cls):
        cls.server = nsd.Nsd([os.path.join(SAMPLE, "zone")]).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        super().setUp()
        for path in (CONTACTS, BOUNCES):
            shutil.copy(path, self.work)
        self.contacts = read(CONTACTS)

    def import_bounces(self, db=None):
        return self.winnow("bounces", "import", "--db", db or self.db, "bounces.csv")

    def judge(self, *arguments, name="contacts.csv", output="contacts.winnow", db=None, **how):
        """Cleans a list as the sample is meant to be cleaned."""
        self.winnow("clean", "--db", db or self.db, "--dns-server", self.server.address,
                    "--as-of", AS_OF, "-o", output, name, *arguments, **how)
        return self.output(output)

    def sample(self, *arguments, **how):
        self.import_bounces()
        return self.judge(*arguments, **how)


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class ExpectedTest(SampleCase):
    """The frozen files."""

    maxDiff = None

    def test_every_file(self):
        got = comparable(self.sample())
        if os.environ.get("FREEZE") == "yes":
            shutil.rmtree(EXPECTED, ignore_errors=True)
            os.mkdir(EXPECTED)
            for name, data in got.items():
                with open(os.path.join(EXPECTED, name), "wb") as f:
                    f.write(data)
        self.assertEqual(sorted(os.listdir(EXPECTED)), sorted(got))
        for name, data in got.items():
            expected = read(os.path.join(EXPECTED, name)).split(b"\n")
            for number, (a, b) in enumerate(zip(expected, data.split(b"\n")), 1):
                self.assertEqual(a, b, f"{name}:{number}")
            self.assertEqual(len(expected), data.count(b"\n") + 1, name)

    def test_import_says_what_it_did(self):
        first = self.import_bounces()
        self.assertIn("54 read: 52 new, 0 known, 0 no bounce, 2 unrecognised", first.err)
        again = self.import_bounces()
        self.assertIn("54 read: 0 new, 52 known, 0 no bounce, 2 unrecognised", again.err)
        self.assertEqual((first.out, again.out), (b"", b""))

    def test_importing_twice_changes_no_verdict(self):
        once = self.sample()
        self.import_bounces()
        self.assertEqual(self.judge(output="again").comparable(), once.comparable())

    def test_history_shows_what_decided(self):
        self.import_bounces()
        done = self.winnow("history", "--db", self.db, "--as-of", AS_OF,
                           "delia.haverstock@quillfeather-press.com")
        text = done.out.decode()
        for word in ("5.1.1", "2026-09-14", "bounces.csv", "hard_bounced"):
            self.assertIn(word, text)

    def test_nothing_of_the_input_changes(self):
        before = self.snapshot(self.work)
        self.sample()
        after = self.snapshot(self.work)
        for name in ("contacts.csv", "bounces.csv"):
            self.assertEqual(after[name], before[name])


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class LawsTest(SampleCase):
    """What holds of every run over the sample, however it is asked for."""

    def test_conservation(self):
        output = self.sample()
        self.check_conservation(output, self.contacts)
        for row in output.rejected:
            line = self.contacts.split(b"\n")[int(row["line"]) - 1]
            self.assertEqual(row["raw"].encode("utf-8", "surrogateescape"), line)

    def test_policies_follow_the_design(self):
        self.import_bounces()
        for policy in design.POLICIES:
            output = self.judge("--policy", policy, output=policy)
            self.check_conservation(output, self.contacts)
            for row in output.report:
                with self.subTest(policy=policy, line=row["line"]):
                    self.assertEqual(design.faults_of(row, policy), [])

    def test_every_reason_of_this_version_but_the_offline_ones(self):
        # unknown_tld and not_checked are of --offline alone; nobody is probed.
        probed = {"mailbox_accepted", "catch_all", "accepts_all_provider", "restricted"}
        seen = {row["reason"] for row in self.sample().report}
        self.assertEqual(set(design.REASONS) - seen, probed | {"unknown_tld", "not_checked"})

    def test_jobs(self):
        self.import_bounces()
        one = self.judge("--jobs", "1", output="one", db=self.db)
        for jobs in ("2", "4", "16"):
            more = self.judge("--jobs", jobs, output="more", db=self.db)
            self.assertEqual(more.comparable(), one.comparable(), jobs)

    def test_jobs_with_fresh_stores(self):
        outputs = []
        for jobs in ("1", "4"):
            db = self.path(f"store-{jobs}.db")
            self.import_bounces(db)
            outputs.append(self.judge("--jobs", jobs, output="out-" + jobs, db=db))
        self.assertEqual(outputs[0].comparable(), outputs[1].comparable())

    def test_offline(self):
        self.import_bounces()
        self.server.mark()
        output = self.judge("--offline")
        self.assertEqual(self.server.queries(), 0)
        self.check_conservation(output, self.contacts)
        for row in output.report:
            self.assertEqual(design.faults_of(row, "balanced"), [])
            self.assertNotIn(row["reason"], ("no_domain", "null_mx", "dns_failure", "not_probed"))

    def test_report_explains_every_row(self):
        for row in self.sample().report:
            with self.subTest(line=row["line"]):
                self.assertTrue(row["rule"])
                self.assertIn(row["evidence"], ("syntax", "lists", "domain", "mailbox", "history",
                                                "policy"))
                flags = row["flags"].split(";")
                self.assertEqual(flags, sorted(set(flags)))
                self.assertRegex(row["last_event_at"], r"^(|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$")
                self.assertEqual(bool(row["address"]), bool(row["domain"]))
                self.assertEqual(row["address"].endswith("@" + row["domain"]),
                                 bool(row["address"]))

    def test_duplicates_name_the_first_row(self):
        report = self.sample().report
        by_line = {row["line"]: row for row in report}
        duplicates = [row for row in report if row["duplicate_of"]]
        self.assertGreaterEqual(len(duplicates), 11)
        for row in duplicates:
            first = by_line[row["duplicate_of"]]
            self.assertEqual(first["duplicate_of"], "")
            self.assertLess(int(first["line"]), int(row["line"]))
            self.assertEqual(first["result"], row["result"])
            self.assertEqual(first["domain"], row["domain"])

    def test_check_agrees(self):
        output = self.sample()
        rows = {}
        for row in output.report:
            if row["email"].isprintable() and row["reason"] != "duplicate" and row["email"].strip():
                rows.setdefault(row["email"].strip(), row)
        text = "".join(email + "\n" for email in rows).encode()
        done = self.winnow("check", "--json", "--db", self.db, "--dns-server", self.server.address,
                           "--as-of", AS_OF, "-", stdin=text, status=support.NOT_KEEP)
        answers = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual(len(answers), len(rows))
        for answer in answers:
            row = rows[answer["email"].strip()]
            with self.subTest(email=answer["email"]):
                for key in ("address", "result", "reason", "action", "blame", "evidence", "rule",
                            "mx", "provider", "diagnostic", "last_event"):
                    self.assertEqual(answer[key] or "", row[key], key)


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class FactsTest(SampleCase):
    """The second run rests on the facts of the first."""

    def test_second_run_asks_only_what_failed(self):
        first = self.sample()
        self.assertEqual(first.summary["run"]["dns"]["failed"], len(FAILING))
        before = self.server.counters()
        second = self.judge(output="second")
        after = self.server.counters()
        self.assertEqual(second.comparable(), first.comparable())
        dns = second.summary["run"]["dns"]
        self.assertEqual(dns["looked_up"], len(FAILING))
        self.assertEqual(dns["from_store"], first.summary["run"]["dns"]["looked_up"] - len(FAILING))
        rcodes = {k: after[k] - before[k] for k in after if k.startswith("num.rcode.")}
        self.assertEqual(rcodes["num.rcode.NXDOMAIN"], 0)
        self.assertLessEqual(rcodes["num.rcode.NOERROR"], 1)  # the MX of aldermoss-bakery.com
        self.assertGreater(rcodes["num.rcode.SERVFAIL"], 0)

    def test_second_run_of_a_list_without_failures_asks_nothing(self):
        lines = self.contacts.split(b"\n")
        bad = re.compile("|".join(FAILING).encode(), re.I)
        self.write("sound.csv", b"\n".join(x for x in lines if not bad.search(x)))
        self.import_bounces()
        first = self.judge(name="sound.csv", output="first")
        self.assertGreater(self.server.queries(), 0)
        self.server.mark()
        second = self.judge(name="sound.csv", output="second")
        self.assertEqual(self.server.queries(), 0)
        self.assertEqual(second.comparable(), first.comparable())
        self.assertEqual(second.summary["run"]["dns"]["queries"], 0)
        # A fact ends: the longest lives a week.
        self.server.mark()
        self.winnow("clean", "--db", self.db, "--dns-server", self.server.address, "--as-of",
                    "2026-11-09", "-o", "third", "sound.csv")
        self.assertGreater(self.server.queries(), 60)

    def test_refresh_asks_again(self):
        first = self.sample()
        self.server.mark()
        again = self.judge("--refresh", output="again")
        self.assertGreater(self.server.queries(), 60)
        self.assertEqual(again.comparable(), first.comparable())

    def test_one_look_up_a_domain(self):
        before = self.server.counters()
        output = self.sample()
        after = self.server.counters()
        asked = after["num.type.MX"] - before["num.type.MX"]
        # kettlemere-foods.com is tried three times.
        self.assertEqual(asked, output.summary["run"]["dns"]["looked_up"] + 2)


def with_line_end(end):
    return lambda data: data.replace(b"\n", end)


def delimited(mark):
    """The sample with another delimiter: its quoted fields hold none of these."""
    def convert(data):
        out, inside = bytearray(), False
        for byte in data:
            inside ^= byte == 0x22
            out.append(mark if byte == 0x2c and not inside else byte)
        return bytes(out)
    return convert


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class DialectTest(SampleCase):
    """The same list in other clothes has the same verdicts, and its own bytes come back."""

    # name -> conversion, header lines, arguments
    VARIANTS = {
        "crlf": (with_line_end(b"\r\n"), 1, ()),
        "bom": (lambda d: b"\xef\xbb\xbf" + d, 1, ()),
        "sep": (lambda d: b"sep=,\n" + d, 2, ()),
        "bom and sep": (lambda d: b"\xef\xbb\xbfsep=,\r\n" + with_line_end(b"\r\n")(d), 2, ()),
        "quoted header": (lambda d: d.replace(b"id,first_name,last_name,email",
                                              b'"id","first_name","last_name","email"', 1), 1, ()),
        "bom and quoted header": (lambda d: b"\xef\xbb\xbf" + d.replace(
            b"id,first_name,last_name,email", b'"id","first_name","last_name","email"', 1), 1, ()),
        "no last line end": (lambda d: d.rstrip(b"\n"), 1, ()),
        "gzip": (None, 1, ()),
        "no header": (lambda d: d.split(b"\n", 1)[1], 0, ("--no-header", "--column", "4")),
    }

    def setUp(self):
        super().setUp()
        self.import_bounces()
        # The last record's quote is never closed and its "line" is the rest of the file.
        self.plain = self.judge(output="plain")

    @staticmethod
    def verdicts(output, shift=0):
        keys = ("address", "result", "reason", "action", "flags", "domain", "mx", "rule")
        return [(int(row["line"]) - shift,) + tuple(row[k] for k in keys)
                for row in output.report]

    def test_variants(self):
        for name, (convert, header_lines, arguments) in self.VARIANTS.items():
            with self.subTest(variant=name):
                data = convert(self.contacts) if convert else self.contacts
                self.write("variant.csv", data if convert else gzip.compress(data))
                output = self.judge(*arguments, name="variant.csv", output="variant")
                self.check_conservation(output, data, header_lines)
                self.assertEqual(self.verdicts(output, header_lines - 1),
                                 self.verdicts(self.plain))
                self.assertEqual(len(output.rejected), len(self.plain.rejected))

    def test_cr_alone(self):
        # Without the one record over several lines, whose line feeds are data.
        data = re.sub(rb'"Wattlebird Freight[^"]*"', b"Wattlebird", self.contacts)
        self.write("cr.csv", data.replace(b"\n", b"\r"))
        output = self.judge(name="cr.csv", output="cr")
        self.check_conservation(output, data.replace(b"\n", b"\r"))
        self.assertEqual([row[1:] for row in self.verdicts(output)],
                         [row[1:] for row in self.verdicts(self.plain)])

    def test_delimiters(self):
        # Well quoted rows alone: a lost quote means something else to every delimiter.
        rows = [line for line in self.contacts.split(b"\n")
                if line.count(b'"') % 2 == 0 and b";" not in line and line]
        rows = b"\n".join(row for row in rows if b"Warehouse" not in row and b"Cut" not in row)
        self.write("comma.csv", rows + b"\n")
        plain = self.verdicts(self.judge(name="comma.csv", output="comma"))
        for name, mark in (("semicolon", ";"), ("tab", "\t"), ("bar", "|")):
            with self.subTest(delimiter=name):
                data = delimited(ord(mark))(rows + b"\n")
                self.write(name + ".csv", data)
                output = self.judge(name=name + ".csv", output=name)
                self.check_conservation(output, data)
                self.assertEqual(self.verdicts(output), plain)
                self.assertEqual(output.summary["input"]["delimiter"], mark)


if __name__ == "__main__":
    if "--freeze" in sys.argv:
        sys.argv.remove("--freeze")
        os.environ["FREEZE"] = "yes"
    support.main()
