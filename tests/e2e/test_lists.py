#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""winnow lists: WN_BINARY=... python3 tests/e2e/test_lists.py

The lists come from an HTTP server of our own on a loopback port."""

import http.server
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import threading
import unittest

import support
from support import CANTCREATE, CONFIG, DATA, IO, OK, TEMPFAIL, USAGE, Case, read

GOOD = "".join(f"temp-{i:04}.net\n" for i in range(600)).encode()


class Server:
    """Answers each path with what `pages` holds for it: bytes, a status, or (status, headers)."""

    def __init__(self, context=None):
        server = self
        self.pages = {}
        self.requests = []
        self.release = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802, the name is http.server's
                server.requests.append((self.path, dict(self.headers)))
                page = server.pages.get(self.path, 404)
                if page == "hang":
                    server.release.wait(600)
                    return
                status, headers, body = 200, {}, page
                if isinstance(page, int):
                    status, body = page, b"no such list\n"
                elif isinstance(page, tuple):
                    (status, headers), body = page, b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that hangs up is part of the test

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.http.server_port}"
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.origin = f"https://localhost:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.release.set()
        self.http.shutdown()
        self.http.server_close()


class ListsCase(Case):
    def setUp(self):
        super().setUp()
        for name in list(self.environment):
            if name.lower().endswith("_proxy"):
                del self.environment[name]
        self.own = os.path.join(self.home, ".config", "winnow", "lists")

    def server(self, context=None):
        server = Server(context)
        self.addCleanup(server.close)
        return server

    def list_file(self, name, data):
        os.makedirs(self.own, exist_ok=True)
        with open(os.path.join(self.own, name), "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)

    def show(self, *arguments):
        return self.winnow("lists", "show", *arguments).out.decode()


class ShowTest(ListsCase):
    def test_compiled_in(self):
        out = self.show()
        for name in ("free", "relay", "role", "placeholder", "disposable", "disposable_mx"):
            self.assertRegex(out, rf"(?m)^{name} +\d\d+  compiled in$")
        self.assertRegex(out, r"(?m)^allow +0  none of yours$")

    def test_own(self):
        self.list_file("role.add.txt", "Chef\n# boss\n")
        self.list_file("disposable.txt", "google.com\nweg.de\n")
        self.list_file("allow.txt", "info\nyopmail.com\n")
        out = self.show()
        self.assertIn(f"                       1  {self.own}/role.add.txt\n", out)
        self.assertRegex(out, r"(?m)^disposable +\d+  compiled in, not in force$")
        self.assertIn("1 passed over: google.com (a domain that everybody knows)\n", out)
        self.assertRegex(out, rf"(?m)^allow +2  {self.own}/allow.txt$")
        self.assertEqual(self.show("disposable", "allow"), "weg.de\ninfo@\nyopmail.com\n")
        roles = self.show("role").splitlines()
        self.assertEqual(roles, sorted(set(roles)))
        self.assertTrue({"chef", "info"} < set(roles))
        # An empty --lists, or another directory, leaves them out.
        self.assertNotIn(self.own, self.show("--lists", ""))
        os.mkdir(self.path("other"))
        self.assertNotIn(self.own, self.show("--lists", "other"))

    def test_usage(self):
        for arguments, status, words in (
                (("show", "rolle"), USAGE, "there is no list 'rolle'"),
                (("show", "role.add"), USAGE, "there is no list 'role.add'"),
                (("show", "--lists", "none"), CONFIG, "the lists in none cannot be read"),
                (("test",), USAGE, "give an address"),
                (("test", "a b@c.de"), DATA, "'a b@c.de' is no address: there is a space"),
                (("test", "nonsense"), DATA, "'nonsense' is no address or domain"),
                (("shwo",), USAGE, "there is no 'winnow lists shwo'"),
                ((), USAGE, "say what to do with the lists"),
                (("update",), USAGE, "say which list to fetch"),
                (("update", "disposable"), USAGE, "where does the list 'disposable' come from?"),
                (("update", "rolle=https://x.org/"), USAGE, "there is no list 'rolle'"),
                (("update", "--url", "rolle=https://x.org/", "role"), USAGE, "no list 'rolle'")):
            with self.subTest(arguments):
                done = self.winnow("lists", *arguments, status=status)
                self.assertIn(words, done.err)
                self.assertEqual(done.out, b"")
        self.assertFalse(os.path.exists(self.own))

    def test_broken_file(self):
        self.list_file("role.txt", "chef\nthe boss\n")
        for command in (("show",), ("test", "bob@x.org"), ("update", "free=https://127.0.0.1:1/")):
            done = self.winnow("lists", *command, status=CONFIG)
            self.assertIn(f"{self.own}/role.txt:2: 'the boss' does not belong in role: ", done.err)


class TestTest(ListsCase):
    def test_matches(self):
        self.list_file("role.add.txt", "chef\n")
        self.list_file("allow.txt", "bob@yopmail.com\nx.org\n")
        done = self.winnow("lists", "test", "Chef+x@B.yopmail.com", "Bob@yopmail.com",
                           "info@x.org", "anna@x.com", "mx.yopmail.com", "gmail.com")
        self.assertEqual(done.out.decode().replace(self.own, "OWN"), """\
