//! What an event means for those who listen to its topics.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use super::aggregate::has_passed;
use super::facts::{facts, remembered};
use super::handler::{Does, Handler, Topics};
use super::name::{named, topics_of};
use crate::model::{Event, Timestamp, TopicEvent};

/// The most topics that one event comes to, published ones among them.
const MOST_TOPICS: usize = 64;

/// What is decided about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The event.
    pub event: &'a Event,
    /// Its id.
    pub id: i64,
    /// When it came.
    pub now: Timestamp,
}

/// A notifier is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// `topic/handler`.
    pub handler: String,
    /// The notifier.
    pub notifier: String,
    /// The options that the handler replaces.
    pub options: Option<serde_json::Value>,
    /// It is not told, and why.
    pub dropped: Option<String>,
}

/// The event joins what a handler gathers.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathering {
    /// The topic.
    pub topic: String,
    /// The handler in it.
    pub handler: String,
    /// For how long it gathers from its first event on.
    pub interval: Duration,
}

/// What one handler makes of an event.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// The topic.
    pub topic: String,
    /// The handler.
    pub handler: String,
    /// Whether it acts.
    pub acts: bool,
    /// What it does, or why not.
    pub why: String,
}

/// What becomes of an event in its topics.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// What the topics remember from now on.
    pub remembered: Vec<TopicEvent>,
    /// Who is told, and who would have been.
    pub sends: Vec<Sent>,
    /// Who gathers it.
    pub gathers: Vec<Gathering>,
    /// Every handler that was asked.
    pub verdicts: Vec<Verdict>,
}

/// What becomes of an event: `memory` gives what a topic remembers of a thing. Without handlers and without a topic of
/// its own nothing is asked for.
pub fn decide(
    topics: &Topics,
    asked: Asked<'_>,
    memory: impl Fn(&str, &str) -> Option<TopicEvent>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let own = named(asked.event);
    let listened = |topic: &str| topics.handlers.contains_key(topic);
    let begin = if topics.handlers.is_empty() { own.clone() } else { topics_of(asked.event) };
    let begin = begin.into_iter().filter(|topic| own.contains(topic) || listened(topic));
    let mut queue: VecDeque<String> = begin.map(str::to_owned).collect();
    let mut met: HashSet<String> = queue.iter().cloned().collect();
    let key = if queue.is_empty() { String::new() } else { asked.event.subject() };
    while let Some(topic) = queue.pop_front() {
        let before = memory(&topic, &key);
        let now = remembered(asked.event, asked.id, &topic, before.as_ref(), asked.now);
        let handlers = topics.handlers.get(&topic).map_or(&[][..], Vec::as_slice);
        if !handlers.is_empty() {
            let facts = facts(asked.event, &topic, before.as_ref(), &now);
            for handler in handlers {
                let ruling = rule(topics, handler, asked.event, &facts);
                outcome.take(handler, ruling, |next| {
                    let goes = met.len() < MOST_TOPICS && met.insert(next.to_owned());
                    if goes {
                        queue.push_back(next.to_owned());
                    }
                    goes
                });
            }
        }
        outcome.remembered.push(now);
    }
    outcome
}

/// What a handler says to an event.
enum Ruling {
    Acts,
    Passes(String),
    Fails(String),
}

fn rule(topics: &Topics, handler: &Handler, event: &Event, facts: &serde_json::Value) -> Ruling {
    if matches!(handler.does, Does::Aggregate(_)) && has_passed(event, (&handler.topic, &handler.id)) {
        return Ruling::Passes("it comes from this handler".to_owned());
    }
    let Some(source) = &handler.matching else { return Ruling::Acts };
    match topics.conditions.holds("match", source, facts) {
        Ok(true) => Ruling::Acts,
        Ok(false) => Ruling::Passes(format!("`{source}` does not hold")),
        Err(error) => Ruling::Fails(format!("its match cannot be asked: {}", error.headline())),
    }
}

impl Outcome {
    /// Notes what a handler does; `publish` hands the event on and tells whether it had not been there.
    fn take(&mut self, handler: &Handler, ruling: Ruling, mut publish: impl FnMut(&str) -> bool) {
        let (acts, dropped, why) = match ruling {
            Ruling::Acts => (true, None, String::new()),
            Ruling::Passes(why) => (false, None, why),
            Ruling::Fails(why) => (false, Some(why.clone()), why),
        };
        let mut said = why;
        match &handler.does {
            Does::Notify { notifier, options } if acts || dropped.is_some() => {
                if acts {
                    said = format!("tells {notifier}");
                }
                self.sends.push(Sent {
                    handler: format!("{}/{}", handler.topic, handler.id),
                    notifier: notifier.clone(),
                    options: options.clone(),
                    dropped,
                });
            }
            Does::Publish(topics) if acts => {
                let (new, old): (Vec<&String>, Vec<&String>) =
                    topics.iter().partition(|topic| publish(topic));
                let words =
                    |topics: &[&String]| topics.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
                said = format!("publishes to {}", words(&new));
                if !old.is_empty() {
                    said = format!("{said}; it was in {} before", words(&old));
                }
            }
            Does::Aggregate(aggregate) if acts => {
                said = format!("gathers for {}", aggregate.interval());
                let (topic, handler) = (handler.topic.clone(), handler.id.clone());
                self.gathers.push(Gathering { topic, handler, interval: aggregate.interval });
            }
            _ => {}
        }
        let (topic, handler) = (handler.topic.clone(), handler.id.clone());
        self.verdicts.push(Verdict { topic, handler, acts, why: said });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HandlerSpec, Level};
    use crate::topic::read;
    use serde_json::{Value, json};

