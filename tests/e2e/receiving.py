# SPDX-License-Identifier: MIT
"""Real mail servers that receive on loopback, to be asked about their mailboxes: a Postfix of one's
own, and chasquid as a second make.

    with ReceivingPostfix(port, {"joe@firm.org", "*@open.org"}) as mail:
        ...                # speaks at ReceivingPostfix.host, and refuses us all at .blocking
        mail.sessions()    # how each connection went, as Postfix counted it

The mailboxes are addresses; `*@domain` takes all. A Python policy service stands behind Postfix, as
a quota or greylisting daemon would: what local parts begin with says what it answers (POLICY). Both
servers offer STARTTLS with a self-signed certificate, which nobody can verify.
"""

import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

import postfix
import smtp_zoo

GREYLIST_SECONDS = 1
START_SECONDS = 60

# Local parts that begin so -> the policy service's action (Postfix's SMTPD_POLICY_README)
POLICY = {
    "full": "552 5.2.2 Mailbox is over quota",
    "later": "451 4.3.0 Mailbox is being moved, try again later",
    "guarded": "550 5.7.1 You are not authorized to send to this recipient",
    "disabled": "550 5.2.1 This mailbox is disabled",
}
BLOCK = "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org"
GREYLISTED = "DEFER_IF_PERMIT Greylisted, see http://postgrey.schweikert.ch/help/"

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
myhostname = mx.postfix-made.net
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
# Nobody is trusted: a client on loopback is a stranger here.
mynetworks = 127.255.255.255/32
alias_maps =
alias_database =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {dir}/boxes
virtual_mailbox_maps = texthash:{dir}/config/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unlisted_recipient,
    check_policy_service inet:{policy}
smtpd_tls_security_level = may
smtpd_tls_chain_files = {dir}/server.pem
smtpd_tls_loglevel = 1
"""

MASTER_CF = """\
{host}:{port} inet n - n - - smtpd
{blocking}:{port} inet n - n - - smtpd
    -o {{ smtpd_client_restrictions = check_client_access static:{{{block}}} }}
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
tlsmgr    unix  - - n 1000? 1 tlsmgr
error     unix  - - n - - error
retry     unix  - - n - - error
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


def free_port(*hosts):
    """A port that was free on all these addresses a moment ago."""
    for _ in range(100):
        taken = []
        try:
            for host in hosts:
                taken.append(socket.create_server(
                    (host, taken[0].getsockname()[1] if taken else 0)))
            return taken[0].getsockname()[1]
        except OSError:
            continue
        finally:
            for s in taken:
                s.close()
    raise postfix.PostfixError("no port is free on all of " + ", ".join(hosts))


class Policy(postfix.LineServer):
    """A policy service for Postfix (its protocol: attributes, an empty line, an action), by POLICY.
    A local part that begins with "grey" is greylisted until GREYLIST_SECONDS after it was first
    asked for."""

    def __init__(self):
        self.first = {}
        super().__init__()
        self.address = f"{postfix.HOST}:{self.port}"

    def serve(self, f):
        attributes = {}
        for line in f:
            name, equals, value = line.decode().rstrip("\n").partition("=")
            if equals:
                attributes[name] = value
                continue
            f.write(f"action={self._action(attributes['recipient'].lower())}\n\n".encode())
            f.flush()
            attributes = {}

    def _action(self, recipient):
        if recipient.startswith("grey"):
            now = time.monotonic()
            return ("DUNNO" if now >= self.first.setdefault(recipient, now) + GREYLIST_SECONDS
                    else GREYLISTED)
        return next((action for begin, action in POLICY.items() if recipient.startswith(begin)),
                    "DUNNO")


