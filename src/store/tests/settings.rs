//! Silences, tokens, and who takes care.

use super::*;
use crate::model::{Acknowledged, Silence};
use crate::store::{Done, Reader, Search, Setting, Token};

fn set(setting: Setting) -> Change {
    Change::Set { setting: Box::new(setting), audit: Box::new(entry(What::Changed, "set")) }
}

async fn records(store: &Store) -> usize {
    let search = Search { limit: 99, ..Search::default() };
    store.read(move |reader| reader.audit(&search)).await.unwrap().len()
}

fn token(id: i64, name: &str) -> Token {
    Token {
        id,
        name: name.into(),
        hash: format!("hash {id}"),
        scopes: vec!["events".into(), "read".into()],
        created: at(100),
        expires: Some(at(900)),
        used: None,
        revoked: None,
    }
}

#[tokio::test]
async fn a_silence_holds_from_its_beginning_to_its_end_and_may_end_early() {
    let home = Home::new();
    let store = home.open().unwrap();
    let silence = Silence {
        id: 1,
        matching: [("source".to_owned(), json!("ci"))].into_iter().collect(),
        who: "irc:alice".into(),
        why: "deploy".into(),
        from: at(100),
        until: at(200),
    };
    assert_eq!(store.write(set(Setting::Silence(silence.clone()))).await, Ok(Done::Written));
    let active = async |second| store.read(move |reader| reader.silences(Some(at(second)))).await.unwrap();
    assert_eq!((active(99).await.len(), active(200).await.len()), (0, 0));
    assert_eq!(active(100).await, [silence.clone()]);
    let ended = Silence { until: at(150), ..silence };
    store.write(set(Setting::Silence(ended.clone()))).await.unwrap();
    assert!(active(150).await.is_empty());
    assert_eq!(store.read(|reader| reader.silences(None)).await.unwrap(), [ended]);
    assert_eq!(records(&store).await, 2);
}

#[tokio::test]
async fn of_tokens_with_one_name_one_is_good() {
    let home = Home::new();
    let store = home.open().unwrap();
    assert_eq!(store.write(set(Setting::Token(token(1, "ci")))).await, Ok(Done::Written));
    let second = store.write(set(Setting::Token(token(2, "ci")))).await;
    assert_eq!(second, Err(StoreError::Conflict("there is a token `ci` already".into())));
    assert_eq!(records(&store).await, 1, "what is refused leaves no record");
    let revoke = || set(Setting::Revoke { token: 1, at: at(300) });
    assert_eq!(store.write(revoke()).await, Ok(Done::Written));
    assert_eq!(store.write(revoke()).await, Ok(Done::Stale));
    assert_eq!(store.write(set(Setting::Token(token(2, "ci")))).await, Ok(Done::Written));
    let kept = store.read(Reader::tokens).await.unwrap();
    assert_eq!(kept, [token(2, "ci"), Token { revoked: Some(at(300)), ..token(1, "ci") }]);
    assert_eq!(records(&store).await, 3);
}

#[tokio::test]
async fn the_last_use_of_a_token_is_kept_to_the_minute() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.write(set(Setting::Token(token(1, "ci")))).await.unwrap();
    let used = |second| store.write(Change::Used { token: 1, at: at(second) });
    assert_eq!(used(185).await, Ok(Done::Written));
    assert_eq!(used(239).await, Ok(Done::Stale));
    assert_eq!(used(100).await, Ok(Done::Stale));
    assert_eq!(store.read(Reader::tokens).await.unwrap()[0].used, Some(at(180)));
}

#[tokio::test]
async fn somebody_takes_care_of_a_subject_until_nobody_does() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.write(accept(1, "web1", vec![])).await.unwrap();
    let alice = Acknowledged { who: "irc:alice".into(), at: at(120) };
    let acknowledge =
        |subject: &str, who| store.write(set(Setting::Acknowledge { subject: subject.into(), who }));
    assert_eq!(acknowledge("ci:other", Some(alice.clone())).await, Ok(Done::Stale));
    assert_eq!(acknowledge("ci:web1", Some(alice.clone())).await, Ok(Done::Written));
    let known = async || store.read(|reader| reader.subject("ci:web1")).await.unwrap().unwrap();
    assert_eq!(known().await.acknowledged, Some(alice));
    assert_eq!(acknowledge("ci:web1", None).await, Ok(Done::Written));
    assert_eq!(known().await, subject(1, &event("web1"), None));
}
