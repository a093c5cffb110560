//! Runs what rules say because of events: reads committed events, and forgets each when what it causes is recorded. So
//! none is skipped over a restart, and none runs anything twice.

mod fill;
mod often;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::chat::Chat;
use super::engine::{Asker, Given, Refusal, depth, prepare};
use super::home::Home;
use super::notify;
use super::outbox::{Keep, Letter, slot};
use super::reply;
use crate::alias::{Alias, Found};
use crate::model::{AdapterName, Cause, MessageKey, Place};
use crate::route::{Reaction, Runs};
use crate::store::{Change, Entry, RULES, StoreError, StoredEvent, What};
use crate::text::Post;
use often::Often;

/// Events that are looked at together.
const MOST: usize = 100;

/// Between two looks when nothing rings.
const LOOK: Duration = Duration::from_secs(60);

/// After a failure of the database.
const AGAIN: Duration = Duration::from_secs(5);

/// So many rules may run because of each other.
const DEEPEST: u32 = 3;

/// Works until `quit`.
pub(super) async fn run(chat: Arc<Chat>, quit: CancellationToken) {
    let mut bell = chat.store.fresh_bell();
    let mut often = Often::default();
    loop {
        bell.mark_unchanged();
        let Some(wait) = look(&chat, &mut often).await else { return };
        tokio::select! {
            changed = bell.changed() => if changed.is_err() { return },
            () = chat.world.sleep(wait) => {}
            () = quit.cancelled() => return,
        }
    }
}

/// Looks at what is fresh; for how long there is nothing more, `None` when the store is closed.
async fn look(chat: &Arc<Chat>, often: &mut Often) -> Option<Duration> {
    let fresh = match chat.store.read(|reader| reader.fresh_events(MOST)).await {
        Ok(fresh) => fresh,
        Err(StoreError::Closed) => return None,
        Err(error) => {
            warn!(%error, "fresh events cannot be read");
            return Some(AGAIN);
        }
    };
    let Some(upto) = fresh.last().map(|(seq, _)| *seq) else { return Some(LOOK) };
    let home = chat.homes.current();
    for rule in &home.notifying.rules.reactions {
        if let Err(error) = recall(chat, rule, often).await {
            warn!(rule = rule.name, %error, "how often a rule ran cannot be read");
            return Some(AGAIN);
        }
    }
    let mut asked = Vec::new();
    for stored in fresh.into_iter().filter_map(|(_, stored)| stored) {
        let rules = &home.notifying.rules.reactions;
        for rule in rules.iter().filter(|rule| rule.fits(&stored.event)) {
            asked.extend(react(chat, &home, rule, &stored, often));
        }
    }
    for request in asked {
        // What waits for approval is recorded when this ends; a panic there is in the log.
        let _ = request.await;
    }
    // What was submitted is in the same queue before it: never forgotten without being recorded.
    match chat.store.write(Change::Looked { upto }).await {
        Ok(_) => Some(Duration::ZERO),
        Err(StoreError::Closed) => None,
        Err(error) => {
            warn!(%error, "that events were looked at was not recorded, so they are looked at again");
            Some(AGAIN)
        }
    }
}

/// Reads how often a rule ran lately, once in a life: its limit outlives a restart.
async fn recall(chat: &Chat, rule: &Reaction, often: &mut Often) -> Result<(), StoreError> {
    if often.knows(&rule.name) {
        return Ok(());
    }
    let (name, limit, since) = (rule.name.clone(), rule.limit, chat.world.now().minus(rule.limit.within));
    let ran = chat.store.read(move |reader| reader.ran_by_rule(&name, since, limit.count)).await?;
    often.recall(&rule.name, ran);
    Ok(())
}

/// A request for approval that is being recorded.
type Request = tokio::task::JoinHandle<()>;

