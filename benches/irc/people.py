"""People on IRC who type commands and time the answers.

A command with a token is answered by the first line of somebody else that carries the token again; one
without, by the next line that is addressed to its asker.
"""
import asyncio
import collections
import random
import re
import socket
import time

now = time.perf_counter
RUN = f"{random.randrange(1 << 16):04x}"
TOKEN = re.compile(rb"zq" + RUN.encode() + rb"x(\d+)z")
ADDRESSED = re.compile(rb" PRIVMSG \S+ :(\w+): ")
# Not on every system; where it is missing, delayed acknowledgements of ours may be measured too.
QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class Person(asyncio.Protocol):
    """One connection, one nick, one channel. `hear` gets every line once the channel is joined."""

    def __init__(self, nick, channel, hear=None):
        self.nick, self.channel, self.hear = nick, channel, hear
        self.rest, self.names = b"", set()
        self.joined = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport, self.socket = transport, transport.get_extra_info("socket")
        self.send(f"NICK {self.nick}\r\nUSER {self.nick} 0 * :bench")

    def connection_lost(self, error):
        if not self.joined.done():
            self.joined.set_exception(ConnectionError(str(error)))
            self.joined.exception()

    def data_received(self, data):
        at = now()
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"PING"):
                self.transport.write(b"PONG" + line[4:].rstrip() + b"\r\n")
            elif not self.joined.done():
                self.log_in(line)
            elif self.hear:
                self.hear(line, at)
        if QUICKACK:
            self.socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    def log_in(self, line):
        code = line.split(b" ", 2)[1:2]
        if code == [b"001"]:
            self.send(f"JOIN {self.channel}")
        elif code == [b"353"]:
            self.names |= {name.lstrip(b"@+:").lower() for name in line.rstrip().rsplit(b":", 1)[-1].split()}
        elif code == [b"366"]:
            self.joined.set_result(now())

    def send(self, line):
        self.transport.write(line.encode() + b"\r\n")

    def say(self, text):
        self.send(f"PRIVMSG {self.channel} :{text}")

    def leave(self):
        self.transport.abort()


async def person(port, nick, channel, hear=None):
    """Connects and joins."""
    loop = asyncio.get_running_loop()
    _, one = await loop.create_connection(lambda: Person(nick, channel, hear), "127.0.0.1", port)
    await asyncio.wait_for(one.joined, 15)
    return one


class Channel:
    """People in one channel, and a watcher who sees everything that is said there."""

    def __init__(self, port, name):
        self.port, self.name, self.count = port, f"#{name}", 0
        self.asked, self.answered, self.asker, self.waiting = {}, {}, {}, {}
        self.untold = collections.defaultdict(collections.deque)
        self.arrivals, self.people, self.watcher = {}, [], None
        self.changed = asyncio.Event()
        self.nick = f"{name[0]}{RUN}"
        self.own = f":{self.nick}".encode()

    async def open(self, people):
        """Brings in the watcher and so many people."""
        self.watcher = await person(self.port, f"{self.nick}w", self.name, self.hear)
        await self.grow(people)
        return self

    async def grow(self, people):
        """Brings in more people, until there are so many."""
        for number in range(len(self.people), people):
            self.people.append(await person(self.port, f"{self.nick}n{number}", self.name))

    async def reopen(self, limit):
        """Comes back to a server that went away, as soon as it listens."""
        end = now() + limit
        self.arrivals.clear()
        while True:
            try:
                return await self.open(0)
            except OSError:
                if now() > end:
                    raise
                await asyncio.sleep(0.01)

    def close(self):
        for one in [self.watcher, *self.people]:
            one.leave()
        self.people = []

    def hear(self, line, at):
        if b" JOIN " in line[:120]:
            self.arrivals[line[1:line.find(b"!")].lower()] = at
            self.changed.set()
            return
        if line.startswith(self.own):
            return
        number = self.answers(line)
        if number in self.asked and number not in self.answered:
            self.answered[number] = at
            waiting = self.waiting.pop(number, None)
            if waiting and not waiting.done():
                waiting.set_result(at)

    def answers(self, line):
        """The number of the command that a line answers."""
        found = TOKEN.search(line)
        if found:
            return int(found[1])
        said = ADDRESSED.search(line)
        untold = self.untold[said[1]] if said else None
        return untold.popleft() if untold else None

    def ask(self, who, command):
        """Types a command, `{n}` in it is the token; gives its number and what waits for the answer."""
        self.count += 1
        number = self.count
        self.asker[number] = who.nick
        self.waiting[number] = asyncio.get_running_loop().create_future()
        if "{n}" not in command:
            self.untold[who.nick.encode()].append(number)
        self.asked[number] = now()
        who.say(command.replace("{n}", f"zq{RUN}x{number}z"))
        return number, self.waiting[number]

    async def seconds(self, who, command, limit=20):
        """How long one command takes; None when no answer came."""
        number, answer = self.ask(who, command)
        try:
            return await asyncio.wait_for(answer, limit) - self.asked[number]
        except asyncio.TimeoutError:
            return None

    async def arrival(self, nick, limit):
        """When `nick` came into the channel; None when it did not."""
        nick, end = nick.lower().encode(), now() + limit
        while now() < end:
            if nick in self.arrivals:
                return self.arrivals[nick]
            if nick in self.watcher.names:
                return now()
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 0.2)
            except asyncio.TimeoutError:
                pass
        return None
