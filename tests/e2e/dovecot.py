#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real Dovecot of one's own on loopback, for tests:

    with Dovecot() as server:
        server.deliver(b"From: <>\\n...")      # into the user's INBOX, as an MDA does
        server.url()                           # imaps://bounces%40example.org@localhost:PORT/INBOX
        server.url(tls=False)                  # the same by imap://, which knows STARTTLS
        server.authority                       # a file to trust, in PEM
        server.password
        server.messages("INBOX")               # [(flags, bytes), ...] as they lie on disk
        server.renumber()                      # another UIDVALIDITY, new UIDs

Configuration, certificate, users, mailboxes and log lie in a temporary directory; nothing else is
touched, and nothing outlives the parent. Dovecot insists on being started by root.
"""

import ctypes
import glob
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

HOST = "127.0.0.1"
USER = "bounces@example.org"
START_SECONDS = 180
PORT_TRIES = 10
PR_SET_PDEATHSIG = 1

# What is said alike by all versions, by 2.3, and by 2.4 and later.
CONFIGURATION = """\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
listen = {host}
ssl = yes
auth_mechanisms = plain login
auth_failure_delay = 0
maildir_very_dirty_syncs = no
default_process_limit = 20
default_client_limit = 200
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service stats {{
  client_limit = 200
}}
service anvil {{
  client_limit = 300
}}
service auth {{
  client_limit = 300
}}
"""
OLD = """\
protocols = imap
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
mail_location = maildir:{dir}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail/%u
}}
"""
NEW = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  imap = yes
}}
ssl_server_cert_file = {dir}/cert.pem
ssl_server_key_file = {dir}/key.pem
mail_driver = maildir
mail_path = {dir}/mail/%{{user}}
passdb passwd-file {{
  default_password_scheme = PLAIN
  auth_username_format = %{{user}}
  passwd_file_path = {dir}/users
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {dir}/mail/%{{user}}
  }}
}}
"""


class DovecotError(Exception):
    """The server cannot be started; one sentence."""


