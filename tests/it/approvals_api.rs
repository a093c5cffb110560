//! Approvals through the API and the command line: who may, what each refusal says, and that nothing runs meanwhile.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::bot::{Bot, Home};
use crate::support::live::{bad, good, serve};
use crate::support::{SOON, homes, until};

/// Leaves a line each time it runs.
const RELEASE: &str = "---\nname: release\nrunner_type: local-shell-cmd\nparameters:\n  target: { type: string, required: true }\n  \
                       token: { type: string, secret: true, default: none }\n  \
                       cmd: { immutable: true, default: 'cd HERE; echo {{target}} | tee -a released' }\napproval: APPROVAL\n";

const ACCESS: &str = "people: { ann: [\"api:ann\"], ben: [\"api:ben\", \"terminal:USER\"], cat: [\"api:cat\"], dan: [\"api:dan\"] }\n\
                      groups: { sre: [ben, cat] }\nroles: { all: [ { run: [default.*] } ] }\n\
                      grants: [ { role: all, to: [ann, sre, dan] } ]\n";

/// A bot with `ann`, who asks, `ben` and `cat`, who may decide, and `dan`, who may not.
struct Team {
    home: Home,
    bot: Bot,
    api: Api,
}

impl Team {
    fn start(approval: &str) -> Self {
        let home = homes::small();
        let here = home.path().display().to_string();
        let user = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
        let access = ACCESS.replace("USER", String::from_utf8(user).unwrap().trim());
        let home = home
            .file("access.yaml", &access)
            .file("actions/release.yaml", &RELEASE.replace("HERE", &here).replace("APPROVAL", approval));
        let (bot, api) = serve(&home);
        Self { home, bot, api }
    }

    /// The API as somebody with a token.
    fn as_(&self, name: &str, scopes: &[&str]) -> Api {
        let made = good(self.api.post("tokens", &json!({"name": name, "scopes": scopes})), 201);
        self.api.with(made["token"].as_str().unwrap())
    }

    fn ask(&self, ann: &Api) -> i64 {
        let run = json!({"action": "default.release", "parameters": {"target": "staging", "token": "hunter2"}, "wait": false});
        let asked = ann.post("actions/run", &run);
        assert!(asked.status < 300, "{asked:?}");
        asked.json["id"].as_i64().unwrap()
    }

    fn waits(&self, id: i64) -> Value {
        until(SOON, || Some(self.api.get(&format!("approvals/{id}"))).filter(|it| it.status == 200)).json
    }

    fn released(&self) -> String {
        std::fs::read_to_string(self.home.path().join("released")).unwrap_or_default()
    }

    fn status(&self, id: i64) -> String {
        self.api.get(&format!("executions/{id}")).json["status"].as_str().unwrap_or_default().to_owned()
    }
}

fn says(api: &Api, id: i64, what: &str, body: &Value, status: u16) -> String {
    bad(api.post(&format!("approvals/{id}/{what}"), body), status).0
}

