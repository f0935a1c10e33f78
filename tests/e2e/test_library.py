#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""libwinnow as its users meet it: the example program, the installed library, and docs/library.md.

WN_CC is the C compiler with what linking with the library takes (a sanitizer's flag), WN_MESON the
build system; both have defaults.
"""

import os
import re
import shlex
import shutil
import subprocess
import unittest

import support
from support import Case, read

ROOT = os.path.normpath(os.path.join(support.HERE, "..", ".."))
BUILD = os.path.normpath(os.path.join(os.path.dirname(support.binary()), ".."))
PAGE = os.path.join(ROOT, "docs", "library.md")
SOURCE = os.path.join(ROOT, "docs", "examples", "parse.c")
HEADER = os.path.join(ROOT, "include", "winnow.h")
EXAMPLE = os.path.join(BUILD, "tests", "example_parse")
DATA = os.path.join(ROOT, "tests", "data")

CC, *CC_FLAGS = os.environ.get("WN_CC", "cc").split()
CC = [shutil.which(CC) or CC, *CC_FLAGS]  # the whole path: a test puts another cc in its way
CXX = next((name for name in ("c++", "g++", "clang++") if shutil.which(name)), None)
MESON = os.environ.get("WN_MESON", "meson")

FINE, FAULTY, TROUBLE = 0, 1, 2


class ExampleTest(Case):
    """docs/examples/parse.c, as the build made it."""

    def parse(self, *arguments, status, **how):
        how.setdefault("stdout", subprocess.PIPE)
        done = subprocess.run([EXAMPLE, *arguments], stderr=subprocess.PIPE, timeout=support.PATIENCE,
                              check=False, env=self.environment, **how)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_whole_output(self):
        done = self.parse(input=read(os.path.join(DATA, "example.txt")), status=FAULTY)
        self.assertEqual(done.stdout.decode(),
                         read(os.path.join(DATA, "example.expected")).decode())
        self.assertEqual(done.stderr, b"")

    def test_arguments_are_read_like_lines(self):
        texts = read(os.path.join(DATA, "example.txt")).decode().splitlines()
        done = self.parse(*texts, status=FAULTY)
        self.assertEqual(done.stdout, read(os.path.join(DATA, "example.expected")))

    def test_hostile_lines(self):
        """lines -> what is printed for them"""
        fine = b"  address     b@x.org\n  key         b@x.org\n"
        bad = b"  fault       syntax_bad_char: this character is not allowed here\n"
        cases = {
            b"": (FINE, b""),
            b"b@x.org\r\n": (FINE, b"b@x.org\n" + fine),
            b"b@x.org": (FINE, b"b@x.org\n" + fine),
            b"b\0b@x.org\n": (FAULTY, b"b?b@x.org\n ^\n" + bad),
            b"b\x1b[31m@x.org\n": (FAULTY, b"b?[31m@x.org\n ^\n" + bad),
            b"\xc3\xb6\xe9@x.org\n": (FAULTY, b"\xc3\xb6\xe9@x.org\n ^\n  fault       syntax_utf8: "
                                              b"the local part is not valid UTF-8 text\n"),
            b"x" * 2000000: (FAULTY, b"x" * 2000000 + b"\n" + b" " * 2000000 + b"^\n"
                             b"  fault       syntax_no_at: there is no @\n"),
        }
        for line, (status, expected) in cases.items():
            with self.subTest(line[:20]):
                self.assertEqual(self.parse(input=line, status=status).stdout, expected)

    def test_trouble(self):
        with open("/dev/full", "wb") as full:
            done = self.parse("b@x.org", status=TROUBLE, stdout=full)
        self.assertIn(b"parse: standard output: ", done.stderr)
        directory = os.open(self.work, os.O_RDONLY)
        self.addCleanup(os.close, directory)
        done = self.parse(status=TROUBLE, stdin=directory)
        self.assertIn(b"parse: standard input: ", done.stderr)


class HeaderTest(Case):
    """winnow.h alone."""

    def test_c(self):
        for standard in ("c99", "c11", "gnu17"):
            self.write("alone.c", '#include "winnow.h"\n#include "winnow.h"\n')
            subprocess.run([*CC, f"-std={standard}", "-Wall", "-Wextra", "-pedantic-errors",
                            "-Werror", "-fsyntax-only", f"-I{os.path.dirname(HEADER)}",
                            self.path("alone.c")], check=True)

    @unittest.skipUnless(CXX, "there is no C++ compiler")
    def test_cxx(self):
        self.write("main.cc", """
            #include "winnow.h"
            int main()
            {
                wn_parsed parsed;
                return wn_parse("Bob@X.org", 9, WN_PARSE_EXACT | WN_PARSE_KNOWN_TLD, &parsed) &&
                       parsed.fault == 0 && parsed.address_length == 9 ? 0 : 1;
            }
        """)
        for standard in ("c++11", "c++17"):
            subprocess.run([CXX, f"-std={standard}", "-Wall", "-Wextra", "-pedantic-errors",
                            "-Werror", "-fno-exceptions", f"-I{os.path.dirname(HEADER)}", "-c",
                            self.path("main.cc"), "-o", self.path("main.o")], check=True)
            # The C compiler links, so that both came from one family whatever the C++ one is.
            subprocess.run([*CC, self.path("main.o"),
                            os.path.join(BUILD, "src", "libwinnow.a"), "-lidn2", "-lpsl",
                            "-lunistring", "-o", self.path("main")], check=True)
            subprocess.run([self.path("main")], check=True, env=self.environment)


class InstalledTest(Case):
    """The library after `meson install`, below a directory of its own."""

    def setUp(self):
        super().setUp()
        place = os.path.join(self.place, "destination")
        subprocess.run([*MESON.split(), "install", "-C", BUILD, "--no-rebuild", "--tags", "devel",
                        "--destdir", place], check=True, stdout=subprocess.DEVNULL)
        self.installed = {name: os.path.join(top, name)
                          for top, _, names in os.walk(place) for name in names}
        package = self.installed["libwinnow.pc"]
        prefix = re.search(r"^prefix=(.*)$", read(package).decode(), re.M).group(1)
        self.commands = os.path.join(self.place, "bin")
        os.mkdir(self.commands)
        # The compiler that made the library, and what lies in the way of a destination directory.
        self.command("cc", f'exec {shlex.join(CC)} "$@"')
        self.command("pkg-config",
                     f'PKG_CONFIG_PATH={os.path.dirname(package)}:$PKG_CONFIG_PATH exec '
                     f'{shutil.which("pkg-config")} --define-variable=prefix={place}{prefix} "$@"')
        self.environment["PATH"] = self.commands + os.pathsep + self.environment["PATH"]

    def command(self, name, script):
        path = os.path.join(self.commands, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)

    def shell(self, command):
        done = subprocess.run(["sh", "-c", command], cwd=self.work, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=support.PATIENCE,
                              check=False)
        return done.returncode, done.stdout.decode()

    def test_what_is_installed(self):
        self.assertEqual(set(self.installed), {"libwinnow.a", "winnow.h", "libwinnow.pc"})
        self.assertEqual(read(self.installed["winnow.h"]), read(HEADER))
        status, flags = self.shell("pkg-config --libs libwinnow")
        self.assertEqual((status, sorted(re.findall(r"(?<!\S)-l(\S+)", flags))),
                         (0, ["idn2", "psl", "unistring", "winnow"]))
        status, version = self.shell("pkg-config --modversion libwinnow")
        self.assertIn(f'#define WN_VERSION "{version.strip()}"', read(HEADER).decode())

    def test_an_older_layout_does_not_link(self):
        self.write("old.c", "int wn_parse(void);\nint main(void)\n{\n    return wn_parse();\n}\n")
        status, said = self.shell("cc old.c $(pkg-config --cflags --libs libwinnow) -o old")
        self.assertNotEqual(status, 0)
        self.assertIn("wn_parse", said)

    def test_the_page_tells_the_truth(self):
        """Every command of the page's session is run, and prints what the page says."""
        session = read(PAGE).decode().split("<!-- session -->\n```\n")[1].split("```\n")[0]
        shutil.copy(SOURCE, self.work)
        status, printed = FINE, ""
        for command in re.findall(r"^\$ (.*)$", session, re.M):
            # One shell a command; $? is that of the one before.
            status, out = self.shell(f"(exit {status}); {command}")
            printed += f"$ {command}\n{out}"
        self.assertEqual(printed, session)


if __name__ == "__main__":
    support.main()
