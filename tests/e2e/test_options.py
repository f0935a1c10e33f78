#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Options, variables, configuration, and the ways in and out: WN_BINARY=... python3
tests/e2e/test_options.py"""

import gzip
import json
import os
import re
import threading
import time

import support
from responder import Responder
from support import CONFIG, USAGE, Case, read

LIST = ("id,email\n1,ann@brackwell.net\n2,info@brackwell.net\n3,ANN@brackwell.net\n"
        "4,not an address\n5,test@brackwell.net\n6,bob@brackwell.net\n")
KEPT = "id,email\n1,ann@brackwell.net\n6,bob@brackwell.net\n"


class OptionCase(Case):
    def setUp(self):
        super().setUp()
        self.write("list.csv", LIST)

    def actions(self, *arguments, **how):
        """The actions of the list's rows, in order."""
        return [row["action"] for row in self.clean("list.csv", *arguments, **how).report]

    def refuse(self, *arguments, status=USAGE, words=(), **how):
        with self.unchanged(self.work):
            done = self.winnow(*arguments, status=status, **how)
        self.assertEqual(done.out, b"")
        return self.check_sentence(done, *words)


class UsageTest(OptionCase):
    """64, with the option and the nearest valid one."""

    def test_usage(self):
        """command line -> words of the message"""
        cases = [
            ((), ("winnow help",)),
            (("clear",), ("clear", "clean")),
            (("bounce",), ("bounces",)),
            (("clean",), ("winnow clean",)),
            (("clean", "--ofline", "list.csv"), ("--ofline", "--offline")),
            (("clean", "--dns-servers=1", "list.csv"), ("--dns-servers", "--dns-server")),
            (("clean", "--xyzzy-plugh", "list.csv"), ("--xyzzy-plugh", "winnow help clean")),
            (("clean", "-Z", "list.csv"), ("-Z",)),
            (("clean", "list.csv", "-o"), ("-o DIR",)),
            (("clean", "list.csv", "--output"), ("--output DIR",)),
            (("clean", "--offline=yes", "list.csv"), ("--offline", "no value")),
            (("clean", "--jobs", "0", "list.csv"), ("jobs", "1 to 256")),
            (("clean", "--jobs", "many", "list.csv"), ("jobs", "many")),
            (("clean", "--jobs", "99999999999999999999", "list.csv"), ("jobs",)),
            (("clean", "--only", "kept", "list.csv"), ("--only", "keep, review or drop")),
            (("clean", "--only", "keep", "--json", "list.csv"), ("--json",)),
            (("clean", "--only", "keep", "-o", "out", "list.csv"), ("--output",)),
            (("clean", "--only", "keep", "--dry-run", "list.csv"), ("--dry-run",)),
            (("clean", "--only", "keep", "list.csv", "list.csv"), ("several inputs",)),
            (("clean", "--progress", "some", "list.csv"), ("auto, always or never",)),
            (("clean", "--policy", "harsh", "list.csv"), ("harsh", "strict")),
            (("clean", "--set", "role_account", "list.csv"), ("role_account",)),
            (("clean", "--set", "role_acount=keep", "list.csv"), ("role_acount",)),
            (("clean", "--set", "role_account=burn", "list.csv"), ("burn",)),
            (("clean", "--delimiter", "ab", "list.csv"), ("--delimiter",)),
            (("clean", "--delimiter", '"', "list.csv"), ("--delimiter",)),
            (("clean", *["--column=email"] * 17, "list.csv"), ("--column", "16")),
            (("clean", "--as-of", "yesterday", "list.csv"), ("--as-of", "yesterday")),
            (("clean", "--no-db", "--dns-server", "dns.example", "list.csv"), ("dns.example",)),
            (("clean", "--no-db", "--dns-server", "127.0.0.1:70000", "list.csv"), ("70000",)),
            (("check",), ("winnow check",)),
            (("check", "--only", "keep", "a@b.net"), ("--only",)),
            (("bounces",), ("import",)),
            (("bounces", "fetch"), ("fetch",)),
            (("bounces", "import"), ("winnow bounces import",)),
            (("history",), ("winnow history",)),
            (("help", "everything"), ("everything",)),
        ]
        for command, words in cases:
            with self.subTest(command):
                self.refuse(*command, words=words)

    def test_law_1(self):
        """No override may drop what is our own trouble or the network's."""
        for reason in ("dns_failure", "not_checked", "probe_blocked", "greylisted",
                       "no_connection", "probe_timeout", "recheck_due", "refused_unclear"):
            with self.subTest(reason):
                self.refuse("clean", "--set", reason + "=drop", "list.csv", words=(reason, "law 1"))
                self.offline("--set", reason + "=review", "list.csv")
                self.end_output()

    def end_output(self):
        for name in os.listdir(self.path("list.winnow")):
            os.unlink(self.path("list.winnow/" + name))
        os.rmdir(self.path("list.winnow"))

    def test_hostile_arguments(self):
        done = self.refuse("clean", "--\x1b[31m" + "x" * 5000, "list.csv")
        self.assertNotIn("\x1b", done.err)
        self.refuse("\x1b[2J" * 500)
        self.refuse("clean", "--set", "a=" * 3000, "list.csv")

    def test_help(self):
        for command in (("help",), ("--help",), ("-h",)):
            self.assertIn(b"clean", self.winnow(*command).out)
        text = self.winnow("help", "clean").out.decode()
        for option in ("output", "column", "delimiter", "no-header", "policy", "set", "offline",
                       "db", "no-db", "refresh", "dns-server", "dns-timeout", "dns-parallel",
                       "allow-private-hosts", "jobs", "max-drop", "dry-run", "only",
                       "dedupe-across", "wait", "json", "quiet", "verbose", "progress"):
            self.assertIn("--" + option, text)
        self.assertEqual(self.winnow("clean", "--help").out.decode(), text)
        self.assertEqual(self.winnow("clean", "list.csv", "--help").out.decode(), text)
        self.assertEqual(self.litter("list.csv"), [])
        for command in (("check",), ("history",), ("bounces", "import"), ("bounces", "classify")):
            with self.subTest(command):
                self.assertIn(b"winnow " + " ".join(command).encode(),
                              self.winnow("help", *command).out)

    def test_version(self):
        self.assertRegex(self.winnow("--version").out, rb"\Awinnow \d+\.\d+\.\d+\n\Z")


