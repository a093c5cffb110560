//! Any JSON: each field of the event by a pointer, a template or a fixed text. Without a mapping the usual names are
//! looked for, so that most senders say something at once.

mod mapping;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::pick;
use super::proof::Scheme;
use super::reading::{blank, level, status};
use super::written::{Text, Wrong};
use super::{Again, Body, Item, Reading, Source, Unreadable};
use crate::config::yaml::Pairs;
use crate::model::{EventStatus, Level, Link, is_secret_word};
use crate::template::Templates;
use mapping::{Field, Scene};

/// The most events of one request.
const MOST: usize = 1_000;

/// Any JSON, and where the fields of an event are in it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Json {
    /// A pointer to a list: one event for each of its items. Pointers begin at the item then.
    each: Option<Text>,
    title: Option<Text>,
    text: Option<Text>,
    kind: Option<Text>,
    status: Option<Text>,
    level: Option<Text>,
    url: Option<Text>,
    actor: Option<Text>,
    fingerprint: Option<Text>,
    dedup_key: Option<Text>,
    group: Option<Text>,
    scope: Option<Text>,
    ts: Option<Text>,
    started: Option<Text>,
    duration: Option<Text>,
    still_running: Option<Text>,
    labels: Pairs<Text>,
    links: Pairs<Text>,
    /// The sender's words for statuses and levels.
    statuses: BTreeMap<String, EventStatus>,
    levels: BTreeMap<String, Level>,
    /// What is not told: anything but an empty text, `false`, `no` or `0`.
    ignore: Option<Text>,
    #[serde(skip)]
    templates: OnceLock<Templates>,
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json")
            .field("title", &self.title)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Source for Json {
    const SUMMARY: &'static str = "Any JSON, by a mapping of your own or by the usual names";
    const PAGE: &'static str = include_str!("../../../docs/sources/json.md");
    const SCHEME: Scheme = Scheme::Plain;
    const GET: bool = true;

    fn check(&self) -> Vec<Wrong> {
        let templates = Templates::default();
        let named = self.fields().into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
        let below = |key: &'static str, pairs: &'_ Pairs<Text>| -> Vec<(String, Text)> {
            pairs.0.iter().map(|(name, text)| (format!("{key}.{}", name.value), text.clone())).collect()
        };
        let listed: Vec<_> =
            below("labels", &self.labels).into_iter().chain(below("links", &self.links)).collect();
        let listed = listed.iter().map(|(name, text)| (name.clone(), text));
        let mut wrong: Vec<Wrong> =
            named.chain(listed).filter_map(|(key, text)| mapping::wrong(&templates, &key, text)).collect();
        if let Some(each) = self.each.as_ref().filter(|each| !each.value.starts_with('/')) {
            wrong.push(Wrong::new(each, "each", "expected a pointer to a list, such as `/items`"));
        }
        wrong
    }

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = match body.form() {
            Some(form) => form,
            None if body.method == "GET" => asked(body),
            None => body.object_or_list(self.each.is_some())?,
        };
        let items: Vec<Value> = match &self.each {
            Some(each) => {
                let found = sent.pointer(&each.value).or((each.value == "/").then_some(&sent));
                let found = found.and_then(Value::as_array).cloned();
                found.ok_or_else(|| Unreadable(format!("there is no list at `{}` (each)", each.value)))?
            }
            None => vec![sent.clone()],
        };
        if items.is_empty() || items.len() > MOST {
            return Err(Unreadable(format!("the list has {} items, 1 to {MOST} are accepted", items.len())));
        }
        let several = self.each.is_some();
        let one = |(index, item): (usize, &Value)| {
            self.item(item, &sent, body).map_err(|why| if several { why.of(index) } else { why })
        };
        items.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>().map(Reading)
    }
}

/// A GET says what it says behind `?`.
fn asked(body: &Body<'_>) -> Value {
    let fields = body.query.iter().filter(|(name, _)| name != "scope");
    Value::Object(fields.map(|(name, value)| (name.clone(), json!(value))).collect())
}

impl Body<'_> {
    /// The body as an object; as a list too where one is looked for.
    fn object_or_list(&self, list: bool) -> Result<Value, Unreadable> {
        match self.value()? {
            found @ Value::Array(_) if list => Ok(found),
            _ => self.object(),
        }
    }
}

