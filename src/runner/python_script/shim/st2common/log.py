"""Loggers of the modules beside an action."""

import logging
import sys
from logging import CRITICAL, DEBUG, ERROR, INFO, NOTSET, WARNING  # noqa: F401: packs take them from here

from st2common.runners import utils

AUDIT = logging.CRITICAL + 10
logging.addLevelName(AUDIT, "AUDIT")


class _Logger(logging.LoggerAdapter):
    """A logger that also knows `audit`."""

    def __init__(self, logger):
        super(_Logger, self).__init__(logger, {})

    def process(self, msg, kwargs):
        return msg, kwargs

    def audit(self, msg, *args, **kwargs):
        self.log(AUDIT, msg, *args, **kwargs)

    def __getattr__(self, name):
        return getattr(self.logger, name)


def getLogger(name):
    """The logger `st2.<name>`, to stderr."""
    root = logging.getLogger("st2")
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(name)s: %(levelname)-8s %(message)s"))
        root.addHandler(handler)
        root.propagate = False
        root.setLevel(getattr(logging, utils._LEVEL, logging.DEBUG))
    return _Logger(logging.getLogger(name if name.startswith("st2.") else "st2." + name))


def __getattr__(name):
    # `from st2common import log as logging`: the rest is Python's own.
    return getattr(logging, name)
