"""The figures as Markdown, each beside the bar it has to hold."""
import os
import pathlib
import platform
import re
import subprocess
import time


# What other figures printed: the file's name, the title, what to know before reading.
SECTIONS = [
    ("matching", "Matching a message against the aliases", ""),
    ("store", "Durable commits", ""),
    ("notify", "Events in, notifications out", """One event a post over kept-open connections, each to one webhook; a sink in the harness counts. Every 202 is
committed before it is sent. Debian's Alertmanager (a group for each event, nothing kept on disk) has its turns in the same run."""),
    ("workflow", "Workflows", """What the conductor itself needs for each task, beside the action it runs. The bar: under 1 ms, and memory that does
not grow with the steps taken."""),
    ("pages", "Pages of long lists", """The API and the console over a database with 100,000 of each; the bar is 100 ms. Then commands with 50 browsers
on the live feed, beside none."""),
]


def machine():
    """Processor, cores, memory, kernel and IRC server, in one line."""
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 1024 / 1024
    name = cpu[1] if cpu else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}"


def load():
    """What else the machine had to do, as its load average over a minute."""
    return f"{os.getloadavg()[0]:.1f}"


def commit():
    found = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def amount(value, unit, digits=2):
    return "none" if value is None else f"{value:,.{digits}f} {unit}"


def row(what, found, bar="", held=None):
    verdict = {True: "held", False: "**missed**", None: ""}[held]
    return f"| {what} | {found} | {bar} | {verdict} |"


def at_most(value, bar):
    return value is not None and value <= bar


def talk_rows(talk):
    """Each series, then what ours costs in the floor's terms."""
    rows = []
    for name, one in talk.items():
        rows.append(row(f"{name}, one at a time", f"p50 {amount(one['p50_ms'], 'ms', 3)}, p99 {amount(one['p99_ms'], 'ms', 3)}"))
        rows.append(row(f"{name}, 4 people with 16 under way each", amount(one["rate"], "replies/s", 0)))
    for name, one in list(talk.items())[1:]:
        p50, rate, wrong = one["p50_ratio"], one["rate_ratio"], one["lost"] + one["out_of_order"]
        rows.append(row(f"{name}: p50, to the bare socket's", f"{p50:.2f} ×", "≤ 2 ×", p50 <= 2))
        rows.append(row(f"{name}: replies/s, to the bare socket's", f"{rate:.2f} ×", "≥ 0.67 ×", rate >= 2 / 3))
        rows.append(row(f"{name}: lost or out of the asker's order", wrong, "0", wrong == 0))
    return rows


def load_rows(slow, chat):
    """Behind slow commands, and under talk that is not for the bot."""
    waited = f"{amount(slow['p50_ms'], 'ms')}, at most {amount(slow['max_ms'], 'ms')}, lost {slow['lost']}"
    held = at_most(slow["p50_ms"], 5) and slow["lost"] == 0
    spent = (
        f"{amount(chat['cpu_percent'], '% of a core', 1)} at {amount(chat['lines_per_s'], 'lines/s', 0)}, "
        f"p50 {amount(chat['p50_ms'], 'ms')}, lost {chat['lost']}, {amount(chat['resident_mib'], 'MiB', 1)} resident"
    )
    cheap = at_most(chat["cpu_percent"], 3) and chat["lost"] == 0
    return [
        row("`!echo TEXT` behind 100 slow commands, p50", waited, "≤ 5 ms, 0 lost", held),
        row("talk not for the bot, 10,000 aliases", spent, "≤ 3 % at 1,000 lines/s", cheap),
    ]


def trouble_rows(killed, frozen):
    """The server dies, the server goes silent."""
    back, dropped, delivered = killed["back_s"], frozen["dropped_s"], killed["result_delivered"]
    return [
        row("server killed, up again after 5 s: in the channel after", amount(back, "s"), "≤ 1 s", at_most(back, 1)),
        row("result of a command that finished meanwhile", "said" if delivered else "lost", "said", delivered),
        row("frozen server given up after", amount(dropped, "s", 1), "< 60 s", at_most(dropped, 60)),
    ]


def size_rows(start):
    """Start and memory."""
    ready, resident = start["ready_ms"], start["resident_mib"]
    idle = f"{amount(resident, 'MiB', 1)}, {amount(start['idle_cpu_percent'], '% of a core', 1)}"
    return [
        row("ready with 1,000 aliases, median of 5", amount(ready, "ms", 0), "≤ 150 ms", at_most(ready, 150)),
        row("resident memory, idle on IRC", idle, "≤ 15 MiB", at_most(resident, 15)),
    ]


def fleet_rows(fleet):
    """A hundred hosts by SSH."""
    if not fleet:
        return []
    ratio = fleet["seconds"] / fleet["floor_seconds"]
    found = f"{ratio:.2f} × ({fleet['seconds']:.1f} s), {fleet['good']} of 100 good"
    return [
        row("100 hosts by SSH, all at once, to `xargs -P 100 ssh`", found, "≤ 1.3 ×", ratio <= 1.3 and fleet["good"] == 100),
        row("memory of the bot meanwhile, at most", amount(fleet["peak_mib"], "MiB", 1), "≤ 30 MiB", at_most(fleet["peak_mib"], 30)),
    ]


def page(found, printed):
    """The whole of docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `scripts/bench`; every figure of one section comes from one run on one machine. The floor is",
        "[a bare socket](../benches/irc/floor.py) that answers `!echo TEXT`: what server and harness cost by themselves.",
        "Ratios carry over to other machines, absolute figures less so.",
        "",
        f"Machine: {machine()}; load average when it ended {load()}.",
        f"Date: {time.strftime('%Y-%m-%d', time.gmtime())}. Commit: {commit()}.",
        "",
        "## Commands over a real IRC server",
        "",
        "ngircd on loopback. `!echo` is a whole command: matched, checked against the grants, run, answered, recorded",
        "and audited. `!version` is answered from memory. Each series has five rounds, in turns with the floor's; figures",
        "and ratios are medians over the rounds.",
        "",
        "| what | found | bar | |",
        "|---|---|---|---|",
        *talk_rows(found["talk"]),
        *load_rows(found["behind_slow"], found["chatter"]),
        *trouble_rows(found["server_killed"], found["server_frozen"]),
        *size_rows(found["start_and_memory"]),
        *fleet_rows(found["hundred_hosts"]),
        "",
    ]
    for name, title, intro in SECTIONS:
        if printed and (printed / name).exists():
            told = [intro, ""] if intro else []
            lines += [f"## {title}", "", *told, "```text", (printed / name).read_text().strip("\n").rstrip(), "```", ""]
    return "\n".join(lines)
