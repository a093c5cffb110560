//! A database of an earlier version is brought up to date.

use super::*;
use crate::store::{Claims, Done, MemoryClaims, Reader};

const OLD: &str = include_str!("../migrations/0001.sql");

#[tokio::test]
async fn a_database_without_events_keeps_what_it_has() {
    let home = Home::new();
    {
        let raw = home.raw();
        raw.execute_batch(&OLD.replace("$ID", "INTEGER PRIMARY KEY NOT NULL")).unwrap();
        raw.execute_batch(
            "INSERT INTO delivery (id, notifier, target, lane, seq, purpose, body, state, due, expires, tries, done)
             VALUES (1, 'adapter/irc', 'irc:#ops', 'a', 1, 'result', '{}', 'sent', 5, 9, 1, 6),
                    (2, 'adapter/irc', 'irc:#ops', 'a', 2, 'result', '{}', 'due', 5, 9, 1, NULL),
                    (3, 'adapter/irc', 'irc:#ops', 'a', 3, 'result', '{}', 'due', 5, 9, 0, NULL),
                    (4, 'adapter/irc', 'irc:#ops', 'b', 1, 'result', '{}', 'due', 6, 9, 0, NULL);
             INSERT INTO attempt VALUES (1, 1, 5, 1, 'sent', 'ok'), (2, 1, 5, 1, 'retry', NULL);
             INSERT INTO seen VALUES ('irc:#ops:m1', 'execution', 7, 5);
             INSERT INTO block VALUES ('delivery', 50);
             PRAGMA user_version = 1;",
        )
        .unwrap();
    }
    assert!(matches!(Reader::open_readonly(&home.path()), Err(StoreError::Corrupt(_))));
    let store = home.open().unwrap();
    assert_eq!(store.id(Noun::Delivery), 50);
    let claims = MemoryClaims::new(store.clone(), World::real());
    let heads = claims.take("adapter/irc", at(10), 9).await.unwrap();
    let heads: Vec<_> = heads.iter().map(|head| (head.delivery.id, head.delivery.tries)).collect();
    assert_eq!(heads, [(2, 1), (4, 0)]);
    let attempts = store.read(|reader| Ok((reader.attempts(1)?, reader.attempts(2)?.len()))).await.unwrap();
    assert_eq!((attempts.0[0].answer.as_deref(), attempts.1), (Some("ok"), 1));
    let done = store.write(accept(1, "web1", vec![sending("a")])).await;
    assert_eq!(done, Ok(Done::Accepted { event: 1, deliveries: 1 }));
}
