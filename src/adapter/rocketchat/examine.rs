//! What `doctor` asks: the login, the bot's role, the version, the rooms, the clock.

use std::time::Duration;

use super::login::{self, Open};
use super::{Credentials, Rocketchat};
use crate::adapter::{Check, Ended, Well};
use crate::net::World;
use crate::wire::rocketchat::Rest;

/// The oldest version with everything that the adapter calls.
const OLDEST: (u32, u32) = (3, 0);
/// Clocks further apart than this confuse people who read both.
const APART: Duration = Duration::from_secs(30);

/// Looks at everything, with a login of its own.
pub(super) async fn run(rocketchat: &Rocketchat, world: &World) -> Vec<Check> {
    let Open { rest, me, .. } = match login::open(rocketchat, world).await {
        Ok(open) => open,
        Err(ended) => return vec![no_login(rocketchat, ended)],
    };
    let role = match me.roles.iter().any(|role| role == "bot") {
        true => good(format!("logs in as `@{}`, which has the role `bot`", me.username)),
        false => warning(
            format!(
                "logs in as `@{}` without the role `bot`: 10 calls a minute is all the server allows",
                me.username
            ),
            "Administration > Workspace > Users > the bot's user > Edit > Roles: add `bot`".to_owned(),
        ),
    };
    let mut checks = vec![role, version(&rest).await, rooms(&rest, &me.username).await];
    checks.extend(clock(&rest));
    checks
}

fn good(found: String) -> Check {
    Check { well: Well::Good, found, help: None }
}

fn warning(found: String, help: String) -> Check {
    Check { well: Well::Warning, found, help: Some(help) }
}

fn no_login(rocketchat: &Rocketchat, ended: Ended) -> Check {
    let (found, help) = match ended {
        Ended::Stopped => ("the session ended by itself".to_owned(), None),
        Ended::Lost(why) => {
            let help = "open `URL` in a browser on this machine; behind a proxy in front of Rocket.Chat, let it pass WebSockets at `/websocket`";
            (why, Some(help.to_owned()))
        }
        Ended::Refused(why) => (why, Some(advice(&rocketchat.credentials))),
    };
    Check { well: Well::Bad, found, help }
}

fn advice(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Token { .. } => {
            "log in to Rocket.Chat as the bot, then Profile > Personal Access Tokens: tick `Ignore Two Factor Authentication`, Add, and set `USER_ID` and `TOKEN`".to_owned()
        }
        Credentials::Password { .. } => {
            "Administration > Workspace > Users > the bot's user: it must be active, and its password the one in `PASSWORD`".to_owned()
        }
    }
}

async fn version(rest: &Rest) -> Check {
    match rest.version().await {
        Ok((0, 0)) => {
            warning("the server does not tell its version".to_owned(), "files may not be sent".to_owned())
        }
        Ok((major, minor)) if (major, minor) < OLDEST => warning(
            format!("the server is Rocket.Chat {major}.{minor}: edits and files may not work"),
            format!("Rocket.Chat {}.{} or later is supported", OLDEST.0, OLDEST.1),
        ),
        Ok((major, minor)) => good(format!("the server is Rocket.Chat {major}.{minor}")),
        Err(failure) => warning(
            format!("the server's version is not known: {failure}"),
            "`/api/info` below `URL` must be reachable".to_owned(),
        ),
    }
}

async fn rooms(rest: &Rest, username: &str) -> Check {
    let found = match rest.get("subscriptions.get", &[]).await {
        Ok(found) => found,
        Err(failure) => {
            return warning(
                format!("the rooms of the bot are not known: {failure}"),
                "the bot's user needs the role `bot` or `user`".to_owned(),
            );
        }
    };
    let all = found["update"].as_array().map_or(&[][..], Vec::as_slice);
    let shared = all.iter().filter(|room| matches!(room["t"].as_str(), Some("c" | "p")));
    let names: Vec<_> =
        shared.filter_map(|room| room["name"].as_str()).map(|name| format!("#{name}")).collect();
    match names.len() {
        0 => warning(
            "the bot is in no channel: it hears direct messages only".to_owned(),
            format!("say `/invite @{username}` in each channel where it is to listen"),
        ),
        1..=10 => good(format!("the bot is in {}", names.join(", "))),
        more => good(format!("the bot is in {more} channels")),
    }
}

fn clock(rest: &Rest) -> Option<Check> {
    let ahead = rest.waits().ahead()?;
    let apart = Duration::from_micros(ahead.unsigned_abs());
    Some(match apart > APART {
        true => warning(
            format!("the server's clock and this machine's differ by {} s", apart.as_secs()),
            "let both keep time by NTP".to_owned(),
        ),
        false => good("the clocks agree".to_owned()),
    })
}
