//! What is to happen later: `every weekday at 9:00 run ...`, `remind me in 20 minutes to ...`, `schedules`.

use std::sync::Arc;

use serde_json::json;

use super::{Call, Need, PACK, Reply, Row, Run, code, post, table, text};
use crate::bot::chat::Chat;
use crate::bot::chat::aside::lasting;
use crate::bot::engine::Asker;
use crate::bot::home::Home;
use crate::bot::reply;
use crate::model::{Errand, Noun, Place, Schedule};
use crate::schedule::{self, Planned, known_zone, spoken, written_time};
use crate::store::{Change, Done, NewSchedule, Setting, StoreError};
use crate::text::{Block, Post, Span, Tone};

/// One person has at most so many.
const MOST: usize = 100;

/// So many are listed in a chat: everybody's may be thousands.
const LISTED: usize = 100;

/// The permission to look after those of others.
const PERMIT: &str = "chatops.schedule";

/// Runs a command later.
pub(super) static NEW: Row = Row {
    name: "later",
    display: "every {{time}} run {{command}}",
    formats: &[
        "every {{what}}",
        "at {{what}}",
        "in {{what}}",
        "cron {{what}}",
        "tomorrow at {{what}}",
        "on the {{what}}",
    ],
    summary: "run a command later: `every weekday at 9:00 run ...`, `at 17:00 ...`, `in 20 minutes ...`, `on the first monday at 9:00 ...`, `cron \"*/5 * * * *\" ...`",
    need: Need::Something,
    permit: PERMIT,
    run: Run::Later(|call| Box::pin(new(call))),
};

/// Says something later.
pub(super) static REMIND: Row = Row {
    name: "remind",
    display: "remind {{whom}} {{time}} to {{text}}",
    formats: &["remind {{what}}"],
    summary: "be reminded: `remind me in 20 minutes to look again`, `remind #ops every monday at 9:00 to ...`",
    need: Need::Something,
    permit: PERMIT,
    run: Run::Later(|call| Box::pin(remind(call))),
};

/// What is to happen.
pub(super) static SCHEDULES: Row = Row {
    name: "schedules",
    display: "schedules",
    formats: &["schedules"],
    summary: "what is to happen later",
    need: Need::Something,
    permit: PERMIT,
    run: Run::Later(|call| Box::pin(list(call))),
};

/// One of them.
pub(super) static SCHEDULE: Row = Row {
    name: "schedule",
    display: "schedule {{verb}} {{id}}",
    formats: &["schedule {{verb}} {{id}}"],
    summary: "`show`, `pause`, `resume` or `remove` what is to happen later",
    need: Need::Something,
    permit: PERMIT,
    run: Run::Later(|call| Box::pin(one(call))),
};

/// What was typed, less the name of the command before it.
fn bare(typed: &str) -> &str {
    let own = |word: &str| word.split_once('.').is_some_and(|(pack, _)| pack == PACK);
    let rest = typed.trim().split_once(char::is_whitespace).filter(|(word, _)| own(word));
    rest.map_or(typed.trim(), |(_, rest)| rest.trim())
}

impl Chat {
    /// Keeps a command for later, `every weekday at 9:00 run deploy web`, for a person at a place.
    ///
    /// # Errors
    /// What to tell that person.
    pub async fn schedule(&self, home: &Arc<Home>, asker: &Asker, typed: &str) -> Result<Schedule, Post> {
        let now = self.world.now();
        let planned = schedule::parse(typed, now, home.settings.zone.as_str());
        let planned = planned.map_err(|why| reply::problem(&why.to_string()))?;
        let (line, shown) = self.later(home, asker, &planned.rest)?;
        let place = asker.place.clone().ok_or_else(|| reply::problem("a schedule needs a place"))?;
        if self.outbox.abilities(&place).is_none() {
            return Err(reply::problem(&format!("no adapter `{}` is connected", place.adapter)));
        }
        let sealed = (line != shown).then_some(line);
        self.keep(asker, Errand::Run, place, &planned, shown, sealed).await
    }

