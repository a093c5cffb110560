//! What `doctor` asks of a server: token, version, clock, team, channels, callbacks; and what to click where it is not well.

use std::time::Duration;

use serde_json::Value;

use super::Mattermost;
use super::opening;
use super::rooms::text;
use crate::adapter::{Check, Well};
use crate::model::Timestamp;
use crate::net::World;
use crate::wire::mattermost::{Api, ApiError, Channel, Kind, Reply};

/// All questions together take no longer.
const LIMIT: Duration = Duration::from_secs(18);
/// Clocks that differ more make times in answers misleading.
const SKEW: u64 = 30;

fn check(well: Well, found: impl Into<String>) -> Check {
    Check { well, found: found.into(), help: None }
}

fn bad(well: Well, found: impl Into<String>, help: impl Into<String>) -> Check {
    Check { help: Some(help.into()), ..check(well, found) }
}

/// Everything that can be asked.
pub(super) async fn all(mattermost: &Mattermost, world: &World) -> Vec<Check> {
    let late =
        || vec![bad(Well::Bad, "the server does not answer in time", "look at `URL`, proxy and firewall")];
    world.timeout(LIMIT, ask(mattermost, world)).await.unwrap_or_else(|_| late())
}

async fn ask(mattermost: &Mattermost, world: &World) -> Vec<Check> {
    let api = match opening::api(mattermost) {
        Ok(api) => api,
        Err(why) => return vec![bad(Well::Bad, why, "mend the file or the proxy that it names")],
    };
    let myself = match api.get("users/me").await {
        Ok(myself) => myself,
        Err(error) => return vec![stranger(&error)],
    };
    let mut checks = vec![account(&myself.body), clock(&myself, world.now())];
    checks.push(version(&api).await);
    checks.extend(team(mattermost, &api).await);
    checks.push(channels(mattermost, &api).await);
    checks.extend(callbacks(mattermost));
    checks
}

fn stranger(error: &ApiError) -> Check {
    match error {
        ApiError::Unauthorized(why) => bad(
            Well::Bad,
            format!("the token is refused: {why}"),
            "in Mattermost open Integrations, Bot Accounts, make a token for the bot and set `TOKEN` to it; \
             without that entry an administrator enables Bot Account Creation in the System Console",
        ),
        ApiError::Later { why, .. } => {
            bad(Well::Bad, format!("the server does not answer: {why}"), "look at `URL`, proxy and firewall")
        }
        ApiError::Refused { why, .. } => bad(
            Well::Bad,
            format!("`URL` does not lead to a Mattermost: {why}"),
            "set `URL` to the address that people open, with its path where it has one",
        ),
    }
}

fn account(me: &Value) -> Check {
    let name = text(me, "username");
    if name.is_empty() {
        return bad(
            Well::Bad,
            "what answers at `URL` is no Mattermost",
            "set `URL` to the address that people open, with its path where it has one",
        );
    }
    let kind = if me["is_bot"] == true { "a bot account" } else { "a person's account" };
    check(Well::Good, format!("logged in as `@{name}`, {kind}"))
}

fn clock(reply: &Reply, now: Timestamp) -> Check {
    let skew = now.since(reply.date).max(reply.date.since(now)).as_secs();
    if reply.date == Timestamp::default() {
        return check(Well::Good, "the server does not tell its time");
    }
    if skew > SKEW {
        let found = format!("the clocks of the server and of this machine differ by {skew} s");
        return bad(Well::Warning, found, "let both be set by NTP: `timedatectl set-ntp true`");
    }
    check(Well::Good, format!("the clocks differ by {skew} s"))
}

async fn version(api: &Api) -> Check {
    match api.get("config/client?format=old").await {
        Ok(reply) => {
            let (version, most) = (text(&reply.body, "Version"), text(&reply.body, "MaxPostSize"));
            let most = if most.is_empty() { "16383".to_owned() } else { most };
            check(Well::Good, format!("version {version}, posts of up to {most} characters"))
        }
        Err(error) => bad(
            Well::Warning,
            format!("the server does not tell its version: {error}"),
            "nothing, if messages arrive: posts are then cut at 16383 characters",
        ),
    }
}