#[test]
fn a_second_person_approves_and_every_other_word_is_refused_with_its_reason() {
    let team = Team::start("{ by: sre }");
    let (ann, ben) = (team.as_("ann", &["run", "read"]), team.as_("ben", &["run"]));
    let (cat, dan) = (team.as_("cat", &["read"]), team.as_("dan", &["run"]));
    let id = team.ask(&ann);
    let open = team.waits(id);
    assert_eq!((&open["person"], &open["parameters"]["target"]), (&json!("api:ann"), &json!("staging")));
    assert_eq!((&open["demands"][0]["have"], &open["demands"][0]["need"]), (&json!(0), &json!(1)));
    assert!(!open.to_string().contains("hunter2"), "{open}");
    let listed = good(ann.get("approvals"), 200);
    assert_eq!((&listed["count"], &listed["results"][0]["yours"]), (&json!(1), &json!(false)));

    let none = json!({});
    assert!(says(&ann, id, "approve", &none, 403).contains("who asks never approves"));
    assert!(says(&ann, id, "deny", &none, 403).contains(&format!("`withdraw {id}` takes it back")));
    assert!(says(&dan, id, "approve", &none, 403).contains("that is for `sre` to decide"));
    assert!(says(&cat, id, "approve", &none, 403).contains("`run`"), "a token without the scope");
    assert!(says(&ben, id, "withdraw", &none, 403).contains("only who asked"));
    assert_eq!(team.api.with("").post(&format!("approvals/{id}/approve"), &none).status, 401);
    assert!(says(&ben, 999_999, "approve", &none, 404).contains("nothing with the number 999999"));
    assert!(bad(ann.get("approvals/999999"), 404).0.contains("nothing with the number 999999"));
    assert_eq!(ben.post("approvals/abc/approve", &none).status, 400);
    let long = json!({"reason": "x".repeat(1001)});
    let (why, field) = bad(ben.post(&format!("approvals/{id}/approve"), &long), 422);
    assert!(why.contains("at most 1000 characters") && field == "reason", "{why} {field}");
    assert_eq!(ben.post(&format!("approvals/{id}/approve"), &json!({"reason": 7})).status, 400);
    assert_eq!(ben.post(&format!("approvals/{id}/approve"), &json!({"why": "x"})).status, 400);
    assert!(team.released().is_empty(), "nobody approved it yet");

    let done = good(ben.post(&format!("approvals/{id}/approve"), &json!({"reason": "go"})), 200);
    assert_eq!(done["verdict"], "approved");
    until(SOON, || (team.status(id) == "succeeded").then_some(()));
    assert_eq!(team.released(), "staging\n");
    assert!(says(&ben, id, "approve", &none, 404).contains("was approved by ben already"));
    assert!(says(&ben, id, "deny", &none, 404).contains("was approved by ben already"));
    assert!(says(&ann, id, "withdraw", &none, 404).contains("was approved by ben already"));
    assert!(bad(ann.get(&format!("approvals/{id}")), 404).0.contains("was approved by ben already"));
    assert_eq!(team.released(), "staging\n", "once");
    assert!(team.bot.stop().success());
}

#[test]
fn what_is_denied_withdrawn_or_over_never_runs() {
    let team = Team::start("{ by: sre, count: 2, reason: required, within: 1h }");
    let (ann, ben) = (team.as_("ann", &["run"]), team.as_("ben", &["run"]));
    let cat = team.as_("cat", &["run"]);
    let none = json!({});
    let id = team.ask(&ann);
    team.waits(id);
    assert!(says(&ben, id, "approve", &none, 422).contains(&format!("say why: `approve {id} REASON`")));
    let counted = good(ben.post(&format!("approvals/{id}/approve"), &json!({"reason": "fine"})), 200);
    assert_eq!((&counted["verdict"], &counted["demands"][0]["have"]), (&Value::Null, &json!(1)));
    assert!(
        says(&ben, id, "approve", &json!({"reason": "again"}), 409)
            .contains("you have said `approve` already")
    );
    let denied = good(cat.post(&format!("approvals/{id}/deny"), &json!({"reason": "not now"})), 200);
    assert_eq!((&denied["verdict"], team.status(id).as_str()), (&json!("denied"), "canceled"));
    let id = team.ask(&ann);
    team.waits(id);
    assert_eq!(good(ann.post(&format!("approvals/{id}/withdraw"), &none), 200)["verdict"], "withdrawn");
    assert!(says(&ben, id, "approve", &json!({"reason": "late"}), 404).contains("was withdrawn already"));
    let action = std::fs::read_to_string(team.home.path().join("actions/release.yaml")).unwrap();
    team.home.write("actions/release.yaml", &action.replace("within: 1h", "within: 1s"));
    assert_eq!(team.home.run(&["reload"]).code, Some(0));
    let id = team.ask(&ann);
    until(SOON, || (team.status(id) == "timeout").then_some(()));
    assert!(says(&ben, id, "approve", &json!({"reason": "late"}), 404).contains("was not decided in time"));
    assert!(team.released().is_empty());
    assert!(team.bot.stop().success());
}

