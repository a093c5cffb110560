//! Runs what is due. Each time is claimed in the database before anything is done, so that it is done at most once, also
//! over a restart; what a reminder says commits with the claim.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::chat::{Chat, Errand};
use super::notice;
use super::outbox::{Body, slot};
use super::reply;
use crate::model::{self, Missed, Noun, Schedule, Timestamp};
use crate::schedule::{known_zone, spoken, written_time};
use crate::store::{Change, Done, Due, Entry, NewDelivery, Next, Reader, StoreError, What};
use crate::text::{Addressee, Post};

/// Schedules that are read at once.
const MOST: usize = 100;

/// Between two looks when nothing rings and nothing is due: the machine's clock may have been put right.
const LOOK: Duration = Duration::from_secs(60);

/// After a failure of the database.
const AGAIN: Duration = Duration::from_secs(5);

/// What is later than this was missed.
const LATE: Duration = Duration::from_secs(90);

/// Works until `quit`.
pub(super) async fn run(chat: Arc<Chat>, quit: CancellationToken) {
    let mut bell = chat.store.schedules_bell();
    loop {
        bell.mark_unchanged();
        let Some(wait) = look(&chat).await else { return };
        tokio::select! {
            changed = bell.changed() => if changed.is_err() { return },
            () = chat.world.sleep(wait) => {}
            () = quit.cancelled() => return,
        }
    }
}

/// Does what is due now; for how long there is nothing more, `None` when the store is closed.
async fn look(chat: &Arc<Chat>) -> Option<Duration> {
    let now = chat.world.now();
    let read = move |reader: &Reader| Ok((reader.schedules_due(now, MOST)?, reader.next_schedule()?));
    let (due, next) = match chat.store.read(read).await {
        Ok(found) => found,
        Err(StoreError::Closed) => return None,
        Err(error) => {
            warn!(%error, "what is due cannot be read");
            return Some(AGAIN);
        }
    };
    let any = !due.is_empty();
    for schedule in due {
        if !come(chat, schedule, now).await {
            return Some(AGAIN);
        }
    }
    Some(if any { Duration::ZERO } else { next.map_or(LOOK, |next| next.since(now).min(LOOK)) })
}

/// One schedule whose time has come. Whether the database took the claim, or somebody else had it.
async fn come(chat: &Arc<Chat>, schedule: Schedule, now: Timestamp) -> bool {
    let due = schedule.due.unwrap_or(now);
    let late = now.since(due) > LATE;
    let is_reminder = schedule.errand == model::Errand::Remind;
    let skipped = late && schedule.missed == Missed::Skip && !is_reminder;
    let next = next(&schedule, now);
    let says = match (is_reminder, skipped) {
        (true, _) => Some(reply::reminder(&schedule.line, late.then(|| written_time(due, &schedule.zone)))),
        (false, true) if next.is_none() => {
            Some(reply::missed(schedule.id, &schedule.line, &written_time(due, &schedule.zone)))
        }
        _ => None,
    };
    // Read before the claim: a claim that is its last time removes it.
    let line = match chat.store.schedule_line(schedule.id).await {
        Ok(line) => line.unwrap_or_else(|| schedule.line.clone()),
        Err(error) => {
            warn!(schedule = schedule.id, %error, "the line of a schedule cannot be read");
            return false;
        }
    };
    let runs = !is_reminder && !skipped;
    let rests = (runs && next.is_some() && chat.is_orphan(&schedule.owner, &line)).then(|| gone(&schedule));
    let says = says.or_else(|| rests.as_ref().map(|why| reply::rests(schedule.id, &schedule.line, why)));
    let claim = Due {
        next: match (&rests, next) {
            (Some(why), _) => Next::Rests(why.clone()),
            (None, Some(next)) => Next::At(next),
            (None, None) => Next::Never,
        },
        delivery: says.map(|post| Box::new(delivery(chat, &schedule, post, now))),
        audit: entry(&schedule, due, now, outcome(skipped, rests.as_deref())),
        before: schedule.clone(),
    };
    match chat.store.write(Change::Due(Box::new(claim))).await {
        Ok(Done::Stale) => return true,
        Ok(_) => {}
        Err(error) => {
            warn!(schedule = schedule.id, %error, "the time of a schedule was not claimed, so it waits");
            return false;
        }
    }
    if let Some(why) = rests {
        warn!(schedule = schedule.id, why, "a schedule pauses itself");
        let lane = format!("schedule/{}/{}", schedule.id, now.as_micros());
        let post = reply::rests(schedule.id, &schedule.line, &why);
        notice::admins(&chat.homes.current(), &chat.outbox, &lane, post);
        return true;
    }
    match skipped {
        true => info!(schedule = schedule.id, %due, "a schedule was missed while the bot was away"),
        false if is_reminder => info!(schedule = schedule.id, "a reminder is said"),
        false => chat.errand(errand(&schedule, due, line)),
    }
    true
}

/// Why a schedule rests of which nobody is the owner any more.
fn gone(schedule: &Schedule) -> String {
    format!("no rule names its owner `{}` any more, and none lets that person run it", schedule.owner)
}

/// What became of one time, as the audit log has it: `outcome`, and `why` where it paused itself.
fn outcome(skipped: bool, rests: Option<&str>) -> Map<String, Value> {
    let word = match (rests, skipped) {
        (Some(_), _) => "paused",
        (None, true) => "missed",
        (None, false) => "done",
    };
    let mut body = Map::from_iter([("outcome".to_owned(), json!(word))]);
    body.extend(rests.map(|why| ("why".to_owned(), json!(why))));
    body
}

fn next(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    let (when, zone) = (spoken(&schedule.when)?, known_zone(&schedule.zone)?);
    when.next(&zone, schedule.anchor, now)
}

fn errand(schedule: &Schedule, due: Timestamp, line: String) -> Errand {
    Errand {
        person: schedule.owner.clone(),
        name: schedule.owner_name.clone(),
        place: schedule.place.clone(),
        room_name: schedule.room_name.clone(),
        line,
        id: format!("schedule/{}/{}", schedule.id, due.as_micros()),
        cause: model::Cause::Schedule,
        what: format!("schedule {}", schedule.id),
    }
}

fn delivery(chat: &Chat, schedule: &Schedule, mut post: Post, now: Timestamp) -> NewDelivery {
    let place = schedule.place.clone();
    if !place.is_direct() && place.adapter == *schedule.owner.adapter() {
        post.to = Some(Addressee { id: schedule.owner.id().to_owned(), name: schedule.owner_name.clone() });
    }
    let lane = format!("schedule/{}/{}", schedule.id, now.as_micros());
    let slot = slot(&place, lane);
    Body { place, post }.delivery(chat.store.id(Noun::Delivery), slot, "reminder", now)
}

fn entry(schedule: &Schedule, due: Timestamp, at: Timestamp, outcome: Map<String, Value>) -> Entry {
    let mut body = Map::from_iter([
        ("text".to_owned(), json!(schedule.line)),
        ("due".to_owned(), json!(due.to_string())),
    ]);
    body.extend(outcome);
    Entry {
        at,
        what: What::Due,
        person: Some(schedule.owner.clone()),
        place: Some(schedule.place.clone()),
        subject: Some(format!("schedule/{}", schedule.id)),
        body,
    }
}