class SettingsTest(OptionCase):
    """Configuration, then variables, then the command line; an unknown key is 78."""

    def test_later_wins(self):
        role = 1  # row of info@
        self.assertEqual(self.actions()[role], "review")
        self.configure("[clean]\npolicy = strict\n")
        self.assertEqual(self.actions()[role], "drop")
        lenient = {"WINNOW_POLICY": "lenient"}
        self.assertEqual(self.actions(environment=lenient)[role], "keep")
        self.assertEqual(self.actions("--policy", "balanced", environment=lenient)[role], "review")

    def test_xdg_config_home(self):
        self.configure("[clean]\npolicy = strict\n")
        os.makedirs(self.path("xdg/winnow"))
        self.write("xdg/winnow/winnow.conf", "; mine\n[clean]\nset = role_account=keep\n"
                   "set = placeholder=drop\n\n[check]\noffline = yes\n")
        actions = self.actions(environment={"XDG_CONFIG_HOME": self.path("xdg")})
        self.assertEqual(actions, ["keep", "keep", "drop", "drop", "drop", "keep"])

    def test_the_line_replaces_a_list(self):
        self.configure("[clean]\nset = role_account=drop\nset = placeholder=drop\n")
        self.assertEqual(self.actions("--set", "role_account=keep")[1::3], ["keep", "review"])

    def test_flags(self):
        self.configure("[clean]\noffline = yes\nno-db = true\nquiet = on\n")
        self.assertEqual(self.winnow("clean", "list.csv").err, "")
        self.assertTrue(self.winnow("clean", "list.csv", environment={"WINNOW_QUIET": "no"}).err)

    def test_errors(self):
        """configuration -> words of the message"""
        cases = [
            ("[clean]\npolice = strict\n", ("winnow.conf", "police")),
            ("[clear]\npolicy = strict\n", ("winnow.conf", "clear")),
            ("policy = strict\n", ("winnow.conf",)),
            ("[clean]\njobs = some\n", ("winnow.conf", "jobs", "some")),
            ("[clean]\noffline = perhaps\n", ("winnow.conf", "offline", "perhaps")),
            ("[clean]\nthis is no setting\n", ("winnow.conf:2",)),
            ("[check]\nmax-drop = 5\n", ("winnow.conf", "max-drop")),
        ]
        for text, words in cases:
            with self.subTest(text):
                self.configure(text)
                self.refuse("clean", "--offline", "--no-db", "list.csv", status=CONFIG,
                            words=words)

    def test_values_that_are_wrong_only_together(self):
        """A value that the command refuses is the configuration's fault too."""
        self.configure("[clean]\npolicy = harsh\n")
        done = self.winnow("clean", "--offline", "--no-db", "list.csv", status=None)
        self.assertIn(done.status, (USAGE, CONFIG))
        self.assertIn("harsh", done.err)

    def test_unreadable_configuration(self):
        self.configure("[clean]\n")
        os.chmod(os.path.join(self.home, ".config/winnow/winnow.conf"), 0)
        self.refuse("clean", "--offline", "--no-db", "list.csv", status=CONFIG,
                    words=("winnow.conf", "Permission denied"),
                    preexec_fn=support.without_rights)

    def test_variables(self):
        for name, words in (("WINNOW_POLICE", ("WINNOW_POLICE",)),
                            ("WINNOW_JOBS", ("WINNOW_JOBS", "strict"))):
            with self.subTest(name):
                self.refuse("clean", "--offline", "--no-db", "list.csv", status=CONFIG,
                            environment={name: "strict"}, words=words)
        # A variable of another command's option does no harm.
        self.winnow("check", "--offline", "--no-db", "ann@brackwell.net",
                    environment={"WINNOW_MAX_DROP": "5"})

    def test_default_store(self):
        self.winnow("clean", "--offline", "list.csv")
        store = os.path.join(self.home, ".local/state/winnow/winnow.db")
        self.assertEqual(os.stat(store).st_mode & 0o777, 0o600)
        state = os.path.join(self.home, "state")
        self.winnow("clean", "--offline", "list.csv", environment={"XDG_STATE_HOME": state})
        self.assertTrue(os.path.exists(os.path.join(state, "winnow/winnow.db")))

    def test_no_db_writes_no_store(self):
        self.winnow("clean", "--offline", "--no-db", "list.csv")
        self.assertEqual(os.listdir(self.home), [])


