//! Commits of the store beside the floor: what the same disk gives to bare `fdatasync` in the same run.
//!
//! `cargo bench --bench store [-- DIR]` writes in DIR, or in the current directory's `target/`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]
#![allow(missing_docs, reason = "a program of one file")]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chatops::model::{AdapterName, Event, Noun, Person, Place, Receipt, Slot, Timestamp};
use chatops::net::World;
use chatops::store::{
    Accept, Change, Claimed, Claims, Decide, Done, Entry, Keys, MemoryClaims, Routed, Sending, Settled,
    Store, What,
};
use serde_json::json;

/// How long each line is measured.
const SPAN: Duration = Duration::from_secs(3);

/// Bytes of one write to the floor's file: about one record with its index pages' share.
const BYTES: usize = 4_096;

fn main() {
    let dir = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| PathBuf::from("target"));
    let home = tempfile::tempdir_in(&dir).unwrap();
    println!("{:<28} {:>10} {:>10} {:>10}", "", "writes/s", "p50 us", "p99 us");
    let floor = floor(home.path());
    for producers in [1, 8, 64] {
        let rate = producing(home.path(), producers);
        println!("{:<28} {:>9.2}x", "  against the floor", rate / floor);
    }
    for producers in [16, 256] {
        let rate = accepting(home.path(), producers);
        println!("{:<28} {:>9.2}x", "  against the floor", rate / floor);
    }
}

/// One thread, one write and one fdatasync after another.
fn floor(home: &Path) -> f64 {
    let mut file = File::create(home.join("floor")).unwrap();
    let block = vec![7; BYTES];
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < SPAN {
        let begun = Instant::now();
        file.write_all(&block).unwrap();
        file.sync_data().unwrap();
        times.push(begun.elapsed());
    }
    report("fdatasync, 1 thread", times, start.elapsed())
}

/// Tasks that each write one audit record after another and wait for each commit.
fn producing(home: &Path, producers: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let path = home.join(format!("{producers}.db"));
    let store = Store::open(&path, Keys::load_or_create(home).unwrap(), World::real()).unwrap();
    let start = Instant::now();
    let times = runtime.block_on(async {
        let tasks: Vec<_> = (0..producers).map(|_| tokio::spawn(produce(store.clone(), start))).collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        store.close().await.unwrap();
        times
    });
    report(&format!("store, {producers} producers"), times, start.elapsed())
}

async fn produce(store: Store, start: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    while start.elapsed() < SPAN {
        let begun = Instant::now();
        store.write(Change::Audit(Box::new(entry()))).await.unwrap();
        times.push(begun.elapsed());
    }
    times
}

/// Tasks that each tell one event after another and wait for each commit, while another takes their deliveries and
/// settles them at once, as if they were sent.
fn accepting(home: &Path, producers: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let path = home.join(format!("accept-{producers}.db"));
    let store = Store::open(&path, Keys::load_or_create(home).unwrap(), World::real()).unwrap();
    let start = Instant::now();
    let (times, settled, all) = runtime.block_on(async {
        let tasks: Vec<_> = (0..producers).map(|one| tokio::spawn(tell(store.clone(), one, start))).collect();
        let sender = tokio::spawn(send(store.clone(), start));
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        let settled = sender.await.unwrap();
        let all = start.elapsed();
        store.close().await.unwrap();
        (times, settled, all)
    });
    let name = format!("accept, {producers} producers");
    println!("{name:<28} {settled:>10} settled in {:.1} s", all.as_secs_f64());
    report(&name, times, SPAN)
}

async fn tell(store: Store, producer: usize, start: Instant) -> Vec<Duration> {
    let body = json!({
        "source": "ci", "kind": "run", "status": "failed", "fingerprint": format!("web{producer}"),
        "title": "deploy of web failed", "text": "the last lines of the log ".repeat(8),
        "labels": {"host": format!("web{producer}.example.org"), "environment": "production"},
    });
    let event = std::sync::Arc::new(Event::from_json(&body).unwrap());
    let slot = Slot { notifier: "notifier/ops".into(), target: "#ops".into(), lane: event.subject() };
    let world = World::real();
    let mut times = Vec::new();
    while start.elapsed() < SPAN {
        let begun = Instant::now();
        let (slot, at) = (slot.clone(), world.now());
        let decide =
            Decide::new(move |_, _| Routed { sends: vec![sending(slot.clone(), at)], ..Routed::default() });
        let accept = Accept {
            id: store.id(Noun::Event),
            event: event.clone(),
            keys: Vec::new(),
            raw_size: 512,
            raw_hash: "0".repeat(64),
            at,
            overdue: None,
            decide,
        };
        let done = store.write(Change::Accept(Box::new(accept))).await.unwrap();
        assert!(matches!(done, Done::Accepted { deliveries: 1, .. }));
        times.push(begun.elapsed());
    }
    times
}

fn sending(slot: Slot, at: Timestamp) -> Sending {
    Sending {
        slot,
        purpose: "event".into(),
        body: json!({"notifier": "ops", "moment": "error"}),
        due: at,
        expires: at.plus(Duration::from_secs(3_600)),
        gather: false,
        dropped: None,
    }
}

/// Takes and settles until the producers have ended and nothing is left; how many.
async fn send(store: Store, start: Instant) -> usize {
    let world = World::real();
    let claims = MemoryClaims::new(store, world.clone());
    let mut settled = 0;
    loop {
        let over = start.elapsed() > SPAN;
        let taken = claims.take("notifier/ops", world.now(), 256).await.unwrap();
        if taken.is_empty() && over {
            return settled;
        }
        settled += taken.len();
        claims.settle(taken.into_iter().map(|claimed| good(claimed, world.now())).collect()).await.unwrap();
        claims.wake(Duration::from_millis(100)).await;
    }
}

fn good(claimed: Claimed, at: Timestamp) -> (Claimed, Settled) {
    let outcome = Ok(Receipt { handle: None, answer: "200 OK".to_owned() });
    let settled = Settled { delivery: claimed.delivery.id, at, millis: 3, outcome, again: None };
    (claimed, settled)
}

fn entry() -> Entry {
    let irc = AdapterName::new("irc").unwrap();
    Entry {
        at: Timestamp::from_micros(1_795_250_400_000_000),
        what: What::Asked,
        person: Some(Person::proven(irc.clone(), "alice")),
        place: Some(Place::room(irc, "#ops")),
        subject: Some("execution/12".into()),
        body: [("text".to_owned(), json!("run date on web1.example.org ".repeat(4)))].into_iter().collect(),
    }
}

/// Prints one line; gives writes a second.
fn report(name: &str, mut times: Vec<Duration>, span: Duration) -> f64 {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_micros();
    let rate = times.len() as f64 / span.as_secs_f64();
    println!("{name:<28} {rate:>10.0} {:>10} {:>10}", at(50), at(99));
    rate
}
