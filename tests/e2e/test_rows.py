#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What stands in a row: several email columns, addresses that --fix writes, aliases that are folded."""

import unittest

from support import DATA, Case, main, rows_of


class SeveralColumnsTest(Case):
    """--column, repeated: a row is judged by its first column with an address."""

    TEXT = ("Name,Private,Work,Old\n"
            "Ann,ann@brackwell.net,a@work.brackwell.net,\n"
            "Bob,,bob@brackwell.net,b@old.brackwell.net\n"
            "Cid,n/a,not an address,\"Cid <cid@brackwell.net>\"\n"
            "Dan,,dan at home,\n"
            "Eve,,,\n"
            "Fay,f@brackwell.net; g@brackwell.net,fay@brackwell.net,\n"
            "Gus,gus@brackwell.net\n"
            "Hal\n"
            "Ida,bob@brackwell.net,,\n")

    def clean_columns(self, text, *columns):
        self.write("list.csv", text)
        arguments = [f"--column={name}" for name in columns]
        output = self.clean("list.csv", *arguments)
        self.check_conservation(output, text.encode())
        return output

    def test_first_with_an_address(self):
        output = self.clean_columns(self.TEXT, "Private", "Work", "Old")
        self.assertEqual([(row["column"], row["email"], row["reason"]) for row in output.report], [
            ("Private", "ann@brackwell.net", "not_checked"),
            ("Work", "bob@brackwell.net", "not_checked"),
            ("Old", "Cid <cid@brackwell.net>", "not_checked"),
            ("Work", "dan at home", "syntax_no_at"),
            ("Private", "", "no_address"),
            ("Private", "f@brackwell.net; g@brackwell.net", "syntax_several"),
            ("Private", "gus@brackwell.net", "not_checked"),
            ("Private", "bob@brackwell.net", "duplicate")])
        self.assertEqual([row["line"] for row in output.rejected], ["9"])
        self.assertEqual(output.summary["input"]["email_columns"], ["Private", "Work", "Old"])

    def test_order_is_the_users(self):
        output = self.clean_columns(self.TEXT, "old", "3", "PRIVATE")
        self.assertEqual([row["email"] for row in output.report][:3],
                         ["a@work.brackwell.net", "b@old.brackwell.net", "Cid <cid@brackwell.net>"])
        self.assertEqual(output.summary["input"]["email_columns"], ["Old", "Work", "Private"])

    def test_one_column_says_nothing(self):
        output = self.clean_columns(self.TEXT, "Private")
        self.assertEqual({row["column"] for row in output.report}, {""})

    def test_summary_names_them(self):
        self.write("list.csv", self.TEXT)
        done = self.offline("-v", "-o", "out", "-c", "Work", "-c", "Private", "list.csv")
        self.assertIn("email columns 'Work', 'Private'", done.err)

    def test_missing_column(self):
        self.write("list.csv", self.TEXT)
        done = self.offline("-c", "Work", "-c", "Home", "list.csv", status=DATA)
        self.assertIn("there is no column 'Home'", done.err)
        self.assertEqual(self.litter("list.csv"), [])

    def test_quotes_of_the_columns_differ(self):
        """The value of a cell that was looked at and passed over never shows in another's place."""
        text = 'a,b\n"x ""quoted"" y","ann@brackwell.net"\n"x ""1"" y","x ""2"" z"\n'
        output = self.clean_columns(text, "a", "b")
        self.assertEqual([row["email"] for row in output.report], ["ann@brackwell.net", 'x "1" y'])


