#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mail servers that behave as they are told to, many in one process, for tests of probing:

    honest = Server("mx.firm.org", ["127.1.0.1"], PERSONAS["postfix"], {"joe@firm.org": "present"})
    with Zoo([honest]) as zoo:
        run(["winnow", "clean", "--probe", "--smtp-port", str(zoo.port), ...])
        assert faults_of(zoo.transcript(), zoo.servers, Rules("probe@us.net", "out.us.net")) == []

All servers share one port on addresses of their own. A mailbox is in a *state* ("present",
"unknown", "full" ...); the persona's words say how that is put into a reply. The personas are a
table in zoo_personas.py. Everything said is kept: a transcript is a list of Entry, in the order in
which it happened. The checks of a transcript are in zoo_checks.py.

The servers run on one thread of their own, one event loop; nothing outlives stop().
"""

import asyncio
import collections
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

from zoo_personas import PERSONAS, POSTFIX, WORDS, Persona  # noqa: F401: also for our users

PORT_TRIES = 50
LINE_MAX = 64 * 1024   # bytes of a command that is waited for
ENDLESS_LINES = 200_000
LONG_LINE = 10 * 1024 * 1024
TCP_ESTABLISHED = 1    # tcpi_state, the first byte of TCP_INFO
SPLIT_SECONDS = 0.0002  # between the bytes of a reply that is cut everywhere

# What happened: `what` is
#   open   the connection was made; `text`: how many were open then, with this one: of the group,
#          in all
#   in     a command; `pipelined` when another lay behind it already
#   lost   a command that the server threw away unread
#   out    a line of a reply that was sent (without CRLF)
#   tls    the handshake was done, or "failed"
#   quiet  from here on the server does not play by the rules (a fault), what it is in `text`
#   close  `text`: who ended it: client, server, reset
Entry = collections.namedtuple("Entry", "time server connection what text pipelined")

class Server:
    """One mail server. `mailboxes`: address (lower case) -> state; what is not there is in the
    state `otherwise`, except a postmaster, whom every server has. Servers of one `group` share the
    limits of a provider."""

    def __init__(self, name, addresses, persona, mailboxes, otherwise="unknown", group=None):
        self.name, self.addresses, self.persona = name, addresses, persona
        self.mailboxes, self.otherwise, self.group = mailboxes, otherwise, group or name
        self.asked = collections.Counter()  # by address
        self.first_asked = None
        self.answered = 0
        self.open = set()

    def state(self, address):
        """The state of a mailbox now that it is asked for, which counts."""
        address = address.lower()
        now = time.monotonic()
        self.asked[address] += 1
        self.first_asked = self.first_asked or now
        self.answered += 1
        limit, turned = self.persona.turn
        if self.answered > limit:
            return turned
        if self.persona.open_after and now < self.first_asked + self.persona.open_after:
            return "greylisted"
        if self.persona.first and self.asked[address] == 1:
            return "first"
        if address.startswith("postmaster@") or address == "postmaster":
            return self.mailboxes.get(address, "present")
        return self.mailboxes.get(address, self.otherwise)

    def reply(self, state, address, client):
        """What it says of a mailbox in that state."""
        text = WORDS[self.persona.words].get(state, POSTFIX.get(state))
        if text is None:
            raise KeyError(f"{self.name}: nobody has words for the state {state}")
        return text.format(a=address, d=address.rpartition("@")[2], h=self.name, c=client)


class Dropped(Exception):
    """The connection is over; the reason is who ended it."""


class Connection:
    """One session, from the server's side."""

    def __init__(self, zoo, server, sock, number):
        self.zoo, self.server, self.sock, self.number = zoo, server, sock, number
        self.persona = server.persona
        self.client = sock.getpeername()[0]
        self.buffer = b""
        self.tls = None
        self.greeted = self.sender = False
        self.recipients = 0
        self.domain = ""  # of the first

    def log(self, what, text="", pipelined=False):
        self.zoo.entries.append(Entry(time.monotonic(), self.server.name, self.number, what,
                                      text, pipelined))

    async def run(self):
        others = [c for c in self.zoo.open if c.connected()]
        same = [c for c in others if c.server.group == self.server.group]
        self.zoo.open.add(self)
        self.log("open", f"{len(same) + 1} {len(others) + 1}")
        who = "server"
        try:
            await self.talk()
        except Dropped as e:
            who = str(e)
        except (ConnectionError, ssl.SSLError, OSError):
            who = "client"
            self.last_words()
        finally:
            self.log("close", who)
            self.zoo.open.discard(self)
            if who == "reset":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.sock.close()
            self.zoo.accepted.discard(self.sock)

    def last_words(self):
        """What came before a reset and was not read: a server that talked on did not listen."""
        try:
            while not self.tls and (data := self.sock.recv(65536)):
                self.buffer += data
        except OSError:
            pass
        for line in self.buffer.split(b"\r\n")[:-1]:
            self.log("in", line.decode("utf-8", "backslashreplace"))

    def connected(self):
        """Whether the client still holds it open, whatever lies unread."""
        return self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_ESTABLISHED

    async def talk(self):
        await asyncio.sleep(self.persona.greeting_delay)
        await self.fault("connect")
        greeting = self.persona.greeting.format(h=self.server.name)
        await self.say(greeting)
        if not greeting.startswith("220"):
            await asyncio.sleep(0.01)
            raise Dropped("server")
        while True:
            line, more = await self.line()
            self.log("in", line, more)
            await self.command(line)

    async def command(self, line):
        verb = line.split(" ")[0].upper()
        await self.fault(verb)
        if self.persona.loses_pipelined:
            self.lose_rest()
        act = getattr(self, "do_" + verb.lower(), None)
        await (act(line) if act else self.say("502 5.5.2 Error: command not recognized"))

    def lose_rest(self):
        """Throws away what came in one piece with this command."""
        for lost in self.buffer.decode("latin-1").splitlines():
            self.log("lost", lost)
        self.buffer = b""

    async def do_ehlo(self, _):
        if self.persona.helo_only:
            await self.say("502 5.5.2 Error: command not recognized")
            return
        self.greeted, self.sender, self.recipients = True, False, 0
        lines = [self.server.name]
        if self.persona.pipelining:
            lines.append("PIPELINING")
        if self.persona.starttls and not self.tls:
            lines.append("XXXXXXXA" if self.persona.starttls == "stripped" else "STARTTLS")
        lines += ["SIZE 10240000", "ENHANCEDSTATUSCODES", "8BITMIME"]
        await self.say("\n".join("250-" + text for text in lines[:-1]) + "\n250 " + lines[-1])

    async def do_helo(self, _):
        self.greeted, self.sender, self.recipients = True, False, 0
        await self.say("250 " + self.server.name)

    async def do_starttls(self, _):
        how = self.persona.starttls
        if how in ("", "stripped") or self.tls:
            await self.say("502 5.5.1 Error: command not implemented")
        elif how == "refused":
            await self.say("454 4.7.0 TLS not available due to local problem")
        else:
            injected = "\n250-2.1.0 injected\n250 2.1.5 injected" if how == "inject" else ""
            await self.say("220 2.0.0 Ready to start TLS" + injected)
            await self.handshake(how)

    async def handshake(self, how):
        """Turns the connection into a TLS one, or spoils it."""
        self.lose_rest()  # what came before it, in the clear, is not believed
        if how == "half":
            await self.receive()
            self.log("tls", "failed")
            raise Dropped("server")
        if how == "garbage":
            await self.receive()
            self.log("tls", "failed")
            await self.raw(b"250 2.1.5 Ok\r\n\0\xff\xfe" * 100)
            await self.drain()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        channel = self.zoo.tls.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                channel.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self.raw(outgoing.read())
                data = await self.zoo.loop.sock_recv(self.sock, 65536)
                if not data:
                    self.log("tls", "failed")
                    raise Dropped("client") from None
                incoming.write(data)
            except ssl.SSLError:
                self.log("tls", "failed")
                raise
        await self.raw(outgoing.read())
        self.tls = (channel, incoming, outgoing)
        self.greeted = False
        self.log("tls")

    async def do_mail(self, _):
        if not self.greeted or self.sender:
            await self.say("503 5.5.1 Error: " + ("nested MAIL command" if self.sender
                                                   else "send HELO/EHLO first"))
            return
        reply = self.persona.mail.format(c=self.client)
        self.sender = reply.startswith("250")
        await self.say(reply)

    async def do_rcpt(self, line):
        if not self.sender:
            await self.say("503 5.5.1 Error: need MAIL command")
            return
        address = line.partition("<")[2].rpartition(">")[0]
        self.recipients += 1
        # One too many is told so before anybody looks at the mailbox.
        domain = address.rpartition("@")[2]
        self.domain = self.domain or domain
        if self.recipients > self.persona.recipients:
            state = "too_many"
        elif self.persona.one_domain and domain != self.domain:
            state = "other_domain"
        else:
            state = self.server.state(address)
        await self.say(self.server.reply(state, address, self.client))

    async def do_rset(self, _):
        self.sender = False
        await self.say("250 2.0.0 Ok")

    async def do_noop(self, _):
        await self.say("250 2.0.0 Ok")

    async def do_quit(self, _):
        self.zoo.open.discard(self)
        await self.say("221 2.0.0 Bye")
        raise Dropped("server")

    async def fault(self, place):
        at, kind = self.persona.fault
        if at != place:
            return
        self.log("quiet", kind)
        await FAULTS[kind](self)

    async def drain(self):
        """Says nothing more, listens until the other side goes."""
        while True:
            line, more = await self.line()
            self.log("in", line, more)

    async def line(self):
        """The next command without its line end, and whether more lies behind it."""
        while b"\n" not in self.buffer:
            if len(self.buffer) > LINE_MAX:
                raise Dropped("server")
            self.buffer += await self.receive()
        line, _, self.buffer = self.buffer.partition(b"\n")
        text = line.decode("utf-8", "backslashreplace")
        # A bare LF shows in the transcript.
        return (text[:-1] if text.endswith("\r") else text + "\\n"), b"\n" in self.buffer

    async def receive(self):
        while True:
            if self.tls:
                channel, incoming, _ = self.tls
                try:
                    return channel.read(65536) or self.ended()
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:
                    self.ended()
            data = await self.zoo.loop.sock_recv(self.sock, 65536)
            if not data:
                self.ended()
            if not self.tls:
                return data
            incoming.write(data)

    @staticmethod
    def ended():
        raise Dropped("client")

    async def say(self, text):
        """A reply, its lines apart by LF."""
        await asyncio.sleep(self.persona.delay)
        lines = text.split("\n")
        if self.persona.nuls:
            text = "\n".join(line[:8] + "\0" + line[8:] + "\0" for line in text.split("\n"))
        data = "".join(line + "\r\n" for line in text.split("\n")).encode()
        pieces = [data[i:i + 1] for i in range(len(data))] if self.persona.split else [data]
        for piece in pieces:
            await self.raw(piece)
            if self.persona.split:
                await asyncio.sleep(SPLIT_SECONDS)
        for line in lines:
            self.log("out", line)

    async def raw(self, data):
        if self.tls:
            channel, _, outgoing = self.tls
            channel.write(data)
            data = outgoing.read()
        if data:
            await self.zoo.loop.sock_sendall(self.sock, data)


