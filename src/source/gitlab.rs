//! GitLab webhooks: docs.gitlab.com/user/project/integrations/webhook_events. A hook that gets 4xx is switched off, so
//! nothing that is signed is refused.

use serde::Deserialize;
use serde_json::Value;

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::{Body, Item, Reading, Source, Unreadable};
use crate::model::{Event, EventStatus, Level};
use crate::text::clean::one_line;

/// GitLab.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gitlab {}

/// Jobs and commits that a message names; the others are counted.
const NAMED: usize = 8;

/// What GitLab calls what it sends.
const KINDS: [&str; 18] = [
    "push",
    "tag_push",
    "issue",
    "work_item",
    "note",
    "merge_request",
    "wiki_page",
    "pipeline",
    "build",
    "deployment",
    "feature_flag",
    "release",
    "milestone",
    "emoji",
    "access_token",
    "member",
    "vulnerability",
    "system_hook",
];

impl Source for Gitlab {
    const SUMMARY: &'static str =
        "GitLab webhooks: pipelines, jobs, deployments, pushes, and the rest as information";
    const PAGE: &'static str = include_str!("../../docs/sources/gitlab.md");
    const SCHEME: Scheme = Scheme::Gitlab;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = body.object()?;
        let kind = pick::first(&sent, &["/object_kind", "/event_type", "/event_name"]);
        if !KINDS.contains(&kind) {
            let named = body.header("x-gitlab-event").unwrap_or_default();
            if kind.is_empty() && named.is_empty() {
                return Err(Unreadable::new("`object_kind` is missing"));
            }
            let shown: String = if kind.is_empty() { named } else { kind }.chars().take(100).collect();
            let why = format!("the GitLab event `{shown}` is not supported");
            return Ok(Item::ignored(&shown, &format!("GitLab event `{shown}`"), why, sent).into());
        }
        let mut event = match kind {
            "push" | "tag_push" => push(kind, &sent),
            "pipeline" | "build" | "deployment" => job(kind, &sent),
            other => any(other, &sent),
        };
        pick::label(&mut event.labels, "project", Some(project(&sent).to_owned()));
        event.actor = who(&sent);
        pick::label(&mut event.labels, "user", event.actor.clone());
        let key = body.header("idempotency-key").filter(|key| !key.is_empty()).map(str::to_owned);
        event.dedup_key = Some(key.unwrap_or_else(|| pick::short_hash(body.bytes)));
        Ok(Event { payload: sent, ..event }.into())
    }

    fn tell(event: &Event) -> String {
        lines(event)
    }
}

fn project(sent: &Value) -> &str {
    let known = pick::first(sent, &["/project/path_with_namespace", "/project/name", "/project_name"]);
    if known.is_empty() { "gitlab" } else { known }
}

fn who(sent: &Value) -> Option<String> {
    let known = pick::first(sent, &["/user/username", "/user_username", "/user/name", "/user_name"]);
    Some(known.to_owned()).filter(|who| !who.is_empty())
}

fn standing(status: &str) -> (EventStatus, Level) {
    match status {
        "created" | "waiting_for_resource" | "preparing" | "pending" | "running" => {
            (EventStatus::Started, Level::Info)
        }
        "success" => (EventStatus::Ok, Level::Ok),
        "failed" => (EventStatus::Failed, Level::Error),
        "canceled" | "canceling" | "skipped" => (EventStatus::Canceled, Level::Warning),
        "manual" | "scheduled" => (EventStatus::Pending, Level::Info),
        _ => (EventStatus::Info, Level::Info),
    }
}

/// A pipeline, a job of one, or a deployment.
fn job(kind: &str, sent: &Value) -> Event {
    let (about, state, id) = match kind {
        "pipeline" => {
            (&sent["object_attributes"], text(sent, "/object_attributes/status"), "/object_attributes/id")
        }
        "build" => (sent, text(sent, "/build_status"), "/build_id"),
        _ => (sent, text(sent, "/status"), "/deployment_id"),
    };
    let (status, level) = standing(state);
    let id = pick::shown(sent, id).unwrap_or_default();
    let title = match kind {
        "build" => format!("{}: job {} #{id}", project(sent), text(sent, "/build_name")),
        "deployment" => format!("{}: deployment to {} #{id}", project(sent), text(sent, "/environment")),
        _ => format!("{}: pipeline #{id}", project(sent)),
    };
    let kind_and_state = if state.is_empty() { kind.to_owned() } else { format!("{kind}.{state}") };
    let mut event = blank(&kind_and_state, status, &title);
    event.level = level;
    event.text = pick::first(sent, &["/commit/title", "/commit_title", "/build_failure_reason"]).to_owned();
    event.url = pick::url(about, "/url")
        .or_else(|| pick::url(sent, "/deployable_url"))
        .or_else(|| built(kind, sent, &id));
    pick::label(&mut event.labels, "ref", pick::shown(about, "/ref"));
    event.fingerprint = format!("{}/{kind}/{id}", project(sent));
    event.started = pick::time_at(about, "/created_at").or_else(|| pick::time_at(about, "/build_started_at"));
    event.at = pick::time_at(about, "/finished_at").or_else(|| pick::time_at(about, "/build_finished_at"));
    event.duration = pick::seconds(about, "/duration").or_else(|| pick::seconds(about, "/build_duration"));
    event
}

/// A job has no address of its own in the body.
fn built(kind: &str, sent: &Value, id: &str) -> Option<String> {
    let home = pick::first(sent, &["/project/web_url", "/repository/homepage"]);
    (kind == "build" && pick::is_url(home)).then(|| format!("{home}/-/jobs/{id}"))
}