class StreamTest(OptionCase):
    """--only, --json, --dry-run, standard input: what goes where."""

    def test_only(self):
        output = self.clean()
        for action in ("keep", "review", "drop"):
            done = self.offline("--only", action, "list.csv")
            self.assertEqual(done.out, output.files[action + ".csv"])
            self.assertRegex(done.err, r"\Awinnow: list.csv: 6 records[^\n]*\n\Z")
        self.assertEqual(self.offline("--only", "keep", "-q", "list.csv").err, "")
        self.assertEqual(self.litter("list.csv", "list.winnow"), [])

    def test_only_of_a_large_list(self):
        text = "id,email\n" + "".join(f"{i},p{i % 9000}@firm{i % 50}.brackwell.net\n"
                                      for i in range(60000))
        self.write("large.csv", text)
        output = self.clean("large.csv")
        for action in ("keep", "drop"):
            done = self.offline("--only", action, "--jobs", "4", "large.csv")
            self.assertEqual(done.out, output.files[action + ".csv"])

    def test_a_pipe_of_winnows(self):
        done = self.offline("--only", "keep", "-", stdin=LIST.encode())
        self.assertEqual(done.out, KEPT.encode())
        again = self.offline("--only", "keep", "-", stdin=done.out)
        self.assertEqual(again.out, KEPT.encode())

    def test_json(self):
        done = self.offline("--json", "-o", "out", "list.csv")
        summary = done.json()
        self.assertEqual(summary, self.output("out").summary)
        self.assertEqual(list(summary["input"])[0], "path")

    def test_json_of_several(self):
        self.write("more.csv", LIST)
        done = self.offline("--json", "-o", "out", "list.csv", "more.csv")
        self.assertEqual([s["input"]["path"] for s in done.json()], ["list.csv", "more.csv"])

    def test_dry_run_tells_of_the_valve(self):
        done = self.offline("--dry-run", "--max-drop", "1", "list.csv", status=support.VALVE)
        self.assertIn("--max-drop", done.err)
        self.assertIn(b"dry run", done.out)

    def test_json_when_the_valve_trips(self):
        done = self.offline("--json", "--max-drop", "1", "list.csv", status=support.VALVE)
        self.assertTrue(done.json()["held"].endswith("list.winnow.held"))

    def test_dry_run(self):
        before = self.snapshot(self.work)
        done = self.offline("--dry-run", "list.csv")
        self.assertEqual(self.snapshot(self.work), before)
        for word in ("keep", "review", "drop", "dry run"):
            self.assertIn(word, done.out.decode())
        done = self.offline("--dry-run", "--json", "list.csv")
        self.assertEqual(done.json()["counts"],
                         {"keep": 2, "review": 2, "drop": 2, "rejected": 0})
        self.assertEqual(self.snapshot(self.work), before)

    def test_dry_run_of_standard_input(self):
        self.offline("--dry-run", "-", stdin=LIST.encode())

    def test_dry_run_keeps_facts(self):
        with Responder() as server:
            options = ("--db", self.db, "--dns-server", server.address)
            self.winnow("clean", "--dry-run", *options, "list.csv")
            asked = server.asked()
            self.assertGreater(asked, 0)
            self.winnow("clean", *options, "list.csv")
            self.assertEqual(server.asked(), asked)
        self.assertEqual(self.litter("list.csv", "list.winnow"), [])

    def test_standard_input(self):
        plain = self.clean()
        for data in (LIST.encode(), gzip.compress(LIST.encode())):
            self.offline("-", "-o", "out", stdin=data)
            self.assertEqual(self.output("out").comparable(), plain.comparable())
        self.assertEqual(os.listdir(os.path.join(self.place, "tmp")), [])

    def test_standard_input_that_is_a_file(self):
        with open(self.path("list.csv"), "rb") as f:
            self.offline("-", "-o", "out", stdin=f)
        self.check_conservation(self.output("out"), LIST.encode())

    def test_a_slow_pipe(self):
        """What the first bytes mean does not depend on how many come at once."""
        for data in (LIST.encode(), gzip.compress(LIST.encode())):
            run = self.start("clean", "--offline", "--no-db", "--only", "keep", "-", stdin=-1)
            for i, byte in enumerate(data):
                run.stdin.write(bytes([byte]))
                run.stdin.flush()
                time.sleep(0.01 if i < 4 else 0)
            self.assertEqual(self.finish(run).out, KEPT.encode())

    def test_named_pipe(self):
        os.mkfifo(self.path("pipe.csv"))

        def feed():
            with open(self.path("pipe.csv"), "wb") as f:
                f.write(LIST.encode())

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        self.offline("pipe.csv")
        feeder.join(10)
        self.check_conservation(self.output("pipe.winnow"), LIST.encode())

    def test_gzip(self):
        packed = gzip.compress(LIST.encode())
        plain = self.clean()
        for name, data in (("a.csv.gz", packed), ("b.csv", packed), ("members.csv.gz",
                           gzip.compress(LIST[:50].encode()) + gzip.compress(LIST[50:].encode()))):
            with self.subTest(name):
                self.write(name, data)
                self.assertEqual(self.clean(name).files["keep.csv"], plain.files["keep.csv"])
                self.assertEqual(read(self.path(name)), data)