async def reset(_):
    raise Dropped("reset")


async def hang(connection):
    await connection.drain()


async def endless(connection):
    for _ in range(ENDLESS_LINES // 100):
        await connection.raw(b"250-there is more to say\r\n" * 100)
    raise Dropped("server")


async def long_line(connection):
    block = b"x" * 65536
    await connection.raw(b"250-")
    for _ in range(LONG_LINE // len(block)):
        await connection.raw(block)
    await connection.raw(b"\r\n250 2.1.5 Ok\r\n")
    await connection.drain()


async def garbage(connection):
    await connection.raw(b"\0\0\xff\xfe 2\0 not a reply\r\n\0\r\n")
    await connection.drain()


# Each ends the connection, or listens until the client has ended it.
FAULTS = {"reset": reset, "hang": hang, "endless": endless, "long_line": long_line,
          "garbage": garbage}


class ZooError(Exception):
    """The servers cannot be started; one sentence."""


def certificate(directory):
    """A self-signed certificate with its key, one file; needs openssl."""
    path = os.path.join(directory, "server.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=zoo.invalid", "-keyout", path, "-out", path + ".cert"],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with open(path, "a", encoding="ascii") as f, open(path + ".cert", encoding="ascii") as g:
        f.write(g.read())
    return path


def why_not():
    """Why no zoo can be run here, or None."""
    return None if shutil.which("openssl") else "openssl is not installed"


class Zoo:
    """The running servers; use it as a context manager, or call start() and stop()."""

    def __init__(self, servers):
        self.servers = list(servers)
        self.port = 0
        self.entries = []
        self.open = set()
        self.loop = self.thread = self.tls = None
        self.sockets = []
        self.tasks = set()
        self.accepted = set()
        self.connections = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        reason = why_not()
        if reason:
            raise ZooError(reason)
        with tempfile.TemporaryDirectory(prefix="winnow-zoo-") as place:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate(place))
        self._listen()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def stop(self):
        """Ends all servers and connections; does nothing the second time."""
        if self.thread:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.thread = None
            self.loop.close()
        for s in self.sockets + list(self.accepted):
            s.close()
        self.sockets = []

    def transcript(self):
        """All that has happened so far."""
        return list(self.entries)

    def _listen(self):
        """Binds all addresses to one port."""
        addresses = [(server, a) for server in self.servers for a in server.addresses]
        for _ in range(PORT_TRIES):
            port = 0
            try:
                for server, address in addresses:
                    family = socket.AF_INET6 if ":" in address else socket.AF_INET
                    s = socket.create_server((address, port), family=family, backlog=512)
                    s.setblocking(False)
                    self.sockets.append(s)
                    port = s.getsockname()[1]
                self.port = port
                return
            except OSError as e:
                for s in self.sockets:
                    s.close()
                self.sockets = []
                reason = e
        raise ZooError(f"no port is free on all addresses: {reason}")

    def _run(self):
        asyncio.set_event_loop(self.loop)
        listening = iter(self.sockets)
        for server in self.servers:
            for _ in server.addresses:
                self._keep(self._accept(server, next(listening)))
        self.loop.run_forever()
        for task in list(self.tasks):
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*self.tasks, return_exceptions=True))

    def _keep(self, coroutine):
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            # A mistake of ours must not pass for a server's whim.
            self.entries.append(Entry(time.monotonic(), "zoo", 0, "bug", repr(task.exception()),
                                      False))

    async def _accept(self, server, listening):
        while True:
            sock, _ = await self.loop.sock_accept(listening)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self.accepted.add(sock)
            try:
                connection = Connection(self, server, sock, self.connections)
            except OSError:  # gone already
                sock.close()
                continue
            self._keep(connection.run())
