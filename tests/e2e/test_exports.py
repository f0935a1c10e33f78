#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What programs export, as they export it: WN_BINARY=... python3 tests/e2e/test_exports.py

Each file of sample-data/exports is cleaned without an option, or refused with a sentence that names
the option. The column is read a second time, by Python's csv module.
"""

import csv
import gzip
import io
import os
import shutil

import support
from support import DATA, SAMPLE, Case, read

EXPORTS = os.path.join(SAMPLE, "exports")

# file: delimiter, the email column's number from 0 and name, lines before the first row
FILES = {
    "brevo.csv": (";", 1, "EMAIL", 1),
    "excel-sep.csv": (";", 1, "Correo electrónico", 2),
    "excel-unicode.txt": ("\t", 2, "E-Mail-Adresse", 1),
    "google.csv": (",", 9, "E-mail 1 - Value", 1),
    "hubspot.csv": (",", 3, "Email", 1),
    "listmonk.csv": (",", 1, "email", 1),
    "mac-cr.csv": (",", 2, "E-mail", 1),
    "mailchimp.csv": (",", 0, "Email Address", 1),
    "no-header.csv": (",", 2, "3", 0),
    "outlook.csv": (",", 11, "E-mail Address", 1),
    "ragged-pipe.csv": ("|", 1, "Email", 1),
    "shopify.csv": (",", 3, "Email", 1),
    "windows-1252.csv": (";", 2, "Adresse électronique", 1),
    "woocommerce.csv": (",", 2, "user_email", 1),
}
MARK = "\ufeff".encode()
REFUSED = {
    "two-columns.csv": ("--column", "from, to"),
}


def plain(data):
    """The bytes that the lists are made of: UTF-16 becomes UTF-8, mark and all."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        order = "utf-16-le" if data[:1] == b"\xff" else "utf-16-be"
        return data.decode(order).encode()
    return data


def column_of(data, delimiter, column, header_lines):
    """(cells of the column, number of records that do not have it), by Python's csv module."""
    text = data.decode("utf-8", "surrogateescape")
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            if any(cell.strip() for cell in row) or len(row) > 1][header_lines:]
    return ([row[column] for row in rows if len(row) > column],
            sum(len(row) <= column for row in rows))


class ExportsTest(Case):
    def test_every_file_is_known(self):
        files = {name for name in os.listdir(EXPORTS) if name.endswith((".csv", ".txt"))}
        self.assertEqual(files, set(FILES) | set(REFUSED))

    def check(self, name, data, expected, output="out"):
        """Cleans the bytes under that name and checks all that must come of it."""
        delimiter, column, column_name, header_lines = expected
        self.write(name, data)
        done = self.clean(name, output=output)
        data = plain(gzip.decompress(data) if name.endswith(".gz") else data)
        cells, short = column_of(data, delimiter, column, header_lines)
        summary = done.summary["input"]
        self.assertEqual((summary["delimiter"], summary["email_columns"], summary["header"]),
                         (delimiter, [column_name], header_lines > 0))
        self.assertEqual([row["email"] for row in done.report], cells)
        self.assertEqual(len(done.rejected), short)
        self.assertEqual(summary["bytes"], len(data))
        self.assertGreaterEqual(sum(row["address"] != "" for row in done.report) * 3,
                                len(cells) * 2)
        if header_lines == 0 and data.startswith(MARK):  # it goes to the front of every list
            for name in support.LISTS:
                self.assertTrue(done.files[name].startswith(MARK))
                done.files[name] = done.files[name][len(MARK):]
            data = data[len(MARK):]
        self.check_conservation(done, data, header_lines)
        return done

    def test_without_an_option(self):
        for name, expected in FILES.items():
            with self.subTest(name):
                done = self.check(name, read(os.path.join(EXPORTS, name)), expected)
                self.assertGreaterEqual(done.summary["counts"]["keep"], 5)
                shutil.rmtree(self.path("out"))

    def test_refused(self):
        for name, words in REFUSED.items():
            with self.subTest(name):
                self.write(name, read(os.path.join(EXPORTS, name)))
                self.check_sentence(self.offline(name, status=DATA), *words)
                self.assertEqual(self.litter(name), [])
                self.offline("--column", "to", name)

    def test_with_gzip(self):
        for name, expected in FILES.items():
            with self.subTest(name):
                self.check(name + ".gz", gzip.compress(read(os.path.join(EXPORTS, name))), expected)
                shutil.rmtree(self.path("out"))

    def test_as_utf16(self):
        """Every list that is UTF-8 would be as good in UTF-16, in either byte order."""
        for name, expected in FILES.items():
            data = plain(read(os.path.join(EXPORTS, name)))
            if name == "windows-1252.csv":
                data = data.decode("cp1252").encode()
            text = data.decode().removeprefix("\ufeff")
            for order in ("utf-16-le", "utf-16-be"):
                with self.subTest(name, order=order):
                    self.check(name, ("\ufeff" + text).encode(order), expected)
                    shutil.rmtree(self.path("out"))

    def test_utf16_from_standard_input(self):
        data = read(os.path.join(EXPORTS, "excel-unicode.txt"))
        self.offline("-o", "out", "-", stdin=data)
        done = self.output("out")
        cells, _ = column_of(plain(data), *FILES["excel-unicode.txt"][:2], 1)
        self.assertEqual([row["email"] for row in done.report], cells)

    def test_utf16_lists_are_utf8(self):
        name = "excel-unicode.txt"
        done = self.check(name, read(os.path.join(EXPORTS, name)), FILES[name])
        self.assertTrue(done.files["keep.csv"].startswith(b"\xef\xbb\xbfName\tVorname\t"))
        self.assertIn("Łukasik\tŻaneta\t", done.files["keep.csv"].decode())
        self.assertIn("📧 bevorzugt", done.files["keep.csv"].decode())

    def test_broken_utf16(self):
        data = read(os.path.join(EXPORTS, "excel-unicode.txt"))
        at = data.index("📧".encode("utf-16-le"))
        for name, broken, words in (
                ("half a pair", data[:at + 2] + data[at + 4:],
                 f"half of a surrogate pair at byte {at}"),
                ("half a unit", data[:-1], f"an unfinished character at byte {len(data) - 2}")):
            with self.subTest(name):
                self.write("list.txt", broken)
                done = self.offline("list.txt", status=DATA)
                self.assertIn("broken UTF-16: " + words, done.err)
                self.assertEqual(self.litter("list.txt"), [])

    def test_windows_1252_is_kept_to_the_byte(self):
        name = "windows-1252.csv"
        done = self.check(name, read(os.path.join(EXPORTS, name)), FILES[name])
        self.assertIn("Noémie;Briancot".encode("cp1252"), done.files["keep.csv"])
        self.assertIn("12 €".encode("cp1252"), done.files["keep.csv"])

    def test_kept_list_is_an_export_of_the_same_kind(self):
        """What is kept is recognised as the whole was, with nothing to drop."""
        for name, expected in FILES.items():
            with self.subTest(name):
                done = self.check(name, read(os.path.join(EXPORTS, name)), expected)
                kept = done.files["keep.csv"]
                shutil.rmtree(self.path("out"))
                again = self.check("keep.csv", kept, expected, output="again")
                self.assertEqual(again.files["keep.csv"], kept)
                shutil.rmtree(self.path("again"))


if __name__ == "__main__":
    support.main()