    async fn keep(
        &self,
        asker: &Asker,
        errand: Errand,
        place: Place,
        planned: &Planned,
        shown: String,
        line: Option<String>,
    ) -> Result<Schedule, Post> {
        if !asker.person.is_proven() {
            let why = "the service does not vouch for who you are: log in to its accounts first";
            return Err(reply::refused(why));
        }
        let now = self.world.now();
        let here = asker.place.as_ref().is_some_and(|here| here.room == place.room);
        let schedule = Schedule {
            id: self.store.id(Noun::Schedule),
            owner: asker.person.clone(),
            owner_name: asker.name.clone(),
            room_name: asker.room_name.clone().filter(|_| here),
            place: lasting(&place),
            when: planned.when.to_string(),
            zone: planned.zone.clone(),
            anchor: planned.anchor,
            errand,
            line: shown,
            missed: planned.missed.unwrap_or_default(),
            due: Some(planned.first),
            made: now,
            last: None,
            rests: None,
        };
        let mut body = serde_json::Map::from_iter([("change".to_owned(), json!("schedule"))]);
        body.insert("text".to_owned(), json!(schedule.line));
        body.insert("when".to_owned(), json!(schedule.when));
        body.insert("due".to_owned(), json!(schedule.due.map(|due| due.to_string())));
        let audit = changed(asker, now, schedule.id, body);
        let new = NewSchedule { schedule: schedule.clone(), line, most: MOST };
        let setting = Box::new(Setting::NewSchedule(Box::new(new)));
        match self.store.write(Change::Set { setting, audit: Box::new(audit) }).await {
            Ok(_) => Ok(schedule),
            Err(StoreError::Conflict(why)) => Err(reply::problem(&why)),
            Err(error) => Err(reply::problem(&format!("it cannot be recorded: {error}"))),
        }
    }

    /// Pauses, resumes or removes a schedule; gives it as it is then.
    ///
    /// # Errors
    /// A sentence.
    pub async fn reschedule(
        &self,
        asker: &Asker,
        schedule: Schedule,
        verb: &str,
    ) -> Result<Schedule, String> {
        let now = self.world.now();
        let next = || {
            let (when, zone) = (spoken(&schedule.when)?, known_zone(&schedule.zone)?);
            when.next(&zone, schedule.anchor, now)
        };
        let after = match verb {
            "pause" => Schedule { due: None, rests: None, ..schedule.clone() },
            "resume" => {
                let due = next().ok_or("its time is over: remove it, and make another")?;
                Schedule { due: Some(due), rests: None, ..schedule.clone() }
            }
            _ => schedule.clone(),
        };
        let setting = match verb {
            "remove" => Setting::NoSchedule { id: schedule.id },
            _ => Setting::Schedule(Box::new(after.clone())),
        };
        let body = serde_json::Map::from_iter([
            ("change".to_owned(), json!(format!("schedule {verb}"))),
            ("owner".to_owned(), json!(schedule.owner)),
            ("text".to_owned(), json!(schedule.line)),
        ]);
        let audit = Box::new(changed(asker, now, schedule.id, body));
        match self.store.write(Change::Set { setting: Box::new(setting), audit }).await {
            Ok(Done::Stale) => Err(format!("schedule {} is gone", schedule.id)),
            Ok(_) => Ok(after),
            Err(error) => Err(format!("it cannot be recorded: {error}")),
        }
    }
}

fn changed(
    asker: &Asker,
    at: crate::model::Timestamp,
    id: i64,
    body: serde_json::Map<String, serde_json::Value>,
) -> crate::store::Entry {
    crate::store::Entry {
        at,
        what: crate::store::What::Changed,
        person: Some(asker.person.clone()),
        place: asker.place.clone(),
        subject: Some(format!("schedule/{id}")),
        body,
    }
}

async fn new(call: Arc<Call>) -> Reply {
    match call.chat.schedule(&call.home, &call.asker, bare(&call.text)).await {
        Ok(schedule) => Reply::Said(made(&schedule)),
        Err(post) => Reply::Problem(post),
    }
}

async fn remind(call: Arc<Call>) -> Reply {
    let problem = |why: &str| Reply::Problem(reply::problem(why));
    let typed = bare(&call.text).split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim());
    let (whom, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    // Whoever wants to be reminded is where the reminder is asked for.
    let whom = if whom.eq_ignore_ascii_case("me") { "here" } else { whom };
    let place = match call.chat.aside(&call.home, &call.asker, whom) {
        Ok(place) => place,
        Err(why) => return problem(&why),
    };
    let planned = schedule::remind(rest, call.chat.world.now(), call.home.settings.zone.as_str());
    let planned = match planned {
        Ok(planned) => planned,
        Err(why) => return problem(&why.to_string()),
    };
    let words = planned.rest.clone();
    match call.chat.keep(&call.asker, Errand::Remind, place, &planned, words, None).await {
        Ok(schedule) => Reply::Said(made(&schedule)),
        Err(post) => Reply::Problem(post),
    }
}

