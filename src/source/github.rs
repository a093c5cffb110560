//! GitHub webhooks: docs.github.com/webhooks/webhook-events-and-payloads.

use serde::Deserialize;
use serde_json::Value;

use super::pick::{self, text};
use super::proof::Scheme;
use super::reading::blank;
use super::{Body, Item, Reading, Source, Unreadable};
use crate::config::nearest::hint;
use crate::model::{Event, EventStatus, Level};
use crate::text::clean::one_line;

/// GitHub.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Github {}

/// Commits that a message names; the others are counted.
const NAMED: usize = 5;

/// The events that GitHub documents.
const EVENTS: &str = "branch_protection_configuration branch_protection_rule check_run check_suite \
    code_scanning_alert commit_comment create custom_property custom_property_values delete dependabot_alert \
    deploy_key deployment deployment_protection_rule deployment_review deployment_status discussion \
    discussion_comment fork github_app_authorization gollum installation installation_repositories \
    installation_target issue_comment issue_dependencies issues label marketplace_purchase member membership \
    merge_group meta milestone org_block organization package page_build personal_access_token_request ping \
    project project_card project_column projects_v2 projects_v2_item projects_v2_status_update public pull_request \
    pull_request_review pull_request_review_comment pull_request_review_thread push registry_package release \
    repository repository_advisory repository_dispatch repository_import repository_ruleset \
    repository_vulnerability_alert secret_scanning_alert secret_scanning_alert_location secret_scanning_scan \
    security_advisory security_and_analysis sponsorship star status sub_issues team team_add watch \
    workflow_dispatch workflow_job workflow_run";

impl Source for Github {
    const SUMMARY: &'static str =
        "GitHub webhooks: workflow runs, pushes, and everything else as information";
    const PAGE: &'static str = include_str!("../../docs/sources/github.md");
    const SCHEME: Scheme = Scheme::Github;
    /// What GitHub sends at most.
    const LARGEST: usize = 25 << 20;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = match body.form() {
            Some(form) => {
                let payload = form.get("payload").and_then(Value::as_str);
                let payload = payload.ok_or_else(|| Unreadable::new("the form has no field `payload`"))?;
                Body { headers: &[], bytes: payload.as_bytes(), ..*body }.object()?
            }
            None => body.object()?,
        };
        let name = body.header("x-github-event").filter(|name| !name.is_empty()).or_else(|| guessed(&sent));
        let name = name.ok_or_else(|| Unreadable::new("the header `X-GitHub-Event` is missing"))?;
        if !EVENTS.split_whitespace().any(|known| known == name) {
            let shown: String = name.chars().take(100).collect();
            let near = hint(name, EVENTS.split_whitespace()).unwrap_or_default();
            let near = if near.starts_with("did") { near } else { String::new() };
            let why = format!(
                "the GitHub event `{shown}` is not supported{}{near}",
                if near.is_empty() { "" } else { ": " }
            );
            return Ok(Item::ignored(&shown, &format!("GitHub event `{shown}`"), why, sent).into());
        }
        let mut event = match name {
            "workflow_run" if sent.get("workflow_run").is_some_and(Value::is_object) => workflow_run(&sent),
            "push" => push(&sent),
            other => any(other, &sent),
        };
        event.dedup_key = body.header("x-github-delivery").filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(Event { payload: sent, ..event }.into())
    }

    fn tell(event: &Event) -> String {
        let commits = commits(&event.payload);
        if commits.is_empty() { event.text.clone() } else { commits }
    }
}

/// The event of a body that came without its header, as from a file.
fn guessed(sent: &Value) -> Option<&'static str> {
    let has = |key: &str| sent.get(key).is_some();
    match () {
        () if has("workflow_run") => Some("workflow_run"),
        () if has("commits") && has("ref") => Some("push"),
        () if has("zen") => Some("ping"),
        () => None,
    }
}

fn repository(sent: &Value) -> &str {
    let known = pick::first(sent, &["/repository/full_name", "/repository/name", "/organization/login"]);
    if known.is_empty() { "github" } else { known }
}

fn begun(kind: &str, status: EventStatus, title: &str, sent: &Value) -> Event {
    let mut event = blank(kind, status, title);
    pick::label(&mut event.labels, "repo", pick::shown(sent, "/repository/full_name"));
    event.actor = pick::shown(sent, "/sender/login");
    pick::label(&mut event.labels, "actor", event.actor.clone());
    event
}

fn conclusion(word: &str) -> (EventStatus, Level) {
    match word {
        "success" => (EventStatus::Ok, Level::Ok),
        "failure" | "timed_out" | "startup_failure" => (EventStatus::Failed, Level::Error),
        "cancelled" | "skipped" | "stale" => (EventStatus::Canceled, Level::Warning),
        "action_required" => (EventStatus::Pending, Level::Warning),
        _ => (EventStatus::Info, Level::Info),
    }
}

