//! StackStorm's chat API: what runs, for whom, and what is remembered of it.

use serde_json::{Value, json};

use crate::support::live::good;
use crate::support::st2::{St2, fault, home, serve};
use crate::support::{SOON, until};

/// Waits for the end of an execution.
fn ended(st2: &St2, id: &Value) -> Value {
    let path = format!("/executions/{}", id.as_str().unwrap());
    until(SOON, || {
        let seen = good(st2.get(&path), 200);
        (!seen["end_timestamp"].is_null()).then_some(seen)
    })
}

#[test]
fn a_command_is_acknowledged_in_the_answer_and_runs_as_the_person_it_names() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "hubot", &["read", "run"]);
    let taken = good(st2.types("alice", "echo", "echo hello"), 201);
    assert_eq!(taken["message"], "on it, alice: hello");
    assert_eq!(taken["extra"], json!({"slack": {"color": "red"}}));
    assert_eq!(taken["actionalias"]["ref"], "default.echo");
    let execution = ended(&st2, &taken["execution"]["id"]);
    assert_eq!(
        (&execution["status"], &execution["result"]["stdout"]),
        (&json!("succeeded"), &json!("hello"))
    );
    let context = &execution["context"];
    assert_eq!((&context["user"], &context["source_channel"]), (&json!("hubot:~alice"), &json!("#ops")));
    assert_eq!(context["action_alias_ref"]["ref"], "default.echo");

    // Whoever is only named gets what everyone gets; a Hubot that vouches speaks for its people.
    let refused = fault(st2.types("alice", "sh", "sh echo hi"), 403);
    assert!(
        refused.starts_with("no rule allows you to run `default.sh`; the service does not vouch"),
        "{refused}"
    );
    assert_eq!(home.run(&["token", "revoke", "hubot"]).code, Some(0));
    let vouching = St2::new(&home, "hubot", &["read", "run", "vouch"]);
    let taken = good(vouching.types("alice", "sh", "sh echo hi"), 201);
    let execution = ended(&vouching, &taken["execution"]["id"]);
    assert_eq!(
        (&execution["context"]["user"], &execution["result"]["stdout"]),
        (&json!("hubot:alice"), &json!("hi"))
    );
    fault(vouching.types("mallory", "sh", "sh echo hi"), 403);
    let other = St2::new(&home, "hubot-teams", &["read", "run", "vouch"]);
    fault(other.types("alice", "sh", "sh echo hi"), 403);

    until(SOON, || {
        let audit = home.run(&["audit", "search", "--json"]).stdout;
        (audit.contains("hubot:mallory") && audit.contains("hubot-teams:alice")).then_some(())
    });
    assert!(bot.stop().success());
}

#[test]
fn a_text_alone_finds_its_alias_and_a_built_in_command_answers_at_once() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read", "run"]);
    let say = |command: &str| {
        let body = json!({"command": command, "user": "", "source_channel": "cli"});
        st2.post("/aliasexecution/match_and_execute", &body)
    };
    let taken = good(say("shell echo out; echo err >&2"), 201);
    let first = &taken["results"][0];
    assert_eq!(first["actionalias"]["ref"], "default.sh");
    let execution = ended(&st2, &first["execution"]["id"]);
    assert_eq!(execution["context"]["user"], "api:ops");
    assert_eq!(execution["context"]["source_channel"], Value::Null);
    let whoami = good(say("whoami"), 201);
    assert!(whoami["results"][0]["message"].as_str().unwrap().contains("api:ops"), "{whoami}");
    assert_eq!(whoami["results"][0]["actionalias"]["ack"], json!({"enabled": true, "append_url": false}));
    let history = good(say("history"), 201);
    assert!(history["results"][0]["message"].as_str().unwrap().contains("shell echo out"), "{history}");
    assert_eq!(fault(say("nothing at all"), 400), "Command 'nothing at all' matched no patterns");
    assert!(fault(say("echo2 x"), 400).contains("default.other_twin"));
    let stranger = St2::new(&home, "stranger", &["read", "run"]);
    let body = json!({"command": "sh date"});
    fault(stranger.post("/aliasexecution/match_and_execute", &body), 403);
    assert!(bot.stop().success());
}

