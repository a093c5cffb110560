//! Notifiers attached to a scope at a trigger, as clients of Tower attach them to job templates, projects and
//! organizations: routes that no file has.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Site;
use super::caller::Caller;
use super::paging::{Listed, Nothing, Page};
use super::problem::{Body, Path, Problem};
use crate::model::{Attached, Trigger};

/// The longest scope, in characters; that of events.
const LONGEST: usize = 500;

/// A notifier that hears of a scope.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Attachment {
    /// The number of the notifier.
    id: i64,
    /// Its name.
    name: Option<String>,
    /// Where it is.
    url: String,
    /// The path that it, and everything below, is about.
    scope: String,
    /// When it hears: any, started, success, error, approvals.
    trigger: &'static str,
    /// Who attached it.
    by: String,
    /// When.
    at: String,
}

async fn all(site: &Site) -> Vec<Attachment> {
    let turn = site.bot.homes().turn().await;
    let live = turn.live().clone();
    drop(turn);
    let home = site.bot.homes().current();
    let one = |it: &Attached| Attachment {
        id: it.notifier,
        name: home.notifying.numbered(it.notifier).map(str::to_owned),
        url: format!("{}/notifiers/{}", super::catalogue::ROOT, it.notifier),
        scope: it.scope.clone(),
        trigger: it.trigger.word(),
        by: it.who.clone(),
        at: it.at.to_string(),
    };
    live.attached.iter().map(one).collect()
}

/// Everything that was attached.
pub(super) async fn list_all(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    paging.cut(all(&site).await).map(Json)
}

/// The trigger out of `notifiers_success`.
fn trigger(list: &str) -> Result<Trigger, Problem> {
    let word = list.strip_prefix("notifiers_").or_else(|| list.strip_prefix("notification_templates_"));
    let word =
        word.ok_or_else(|| Problem::missing(format!("a scope has no `{list}`: `notifiers_any` and so on")))?;
    word.parse().map_err(Problem::missing)
}

/// A scope as events have it.
fn scope(path: &str) -> Result<String, Problem> {
    let scope = path.trim_matches('/');
    let is_good =
        !scope.is_empty() && scope.chars().count() <= LONGEST && !scope.chars().any(char::is_control);
    if !is_good {
        let why = format!("path: a scope is a path such as `acme/web/deploy`, at most {LONGEST} characters");
        return Err(Problem::wrong(why).field("path"));
    }
    Ok(scope.to_owned())
}

/// What is attached to a scope at a trigger.
pub(super) async fn list(
    State(site): State<Site>,
    Path((path, list)): Path<(String, String)>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Value>>, Problem> {
    let (scope, trigger) = (scope(&path)?, trigger(&list)?);
    let mut found = all(&site).await;
    found.retain(|one| one.scope == scope && one.trigger == trigger.word());
    paging.cut(found).map(Json)
}

/// Which notifier.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Its number.
    id: i64,
    /// Whether it is to hear no longer.
    #[serde(default)]
    disassociate: bool,
}

/// Attaches a notifier to a scope, or detaches it: 204, also where it was so already.
pub(super) async fn change(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path((path, list)): Path<(String, String)>,
    Body(wanted): Body<Wanted>,
) -> Result<StatusCode, Problem> {
    let (scope, trigger) = (scope(&path)?, trigger(&list)?);
    let home = site.bot.homes().current();
    let name = home.notifying.numbered(wanted.id).map(str::to_owned);
    let is_there = name.as_ref().is_some_and(|name| home.notifying.notifiers().contains_key(name));
    if !is_there && !wanted.disassociate {
        return Err(Problem::wrong(format!("id: there is no notifier {}", wanted.id)).field("id"));
    }
    let said = if wanted.disassociate { "detached" } else { "attached" };
    let body = Map::from_iter([
        ("change".to_owned(), json!(format!("notifier {said}"))),
        ("trigger".to_owned(), json!(trigger)),
        ("notifier".to_owned(), json!(name)),
        ("id".to_owned(), json!(wanted.id)),
    ]);
    let now = site.world.now();
    let audit = caller.changed(now, format!("scope/{scope}"), body);
    let who = caller.person().to_string();
    let attached = Attached { scope, trigger, notifier: wanted.id, who, at: now };
    site.bot.notify().attach(attached, wanted.disassociate, audit).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_triggers_are_read_as_tower_writes_them() {
        assert_eq!(trigger("notifiers_error").unwrap(), Trigger::Error);
        assert_eq!(trigger("notification_templates_started").unwrap(), Trigger::Started);
        assert!(trigger("notifiers_canceled").is_err() && trigger("labels").is_err());
        assert_eq!(scope("/acme/web/").unwrap(), "acme/web");
        assert!(scope("//").is_err() && scope("a\nb").is_err());
    }
}