/// One rule and one event that it is about.
fn react(
    chat: &Arc<Chat>,
    home: &Arc<Home>,
    rule: &Reaction,
    stored: &StoredEvent,
    often: &mut Often,
) -> Option<Request> {
    let event = &stored.event;
    if often.is_recorded(&rule.name, stored.id) {
        return None;
    }
    let depth = depth(event);
    if depth >= DEEPEST {
        let why = format!("{depth} rules ran because of each other already");
        return refuse(chat, rule, stored.id, &why);
    }
    if !often.may(&rule.name, rule.limit, chat.world.now()) {
        let within = crate::text::human::duration(rule.limit.within);
        let why = format!("it ran {} times within {within} already", rule.limit.count);
        return refuse(chat, rule, stored.id, &why);
    }
    let place = match rule.place.as_deref().map(notify::place).transpose() {
        Ok(place) => place,
        Err(why) => return refuse(chat, rule, stored.id, &why),
    };
    let asker =
        Asker { name: rule.owner.id().to_owned(), person: rule.owner.clone(), place, room_name: None };
    submit(chat, home, rule, stored, &asker, depth + 1)
        .unwrap_or_else(|why| refuse(chat, rule, stored.id, &why))
}

fn submit(
    chat: &Arc<Chat>,
    home: &Arc<Home>,
    rule: &Reaction,
    stored: &StoredEvent,
    asker: &Asker,
    depth: u32,
) -> Result<Option<Request>, String> {
    let filled = fill::Filling::of(home, &stored.event);
    let told = |refusal: Refusal| refusal.to_string();
    let mut order = match &rule.runs {
        Runs::Action { action, with } => {
            let given = Given::Typed(filled.parameters(with)?);
            let mut order = prepare(home, asker, None, action, given).map_err(told)?;
            order.command = format!("rule {}: {action}", rule.name);
            order
        }
        Runs::Command(line) => {
            let (marked, values) = filled.marked(line)?;
            let visible = |alias: &Alias| home.may_see(&asker.who(), alias);
            let Found::One(hit) = home.aliases.overhear(&marked, &visible) else {
                return Err(format!("`{line}` is no command that `{}` may run", asker.person));
            };
            let given = Given::Typed(values.put(hit.params));
            let mut order =
                prepare(home, asker, Some(&hit.alias), &hit.alias.action_ref, given).map_err(told)?;
            order.command = format!("rule {}: {line}", rule.name);
            order
        }
    };
    order.cause = Cause::Rule;
    order.demands.extend(rule.approval.clone().filter(|demand| !order.demands.contains(demand)));
    order.rule = Some((rule.name.clone(), depth));
    let adapter = AdapterName::new(RULES).map_err(|error| error.to_string())?;
    let (room, id) = (rule.name.as_str().into(), stored.id.to_string().into());
    order.message = Some(MessageKey { adapter, room, id });
    let submitted = chat.engine.submit(order);
    info!(rule = rule.name, event = stored.id, execution = submitted.id, "a rule runs something");
    Ok(submitted.asked)
}

/// A rule that cannot run is told where it would have answered, and to the log: nothing is asked for.
fn refuse(chat: &Chat, rule: &Reaction, event: i64, why: &str) -> Option<Request> {
    warn!(rule = rule.name, event, why, "a rule does not run");
    let place = rule.place.as_deref().and_then(|place| notify::place(place).ok());
    let body = Map::from_iter([
        ("rule".to_owned(), json!(rule.name)),
        ("event".to_owned(), json!(event)),
        ("why".to_owned(), json!(why)),
    ]);
    chat.store.record(Change::Audit(Box::new(Entry {
        at: chat.world.now(),
        what: What::Refused,
        person: Some(rule.owner.clone()),
        place: place.clone(),
        subject: Some(format!("event/{event}")),
        body,
    })));
    if let Some(place) = place {
        tell(chat, &place, &rule.name, reply::rule(&rule.name, why));
    }
    None
}

/// One message for each rule: what it says next takes its place where the service can.
fn tell(chat: &Chat, place: &Place, rule: &str, post: Post) {
    chat.outbox.put(Letter {
        slot: slot(place, format!("rule/{rule}")),
        place: place.clone(),
        post: Arc::new(post),
        answer: None,
        keep: Keep::Volatile,
    });
}
