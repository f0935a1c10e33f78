#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bounces from a mailbox on a server: a real Dovecot, and scripted servers for what that never does."""

import os
import shutil
import signal
import unittest

import dovecot
from imap_script import Script, literal
from support import CONFIG, Case, DATA, NOINPUT, TEMPFAIL, USAGE, main

BOUNCE = """\
Return-Path: <>
From: MAILER-DAEMON@mx.brackwell.net
To: bounces@example.org
Date: Fri, 20 Nov 2026 10:00:00 +0000
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=frontier

--frontier
Content-Type: text/plain

Your message could not be delivered.
--frontier
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.brackwell.net

Final-Recipient: rfc822; p{n}@brackwell.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--frontier
Content-Type: message/rfc822

Message-ID: <m{n}@example.org>
Subject: news

news
--frontier--
"""
ORDINARY = b"From: joe@brackwell.net\r\nTo: bounces@example.org\r\nSubject: hello\r\n\r\nhello\r\n"


def bounce(n):
    return BOUNCE.format(n=n).replace("\n", "\r\n").encode()


def bounces(*numbers):
    return {n: bounce(n) for n in numbers}


class FetchCase(Case):
    password = "secret"

    def fetch(self, url, *options, status=0, environment=None, **how):
        return self.winnow("bounces", "fetch", "--db", self.db, *options, url, status=status,
                           environment=dict({"WINNOW_IMAP_PASSWORD": self.password},
                                            **(environment or {})), **how)

    def counts(self, url, *options, **how):
        """(messages fetched, new events, known ones)"""
        counts = self.fetch(url, "--json", *options, **how).json()
        return counts["messages"], counts["new"], counts["known"]

    def history(self, n):
        return self.winnow("history", "--db", self.db, f"p{n}@brackwell.net", status=None).out


