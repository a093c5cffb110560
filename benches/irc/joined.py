"""A bot that is in its channel with people around it."""
import asyncio

from people import Channel


class Joined:
    def __init__(self, make, port, name, people):
        self.make, self.port, self.name, self.people = make, port, name, people

    async def __aenter__(self):
        self.channel = await Channel(self.port, self.name).open(self.people)
        self.bot = self.make()
        if not await self.channel.arrival(self.bot.NICK, 15):
            said = self.bot.lines()[-5:]
            self.bot.stop()
            raise SystemExit(f"{self.bot.NICK} did not join: {said}")
        return self.bot, self.channel

    async def __aexit__(self, *_):
        self.channel.close()
        await asyncio.to_thread(self.bot.stop)
