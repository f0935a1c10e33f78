# SPDX-License-Identifier: MIT
"""An IMAP server on loopback that does what it is told, for what a real one does not do on demand:

    server = Script(messages={1: b"...", 5: b"..."})
    server.replies["EXAMINE"] = b"* garbage\\r\\n"     # or a function of the connection and the tag
    with server:
        run("winnow", "bounces", "fetch", "--insecure", server.url, ...)
    server.commands                                   # what it was asked, without the tags

Without TLS. A reply that is a function may do with the connection what it likes; what it returns is
sent; None closes the connection. Commands are known by their first words: "UID FETCH", "UID LIST"
(a UID FETCH that asks for sizes), "EXAMINE".
"""

import re
import socket
import threading

HOST = "127.0.0.1"


def literal(data):
    return b"{%d}\r\n%s" % (len(data), data)


class Script:
    def __init__(self, messages=None, uidvalidity=7, capabilities=b"IMAP4rev1", port=0):
        self.messages = dict(messages or {})
        self.uidvalidity = uidvalidity
        self.capabilities = capabilities
        self.greeting = b"* OK ready\r\n"
        self.replies = {}
        self.commands = []
        self.asked = threading.Condition()
        self.closing = threading.Event()
        self.listener = socket.create_server((HOST, port))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept)]

    @property
    def url(self):
        return f"imap://joe@{HOST}:{self.port}/INBOX"

    def __enter__(self):
        self.threads[0].start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(30)

    def has_asked(self, word):
        return any(c.startswith(word) for c in self.commands)

    def entry(self, uid, number=1):
        """The line of a listing."""
        return b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (number, uid, len(self.messages[uid]))

    def body(self, uid, number=1):
        """A message as it is handed over."""
        return b"* %d FETCH (UID %d BODY[]<0> %s)\r\n" % (number, uid,
                                                          literal(self.messages[uid]))

    def wanted(self, command):
        """The UIDs of a set that are there: "UID FETCH 3:5,9 (...)"."""
        found = set()
        for part in command.split()[2].split(","):
            first, _, last = part.partition(":")
            high = max(self.messages, default=0) if last == "*" else int(last or first)
            low, high = sorted((int(first), high))
            found |= {uid for uid in self.messages if low <= uid <= high}
        return sorted(found)

    def answer(self, word, command):
        """What a server that behaves says before its OK."""
        if word == "CAPABILITY":
            return b"* CAPABILITY " + self.capabilities + b"\r\n"
        if word in ("EXAMINE", "SELECT"):
            return (b"* FLAGS (\\Seen)\r\n* %d EXISTS\r\n* OK [UIDVALIDITY %d] fine\r\n"
                    % (len(self.messages), self.uidvalidity))
        if word == "UID LIST":
            return b"".join(map(self.entry, self.wanted(command)))
        if word == "UID FETCH":
            return b"".join(map(self.body, self.wanted(command)))
        return b""

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def _talk(self, connection):
        with connection, connection.makefile("rb") as lines:
            try:
                greeting = self.greeting
                connection.sendall(greeting(connection, b"*") if callable(greeting) else greeting)
                for line in lines:
                    if not self._command(connection, line.decode().rstrip("\r\n")):
                        return
            except (OSError, TypeError):
                return  # the client has had enough, or the script closes the connection

    def _command(self, connection, line):
        tag, _, command = line.partition(" ")
        word = re.match(r"(UID )?\w+", command).group()
        word = "UID LIST" if word == "UID FETCH" and "RFC822.SIZE" in command else word
        self.commands.append(command)
        reply = self.replies.get(word)
        if callable(reply):
            reply = reply(connection, tag.encode(), command)
            if reply is None:
                return False
        elif reply is None:
            reply = self.answer(word, command) + tag.encode() + b" OK done\r\n"
        connection.sendall(reply)
        return word != "LOGOUT"