class ColumnTest(OptionCase):
    """Which column holds the addresses."""

    def column_of(self, text, *arguments):
        self.write("columns.csv", text)
        output = self.clean("columns.csv", *arguments)
        self.check_conservation(output, text.encode(),
                                0 if "--no-header" in arguments else 1)
        return output

    def test_known_names(self):
        """The header names that people's exports have."""
        for name in ("Email Address", "Email", "EMAIL", "E-mail 1 - Value", "E-mail Address",
                     "user_email", "billing_email", "email", "e-mail", "mail", "Email 1 Value",
                     "primary.email", "contact_email", "e-mailadresse", "courriel",
                     "adresse e-mail", "adresse mail", "correo", "correo electronico",
                     "indirizzo email", "e-posta", "メールアドレス", "\u00a0Email ", '"E-Mail"'):
            with self.subTest(name):
                text = f"note,{name},other\nx@y.brackwell.net,ann@brackwell.net,1\n"
                output = self.column_of(text)
                self.assertEqual(output.report[0]["email"], "ann@brackwell.net")

    def test_exact_email_wins(self):
        output = self.column_of("Mail,email\nx@brackwell.net,ann@brackwell.net\n")
        self.assertEqual(output.report[0]["email"], "ann@brackwell.net")

    def test_leftmost_is_announced(self):
        text = "id,Mail,E-Mail\n1,ann@brackwell.net,x@brackwell.net\n"
        self.assertEqual(self.column_of(text).report[0]["email"], "ann@brackwell.net")
        self.assertIn("several columns", self.offline("-v", "columns.csv").err)

    def test_by_content(self):
        text = "id,where\n" + "".join(f"{i},p{i}@brackwell.net\n" for i in range(5))
        self.assertEqual(len(self.column_of(text).report), 5)

    def test_by_choice(self):
        text = "a,b\nann@brackwell.net,bob@brackwell.net\n"
        for choice in ("b", "B", " b ", "2"):
            with self.subTest(choice):
                output = self.column_of(text, "--column", choice)
                self.assertEqual(output.report[0]["email"], "bob@brackwell.net")

    def test_a_name_that_is_a_number(self):
        output = self.column_of("2,1\nann@brackwell.net,bob@brackwell.net\n", "-c", "2")
        self.assertEqual(output.report[0]["email"], "ann@brackwell.net")

    def test_without_header(self):
        text = "1,ann@brackwell.net\n2,bob@brackwell.net\n"
        self.write("columns.csv", text)
        found = self.clean("columns.csv")
        self.check_conservation(found, text.encode(), 0)
        self.assertFalse(found.summary["input"]["header"])
        self.assertEqual(self.column_of(text, "--no-header").comparable(), found.comparable())

    def test_no_header_although_it_looks_like_one(self):
        output = self.column_of("email\nann@brackwell.net\n", "--no-header", "-c", "1")
        self.assertEqual([row["reason"] for row in output.report], ["syntax_no_at", "not_checked"])

    def test_delimiter(self):
        text = "a:email\n1:ann@brackwell.net\n"
        self.assertEqual(self.column_of(text, "-d", ":").report[0]["email"], "ann@brackwell.net")
        text = "a\temail\n1\tann@brackwell.net\n"
        for choice in ("tab", "\\t", "\t"):
            self.column_of(text, "-d", choice)

    def test_sep_line_with_an_unusual_delimiter(self):
        self.write("columns.csv", "sep=^\r\na^email\r\n1^ann@brackwell.net\r\n")
        output = self.clean("columns.csv")
        self.check_conservation(output, read(self.path("columns.csv")), 2)
        self.assertEqual(output.report[0]["email"], "ann@brackwell.net")


