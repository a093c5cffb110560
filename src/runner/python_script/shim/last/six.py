"""What packs written for two Pythons use most of `six`. Only found where the real one is not installed."""

import builtins
import collections.abc
import functools
import io
import sys
import types

PY2, PY3, PY34 = False, True, True
string_types = (str,)
integer_types = (int,)
class_types = (type,)
text_type, binary_type = str, bytes
MAXSIZE = sys.maxsize
StringIO, BytesIO = io.StringIO, io.BytesIO
Iterator = object
get_function_code = lambda function: function.__code__  # noqa: E731
next = advance_iterator = builtins.next
wraps = functools.wraps


def iteritems(mapping, **kwargs):
    return iter(mapping.items(**kwargs))


def iterkeys(mapping, **kwargs):
    return iter(mapping.keys(**kwargs))


def itervalues(mapping, **kwargs):
    return iter(mapping.values(**kwargs))


viewitems, viewkeys, viewvalues = (lambda m: m.items()), (lambda m: m.keys()), (lambda m: m.values())


def u(text):
    return text


def b(text):
    return text.encode("latin-1")


def ensure_str(text, encoding="utf-8", errors="strict"):
    return text.decode(encoding, errors) if isinstance(text, bytes) else text


ensure_text = ensure_str


def ensure_binary(text, encoding="utf-8", errors="strict"):
    return text.encode(encoding, errors) if isinstance(text, str) else text


def callable(thing):
    return builtins.callable(thing)


def raise_from(value, origin):
    raise value from origin


def reraise(kind, value, trace=None):
    value = kind() if value is None else value
    raise value.with_traceback(trace)


def print_(*args, **kwargs):
    print(*args, **kwargs)


def with_metaclass(meta, *bases):
    return types.new_class("base", bases, {"metaclass": meta})


def add_metaclass(meta):
    def wrap(cls):
        body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
        return meta(cls.__name__, cls.__bases__, body)

    return wrap


def python_2_unicode_compatible(cls):
    return cls


class _Moves(types.ModuleType):
    """`six.moves`: where things moved to."""

    _PLACES = {
        "builtins": "builtins",
        "configparser": "configparser",
        "copyreg": "copyreg",
        "cPickle": "pickle",
        "html_parser": "html.parser",
        "http_client": "http.client",
        "http_cookies": "http.cookies",
        "http_cookiejar": "http.cookiejar",
        "queue": "queue",
        "urllib": "urllib",
        "urllib_error": "urllib.error",
        "urllib_parse": "urllib.parse",
        "_thread": "_thread",
    }
    _NAMES = {
        "filter": filter,
        "input": input,
        "map": map,
        "range": range,
        "xrange": range,
        "reduce": functools.reduce,
        "zip": zip,
        "intern": sys.intern,
        "getcwd": __import__("os").getcwd,
        "StringIO": io.StringIO,
        "cStringIO": io.StringIO,
        "shlex_quote": __import__("shlex").quote,
        "reload_module": __import__("importlib").reload,
        "zip_longest": __import__("itertools").zip_longest,
        "UserDict": __import__("collections").UserDict,
    }
    __path__ = []

    def __getattr__(self, name):
        if name in self._NAMES:
            return self._NAMES[name]
        if name in self._PLACES:
            return __import__("importlib").import_module(self._PLACES[name])
        raise AttributeError(name)


moves = _Moves(__name__ + ".moves")
sys.modules[__name__ + ".moves"] = moves
for _name, _place in (
    ("urllib", "urllib"),
    ("urllib.parse", "urllib.parse"),
    ("urllib.error", "urllib.error"),
    ("urllib.request", "urllib.request"),
    ("configparser", "configparser"),
    ("queue", "queue"),
    ("http_client", "http.client"),
    ("urllib_parse", "urllib.parse"),
):
    sys.modules[__name__ + ".moves." + _name] = __import__("importlib").import_module(_place)