class ReceivingPostfix(postfix.Postfix):
    """A Postfix that takes mail for the given mailboxes."""

    main_cf, master_cf, host, blocking = MAIN_CF, MASTER_CF, "127.2.0.1", "127.2.0.3"

    def __init__(self, port, mailboxes):
        super().__init__()
        self.port = port
        self.mailboxes = sorted(mailboxes)
        self.policy = None

    def stop(self):
        super().stop()
        if self.policy:
            self.policy.close()
            self.policy = None

    def _values(self):
        with open(self.path("config/mailboxes"), "w", encoding="ascii") as f:
            for mailbox in self.mailboxes:
                f.write(f"{mailbox.removeprefix('*')} box/\n")
        smtp_zoo.certificate(self.directory)
        self.policy = Policy()
        domains = sorted({m.partition("@")[2] for m in self.mailboxes})
        return {"host": self.host, "blocking": self.blocking, "port": self.port,
                "policy": self.policy.address, "block": BLOCK, "domains": " ".join(domains)}

    def sessions(self):
        """The connections that have ended, a dictionary each of how many commands of which kind
        were said: {"ehlo": 2, "starttls": 1, "mail": 1, "rcpt": 5, "rset": 1, "quit": 1 ...}; and
        "lost": 1 where the client went without a word."""
        found, lost = [], set()
        for line in self.log().decode("utf-8", "replace").splitlines():
            if (m := re.search(r"smtpd\[(\d+)\]: lost connection after", line)):
                lost.add(m.group(1))
            elif (m := re.search(r"smtpd\[(\d+)\]: disconnect from \S+ (.*)", line)):
                # mail=1, rcpt=2/3 (so many of them refused), and a sum that nobody needs
                counts = {w.partition("=")[0]: int(w.rpartition("=")[2].rpartition("/")[2])
                          for w in m.group(2).split()}
                counts.pop("commands", None)
                found.append(counts | ({"lost": 1} if m.group(1) in lost else {}))
                lost.discard(m.group(1))
        return found


def why_no_chasquid():
    """Why chasquid cannot be run here, or None."""
    return None if shutil.which("chasquid") else "chasquid is not installed"


class Chasquid:
    """A chasquid that takes mail for the given mailboxes; needs no root."""

    host = "127.2.0.2"

    def __init__(self, port, mailboxes):
        self.port = port
        self.mailboxes = sorted(mailboxes)
        self.directory = self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        reason = why_no_chasquid()
        if reason:
            raise postfix.PostfixError(reason)
        try:
            self.directory = tempfile.mkdtemp(prefix="winnow-chasquid-")
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
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(10)
                except subprocess.TimeoutExpired:
                    self.process.kill()
            self.process.wait()
            self.process = None
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def log(self):
        """What it wrote: how it started, and every refusal."""
        text = ""
        for name in ("output", "mail.log"):
            try:
                with open(self.path(name), encoding="utf-8", errors="replace") as f:
                    text += f.read()
            except FileNotFoundError:
                pass
        return text

    def _configure(self):
        os.makedirs(self.path("config/certs/mx"))
        os.mkdir(self.path("data"))
        pem = smtp_zoo.certificate(self.directory)
        for name in ("privkey.pem", "fullchain.pem"):
            shutil.copy(pem, self.path("config/certs/mx/" + name))
        with open(self.path("config/chasquid.conf"), "w", encoding="ascii") as f:
            f.write(f'hostname: "mx.chasquid-made.net"\nsmtp_address: "{self.host}:{self.port}"\n'
                    f'data_dir: "{self.path("data")}"\nmail_log_path: "{self.path("mail.log")}"\n'
                    'mail_delivery_agent_bin: "/bin/false"\n')
        for mailbox in self.mailboxes:
            local, _, domain = mailbox.partition("@")
            os.makedirs(self.path("config/domains/" + domain), exist_ok=True)
            with open(self.path(f"config/domains/{domain}/aliases"), "a", encoding="ascii") as f:
                # A dot in a local part means nothing to it, and must not stand in its files.
                f.write(f"{local.replace('.', '')}: nobody@elsewhere.invalid\n")

    def _launch(self):
        with open(self.path("output"), "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                ["chasquid", "-config_dir=" + self.path("config")], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
                preexec_fn=postfix.die_with_parent)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise postfix.PostfixError("chasquid did not start: " + self.log())
            try:
                with smtplib.SMTP(self.host, self.port, timeout=5) as client:
                    client.noop()
                return
            except (OSError, smtplib.SMTPException):
                time.sleep(0.02)