async fn team(mattermost: &Mattermost, api: &Api) -> Option<Check> {
    let team = mattermost.team.as_ref()?;
    let found = api.get("users/me/teams").await;
    let is_member = found.as_ref().is_ok_and(|reply| {
        reply.body.as_array().is_some_and(|teams| teams.iter().any(|one| one["name"] == **team))
    });
    Some(match is_member {
        true => check(Well::Good, format!("a member of the team `{team}`")),
        false => bad(
            Well::Bad,
            format!("not a member of the team `{team}`"),
            format!(
                "in the team's menu choose Invite People and add the bot, or `mmctl team users add {team} BOT`"
            ),
        ),
    })
}

async fn channels(mattermost: &Mattermost, api: &Api) -> Check {
    let invite = "in each channel where it is to listen say `/invite @BOT`, with the bot's name";
    let channels: Vec<Channel> = match api.get("users/me/channels").await {
        Ok(reply) => serde_json::from_value(reply.body).unwrap_or_default(),
        Err(error) => {
            return bad(Well::Warning, format!("the channels cannot be listed: {error}"), invite);
        }
    };
    let rooms =
        channels.iter().filter(|it| matches!(it.kind, Kind::Open | Kind::Private) && it.delete_at == 0);
    let names: Vec<_> = rooms.map(|channel| format!("#{}", channel.name)).collect();
    if names.is_empty() {
        return bad(Well::Warning, "in no channel: the bot hears direct messages only", invite);
    }
    let shown = names.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 10 { format!(" and {} more", names.len() - 10) } else { String::new() };
    let team = if mattermost.team.is_none() { "; `#name` needs `TEAM`" } else { "" };
    check(Well::Good, format!("in {} channels: {shown}{more}{team}", names.len()))
}

fn callbacks(mattermost: &Mattermost) -> Vec<Check> {
    let mut checks = Vec::new();
    match &mattermost.callback {
        None => checks.push(Check {
            help: Some("for buttons set `CALLBACK_URL` to an address at which the server reaches the bot".to_owned()),
            ..check(Well::Good, "no buttons: choices are typed, since `CALLBACK_URL` is not set")
        }),
        Some(url) if is_inside(url) => checks.push(bad(
            Well::Warning,
            format!("the server is to call `{url}`, an address of an inner network"),
            "in the System Console, Environment, Developer, add its host to Allow untrusted internal connections \
             (`ServiceSettings.AllowedUntrustedInternalConnections`), or presses do nothing",
        )),
        Some(url) => checks.push(check(Well::Good, format!("buttons call `{url}`"))),
    }
    if !mattermost.slash.is_empty() && mattermost.callback.is_none() {
        let found = "slash commands are taken under `/chat/NAME/slash` of the bot's listener";
        checks.push(check(Well::Good, found));
    }
    checks
}

/// Whether an address is one that Mattermost does not call unless told to.
fn is_inside(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(it)) => it.is_private() || it.is_loopback() || it.is_link_local(),
        Ok(std::net::IpAddr::V6(it)) => it.is_loopback() || it.is_unique_local(),
        Err(_) => host == "localhost" || !host.contains('.') || host.ends_with(".local"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_addresses_are_told() {
        for url in
            ["http://localhost:8080", "http://10.0.0.1", "http://[::1]:1", "http://bot:80", "http://x.local"]
        {
            assert!(is_inside(url), "{url}");
        }
        for url in ["https://bot.example.org", "https://8.8.8.8"] {
            assert!(!is_inside(url), "{url}");
        }
    }

    #[test]
    fn clocks_that_differ_are_a_warning() {
        let at = |micros| Timestamp::from_micros(micros);
        let reply = Reply { body: Value::Null, date: at(100_000_000) };
        assert_eq!(clock(&reply, at(110_000_000)).well, Well::Good);
        assert_eq!(clock(&reply, at(200_000_000)).well, Well::Warning);
        assert_eq!(clock(&reply, at(10_000_000)).well, Well::Warning);
    }
}
