//! What `doctor` asks: the token, the privileged intent, the sessions left, the servers, the clock. Each answer says
//! what to click.

use jiff::fmt::rfc2822;
use reqwest::Method;
use reqwest::header::{DATE, HeaderMap};
use serde_json::Value;
use serenity::model::Permissions;

use super::channels::id;
use super::{Discord, command};
use crate::adapter::{Check, Well};
use crate::net::World;
use crate::wire::discord::{Body, Failure, REVOKED, Rest};

/// What the bot may need in a channel.
const PERMISSIONS: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::SEND_MESSAGES_IN_THREADS)
    .union(Permissions::CREATE_PUBLIC_THREADS)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::ADD_REACTIONS)
    .union(Permissions::READ_MESSAGE_HISTORY);

/// Message Content is switched on, for many servers or for fewer than a hundred.
const MESSAGE_CONTENT: u64 = (1 << 18) | (1 << 19);

/// A clock that is off by more confuses the end of interactions, in seconds.
const SKEW: i64 = 30;

/// Fewer sessions than this left of a day's thousand are worth a word.
const FEW_SESSIONS: u64 = 50;

/// Asks everything; stops at a token that is refused.
pub(super) async fn run(discord: &Discord, world: &World) -> Vec<Check> {
    let rest = match discord.rest() {
        Ok(rest) => rest,
        Err(why) => return vec![bad(why, "mend CA_FILE, CLIENT_CERT or PROXY of this adapter")],
    };
    let asked = Asked { discord, world, rest: &rest };
    let mut checks = Vec::new();
    match rest.ask_whole(world, Method::GET, "users/@me", Body::None).await {
        Ok((me, head)) => {
            let name = me["username"].as_str().unwrap_or_default();
            checks.push(good(format!("the token is that of the bot `{name}`")));
            checks.extend(clock(world, &head));
        }
        Err(failure) if failure.is_revoked() => return vec![bad("the token is refused".to_owned(), REVOKED)],
        Err(failure) => return vec![asked.failed("who the bot is", &failure)],
    }
    let application = asked.application(&mut checks).await;
    checks.push(asked.sessions().await);
    checks.extend(asked.servers(application).await);
    if let Some(application) = application {
        checks.push(asked.command(application).await);
    }
    checks
}

struct Asked<'a> {
    discord: &'a Discord,
    world: &'a World,
    rest: &'a Rest,
}

impl Asked<'_> {
    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.rest.ask(self.world, Method::GET, path, Body::None).await
    }

    fn failed(&self, what: &str, failure: &Failure) -> Check {
        let help =
            format!("check that {} is reachable from here", crate::net::http::redact_url(&self.discord.api));
        bad(format!("{what} cannot be asked: {}", failure.why), &help)
    }

    async fn application(&self, checks: &mut Vec<Check>) -> Option<u64> {
        let application = match self.get("applications/@me").await {
            Ok(application) => application,
            Err(failure) => {
                checks.push(self.failed("the application", &failure));
                return None;
            }
        };
        let flags = application["flags"].as_u64().unwrap_or(0);
        checks.push(if flags & MESSAGE_CONTENT != 0 {
            good("the Message Content intent is on".to_owned())
        } else {
            bad(
                "the Message Content intent is off: the gateway refuses the bot".to_owned(),
                "Developer Portal > your application > Bot > Privileged Gateway Intents > Message Content Intent, then Save Changes",
            )
        });
        id(&application["id"])
    }

    async fn sessions(&self) -> Check {
        let gateway = match self.get("gateway/bot").await {
            Ok(gateway) => gateway,
            Err(failure) => return self.failed("the gateway", &failure),
        };
        let limit = &gateway["session_start_limit"];
        let (left, total) = (limit["remaining"].as_u64().unwrap_or(0), limit["total"].as_u64().unwrap_or(0));
        let found = format!("{left} of {total} sessions of the day are left");
        if left >= FEW_SESSIONS {
            return good(found);
        }
        let help = "something connects again and again, perhaps a second bot with this token: stop it";
        Check { well: Well::Warning, found, help: Some(help.to_owned()) }
    }

    async fn servers(&self, application: Option<u64>) -> Vec<Check> {
        let servers = match self.get("users/@me/guilds").await {
            Ok(servers) => servers,
            Err(failure) => return vec![self.failed("the servers", &failure)],
        };
        let servers = servers.as_array().map_or(&[][..], Vec::as_slice);
        let invite = application.map_or_else(String::new, invite);
        if servers.is_empty() {
            return vec![bad("the bot is on no server".to_owned(), &format!("open {invite}"))];
        }
        let mut checks = Vec::new();
        for server in servers {
            let name = server["name"].as_str().unwrap_or_default();
            checks.push(membership(name, server, &invite));
        }
        if let Some(guild) = self.discord.guild
            && !servers.iter().any(|server| id(&server["id"]) == Some(guild))
        {
            checks.push(bad(
                format!("the bot is not on the server `{guild}` of GUILD"),
                &format!("open {invite}"),
            ));
        }
        checks
    }

    async fn command(&self, application: u64) -> Check {
        match command::register(self.rest, self.world, application, self.discord.guild).await {
            Ok(()) => good("/chatops is registered".to_owned()),
            Err(failure) => bad(
                format!("/chatops cannot be registered: {}", failure.why),
                &format!("open {} and confirm the scope applications.commands", invite(application)),
            ),
        }
    }
}