class SeveralTest(OptionCase):
    """Several inputs; duplicates within and across."""

    def test_within_each(self):
        self.write("more.csv", LIST)
        self.offline("-o", "out", "list.csv", "more.csv")
        single = self.clean()
        for name in ("list", "more"):
            output = self.output("out/" + name)
            self.check_conservation(output, LIST.encode())
            self.assertEqual(output.files["report.csv"], single.files["report.csv"])

    def test_across(self):
        self.write("more.csv", "email\nzoe@brackwell.net\nbob@brackwell.net\nZOE@brackwell.net\n")
        self.offline("--dedupe-across", "-o", "out", "list.csv", "more.csv")
        report = self.output("out/more").report
        self.assertEqual([row["duplicate_of"] for row in report], ["", "list.csv:7", "2"])
        self.assertEqual([row["action"] for row in report], ["keep", "drop", "drop"])
        self.assertEqual([row["duplicate_of"] for row in self.output("out/list").report],
                         ["", "", "2", "", "", ""])

    def test_one_look_up_for_all(self):
        self.write("more.csv", LIST)
        with Responder() as server:
            self.winnow("clean", "--no-db", "--dns-server", server.address, "-o", "out",
                        "list.csv", "more.csv")
            self.assertEqual(server.asked("brackwell.net", 15), 1)

    def test_lists_in_different_clothes(self):
        self.write("more.csv", "\ufeffname;E-Mail\r\nZoe;zoe@brackwell.net\r\n")
        self.offline("-o", "out", "list.csv", "more.csv")
        self.check_conservation(self.output("out/more"), read(self.path("more.csv")))

    def test_counts_are_of_each_list(self):
        self.write("more.csv", "email\nzoe@other.brackwell.net\n")
        self.offline("-o", "out", "list.csv", "more.csv")
        summary = self.output("out/more").summary
        self.assertEqual([d["name"] for d in summary["domains"]], ["other.brackwell.net"])
        self.assertEqual(summary["counts"]["keep"], 1)


