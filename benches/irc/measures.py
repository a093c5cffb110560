"""What is measured, one function a figure. Times are seconds unless the name says otherwise."""
import asyncio
import random
import statistics
import time

from bots import Floor, Ours
from people import Channel, now

WORDS = (
    "the build is green again lunch at noon who broke main release notes please see ticket 4711 "
    "http://example.org/x?y=1 ok thanks +1 run away help status of web01 maybe restart later éè"
).split()


def percentile(values, share):
    """The value below which that share of the values lies; None of nothing."""
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))] if ordered else None


def milliseconds(value):
    return None if value is None else value * 1000


class Joined:
    """A bot that is in the channel with people around it."""

    def __init__(self, make, port, people):
        self.make, self.port, self.people = make, port, people

    async def __aenter__(self):
        self.channel = await Channel(self.port).open(self.people)
        self.bot = self.make()
        if not await self.channel.arrival(self.bot.NICK, 15):
            self.bot.stop()
            raise SystemExit(f"{self.bot.NICK} did not join: {self.bot.lines[-5:]}")
        return self.bot, self.channel

    async def __aexit__(self, *_):
        self.channel.close()
        await asyncio.to_thread(self.bot.stop)


def bots(program, port):
    """Both bots, made when they are needed."""
    return {
        "bare socket": lambda: Floor(port, Channel.NAME),
        "chatops": lambda: Ours(program, port, Channel.NAME),
    }


async def one_at_a_time(channel, command, count):
    """Latencies of commands asked one after another, and how many got no answer."""
    who = channel.people[0]
    for _ in range(20):
        await channel.seconds(who, command)
    found = [await channel.seconds(who, command) for _ in range(count)]
    answered = [value for value in found if value is not None]
    return {
        "p50_ms": milliseconds(percentile(answered, 0.5)),
        "p99_ms": milliseconds(percentile(answered, 0.99)),
        "lost": len(found) - len(answered),
    }


async def pipelined(channel, command, each, window):
    """Everybody keeps `window` commands under way: replies a second, lost ones, answers out of their asker's order."""
    first, start = channel.count + 1, now()

    async def type_all(who):
        free = asyncio.Semaphore(window)

        async def finish(answer):
            try:
                await asyncio.wait_for(answer, 20)
            except asyncio.TimeoutError:
                pass
            free.release()

        tasks = []
        for _ in range(each):
            await free.acquire()
            tasks.append(asyncio.ensure_future(finish(channel.ask(who, command)[1])))
        await asyncio.gather(*tasks)

    await asyncio.gather(*(type_all(who) for who in channel.people))
    answered = [number for number in channel.answered if number >= first]  # in the order they came
    last = max((channel.answered[number] for number in answered), default=start)
    return {
        "replies_per_s": len(answered) / max(1e-9, last - start),
        "lost": channel.count + 1 - first - len(answered),
        "out_of_order": out_of_order(channel, answered),
    }


def out_of_order(channel, answered):
    highest, wrong = {}, 0
    for number in answered:
        who = channel.asker[number]
        wrong += number < highest.get(who, 0)
        highest[who] = max(number, highest.get(who, 0))
    return wrong


async def talk(program, port):
    """Latency and throughput of both bots, turn by turn, in the same run."""
    found = {}
    for name, make in bots(program, port).items():
        async with Joined(make, port, 4) as (_, channel):
            found[name] = await one_at_a_time(channel, "!echo {n}", 500)
            found[name]["pipelined"] = await pipelined(channel, "!echo {n}", 500, 16)
            if name == "chatops":
                # A question that no command fits: answered from memory, with the word in the answer.
                found[name]["help"] = await one_at_a_time(channel, "!help {n}", 500)
    return found


async def behind_slow(program, port, slow=100):
    """What a quick command waits behind slow ones of other people, and whether all of those are answered."""
    async with Joined(bots(program, port)["chatops"], port, 21) as (_, channel):
        quick, *others = channel.people
        asked = [
            channel.ask(others[number % len(others)], "!run sleep 4; echo {n} on localhost") for number in range(slow)
        ]
        await asyncio.sleep(0.5)
        waits = [await channel.seconds(quick, "!echo {n}") for _ in range(50)]
        answers = [answer for _, answer in asked]
        done, _ = await asyncio.wait(answers, timeout=120)
        answered = [value for value in waits if value is not None]
        return {
            "p50_ms": milliseconds(percentile(answered, 0.5)),
            "max_ms": milliseconds(max(answered, default=None)),
            "lost": slow - len(done) + len(waits) - len(answered),
        }


