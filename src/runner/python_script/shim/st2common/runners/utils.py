"""Loggers of actions: to stderr, so that the result stays apart."""

import logging
import sys

__all__ = ["get_logger_for_python_runner_action"]

_LEVEL = "DEBUG"


def set_level(level):
    """The level of loggers from here on."""
    global _LEVEL
    _LEVEL = str(level).upper()


def get_logger_for_python_runner_action(action_name, log_level=None):
    """The logger `actions.python.<name>`."""
    logger = logging.getLogger("actions.python." + action_name)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(name)s: %(levelname)-8s %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
    level = getattr(logging, str(log_level or _LEVEL).upper(), logging.DEBUG)
    logger.setLevel(level)
    return logger