/// What is said when a schedule was made: its number, when, and exactly what runs.
fn made(schedule: &Schedule) -> Post {
    let when = if schedule.when == "once" { String::new() } else { format!("{}, first ", schedule.when) };
    let due = schedule.due.map(|due| written_time(due, &schedule.zone)).unwrap_or_default();
    let verb = match schedule.errand {
        Errand::Run => "runs",
        Errand::Remind => "reminds of",
    };
    let spans = vec![
        text(format!("schedule {} {verb} ", schedule.id)),
        code(schedule.line.clone()),
        text(format!(" {when}at {due}; ")),
        code(format!("schedule remove {}", schedule.id)),
        text(" drops it"),
    ];
    post(vec![Block::Para(spans)]).tone(Tone::Good)
}

async fn list(call: Arc<Call>) -> Reply {
    let all = call.may(PERMIT);
    let owner = (!all).then(|| call.asker.person.clone());
    let found = call.chat.store.read(move |reader| reader.schedules(owner.as_ref(), LISTED + 1)).await;
    let mut found = match found {
        Ok(found) if found.is_empty() => return Reply::Said(Post::plain("nothing is scheduled")),
        Ok(found) => found,
        Err(error) => return unread(&error),
    };
    let more = found.len() > LISTED;
    found.truncate(LISTED);
    let row = |it: Schedule| {
        let next = it.due.map_or_else(|| "paused".to_owned(), |due| written_time(due, &it.zone));
        vec![it.id.to_string(), it.owner_name, it.when, next, it.place.to_string(), reply::shorten(&it.line)]
    };
    let rows = found.into_iter().map(row).collect();
    let mut post = post(vec![table(&["id", "who", "when", "next", "where", "what"], rows)]);
    if more {
        post.foot = format!("the first {LISTED}; `chatops schedule list` on the bot's machine lists all");
    }
    Reply::Said(post)
}

fn unread(error: &StoreError) -> Reply {
    Reply::Problem(reply::problem(&format!("the schedules cannot be read: {error}")))
}

/// The schedule that the call names, if the asker may know of it.
async fn own(call: &Call) -> Result<Schedule, Reply> {
    let typed = call.param("id").unwrap_or_default();
    let none = || {
        let why = format!("no schedule `{typed}` of yours; `schedules` lists them");
        Reply::Problem(reply::problem(&why))
    };
    let id = typed.trim_start_matches('#').parse::<i64>().map_err(|_| none())?;
    let found = call.chat.store.read(move |reader| reader.schedule(id)).await;
    let found = found.map_err(|error| unread(&error))?;
    found.filter(|it| it.owner == call.asker.person || call.may(PERMIT)).ok_or_else(none)
}

async fn one(call: Arc<Call>) -> Reply {
    let verb = call.param("verb").unwrap_or_default().to_lowercase();
    if !matches!(verb.as_str(), "show" | "pause" | "resume" | "remove") {
        let why =
            format!("`{verb}` is nothing that can be done to a schedule: show, pause, resume or remove");
        return Reply::Problem(reply::problem(&why));
    }
    let schedule = match own(&call).await {
        Ok(schedule) => schedule,
        Err(reply) => return reply,
    };
    if verb == "show" {
        return Reply::Said(shown(&schedule));
    }
    match call.chat.reschedule(&call.asker, schedule, &verb).await {
        Ok(after) => {
            let now = match (verb.as_str(), after.due) {
                ("resume", Some(due)) => format!("goes on at {}", written_time(due, &after.zone)),
                ("pause", _) => "is paused".to_owned(),
                _ => "is removed".to_owned(),
            };
            Reply::Said(Post::plain(format!("schedule {} {now}", after.id)).tone(Tone::Good))
        }
        Err(why) => Reply::Problem(reply::problem(&why)),
    }
}

fn shown(schedule: &Schedule) -> Post {
    let time = |at: Option<crate::model::Timestamp>| at.map(|at| written_time(at, &schedule.zone));
    let paused = || match &schedule.rests {
        Some(why) => format!("paused: {why}"),
        None => "paused".to_owned(),
    };
    let facts = [
        ("whose", format!("{} ({})", schedule.owner_name, schedule.owner)),
        ("where", schedule.place.to_string()),
        ("when", schedule.when.clone()),
        ("next", time(schedule.due).unwrap_or_else(paused)),
        ("last", time(schedule.last).unwrap_or_else(|| "never".to_owned())),
        ("if missed", format!("{:?}", schedule.missed).to_lowercase()),
    ];
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), vec![text(value)])).collect();
    let title: Vec<Span> = vec![text(format!("schedule {}: ", schedule.id)), code(schedule.line.clone())];
    Post { title, facts, ..Post::default() }
}