@unittest.skipIf(dovecot.why_not(), dovecot.why_not() or "")
class DovecotTest(FetchCase):
    @classmethod
    def setUpClass(cls):
        cls.server = dovecot.Dovecot().__enter__()
        cls.addClassCleanup(cls.server.stop)
        cls.password = cls.server.password
        cls.first = 0

    def setUp(self):
        super().setUp()
        shutil.rmtree(os.path.join(self.server.directory, "mail", "bounces@example.org"),
                      ignore_errors=True)
        self.server.make("INBOX")
        self.server.renumber()
        self.trust = ("--ca-file", self.server.authority)

    def deliver(self, *numbers):
        for n in numbers:
            self.server.deliver(bounce(n))

    def test_only_what_is_new(self):
        url = self.server.url()
        self.assertEqual(self.counts(url, *self.trust), (0, 0, 0))
        self.deliver(1, 2, 3)
        self.assertEqual(self.counts(url, *self.trust), (3, 3, 0))
        self.assertEqual(self.counts(url, *self.trust), (0, 0, 0))
        self.deliver(4)
        self.assertEqual(self.counts(url, *self.trust), (1, 1, 0))
        self.assertIn(b"imaps://bounces%40example.org@localhost:", self.history(4))
        self.assertIn(b"/INBOX/;UID=4@", self.history(4))

    def test_messages_are_left_as_they_are(self):
        self.deliver(1)
        before = self.server.messages()
        self.fetch(self.server.url(), *self.trust)
        self.assertEqual([text for _, text in self.server.messages()], [t for _, t in before])
        self.assertNotIn("S", self.server.messages()[0][0])  # not seen by anybody

    def test_what_is_said(self):
        self.deliver(1, 2)
        self.server.deliver(ORDINARY)
        done = self.fetch(self.server.url(), *self.trust, "-v")
        self.assertEqual(done.out, b"")
        self.assertRegex(done.err, r"(?m)^winnow: imaps://\S+/INBOX/;UID=3:1: no bounce: ")
        self.assertRegex(done.err, r"(?m)^winnow: 3 messages fetched from imaps://\S+/INBOX$")
        self.assertRegex(done.err, r"(?m)^winnow: 3 read: 2 new, 0 known, 1 no bounce, 0 unrec")
        done = self.fetch(self.server.url(), *self.trust)
        self.assertRegex(done.err, r"\Awinnow: nothing new in imaps://\S+/INBOX\n\Z")
        self.deliver(3)
        self.assertEqual(self.fetch(self.server.url(), *self.trust, "-q").err, "")

    def test_starttls(self):
        self.deliver(1)
        self.assertEqual(self.counts(self.server.url(tls=False), *self.trust), (1, 1, 0))
        self.assertRegex(self.server.log(), r"(Login|Logged in): .*TLS")

    def test_uidvalidity_changes(self):
        self.deliver(1, 2)
        self.fetch(self.server.url(), *self.trust)
        self.server.renumber()
        self.deliver(3)
        done = self.fetch(self.server.url(), *self.trust)
        self.assertIn("3 messages fetched", done.err)
        self.assertIn("numbered it anew", done.err)
        self.assertIn("1 new, 2 known", done.err)
        self.assertEqual(self.counts(self.server.url(), *self.trust), (0, 0, 0))

    def test_move(self):
        """What was understood is moved; what people wrote stays, and is not fetched again."""
        self.deliver(1, 2)
        self.server.deliver(ORDINARY)
        self.server.make("Done")
        done = self.fetch(self.server.url(), *self.trust, "--move", "Done")
        self.assertIn("2 moved to Done", done.err)
        self.assertEqual([text for _, text in self.server.messages()], [ORDINARY])
        self.assertEqual([text for _, text in self.server.messages("Done")], [bounce(1), bounce(2)])
        self.assertEqual(self.counts(self.server.url(), *self.trust, "--move", "Done"), (0, 0, 0))

    def test_move_to_a_name_beyond_ascii(self):
        self.deliver(1)
        self.server.make("Zur&APw-ck & mehr".replace(" & ", " &- "))
        self.fetch(self.server.url(), *self.trust, "--move", "Zurück & mehr")
        self.assertEqual(self.server.messages(), [])

    def test_a_folder_that_is_not_there(self):
        self.deliver(1)
        done = self.fetch(self.server.url(), *self.trust, "--move", "Nowhere", status=NOINPUT)
        self.check_sentence(done, "no mailbox 'Nowhere'")
        self.assertEqual(self.counts(self.server.url(), *self.trust), (1, 1, 0))  # nothing was read

    def test_another_mailbox(self):
        self.server.deliver(bounce(1), "Old/Year 2026")
        self.assertEqual(self.counts(self.server.url("Old/Year%202026"), *self.trust), (1, 1, 0))
        done = self.fetch(self.server.url("None"), *self.trust, status=NOINPUT)
        self.check_sentence(done, "the mailbox cannot be opened")

    def test_dry_run_and_since_leave_the_position(self):
        self.deliver(1)
        self.server.make("Done")
        url = self.server.url()
        self.assertEqual(self.counts(url, *self.trust, "--dry-run", "--move", "Done"), (1, 1, 0))
        self.assertEqual(self.counts(url, *self.trust, "--since", "2026-11-21"), (1, 0, 0))
        self.assertEqual(len(self.server.messages()), 1)
        self.assertEqual(self.counts(url, *self.trust), (1, 1, 0))

    def test_limit(self):
        self.deliver(1, 2, 3)
        done = self.fetch(self.server.url(), *self.trust, "--limit", "2")
        self.assertIn("1 left for the next time", done.err)
        self.assertEqual(self.counts(self.server.url(), *self.trust), (1, 1, 0))

    def test_unrecognized(self):
        odd = bounce(1).replace(b"Final-Recipient: rfc822; p1@brackwell.net\r\n", b"")
        odd = odd.replace(b"p1@brackwell.net", b"nobody")
        self.server.deliver(odd)
        self.fetch(self.server.url(), *self.trust, "--unrecognized", "odd")
        copies = os.listdir(self.path("odd"))
        self.assertEqual(len(copies), 1)
        with open(self.path("odd/" + copies[0]), "rb") as f:
            self.assertEqual(f.read(), odd)

    def test_large_message(self):
        """Its beginning is read, which says why it came back."""
        self.server.deliver(bounce(1) + b"x" * 76 + b"\r\n" + (b"y" * 998 + b"\r\n") * 12000)
        self.assertEqual(self.counts(self.server.url(), *self.trust), (1, 1, 0))

    def test_many_messages(self):
        """More than one round of them."""
        self.deliver(*range(450))
        self.assertEqual(self.counts(self.server.url(), *self.trust), (450, 450, 0))
        self.assertEqual(self.counts(self.server.url(), *self.trust), (0, 0, 0))

    def test_wrong_password(self):
        done = self.fetch(self.server.url(), *self.trust, status=NOINPUT,
                          environment={"WINNOW_IMAP_PASSWORD": "wrong"})
        self.check_sentence(done, "the server refuses the login")
        self.assertNotIn("wrong", done.err)

    def test_refused_certificate(self):
        self.deliver(1)
        logins = self.server.logins()
        for url in self.server.url(), self.server.url(tls=False):
            done = self.fetch(url, status=TEMPFAIL)
            self.check_sentence(done, "certificate")
        self.assertEqual(self.counts(self.server.url(), *self.trust), (1, 1, 0))
        self.assertEqual(self.server.logins(), logins + 1)  # of the last one

    def test_certificate_of_another_host(self):
        url = self.server.url().replace("localhost", "127.0.0.1")
        self.check_sentence(self.fetch(url, *self.trust, status=TEMPFAIL), "127.0.0.1")

    def test_password_file(self):
        self.deliver(1)
        path = self.write("password", self.password + "\r\nanother line\n")
        os.chmod(path, 0o600)
        self.assertEqual(self.counts(self.server.url(), *self.trust, "--password-file", path,
                                     environment={"WINNOW_IMAP_PASSWORD": "wrong"}), (1, 1, 0))
        os.chmod(path, 0o640)
        done = self.fetch(self.server.url(), *self.trust, "--password-file", path, status=CONFIG)
        self.check_sentence(done, "chmod 600")

    def test_netrc(self):
        self.deliver(1)
        quoted = self.password.replace("\\", "\\\\").replace('"', '\\"')
        with open(os.path.join(self.home, ".netrc"), "w", encoding="utf-8") as f:
            f.write(f'machine localhost login bounces@example.org password "{quoted}"\n')
        os.chmod(f.name, 0o600)
        self.assertEqual(self.counts(self.server.url(), *self.trust,
                                     environment={"WINNOW_IMAP_PASSWORD": ""}), (1, 1, 0))

    def test_no_password_at_all(self):
        done = self.fetch(self.server.url(), *self.trust, status=NOINPUT,
                          environment={"WINNOW_IMAP_PASSWORD": ""})
        self.check_sentence(done, "refuses the login", "--password-file")


