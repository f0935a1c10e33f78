#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real Postfix of one's own on loopback, with a scripted server for it to send to, for tests:

    with Postfix() as mail:
        mail.send("news@local.test", ["gone@remote.test", "joe@local.test"], "<1@local.test>")
        mail.settle()          # all queues are empty
        mail.log()             # what it logged (bytes), as postlogd writes it
        mail.notifications()   # the delivery status notifications that it sent (list of bytes)

Configuration, queue, mailboxes and log lie in a temporary directory; nothing else is touched, and
nothing outlives the parent. Postfix insists on being started by root.

All addresses at `local.test` are one mailbox here. Everything else goes to the scripted server, which
says at RCPT what the local part is called:

    gone   550 5.1.1    full   452 4.2.2    later  451 4.3.0    spam   554 5.7.1 (at end of data)
    bare   550          policy 550 5.7.1    anything else is accepted

(what Winnow takes for a content filter, since it is on loopback). `soft.test` goes there by a service
that is called postfix-out/smtp and has soft_bounce; `closed.test` to a port on which nobody listens.
A message is tried once and then expires.
"""

import ctypes
import glob
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

HOST = "127.0.0.1"
START_SECONDS = 180
PR_SET_PDEATHSIG = 1

REPLIES = {
    "gone": "550 5.1.1 <{}>: no such user here",
    "full": "452 4.2.2 <{}>: the mailbox is full",
    "later": "451 4.3.0 <{}>: try again later",
    "bare": "550 rejected",
    "policy": "550 5.7.1 your network is on our block list",
}

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
myhostname = mail.local.test
mydomain = local.test
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
smtp_host_lookup = native
smtp_dns_support_level = disabled
virtual_mailbox_domains = local.test
virtual_mailbox_base = {dir}/boxes
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_transport = boxes
default_transport = smtp:[127.0.0.1]:{sink}
transport_maps = inline:{{
    {{ soft.test = soft:[127.0.0.1]:{sink} }},
    {{ closed.test = smtp:[127.0.0.1]:{closed} }} }}
maximal_queue_lifetime = 0
bounce_queue_lifetime = 0
smtp_connect_timeout = 5
"""

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
soft      unix  - - n - - smtp
    -o soft_bounce=yes -o syslog_name=postfix-out
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
boxes     unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class PostfixError(Exception):
    """The server cannot be started, or does not do what it should; one sentence."""


