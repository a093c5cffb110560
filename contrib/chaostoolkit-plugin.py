#!/usr/bin/env python3
"""Calls a notification plugin of Chaos Toolkit for one event: module.function(channel, event).

    chaostoolkit-plugin.py MODULE [FUNCTION]

Run by a notifier of kind `exec`: reads {"event": ..., "with": ...} from stdin. `with` becomes the channel, the
payload of the event becomes the event as Chaos Toolkit sent it. Exit code 0: told; 75: try again later; 1: never.
"""

import importlib
import inspect
import json
import sys
import time
import traceback

TEMPORARY = 75


def channel(given, module, function):
    """The entry of settings.yaml, as a plugin expects it."""
    return {"type": "plugin", "module": module, "func": function, **given}


def event(told):
    """What Chaos Toolkit sent; for the events of others, the same keys filled as well as can be."""
    payload = told.get("payload")
    if isinstance(payload, dict) and "name" in payload and "phase" in payload:
        return payload
    kind = told.get("kind") or "unknown"
    made = {"name": kind, "phase": kind.partition("-")[0], "payload": payload, "ts": time.time()}
    if told.get("status") in ("error", "failed"):
        made["error"] = told.get("text") or told.get("message") or told.get("title")
    return made


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: chaostoolkit-plugin.py MODULE [FUNCTION]")
    module, function = sys.argv[1], (sys.argv[2:] or ["notify"])[0]
    given = json.load(sys.stdin)
    try:
        plugin = getattr(importlib.import_module(module), function)
    except ImportError as error:
        sys.exit(f"cannot import {module}: {error}")
    except AttributeError:
        sys.exit(f"{module} has no function {function}")
    if not inspect.isroutine(plugin):
        sys.exit(f"{module}.{function} is no function")
    try:
        plugin(channel(given.get("with") or {}, module, function), event(given["event"]))
    except OSError as error:
        # The network, more often than not: connections, timeouts, and what requests raises.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(TEMPORARY)
    except Exception:
        traceback.print_exc(limit=-1)
        sys.exit(1)


if __name__ == "__main__":
    main()
