from lib_check import verdict
from base import StatusAction


class CheckAction(StatusAction):
    def run(self, service, note):
        answer = self.ask(service)
        self.logger.debug("asked %s with the token %s", answer["url"], self.config["token"])
        seen = int(self.action_service.get_value("count") or 0) + 1
        self.action_service.set_value("count", seen)
        answer.update(verdict=verdict(answer["ms"], self.slow), seen=seen, note=note)
        print("checked %s" % service)
        return answer["ms"] <= self.slow, answer
