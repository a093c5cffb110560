import six

from st2common.runners.base_action import Action

__all__ = ["StatusAction"]


class StatusAction(Action):
    def __init__(self, config=None, action_service=None):
        super(StatusAction, self).__init__(config=config, action_service=action_service)
        self.endpoint = self.config["endpoint"]
        self.slow = self.config.get("limits", {}).get("slow", 0)

    def ask(self, service):
        # No network in a test: a service is as slow as its name is long.
        return {"service": six.text_type(service), "url": "%s/%s" % (self.endpoint, service), "ms": len(service) * 100}

    def run(self, **kwargs):
        raise NotImplementedError
