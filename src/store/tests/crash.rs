//! Killed in mid-work: what was acknowledged is there, what was open is abandoned, told once.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;
use crate::store::{Claimed, Claims, Done, MemoryClaims, Notice, Reader, Settled, audit};

/// Where the child of the next test writes.
const CHILD: &str = "CHATOPS_TEST_STORE_HOME";

/// Not a test by itself: the process that is killed.
#[tokio::test]
async fn child_that_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let dir = PathBuf::from(dir);
    let keys = Keys::load_or_create(&dir).unwrap();
    let store = Store::open(&dir.join("chatops.db"), keys, World::real()).unwrap();
    let producers = (0..8).map(|_| acknowledge(store.clone()));
    futures_util::future::join_all(producers).await;
}

async fn acknowledge(store: Store) {
    loop {
        let id = store.id(Noun::Execution);
        if store.write(begin(id)).await == Ok(Done::Written) {
            writeln!(std::io::stdout().lock(), "ack {id}").unwrap();
        }
    }
}

#[test]
fn after_kill_9_every_acknowledged_write_is_there() {
    let home = Home::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "store::tests::crash::child_that_writes_until_it_is_killed"])
        .env(CHILD, home.dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let id_in = |line: String| line.rsplit_once("ack ").and_then(|(_, id)| id.parse::<i64>().ok());
    let mut acknowledged: Vec<i64> = lines.by_ref().filter_map(id_in).take(300).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged.extend(lines.filter_map(id_in));
    assert!(acknowledged.len() >= 300);

    let store = home.open().unwrap();
    let reader = Reader::open_readonly(&home.path()).unwrap();
    for id in &acknowledged {
        assert!(reader.execution(*id).unwrap().is_some(), "{id} was acknowledged");
    }
    let highest = acknowledged.iter().max().unwrap();
    assert!(store.id(Noun::Execution) > *highest);
    let verdict = audit::verify(&reader, &home.keys(), None).unwrap();
    assert!(verdict.is_whole(), "{verdict:?}");
}

fn recover(first: i64) -> Change {
    let notice = Notice::new(move |execution| Some(delivery(first + execution.id, "gone")));
    Change::Recover { at: at(500), notice }
}

#[tokio::test]
async fn what_an_earlier_life_left_open_is_abandoned_and_told_once() {
    let home = Home::new();
    let store = home.open().unwrap();
    for id in 1..=3 {
        store.write(begin(id)).await.unwrap();
    }
    store.write(finish(3, None)).await.unwrap();
    assert_eq!(store.write(recover(1_000)).await, Ok(Done::Recovered(vec![])), "its own are not abandoned");
    drop(store);

    let store = home.open().unwrap();
    let Ok(Done::Recovered(abandoned)) = store.write(recover(1_000)).await else { panic!() };
    assert_eq!(abandoned.iter().map(|execution| execution.id).collect::<Vec<_>>(), [1, 2]);
    assert!(abandoned.iter().all(|execution| execution.status == Status::Abandoned));
    drop(store);

    let store = home.open().unwrap();
    assert_eq!(store.write(recover(2_000)).await, Ok(Done::Recovered(vec![])), "told already");
    let notices: i64 = home.raw().query_row("SELECT count(*) FROM delivery", [], |row| row.get(0)).unwrap();
    assert_eq!(notices, 2);
    let verdict = audit::verify(&Reader::open_readonly(&home.path()).unwrap(), &home.keys(), None).unwrap();
    assert!(verdict.is_whole() && verdict.records == 6, "{verdict:?}");
}

#[tokio::test]
async fn a_notice_that_cannot_be_kept_leaves_all_open() {
    let home = Home::new();
    drop({
        let store = home.open().unwrap();
        store.write(begin(1)).await.unwrap();
        store.write(begin(2)).await.unwrap();
        store
    });
    let store = home.open().unwrap();
    let notice = Notice::new(|_| Some(delivery(7, "the same id twice")));
    let outcome = store.write(Change::Recover { at: at(500), notice }).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
    let open = store.read(Reader::open_executions).await.unwrap();
    assert_eq!(open.len(), 2);
}

/// Where the child of the next test accepts events.
const INTAKE: &str = "CHATOPS_TEST_STORE_INTAKE";