#[test]
fn a_question_is_answered_from_a_shell_and_in_typed_texts_through_the_api() {
    let home = homes::small();
    let (bot, api) = serve(&home);
    let schema = json!({"type": "object", "properties": {
        "continue": {"type": "boolean", "required": true}, "note": {"type": "string"}}});
    let asks = json!({"action": "core.ask", "parameters": {"schema": schema}, "wait": false});
    let ask = || {
        let id = api.post("actions/run", &asks).json["id"].as_i64().unwrap();
        until(SOON, || (api.get(&format!("approvals/{id}")).status == 200).then_some(id))
    };
    let id = ask();
    let number = id.to_string();
    let shown = home.run(&["approval", "show", &number]);
    assert!(shown.stdout.contains("asks: {") && shown.stdout.contains("continue"), "{shown:?}");
    let wrong = home.run(&["approval", "answer", &number, "continue=perhaps"]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("continue"), "{wrong:?}");
    assert_eq!(home.run(&["approval", "answer", &number, "yes"]).code, Some(2));
    let said = home.run(&["approval", "answer", &number, "continue=true", "note=7"]);
    assert_eq!(said.stdout, format!("{id} is answered"), "{said:?}");
    let ended = until(SOON, || {
        Some(api.get(&format!("executions/{id}")).json).filter(|it| it["status"] == "succeeded")
    });
    assert_eq!(ended["result"]["response"], json!({"continue": true, "note": "7"}), "{ended}");

    let id = ask();
    let path = format!("approvals/{id}/answer");
    let (why, _) = bad(api.post(&path, &json!({})), 400);
    assert!(why.contains("either `response` or `typed`"), "{why}");
    let answer = good(api.post(&path, &json!({"typed": {"continue": "no"}})), 200);
    assert_eq!(answer["response"], json!({"continue": false}), "{answer}");
    assert!(bot.stop().success());
}

#[test]
fn the_command_line_lists_shows_approves_denies_and_says_what_is_wrong() {
    let team = Team::start("{ by: sre }");
    let ann = team.as_("ann", &["run"]);
    let run = |arguments: &[&str]| team.home.run(&[&["approval"], arguments].concat());
    assert_eq!(run(&["list"]).stdout, "nothing waits for anybody's word");
    let id = team.ask(&ann);
    team.waits(id);
    let id = id.to_string();
    let listed = run(&["list"]);
    assert!(listed.stdout.contains(&id) && listed.stdout.contains("(0 of 1)"), "{listed:?}");
    assert!(listed.stdout.contains("api:ann default.release"), "{listed:?}");
    let shown = run(&["show", &id]);
    for part in
        ["target: \"staging\"", "token: \"********\"", "needs: 1 of sre, has 0", "yours to decide: yes"]
    {
        assert!(shown.stdout.contains(part), "{part}: {shown:?}");
    }
    let as_json: Value = serde_json::from_str(&run(&["--json", "show", &id]).stdout).unwrap();
    assert_eq!(as_json["id"].to_string(), id);
    let wrong = [
        (&["approve", "999999"][..], "nothing with the number 999999 waits"),
        (&["show", "999999"], "nothing with the number 999999 waits"),
        (&["withdraw", &id], "only who asked"),
        (&["approve", &id, "--reason", &"x".repeat(1001)], "at most 1000 characters"),
    ];
    for (arguments, part) in wrong {
        let ran = run(arguments);
        assert!(ran.code == Some(1) && ran.stderr.contains(part), "{part}: {ran:?}");
    }
    assert_eq!(run(&["approve", "abc"]).code, Some(2));
    assert_eq!(run(&["approve", &id, "--reason", "fine"]).stdout, format!("{id} is approved"));
    until(SOON, || (team.released() == "staging\n").then_some(()));
    let again = run(&["approve", &id]);
    assert!(again.code == Some(1) && again.stderr.contains("was approved by"), "{again:?}");
    let next = team.ask(&ann).to_string();
    team.waits(next.parse().unwrap());
    assert_eq!(run(&["deny", &next]).stdout, format!("{next} is denied"));
    // The user of the terminal asks: no second person.
    let asked = team.home.run(&["action", "run", "default.release", "target=staging"]);
    assert!(asked.code == Some(1) && asked.stderr.contains("pending: it waits for approval"), "{asked:?}");
    let own = good(team.api.get("approvals"), 200)["results"][0]["id"].to_string();
    assert!(own.parse::<i64>().is_ok(), "{asked:?}");
    let refused = run(&["approve", &own]);
    assert!(refused.code == Some(1) && refused.stderr.contains("who asks never approves"), "{refused:?}");
    assert_eq!(run(&["withdraw", &own]).stdout, format!("{own} is withdrawn"));
    assert_eq!(team.released(), "staging\n", "once");
    assert!(team.bot.stop().success());
}
