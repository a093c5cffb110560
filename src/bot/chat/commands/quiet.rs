//! Who wants to hear less: silences, and taking care of a subject.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::tell::entry;
use super::{Call, Need, Reply, Row, Run, post, table};
use crate::bot::reply;
use crate::model::{Acknowledged, Noun, Silence, Subject, Timestamp};
use crate::route::Muted;
use crate::store::{Change, Setting, StoreError};
use crate::text::human::duration;
use crate::text::{Post, Tone};

/// The longest silence.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);

/// What is silenced now.
pub(super) static SILENCES: Row = Row {
    name: "silences",
    display: "silences",
    formats: &["silences"],
    summary: "what nobody is told of for now, by whom and why",
    need: Need::Grant,
    permit: "chatops.silence",
    run: Run::Later(|call| Box::pin(silences(call))),
};

/// Silences something.
pub(super) static SILENCE: Row = Row {
    name: "silence",
    display: "silence {{match}} for {{time}} because {{why}}",
    formats: &["silence {{match}} for {{time}} because {{why}}", "silence {{match}} for {{time}}"],
    summary: "tell nobody of what matches for a while: `silence source=awx env=dev-* for 2h because upgrade`",
    need: Need::Grant,
    permit: "chatops.silence",
    run: Run::Later(|call| Box::pin(silence(call))),
};

/// Ends a silence.
pub(super) static UNSILENCE: Row = Row {
    name: "unsilence",
    display: "unsilence {{id}}",
    formats: &["unsilence {{id}}"],
    summary: "end a silence now",
    need: Need::Grant,
    permit: "chatops.silence",
    run: Run::Later(|call| Box::pin(unsilence(call))),
};

/// Takes care of a subject.
pub(super) static ACK: Row = Row {
    name: "ack",
    display: "ack {{subject}}",
    formats: &["ack {{subject}}", "acknowledge {{subject}}"],
    summary: "say that you take care of something; it is not told again until it changes",
    need: Need::Grant,
    permit: "chatops.ack",
    run: Run::Later(|call| Box::pin(acknowledge(call, true))),
};

/// Takes care of it no longer.
pub(super) static UNACK: Row = Row {
    name: "unack",
    display: "unack {{subject}}",
    formats: &["unack {{subject}}"],
    summary: "take an `ack` back",
    need: Need::Grant,
    permit: "chatops.ack",
    run: Run::Later(|call| Box::pin(acknowledge(call, false))),
};

/// Silences one subject.
pub(super) static SNOOZE: Row = Row {
    name: "snooze",
    display: "snooze {{subject}} {{time}}",
    formats: &["snooze {{subject}} for {{time}}", "snooze {{subject}} {{time}}"],
    summary: "hear nothing of one subject for a while: `snooze #12 2h`",
    need: Need::Grant,
    permit: "chatops.ack",
    run: Run::Later(|call| Box::pin(snooze(call))),
};

fn problem(sentence: impl AsRef<str>) -> Reply {
    Reply::Problem(reply::problem(sentence.as_ref()))
}

fn unwritten(error: &StoreError) -> Reply {
    problem(format!("it cannot be recorded: {error}"))
}

async fn silences(call: Arc<Call>) -> Reply {
    let now = call.chat.world.now();
    let found = match call.chat.store.read(move |reader| reader.silences(Some(now))).await {
        Ok(found) if found.is_empty() => return Reply::Said(Post::plain("nothing is silenced")),
        Ok(found) => found,
        Err(error) => return problem(format!("the silences cannot be read: {error}")),
    };
    let row = |it: Silence| {
        let left = duration(it.until.since(now));
        vec![it.id.to_string(), shown(&it.matching), it.who, left, it.why]
    };
    let rows = found.into_iter().map(row).collect();
    Reply::Said(post(vec![table(&["id", "what", "who", "for", "why"], rows)]))
}

/// `source=awx env=dev-*`.
fn shown(matching: &Map<String, Value>) -> String {
    let labels = matching.get("labels").and_then(Value::as_object).into_iter().flatten();
    let own = matching.iter().filter(|(key, _)| *key != "labels");
    let one = |(key, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{key}={value}")
    };
    own.chain(labels).map(one).collect::<Vec<_>>().join(" ")
}

/// What is to be silenced: `key=value` each, a route's own keys or the names of labels.
fn matching(typed: &str) -> Result<Map<String, Value>, String> {
    Muted::typed(typed.split_whitespace())
}

