"""Runs one Python action for chatops.

File descriptor 0 is a socket to the bot, one JSON value a line: what to run comes in first; questions about the
datastore, their answers and the result go over it. The action itself sees an empty standard input.
"""

import importlib.util
import inspect
import json
import os
import socket
import sys
import threading
import traceback

# A status that is neither True, False nor None.
BAD_STATUS = 220
# Modules that only a StackStorm server has.
SERVER_MODULES = ("st2client", "st2common", "st2actions", "st2reactor", "st2api", "st2auth", "st2stream", "st2exporter")
HERE = os.path.dirname(os.path.abspath(__file__))


class Channel(object):
    """The way to the bot."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, os.dup(0))
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()

    def hear(self):
        line = self._lines.readline()
        if not line:
            raise EOFError("the bot went away")
        return json.loads(line)

    def tell(self, value):
        self._socket.sendall(json.dumps(value).encode("utf-8") + b"\n")

    def ask(self, question):
        with self._lock:
            self.tell({"ask": question})
            answer = self.hear()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")


class Config(dict):
    """The values of a pack. A key that is not there says where it belongs."""

    def __init__(self, values, pack, path):
        super(Config, self).__init__(values)
        self._pack = pack
        self._path = path

    def __missing__(self, key):
        raise ValueError(
            'the config of the pack "%s" has no "%s": add it to %s' % (self._pack, key, self._path)
        )


class Refused(Exception):
    """The action cannot be run; the words are for the person who asked."""


def missing_module(error, pack):
    name = (getattr(error, "name", None) or str(error)).split(".")[0]
    full = getattr(error, "name", None) or name
    if name in SERVER_MODULES:
        return "the action needs `%s`, a part of StackStorm's server that is not here" % full
    return (
        "the module `%s` is missing: name it in the requirements.txt of the pack `%s`, "
        "then run `chatops pack install` again" % (full, pack)
    )


def load(path, pack):
    """The module in `path`, under the name of its file."""
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    # A file that is called like a module of Python's own must not take its place.
    if name not in sys.modules:
        sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        show(error)
        raise Refused(missing_module(error, pack))
    return module


def find(module, path):
    """Of the classes that the file itself defines, the first by name that has `run`."""
    own = [
        (name, cls)
        for name, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and callable(getattr(cls, "run", None))
    ]
    if not own:
        raise Refused("`%s` defines no class with a method `run`" % os.path.basename(path))
    return sorted(own)[0][1]


def build(cls, config, service):
    try:
        return cls(config=config, action_service=service)
    except TypeError as error:
        if "unexpected keyword argument 'action_service'" not in str(error):
            raise
    instance = cls(config=config)
    instance.action_service = service
    return instance


def plain(value):
    """`value` if JSON has a form for it, else its text."""
    try:
        json.dumps(value, allow_nan=False).encode("utf-8")
        return value
    except Exception:
        text = str(value)
        return text.encode("utf-8", "replace").decode("utf-8")


def show(error):
    """The traceback on stderr, without the lines of this file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == os.path.abspath(__file__):
        trace = trace.tb_next
    shown = trace if trace is not None else error.__traceback__
    traceback.print_exception(type(error), error, shown)


def carry_out(channel, order):
    from st2common.runners import base_action, utils

    for folder in order["folders"]:
        if folder not in sys.path:
            sys.path.append(folder)
    sys.path.append(os.path.join(HERE, "last"))
    utils.set_level(order["log_level"])
    pack = order["pack"]
    cls = find(load(order["file"], pack), order["file"])
    service = base_action.ActionService(channel, pack, cls.__name__, order["user"])
    action = build(cls, Config(order["config"], pack, order["config_path"]), service)
    output = action.run(**order["parameters"])
    status, result = None, output
    if isinstance(output, tuple) and len(output) == 2:
        status, result = output
        if status is not None and not isinstance(status, bool):
            sys.stderr.write(
                "the status that run() returns must be True, False or None, not %r\n" % (type(status).__name__,)
            )
            return BAD_STATUS
    channel.tell({"result": plain(result), "status": status})
    return 0


def main():
    channel = Channel()
    order = channel.hear()
    try:
        code = carry_out(channel, order)
    except Refused as error:
        sys.stderr.write("%s\n" % error)
        channel.tell({"refused": str(error)})
        code = 1
    except ImportError as error:
        show(error)
        channel.tell({"refused": missing_module(error, order["pack"])})
        code = 1
    except Exception as error:
        show(error)
        channel.tell({"raised": "%s: %s" % (type(error).__name__, error)})
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
