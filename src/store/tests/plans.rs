//! What is asked after each commit is answered from indexes, however much lies around.

use super::*;
use crate::store::reader::{BACKLOG, DUE, DUE_AFTER, RIPE};
use crate::store::{Claims, MemoryClaims};

/// How the database would answer, one line a step.
fn plan(connection: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values =
        rusqlite::params_from_iter(vec![rusqlite::types::Value::Integer(1); statement.parameter_count()]);
    let lines = statement.query_map(values, |row| row.get(3)).unwrap();
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn what_is_asked_all_the_time_is_answered_from_indexes() {
    let home = Home::new();
    drop(home.open().unwrap());
    let raw = home.raw();
    let cases = [
        (DUE, "delivery_due"),
        (DUE_AFTER, "delivery_due"),
        (DUE_AFTER, "delivery_ripe"),
        (RIPE, "delivery_ripe"),
        (BACKLOG[0].1, "delivery_due"),
        (BACKLOG[1].1, "delivery_"),
        (BACKLOG[2].1, "delivery_dead_of"),
    ];
    for (sql, index) in cases {
        let steps = plan(&raw, sql);
        assert!(
            steps.iter().any(|step| step.contains(&format!("COVERING INDEX {index}"))),
            "{index}: {steps:?}"
        );
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
        let scans = steps.iter().filter(|step| step.starts_with("SCAN delivery"));
        assert!(sql.starts_with("SELECT notifier") || scans.count() == 0, "{steps:?}");
    }
}

#[test]
fn what_every_event_asks_is_answered_from_indexes() {
    let home = Home::new();
    drop(home.open().unwrap());
    let raw = home.raw();
    let slot = "notifier = ?1 AND target = ?2 AND lane = ?3";
    let cases = [
        (format!("SELECT max(seq) FROM delivery WHERE {slot} AND done IS NULL"), "delivery_lane"),
        (
            format!("SELECT id FROM delivery WHERE {slot} AND done IS NULL ORDER BY seq LIMIT 1"),
            "delivery_lane",
        ),
        (
            format!("SELECT id FROM delivery WHERE {slot} AND state = 'held' ORDER BY seq DESC LIMIT 1"),
            "delivery_held",
        ),
        (
            "SELECT body FROM subject WHERE failing = 1 ORDER BY since DESC LIMIT ?1".to_owned(),
            "subject_failing",
        ),
        (
            "SELECT body FROM subject WHERE overdue <= ?1 ORDER BY overdue LIMIT ?2".to_owned(),
            "subject_overdue",
        ),
    ];
    for (sql, index) in cases {
        let steps = plan(&raw, &sql);
        assert!(steps.iter().all(|step| step.contains(index)), "{index}: {steps:?}");
    }
}

#[tokio::test]
async fn a_pile_of_dead_and_a_long_lane_do_not_slow_what_is_due() {
    let home = Home::new();
    let store = home.open().unwrap();
    let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
                INSERT INTO delivery (id, notifier, target, lane, seq, head, event, purpose, body, state, due, expires,
                  made, done)
                SELECT 1000 + i, 'adapter/irc', 'irc:#ops', iif(i % 3 = 0, 'long', 'dead'), i, i = 3, i, 'event', '{}',
                  iif(i % 3 = 0, 'due', 'dead'), 5, 9, 5, iif(i % 3 = 0, NULL, 6) FROM n";
    home.raw().execute_batch(fill).unwrap();
    let new = delivery(1, "a");
    store.write(Change::Deliver(Box::new(new))).await.unwrap();
    let claims = MemoryClaims::new(store.clone(), World::real());
    let first = claims.take("adapter/irc", at(100), 9).await.unwrap();
    assert_eq!(first.iter().map(|one| one.delivery.id).collect::<Vec<_>>(), [1_003, 1]);
    // Work of the database, not time: a scan of the pile would be some millions of steps.
    let connection = home.raw();
    for sql in [DUE, DUE_AFTER, RIPE] {
        let mut statement = connection.prepare(sql).unwrap();
        let mut values: Vec<rusqlite::types::Value> =
            vec!["adapter/irc".to_owned().into(), 100_000_000.into(), 9.into()];
        values.truncate(statement.parameter_count());
        assert!(statement.query_map(rusqlite::params_from_iter(values), |_| Ok(())).unwrap().count() <= 2);
        let steps = statement.get_status(rusqlite::StatementStatus::VmStep);
        assert!(steps < 200, "{steps} steps for {sql}");
    }
}