def find_dovecot():
    """The path of dovecot, which an ordinary user's PATH often leaves out, or None."""
    return shutil.which("dovecot", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def free_ports(count):
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind((HOST, 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def make_certificate(directory):
    """cert.pem and key.pem for localhost, self-signed, valid for a day."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                    os.path.join(directory, "key.pem"), "-out",
                    os.path.join(directory, "cert.pem")],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def why_not():
    """Why no Dovecot can be run here, or None."""
    if not find_dovecot():
        return "dovecot is not installed"
    return None if os.geteuid() == 0 else "dovecot can only be started by root"


class Dovecot:
    """One running server; use it as a context manager."""

    def __init__(self):
        self.directory = None
        self.process = None
        self.password = 'a "quoted\\ password'
        self.delivered = 0

    def __enter__(self):
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    @property
    def authority(self):
        return os.path.join(self.directory, "cert.pem")

    def url(self, mailbox="INBOX", tls=True, user=USER):
        scheme, port = ("imaps", self.tls_port) if tls else ("imap", self.port)
        return f"{scheme}://{user.replace('@', '%40')}@localhost:{port}/{mailbox}"

    def stop(self):
        """Ends the server and removes its directory; does nothing the second time."""
        self._end()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    def log(self):
        try:
            with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def logins(self):
        """How many there were, in the words of 2.3 and of 2.4."""
        return self.log().count("Login: ") + self.log().count("Logged in: ")

    def deliver(self, message, mailbox="INBOX"):
        """Puts a message into a Maildir's new/, under names that sort in order of delivery."""
        self.delivered += 1
        name = f"{1700000000 + self.delivered}.M{self.delivered:06}P1.test"
        place = self._folder(mailbox)
        self.make(mailbox)
        temporary = os.path.join(place, "tmp", name)
        with open(temporary, "wb") as f:
            f.write(message)
        os.chown(temporary, self.owner.pw_uid, self.owner.pw_gid)
        os.rename(temporary, os.path.join(place, "new", name))

    def make(self, mailbox):
        """Creates a mailbox if it is not there."""
        place = self._folder(mailbox)
        for path in (self._folder("INBOX"), place, *(os.path.join(place, x)
                                                     for x in ("tmp", "new", "cur"))):
            if not os.path.isdir(path):
                os.mkdir(path, 0o700)
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def messages(self, mailbox="INBOX"):
        """(flags, bytes) of each message, in order of delivery; flags such as "S" for seen."""
        found = glob.glob(os.path.join(self._folder(mailbox), "new", "*"))
        found += glob.glob(os.path.join(self._folder(mailbox), "cur", "*"))
        result = []
        for path in sorted(found, key=os.path.basename):
            with open(path, "rb") as f:
                result.append((path.partition(":2,")[2], f.read()))
        return result

    def renumber(self, mailbox="INBOX"):
        """Forgets what UIDs the messages had, as a server does whose indexes were lost."""
        for path in glob.glob(os.path.join(self._folder(mailbox), "dovecot*")):
            if os.path.isfile(path):
                os.unlink(path)
        # Dovecot takes the time, in seconds, for a UIDVALIDITY, and never one that it had.
        uidlist = os.path.join(self._folder(mailbox), "dovecot-uidlist")
        self.delivered += 1
        with open(uidlist, "w", encoding="ascii") as f:
            f.write(f"3 V{1000 + self.delivered} N1\n")
        os.chown(uidlist, self.owner.pw_uid, self.owner.pw_gid)

    def _folder(self, mailbox):
        root = os.path.join(self.directory, "mail", USER)
        return root if mailbox == "INBOX" else os.path.join(root, "." + mailbox.replace("/", "."))

    def _start(self):
        if why_not():
            raise DovecotError(why_not())
        program = find_dovecot()
        self.directory = tempfile.mkdtemp(prefix="wn-imap-", dir="/tmp")
        os.chmod(self.directory, 0o755)  # its login processes are another user's
        self.owner = pwd.getpwnam("nobody")
        for name in ("mail", "state"):
            os.mkdir(os.path.join(self.directory, name))
        os.chown(os.path.join(self.directory, "mail"), self.owner.pw_uid, self.owner.pw_gid)
        make_certificate(self.directory)
        with open(os.path.join(self.directory, "users"), "w", encoding="utf-8") as f:
            f.write(f"{USER}:{self.password}\n")
        for _ in range(PORT_TRIES):
            self._launch(program)
            if self._wait():
                return self
            self._end()
        raise DovecotError(f"dovecot found no free ports in {PORT_TRIES} tries")

    def _launch(self, program):
        self.port, self.tls_port = free_ports(2)
        path = os.path.join(self.directory, "dovecot.conf")
        version = subprocess.run([program, "--version"], capture_output=True, text=True,
                                 check=True).stdout
        special = OLD if version.startswith("2.3") else NEW
        with open(path, "w", encoding="utf-8") as f:  # 2.4 wants its version in the first line
            f.write((special + CONFIGURATION).format(dir=self.directory, host=HOST, port=self.port,
                                         tls_port=self.tls_port, uid=self.owner.pw_uid,
                                         gid=self.owner.pw_gid))
        with open(os.path.join(self.directory, "output"), "wb") as out:
            self.process = subprocess.Popen([program, "-F", "-c", path], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, start_new_session=True,
                                            preexec_fn=die_with_parent)

    def _wait(self):
        """True once it greets on both ports; False when somebody else has taken one."""
        context = ssl.create_default_context(cafile=self.authority)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None:
                with open(os.path.join(self.directory, "output"), encoding="utf-8",
                          errors="replace") as f:
                    said = f.read() + self.log()
                if "in use" in said:
                    return False
                raise DovecotError(f"dovecot ended with status {self.process.returncode}: {said}")
            if time.monotonic() > deadline:
                raise DovecotError(f"dovecot did not answer: {self.log()}")
            try:
                with socket.create_connection((HOST, self.tls_port), 10) as plain, \
                        context.wrap_socket(plain, server_hostname="localhost") as s:
                    return s.recv(100).startswith(b"* OK")
            except OSError:
                time.sleep(0.02)

    def _end(self):
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.terminate()  # it ends its children itself
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.process = None