fn push(kind: &str, sent: &Value) -> Event {
    let whole = text(sent, "/ref");
    let short =
        whole.strip_prefix("refs/heads/").or_else(|| whole.strip_prefix("refs/tags/")).unwrap_or(whole);
    let listed = sent.get("commits").and_then(Value::as_array).map_or(0, Vec::len);
    let count = sent.get("total_commits_count").and_then(Value::as_u64).unwrap_or(listed as u64);
    let gone = text(sent, "/after").chars().all(|c| c == '0') && !text(sent, "/after").is_empty();
    let title = match (kind, count) {
        (_, _) if gone => format!("{short} was deleted"),
        ("tag_push", _) => format!("tag {short}"),
        (_, 1) => format!("1 commit to {short}"),
        (_, count) => format!("{count} commits to {short}"),
    };
    let mut event = blank(kind, EventStatus::Info, &title);
    let last =
        sent.get("commits").and_then(Value::as_array).and_then(|all| all.last()).unwrap_or(&Value::Null);
    event.text = pick::first(last, &["/title", "/message"]).lines().next().unwrap_or_default().to_owned();
    event.url = pick::url(last, "/url").or_else(|| pick::url(sent, "/project/web_url"));
    event.labels.insert("ref".to_owned(), short.to_owned());
    event.fingerprint = format!("{}/{whole}/{}", project(sent), text(sent, "/after"));
    event
}

fn any(kind: &str, sent: &Value) -> Event {
    let about = sent.get("object_attributes").unwrap_or(sent);
    let action = pick::first(about, &["/action", "/state"]);
    let named = if action.is_empty() { kind.to_owned() } else { format!("{kind}.{action}") };
    let number = pick::shown(about, "/iid").or_else(|| pick::shown(about, "/id")).unwrap_or_default();
    let noun = kind.replace('_', " ");
    let verb = if action.is_empty() { String::new() } else { format!(" {action}") };
    let hash = if number.is_empty() { String::new() } else { format!(" #{number}") };
    let mut event = blank(&named, EventStatus::Info, &format!("{}: {noun}{hash}{verb}", project(sent)));
    event.text = pick::first(about, &["/title", "/note", "/name"]).to_owned();
    event.url = pick::url(about, "/url").or_else(|| pick::url(sent, "/project/web_url"));
    pick::label(&mut event.labels, "ref", pick::shown(about, "/ref"));
    event.fingerprint = format!("{}/{kind}/{}", project(sent), pick::shown(about, "/id").unwrap_or_default());
    event
}

fn lines(event: &Event) -> String {
    let sent = &event.payload;
    let mut lines: Vec<String> = Vec::new();
    let failed = |build: &&Value| {
        text(build, "/status") == "failed" && build.get("allow_failure") != Some(&Value::Bool(true))
    };
    let builds = sent.get("builds").and_then(Value::as_array).into_iter().flatten();
    let failed: Vec<String> = builds.filter(failed).map(build).collect();
    let commits: Vec<String> = match sent.get("commits").and_then(Value::as_array) {
        Some(all) => all.iter().map(commit).collect(),
        None => Vec::new(),
    };
    if commits.is_empty() && !event.text.is_empty() {
        lines.push(event.text.clone());
    }
    for list in [failed, commits] {
        lines.extend(list.iter().take(NAMED).cloned());
        let more = list.len().saturating_sub(NAMED);
        lines.extend((more > 0).then(|| format!("and {more} more")));
    }
    lines.join("\n")
}

fn build(build: &Value) -> String {
    let why = Some(text(build, "/failure_reason")).filter(|why| !why.is_empty() && *why != "unknown_failure");
    let why = why.map(|why| format!(": {}", why.replace('_', " "))).unwrap_or_default();
    format!("failed: {} / {}{why}", text(build, "/stage"), text(build, "/name"))
}

fn commit(commit: &Value) -> String {
    let sha: String = text(commit, "/id").chars().take(8).collect();
    let title = one_line(pick::first(commit, &["/title", "/message"]).lines().next().unwrap_or_default());
    format!("{sha} {title} ({})", text(commit, "/author/name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Item, Unreadable> {
        let body = Body { method: "POST", headers: &[], query: &[], bytes: body.as_bytes() };
        Gitlab {}.read(&body).map(|mut reading| reading.0.remove(0))
    }

    #[test]
    fn a_pipeline_is_one_thing_through_all_its_states() {
        for (state, status, level) in [
            ("created", EventStatus::Started, Level::Info),
            ("running", EventStatus::Started, Level::Info),
            ("success", EventStatus::Ok, Level::Ok),
            ("failed", EventStatus::Failed, Level::Error),
            ("skipped", EventStatus::Canceled, Level::Warning),
            ("manual", EventStatus::Pending, Level::Info),
        ] {
            let body = format!(
                r#"{{"object_kind": "pipeline", "object_attributes": {{"id": 3, "status": "{state}"}}}}"#
            );
            let event = read(&body).unwrap().event;
            assert_eq!(
                (event.status, event.level, event.fingerprint.as_str()),
                (status, level, "gitlab/pipeline/3")
            );
            assert_eq!(event.kind, format!("pipeline.{state}"));
        }
    }

    #[test]
    fn what_is_new_at_gitlab_is_kept_and_not_refused() {
        assert!(read(r#"{"object_kind": "moonphase"}"#).unwrap().ignored.unwrap().contains("moonphase"));
        assert!(read("{}").is_err());
    }
}
