//! What topics remember and gather, and what admins set while the bot runs.

use std::time::Duration;

use super::*;
use crate::model::{HandlerSpec, Level, Override, TopicEvent};
use crate::store::{Done, Gathered, Reader, Setting, Topical};

fn set(setting: Setting) -> Change {
    Change::Set { setting: Box::new(setting), audit: Box::new(entry(What::Changed, "set")) }
}

/// An event that `topical` goes with, told at a second.
fn told(id: i64, second: i64, topical: Topical) -> Change {
    let decide = Decide::new(move |_, scene| {
        let mut topical = topical.clone();
        for one in &mut topical.remembered {
            // The second event sees what the first left.
            one.since = scene.remembered(&one.topic, &one.id).map_or(one.since, |before| before.since);
        }
        Routed { topical, ..Routed::default() }
    });
    Change::Accept(Box::new(Accept { at: at(second), decide, ..accepted(id, "web1", vec![]) }))
}

fn gathers(seconds: u64) -> Topical {
    let gathers = vec![("t".to_owned(), "h".to_owned(), Duration::from_secs(seconds))];
    Topical { gathers, ..Topical::default() }
}

#[tokio::test]
async fn a_topic_remembers_the_worst_and_decisions_see_it() {
    let home = Home::new();
    let store = home.open().unwrap();
    let event = |level, event| TopicEvent {
        topic: "t".into(),
        id: "ci:web1".into(),
        level,
        title: "web1".into(),
        since: Some(at(event)),
        at: at(event),
        event,
    };
    for (id, level) in [(1, Level::Critical), (2, Level::Warning)] {
        let topical = Topical { remembered: vec![event(level, id)], ..Topical::default() };
        store.write(told(id, id, topical)).await.unwrap();
    }
    let expected = TopicEvent { since: Some(at(1)), ..event(Level::Warning, 2) };
    let one = store.read(|reader| reader.topic_event("t", "ci:web1")).await.unwrap();
    assert_eq!(one.as_ref(), Some(&expected));
    let lines = store.read(Reader::topics).await.unwrap();
    assert_eq!((lines[0].level, lines[0].events), (Level::Warning, 1));
    let none = store.read(|reader| reader.topic_events("t", Level::Error, 9)).await.unwrap();
    assert_eq!(none, []);
    assert_eq!(store.write(set(Setting::NoTopic { topic: "t".into() })).await, Ok(Done::Written));
    assert_eq!(store.write(set(Setting::NoTopic { topic: "t".into() })).await, Ok(Done::Stale));
}

#[tokio::test]
async fn what_is_gathered_is_due_once_and_gone_with_the_event_that_tells_it() {
    let home = Home::new();
    {
        let store = home.open().unwrap();
        for (id, second) in [(1, 100), (2, 105), (3, 110)] {
            store.write(told(id, second, gathers(10))).await.unwrap();
        }
    }
    let store = home.open().unwrap();
    let due = store.read(|reader| reader.gathered(at(109))).await.unwrap();
    assert_eq!(due, (vec![], Some(at(110))));
    // The third came when the first two were due: it begins anew.
    let (due, next) = store.read(|reader| reader.gathered(at(110))).await.unwrap();
    let first = Gathered { topic: "t".into(), handler: "h".into(), due: at(110) };
    assert_eq!((due, next), (vec![first.clone()], Some(at(120))));
    let members = store.read(move |reader| reader.gathered_events(&first)).await.unwrap();
    assert_eq!(members.iter().map(|it| it.id).collect::<Vec<_>>(), [1, 2]);
    let topical = Topical { told: Some(("t".into(), "h".into(), at(110))), ..Topical::default() };
    store.write(told(4, 111, topical)).await.unwrap();
    assert_eq!(store.read(|reader| reader.gathered(at(111))).await.unwrap(), (vec![], Some(at(120))));
    // A handler that goes lets go the rest.
    let gone = Setting::NoHandler { topic: "t".into(), id: "h".into() };
    store.write(set(gone)).await.unwrap();
    assert_eq!(store.read(|reader| reader.gathered(at(200))).await.unwrap(), (vec![], None));
}

#[tokio::test]
async fn handlers_and_options_are_sealed_and_replaced() {
    let home = Home::new();
    let store = home.open().unwrap();
    let options = |value: &str| [("token".to_owned(), json!(value))].into_iter().collect::<Map<_, _>>();
    let handler = |value: &str| HandlerSpec {
        id: "h".into(),
        topic: "t".into(),
        kind: "slack".into(),
        options: options(value),
        matching: Some("changed".into()),
    };
    let other = |value: &str, added| Override {
        about: Box::default(),
        kind: "slack".into(),
        name: "ops".into(),
        added,
        options: options(value),
        who: "api:ci".into(),
        at: at(100),
    };
    for value in ["hunter1", "hunter2"] {
        store.write(set(Setting::Handler(handler(value)))).await.unwrap();
        store.write(set(Setting::Override(other(value, false)))).await.unwrap();
    }
    store.write(set(Setting::Override(other("hunter2", true)))).await.unwrap();
    let live = store.live().await.unwrap();
    assert_eq!(live.handlers, [handler("hunter2")]);
    assert_eq!(live.overrides, [other("hunter2", false), other("hunter2", true)]);
    assert_eq!(format!("{live:?}").matches("hunter").count(), 0);
    // Nothing is overridden any more; an added one may have no options.
    let none = |added| Override { options: Map::new(), ..other("", added) };
    store.write(set(Setting::Override(none(false)))).await.unwrap();
    store.write(set(Setting::Override(none(true)))).await.unwrap();
    assert_eq!(store.live().await.unwrap().overrides, [none(true)]);
    store.close().await.unwrap();
    let bytes = std::fs::read(home.path()).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("hunter"));
    // With another key they are lost, and it is said.
    std::fs::remove_file(home.dir.path().join("seal.key")).unwrap();
    let live = home.open().unwrap().live().await.unwrap();
    assert_eq!((live.handlers.len(), live.lost.len()), (0, 2));
    assert!(live.lost[0].contains("option_override/slack/ops"), "{:?}", live.lost);
}
