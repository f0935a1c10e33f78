#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What bad input gets: WN_BINARY=... python3 tests/e2e/test_bad_input.py"""

import os
import random
import resource
import sqlite3
import subprocess
import zlib

import support
from support import CANTCREATE, DATA, IO, NOINPUT, Case, read

HEADER = "id,email,name\n"


def record(number):
    return f"{number},person{number}@firm{number % 7}.brackwell.net,Name {number}\n"


class NoListTest(Case):
    """Inputs that are no list: nothing is created."""

    def refuse(self, data, status, *words, name="list.csv", arguments=()):
        """Cleans the bytes, which must fail with that status and say the words."""
        if data is not None:
            self.write(name, data)
        with self.unchanged(self.work):
            done = self.offline(name, *arguments, status=status)
        self.assertEqual(done.out, b"")
        return self.check_sentence(done, *words)

    def test_no_email_column(self):
        self.refuse("id,name,town\n1,Ann,Ely\n2,Bob,Rye\n", DATA, "list.csv", "--column", "id",
                    "name", "town")

    def test_two_columns_tie(self):
        self.refuse("id,work,private\n1,a@b.brackwell.net,c@d.brackwell.net\n", DATA, "--column",
                    "work", "private")

    def test_two_columns_tie_without_header(self):
        self.refuse("a@b.brackwell.net,c@d.brackwell.net\n", DATA, "--column", "1, 2",
                    arguments=("--no-header",))

    def test_no_such_column(self):
        self.refuse(HEADER + record(1), DATA, "'mail2'", "email", arguments=("-c", "mail2"))
        self.refuse(None, DATA, "'4'", arguments=("-c", "4"))
        self.refuse(None, DATA, "'0'", arguments=("-c", "0"))

    def test_missing_file(self):
        self.refuse(None, NOINPUT, "absent.csv", "No such file", name="absent.csv")

    def test_directory(self):
        os.mkdir(self.path("folder"))
        self.refuse(None, NOINPUT, "folder", "directory", name="folder")

    def test_unreadable_file(self):
        os.chmod(self.write("list.csv", HEADER), 0)
        done = self.offline("list.csv", status=NOINPUT, preexec_fn=support.without_rights)
        self.assertIn("list.csv", done.err)
        self.assertIn("Permission denied", done.err)
        self.assertEqual(self.litter("list.csv"), [])

    def test_file_whose_reading_fails(self):
        if not os.path.exists("/proc/self/mem"):
            self.skipTest("no /proc")
        self.offline("-o", "out", "/proc/self/mem", status=None)
        self.assertEqual(self.litter(), [])

    def test_second_file_is_missing(self):
        self.write("good.csv", HEADER + record(1))
        with self.unchanged(self.work):
            self.offline("-o", "out", "good.csv", "absent.csv", status=NOINPUT)

    def test_second_file_is_no_list(self):
        self.write("good.csv", HEADER + record(1))
        self.write("bad.csv", b"PK\x03\x04" + bytes(100))
        with self.unchanged(self.work):
            self.offline("good.csv", "bad.csv", status=DATA)

    def test_binaries(self):
        """what it is -> its first bytes, words of the advice"""
        cases = {
            "workbook": (b"PK\x03\x04\x14\0\x06\0", ("Excel workbook", "save it as CSV")),
            "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("Excel workbook", "CSV")),
            "pdf": (b"%PDF-1.7\n%\xe2\xe3\n", ("PDF", "CSV")),
            "broken zstd": (b"\x28\xb5\x2f\xfd\x04", ("zstd", "broken")),
            "xz": (b"\xfd7zXZ\0\0\x04", ("xz", "decompress")),
            "bzip2": (b"BZh91AY&SY", ("bzip2", "decompress")),
            "sqlite": (b"SQLite format 3\0", ("SQLite", "CSV")),
        }
        for name, (start, words) in cases.items():
            with self.subTest(name):
                self.refuse(start + random.Random(7).randbytes(4000), DATA, *words)

    def test_not_text_names_the_first_byte(self):
        data = bytearray((HEADER + "".join(record(i) for i in range(100))).encode())
        data[321] = 0
        for i in range(1000, len(data), 50):
            data[i] = 1
        self.refuse(bytes(data), DATA, "byte 321", "0x00")

    def test_nul_bytes_everywhere(self):
        text = HEADER + "".join(record(i) for i in range(50))
        self.refuse(text.encode("utf-16-le"), DATA, "not text", "byte 1 ")
        self.refuse(text.encode("utf-16")[:-1], DATA, "UTF-16", "an unfinished character at byte")

    def test_broken_gzip(self):
        packed = zlib.compressobj(wbits=31)
        whole = packed.compress((HEADER + record(1) * 5000).encode()) + packed.flush()
        self.refuse(whole[:len(whole) // 2], DATA, "gzip", "too early")
        self.refuse(whole[:40] + b"\xff" * 40 + whole[80:], DATA, "gzip", "broken")
        self.refuse(whole[:-8] + b"\0" * 8, DATA, "gzip", "broken")

    def test_binary_in_gzip(self):
        packed = zlib.compressobj(wbits=31)
        self.refuse(packed.compress(b"PK\x03\x04" + bytes(500)) + packed.flush(), DATA, "workbook")

    def test_first_record_cannot_be_read(self):
        self.refuse('id,"email,name\n' + record(1), DATA, "first record")
        self.refuse(b"id,em\0ail\n" + record(1).encode(), DATA, "first record")

    def test_header_longer_than_the_sample(self):
        self.refuse("id,email," + "x" * 200000 + "\n" + record(1), DATA, "first record")

    def test_hostile_names_do_not_reach_the_terminal(self):
        done = self.refuse("id,\x1b[31mred,b\x07ell\n1,2,3\n", DATA)
        self.assertNotRegex(done.err, r"[\x00-\x09\x0b-\x1f\x7f]")


class EmptyTest(Case):
    """Little or nothing is a valid list."""

    def test_lists_without_rows(self):
        """name -> bytes, header bytes expected in each list"""
        cases = {
            "empty file": (b"", b""),
            "header alone": (b"id,email\n", b"id,email\n"),
            "header without line end": (b"id,email", b"id,email"),
            "header that names no column": (b"id,name\n", b"id,name\n"),
            "byte-order mark alone": (b"\xef\xbb\xbf", b"\xef\xbb\xbf"),
            "one line feed": (b"\n", b""),
            "blank lines": (b"\n\n\r\n  \n", b""),
            "sep line alone": (b"sep=;\n", b"sep=;\n"),
        }
        for name, (data, header) in cases.items():
            with self.subTest(name):
                self.write("list.csv", data)
                output = self.clean()
                self.assertEqual(output.report, [])
                self.assertEqual(output.rejected, [])
                self.assertEqual(output.summary["conservation"],
                                 {"records_in": 0, "records_out": 0, "ok": True})
                for list_name in support.LISTS:
                    self.assertEqual(output.files[list_name], header, list_name)

    def test_one_address(self):
        for data in (b"ann@firm.brackwell.net", b"ann@firm.brackwell.net\n"):
            self.write("list.csv", data)
            output = self.clean()
            self.check_conservation(output, data, 0)
            self.assertEqual([row["line"] for row in output.report], ["1"])


class RejectTest(Case):
    """Records that cannot be read go to rejected.csv, and reading goes on."""

    def reject(self, data, *expected, header_lines=1):
        """`expected`: (line, word of the reason)."""
        data = data.encode() if isinstance(data, str) else data
        self.write("list.csv", data)
        output = self.clean()
        self.check_conservation(output, data, header_lines)
        self.assertEqual([int(row["line"]) for row in output.rejected], [x[0] for x in expected])
        for row, (_, word) in zip(output.rejected, expected):
            self.assertIn(word, row["error"])
        return output

    def test_quote_never_closed_at_the_end(self):
        text = HEADER + record(1) + '2,"a@firm.brackwell.net,x\n'
        output = self.reject(text, (3, "never closed"))
        self.assertEqual(output.rejected[0]["raw"], '2,"a@firm.brackwell.net,x')

    def test_quote_never_closed_in_the_middle(self):
        text = HEADER + record(1) + '2,a@firm.brackwell.net,"lost\n' + \
            "".join(record(i) for i in range(3, 4000))
        output = self.reject(text, (3, "quote"))
        self.assertEqual(len(output.report), 3998)

    def test_lost_quotes_do_not_swallow(self):
        text = (HEADER + '1,"bob@firm.brackwell.net,Bob\n2,al@firm.brackwell.net,"Al, Jr"\n'
                + record(3))
        output = self.reject(text, (2, "quote"))
        self.assertEqual([row["address"] for row in output.report],
                         ["al@firm.brackwell.net", "person3@firm3.brackwell.net"])

    def test_many_lost_quotes(self):
        rows = [f'{i},"x{i}@firm.brackwell.net,lost\n' if i % 10 == 0 else record(i)
                for i in range(1, 3001)]
        output = self.reject(HEADER + "".join(rows),
                             *[(i + 1, "quote") for i in range(10, 3001, 10)])
        self.assertEqual(len(output.report), 2700)

    def test_line_breaks_in_quotes_are_no_loss(self):
        text = HEADER + '1,a@firm.brackwell.net,"one\n\ntwo\n"\n' + record(2) + \
            '3,"\nb@firm.brackwell.net","x ""y"" z"\n' + record(4)
        output = self.reject(text)
        self.assertEqual([row["line"] for row in output.report], ["2", "6", "7", "9"])

    def test_lone_nul(self):
        text = (HEADER + "".join(record(i) for i in range(1, 40))).encode()
        at = text.index(b"person20")
        output = self.reject(text[:at + 3] + b"\0" + text[at + 3:], (21, "NUL"))
        self.assertEqual(len(output.report), 38)

    def test_short_record(self):
        output = self.reject(HEADER + "1\n" + record(2) + "3,\n", (2, "too short"))
        self.assertEqual([row["reason"] for row in output.report][1], "no_address")

    def test_record_longer_than_the_limit(self):
        long = "9,long@firm.brackwell.net," + "x" * (1 << 20) + "\n"
        output = self.reject(HEADER + record(1) + long + record(2) + long + record(3),
                             (3, "1 MiB"), (5, "1 MiB"))
        self.assertEqual(len(output.rejected[0]["raw"]), len(long) - 1)

    def test_record_of_just_the_limit(self):
        start = "9,long@firm.brackwell.net,"
        for size, rejected in ((1 << 20, []), ((1 << 20) + 1, [(3, "1 MiB")])):
            with self.subTest(size):
                long = start + "x" * (size - len(start) - 1) + "\n"
                self.reject(HEADER + record(1) + long + record(2), *rejected)

    def test_long_quoted_record(self):
        long = '9,long@firm.brackwell.net,"' + "xxxxxxx\n" * (1 << 18) + '"\n'
        text = HEADER + record(1) + long + record(2)
        self.write("list.csv", text)
        output = self.clean()
        self.assertEqual([row["address"] for row in output.report
                          if row["reason"] != "no_address" and row["address"]][0],
                         "person1@firm1.brackwell.net")
        self.assertEqual(output.report[-1]["address"], "person2@firm2.brackwell.net")
        self.assertTrue(output.summary["conservation"]["ok"])

    def test_hostile_cells_stay_in_their_cell(self):
        cells = ['=HYPERLINK("http://x")', "@SUM(A1)", "-1+1", '"', '""', ",", "\x7f", "\x1b[2J",
                 "\u202egnp.exe", "a" * 70000 + "@x.brackwell.net"]
        rows = [HEADER]
        for i, cell in enumerate(cells):
            quoted = '"' + cell.replace('"', '""') + '"'
            rows.append(f"{i},{quoted},n\n")
        output = self.reject("".join(rows))
        self.assertEqual([row["email"] for row in output.report], cells)

    def test_random_bytes(self):
        rng = random.Random(7)
        for seed in range(support.rounds(30)):
            rng.seed(seed)
            words = [b"a@b.brackwell.net", b"x", b'"', b'""', b",", b"\n", b"\r\n", b"\r", b" ",
                     b"\xff", b"\xc3\xa4", b"\0", b"@", b";", b"\n"]
            body = b"".join(rng.choice(words[:10] if seed % 2 else words)
                            for _ in range(rng.randrange(2000)))
            data = b"id,email,name\n" + b"1,a@b.brackwell.net,n\n" * 4000 + body
            self.write("list.csv", data)
            with self.subTest(seed):
                output = self.clean()
                self.check_conservation(output, data)
                one = self.clean(output="one")
                self.assertEqual(one.files["report.csv"], output.files["report.csv"])


class MemoryTest(Case):
    """A 200 MB line costs no 200 MB."""

    def peak(self, name):
        code = ("import os, subprocess, sys; p = subprocess.run(sys.argv[1:]); import resource; "
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); "
                "sys.exit(p.returncode)")
        done = subprocess.run(
            ["python3", "-c", code, support.binary(), "clean", "--offline", "--no-db", "-q", "-j",
             "4", "-o", "out", name], cwd=self.work, env=self.environment, capture_output=True,
            check=True, timeout=120)
        return int(done.stdout)

    def test_200_mb_line(self):
        # One thread reads a line; how many megabytes it has is nothing to the others.
        size = 20_000_000 if support.sanitizer() == "thread" else 200_000_000
        if os.statvfs(self.work).f_bavail * os.statvfs(self.work).f_frsize < 5 * size:
            self.skipTest("no room for the file")
        with open(self.path("long.csv"), "wb") as f:
            f.write((HEADER + record(1)).encode() + b"2,")
            for _ in range(size // 1_000_000):
                f.write(b"x" * 1_000_000)
            f.write(b"\n" + record(3).encode())
        kib = self.peak("long.csv")
        if not support.sanitizer():
            self.assertLess(kib, 64 * 1024)
        report = support.rows_of(read(self.path("out/report.csv")))
        self.assertEqual([row["line"] for row in report], ["2", "4"])
        self.assertEqual(read(self.path("out/rejected.csv")).count(b"x"), size)

    def test_address_space(self):
        """A small list needs little."""
        self.write("list.csv", HEADER + "".join(record(i) for i in range(1000)))
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 1 << 30)
        if not support.sanitizer():
            self.assertLess(self.peak("list.csv"), 32 * 1024)


class StoreTest(Case):
    """A store that cannot be used is named and left alone."""

    def setUp(self):
        super().setUp()
        self.write("list.csv", HEADER + record(1))

    def refuse(self, status, *words, command=("clean", "--offline", "list.csv")):
        with self.unchanged(self.work, self.db):
            done = self.winnow(*command, "--db", self.db, status=status)
        self.check_sentence(done, self.db, *words)

    def put(self, data):
        with open(self.db, "wb") as f:
            f.write(data)

    def commands(self):
        self.write("bounces.csv", "email,code,date\na@b.brackwell.net,5.1.1,2026-01-01\n")
        return (("clean", "--offline", "list.csv"), ("check", "--offline", "a@b.brackwell.net"),
                ("bounces", "import", "bounces.csv"), ("history", "a@b.brackwell.net"))

    def test_text_file(self):
        for command in self.commands():
            self.put(b"this is no database, but somebody's letter\n" * 50)
            with self.subTest(command[0]):
                self.refuse(IO, command=command)

    def test_damaged(self):
        for command in self.commands():
            if os.path.exists(self.db):
                os.unlink(self.db)
            self.winnow("clean", "--offline", "--db", self.db, "-o", "out", "list.csv")
            data = bytearray(read(self.db))
            for i in range(0, len(data)):
                if i >= 100:
                    data[i] = 0x5a
            for side in ("-wal", "-shm"):
                if os.path.exists(self.db + side):
                    os.unlink(self.db + side)
            self.put(bytes(data))
            with self.subTest(command[0]):
                self.refuse(IO, command=command)

    def test_somebody_elses_database(self):
        with sqlite3.connect(self.db) as db:
            db.execute("CREATE TABLE letters (text)")
        db.close()
        self.refuse(IO)

    def test_newer_store(self):
        self.winnow("clean", "--offline", "--db", self.db, "-o", "out", "list.csv")
        db = sqlite3.connect(self.db)
        db.execute("PRAGMA user_version = 9999")
        db.close()
        self.refuse(IO, "newer")

    def test_directory(self):
        os.mkdir(self.db)
        done = self.winnow("clean", "--offline", "--db", self.db, "list.csv", status=None)
        self.assertIn(done.status, (CANTCREATE, IO))
        self.assertIn(self.db, done.err)
        self.assertEqual(self.litter("list.csv"), [])

    def test_store_is_private(self):
        self.winnow("clean", "--offline", "--db", self.db, "list.csv")
        for name in os.listdir(self.home):
            mode = os.stat(os.path.join(self.home, name)).st_mode
            self.assertEqual(mode & 0o077, 0, name)


if __name__ == "__main__":
    support.main()
