"""Runs every figure that needs an IRC server and writes the page. Python 3.11 or newer, nothing else.

    python3 benches/irc/run.py target/release/chatops [--printed FOLDER] [--write docs/benchmarks.md]
"""
import argparse
import asyncio
import pathlib
import sys

import measures
import report
from server import Server


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path, help="the bot, a release build")
    parser.add_argument("--printed", type=pathlib.Path, help="a folder with what other figures printed: report.SECTIONS")
    parser.add_argument("--write", type=pathlib.Path, help="where the page goes; standard output without it")
    parser.add_argument("--only", action="append", default=[], help="one figure, several times for several: no page")
    options = parser.parse_args()
    say = lambda line: print(line, file=sys.stderr, flush=True)
    with Server() as server:
        found = asyncio.run(measures.all_figures(str(options.program.resolve()), server, say, options.only))
    if options.only:
        return
    page = report.page(found, options.printed)
    if options.write:
        options.write.write_text(page)
    print(page)


if __name__ == "__main__":
    main()
