//! Killed in mid-work: what was acknowledged is there, what was open is abandoned, told once.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;
use crate::store::{Done, Notice, Reader, audit};

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
