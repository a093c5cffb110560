#!/usr/bin/env python3
"""How long pages of long lists take, in the API and in the console; and commands while many browsers look on.

    python3 benches/http/pages.py [PROGRAM] [COUNT] [--check]

Makes a home in a temporary folder, fills its database with COUNT (100,000) executions, audit records, events and
deliveries, serves it and times each page 15 times. Then commands are given in the shared room of the console, alone and
with 50 browsers on the live feed, in turns. With --check it fails where a page takes 100 ms or more, or a command twice
as long and 2 ms longer.
"""

import contextlib
import http.client
import json
import multiprocessing
import os
import re
import selectors
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

WORDS = [word for word in sys.argv[1:] if not word.startswith("--")]
PROGRAM = WORDS[0] if WORDS else "target/release/chatops"
COUNT = int(WORDS[1]) if len(WORDS) > 1 else 100_000
CHECK = "--check" in sys.argv
ROUNDS = 15
BAR = 100
LAST = COUNT // 50

API = [
    "executions", f"executions?page={LAST // 2}", f"executions?page={LAST}", "executions?page_size=200",
    "executions?person=irc:p7", f"executions?action=default.a3&page={LAST // 100}",
    f"executions?status=failed&page={LAST // 20}",
    "executions?status=running", "executions?open=true", "executions?place=irc:%23ops&page=3",
    "executions?search=number+777", "executions?search=nothing+like+it", "executions?order_by=action",
    "executions?order_by=-ended", "executions?since=2h", f"executions/{COUNT // 2}",
    f"executions/{COUNT // 2}/notifications",
    "audit", f"audit?page={LAST}", "audit?person=irc:p7", "audit?search=number+777", "audit?search=nothing+like+it",
    "audit?what=asked", "audit?what=refused", "audit?place=%23ops", "audit?subject=execution/777",
    "events", f"events?page={LAST}", "events?source=s3", "events?level=error", "events?status=failed",
    "events?search=number+777", f"events/{COUNT // 2}", f"events/{COUNT // 2}/notifications",
    "deliveries", f"deliveries?page={LAST}", "deliveries?state=dead", "deliveries?state=due",
    f"deliveries?notifier=n3&page={LAST // 40}", "deliveries?search=nothing+like+it",
    "notifications", f"notifications?page={LAST // 2}", "notifications?status=failed", "notifications?notifier=n3",
    "notifiers", "silences", "schedules", "approvals", "keys", "tokens", "topics", "aliases", "actions", "users",
    "roles", "adapters", "routes", "scopes", "status",
]

CONSOLE = [
    "/", "/executions", f"/executions?before={COUNT // 2}", "/executions?person=irc:p7", "/executions?status=failed",
    "/executions?status=open", "/executions?status=timeout", "/executions?action=default.a3", "/executions?text=number+777",
    "/executions?text=nothing+like+it", f"/executions/{COUNT // 2}", "/approvals", "/schedules", "/aliases",
    "/aliases?line=echo+x", "/events", "/events?source=s3", "/events?level=error", "/events?status=failed",
    f"/events/{COUNT // 2}", "/deliveries", "/deliveries?state=dead", "/deliveries?state=due", "/deliveries?notifier=n3",
    f"/deliveries/{COUNT // 2}", "/dead", "/notifiers", "/silences", "/audit", "/audit?person=irc:p7",
    "/audit?text=number+777", "/audit?text=nothing+like+it", "/audit?what=asked", "/audit?what=refused",
    "/audit?place=%23ops", "/audit?from=2h", "/chat",
]

ECHO = """---
name: echo
action_ref: core.echo
formats: ["echo {{message}}"]
ack: { enabled: false }
result: { format: "{{ execution.result.stdout | default(execution.result.message) }}" }
"""
NOTIFIERS = "notifiers:\n" + "".join(
    f"  - {{ name: n{n}, to: {{ log: {{ file: told.log }} }} }}\n" for n in range(5))


