#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mail servers on loopback that answer each command after a delay, for scripts/bench.

    delayed_smtp.py SERVERS DELAY_MS

listens on SERVERS addresses from 127.2.0.1 on, all on one port, prints `PORT`, and serves until its
standard input ends. Then it prints `CONNECTIONS COMMANDS`. A mailbox whose local part begins with
"user" exists, no other does. No extension is offered, so that one command is on its way at a time.
"""

import asyncio
import socket
import sys

PORT_TRIES = 50


class Servers:
    """All of them, and what they were asked."""

    def __init__(self, delay):
        self.delay = delay
        self.connections = self.commands = 0

    async def talk(self, reader, writer):
        self.connections += 1
        try:
            await self.say(writer, b"220 mx.bench.example ESMTP")
            while line := await reader.readline():
                self.commands += 1
                verb = line[:4].upper()
                if verb == b"RCPT":
                    known = line[8:].lower().lstrip(b" :<").startswith(b"user")
                    await self.say(writer, b"250 2.1.5 ok" if known
                                   else b"550 5.1.1 no such user here")
                elif verb == b"QUIT":
                    await self.say(writer, b"221 2.0.0 bye")
                    break
                else:
                    await self.say(writer, b"250 ok")
        except ConnectionError:
            pass
        writer.close()

    async def say(self, writer, line):
        await asyncio.sleep(self.delay)
        writer.write(line + b"\r\n")
        await writer.drain()


def listen(count):
    """Sockets on one port of that many addresses."""
    for _ in range(PORT_TRIES):
        sockets = [socket.create_server(("127.2.0.1", 0), backlog=128)]
        port = sockets[0].getsockname()[1]
        try:
            for i in range(1, count):
                sockets.append(socket.create_server((f"127.2.{i // 250}.{i % 250 + 1}", port),
                                                    backlog=128))
            return sockets, port
        except OSError:
            for s in sockets:
                s.close()
    raise SystemExit("no port is free on all addresses")


async def main(count, delay):
    servers = Servers(delay)
    sockets, port = listen(count)
    running = [await asyncio.start_server(servers.talk, sock=s) for s in sockets]
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(servers.connections, servers.commands, flush=True)
    for server in running:
        server.close()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) / 1000))