/// What the bot's roles on a server lack.
fn membership(name: &str, server: &Value, invite: &str) -> Check {
    let bits = server["permissions"].as_str().and_then(|bits| bits.parse().ok()).unwrap_or(0);
    let has = Permissions::from_bits_truncate(bits);
    let lacks = PERMISSIONS.difference(has);
    if lacks.is_empty() || has.contains(Permissions::ADMINISTRATOR) {
        return good(format!("the bot is on the server `{name}`"));
    }
    let names: Vec<_> = lacks.iter_names().map(|(name, _)| name.to_lowercase().replace('_', " ")).collect();
    let found = format!("on the server `{name}` the bot's roles lack: {}", names.join(", "));
    let help = format!("open {invite} and confirm, or Server Settings > Roles");
    Check { well: Well::Warning, found, help: Some(help) }
}

/// Where an admin of a server lets the bot in, with all that it needs and no more.
fn invite(application: u64) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot%20applications.commands&permissions={}",
        PERMISSIONS.bits()
    )
}

fn clock(world: &World, head: &HeaderMap) -> Option<Check> {
    let date = rfc2822::DateTimeParser::new().parse_timestamp(head.get(DATE)?.as_bytes()).ok()?;
    let off = world.now().as_secs() - date.as_second();
    if off.abs() <= SKEW {
        return Some(good("the clock agrees with Discord's".to_owned()));
    }
    let found = format!("the clock is {off} s off Discord's");
    let help = "set the clock: `timedatectl set-ntp true`";
    Some(Check { well: Well::Warning, found, help: Some(help.to_owned()) })
}

fn good(found: String) -> Check {
    Check { well: Well::Good, found, help: None }
}

fn bad(found: String, help: &str) -> Check {
    Check { well: Well::Bad, found, help: Some(help.to_owned()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_invitation_asks_for_what_is_needed_and_no_more() {
        assert!(
            invite(5).ends_with("client_id=5&scope=bot%20applications.commands&permissions=309237763136")
        );
    }

    #[test]
    fn what_the_roles_lack_is_named() {
        let all = json!({"permissions": PERMISSIONS.bits().to_string()});
        assert_eq!(membership("home", &all, "").well, Well::Good);
        let few = json!({"permissions": (PERMISSIONS - Permissions::ATTACH_FILES).bits().to_string()});
        let check = membership("home", &few, "https://example.org");
        assert_eq!(check.well, Well::Warning);
        assert!(check.found.ends_with("lack: attach files"), "{}", check.found);
    }
}
