"""What an action is made of: the base class, and the datastore it can ask."""

import abc

from st2common.runners import utils

__all__ = ["Action"]


class KeyValuePair(object):
    """A pair of the datastore."""

    def __init__(self, name, value=None, scope="system", ttl=None, secret=False):
        self.name = name
        self.value = value
        self.scope = scope
        self.ttl = ttl
        self.secret = secret

    def __repr__(self):
        value = "********" if self.secret else self.value
        return "<KeyValuePair name=%s,value=%s>" % (self.name, value)


class DatastoreService(object):
    """Keys and values that outlive a run. A local key is seen by this action alone."""

    def __init__(self, channel, pack, class_name, user):
        self._channel = channel
        self._prefix = "%s.%s:" % (pack, class_name)
        self._user = user

    def _name(self, name, local, scope="system"):
        if scope not in ("system", "st2kv.system"):
            raise ValueError('Scope "%s" is not supported, only "system" is' % (scope,))
        return self._prefix + name if local else name

    def get_user_info(self):
        return dict(self._user)

    def get_value(self, name, local=True, scope="system", decrypt=False):
        name = self._name(name, local, scope)
        return self._channel.ask({"what": "get", "name": name, "decrypt": bool(decrypt)})

    def set_value(self, name, value, ttl=None, local=True, scope="system", encrypt=False):
        name = self._name(name, local, scope)
        question = {"what": "set", "name": name, "value": str(value), "ttl": ttl, "secret": bool(encrypt)}
        self._channel.ask(question)
        return True

    def delete_value(self, name, local=True, scope="system"):
        return bool(self._channel.ask({"what": "delete", "name": self._name(name, local, scope)}))

    def list_values(self, local=True, prefix=None, limit=None, offset=None):
        name = self._name(prefix or "", local)
        found = self._channel.ask({"what": "list", "prefix": name, "limit": limit, "offset": offset})
        return [KeyValuePair(**pair) for pair in found]


class ActionService(object):
    """What an action gets as `action_service`."""

    def __init__(self, channel, pack, class_name, user):
        self._datastore = DatastoreService(channel, pack, class_name, user)
        self._class_name = class_name

    @property
    def datastore_service(self):
        return self._datastore

    def get_logger(self, name=None):
        return utils.get_logger_for_python_runner_action(name or self._class_name)

    def get_user_info(self):
        return self._datastore.get_user_info()

    def get_value(self, name, local=True, scope="system", decrypt=False):
        return self._datastore.get_value(name, local, scope, decrypt)

    def set_value(self, name, value, ttl=None, local=True, scope="system", encrypt=False):
        return self._datastore.set_value(name, value, ttl, local, scope, encrypt)

    def delete_value(self, name, local=True, scope="system"):
        return self._datastore.delete_value(name, local, scope)

    def list_values(self, local=True, prefix=None, limit=None, offset=None):
        return self._datastore.list_values(local, prefix, limit, offset)


class Action(abc.ABC):
    """The base class of actions: `run` is theirs."""

    description = None

    def __init__(self, config=None, action_service=None):
        self.config = config if config is not None else {}
        self.action_service = action_service
        self.logger = utils.get_logger_for_python_runner_action(self.__class__.__name__)

    @abc.abstractmethod
    def run(self, **kwargs):
        """Does the work; gives the result, or a status and the result."""

    @property
    def datastore(self):
        return self.action_service.datastore_service

    def get_user_info(self):
        return self.action_service.get_user_info()