class UsageTest(FetchCase):
    def test_usage(self):
        """command line -> words of the message; the password is in none."""
        for arguments, words in (
                (["imaps://joe:hunter2@mail.example.org/"], "a URL with a password is not taken"),
                (["imaps://joe:hun@ter2@mail.example.org/"], "no URL of a mailbox"),
                (["imaps://joe:hun/hunter2@mail.example.org/"], "no URL of a mailbox"),
                (["imaps://mail.example.org/INBOX"], "whose mailbox"),
                (["https://joe@mail.example.org/INBOX"], "no URL of a mailbox"),
                (["mail.example.org"], "no URL of a mailbox"),
                (["imaps://joe@mail.example.org/INBOX;UID=5"], "no URL of a mailbox"),
                (["imaps://joe@mail.example.org/IN%0d%0aBOX"], "no URL of a mailbox"),
                (["imaps://joe@mail.example.org/%ff"], "no URL of a mailbox"),
                (["imaps://j%0aoe@mail.example.org/"], "no URL of a mailbox"),
                (["imaps://joe@mail.example.org/?x"], "no URL of a mailbox"),
                (["--insecure", "imap://joe@mail.example.org/"], "this very machine"),
                (["--insecure", "imaps://joe@localhost/"], "this very machine"),
                (["--move", "Inbox", "imaps://joe@mail.example.org/inbox"], "another folder"),
                (["--move", "Old", "imaps://joe@mail.example.org/Old"], "another folder"),
                (["--move", "a\nb", "imaps://joe@mail.example.org/"], "name of a folder"),
                (["--limit", "0", "imaps://joe@mail.example.org/"], "--limit"),
                (["imaps://a@b/", "imaps://c@d/"], "which mailbox")):
            with self.subTest(arguments):
                done = self.winnow("bounces", "fetch", *arguments, status=USAGE)
                self.check_sentence(done, words)
                self.assertNotIn("hunter2", done.err)
                self.assertFalse(os.path.exists(self.db))

    def test_password_has_no_place_in_the_configuration(self):
        self.configure("[bounces fetch]\nimap-password = x\n")
        self.winnow("bounces", "fetch", "imaps://joe@localhost/", status=CONFIG)

    def test_password_file_that_is_not_there(self):
        done = self.fetch("imaps://joe@localhost/", "--password-file", "none", status=NOINPUT)
        self.check_sentence(done, "none cannot be opened")

    def test_nobody_listens(self):
        with Script() as server:
            url = server.url
        self.check_sentence(self.fetch(url, "--insecure", status=TEMPFAIL), url.split("/")[2])