    fn topics(specs: &Value) -> Topics {
        let read = |spec: &Value| {
            let spec: HandlerSpec = serde_json::from_value(spec.clone()).unwrap();
            read(&spec, |_| Ok(Does::Notify { notifier: spec.kind.clone(), options: None })).unwrap()
        };
        Topics::new(specs.as_array().unwrap().iter().map(read))
    }

    fn event(more: &Value) -> Event {
        let mut body =
            json!({"title": "cpu", "source": "kapacitor", "fingerprint": "cpu:a", "status": "failed"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Event::from_json(&body).unwrap()
    }

    fn told(topics: &Topics, event: &Event, before: Option<&TopicEvent>) -> Outcome {
        let asked = Asked { event, id: 1, now: Timestamp::from_micros(60_000_000) };
        decide(topics, asked, |_, _| before.cloned())
    }

    #[test]
    fn without_handlers_and_topics_nothing_is_asked() {
        let event = event(&json!({"scopes": ["acme/web"]}));
        let asked = Asked { event: &event, id: 1, now: Timestamp::default() };
        let outcome = decide(&Topics::default(), asked, |_, _| panic!("asked"));
        assert_eq!(outcome, Outcome::default());
    }

    #[test]
    fn a_match_sees_level_change_name_duration_and_labels() {
        let topics = topics(&json!([
            {"topic": "t", "id": "a", "kind": "n", "match": "changed and level >= ERROR"},
            {"topic": "t", "id": "b", "kind": "n", "match": "duration >= 50"},
            {"topic": "t", "id": "c", "kind": "n", "match": "labels.host == 'web' and name == 'cpu'"},
            {"topic": "t", "id": "d", "kind": "n", "match": "labels.none == 'x'"},
            {"topic": "t", "id": "e", "kind": "n", "match": "('x' * 90000000) == 'y'"},
        ]));
        let event = event(&json!({"labels": {"topic": "t", "host": "web"}}));
        let acts = |outcome: &Outcome| -> Vec<bool> { outcome.verdicts.iter().map(|it| it.acts).collect() };
        let first = told(&topics, &event, None);
        assert_eq!(acts(&first), [true, false, true, false, false]);
        let memory = &first.remembered[0];
        assert_eq!((memory.level, memory.id.as_str()), (Level::Error, "kapacitor:cpu:a"));
        let before = TopicEvent { since: Some(Timestamp::default()), ..memory.clone() };
        let second = told(&topics, &event, Some(&before));
        assert_eq!(acts(&second), [false, true, true, false, false]);
        assert_eq!(second.remembered[0].since, Some(Timestamp::default()));
        // What cannot be asked is kept in the history.
        assert!(second.sends.last().unwrap().dropped.as_ref().unwrap().contains("cannot be asked"));
    }

    #[test]
    fn publishing_in_a_circle_ends() {
        let topics = topics(&json!([
            {"topic": "a", "id": "x", "kind": "publish", "options": {"topics": ["b", "c"]}},
            {"topic": "b", "id": "x", "kind": "publish", "options": {"topics": ["c", "a"]}},
            {"topic": "c", "id": "x", "kind": "n"},
        ]));
        let outcome = told(&topics, &event(&json!({"labels": {"topic": "a"}})), None);
        let met: Vec<&str> = outcome.remembered.iter().map(|it| it.topic.as_str()).collect();
        assert_eq!((met, outcome.sends.len()), (vec!["a", "b", "c"], 1));
        assert!(outcome.verdicts[1].why.contains("it was in c, a before"), "{outcome:?}");
    }

    #[test]
    fn a_scope_is_a_topic_where_somebody_listens() {
        let topics = topics(&json!([
            {"topic": "acme", "id": "all", "kind": "n"},
            {"topic": "acme", "id": "many", "kind": "aggregate", "options": {"interval": "10s", "topic": "u"}},
        ]));
        let outcome = told(&topics, &event(&json!({"scopes": ["acme/web"]})), None);
        assert_eq!((outcome.sends.len(), outcome.gathers.len(), outcome.remembered.len()), (1, 1, 1));
        assert!(told(&topics, &event(&json!({"scopes": ["other"]})), None).verdicts.is_empty());
    }
}
