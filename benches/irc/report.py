"""The figures as Markdown, each beside the bar it has to hold."""
import os
import pathlib
import platform
import re
import subprocess
import time


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


def latency(found):
    return f"p50 {amount(found['p50_ms'], 'ms', 3)}, p99 {amount(found['p99_ms'], 'ms', 3)}, lost {found['lost']}"


def talk_rows(talk):
    """Both bots, then what ours costs in the other's terms."""
    floor, ours = talk["bare socket"], talk["chatops"]
    rows = []
    for name, one in talk.items():
        piped = one["pipelined"]
        rows.append(row(f"`!echo TEXT`, {name}", latency(one)))
        found = f"{amount(piped['replies_per_s'], 'replies/s', 0)}, lost {piped['lost']}, out of order {piped['out_of_order']}"
        rows.append(row(f"the same, 4 people with 16 under way each, {name}", found))
    rows.append(row("`!help WORD`, chatops", latency(ours["help"])))
    if ours["p50_ms"] and floor["p50_ms"]:
        ratio = ours["p50_ms"] / floor["p50_ms"]
        rows.append(row("latency, p50, to the bare socket's", f"{ratio:.2f} ×", "≤ 2 ×", ratio <= 2))
    share = ours["pipelined"]["replies_per_s"] / max(1, floor["pipelined"]["replies_per_s"])
    rows.append(row("replies/s, to the bare socket's", f"{share:.2f} ×", "≥ 0.67 ×", share >= 2 / 3))
    wrong = ours["lost"] + ours["pipelined"]["lost"] + ours["pipelined"]["out_of_order"]
    rows.append(row("answers lost or out of their asker's order", wrong, "0", wrong == 0))
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


def page(found, matching):
    """The whole of docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `scripts/bench`; every figure of one page comes from one run on one machine. The floor is",
        "[a bare socket](../benches/irc/floor.py) that answers `!echo TEXT`: what server and harness cost by themselves.",
        "Ratios carry over to other machines, absolute figures less so.",
        "",
        f"Machine: {machine()}; load average when it ended {load()}.",
        f"Date: {time.strftime('%Y-%m-%d', time.gmtime())}. Commit: {commit()}.",
        "",
        "## Commands over a real IRC server",
        "",
        "ngircd on loopback. `!echo` is a whole command: matched, checked against the",
        "grants, run, answered, recorded and audited. `!help` is answered from memory.",
        "",
        "| what | found | bar | |",
        "|---|---|---|---|",
        *talk_rows(found["talk"]),
        *load_rows(found["behind_slow"], found["chatter"]),
        *trouble_rows(found["server_killed"], found["server_frozen"]),
        *size_rows(found["start_and_memory"]),
        "",
    ]
    if matching:
        lines += ["## Matching a message against the aliases", "", "```text", matching.strip(), "```", ""]
    return "\n".join(lines)