/// `90s`, `30m`, `2h`, `1d`, also with a blank.
fn span(typed: &str) -> Result<Duration, String> {
    let typed = typed.replace(' ', "");
    let wrong = || format!("`{typed}` is no time such as `30m`, `2h` or `1d`");
    let digits = typed.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    let unit = match &typed[digits.len()..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let span = Duration::from_secs(count.saturating_mul(unit));
    if span.is_zero() || span > LONGEST {
        return Err("a silence lasts at most 90 days, and longer than nothing".to_owned());
    }
    Ok(span)
}

async fn silence(call: Arc<Call>) -> Reply {
    let typed = call.param("match").unwrap_or_default();
    let why = call.param("why").unwrap_or("no reason given");
    let made = matching(typed).and_then(|found| Ok((found, span(call.param("time").unwrap_or_default())?)));
    match made {
        Ok((found, span)) => begin(&call, found, span, why).await,
        Err(wrong) => problem(wrong),
    }
}

async fn begin(call: &Call, matching: Map<String, Value>, span: Duration, why: &str) -> Reply {
    let now = call.chat.world.now();
    let silence = Silence {
        id: call.chat.store.id(Noun::Silence),
        matching,
        who: call.asker.person.to_string(),
        why: why.to_owned(),
        from: now,
        until: now.plus(span),
    };
    if let Err(wrong) = Muted::parse(&silence) {
        return problem(wrong);
    }
    let said = format!("silence {}: {} for {}", silence.id, shown(&silence.matching), duration(span));
    match keep(call, silence, now, "silence").await {
        Ok(()) => Reply::Said(Post::said(&said).tone(Tone::Good)),
        Err(error) => unwritten(&error),
    }
}

async fn keep(call: &Call, silence: Silence, now: Timestamp, what: &str) -> Result<(), StoreError> {
    let audit = entry(call, now, format!("silence/{}", silence.id), what);
    let setting = Box::new(Setting::Silence(silence));
    call.chat.store.write(Change::Set { setting, audit: Box::new(audit) }).await?;
    call.chat.notify.refresh().await;
    Ok(())
}

async fn unsilence(call: Arc<Call>) -> Reply {
    let now = call.chat.world.now();
    let typed = call.param("id").unwrap_or_default();
    let found = match call.chat.store.read(move |reader| reader.silences(Some(now))).await {
        Ok(found) => found,
        Err(error) => return problem(format!("the silences cannot be read: {error}")),
    };
    let Some(silence) = found.into_iter().find(|it| it.id.to_string() == typed) else {
        return problem(format!("no silence `{typed}` is in force; `silences` lists them"));
    };
    match keep(&call, Silence { until: now, ..silence }, now, "unsilence").await {
        Ok(()) => Reply::Said(Post::plain(format!("silence {typed} is over")).tone(Tone::Good)),
        Err(error) => unwritten(&error),
    }
}

/// The subject that somebody names: by its key, by a delivery that told of it, `#12`, or by an event, `7`.
async fn subject(call: &Call) -> Result<Subject, Reply> {
    let typed = call.param("subject").unwrap_or_default().to_owned();
    let named = typed.clone();
    let read = call.chat.store.read(move |reader| {
        let delivery = named.strip_prefix('#').and_then(|id| id.parse::<i64>().ok());
        let mut told = delivery.map(|id| reader.members(id)).transpose()?.unwrap_or_default();
        if let Ok(event) = named.parse::<i64>() {
            told.extend(reader.event(event)?);
        }
        let key = told.first().map_or(named, |told| told.event.subject());
        reader.subject(&key)
    });
    match read.await {
        Ok(Some(subject)) => Ok(subject),
        Ok(None) => Err(problem(format!("nothing is known of `{typed}`; a notification names its subject"))),
        Err(error) => Err(problem(format!("the subjects cannot be read: {error}"))),
    }
}

async fn acknowledge(call: Arc<Call>, takes: bool) -> Reply {
    let subject = match subject(&call).await {
        Ok(subject) => subject,
        Err(reply) => return reply,
    };
    let now = call.chat.world.now();
    let who = takes.then(|| Acknowledged { who: call.asker.person.to_string(), at: now });
    let audit = entry(&call, now, format!("subject/{}", subject.key), if takes { "ack" } else { "unack" });
    let setting = Box::new(Setting::Acknowledge { subject: subject.key.clone(), who });
    match call.chat.store.write(Change::Set { setting, audit: Box::new(audit) }).await {
        Ok(_) if takes => {
            let said = format!("{} takes care of `{}`", call.asker.name, subject.title);
            Reply::Said(Post::said(&said).tone(Tone::Good))
        }
        Ok(_) => Reply::Said(Post::said(&format!("nobody takes care of `{}` any more", subject.title))),
        Err(error) => unwritten(&error),
    }
}

async fn snooze(call: Arc<Call>) -> Reply {
    let found = match subject(&call).await {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    match span(call.param("time").unwrap_or_default()) {
        Ok(span) => {
            let matching = Map::from_iter([("subject".to_owned(), json!(found.key))]);
            begin(&call, matching, span, "snoozed").await
        }
        Err(wrong) => problem(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_a_match() {
        let found = matching("source=awx status=failed env=dev-*").unwrap();
        let wanted = json!({"source": "awx", "status": ["failed"], "labels": {"env": "dev-*"}});
        assert_eq!(Value::Object(found.clone()), wanted);
        assert_eq!(shown(&found), "source=awx status=[\"failed\"] env=dev-*");
        assert!(matching("everything").is_err());
    }

    #[test]
    fn times_are_numbers_with_a_unit() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("2 h"), Ok(Duration::from_secs(7200)));
        for bad in ["", "h", "2", "2w", "0s", "1000d", "-1h"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