class FixTest(Case):
    """--fix: the only time a row does not leave as it came."""

    def fix(self, text, *arguments, header=b"name,email,note\n"):
        data = text if isinstance(text, bytes) else text.encode()
        self.write("list.csv", header + data)
        plain = self.clean("list.csv", *arguments, output="plain")
        self.check_conservation(plain, header + data)
        fixed = self.clean("list.csv", "--fix", *arguments, output="fixed")
        self.assertEqual(fixed.summary["fixed"], sum(row["fixed"] != "" for row in fixed.report))
        self.assertEqual(plain.summary["fixed"], 0)
        for a, b in zip(plain.report, fixed.report):
            self.assertEqual(dict(a, fixed=""), dict(b, fixed=""))
        return fixed

    def test_repairs(self):
        """Each cell, and what stands in its place."""
        cases = {
            " ann@brackwell.net ": "ann@brackwell.net",
            "Bob <bob@Brackwell.net>": "bob@brackwell.net",
            "mailto:cid@brackwell.net": "cid@brackwell.net",
            '"dan@brackwell.net,"': '"dan@brackwell.net"',
            '"Eve, PhD <eve@brackwell.net>"': '"eve@brackwell.net"',
            "fay＠brackwell．net": "fay@brackwell.net",
            "Gus@Brackwell.NET": "Gus@Brackwell.NET",  # nothing to repair
            "hal@brackwell..net": "hal@brackwell..net",  # nothing that could be repaired
            "": "",
        }
        rows = "".join(f"x,{cell},y\n" for cell in cases)
        output = self.fix(rows)
        lists = b"".join(output.files[name].split(b"\n", 1)[1]
                         for name in ("keep.csv", "review.csv", "drop.csv"))
        self.assertEqual(sorted(lists.decode().splitlines()),
                         sorted(f"x,{cell},y" for cell in cases.values()))

    def test_suggestions_are_written_into_rows_to_review(self):
        output = self.fix("a,bob@gmial.com,1\nb,eve@gmailcom,2\nc,ann@brackwell.net,3\n")
        self.assertEqual(output.files["review.csv"].splitlines()[1:],
                         [b"a,bob@gmail.com,1", b"b,eve@gmail.com,2"])
        self.assertEqual([(row["email"], row["reason"], row["fixed"]) for row in output.report], [
            ("bob@gmial.com", "typo_suspected", "bob@gmail.com"),
            ("eve@gmailcom", "typo_dead", "eve@gmail.com"),
            ("ann@brackwell.net", "not_checked", "")])

    def test_never_a_suggestion_in_a_dropped_row(self):
        """A list of dropped rows may be fed to a suppression list: nothing is held against the
        mailbox that was meant."""
        output = self.fix("a,bob@gmial.com,1\nb, eve@gmailcom,2\n", "--set", "typo_suspected=drop", "--set",
                          "typo_dead=drop")
        self.assertEqual(output.files["drop.csv"].splitlines()[1:],
                         [b"a,bob@gmial.com,1", b"b, eve@gmailcom,2"])
        self.assertEqual([row["fixed"] for row in output.report], ["", ""])

    def test_a_dropped_row_is_repaired(self):
        output = self.fix("a, bob@example.com,1\n")
        self.assertEqual(output.files["drop.csv"].splitlines()[1:], [b"a,bob@example.com,1"])

    def test_nobody_who_left_comes_back_as_a_correction(self):
        """With corrections let through, what the history says of the corrected mailbox counts."""
        self.write("bounces.csv",
                   "email,event,timestamp,reason\n"
                   "bob@gmail.com,unsubscribe,2026-10-01T00:00:00Z,\n"
                   "eve@gmail.com,complaint,2026-10-01T00:00:00Z,\n"
                   "fay@gmail.com,bounce,2026-10-01T00:00:00Z,550 5.1.1 user unknown\n"
                   "kim@gmail.com,bounce,2026-10-01T00:00:00Z,552 5.2.2 mailbox full\n"
                   "hal@gmail.com,delivered,2026-10-01T00:00:00Z,\n")
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
        self.write("list.csv", "email\nbob@gmial.com\neve@gmailcom\nfay@gmial.com\nhal@gmial.com\n"
                               "ivy@gmailcom\nkim@gmial.com\n")
        self.winnow("clean", "--offline", "--db", self.db, "--as-of", "2026-11-01", "--fix",
                    "--set", "typo_suspected=keep", "--set", "typo_dead=keep", "-o", "out", "list.csv")
        output = self.output("out")
        self.assertEqual(output.by("email", "fixed"), {
            "bob@gmial.com": "", "eve@gmailcom": "", "fay@gmial.com": "",
            "hal@gmial.com": "hal@gmail.com", "ivy@gmailcom": "ivy@gmail.com",
            "kim@gmial.com": ""})  # a mailbox that was full would be reviewed
        self.assertEqual({row["action"] for row in output.report}, {"keep"})
        self.assertEqual(output.summary["mailboxes"], 4)

    def test_the_suggested_mailbox_stands_on_a_row_of_its_own(self):
        """Entered for its history or for its row, whichever comes first: neither hides the other."""
        for rows in ("a,bob@gmial.com,1\nb,bob@gmail.com,2\n",
                     "b,bob@gmail.com,2\na,bob@gmial.com,1\n"):
            output = self.fix(rows)
            self.assertEqual(output.by("email", "reason"), {"bob@gmial.com": "typo_suspected",
                                                            "bob@gmail.com": "not_checked"})
            self.assertEqual(output.summary["mailboxes"], 2)

    def test_delimiter_quotes_and_line_ends(self):
        """The row keeps its shape, and a value that needs quotes has them."""
        header = b"n;email\r\n"
        output = self.fix(b'1; ann@brackwell.net \r\n'
                          b'2;"Bob <bob@brackwell.net>"\r\n'
                          b'3;  "cid@brackwell.net."  \r\n'
                          b'4;"<""d;d""@brackwell.net>"\r\n'
                          b'"5\n5"; eve@brackwell.net', header=header)
        self.assertEqual(output.files["keep.csv"], header +
                         b'1;ann@brackwell.net\r\n'
                         b'2;"bob@brackwell.net"\r\n'
                         b'3;"cid@brackwell.net"\r\n'
                         b'4;"""d;d""@brackwell.net"\r\n'
                         b'"5\n5";eve@brackwell.net')

    def test_only(self):
        self.write("list.csv", "email\n ann@brackwell.net\n")
        done = self.offline("--only", "keep", "--fix", "list.csv")
        self.assertEqual(done.out, b"email\nann@brackwell.net\n")

    def test_dry_run_counts(self):
        self.write("list.csv", "email\n ann@brackwell.net\nbob@brackwell.net\n")
        done = self.offline("--dry-run", "--fix", "list.csv")
        self.assertIn(b"fixed      1 rows", done.out)

    def test_windows_1252_beside_the_address(self):
        output = self.fix(b"Andr\xe9, andre@brackwell.net,caf\xe9\n")
        self.assertEqual(output.files["keep.csv"].splitlines()[1],
                         b"Andr\xe9,andre@brackwell.net,caf\xe9")

    def test_several_columns(self):
        """The cell that was judged is the one that is written."""
        self.write("list.csv", "a,b\nn/a, ann@brackwell.net\n")
        output = self.clean("list.csv", "-c", "a", "-c", "b", "--fix")
        self.assertEqual(output.files["keep.csv"], b"a,b\nn/a,ann@brackwell.net\n")
        self.assertEqual(output.report[0]["fixed"], "ann@brackwell.net")

    def test_jobs_make_no_difference(self):
        rows = "".join(f"{i}, p{i}@brackwell.net,x\n{i},quin{i}@gmial.com,x\n" for i in range(30000))
        self.write("list.csv", "name,email,note\n" + rows)
        one = self.clean("list.csv", "--fix", "--jobs", "1", output="one")
        four = self.clean("list.csv", "--fix", "--jobs", "4", output="four")
        self.assertEqual(one.comparable(), four.comparable())
        self.assertEqual(one.summary["fixed"], 60000)
        self.assertEqual(len(rows_of(one.files["review.csv"])), 30000)


