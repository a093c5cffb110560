//! What takes several people, several steps, or another time, in a real browser: approvals, workflows, schedules.

use serde_json::json;

use crate::support::bot::Home;
use crate::support::browser::Browser;
use crate::support::console::{Console, Visitor, home};
use crate::support::{SOON, homes, skip, until};

const ALL: &[&str] = &["read", "run", "deliver"];
const NO_BROWSER: &str = "chromium and chromium-driver are not installed";

/// Alice approves what bob asks for; everybody may ask.
const ACCESS: &str = r##"---
people: { alice: [web:alice], bob: [web:bob], carol: [web:carol] }
groups: { sre: [alice] }
everyone: [ { run: [default.*, core.*, chatops.*] } ]
"##;

/// `ship to TARGET`, which one of the group must approve, with a reason.
const SHIP: &str = r#"---
name: ship
description: Bring the application out
action_ref: default.deploy
formats: ["ship to {{target}} count {{count}}", "ship to {{target}}"]
extra: { approval: { by: sre, within: 1h, reason: required } }
"#;

/// Asks whether to go on.
const QUESTION: &str = r#"---
name: question
action_ref: core.ask
formats: ["question"]
immutable_parameters:
  schema: { type: object, properties: { continue: { type: boolean, description: go on, required: true } } }
  route: ops
"#;

const RELEASE: &str = r#"version: 1.0
tasks:
  check:
    action: core.echo message="all is well"
    next: [{when: <% succeeded() %>, do: build}]
  build:
    action: default.hold name="build"
    next: [{when: <% succeeded() %>, do: publish}]
  publish:
    action: default.publish
    next: [{when: <% succeeded() %>, do: tell}]
  tell:
    action: core.echo message="it is out"
"#;

fn house() -> Home {
    let home = home("http://127.0.0.1:9/hook");
    let here = home.path().display().to_string();
    let publish = format!(
        "name: publish\nrunner_type: local-shell-cmd\nparameters:\n  cmd: {{immutable: true, default: 'test -e {here}/shelf && echo out'}}\n"
    );
    home.file("access.yaml", ACCESS)
        .file("aliases/ship.yaml", SHIP)
        .file("aliases/question.yaml", QUESTION)
        .file("actions/publish.yaml", &publish)
        .file(
            "actions/release.yaml",
            "name: release\nrunner_type: orquesta\nentry_point: workflows/release.yaml\n",
        )
        .file("actions/workflows/release.yaml", RELEASE)
        .file("aliases/release.yaml", "name: release\naction_ref: default.release\nformats: [release]\n")
}

/// A bot, and alice in front of it.
fn stage() -> Option<(Console, Browser)> {
    let browser = Browser::open()?;
    let console = Console::start(house());
    console.enter(&browser, &console.token("alice", ALL));
    Some((console, browser))
}

fn says(visitor: &Visitor<'_>, text: &str, key: &str) {
    let text = text.replace(' ', "+");
    assert_eq!(visitor.post("/chat/say", &format!("text={text}&key=0123456789abcdef{key}")).status, 303);
}

#[test]
fn what_others_ask_for_is_looked_at_and_approved_or_denied() {
    let Some((console, alice)) = stage() else { return skip(NO_BROWSER) };
    alice.click(".side a[href='/approvals']");
    alice.sees("main", "Nothing waits for anybody's word");
    alice.pictures("approvals-empty");
    let bob = console.visitor(&console.token("bob", ALL));
    says(&bob, "ship to staging", "0001");
    alice.click(".side a[href='/approvals']");
    alice.sees(".side .count", "1");
    alice.sees(".wait", "ship to staging");
    alice.sees(".wait", "0 of 1 approved");
    alice.sees(".wait", "web:bob");
    alice.sees(".wait .facts", "target");
    alice.click(".wait .approve");
    assert!(alice.url().ends_with("/approvals"), "the browser asks for the reason first");
    alice.type_into(".wait input[name=reason]", "looks fine");
    alice.click(".wait .approve");
    alice.arrives("done=approved");
    alice.sees(".done", "You approved it");
    alice.sees("#execution", "deployed 1 to staging");
    // What differs from the run before is shown.
    says(&bob, "ship to production count 3", "0002");
    says(&bob, "question", "0003");
    alice.go(&console.at("/approvals"));
    alice.sees(".wait", "target: staging → production");
    alice.sees(".wait", "count: 1 → 3");
    alice.sees("main", "asks a question");
    alice.pictures("approvals");
    let pending = console.api.get("approvals").json;
    let (ship, question) = (&pending["results"][0]["id"], &pending["results"][1]["id"]);
    // Bob asked himself; carol is nobody of the group; neither decides.
    let page = bob.get("/approvals").body;
    assert!(page.contains("somebody else decides") && page.contains("Take it back"), "{page}");
    let refused = bob.post(&format!("/approvals/{ship}/approve"), "reason=please");
    assert!(refused.status == 403 && refused.body.contains("never approves"), "{refused:?}");
    let carol = console.visitor(&console.token("carol", ALL));
    assert!(carol.get("/approvals").body.contains("Not yours to decide"));
    assert_eq!(carol.post(&format!("/approvals/{ship}/deny"), "reason=no").status, 403);
    assert_eq!(bob.post("/approvals/999/approve", "reason=x").status, 404);
    let reader = console.visitor(&console.token("reader", &["read"]));
    assert_eq!(reader.post(&format!("/approvals/{ship}/approve"), "reason=x").status, 403);
    let reader_page = reader.get("/approvals").body;
    assert!(reader_page.contains("ship to production") && !reader_page.contains("/deny"), "{reader_page}");
    alice.go(&console.at(&format!("/executions/{ship}")));
    alice.sees(".alarm", "It waits for approval");
    alice.pictures("execution-waits");
    alice.without_script();
    alice.click(".alarm a");
    alice.type_into(".wait input[name=reason]", "not on a friday");
    alice.click(".wait .deny");
    alice.arrives("done=denied");
    alice.sees(".done", "You denied it.");
    assert_eq!(bob.post(&format!("/approvals/{question}/answer"), "value.continue=maybe").status, 422);
    let answered = bob.post(&format!("/approvals/{question}/answer"), "value.continue=true");
    assert_eq!(answered.header("location"), Some("/approvals?done=answered"), "{answered:?}");
    says(&bob, "ship to staging", "0004");
    let own = until(SOON, || console.api.get("approvals").json["results"][0]["id"].as_i64());
    let back = bob.post(&format!("/approvals/{own}/withdraw"), "");
    assert_eq!(back.header("location"), Some("/approvals?done=withdrawn"), "{back:?}");
    let audit = console.home.run(&["audit", "search", "--person", "web:alice", "--what", "denied"]);
    assert!(audit.stdout.contains("not on a friday"), "{audit:?}");
    assert!(console.bot.stop().success());
}

