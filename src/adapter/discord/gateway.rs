//! One connection to the gateway, up to its hello and our answer: a new session, or an earlier one gone on with.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::Value;
use tracing::warn;

use super::Discord;
use super::channels::id;
use super::memory::{Me, Resume};
use crate::adapter::{Ended, Link};
use crate::net::dial::DialError;
use crate::net::ws::{self, Frame, Socket, WsError};
use crate::wire::discord::{self, Body, Failure, Heart, REVOKED, Received, Rest};

/// Connecting, and the hello after it, may take this long each.
const LIMIT: Duration = Duration::from_secs(10);
/// Discord takes one identify in five seconds.
const IDENTIFY_PAUSE: Duration = Duration::from_millis(5100);
/// With fewer sessions than this left of the day's thousand, one a minute is enough: past the thousand Discord takes
/// the token back.
const FEW_SESSIONS: u64 = 100;
const FEW_PAUSE: Duration = Duration::from_secs(60);
/// Every so many failures the gateway that knows our session is passed over for the one that everybody gets.
const DETOUR: u32 = 4;

/// An open connection.
pub(super) struct Opened {
    /// The socket.
    pub(super) socket: Socket,
    /// When to send heartbeats.
    pub(super) heart: Heart,
}

/// Connects and introduces us. Waits as long as Discord asked for before.
pub(super) async fn open(discord: &Discord, link: &Link, rest: &Rest) -> Result<Opened, Ended> {
    let (resume, not_before) = {
        let memory = discord.memory();
        let not_before = match memory.resume {
            Some(_) => memory.not_before,
            None => memory.not_before.max(memory.identify_after),
        };
        (memory.resume.clone(), not_before)
    };
    link.world.sleep(not_before.since(link.world.now())).await;
    let url = match &resume {
        Some(resume) if resume.failures % DETOUR != DETOUR - 1 => resume.url.clone(),
        _ => address(discord, link, rest, resume.is_some()).await?,
    };
    let url = format!("{}/?v=10&encoding=json", url.trim_end_matches('/'));
    let connected = ws::connect(&url, &[], &discord.reach.via, &link.world, LIMIT).await;
    let mut socket = connected.map_err(|error| unconnected(discord, link, error))?;
    let heart = hello(link, &mut socket).await?;
    introduce(discord, link, rest, resume.as_ref(), &mut socket).await?;
    Ok(Opened { socket, heart })
}

/// Asks where the gateway is, and whether a session may begin.
async fn address(discord: &Discord, link: &Link, rest: &Rest, resumes: bool) -> Result<String, Ended> {
    let asked = rest.ask(&link.world, Method::GET, "gateway/bot", Body::None).await;
    let answer = asked.map_err(|failure| refused(discord, link, failure))?;
    let start = &answer["session_start_limit"];
    let left = start["remaining"].as_u64().unwrap_or(FEW_SESSIONS);
    discord.memory().few_sessions = left < FEW_SESSIONS;
    if !resumes && left == 0 {
        let wait = Duration::from_millis(start["reset_after"].as_u64().unwrap_or(60_000));
        warn!(adapter = %link.name, ?wait, "all sessions of the day are used up");
        discord.memory().not_before = link.world.now().plus(wait);
        return Err(Ended::Lost("all sessions of the day are used up".to_owned()));
    }
    let url = answer["url"].as_str().filter(|url| url.starts_with("ws"));
    url.map(str::to_owned).ok_or_else(|| Ended::Lost("the answer names no gateway".to_owned()))
}

/// What a refused question means for the connection.
fn refused(discord: &Discord, link: &Link, failure: Failure) -> Ended {
    if failure.is_revoked() {
        discord.memory().resume = None;
        return Ended::Refused(REVOKED.to_owned());
    }
    if let Some(after) = failure.after {
        discord.memory().not_before = link.world.now().plus(after);
    }
    if failure.is_passing() || failure.status == 404 {
        return Ended::Lost(failure.why);
    }
    Ended::Refused(failure.why)
}

fn unconnected(discord: &Discord, link: &Link, error: WsError) -> Ended {
    let mut memory = discord.memory();
    if let Some(resume) = &mut memory.resume {
        resume.failures += 1;
    }
    if let WsError::Status { after: Some(after), .. } = error {
        memory.not_before = link.world.now().plus(after);
    }
    match error {
        WsError::Dial(DialError::Refused(why)) => Ended::Refused(why),
        other => Ended::Lost(other.to_string()),
    }
}

async fn hello(link: &Link, socket: &mut Socket) -> Result<Heart, Ended> {
    let first = link.world.timeout(LIMIT, socket.next()).await;
    let lost = |why: &str| Ended::Lost(format!("no hello from the gateway: {why}"));
    let text = match first {
        Ok(Some(Ok(Frame::Text(text)))) => text,
        Ok(Some(Ok(_)) | None) => return Err(lost("it closed the connection")),
        Ok(Some(Err(error))) => return Err(lost(&error.to_string())),
        Err(elapsed) => return Err(lost(&elapsed.to_string())),
    };
    match discord::read(&text) {
        Ok(Received::Hello { interval }) => {
            let interval = Duration::from_millis(interval);
            Ok(Heart::new(link.world.now(), interval, link.world.jitter(interval)))
        }
        Ok(_) => Err(lost("it said something else")),
        Err(why) => Err(lost(&why)),
    }
}

async fn introduce(
    discord: &Discord,
    link: &Link,
    rest: &Rest,
    resume: Option<&Resume>,
    socket: &mut Socket,
) -> Result<(), Ended> {
    let words = match resume {
        Some(resume) => discord::resume(rest.token(), &resume.session, resume.seq),
        None => {
            let mut memory = discord.memory();
            let pause = if memory.few_sessions { FEW_PAUSE } else { IDENTIFY_PAUSE };
            memory.identify_after = link.world.now().plus(pause);
            drop(memory);
            discord::identify(rest.token())
        }
    };
    match link.world.timeout(LIMIT, socket.send(Frame::text(words))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Ended::Lost(format!("cannot write to the gateway: {error}"))),
        Err(elapsed) => Err(Ended::Lost(elapsed.to_string())),
    }
}

/// Reads a `READY`: the session to go on with, who we are.
pub(super) fn ready(data: &Value, seq: u64) -> Option<(Resume, Me)> {
    let session = data["session_id"].as_str()?.to_owned();
    let url = data["resume_gateway_url"].as_str()?.to_owned();
    let user = &data["user"];
    let names = [&user["username"], &user["global_name"]];
    let mut names: Vec<String> = names.iter().filter_map(|name| name.as_str()).map(str::to_owned).collect();
    names.dedup();
    let application = id(&data["application"]["id"]).or_else(|| id(&user["id"]))?;
    let me = Me { id: id(&user["id"])?, application, names };
    Some((Resume { session, url, seq, failures: 0 }, me))
}
