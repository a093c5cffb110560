#!/usr/bin/env python3
"""How long pages of long lists take: 100,000 executions, audit records and deliveries.

    python3 benches/http/pages.py [PROGRAM] [COUNT]

Makes a home in a temporary folder, fills its database, serves it, and times each page 15 times.
"""

import http.client
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/chatops"
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
ROUNDS = 15

PAGES = [
    "executions", "executions?page=1000", f"executions?page={COUNT // 50}", "executions?page_size=200",
    "executions?person=irc:p7", "executions?action=default.a3&page=20", "executions?status=failed&page=9",
    "executions?search=number+777", "executions?order_by=action", "executions?since=2026-11-20",
    "audit", f"audit?page={COUNT // 50}", "audit?person=irc:p7", "audit?search=number+777", "audit?what=asked",
    "deliveries", f"deliveries?page={COUNT // 50}", "notifications", "notifications?status=failed",
]


def serve(home):
    env = {key: value for key, value in os.environ.items() if not key.startswith("CHATOPS_")}
    env.update(CHATOPS_HOME=str(home), CHATOPS_LISTEN="127.0.0.1:0", CHATOPS_LOG="warn")
    address = home / "var/api"
    address.unlink(missing_ok=True)
    process = subprocess.Popen([PROGRAM, "serve"], env=env)
    while not (address.exists() and address.read_text()):
        time.sleep(0.05)
    return process, address.read_text()


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def fill(database):
    base = 1_795_000_000_000_000
    connection = sqlite3.connect(database)
    with connection:
        connection.executemany(
            "INSERT INTO execution (id, cause, adapter, room, room_kind, person, person_name, command, action, runner,"
            " definition, parameters, status, worker, asked, started, ended)"
            " VALUES (?, 'command', 'irc', '#ops', 'shared', ?, 'p', ?, ?, 'local-shell-cmd', 'd', ?, ?, 1, ?, ?, ?)",
            ((n, f"irc:p{n % 50}", f"!deploy number {n} of the application to staging", f"default.a{n % 20}",
              json.dumps({"target": "staging", "note": "x" * 200}), ["succeeded", "failed"][n % 10 == 0],
              base + n, base + n, base + n + 5) for n in range(10, COUNT + 10)))
        connection.executemany(
            "INSERT INTO audit (strand, seq, at, what, person, place, subject, body, mac) VALUES (2, ?, ?, ?, ?, 'irc:#ops', ?, ?, ?)",
            ((n, base + n, ["asked", "finished"][n % 2], f"irc:p{n % 50}", f"execution/{n}",
              json.dumps({"text": f"!deploy number {n}", "action": "default.a"}), "0" * 64) for n in range(1, COUNT + 1)))
        connection.executemany(
            "INSERT INTO delivery (id, notifier, target, lane, seq, purpose, body, state, due, expires, made, done, event)"
            " VALUES (?, ?, '#ops', ?, 1, 'event', '{}', ?, ?, ?, ?, ?, ?)",
            ((n, f"notifier/n{n % 5}", f"ci:{n}", ["sent", "dead"][n % 10 == 0], base, base, base, base, n)
             for n in range(10, COUNT + 10)))
    connection.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        process, _ = serve(home)
        stop(process)
        fill(home / "var/chatops.db")
        process, address = serve(home)
        token = (home / "var/token").read_text().strip()
        connection = http.client.HTTPConnection(address, timeout=60)
        print(f"{'page':44} {'median ms':>10} {'worst ms':>10}")
        for page in PAGES:
            times = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                connection.request("GET", f"/api/v1/{page}", headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                body = answer.read()
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status == 200, (page, body)
            print(f"{page:44} {statistics.median(times):10.1f} {max(times):10.1f}")
        stop(process)


main()