#[test]
fn executions_are_listed_page_by_page_and_by_what_they_are() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read", "run"]);
    let run = |action: &str, parameters: Value| {
        let body = json!({"action": action, "parameters": parameters});
        good(st2.post("/executions", &body), 201)["id"].clone()
    };
    let ids: Vec<Value> = (0..5).map(|n| run("core.echo", json!({"message": n.to_string()}))).collect();
    let sh = run("default.sh", json!({"cmd": "exit 3", "password": "hunter2"}));
    let failed = ended(&st2, &sh);
    assert_eq!((&failed["status"], &failed["result"]["return_code"]), (&json!("failed"), &json!(3)));
    assert_eq!(failed["parameters"]["password"], "********");
    assert!(!failed.to_string().contains("hunter2"));

    let listed = |query: &str| {
        let answer = st2.get(&format!("/executions{query}"));
        let total =
            answer.head.lines().find_map(|line| line.strip_prefix("x-total-count: ")).unwrap().to_owned();
        let all = good(answer, 200);
        let ids: Vec<Value> = all.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        (total.parse::<usize>().unwrap(), ids)
    };
    assert_eq!(listed("?action=core.echo&limit=2&offset=1"), (5, vec![ids[3].clone(), ids[2].clone()]));
    assert_eq!(listed("/?action=core.echo&limit=2&sort_asc=True"), (5, ids[..2].to_vec()));
    assert_eq!(listed("?status=failed,timeout&parent=null"), (1, vec![sh.clone()]));
    assert_eq!(listed("?user=api:ops&limit=1"), (6, vec![sh.clone()]));
    assert_eq!(listed("?user=irc:bob").0, 0);
    let cut = good(st2.get("/executions?limit=1&exclude_attributes=result,trigger_instance"), 200);
    assert!(cut[0].get("result").is_none() && cut[0].get("status").is_some(), "{cut}");
    assert_eq!(listed("?action=core.echo&timestamp_gt=2099-01-01"), (0, Vec::new()));
    assert_eq!(listed("?action=core.echo&timestamp_lt=2099-01-01&limit=1"), (5, vec![ids[4].clone()]));
    assert_eq!(listed(&format!("?parent={}", sh.as_str().unwrap())), (0, Vec::new()));
    fault(st2.get("/executions?timestamp_gt=soon"), 400);

    let id = sh.as_str().unwrap();
    let action = good(st2.get(&format!("/executions/{id}/attribute/action")), 200);
    assert_eq!(action["ref"], "default.sh");

    fault(st2.get(&format!("/executions/{id}/attribute/nothing")), 400);
    assert_eq!(good(st2.get(&format!("/executions/{id}/children/?depth=-1")), 200), json!([]));
    assert_eq!(good(st2.get(&format!("/executions/{id}/result")), 200)["return_code"], 3);
    let again = good(
        st2.post(&format!("/executions/{id}/re_run"), &json!({"parameters": {"cmd": "echo better"}})),
        201,
    );
    assert_eq!(again["context"]["re-run"]["ref"], sh);
    assert_eq!(ended(&st2, &again["id"])["result"]["stdout"], "better");
    assert!(bot.stop().success());
}

#[test]
fn an_execution_is_ended_by_delete_and_its_password_is_its_owners() {
    let home = home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "ops", &["read", "run"]);
    let long = good(
        st2.post(
            "/executions",
            &json!({"action": "default.sh", "parameters": {"cmd": "echo began; sleep 600"}}),
        ),
        201,
    );
    let path = format!("/executions/{}", long["id"].as_str().unwrap());
    until(SOON, || {
        let output = st2.get(&format!("{path}/output"));
        (output.status == 200 && good(st2.get(&path), 200)["status"] == "running").then_some(())
    });
    assert_eq!(good(st2.call("DELETE", &path, None), 200)["status"], "canceling");
    let gone = ended(&st2, &long["id"]);
    assert_eq!((&gone["status"], &gone["why"]), (&json!("canceled"), &json!("ended by ops")));
    assert_eq!(good(st2.call("DELETE", &path, None), 200)["status"], "canceled");
    fault(st2.call("DELETE", "/executions/123456789", None), 404);

    let body = json!({"action": "default.sh", "parameters": {"cmd": "true", "password": "hunter2"}});
    let secret = good(st2.post("/executions", &body), 201);
    let again = format!("/executions/{}/re_run", secret["id"].as_str().unwrap());
    let local = std::fs::read_to_string(home.path().join("var/token")).unwrap();
    let admin = St2::with(&home, local.trim());
    fault(admin.post(&again, &json!({})), 403);
    good(st2.post(&again, &json!({})), 201);
    assert!(bot.stop().success());
}
