"""Commands and answers: how long one takes, and how many go through, ours and the floor turn by turn."""
import asyncio
import statistics

from bots import Floor, Ours
from joined import Joined
from people import now

ROUNDS = 5
# In one round: commands one after another, and commands of each of four people with so many under way.
ALONE, EACH, WINDOW = 100, 250, 16
# What is asked of whom. `!echo` is a whole command of ours: matched, allowed, run, recorded, audited;
# `!version` is answered from memory, and carries nothing of what was typed.
SERIES = {
    "bare socket": ("floor", "!echo {n}"),
    "`!version`": ("ours", "!version"),
    "`!echo TEXT`": ("ours", "!echo {n}"),
}


def percentile(values, share):
    """The value below which that share of the values lies; None of nothing."""
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))] if ordered else None


def milliseconds(value):
    return None if value is None else value * 1000


async def one_at_a_time(channel, command, count):
    """Seconds that commands take, asked one after another; None for each that got no answer."""
    who = channel.people[0]
    return [await channel.seconds(who, command) for _ in range(count)]


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
        "rate": len(answered) / max(1e-9, last - start),
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


async def talk(program, port, rounds=ROUNDS):
    """Latency and throughput, in rounds of which each has every series: so that what else the machine does
    meets all of them."""
    found = {name: [] for name in SERIES}
    floor, ours = lambda: Floor(port, "#floor"), lambda: Ours(program, port, "#ours")
    async with Joined(floor, port, "floor", 4) as (_, floors), Joined(ours, port, "ours", 4) as (_, ourss):
        channels = {"floor": floors, "ours": ourss}
        for number in range(rounds):
            # The first to be asked has a colder machine: everyone is that in turn.
            names = list(SERIES)
            for name in names[number % 3 :] + names[: number % 3]:
                channel, command = channels[SERIES[name][0]], SERIES[name][1]
                await one_at_a_time(channel, command, 20)
                alone = await one_at_a_time(channel, command, ALONE)
                found[name].append((alone, await pipelined(channel, command, EACH, WINDOW)))
    return {name: summed_up(rounds, found["bare socket"]) for name, rounds in found.items()}


def summed_up(rounds, floor):
    """Medians over the rounds, of the figures and of their ratios to the floor's in the same round."""
    p50s, floors = ([percentile([v or 20 for v in alone], 0.5) for alone, _ in some] for some in (rounds, floor))
    rates, floor_rates = ([piped["rate"] for _, piped in some] for some in (rounds, floor))
    everything = [value for alone, _ in rounds for value in alone]
    return {
        "p50_ms": milliseconds(statistics.median(p50s)),
        "p99_ms": milliseconds(percentile([value for value in everything if value is not None], 0.99)),
        "rate": statistics.median(rates),
        "p50_ratio": statistics.median(mine / other for mine, other in zip(p50s, floors)),
        "rate_ratio": statistics.median(mine / other for mine, other in zip(rates, floor_rates)),
        "lost": everything.count(None) + sum(piped["lost"] for _, piped in rounds),
        "out_of_order": sum(piped["out_of_order"] for _, piped in rounds),
    }