/// Not a test by itself: the process that is killed.
#[tokio::test]
async fn child_that_accepts_and_sends_until_it_is_killed() {
    let Some(dir) = std::env::var_os(INTAKE) else { return };
    let dir = PathBuf::from(dir);
    let keys = Keys::load_or_create(&dir).unwrap();
    let store = Store::open(&dir.join("chatops.db"), keys, World::real()).unwrap();
    let producers = (0..16).map(|lane| intake(store.clone(), lane));
    futures_util::future::join(futures_util::future::join_all(producers), send(store.clone())).await;
}

async fn intake(store: Store, lane: usize) {
    let name = format!("web{lane}");
    loop {
        let id = store.id(Noun::Event);
        let grouped = Sending { due: at(1 << 40), gather: true, ..sending("group") };
        let told = accepted(id, &name, vec![sending(&name), grouped]);
        let told = Accept { keys: vec![format!("event/{id}")], at: World::real().now(), ..told };
        if let Ok(Done::Accepted { event, .. }) = store.write(Change::Accept(Box::new(told))).await {
            writeln!(std::io::stdout().lock(), "ack {event}").unwrap();
        }
    }
}

async fn send(store: Store) {
    let claims = MemoryClaims::new(store, World::real());
    loop {
        let now = World::real().now();
        let taken = claims.take("adapter/irc", now, 8).await.unwrap();
        let good = |claimed: Claimed| {
            let (delivery, outcome) = (claimed.delivery.id, Ok(Default::default()));
            (claimed, Settled { delivery, at: now, millis: 0, outcome, again: None })
        };
        claims.settle(taken.into_iter().map(good).collect()).await.unwrap();
        claims.wake(std::time::Duration::from_secs(1)).await;
    }
}

#[test]
fn after_kill_9_every_accepted_event_and_its_deliveries_are_there_whole() {
    let home = Home::new();
    let mut acknowledged = Vec::new();
    for _round in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "store::tests::crash::child_that_accepts_and_sends_until_it_is_killed",
            ])
            .env(INTAKE, home.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let id_in = |line: String| line.rsplit_once("ack ").and_then(|(_, id)| id.parse::<i64>().ok());
        acknowledged.extend(lines.by_ref().filter_map(id_in).take(200));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(lines.filter_map(id_in));
    }
    let store = home.open().unwrap();
    drop(store);
    let raw = home.raw();
    let count = |sql: &str| -> i64 { raw.query_row(sql, [], |row| row.get(0)).unwrap() };
    for id in &acknowledged {
        let found = count(&format!("SELECT count(*) FROM delivery WHERE event = {id} AND lane <> 'group'"));
        assert_eq!(found, 1, "{id} was acknowledged");
        assert_eq!(count(&format!("SELECT count(*) FROM event WHERE id = {id}")), 1);
        assert_eq!(count(&format!("SELECT count(*) FROM event_key WHERE event = {id}")), 1);
        let grouped = format!(
            "SELECT (SELECT count(*) FROM delivery_member WHERE event = {id})
                  + (SELECT count(*) FROM delivery WHERE event = {id} AND lane = 'group')"
        );
        assert_eq!(count(&grouped), 1, "{id} is in one group");
    }
    let events = count("SELECT count(*) FROM event");
    assert!(events >= acknowledged.len() as i64);
    assert_eq!(
        count("SELECT count(*) FROM delivery WHERE lane <> 'group'"),
        events,
        "nothing is half-written"
    );
    assert_eq!(count("SELECT sum(gather) FROM delivery WHERE lane = 'group'"), events);
    assert_eq!(count("SELECT count(*) FROM subject"), 16);
    let sent = count("SELECT count(*) FROM delivery WHERE state = 'sent'");
    assert_eq!(count("SELECT count(*) FROM attempt"), sent);
    let heads = "SELECT count(*) FROM delivery AS head WHERE done IS NULL AND head = 1 AND EXISTS (
                   SELECT 1 FROM delivery AS earlier WHERE earlier.lane = head.lane AND earlier.done IS NULL
                   AND earlier.seq < head.seq)";
    assert_eq!(count(heads), 0);
    let lanes = count("SELECT count(DISTINCT lane) FROM delivery WHERE done IS NULL");
    assert_eq!(count("SELECT count(*) FROM delivery WHERE done IS NULL AND head = 1"), lanes);
}