class SummaryTest(OptionCase):
    """summary.json says what is true."""

    def test_summary(self):
        summary = self.clean().summary
        report = self.output("list.winnow").report
        self.assertEqual(summary["input"]["bytes"], len(LIST))
        self.assertRegex(summary["input"]["digest"], r"^xxh3-128:[0-9a-f]{32}$")
        for key, column in (("results", "result"), ("reasons", "reason")):
            for word, count in summary[key].items():
                rows = count if isinstance(count, int) else count["rows"]
                self.assertEqual(rows, sum(row[column] == word for row in report), word)
        self.assertEqual(summary["mailboxes"], len({row["address"].lower() for row in report
                                                    if row["address"]}))
        self.assertEqual(sum(d["rows"] for d in summary["domains"]), 5)
        self.assertTrue(re.fullmatch(r"\d+\.\d+\.\d+", summary["winnow"]))

    def test_hundred_largest_domains(self):
        text = "email\n" + "".join(f"p{i}@d{i % 150:03d}.brackwell.net\n" for i in range(400))
        self.write("large.csv", text)
        domains = self.clean("large.csv").summary["domains"]
        self.assertEqual(len(domains), 100)
        keys = [(-d["rows"], d["name"]) for d in domains]
        self.assertEqual(keys, sorted(keys))

    def test_settings_are_told(self):
        settings = self.clean("list.csv", "--policy", "strict", "--set",
                              "role_account=keep").summary["settings"]
        self.assertEqual((settings["policy"], settings["set"]),
                         ("strict", {"role_account": "keep"}))

    def test_a_name_that_is_no_text(self):
        """A file name may hold any bytes; the summary is JSON all the same."""
        name = os.fsencode(self.path("")) + b"l\xff\"\x1b\n.csv"
        with open(name, "wb") as f:
            f.write(LIST.encode())
        done = self.offline("-o", "out", name)
        self.assertNotIn("\x1b", done.err)
        summary = json.loads(read(self.path("out/summary.json")).decode())
        self.assertIn("/l\ufffd\"\x1b\n.csv", summary["input"]["path"])

    def test_a_header_that_is_no_text(self):
        self.write("list.csv", b"id,\xe9m\x1b[2Jail,E-Mail\n1,ann@brackwell.net,\n")
        done = self.offline("-v", "-c", "2", "list.csv")
        self.assertNotIn("\x1b", done.err)
        summary = json.loads(read(self.path("list.winnow/summary.json")).decode())
        self.assertEqual(summary["input"]["email_columns"], ["ém\x1b[2Jail"])


if __name__ == "__main__":
    support.main()
