from st2common.runners.base_action import Action


class Whoami(Action):
    def run(self, greeting, region, password):
        user = self.action_service.get_user_info()["username"]
        return {"greeting": greeting, "region": region, "length": len(password), "password": password, "user": user}