@contextlib.contextmanager
def serve(home):
    """The bot at work: gives where its API is."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("CHATOPS_")}
    env.update(CHATOPS_HOME=str(home), CHATOPS_LISTEN="127.0.0.1:0", CHATOPS_LOG="error")
    address = home / "var/api"
    address.unlink(missing_ok=True)
    process = subprocess.Popen([PROGRAM, "serve"], env=env)
    while not (address.exists() and address.read_text()):
        if process.poll() is not None:
            sys.exit("the bot does not start")
        time.sleep(0.05)
    try:
        yield address.read_text().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def fill(database):
    """Rows as the bot writes them, a few milliseconds apart, the last one now."""
    connection = sqlite3.connect(database)
    (body,) = connection.execute("SELECT body FROM event ORDER BY id DESC LIMIT 1").fetchone()
    base = int(time.time() * 1e6) - COUNT * 50_000
    numbers = range(1, COUNT + 1)
    at = [base + n * 50_000 for n in range(COUNT + 1)]
    parameters = json.dumps({"target": "staging", "note": "x" * 200})
    result = json.dumps({"stdout": "deployed\n" * 20, "stderr": "", "return_code": 0})
    with connection:
        for table in ("execution", "execution_result", "event", "delivery", "attempt"):
            connection.execute(f"DELETE FROM {table}")
        connection.executemany(
            "INSERT INTO execution (id, cause, adapter, room, room_kind, person, person_name, command, action, runner,"
            " definition, parameters, status, worker, asked, started, ended)"
            " VALUES (?, 'command', 'irc', '#ops', 'shared', ?, 'p', ?, ?, 'local-shell-cmd', ?, ?, ?, 1, ?, ?, ?)",
            ((n, f"irc:p{n % 50}", f"!deploy number {n} of the application to staging", f"default.a{n % 20}", "d" * 64,
              parameters, "failed" if n % 10 == 0 else "succeeded", at[n], at[n], at[n] + 40_000) for n in numbers))
        connection.executemany("INSERT INTO execution_result (execution, body, seen_bytes) VALUES (?, ?, 180)",
                               ((n, result) for n in numbers))
        connection.executemany(
            "INSERT INTO audit (strand, seq, at, what, person, place, subject, body, mac)"
            " VALUES (1000, ?, ?, ?, ?, 'irc:#ops', ?, ?, ?)",
            ((n, at[n], "finished" if n % 2 else "asked", f"irc:p{n % 50}", f"execution/{n}",
              json.dumps({"text": f"!deploy number {n}", "action": "default.a", "status": "succeeded"}), "0" * 64)
             for n in numbers))
        connection.executemany(
            "INSERT INTO event (id, source, kind, status, level, subject, raw_size, raw_hash, at, body)"
            " VALUES (?, ?, 'build', ?, ?, ?, 200, ?, ?, ?)",
            ((n, f"s{n % 10}", "failed" if n % 10 == 0 else "ok", 3 if n % 10 == 0 else 0, f"s:{n % 1000}", "0" * 64,
              at[n], body.replace("TITLE", f"build number {n}")) for n in numbers))
        connection.executemany(
            "INSERT INTO delivery (id, notifier, target, lane, seq, purpose, body, state, due, expires, made, done,"
            " tries, answer, event) VALUES (?, ?, 'told.log', ?, 1, 'event', '{}', ?, ?, ?, ?, ?, 1, 'written', ?)",
            ((n, f"notifier/n{n % 5}", f"ci:{n}", "dead" if n % 10 == 0 else "sent", at[n], at[n], at[n], at[n], n)
             for n in numbers))
        connection.executemany("INSERT INTO attempt (delivery, n, at, ms, outcome, answer) VALUES (?, 1, ?, 3, ?, 'x')",
                               ((n, at[n], "refused" if n % 10 == 0 else "sent") for n in numbers))
    connection.close()


class Caller:
    """A connection that stays open: to the API with the bot's own token, or to the console with its session."""

    def __init__(self, address, head):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.head = head

    def ask(self, method, path, body=None, head=None):
        self.connection.request(method, path, body=body, headers={**self.head, **(head or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers


def log_in(address, token):
    """The console's cookie and the token of its forms."""
    caller = Caller(address, {"Origin": f"http://{address}", "Content-Type": "application/x-www-form-urlencoded"})
    _, page, head = caller.ask("GET", "/login")
    nonce = re.search(rb'name="nonce" value="([0-9a-f]+)"', page)[1].decode()
    cookie = head["set-cookie"].split(";")[0]
    form = urllib.parse.urlencode({"nonce": nonce, "token": token, "next": "/"})
    status, page, head = caller.ask("POST", "/login", form, {"Cookie": cookie})
    assert status == 303, page
    session = next(one for one in head.get_all("set-cookie") if one.startswith("chatops_session=")).split(";")[0]
    caller.head["Cookie"] = session
    _, page, _ = caller.ask("GET", "/chat")
    return caller, re.search(rb'name="csrf" value="([0-9a-f]+)"', page)[1].decode()


def time_pages(caller, paths):
    """Each page with its median and worst time; gives the slowest median."""
    slowest = 0
    for path in paths:
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            status, body, _ = caller.ask("GET", path)
            times.append((time.perf_counter() - began) * 1000)
            assert status == 200, (path, status, body[:500])
        median = statistics.median(times)
        slowest = max(slowest, median)
        print(f"{path:52} {median:8.1f} {max(times):8.1f}{'   over the bar' if median >= BAR else ''}", flush=True)
    return slowest


def watch(address, cookie, paths, ready, end):
    """Browsers that look on, in a process of their own: they read all that comes."""
    waiting = selectors.DefaultSelector()
    for path in paths:
        host, port = address.rsplit(":", 1)
        one = socket.create_connection((host, int(port)))
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n".encode())
        waiting.register(one, selectors.EVENT_READ, path)
    heard = set()
    while not end.is_set():
        for key, _ in waiting.select(0.05):
            if key.fileobj.recv(1 << 18):
                heard.add(key.fileobj.fileno())
        if len(heard) == len(paths):
            ready.set()


class Speaker:
    """Gives commands in the room that all browsers share, and hears the answers there."""

    def __init__(self, caller, csrf, address):
        self.caller, self.csrf, self.number = caller, csrf, 0
        self.said = threading.Event()
        host, port = address.rsplit(":", 1)
        self.stream = socket.create_connection((host, int(port)))
        head = f"Host: {address}\r\nCookie: {caller.head['Cookie']}\r\nAccept: text/event-stream"
        self.stream.sendall(f"GET /live/chat?room=console HTTP/1.1\r\n{head}\r\n\r\n".encode())
        self.wanted = b"\0"
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        tail = b""
        while piece := self.stream.recv(1 << 18):
            tail = tail[-200:] + piece
            if self.wanted in tail:
                self.said.set()

    def command(self):
        """One command: milliseconds until its answer is in the room."""
        self.number += 1
        word = f"w{self.number:06}x"
        self.said.clear()
        # The question holds the word behind `echo `; the answer begins with it.
        self.wanted = f"<p>{word}".encode()
        form = urllib.parse.urlencode({"csrf": self.csrf, "room": "console", "key": f"{self.number:032x}", "text": f"!echo {word}"})
        began = time.perf_counter()
        status, body, _ = self.caller.ask("POST", "/chat/say", form, {"Accept": "application/json"})
        assert status == 204, (status, body)
        assert self.said.wait(10), "no answer"
        return (time.perf_counter() - began) * 1000


def time_commands(speaker, address, cookie):
    """Commands alone and with 50 browsers, half of which are told of each of them, in turns. Whether that is slow."""
    for _ in range(30):
        speaker.command()
    alone, watched = [], []
    for _ in range(4):
        alone += [speaker.command() for _ in range(100)]
        ready, end = multiprocessing.Event(), multiprocessing.Event()
        paths = ["/live/overview", "/live/chat?room=console"] * 25
        browsers = multiprocessing.Process(target=watch, args=(address, cookie, paths, ready, end), daemon=True)
        browsers.start()
        assert ready.wait(30), "not every browser hears something"
        watched += [speaker.command() for _ in range(100)]
        end.set()
        browsers.join()
    worst = lambda times: statistics.quantiles(times, n=100)[98]
    ratio = statistics.median(watched) / statistics.median(alone)
    print(f"\n{'commands in the room of the console':52} {'median ms':>8} {'99% ms':>8}")
    print(f"{'alone':52} {statistics.median(alone):8.2f} {worst(alone):8.2f}")
    print(f"{'with 50 browsers on the live feed':52} {statistics.median(watched):8.2f} {worst(watched):8.2f}")
    print(f"{'times as long':52} {ratio:8.2f} {worst(watched) / worst(alone):8.2f}")
    return ratio >= 2 and statistics.median(watched) - statistics.median(alone) >= 2


def own(home):
    """The head of a request with the bot's own token."""
    return {"Authorization": f"Bearer {(home / 'var/token').read_text().strip()}"}


def measure(home, address):
    """All figures: the slowest page, in milliseconds, and whether commands are slow with browsers."""
    print(f"{f'{COUNT:,} rows each':52} {'median':>8} {'worst ms':>8}")
    slowest = time_pages(Caller(address, own(home)), [f"/api/v1/{path}" for path in API])
    console, csrf = log_in(address, own(home)["Authorization"].split()[1])
    slowest = max(slowest, time_pages(console, CONSOLE))
    print(f"{'the slowest of them':52} {slowest:8.1f}")
    return slowest, time_commands(Speaker(console, csrf, address), address, console.head["Cookie"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "aliases").mkdir()
        (home / "aliases/echo.yaml").write_text(ECHO)
        (home / "notifiers.yaml").write_text(NOTIFIERS)
        with serve(home) as address:
            told = json.dumps({"title": "TITLE", "source": "ci", "text": "3 of 412 tests failed", "labels": {"env": "prod"}})
            caller = Caller(address, {**own(home), "Content-Type": "application/json"})
            assert caller.ask("POST", "/api/v1/events", told)[0] == 202
        fill(home / "var/chatops.db")
        with serve(home) as address:
            slowest, is_slow = measure(home, address)
    if CHECK and (slowest >= BAR or is_slow):
        sys.exit("over the bar")


if __name__ == "__main__":
    main()
