//! The key-value datastore.

use super::*;
use crate::model::{Held, KvKey, KvScope, Pair, Secret};
use crate::store::NewPair;
use crate::store::kv::LARGEST_VALUE;

fn by(name: &str) -> Entry {
    let person = Some(Person::proven(irc(), name));
    Entry { at: at(1), what: What::Changed, person, place: None, subject: None, body: Map::new() }
}

fn key(name: &str) -> KvKey {
    KvKey::new(KvScope::System, name).unwrap()
}

fn new(name: &str, value: &str) -> NewPair {
    NewPair { key: key(name), value: Secret::new(value), secret: false, expires: None }
}

fn names(pairs: &[Pair]) -> Vec<&str> {
    pairs.iter().map(|pair| pair.key.name.as_str()).collect()
}

#[tokio::test]
async fn a_pair_is_there_at_once_and_after_a_restart() {
    let home = Home::new();
    let store = home.open().unwrap();
    store.set_pair(new("web.url", "https://example.org"), by("ann")).await.unwrap();
    store.set_pair(new("web.url", "https://www.example.org"), by("bob")).await.unwrap();
    let own = KvKey::new(KvScope::User("ann".to_owned()), "web.url").unwrap();
    store.set_pair(NewPair { key: own.clone(), ..new("x", "mine") }, by("ann")).await.unwrap();
    for store in [store.clone(), {
        store.close().await.unwrap();
        home.open().unwrap()
    }] {
        let pair = store.kv().get(&key("web.url")).unwrap();
        assert_eq!(
            (store.open_pair(&pair).unwrap().as_str(), pair.who.as_str()),
            ("https://www.example.org", "irc:bob")
        );
        assert_eq!(store.kv().get(&own).unwrap().held, Held::Plain("mine".to_owned()));
        assert_eq!(names(&store.kv().list(&KvScope::System, "web.")), ["web.url"]);
        assert!(
            store.kv().goes_on(&KvScope::System, "web.") && !store.kv().goes_on(&KvScope::System, "web.url")
        );
    }
    let store = home.open().unwrap();
    assert!(store.delete_pair(key("web.url"), by("ann")).await.unwrap());
    assert!(!store.delete_pair(key("web.url"), by("ann")).await.unwrap());
    assert_eq!((store.kv().get(&key("web.url")), store.kv().all().len()), (None, 1));
}

#[tokio::test]
async fn a_secret_is_sealed_on_the_disk_and_in_no_record() {
    let home = Home::new();
    let store = home.open().unwrap();
    let secret = NewPair { secret: true, ..new("token", "hunter2") };
    let pair = store.set_pair(secret, by("ann")).await.unwrap();
    assert!(!format!("{pair:?} {:?}", store.kv()).contains("hunter"));
    assert_eq!(store.open_pair(&pair).unwrap(), "hunter2");
    // Under another name it does not open: a row that was copied is no secret of that name.
    let moved = Pair { key: key("other"), ..pair };
    assert!(matches!(store.open_pair(&moved), Err(StoreError::Key(_))));
    let records = store
        .read(|reader| reader.audit(&crate::store::Search { limit: 9, ..Default::default() }))
        .await
        .unwrap();
    assert_eq!(records[0].subject.as_deref(), Some("kv/system/token"));
    assert!(records.iter().all(|record| !record.body.contains("hunter")), "{records:?}");
    store.close().await.unwrap();
    assert!(!String::from_utf8_lossy(&std::fs::read(home.path()).unwrap()).contains("hunter"));
}

#[tokio::test]
async fn what_expired_is_gone_from_reads_at_once_and_from_the_disk_with_the_next_trim() {
    let home = Home::new();
    let (world, clock) = World::manual(at(100));
    let store = Store::open(&home.path(), home.keys(), world).unwrap();
    store.set_pair(NewPair { expires: Some(at(110)), ..new("short", "x") }, by("ann")).await.unwrap();
    store.set_pair(new("long", "y"), by("ann")).await.unwrap();
    assert_eq!(names(&store.kv().all()), ["long", "short"]);
    clock.advance(std::time::Duration::from_secs(10));
    assert_eq!((store.kv().get(&key("short")), names(&store.kv().all())), (None, vec!["long"]));
    assert!(!store.delete_pair(key("short"), by("ann")).await.unwrap());
    let count = || home.raw().query_row("SELECT count(*) FROM kv", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count(), 2);
    store.write(Change::Trim { history_before: at(0), audit_before: at(0), at: at(110) }).await.unwrap();
    assert_eq!(count(), 1);
    // Written again, it is there again.
    store.set_pair(new("short", "z"), by("ann")).await.unwrap();
    assert_eq!(store.kv().get(&key("short")).unwrap().held, Held::Plain("z".to_owned()));
}

#[tokio::test]
async fn the_datastore_is_bounded_and_what_is_refused_changes_nothing() {
    let home = Home::new();
    let store = home.open().unwrap();
    let huge = "x".repeat(LARGEST_VALUE + 1);
    let error = store.set_pair(new("a", &huge), by("ann")).await.unwrap_err();
    assert!(error.to_string().contains("at most 262144 bytes"), "{error}");
    let large = "x".repeat(LARGEST_VALUE);
    let mut refused = None;
    for number in 0..300 {
        if let Err(error) = store.set_pair(new(&format!("k{number}"), &large), by("ann")).await {
            refused = Some((number, error.to_string()));
            break;
        }
    }
    let (number, why) = refused.unwrap();
    assert!(number > 200 && why.contains("the datastore is full"), "{number} {why}");
    assert_eq!(store.kv().all().len(), number);
    // What is there may still be written over.
    store.set_pair(new("k0", "small"), by("ann")).await.unwrap();
    assert_eq!(store.kv().get(&key("k0")).unwrap().held, Held::Plain("small".to_owned()));
}
