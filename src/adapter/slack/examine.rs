//! What `doctor` asks of Slack: both tokens, the rights, the clock, the rooms; and what to click where one is wrong.

use std::time::Duration;

use serde_json::Value;

use super::Inner;
use super::context::refusal;
use crate::adapter::{Check, Well};
use crate::model::Timestamp;
use crate::net::World;
use crate::wire::slack::{Answer, Api, ApiError, Body, SCOPES, Scope};

/// All of it, within the time that `doctor` gives.
const LIMIT: Duration = Duration::from_secs(18);
/// A clock further off than this makes Slack's times and ours tell different stories.
const SKEW: Duration = Duration::from_secs(60);

/// All that can be known from outside a session.
pub(super) async fn examine(inner: &Inner, world: &World) -> Vec<Check> {
    let (api, app) = match inner.apis() {
        Ok(apis) => apis,
        Err(why) => return vec![check(Well::Bad, why, None)],
    };
    let mut checks = Vec::new();
    let work = async {
        let me = bot_token(&api, world, &mut checks).await;
        checks.push(app_token(&app).await);
        if let Some(me) = me {
            checks.push(rooms(&api, &me).await);
        }
    };
    if world.timeout(LIMIT, work).await.is_err() {
        let found = format!("slack did not answer all of it within {} s", LIMIT.as_secs());
        checks.push(check(Well::Warning, found, None));
    }
    checks
}

fn check(well: Well, found: impl Into<String>, help: Option<String>) -> Check {
    Check { well, found: found.into(), help }
}

fn failed(what: &str, error: &ApiError, token: &str) -> Check {
    let help = refusal(error, token).and_then(|why| why.split_once(": ").map(|(_, help)| help.to_owned()));
    check(Well::Bad, format!("{what}: {error}"), help)
}

/// The bot's name, where its token works.
async fn bot_token(api: &Api, world: &World, checks: &mut Vec<Check>) -> Option<String> {
    let answer = match api.call("auth.test", Body::Form(&[])).await {
        Ok(answer) => answer,
        Err(error) => {
            checks.push(failed("the bot token does not work", &error, "BOT_TOKEN"));
            return None;
        }
    };
    let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
    let (user, team) = (text("user"), text("team"));
    checks.push(check(Well::Good, format!("the bot token works: `{user}` in `{team}`"), None));
    checks.extend(scopes(answer.scopes.as_deref()));
    checks.extend(clock(&answer, world.now()));
    Some(user)
}

/// One check a right that is missing, or one for all.
fn scopes(granted: Option<&[String]>) -> Vec<Check> {
    let Some(granted) = granted else {
        return vec![check(Well::Warning, "slack does not tell which scopes the bot token has", None)];
    };
    let missing: Vec<&Scope> =
        SCOPES.iter().filter(|scope| !granted.iter().any(|one| one == scope.name)).collect();
    if missing.is_empty() {
        return vec![check(Well::Good, format!("all {} scopes are granted", SCOPES.len()), None)];
    }
    let one = |scope: &Scope| {
        let well = if scope.vital { Well::Bad } else { Well::Warning };
        let found = format!("the scope `{}` is missing: {}", scope.name, scope.without);
        let help = format!(
            "https://api.slack.com/apps, the app, OAuth & Permissions, Bot Token Scopes: add `{}`, then Reinstall to Workspace",
            scope.name
        );
        check(well, found, Some(help))
    };
    missing.into_iter().map(one).collect()
}

/// How far the clock of this machine is from Slack's.
fn clock(answer: &Answer, now: Timestamp) -> Option<Check> {
    let there = jiff::fmt::rfc2822::parse(answer.date.as_deref()?).ok()?.timestamp().as_microsecond();
    let off = Duration::from_micros(now.as_micros().abs_diff(there));
    Some(if off > SKEW {
        let help = "set the clock, such as by `timedatectl set-ntp true`".to_owned();
        check(Well::Warning, format!("this machine's clock is {} s off", off.as_secs()), Some(help))
    } else {
        check(Well::Good, "the clocks agree", None)
    })
}

async fn app_token(app: &Api) -> Check {
    match app.call("apps.connections.open", Body::Form(&[])).await {
        Ok(_) => check(Well::Good, "the app token works: Socket Mode is on", None),
        Err(error) => failed("the app token opens no socket", &error, "APP_TOKEN"),
    }
}

/// Which rooms the bot is in: it hears nothing of others.
async fn rooms(api: &Api, me: &str) -> Check {
    let fields =
        [("types", "public_channel,private_channel"), ("exclude_archived", "true"), ("limit", "200")];
    let body = match api.call("users.conversations", Body::Form(&fields)).await {
        Ok(answer) => answer.body,
        Err(error) => {
            return check(Well::Warning, format!("the bot's channels cannot be listed: {error}"), None);
        }
    };
    let channels = body["channels"].as_array().map_or(&[][..], Vec::as_slice);
    let names: Vec<_> =
        channels.iter().filter_map(|channel| Some(format!("#{}", channel["name"].as_str()?))).collect();
    let more = body
        .pointer("/response_metadata/next_cursor")
        .and_then(Value::as_str)
        .is_some_and(|next| !next.is_empty());
    match names.len() {
        0 => {
            let help = format!("type `/invite @{me}` in each channel where it is to work");
            check(Well::Warning, "the bot is in no channel: only direct messages reach it", Some(help))
        }
        count => {
            let shown = names.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
            let dots = if more || count > 10 { ", …" } else { "" };
            check(
                Well::Good,
                format!(
                    "the bot is in {count}{} channels: {shown}{dots}",
                    if more { " or more" } else { "" }
                ),
                None,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scope_is_named_with_where_to_click() {
        let granted: Vec<_> = SCOPES
            .iter()
            .map(|scope| scope.name.to_owned())
            .filter(|name| name != "files:write" && name != "chat:write")
            .collect();
        let checks = scopes(Some(&granted));
        assert_eq!(checks.iter().map(|check| check.well).collect::<Vec<_>>(), [Well::Bad, Well::Warning]);
        assert!(checks[1].found.contains("`files:write`"));
        assert!(checks[1].help.as_ref().unwrap().contains("Bot Token Scopes"));
    }

    #[test]
    fn a_clock_that_is_off_is_told() {
        let date = Some("Tue, 14 Nov 2023 22:13:20 GMT".to_owned());
        let answer = Answer { body: Value::Null, scopes: None, date };
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        assert_eq!(clock(&answer, now).unwrap().well, Well::Good);
        let late = clock(&answer, now.plus(Duration::from_secs(90))).unwrap();
        assert_eq!((late.well, late.found.as_str()), (Well::Warning, "this machine's clock is 90 s off"));
    }
}