async def chatter(program, port, rate=1000, seconds=15, aliases=10_000):
    """Processor time under talk that is not for the bot, with many aliases, and the latency meanwhile."""
    dice = random.Random(7)
    lines = [" ".join(dice.choices(WORDS, k=dice.randrange(3, 16))) for _ in range(512)]
    make = lambda: Ours(program, port, Channel.NAME, aliases)
    async with Joined(make, port, 5) as (bot, channel):
        asker, *talkers = channel.people
        await channel.seconds(asker, "!echo {n}")
        before, start, said = bot.cpu(), now(), 0
        commands = []
        while now() - start < seconds:
            while said < (now() - start) * rate:
                talkers[said % len(talkers)].say(lines[said % len(lines)])
                said += 1
            if len(commands) < now() - start:
                commands.append(asyncio.ensure_future(channel.seconds(asker, "!echo {n}")))
            await asyncio.sleep(0.005)
        found = await asyncio.gather(*commands)
        spent = (bot.cpu() - before) / (now() - start)
        answered = [value for value in found if value is not None]
        return {
            "lines_per_s": said / seconds,
            "cpu_percent": 100 * spent,
            "p50_ms": milliseconds(percentile(answered, 0.5)),
            "lost": len(found) - len(answered),
            "resident_mib": bot.resident(),
        }


async def server_killed(program, server, down=5):
    """The server dies and comes back: how soon the bot is in the channel, and the result of a command that
    finished meanwhile."""
    async with Joined(bots(program, server.port)["chatops"], server.port, 1) as (bot, channel):
        number, _ = channel.ask(channel.people[0], "!run sleep 2; echo {n} on localhost")
        await asyncio.sleep(0.5)
        server.kill()
        channel.close()
        await asyncio.sleep(down)
        await asyncio.to_thread(server.start)
        up = now()
        await channel.reopen(10)
        back = await channel.arrival(bot.NICK, 60)
        end = now() + 10
        while number not in channel.answered and now() < end:
            await asyncio.sleep(0.05)
        return {"back_s": back and back - up, "result_delivered": number in channel.answered}


async def server_frozen(program, server, limit=75):
    """The server goes silent with its connections up: when the bot gives its connection up."""
    async with Joined(bots(program, server.port)["chatops"], server.port, 0) as (bot, _):
        held = bot.sockets(server.port)
        server.freeze()
        start, gone = now(), 0
        try:
            # The table of sockets is not read in one piece: one look without ours proves nothing.
            while gone < 4 and now() - start < limit:
                await asyncio.sleep(0.25)
                gone = 0 if bot.sockets(server.port) & held else gone + 1
        finally:
            server.thaw()
        return {"dropped_s": now() - start - 1 if gone == 4 else None}


async def start_and_memory(program, port):
    """Time to be ready with 1,000 aliases, median of five; resident memory idle on IRC with two."""
    ready = []
    for _ in range(5):
        bot = Ours(program, port, Channel.NAME, 1000)
        ready.append(await asyncio.to_thread(bot.logged, "ready aliases"))
        await asyncio.to_thread(bot.stop)
    async with Joined(bots(program, port)["chatops"], port, 0) as (bot, _):
        await asyncio.sleep(3)
        before = bot.cpu()
        await asyncio.sleep(5)
        idle = 100 * (bot.cpu() - before) / 5
        resident = bot.resident()
    known = [value for value in ready if value is not None]
    return {
        "ready_ms": milliseconds(statistics.median(known)) if len(known) == 5 else None,
        "resident_mib": resident,
        "idle_cpu_percent": idle,
    }


async def all_figures(program, server, say):
    """Every figure, in order."""
    steps = {
        "talk": lambda: talk(program, server.port),
        "behind_slow": lambda: behind_slow(program, server.port),
        "chatter": lambda: chatter(program, server.port),
        "server_killed": lambda: server_killed(program, server),
        "server_frozen": lambda: server_frozen(program, server),
        "start_and_memory": lambda: start_and_memory(program, server.port),
    }
    found = {}
    for name, step in steps.items():
        begun = time.time()
        found[name] = await step()
        say(f"{name} ({time.time() - begun:.0f} s): {found[name]}")
    return found
