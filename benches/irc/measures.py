"""What is measured, one function a figure. Times are seconds unless the name says otherwise."""
import asyncio
import random
import statistics
import time

import ssh
from bots import Ours
from joined import Joined
from people import now
from talk import milliseconds, percentile, talk

WORDS = (
    "the build is green again lunch at noon who broke main release notes please see ticket 4711 "
    "http://example.org/x?y=1 ok thanks +1 run away help status of web01 maybe restart later éè"
).split()


def ours(program, port, people, aliases=0):
    """Our bot in a channel with people, made when it is needed."""
    return Joined(lambda: Ours(program, port, fillers=aliases), port, "bench", people)


async def behind_slow(program, port, slow=100):
    """What a quick command waits behind slow ones of other people, and whether all of those are answered."""
    async with ours(program, port, 21) as (_, channel):
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
    async with ours(program, port, 5, aliases) as (bot, channel):
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
    async with ours(program, server.port, 1) as (bot, channel):
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
    async with ours(program, server.port, 0) as (bot, _):
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
        bot = Ours(program, port, fillers=1000)
        ready.append(await asyncio.to_thread(bot.logged, "ready aliases"))
        await asyncio.to_thread(bot.stop)
    async with ours(program, port, 0) as (bot, _):
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


async def all_figures(program, server, say, only=()):
    """Every figure, or only those, in order."""
    steps = {
        "talk": lambda: talk(program, server.port),
        "behind_slow": lambda: behind_slow(program, server.port),
        "chatter": lambda: chatter(program, server.port),
        "server_killed": lambda: server_killed(program, server),
        "server_frozen": lambda: server_frozen(program, server),
        "start_and_memory": lambda: start_and_memory(program, server.port),
        "hundred_hosts": lambda: asyncio.to_thread(ssh.hundred_hosts, program),
    }
    found = {}
    for name, step in steps.items():
        if only and name not in only:
            continue
        begun = time.time()
        found[name] = await step()
        say(f"{name} ({time.time() - begun:.0f} s): {found[name]}")
    return found