class ScriptTest(FetchCase):
    def run_script(self, server, *options, status=0, **how):
        with server:
            return self.fetch(server.url, "--insecure", *options, status=status, **how)

    def fetch_counts(self, server, *options):
        with server:
            return self.counts(server.url, "--insecure", *options)

    def test_what_is_asked(self):
        server = Script(bounces(3, 4, 5, 9))
        self.assertEqual(self.fetch_counts(server), (4, 4, 0))
        self.assertEqual(server.commands[-5:], [
            "CAPABILITY", 'EXAMINE "INBOX"', "UID FETCH 1:* (UID RFC822.SIZE)",
            "UID FETCH 3:5,9 (UID BODY.PEEK[]<0.8388608>)", "LOGOUT"])

    def test_no_tls_no_password(self):
        server = Script()
        with server:
            done = self.fetch(server.url, status=NOINPUT)
        self.check_sentence(done, "offers no TLS")
        self.assertNotIn("secret", " ".join(server.commands))

    def test_vanished(self):
        """One that is removed between listing and fetching is no reason to stop, nor to wait."""
        server = Script(bounces(1, 2, 3))
        server.replies["UID FETCH"] = lambda _, tag, c: (
            server.body(1) + b"* 2 EXPUNGE\r\n" + server.body(3) + tag + b" OK\r\n")
        done = self.run_script(server)
        self.assertIn("2 messages fetched", done.err)
        self.assertIn("1 vanished", done.err)
        self.assertEqual(self.fetch_counts(Script(bounces(1, 2, 3), port=server.port)), (0, 0, 0))

    def test_refused_message(self):
        """One that the server cannot hand over now does not stop the rest, and is asked for again."""
        server = Script(bounces(1, 2, 3))
        server.replies["UID FETCH"] = lambda _, tag, c: (
            server.body(1) + server.body(3) + tag + b" NO [SERVERBUG] disk\r\n")
        done = self.run_script(server, status=TEMPFAIL)
        self.assertIn("some messages cannot be fetched ('NO [SERVERBUG] disk')", done.err)
        self.assertIn("2 new", done.err)
        self.assertEqual(self.fetch_counts(Script(bounces(1, 2, 3), port=server.port)), (2, 1, 1))

    def test_ways_to_hand_a_message_over(self):
        quoted = b"From: a@b.de\\\\ \\\"x\\\""
        for name, response in {
                "UID last": b"* 1 FETCH (BODY[]<0> %s UID 1)\r\n" % literal(bounce(1)),
                "flags between": b"* 1 FETCH (FLAGS (\\Seen \"(\") UID 1 BODY[] %s)\r\n"
                                 % literal(bounce(1)),
                "lower case": b"* 1 fetch (uid 1 body[] %s)\r\n" % literal(bounce(1)),
                "flags first": b"* 1 FETCH (UID 1 FLAGS ())\r\n* 1 FETCH (UID 1 BODY[] %s)\r\n"
                               % literal(bounce(1)),
                "twice": 2 * (b"* 1 FETCH (UID 1 BODY[] %s)\r\n" % literal(bounce(1))),
                "another": b"* 9 FETCH (UID 9 BODY[] %s)\r\n* 1 FETCH (UID 1 BODY[] %s)\r\n"
                           % (literal(bounce(9)), literal(bounce(1)))}.items():
            with self.subTest(name):
                self.db = self.path(name)
                server = Script(bounces(1))
                server.replies["UID FETCH"] = lambda _, tag, c, r=response: r + tag + b" OK\r\n"
                self.assertEqual(self.fetch_counts(server), (1, 1, 0))
        server = Script({1: b""})
        server.replies["UID FETCH"] = lambda _, tag, c: (
            b'* 1 FETCH (UID 1 BODY[] "%s")\r\n%s OK\r\n' % (quoted, tag))
        self.assertEqual(self.fetch_counts(server, "--dry-run"), (1, 0, 0))

    def test_listed_in_any_order(self):
        server = Script(bounces(1, 2, 3))
        server.replies["UID LIST"] = lambda _, tag, c: (
            server.entry(3) + server.entry(1) + server.entry(3) + server.entry(2) + tag + b" OK\r\n")
        self.assertEqual(self.fetch_counts(server), (3, 3, 0))

    def test_hostile(self):
        """What a server says -> the status, and words of the sentence; nothing is stored."""
        def endless(piece):
            def send(connection, *_):
                while True:
                    connection.sendall(piece)
            return send
        def trickle(connection, *_):
            while not self.server.closing.wait(0.05):
                connection.sendall(b"x")
        def silent(*_):
            self.server.closing.wait(600)
        line, octets = b"x" * 65536, b"* 1 FETCH (UID 1 BODY[] {%d}\r\n"
        for name, word, reply, status, words in (
                ("endless greeting", None, endless(line), (DATA, TEMPFAIL), ""),
                ("garbage greeting", None, b"HTTP/1.0 200 OK\r\n\r\n", (DATA, TEMPFAIL), ""),
                ("no greeting", None, silent, (TEMPFAIL,), "does not answer"),
                ("unwelcome", None, b"* BYE too many\r\n", (DATA, TEMPFAIL), ""),
                ("endless capabilities", "CAPABILITY", endless(b"* X\r\n"), (DATA,), ""),
                ("an endless line", "EXAMINE", endless(line), (DATA,), "65536 octets"),
                ("a NUL", "EXAMINE", b"* \0\r\n", (DATA,), "NUL"),
                ("endless responses", "EXAMINE", endless(b"* 1 EXISTS\r\n" * 5000), (DATA,),
                 "no end"),
                ("garbage", "EXAMINE", b"garbage\r\n", (DATA,), "what is no response"),
                ("no UIDVALIDITY", "EXAMINE", lambda _, tag, c: tag + b" OK\r\n", (DATA,),
                 "UIDVALIDITY"),
                ("no answer", "EXAMINE", silent, (TEMPFAIL,), "makes no progress"),
                ("an octet at a time", "EXAMINE", trickle, (TEMPFAIL,), "makes no progress"),
                ("hangs up", "EXAMINE", lambda *_: None, (TEMPFAIL,), "hung up"),
                ("goes away", "EXAMINE", b"* BYE shutting down\r\n", (TEMPFAIL,), "shutting down"),
                ("a literal nobody asked for", "UID LIST", b"* X {4000000000}\r\n", (DATA,),
                 "nobody asked for"),
                ("a huge message", "UID FETCH", octets % 4000000000, (DATA,), "more of a message"),
                ("two messages in one", "UID FETCH", octets % 1 + b"x BODY[] {1}\r\n", (DATA,),
                 "more of a message"),
                ("half a message", "UID FETCH",
                 lambda c, *_: c.sendall(octets % 500 + b"half"), (TEMPFAIL,), "hung up"),
                ("control characters", "EXAMINE", lambda _, tag, c: tag + b" NO \x1b[31m\r\n",
                 (NOINPUT,), "cannot be opened")):
            with self.subTest(name):
                self.db = self.path(name.replace(" ", "-"))
                self.server = Script(bounces(1))
                if word is None:
                    self.server.greeting = reply
                else:
                    self.server.replies[word] = reply
                # Only what keeps a run waiting is waited out.
                seconds = "1" if words in ("", "does not answer", "makes no progress") else "60"
                done = self.run_script(self.server, "--timeout", seconds, status=None)
                self.assertIn(done.status, status, done.err)
                self.check_sentence(done, words)
                self.assertEqual(self.fetch_counts(Script(bounces(1), port=self.server.port)),
                                 (1, 1, 0))

    def test_connection_breaks(self):
        """What came before is kept, and the rest fetched the next time."""
        server = Script(bounces(1, 2, 3))
        server.replies["UID FETCH"] = lambda c, tag, _: c.sendall(
            server.body(1) + server.body(2) + server.body(3)[:300])
        done = self.run_script(server, status=TEMPFAIL)
        self.assertIn("hung up", done.err)
        self.assertIn("2 messages fetched", done.err)
        self.assertEqual(self.fetch_counts(Script(bounces(1, 2, 3), port=server.port)), (1, 1, 0))

    def hang(self, server, word, number=1):
        """The server falls silent at the number-th command of that kind."""
        seen = []
        def reply(_, tag, command):
            seen.append(command)
            if len(seen) >= number:
                server.closing.wait(600)
                return None
            return server.answer(word, command) + tag + b" OK\r\n"
        server.replies[word] = reply
        return lambda: len(seen) >= number

    def interrupt(self, server, asked, how, *options):
        with server:
            run = self.start("bounces", "fetch", "--db", self.db, "--insecure", *options, server.url,
                             environment={"WINNOW_IMAP_PASSWORD": "secret"})
            self.wait_until("the command", asked)
            run.send_signal(how)
            return self.finish(run, status=128 + how)

    def test_killed(self):
        """At most one round is fetched again."""
        server = Script(bounces(*range(1, 251)))
        self.interrupt(server, self.hang(server, "UID FETCH", 2), signal.SIGKILL)
        self.assertEqual(self.fetch_counts(Script(bounces(*range(1, 251)), port=server.port)), (50, 50, 0))

    def test_stopped(self):
        server = Script(bounces(*range(1, 251)))
        done = self.interrupt(server, self.hang(server, "UID FETCH", 2), signal.SIGTERM)
        self.assertIn("stopped", done.err)
        self.assertEqual(self.fetch_counts(Script(bounces(*range(1, 251)), port=server.port)), (50, 50, 0))

    def test_killed_before_the_move(self):
        """What was imported and not moved is found again, counts once, and is moved."""
        server = Script(bounces(1, 2), capabilities=b"IMAP4rev1 MOVE")
        self.interrupt(server, self.hang(server, "UID MOVE"), signal.SIGKILL, "--move", "Done")
        server = Script(bounces(1, 2), capabilities=b"IMAP4rev1 MOVE", port=server.port)
        self.assertEqual(self.fetch_counts(server, "--move", "Done"), (2, 0, 2))
        self.assertIn('UID MOVE 1:2 "Done"', server.commands)

    def test_move_where_the_server_cannot(self):
        for capabilities, last in ((b"IMAP4rev1 UIDPLUS", ["UID EXPUNGE 1:2,4"]),
                                   (b"IMAP4rev1", [])):
            with self.subTest(capabilities):
                self.db = self.path(str(len(capabilities)))
                server = Script({**bounces(1, 2, 4), 3: ORDINARY}, capabilities=capabilities)
                self.assertEqual(self.fetch_counts(server, "--move", 'a "b"'), (4, 3, 0))
                at = server.commands.index(r'UID COPY 1:2,4 "a \"b\""')
                self.assertEqual(server.commands[at + 1:-1],
                                 [r"UID STORE 1:2,4 +FLAGS.SILENT (\Deleted)"] + last)
                self.assertIn('SELECT "INBOX"', server.commands)

    def test_a_move_that_is_refused(self):
        server = Script(bounces(1), capabilities=b"IMAP4rev1 MOVE")
        server.replies["UID MOVE"] = lambda _, tag, c: tag + b" NO [OVERQUOTA] full\r\n"
        done = self.run_script(server, "--move", "Done", status=NOINPUT)
        self.assertIn("cannot be moved ('NO [OVERQUOTA] full')", done.err)
        server = Script(bounces(1), capabilities=b"IMAP4rev1 MOVE", port=server.port)
        self.assertEqual(self.fetch_counts(server, "--move", "Done"), (1, 0, 1))

    def test_password_is_not_on_the_command_line_of_the_process(self):
        server = Script(bounces(1))
        asked = self.hang(server, "EXAMINE")
        with server:
            run = self.start("bounces", "fetch", "--db", self.db, "--insecure", server.url,
                             environment={"WINNOW_IMAP_PASSWORD": "secret"})
            self.wait_until("the command", asked)
            with open(f"/proc/{run.pid}/cmdline", "rb") as f:
                self.assertNotIn(b"secret", f.read())
            run.terminate()
            self.finish(run, status=128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
