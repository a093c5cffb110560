"""The older name of the base class."""

from st2common.runners.base_action import Action

__all__ = ["Action"]