def why_not():
    """Why no Postfix can be run here, or None."""
    if not shutil.which("postconf", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        return "postfix is not installed"
    return None if os.geteuid() == 0 else "postfix can only be started by root"


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class LineServer:
    """A server on loopback that gives each connection, as a file, to `serve` in a thread."""

    def __init__(self):
        self.socket = socket.create_server((HOST, 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._hand_over, args=(connection,), daemon=True).start()

    def _hand_over(self, connection):
        with connection, connection.makefile("rwb") as f:
            self.serve(f)


class Sink(LineServer):
    """A mail server that says what REPLIES tells it to."""

    def serve(self, f):
        def say(text):
            f.write(text.encode() + b"\r\n")
            f.flush()
        spam = False
        say("220 mx.remote.test ESMTP")
        for line in f:
            word = line.strip().upper()
            if word.startswith(b"RCPT"):
                address = line.partition(b"<")[2].partition(b">")[0].decode()
                local = address.partition("@")[0]
                spam = spam or local == "spam"
                say(REPLIES.get(local, "250 2.1.5 Ok").format(address))
            elif word == b"DATA":
                say("354 go on")
                for text in f:
                    if text == b".\r\n":
                        break
                say("554 5.7.1 identified as spam" if spam else "250 2.0.0 Ok: queued as 1")
                spam = False
            elif word == b"QUIT":
                say("221 2.0.0 bye")
                return
            elif word.startswith(b"EHLO"):
                say("250-mx.remote.test")
                say("250 ENHANCEDSTATUSCODES")
            else:
                say("250 2.0.0 Ok")


class Postfix:
    """One running Postfix; use it as a context manager, or call start() and stop()."""

    main_cf, master_cf, host = MAIN_CF, MASTER_CF, HOST

    def __init__(self):
        self.directory = self.process = self.sink = None
        self.port = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        reason = why_not()
        if reason:
            raise PostfixError(reason)
        try:
            # Its own users must get into it.
            self.directory = tempfile.mkdtemp(prefix="winnow-postfix-", dir="/tmp")
            os.chmod(self.directory, 0o755)
            self._configure()
            self._launch()
            return self
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Ends the server and removes its directory; does nothing the second time."""
        if self.process:
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(10)
                except subprocess.TimeoutExpired:
                    pass
            try:
                # They are in a session of their own, so this reaches nobody else.
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None
        if self.sink:
            self.sink.close()
            self.sink = None
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    def send(self, sender, recipients, message_id):
        """Gives it one message by SMTP; `message_id` with its angle brackets."""
        with smtplib.SMTP(self.host, self.port, timeout=START_SECONDS) as client:
            client.sendmail(sender, recipients,
                            f"From: {sender}\nTo: undisclosed-recipients:;\nSubject: news\n"
                            f"Message-ID: {message_id}\nDate: Sat, 21 Nov 2026 12:00:00 +0000\n\n"
                            "Hello\n")

    def settle(self):
        """Waits until the queue is empty and everything that was done about it is logged."""
        deadline = time.monotonic() + START_SECONDS
        while self._queued() or self._open_ids():
            if time.monotonic() > deadline:
                raise PostfixError(f"the queue did not become empty: {self._queued()}\n"
                                   + self.log().decode("utf-8", "replace"))
            time.sleep(0.05)

    def log(self):
        try:
            with open(self.path("mail.log"), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return b""

    def notifications(self):
        texts = []
        for path in sorted(glob.glob(self.path("boxes/box/new/*"))):
            with open(path, "rb") as f:
                texts.append(f.read())
        return [text for text in texts if text.startswith(b"Return-Path: <>\n")]

    def path(self, name):
        return os.path.join(self.directory, name)

    def _queued(self):
        return [p for q in ("maildrop", "incoming", "active", "deferred")
                for p, _, names in os.walk(self.path("queue/" + q)) for name in names if name]

    def _open_ids(self):
        """Queue ids that the log has opened and not closed."""
        ids = set()
        for line in self.log().decode("utf-8", "replace").splitlines():
            words = line.split()
            if len(words) > 6 and words[6].startswith("message-id="):
                ids.add(words[5])
            elif len(words) == 7 and words[6] == "removed":
                ids.discard(words[5])
        return ids

    def _configure(self):
        user = pwd.getpwnam("postfix")
        for name in ("config", "queue", "data", "boxes"):
            os.mkdir(self.path(name), 0o755)
        os.chown(self.path("data"), user.pw_uid, -1)
        os.chown(self.path("boxes"), user.pw_uid, user.pw_gid)
        values = {"dir": self.directory, "uid": user.pw_uid, "gid": user.pw_gid, **self._values()}
        for name, text in (("main.cf", self.main_cf), ("master.cf", self.master_cf)):
            with open(self.path("config/" + name), "w", encoding="ascii") as f:
                f.write(text.format(**values))

    def _values(self):
        """What stands in braces in the configuration, besides the place and the user."""
        self.sink = Sink()
        self.port = free_port()
        return {"sink": self.sink.port, "closed": free_port(), "port": self.port}

    def _launch(self):
        environment = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        config = self.path("config")
        check = subprocess.run(["postfix", "-c", config, "check"], env=environment,
                               stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               check=False)
        if check.returncode != 0:
            raise PostfixError(f"postfix check: {check.stdout}{check.stderr}"
                               + self.log().decode("utf-8", "replace"))
        daemons = subprocess.run(["postconf", "-h", "-c", config, "daemon_directory"],
                                 env=environment, capture_output=True, text=True,
                                 check=True).stdout.strip()
        self.process = subprocess.Popen(
            [daemons + "/master", "-c", config, "-d"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
            start_new_session=True, preexec_fn=die_with_parent)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise PostfixError("postfix did not start: "
                                   + self.log().decode("utf-8", "replace"))
            try:
                with smtplib.SMTP(self.host, self.port, timeout=START_SECONDS) as client:
                    client.noop()
                return
            except (OSError, smtplib.SMTPException):
                time.sleep(0.05)