fn workflow_run(sent: &Value) -> Event {
    let run = &sent["workflow_run"];
    let action = text(sent, "/action");
    let (status, level) = match action {
        "requested" | "in_progress" => (EventStatus::Started, Level::Info),
        _ => conclusion(text(run, "/conclusion")),
    };
    let (repo, number) = (repository(sent), pick::shown(run, "/run_number").unwrap_or_default());
    let name = pick::first(run, &["/name", "/path"]);
    let name = if name.is_empty() { text(sent, "/workflow/name") } else { name };
    let kind = if action.is_empty() { "workflow_run".to_owned() } else { format!("workflow_run.{action}") };
    let mut event = begun(&kind, status, &format!("{repo}: {name} #{number}"), sent);
    event.level = level;
    event.text = text(run, "/display_title").to_owned();
    event.url = pick::url(run, "/html_url");
    let actor = pick::shown(run, "/triggering_actor/login").or_else(|| pick::shown(run, "/actor/login"));
    event.actor = actor.or(event.actor);
    pick::label(&mut event.labels, "actor", event.actor.clone());
    pick::label(&mut event.labels, "branch", pick::shown(run, "/head_branch"));
    pick::label(&mut event.labels, "sha", pick::shown(run, "/head_sha"));
    event.fingerprint = format!("{repo}/workflow_run/{}", pick::shown(run, "/id").unwrap_or_default());
    event.started = pick::time_at(run, "/run_started_at").or_else(|| pick::time_at(run, "/created_at"));
    event.at = pick::time_at(run, "/updated_at").filter(|_| status != EventStatus::Started);
    event.duration = pick::between(event.started, event.at).filter(|_| status.is_outcome());
    event
}

fn push(sent: &Value) -> Event {
    let whole = text(sent, "/ref");
    let branch = whole.strip_prefix("refs/heads/").unwrap_or(whole);
    let branch = branch.strip_prefix("refs/").unwrap_or(branch);
    let count = sent.get("commits").and_then(Value::as_array).map_or(0, Vec::len);
    let is = |key: &str| sent.get(key) == Some(&Value::Bool(true));
    let title = match count {
        0 if is("deleted") => format!("{branch} was deleted"),
        0 if is("created") => format!("{branch} was created"),
        1 => format!("1 commit to {branch}"),
        count => format!("{count} commits to {branch}"),
    };
    let mut event = begun("push", EventStatus::Info, &title, sent);
    event.text = one_line(text(sent, "/head_commit/message").lines().next().unwrap_or_default());
    event.url = pick::url(sent, "/compare");
    event.actor = pick::shown(sent, "/pusher/name").or(event.actor);
    pick::label(&mut event.labels, "actor", event.actor.clone());
    event.labels.insert("branch".to_owned(), branch.to_owned());
    pick::label(&mut event.labels, "sha", pick::shown(sent, "/after"));
    event.fingerprint = format!("{}/{whole}/{}", repository(sent), text(sent, "/after"));
    event
}

/// The first lines of the commits of a push.
fn commits(sent: &Value) -> String {
    let all: Vec<&Value> = sent.get("commits").and_then(Value::as_array).into_iter().flatten().collect();
    let one = |commit: &&Value| {
        let first = one_line(text(commit, "/message").lines().next().unwrap_or_default());
        let sha: String = text(commit, "/id").chars().take(7).collect();
        let who = pick::first(commit, &["/author/username", "/author/name"]);
        format!("{sha} {first} ({who})")
    };
    let mut lines: Vec<String> = all.iter().take(NAMED).map(one).collect();
    let more = all.len().saturating_sub(NAMED);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines.join("\n")
}

/// Everything else is worth knowing, no more.
fn any(name: &str, sent: &Value) -> Event {
    let (repo, action) = (repository(sent), text(sent, "/action"));
    let kind = if action.is_empty() { name.to_owned() } else { format!("{name}.{action}") };
    // Most bodies hold what they are about under the event's own name.
    let about = [name, "issue", "pull_request", "check_run", "deployment", "alert"]
        .into_iter()
        .filter_map(|key| sent.get(key))
        .find(|value| value.is_object())
        .unwrap_or(&Value::Null);
    let noun = name.replace('_', " ");
    let number = pick::shown(about, "/number").map(|number| format!(" #{number}")).unwrap_or_default();
    let verb = if action.is_empty() { String::new() } else { format!(" {}", action.replace('_', " ")) };
    let mut event = begun(&kind, EventStatus::Info, &format!("{repo}: {noun}{number}{verb}"), sent);
    event.text = pick::first(about, &["/title", "/name", "/description"]).to_owned();
    if event.text.is_empty() {
        event.text = text(sent, "/zen").to_owned();
    }
    event.url = pick::url(about, "/html_url").or_else(|| pick::url(sent, "/repository/html_url"));
    let id = pick::shown(about, "/id").or_else(|| pick::shown(sent, "/hook_id")).unwrap_or_default();
    event.fingerprint = format!("{repo}/{name}/{id}");
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conclusion_has_its_status() {
        for (word, expected) in [
            ("success", (EventStatus::Ok, Level::Ok)),
            ("startup_failure", (EventStatus::Failed, Level::Error)),
            ("stale", (EventStatus::Canceled, Level::Warning)),
            ("action_required", (EventStatus::Pending, Level::Warning)),
            ("neutral", (EventStatus::Info, Level::Info)),
        ] {
            assert_eq!(conclusion(word), expected, "{word}");
        }
    }

    #[test]
    fn a_form_holds_the_payload_and_strange_events_are_kept() {
        let read = |name: &str, kind: &str, bytes: &[u8]| {
            let headers = [
                ("x-github-event".to_owned(), name.to_owned()),
                ("content-type".to_owned(), kind.to_owned()),
            ];
            Github {}.read(&Body { method: "POST", headers: &headers, query: &[], bytes })
        };
        let form = "application/x-www-form-urlencoded";
        let item = read("ping", form, b"payload=%7B%22zen%22%3A%22Keep+it%22%7D").unwrap().0.remove(0);
        assert_eq!((item.event.kind.as_str(), item.event.text.as_str()), ("ping", "Keep it"));
        assert!(read("ping", form, b"body=x").is_err());
        let item = read("workflow_runs", "application/json", b"{}").unwrap().0.remove(0);
        assert!(item.ignored.unwrap().contains("did you mean `workflow_run`?"));
        assert!(read("", "application/json", b"{}").unwrap_err().0.contains("X-GitHub-Event"));
    }
}