#[test]
fn a_workflow_is_followed_paused_and_goes_on_from_what_failed() {
    let Some((console, alice)) = stage() else { return skip(NO_BROWSER) };
    alice.click(".side a[href='/chat']");
    let bob = console.visitor(&console.token("bob", ALL));
    says(&bob, "release", "0001");
    let id = until(SOON, || console.api.get("executions").json["results"][0]["id"].as_i64());
    homes::began(&console.home, "build");
    alice.go(&console.at(&format!("/executions/{id}")));
    alice.sees(".tasks", "check");
    alice.sees(".tasks", "build");
    alice.sees("#execution .status", "running");
    alice.click("#pause");
    alice.sees(".done", "Nothing new is started");
    alice.sees("#execution .status", "pausing");
    alice.pictures("workflow-paused");
    homes::go(&console.home, "build");
    alice.sees("#execution .status", "paused");
    alice.click("#resume");
    alice.sees("#execution .status", "failed");
    alice.sees(".tasks", "publish");
    alice.pictures("workflow-failed");
    alice.click(".tasks tr:last-child a");
    alice.sees("aside", &format!("publish of {id}"));
    alice.click(".crumbs a[href^='/executions/']");
    console.home.write("shelf", "");
    alice.click("#goes-on");
    alice.arrives("done=goes-on");
    alice.sees(".done", "It goes on from what failed");
    alice.sees("#execution .status", "succeeded");
    alice.sees(".tasks", "tell");
    assert!(!alice.text(".tasks").contains("build"), "what went well is not done again");
    alice.go(&console.at(&format!("/executions/{id}")));
    alice.run("document.querySelector('#task').value = 'build'; return null");
    alice.click("#rerun-from");
    alice.sees(".tasks", "tell");
    alice.sees(".tasks", "build");
    alice.sees("#execution .status", "succeeded");
    let refused = bob.post(&format!("/executions/{id}/pause"), "");
    assert!(refused.status == 409 && refused.body.contains("is no workflow that runs"), "{refused:?}");
    assert!(console.bot.stop().success());
}

#[test]
fn what_is_to_happen_later_is_made_rests_goes_on_and_is_removed() {
    let Some((console, alice)) = stage() else { return skip(NO_BROWSER) };
    alice.click(".side a[href='/schedules']");
    alice.sees("main", "Nothing is scheduled.");
    alice.type_into("#line", "every blue moon run deploy to staging");
    alice.click("form.later button");
    alice.sees(".wrong", "");
    assert_eq!(alice.property("#line", "value"), "every blue moon run deploy to staging");
    alice.fill("#line", "every weekday at 9:00 run deploy to staging");
    alice.click("form.later button");
    alice.sees(".done", "It is scheduled.");
    alice.sees("table.schedules", "deploy to staging");
    alice.sees("table.schedules", "every weekday at 09:00");
    alice.sees("table.schedules", "alice");
    alice.type_into("#line", "cron \"0 3 * * *\" run echo good night");
    alice.fill("#place", "web:#console");
    alice.click("form.later button");
    alice.sees("table.schedules", "good night");
    alice.click("table.schedules tbody tr:last-child .turn");
    alice.sees(".done", "It rests.");
    alice.sees("table.schedules", "paused");
    alice.pictures("schedules");
    let bob = console.visitor(&console.token("bob", ALL));
    let listed = console.api.get("schedules").json;
    let id = listed["results"][0]["id"].as_i64().unwrap();
    assert_eq!((&listed["count"], &listed["next"]), (&json!(2), &json!(null)), "{listed}");
    assert!(!bob.get("/schedules").body.contains("Remove"), "they are alice's");
    assert_eq!(bob.post(&format!("/schedules/{id}/remove"), "").status, 404);
    alice.without_script();
    alice.click("table.schedules .turn:not([x])");
    alice.arrives("done=schedule-");
    alice.click("table.schedules .remove");
    alice.sees(".done", "It is removed.");
    let page = console.api.get("schedules?page_size=1");
    assert_eq!(page.json["count"], 1, "{page:?}");
    let audit = console.home.run(&["audit", "search", "--person", "web:alice", "--what", "changed"]);
    assert!(audit.stdout.contains("schedule remove"), "{audit:?}");
    assert!(console.bot.stop().success());
}