class FoldAliasesTest(Case):
    """--fold-aliases: the names that one mailbox has."""

    NAMES = ("bob.smith@gmail.com", "bobsmith+shop@gmail.com", "BobSmith@googlemail.com",
             "ann@outlook.com", "ann+news@outlook.com", "a.nn@outlook.com",
             "cid@brackwell.net", "cid+x@brackwell.net")

    def names(self, *arguments):
        self.write("list.csv", "email\n" + "".join(name + "\n" for name in self.NAMES))
        return self.clean("list.csv", *arguments)

    def test_duplicates(self):
        apart = self.names()
        self.assertEqual({row["duplicate_of"] for row in apart.report}, {""})
        self.assertEqual(apart.summary["mailboxes"], len(self.NAMES))
        self.assertFalse(apart.summary["settings"]["fold_aliases"])
        folded = self.names("--fold-aliases")
        self.assertEqual([row["duplicate_of"] for row in folded.report],
                         ["", "2", "2", "", "5", "", "", ""])
        self.assertEqual(folded.summary["mailboxes"], 5)
        self.assertTrue(folded.summary["settings"]["fold_aliases"])

    def test_only_the_key_is_folded(self):
        """The address stays what it is, and the tag is flagged either way."""
        for arguments in ((), ("--fold-aliases",)):
            output = self.names(*arguments)
            self.assertEqual(output.by("email", "address")["bobsmith+shop@gmail.com"],
                             "bobsmith+shop@gmail.com")
            self.assertEqual([row["email"] for row in output.report if "tagged" in row["flags"]],
                             ["bobsmith+shop@gmail.com", "ann+news@outlook.com",
                              "cid+x@brackwell.net"])
        self.assertEqual(output.by("email", "domain")["BobSmith@googlemail.com"], "gmail.com")

    def history(self, text):
        self.write("bounces.csv", "email,event,timestamp,reason\n" + text)
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")

    def verdicts(self, text, *arguments):
        self.write("list.csv", text)
        self.winnow("clean", "--offline", "--db", self.db, "--as-of", "2026-11-01", "-o", "out",
                    *arguments, "list.csv")
        return self.output("out").by("email", "reason")

    def test_history_under_a_name_that_the_list_does_not_have(self):
        self.history("b.o.b+news@gmail.com,unsubscribe,2026-10-01T00:00:00Z,\n")
        rows = "email\nbob@gmail.com\n"
        self.assertEqual(self.verdicts(rows), {"bob@gmail.com": "not_checked"})
        self.assertEqual(self.verdicts(rows, "--fold-aliases"), {"bob@gmail.com": "unsubscribed"})
        done = self.winnow("check", "--offline", "--db", self.db, "--as-of", "2026-11-01", "--json",
                           "--fold-aliases", "bob@gmail.com", status=3)
        self.assertEqual(done.json()["reason"], "unsubscribed")

    def test_history_under_several_names_is_one_story(self):
        """A later delivery under one name clears the bounce under the other; two soft bounces of
        two names that only together are too often count together."""
        self.history("ann+a@outlook.com,bounce,2026-08-01T00:00:00Z,550 5.1.1 user unknown\n"
                     "ann@outlook.com,delivered,2026-09-01T00:00:00Z,\n"
                     "bob@outlook.com,delivered,2026-08-01T00:00:00Z,\n"
                     "bob+a@outlook.com,bounce,2026-09-01T00:00:00Z,550 5.1.1 user unknown\n"
                     "c.i.d@gmail.com,bounce,2026-09-01T00:00:00Z,452 4.2.2 mailbox full\n"
                     "ci.d@gmail.com,bounce,2026-09-10T00:00:00Z,452 4.2.2 mailbox full\n"
                     "cid@gmail.com,bounce,2026-09-20T00:00:00Z,452 4.2.2 mailbox full\n")
        rows = "email\nann+a@outlook.com\nbob@outlook.com\ncid+x@gmail.com\n"
        self.assertEqual(self.verdicts(rows), {
            "ann+a@outlook.com": "hard_bounced", "bob@outlook.com": "delivered",
            "cid+x@gmail.com": "not_checked"})
        self.assertEqual(self.verdicts(rows, "--fold-aliases"), {
            "ann+a@outlook.com": "delivered", "bob@outlook.com": "hard_bounced",
            "cid+x@gmail.com": "full_too_long"})
        report = {row["email"]: row for row in self.output("out").report}
        self.assertEqual(report["cid+x@gmail.com"]["soft_bounces"], "3")
        self.assertEqual(report["ann+a@outlook.com"]["last_event"], "delivered")

    def test_a_store_much_larger_than_the_list(self):
        """Look-ups one by one would miss the other names."""
        self.history("".join(f"p{i}@brackwell.net,delivered,2026-10-01T00:00:00Z,\n"
                             for i in range(2000)) +
                     "bob+x@icloud.com,complaint,2026-10-01T00:00:00Z,\n")
        self.assertEqual(self.verdicts("email\nbob@icloud.com\np7@brackwell.net\n",
                                       "--fold-aliases"),
                         {"bob@icloud.com": "complained", "p7@brackwell.net": "delivered"})

    def test_with_fix(self):
        """The history of the suggested mailbox counts under all its names."""
        self.history("b.ob+shop@googlemail.com,unsubscribe,2026-10-01T00:00:00Z,\n")
        self.write("list.csv", "email\nbob@gmial.com\neve@gmial.com\nfay@gmailcom\n")
        arguments = ("clean", "--offline", "--db", self.db, "--as-of", "2026-11-01", "--fix",
                     "--set", "typo_suspected=keep", "-o", "out", "list.csv")
        self.winnow(*arguments)
        self.assertEqual(self.output("out").by("email", "fixed")["bob@gmial.com"], "bob@gmail.com")
        self.winnow(*arguments, "--fold-aliases")
        self.assertEqual(self.output("out").by("email", "fixed"), {
            "bob@gmial.com": "", "eve@gmial.com": "eve@gmail.com", "fay@gmailcom": "fay@gmail.com"})

    def test_lists_see_the_address_as_it_is(self):
        """An entry of one's allow list names an address, not a folded key."""
        self.write("lists/allow.txt", "info+x@outlook.com\n")
        self.write("list.csv", "email\ninfo+x@outlook.com\n")
        output = self.clean("list.csv", "--fold-aliases", "--lists", "lists")
        self.assertEqual(output.report[0]["flags"].split(";")[0], "allowed")


if __name__ == "__main__":
    main()