impl Json {
    /// The fields that are one text each.
    fn fields(&self) -> [(&'static str, Option<&Text>); 15] {
        [
            ("title", self.title.as_ref()),
            ("text", self.text.as_ref()),
            ("kind", self.kind.as_ref()),
            ("status", self.status.as_ref()),
            ("level", self.level.as_ref()),
            ("url", self.url.as_ref()),
            ("actor", self.actor.as_ref()),
            ("fingerprint", self.fingerprint.as_ref()),
            ("dedup_key", self.dedup_key.as_ref()),
            ("group", self.group.as_ref()),
            ("scope", self.scope.as_ref()),
            ("ts", self.ts.as_ref()),
            ("started", self.started.as_ref()),
            ("duration", self.duration.as_ref()),
            ("still_running", self.still_running.as_ref()),
        ]
    }

    fn item(&self, item: &Value, whole: &Value, body: &Body<'_>) -> Result<Item, Unreadable> {
        let templates = self.templates.get_or_init(Templates::default);
        let mut scene = Scene { templates, context: context(item, whole, body), item, remarks: Vec::new() };
        let mut take = |name, written: &Option<Text>, usual: &[&str]| {
            scene.text(&Field { name, written: written.as_ref(), usual })
        };
        let title = take(
            "title",
            &self.title,
            &["/title", "/subject", "/name", "/summary", "/message", "/text", "/event"],
        );
        let Some(title) = title else {
            return Err(Unreadable::new("nothing in it is a title: map one, see `chatops source help json`"));
        };
        let usual = ["/text", "/message", "/description", "/body", "/error", "/details"];
        let text = take("text", &self.text, &usual).filter(|text| *text != title).unwrap_or_default();
        let kind = take("kind", &self.kind, &["/kind", "/event", "/type", "/action"]);
        let usual = ["/status", "/state", "/result", "/outcome", "/conclusion", "/type"];
        let status = self.standing(take("status", &self.status, &usual));
        let named = take("level", &self.level, &["/level", "/severity", "/priority"]);
        let mut event =
            blank(kind.as_deref().unwrap_or("event"), status, title.lines().next().unwrap_or_default());
        event.level = self.weight(named).unwrap_or(event.level);
        event.text = text;
        event.url = take("url", &self.url, &["/url", "/link", "/html_url"]).filter(|url| pick::is_url(url));
        event.actor = take("actor", &self.actor, &["/actor", "/user", "/username", "/author"]);
        event.fingerprint =
            take("fingerprint", &self.fingerprint, &["/fingerprint"]).unwrap_or_else(|| event.title.clone());
        let own_key = take("dedup_key", &self.dedup_key, &["/dedup_key"]);
        event.group = take("group", &self.group, &["/group"]);
        event
            .scopes
            .extend(take("scope", &self.scope, &[]).and_then(|scope| super::configured::scope(&scope)));
        let time = |text: Option<String>| text.and_then(|text| time(&text));
        event.at = time(take("ts", &self.ts, &["/ts", "/timestamp", "/time", "/date"]));
        event.started = time(take("started", &self.started, &["/started", "/started_at", "/startedAt"]));
        event.duration = take("duration", &self.duration, &["/duration"]).and_then(|text| span(&text));
        let longest = take("still_running", &self.still_running, &[]).and_then(|text| span(&text));
        event.still_running = longest.filter(|span| (1..=LONGEST_RUN).contains(&span.as_secs()));
        for (name, written) in &self.labels.0 {
            let found = scene.text(&Field { name: "labels", written: Some(written), usual: &[] });
            pick::label(&mut event.labels, &name.value, found);
        }
        for (name, written) in &self.links.0 {
            let found = scene.text(&Field { name: "links", written: Some(written), usual: &[] });
            let url = found.filter(|url| pick::is_url(url));
            event.links.extend(url.map(|url| Link { title: name.value.clone(), url }));
        }
        let ignored = scene.text(&Field { name: "ignore", written: self.ignore.as_ref(), usual: &[] });
        let ignored =
            ignored.filter(|word| !matches!(word.to_lowercase().as_str(), "false" | "no" | "0" | "none"));
        let again = if own_key.is_some() { Again::ByKey } else { Again::WithinAMinute };
        event.dedup_key = own_key.or_else(|| Some(pick::short_hash(pick::canonical(item).as_bytes())));
        event.payload = item.clone();
        let ignored = ignored.map(|_| "the mapping says so (`ignore`)".to_owned());
        event.labels.extend(ignored.iter().map(|why| ("ignored".to_owned(), why.clone())));
        Ok(Item { event, ignored, again, remarks: scene.remarks })
    }

    fn standing(&self, word: Option<String>) -> EventStatus {
        let Some(word) = word else { return EventStatus::Info };
        let own = self.statuses.iter().find(|(known, _)| known.eq_ignore_ascii_case(word.trim()));
        // A word that nobody knows must not be taken for good news.
        own.map(|(_, status)| *status).or_else(|| status(&word)).unwrap_or(match self.status {
            Some(_) => EventStatus::Unknown,
            None => EventStatus::Info,
        })
    }

    fn weight(&self, word: Option<String>) -> Option<Level> {
        let word = word?;
        let own = self.levels.iter().find(|(known, _)| known.eq_ignore_ascii_case(word.trim()));
        own.map(|(_, level)| *level).or_else(|| level(&word))
    }
}

/// What templates see; headers that hold secrets are not among it.
fn context(item: &Value, whole: &Value, body: &Body<'_>) -> Value {
    let fields = |pairs: &[(String, String)]| -> Value {
        let shown = pairs.iter().filter(|(name, _)| !is_secret_word(name) && name != "cookie");
        Value::Object(shown.map(|(name, value)| (name.clone(), json!(value))).collect())
    };
    json!({"body": item, "whole": whole, "headers": fields(body.headers), "query": fields(body.query)})
}

fn time(text: &str) -> Option<crate::model::Timestamp> {
    let number = text.trim().parse::<f64>().ok().map(|number| json!(number));
    pick::time(&number.unwrap_or_else(|| json!(text)))
}

/// The longest run that is waited for, in seconds: a year.
const LONGEST_RUN: u64 = 366 * 86_400;

/// Seconds, or a span such as `4m`.
fn span(text: &str) -> Option<Duration> {
    let seconds =
        text.trim().parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.or_else(|| crate::config::units::duration(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str, bytes: &str) -> Result<Vec<Item>, Unreadable> {
        let json: Json = crate::config::yaml::read(std::path::Path::new("x.yaml"), yaml).unwrap();
        assert!(json.check().is_empty(), "{:?}", json.check());
        let headers = [("x-team".to_owned(), "ops".to_owned())];
        json.read(&Body { method: "POST", headers: &headers, query: &[], bytes: bytes.as_bytes() })
            .map(|all| all.0)
    }

    #[test]
    fn every_field_comes_by_a_pointer_a_template_or_as_it_is() {
        let yaml = "title: '{{ body.job.name | upper }} on {{ headers[\"x-team\"] }}'\nstatus: /state\nstatuses: {teal: warning}\n\
            level: critical\nkind: job\nlabels: {env: /job/env, n: '{{ body.job.n + 1 }}', none: /nowhere}\nurl: /see\n\
            fingerprint: 'job:{{ body.job.name }}'\ndedup_key: /id\nts: /when\nduration: /took\nscope: 'acme/{{ body.job.env }}'\n\
            links: {log: /log}\nactor: /by";
        let body = r#"{"state": "TEAL", "job": {"name": "nightly", "env": "prod", "n": 1}, "id": 7, "see": "https://e.example.org/7",
            "when": "2026-11-21T12:00:00+01:00", "took": 90, "log": "https://e.example.org/log", "by": "ana"}"#;
        let item = read(yaml, body).unwrap().remove(0);
        let event = item.event;
        assert_eq!((event.title.as_str(), event.kind.as_str()), ("NIGHTLY on ops", "job"));
        assert_eq!((event.status, event.level), (EventStatus::Warning, Level::Critical));
        assert_eq!(event.labels, BTreeMap::from([("env".into(), "prod".into()), ("n".into(), "2".into())]));
        assert_eq!((event.fingerprint.as_str(), event.dedup_key.as_deref()), ("job:nightly", Some("7")));
        assert_eq!(event.at.unwrap().to_string(), "2026-11-21T11:00:00.000Z");
        assert_eq!(
            (event.duration, event.scopes),
            (Some(Duration::from_secs(90)), vec!["acme/prod".to_owned()])
        );
        assert_eq!((event.url.is_some(), event.links.len(), event.actor.as_deref()), (true, 1, Some("ana")));
    }

    #[test]
    fn a_list_gives_an_event_for_each_of_its_items() {
        let items = read(
            "each: /all\ntitle: /n\nignore: '{{ body.n == \"b\" }}'",
            r#"{"all": [{"n": "a"}, {"n": "b"}]}"#,
        )
        .unwrap();
        assert_eq!((items.len(), items[0].ignored.is_some(), items[1].ignored.is_some()), (2, false, true));
        assert!(read("each: /all", r#"{"all": [{"title": "a"}, {}]}"#).unwrap_err().0.starts_with("[1]: "));
        assert!(read("each: /al", r#"{"all": []}"#).is_err());
    }

    #[test]
    fn the_usual_names_do_without_a_mapping() {
        let event = read(
            "{}",
            r#"{"name": "backup", "state": "failure", "severity": "high", "message": "disk full"}"#,
        );
        let event = event.unwrap().remove(0).event;
        assert_eq!((event.title.as_str(), event.text.as_str()), ("backup", "disk full"));
        assert_eq!((event.status, event.level), (EventStatus::Failed, Level::Error));
        assert!(read("{}", r#"{"n": 1}"#).unwrap_err().0.contains("title"));
    }

    #[test]
    fn a_template_that_fails_says_so_and_a_strange_status_is_no_good_news() {
        let item = read("title: /n\ntext: '{{ body.a.b.c }}'\nstatus: /s", r#"{"n": "x", "s": "mauve"}"#)
            .unwrap()
            .remove(0);
        assert!(item.remarks.iter().any(|remark| remark.contains("text")), "{:?}", item.remarks);
        assert_eq!(item.event.status, EventStatus::Unknown);
        let bad: Json = serde_json::from_str(r#"{"title": "{{ body.x"}"#).unwrap();
        assert_eq!(bad.check().len(), 1);
    }
}
