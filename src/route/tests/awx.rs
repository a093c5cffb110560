//! AWX's inheritance of notifications as scopes: an organization is a path, its templates, projects, inventory
//! sources and workflows are paths below it.

use serde_json::{Value, json};

use super::Life;

/// One route for each place at which AWX attaches notifications; `m-` is in all of them.
const ATTACHED: &str = "
notifiers: [{name: org}, {name: other-org}, {name: project}, {name: template}, {name: inventory}, {name: workflow}, {name: system}, {name: everywhere}]
routes:
  - { scope: acme, on: [started, success, error, approvals], send: [org, everywhere] }
  - { scope: umbrella, on: [error], send: [other-org, everywhere] }
  - { scope: acme/site, on: [started, success, error], send: [project, everywhere] }
  - { scope: acme/deploy, on: [success, error], send: [template, everywhere] }
  - { scope: acme/ec2, on: [error], send: [inventory] }
  - { scope: acme/rollout, on: [started, approvals], send: [workflow, everywhere] }
  - { scope: system/cleanup, on: [error], send: [system] }
";

fn told(rules: &str, fields: Value) -> String {
    let mut life = Life::with(rules).of(fields);
    let status = life.event["status"].as_str().unwrap_or("info").to_owned();
    let names: Vec<String> = life
        .decisions(0, &status)
        .into_iter()
        .map(|sends| format!("{} {}", sends.notifier, sends.moment))
        .collect();
    names.join(", ")
}

#[test]
fn every_kind_of_job_tells_those_that_awx_tells_each_once() {
    let job = json!(["acme/deploy", "acme/site"]);
    let approval =
        |kind: &str, status: &str| json!({"kind": kind, "status": status, "scopes": ["acme/rollout"]});
    let plain = |status: &str, scopes: Value| json!({"kind": format!("job.{status}"), "status": status, "scopes": scopes});
    let rows = [
        ("job", plain("failed", job.clone()), "org error, everywhere error, project error, template error"),
        ("job starts", plain("started", job.clone()), "org started, everywhere started, project started"),
        (
            "job is canceled",
            plain("canceled", job),
            "org canceled, everywhere canceled, project canceled, template canceled",
        ),
        (
            "project update",
            plain("ok", json!(["acme/site"])),
            "org success, everywhere success, project success",
        ),
        (
            "inventory update",
            plain("error", json!(["acme/ec2"])),
            "org error, everywhere error, inventory error",
        ),
        ("inventory update is well", plain("ok", json!(["acme/ec2"])), "org success, everywhere success"),
        (
            "ad hoc",
            plain("failed", json!(["acme", "umbrella"])),
            "org error, everywhere error, other-org error",
        ),
        (
            "workflow",
            plain("started", json!(["acme/rollout"])),
            "org started, everywhere started, workflow started",
        ),
        ("workflow fails", plain("failed", json!(["acme/rollout"])), "org error, everywhere error"),
        ("system job", plain("failed", json!(["system/cleanup"])), "system error"),
        (
            "approval asked",
            approval("approval.pending", "pending"),
            "org pending, everywhere pending, workflow pending",
        ),
        (
            "approved",
            approval("approval.approved", "ok"),
            "org approved, everywhere approved, workflow approved",
        ),
        ("denied", approval("approval.denied", "failed"), "org denied, everywhere denied, workflow denied"),
        (
            "timed out",
            approval("approval.timed_out", "failed"),
            "org timed_out, everywhere timed_out, workflow timed_out",
        ),
        ("deleted template", plain("failed", json!([])), ""),
    ];
    for (row, event, expected) in rows {
        assert_eq!(told(ATTACHED, event), expected, "{row}");
    }
}

#[test]
fn an_approval_is_no_success_and_no_error_of_a_job() {
    let rules = "notifiers: [{name: a}]\nroutes: [{on: [success, error, recovered], send: [a]}]";
    for (kind, status) in [("approval.approved", "ok"), ("approval.denied", "failed")] {
        assert_eq!(told(rules, json!({"kind": kind, "status": status})), "", "{kind}");
    }
    let one = "notifiers: [{name: a}]\nroutes: [{on: [denied], send: [a]}]";
    assert_eq!(told(one, json!({"kind": "approval.denied", "status": "failed"})), "a denied");
    assert_eq!(told(one, json!({"kind": "approval.approved", "status": "ok"})), "");
}

/// Three floors, and what the lowest says of those above.
fn floors(lowest: &str) -> String {
    format!(
        "notifiers: [{{name: org}}, {{name: web}}, {{name: deploy}}]\nroutes:\n- {{scope: acme, send: [org]}}\n\
         - {{scope: acme/web, send: [web]}}\n- {{scope: acme/web/deploy, {lowest}}}\n"
    )
}

#[test]
fn beyond_awx_a_lower_path_may_replace_refuse_and_except_what_is_above() {
    let rows = [
        ("send: [deploy]", "org error, web error, deploy error"),
        ("inherit: append, send: [deploy]", "org error, web error, deploy error"),
        ("inherit: replace, send: [deploy]", "deploy error"),
        ("inherit: replace, on: [started], send: [deploy]", "org error, web error"),
        ("inherit: replace, match: {source: other}, send: [deploy]", "org error, web error"),
        ("inherit: none", ""),
        ("inherit: none, send: [deploy]", "deploy error"),
        ("inherit: none, on: [started], send: [deploy]", ""),
        ("except: [web], send: [deploy]", "org error, deploy error"),
        ("except: [web, org]", ""),
    ];
    for (lowest, expected) in rows {
        let event = json!({"status": "failed", "scopes": ["acme/web/deploy/canary"]});
        assert_eq!(told(&floors(lowest), event), expected, "{lowest}");
        let beside = json!({"status": "failed", "scopes": ["acme/web/api"]});
        assert_eq!(told(&floors(lowest), beside), "org error, web error", "{lowest}");
    }
}

#[test]
fn what_one_path_refuses_another_path_of_the_same_event_may_still_send() {
    let event = json!({"status": "failed", "scopes": ["acme/web/deploy", "acme/db"]});
    assert_eq!(told(&floors("inherit: none"), event), "org error");
}
