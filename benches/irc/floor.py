"""The floor: a bare socket that answers `!echo TEXT`. What server and harness cost by themselves."""
import asyncio
import re
import sys

SAID = re.compile(rb"^:([^! ]+)\S* PRIVMSG (\S+) :!echo (.*)$")


class Floor(asyncio.Protocol):
    def __init__(self, nick, channel):
        self.nick, self.channel, self.rest = nick.encode(), channel.encode(), b""

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"NICK %s\r\nUSER %s 0 * :floor\r\n" % (self.nick, self.nick))

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        answers = [answer for answer in map(self.answer, lines) if answer]
        if answers:
            self.transport.write(b"\r\n".join(answers) + b"\r\n")

    def answer(self, line):
        if line.startswith(b"PING"):
            return b"PONG" + line[4:]
        if b" 001 " in line[:80]:
            return b"JOIN " + self.channel
        said = SAID.match(line)
        return b"PRIVMSG %s :%s: %s" % (said[2], said[1], said[3]) if said else None

    def connection_lost(self, error):
        asyncio.get_running_loop().stop()


async def main(port, nick, channel):
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: Floor(nick, channel), "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
    except RuntimeError:
        pass  # the loop stopped with the connection
