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


def number(value, digits=2):
    return "none" if value is None else f"{value:,.{digits}f}"


def row(what, found, bar, held):
    verdict = {True: "held", False: "**missed**", None: ""}[held]
    return f"| {what} | {found} | {bar} | {verdict} |"


def at_most(value, bar):
    return value is not None and value <= bar


def talk_rows(talk):
    floor, ours = talk["bare socket"], talk["chatops"]
    rows = []
    for name, one in talk.items():
        piped = one["pipelined"]
        found = (
            f"p50 {number(one['p50_ms'], 3)} ms, p99 {number(one['p99_ms'], 3)} ms, lost {one['lost']}; "
            f"pipelined {number(piped['replies_per_s'], 0)} replies/s, lost {piped['lost']}, out of order {piped['out_of_order']}"
        )
        rows.append(row(f"`!echo TEXT`, {name}", found, "", None))
    if ours["p50_ms"] and floor["p50_ms"]:
        ratio = ours["p50_ms"] / floor["p50_ms"]
        rows.append(row("latency, p50, to the bare socket's", f"{ratio:.2f} ×", "≤ 2 ×", ratio <= 2))
    share = ours["pipelined"]["replies_per_s"] / max(1, floor["pipelined"]["replies_per_s"])
    rows.append(row("replies/s, to the bare socket's", f"{share:.2f} ×", "≥ 0.67 ×", share >= 2 / 3))
    wrong = ours["lost"] + ours["pipelined"]["lost"] + ours["pipelined"]["out_of_order"]
    rows.append(row("answers lost or out of their asker's order", str(wrong), "0", wrong == 0))
    return rows


def other_rows(found):
    slow, chat = found["behind_slow"], found["chatter"]
    killed, frozen, start = found["server_killed"], found["server_frozen"], found["start_and_memory"]
    delivered = "delivered" if killed["result_delivered"] else "lost"
    return [
        row("the same behind 100 slow commands, p50", f"{number(slow['p50_ms'])} ms, at most {number(slow['max_ms'])} ms, lost {slow['lost']}",
            "≤ 5 ms, 0 lost", at_most(slow["p50_ms"], 5) and slow["lost"] == 0),
        row("chatter, 10,000 aliases", f"{number(chat['cpu_percent'], 1)} % of a core at {number(chat['lines_per_s'], 0)} lines/s, "
            f"p50 {number(chat['p50_ms'])} ms, lost {chat['lost']}, {number(chat['resident_mib'], 1)} MiB",
            "≤ 3 % at 1,000 lines/s", at_most(chat["cpu_percent"], 3) and chat["lost"] == 0),
        row("server killed, back after 5 s: bot in the channel", f"{number(killed['back_s'])} s after it is up", "≤ 1 s", at_most(killed["back_s"], 1)),
        row("result of a command that finished meanwhile", delivered, "delivered", killed["result_delivered"]),
        row("frozen server noticed", f"after {number(frozen['dropped_s'], 1)} s", "< 60 s", at_most(frozen["dropped_s"], 60)),
        row("ready with 1,000 aliases, median of 5", f"{number(start['ready_ms'], 0)} ms", "≤ 150 ms", at_most(start["ready_ms"], 150)),
        row("resident memory, idle on IRC", f"{number(start['resident_mib'], 1)} MiB, {number(start['idle_cpu_percent'], 1)} % of a core",
            "≤ 15 MiB", at_most(start["resident_mib"], 15)),
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
        f"Machine: {machine()}; load when it ended {load()}. Date: {time.strftime('%Y-%m-%d', time.gmtime())}. Commit: {commit()}.",
        "",
        "## Commands over a real IRC server",
        "",
        "ngircd on loopback. `!echo` is a whole command: matched, checked against the grants, recorded, run, answered, audited.",
        "",
        "| what | found | bar | |",
        "|---|---|---|---|",
        *talk_rows(found["talk"]),
        *other_rows(found),
        "",
    ]
    if matching:
        lines += ["## Matching a message against the aliases", "", "```text", matching.strip(), "```", ""]
    return "\n".join(lines)
