//! How each adapter stands: as the running bot says, else by one short session of our own that enters no room.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Finding, Level};
use crate::adapter::{Abilities, Boxed, Check, Ears, Ended, Link, Outlet, Parcel, Press, Service, Well};
use crate::bot::home::{Home, Wired};
use crate::model::{Message, Receipt, SendError};
use crate::net::World;

/// Finding the host, connecting, TLS and logging in may take this long together.
const LIMIT: Duration = Duration::from_secs(20);

/// The good-bye may take this long.
const GOODBYE: Duration = Duration::from_secs(3);

/// The option that makes an adapter enter rooms; a trial session goes without.
const ROOMS: &str = "CHANNELS";

/// What each adapter finds out of its service beyond a session: with requests of its own, so beside a running bot too.
pub(super) async fn examined(home: &Home) -> Vec<Finding> {
    let found = join_all(home.services.iter().map(|wired| examine(home, wired))).await;
    found.into_iter().flatten().collect()
}

async fn examine(home: &Home, wired: &Wired) -> Vec<Finding> {
    let about = format!("adapter {}", wired.instance.name);
    // Settings that cannot be used are found elsewhere.
    let Ok(service) = home.trial(wired, ROOMS) else { return Vec::new() };
    let world = World::real();
    match world.timeout(LIMIT, service.examine(&world)).await {
        Ok(checks) => checks.into_iter().map(|check| checked(&about, check)).collect(),
        Err(_) => {
            let why = format!("the service did not answer all questions within {} s", LIMIT.as_secs());
            vec![Finding::warning(about, why)]
        }
    }
}

fn checked(about: &str, check: Check) -> Finding {
    let level = match check.well {
        Well::Good => Level::Ok,
        Well::Warning => Level::Warning,
        Well::Bad => Level::Error,
    };
    Finding { help: check.help, ..Finding::new(level, about, check.found) }
}

/// The states that the running bot tells.
pub(super) fn of_running(status: &Value) -> Vec<Finding> {
    let adapters = status["adapters"].as_array().map_or(&[][..], Vec::as_slice);
    if adapters.is_empty() {
        return vec![none()];
    }
    adapters.iter().map(told).collect()
}

fn told(adapter: &Value) -> Finding {
    let text = |key: &str| adapter[key].as_str().unwrap_or_default();
    let about = format!("adapter {}", text("name"));
    let since = format!("{} since {}", text("state"), text("since"));
    match (text("state"), text("why")) {
        ("up", _) => Finding::ok(about, since),
        ("connecting", "") => Finding::warning(about, since),
        (_, why) => Finding::error(about, format!("{since}: {why}")).help(advice(text("kind"))),
    }
}

/// What one short session of each adapter comes to.
pub(super) async fn tried(home: &Home) -> Vec<Finding> {
    if home.services.is_empty() {
        return vec![none()];
    }
    join_all(home.services.iter().map(|wired| one(home, wired))).await
}

fn none() -> Finding {
    Finding::warning("adapters", "none is configured: only `chatops chat` reaches the bot")
        .help("set one up in chatops.env, such as `CHATOPS_IRC_SERVER`; `chatops adapter help irc` shows all")
}

fn advice(kind: &str) -> String {
    format!("`chatops adapter help {kind}` shows the settings")
}

async fn one(home: &Home, wired: &Wired) -> Finding {
    let (name, kind) = (&wired.instance.name, &wired.instance.kind);
    let about = format!("adapter {name}");
    let Ok(service) = home.trial(wired, ROOMS) else {
        return Finding::error(about, "its settings cannot be used").help(advice(kind));
    };
    let (sender, up) = mpsc::channel(1);
    let link = Link {
        name: name.clone(),
        bot: home.settings.name.as_str().to_owned(),
        world: World::real(),
        stop: CancellationToken::new(),
        ears: Arc::new(Listener(sender)),
        outlet: Arc::new(Silence),
    };
    match session(&service, &link, up).await {
        Ok(me) => Finding::ok(about, format!("connects and logs in as `{me}`")),
        Err(why) => Finding::error(about, why).help(advice(kind)),
    }
}

/// How the service calls us, or why it does not come so far.
async fn session(service: &Service, link: &Link, mut up: mpsc::Receiver<String>) -> Result<String, String> {
    let mut session = service.session(link);
    let me = tokio::select! {
        biased;
        Some(me) = up.recv() => me,
        ended = &mut session => return Err(match ended {
            Ended::Stopped => "the session ended by itself".to_owned(),
            Ended::Lost(why) => why,
            Ended::Refused(why) => format!("refused: {why}"),
        }),
        () = link.world.sleep(LIMIT) => {
            return Err(format!("no login within {} s", LIMIT.as_secs()));
        }
    };
    link.stop.cancel();
    // What matters is known; a service that does not let us go is left alone.
    let _ = link.world.timeout(GOODBYE, session).await;
    Ok(me)
}

/// Hears only that the session is up.
struct Listener(mpsc::Sender<String>);

impl Ears for Listener {
    fn heard(&self, _message: Message) {}

    fn pressed(&self, _press: Press) {}

    fn up(&self, _abilities: Abilities, me: Vec<String>) {
        // The first name is the one in use; later ones need not be known.
        let _ = self.0.try_send(me.into_iter().next().unwrap_or_default());
    }
}

/// Has nothing to say.
struct Silence;

impl Outlet for Silence {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(std::future::pending())
    }

    fn settle(&self, _parcel: Parcel, _outcome: Result<Receipt, SendError>) {}

    fn give_back(&self, _parcel: Parcel) {}
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_check_becomes_a_finding_with_its_help() {
        let check = |well| Check { well, found: "no scope `chat:write`".into(), help: Some("add it".into()) };
        let levels = [(Well::Good, Level::Ok), (Well::Warning, Level::Warning), (Well::Bad, Level::Error)];
        for (well, level) in levels {
            let finding = checked("adapter slack", check(well));
            assert_eq!((finding.level, finding.help.as_deref()), (level, Some("add it")));
            assert_eq!((&*finding.about, &*finding.message), ("adapter slack", "no scope `chat:write`"));
        }
    }

    #[test]
    fn the_running_bot_is_believed() {
        let adapter = |state: &str, why: Option<&str>| json!({"name": "irc", "kind": "irc", "state": state, "since": "now", "why": why});
        let level = |state, why| told(&adapter(state, why)).level;
        assert_eq!(level("up", None), Level::Ok);
        assert_eq!(level("connecting", None), Level::Warning);
        assert_eq!(level("connecting", Some("connection refused")), Level::Error);
        assert_eq!(level("refused", Some("bad password")), Level::Error);
        assert_eq!(of_running(&json!({"adapters": []}))[0].level, Level::Warning);
    }
}