Chef+x@b.yopmail.com
  role: chef in OWN/role.add.txt
  disposable: yopmail.com in the compiled-in list
  flags: disposable;role
Bob@yopmail.com
  disposable: yopmail.com in the compiled-in list
  allow: bob@yopmail.com in OWN/allow.txt
  flags: allowed
info@x.org
  role: info in the compiled-in list
  allow: x.org in OWN/allow.txt
  flags: allowed
anna@x.com
  no list has it
mx.yopmail.com
  disposable: yopmail.com in the compiled-in list
  disposable_mx: yopmail.com in the compiled-in list
  flags: disposable
gmail.com
  free: gmail.com in the compiled-in list
  flags: free
""")


class UpdateTest(ListsCase):
    def setUp(self):
        super().setUp()
        self.http = self.server()
        self.http.pages["/good"] = GOOD

    def update(self, *arguments, **how):
        words = [w.replace("=/", f"={self.http.origin}/") for w in arguments]
        return self.winnow("lists", "update", "--insecure-http", *words, **how)

    def entries(self, name):
        text = read(os.path.join(self.own, name)).decode()
        return [line for line in text.splitlines() if not line.startswith("#")]

    def refuse(self, *arguments, status, words=""):
        """Nothing changes, and one sentence says why."""
        with self.unchanged(self.home):
            done = self.update(*arguments, status=status)
        self.check_sentence(done, words)

    def test_update(self):
        self.http.pages["/mixed"] = b"# theirs\r\nTEMP-b.net\r\n\r\ntemp-a.net\r\nTEMP-A.net\r\n"
        done = self.update("disposable=/good?key=secret", "disposable.add=/mixed",
                           status=DATA)  # the first has another path
        self.assertIn("answered 404", done.err)
        self.assertNotIn("secret", done.err)
        self.assertEqual(os.listdir(self.own), ["disposable.add.txt"])
        done = self.update("disposable=/good")
        self.assertIn(f"{self.own}/disposable.txt: 600 entries (before: ", done.err)
        self.assertEqual(done.out, b"")
        self.assertEqual(self.entries("disposable.txt"), GOOD.decode().split())
        self.assertEqual(self.entries("disposable.add.txt"), ["temp-a.net", "temp-b.net"])
        self.assertEqual(self.show("disposable").split(),
                         sorted(GOOD.decode().split() + ["temp-a.net", "temp-b.net"]))
        first = read(os.path.join(self.own, "disposable.txt")).decode().splitlines()[0]
        self.assertRegex(first, r"^# winnow lists update: 600 entries from " +
                         re.escape(self.http.origin) + r"/good at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(stat.S_IMODE(os.stat(self.own).st_mode), 0o700)
        agent = {headers["User-Agent"] for _, headers in self.http.requests}
        version = self.winnow("--version").out.decode().split()[1]
        self.assertEqual(agent, {f"winnow/{version}"})
        self.assertEqual(sorted(os.listdir(self.own)), ["disposable.add.txt", "disposable.txt"])
        # Again, quietly: the file is new, what is in it is not.
        done = self.update("-q", "disposable=/good")
        self.assertEqual(done.err, "")
        # Into a directory of one's choice.
        self.update("--lists", "deep/er", "allow=/mixed")
        self.assertEqual(os.listdir(self.path("deep/er")), ["allow.txt"])

    def test_configuration(self):
        self.http.pages["/roles"] = b"chef\nboss\n"
        self.configure(f"[lists update]\ninsecure-http = yes\n"
                       f"url = disposable={self.http.origin}/good\n"
                       f"url = role.add={self.http.origin}/roles\n")
        self.winnow("lists", "update", "role.add")
        self.assertEqual(os.listdir(self.own), ["role.add.txt"])
        self.winnow("lists", "update")
        self.assertEqual(sorted(os.listdir(self.own)), ["disposable.txt", "role.add.txt"])
        self.winnow("lists", "update", "free", status=USAGE)

    def test_refused(self):
        self.update("-q", "disposable=/good", "role.add=/good", status=OK)
        pages = self.http.pages
        pages["/page"] = b"<!DOCTYPE html>\n<title>Moved</title>\n"
        pages["/empty"] = b"# nothing yet\n"
        pages["/small"] = b"".join(GOOD.splitlines(True)[:299])
        pages["/wild"] = b"google.com\ngmail.com\ncom.au\noutlook.com\n" + GOOD
        pages["/binary"] = bytes(range(256)) * 40
        pages["/away"] = (302, {"Location": "ftp://127.0.0.1/list"})
        pages["/round"] = (301, {"Location": "/round"})
        pages["/busy"] = 503
        pages["/large"] = b"a" * (64 << 20) + b"\n"
        for path, status, words in (
                ("/page", DATA, "2 of its 2 lines cannot be read, first line 1, '<!DOCTYPE html>'"),
                ("/empty", DATA, "holds no entry"),
                ("/small", DATA, "from 600 to 299 entries, less than half; --force"),
                ("/wild", DATA, "4 of its entries would count against ordinary people"),
                ("/binary", DATA, "cannot be read"),
                ("/away", DATA, "redirects to something that is not https://"),
                ("/round", DATA, "redirects too often"),
                ("/none", DATA, "answered 404"),
                ("/busy", TEMPFAIL, "answered 503"),
                ("/large", DATA, "is larger than 67108864 octets")):
            with self.subTest(path):
                self.refuse(f"disposable={path}", status=status, words=words)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            self.refuse(f"disposable=http://127.0.0.1:{port}/", status=TEMPFAIL, words="could not")
        self.http.pages["/hang"] = "hang"
        self.refuse("--timeout", "1", "disposable=/hang", status=TEMPFAIL, words="took too long")
        for url in ("file:///etc/hosts", "ftp://127.0.0.1/", "https://bob:pw@127.0.0.1/", "x"):
            self.refuse(f"disposable={url}", status=USAGE)
        done = self.winnow("lists", "update", f"disposable={self.http.origin}/good", status=USAGE)
        self.assertIn("only https:// is fetched", done.err)

    def test_left_out(self):
        self.http.pages["/list"] = b"google.com\nbad line\naddy.io\n" + GOOD
        done = self.update("disposable=/list")
        url = self.http.origin + "/list"
        self.assertIn(f"winnow: {url}: line 1, 'google.com': a domain that everybody knows\n"
                      f"winnow: {url}: line 2, 'bad line': ", done.err)
        self.assertIn("line 3, 'addy.io': a forwarding service of real people\n", done.err)
        self.assertIn("600 entries", done.err)
        self.assertIn("left out: 3\n", done.err)
        self.assertEqual(self.entries("disposable.txt"), GOOD.decode().split())

    def test_shrinking(self):
        self.update("-q", "disposable=/good")
        self.http.pages["/good"] = b"".join(GOOD.splitlines(True)[:300])
        self.update("-q", "disposable=/good")
        self.http.pages["/good"] = b"".join(GOOD.splitlines(True)[:149])
        self.refuse("disposable=/good", status=DATA, words="from 300 to 149 entries")
        self.update("-q", "--force", "disposable=/good")
        self.assertEqual(len(self.entries("disposable.txt")), 149)

    def test_own_file(self):
        self.list_file("disposable.txt", "# by hand\n" + GOOD.decode())
        self.refuse("disposable=/good", status=CANTCREATE, words="disposable.txt was not written by")
        self.list_file("free.txt", "")
        self.refuse("free=/good", status=CANTCREATE, words="fetch into free.add")
        self.update("-q", "--force", "disposable=/good")
        self.assertIn(b"# winnow lists update: ", read(os.path.join(self.own, "disposable.txt")))

    def test_dry_run(self):
        self.list_file("role.add.txt", "chef\n")
        with self.unchanged(self.home):
            done = self.update("--dry-run", "disposable=/good")
        self.assertIn("600 entries", done.err)
        self.assertIn("nothing was changed", done.err)

    def test_several(self):
        """One that fails does not keep the others from being fetched; the first failure counts."""
        self.http.pages["/busy"] = 503
        done = self.update("role.add=/none", "disposable=/good", "free=/busy", status=DATA)
        self.assertEqual(os.listdir(self.own), ["disposable.txt"])
        self.assertIn("/busy could not be fetched", done.err)
        self.assertTrue(done.err.rstrip().endswith("/none could not be fetched: the server "
                                                   "answered 404"))

    def test_locked(self):
        os.makedirs(self.own)
        self.http.pages["/hang"] = "hang"
        first = self.start("lists", "update", "--insecure-http",
                           f"disposable={self.http.origin}/hang")
        self.wait_until("the first request", lambda: self.http.requests)
        self.refuse("disposable=/good", status=TEMPFAIL, words="another run is changing the files")
        first.send_signal(signal.SIGTERM)
        done = self.finish(first, status=128 + signal.SIGTERM)
        self.assertEqual(done.err, "winnow: stopped\n")
        self.assertEqual(os.listdir(self.own), [])
        self.update("-q", "disposable=/good")

    def test_cannot_write(self):
        self.write("file", "x")
        done = self.update("--lists", "file", "disposable=/good", status=CANTCREATE)
        self.assertIn("file cannot be used", done.err)
        done = self.update("--lists", "file/below", "disposable=/good", status=CANTCREATE)
        self.update("-q", "disposable=/good")
        before = read(os.path.join(self.own, "disposable.txt"))
        # A disk that is full.
        done = self.winnow("lists", "update", "--insecure-http", "disposable=" + self.http.origin +
                           "/good", status=IO, preexec_fn=limited)
        self.assertIn(".disposable.txt.new cannot be written: File too large", done.err)
        self.assertEqual(read(os.path.join(self.own, "disposable.txt")), before)
        self.assertEqual(os.listdir(self.own), ["disposable.txt"])

    def test_nowhere(self):
        done = self.winnow("lists", "update", f"role={self.http.origin}/good", status=CONFIG,
                           environment={"HOME": ""})
        self.assertIn("give --lists DIR", done.err)


def limited():
    """For Popen: files of at most a kilobyte, and an error instead of a signal."""
    import resource
    support.without_restored_signals()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


@unittest.skipUnless(shutil.which("openssl"), "openssl is not here to make a certificate")
class HttpsTest(ListsCase):
    def setUp(self):
        super().setUp()
        self.key, self.certificate = self.path("key.pem"), self.path("ca.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", self.key, "-out",
                        self.certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self.https = self.server(context)
        self.http = self.server()
        self.https.pages["/good"] = self.http.pages["/good"] = GOOD

    def update(self, *arguments, **how):
        return self.winnow("lists", "update", "-q", *arguments, **how)

    def test_https(self):
        url = f"disposable={self.https.origin}/good"
        done = self.update(url, status=TEMPFAIL)  # nobody vouches for it
        self.assertIn("certificate", done.err)
        self.assertEqual(os.listdir(self.own), [])
        self.update("--ca-file", self.certificate, url)
        self.assertEqual(os.listdir(self.own), ["disposable.txt"])
        done = self.update("--ca-file", self.path("none.pem"), url, status=CONFIG)
        self.assertIn("certificate authorities", done.err)
        # The certificate is for another name.
        self.update("--ca-file", self.certificate, url.replace("localhost", "127.0.0.1"),
                    status=TEMPFAIL)

    def test_redirects(self):
        self.https.pages["/to-https"] = (302, {"Location": "/good"})
        self.https.pages["/to-http"] = (302, {"Location": self.http.origin + "/good"})
        self.update("--ca-file", self.certificate, f"disposable={self.https.origin}/to-https")
        with self.unchanged(self.own):
            done = self.update("--ca-file", self.certificate, "--insecure-http",
                               f"disposable={self.https.origin}/to-http", status=DATA)
        self.assertIn("redirects to something that is not https://", done.err)
        self.assertEqual(self.http.requests, [])

    def test_without_libcurl(self):
        """It is loaded when it is needed: then a broken one is said, and only then."""
        for name in ("libcurl.so.4", "libcurl-gnutls.so.4"):
            self.write(name, "no library")
        environment = {"LD_LIBRARY_PATH": self.work}
        done = self.winnow("lists", "update", "role=https://example.org/list.txt", status=CONFIG,
                           environment=environment)
        self.check_sentence(done, "libcurl", "cannot be loaded")
        self.winnow("check", "--offline", "--no-db", "ann@brackwell.net", environment=environment)


if __name__ == "__main__":
    support.main()
