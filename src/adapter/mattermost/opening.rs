//! The beginning of a session: is the token good, who is the bot, how long may posts be; then the WebSocket.

use std::time::Duration;

use super::memory::Me;
use super::rooms::text;
use super::{LONGEST, Mattermost};
use crate::adapter::{Ended, Link};
use crate::net::World;
use crate::net::dial::DialError;
use crate::net::ws::{self, Socket, WsError};
use crate::wire::mattermost::{Api, ApiError, Seal};

/// A request may take this long; one that uploads included.
const REQUEST: Duration = Duration::from_secs(30);
/// Connections that lie idle longer are not used again: a firewall may have forgotten them.
const IDLE: Duration = Duration::from_secs(20);
/// The WebSocket opens within this.
const CONNECT: Duration = Duration::from_secs(15);
/// A 429 at connecting makes the session wait no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What one session works with.
pub(super) struct Core<'a> {
    pub(super) mattermost: &'a Mattermost,
    pub(super) link: &'a Link,
    pub(super) api: Api,
    pub(super) seal: Seal,
    pub(super) me: Me,
    /// The longest post, in characters.
    pub(super) longest: usize,
}

/// The REST API as configured, with connections of its own.
pub(super) fn api(mattermost: &Mattermost) -> Result<Api, String> {
    let builder = mattermost.reach.http.builder(&World::real())?.timeout(REQUEST).pool_idle_timeout(IDLE);
    let client = builder.build().map_err(|_| "the HTTP client cannot be made".to_owned())?;
    Ok(Api::new(client, &mattermost.url, mattermost.token.clone()))
}

/// Asks the server who the bot is.
pub(super) async fn core<'a>(mattermost: &'a Mattermost, link: &'a Link) -> Result<Core<'a>, Ended> {
    let api = api(mattermost).map_err(Ended::Refused)?;
    let myself = match api.get("users/me").await {
        Ok(reply) => reply,
        Err(error) => return Err(unwelcome(&link.world, error).await),
    };
    let me = Me { id: text(&myself.body, "id"), name: text(&myself.body, "username") };
    if me.id.is_empty() {
        return Err(Ended::Lost("what answers at `URL` is no Mattermost".to_owned()));
    }
    let longest = match api.get("config/client?format=old").await {
        Ok(reply) => text(&reply.body, "MaxPostSize").parse().ok().filter(|most| *most >= 1000),
        Err(error @ (ApiError::Later { .. } | ApiError::Unauthorized(_))) => {
            return Err(unwelcome(&link.world, error).await);
        }
        Err(ApiError::Refused { .. }) => None,
    };
    let mut memory = mattermost.memory();
    if memory.newest == 0 {
        memory.newest = myself.date.as_micros() / 1000;
    }
    memory.users.insert(me.id.clone(), me.name.clone());
    drop(memory);
    let seal = Seal::new(&mattermost.token, link.name.as_str());
    Ok(Core { mattermost, link, api, seal, me, longest: longest.unwrap_or(LONGEST) })
}

/// How a session ends that does not begin.
async fn unwelcome(world: &World, error: ApiError) -> Ended {
    match error {
        ApiError::Unauthorized(why) => refused(&why),
        ApiError::Later { why, after, limited } => {
            if limited {
                world.sleep(after.unwrap_or_default().min(LONGEST_WAIT)).await;
            }
            Ended::Lost(why)
        }
        ApiError::Refused { status: 403, why, .. } => Ended::Refused(why),
        ApiError::Refused { why, .. } => Ended::Lost(format!("`URL` does not lead to a Mattermost: {why}")),
    }
}

/// The token is not good.
pub(super) fn refused(why: &str) -> Ended {
    Ended::Refused(format!(
        "the token is refused ({why}): make a new one under Integrations, Bot Accounts, and set `TOKEN` to it"
    ))
}

/// Opens the WebSocket, with the token on the upgrade: only so the server resumes an earlier connection.
pub(super) async fn socket(core: &Core<'_>) -> Result<Socket, Ended> {
    let base = core.mattermost.url.replacen("http", "ws", 1);
    let (connection, next) = core.mattermost.memory().resume.clone().unwrap_or_default();
    let url = format!("{base}/api/v4/websocket?connection_id={connection}&sequence_number={next}");
    let token = format!("Bearer {}", core.mattermost.token.expose());
    let headers = [("authorization", token.as_str())];
    let world = &core.link.world;
    match ws::connect(&url, &headers, &core.mattermost.reach.via, world, CONNECT).await {
        Ok(socket) => Ok(socket),
        Err(WsError::Status { status: 401, .. }) => Err(refused("mattermost answers 401")),
        Err(WsError::Status { status: 429, after }) => {
            world.sleep(after.unwrap_or(Duration::from_secs(1)).min(LONGEST_WAIT)).await;
            Err(Ended::Lost("mattermost answers 429 instead of a WebSocket".to_owned()))
        }
        Err(WsError::Dial(DialError::Refused(why))) => Err(Ended::Refused(why)),
        Err(error) => Err(Ended::Lost(error.to_string())),
    }
}
