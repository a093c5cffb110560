//! Events in, notifications out, beside Debian's prometheus-alertmanager in the same run.
//!
//! `cargo bench --bench notify [-- PROGRAM]` measures a release build of the bot, `target/release/chatops` unless
//! another one is named; with `--hanging` only what a destination that hangs does to senders.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark prints, and stops at the first surprise"
)]
#![allow(missing_docs, reason = "a program, not a library")]

mod load;
mod peers;
#[allow(dead_code, reason = "tests use more of it")]
mod sink;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use load::{Load, Posted};
use peers::Peer;
use sink::Sink;

/// Rounds; each system has its turn in each.
const ROUNDS: usize = 3;

/// Events of one turn.
const EVENTS: u32 = 10_000;

/// What one turn gave.
#[derive(Debug, Clone, Default)]
struct Turn {
    accepted: f64,
    delivered: f64,
    p50: f64,
    p99: f64,
    answer_p50: f64,
    lost: usize,
    doubled: usize,
    disordered: usize,
    peak: f64,
}

#[tokio::main]
async fn main() {
    let program = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).map(PathBuf::from);
    let program = program.unwrap_or_else(|| PathBuf::from("target/release/chatops"));
    let dir = tempfile::tempdir_in("target").expect("a folder");
    let sink = Sink::start().await.expect("a port");
    if std::env::args().any(|arg| arg == "--hanging") {
        return hanging(&sink, &program, &dir.path().join("hanging")).await;
    }
    let mut turns: Vec<(String, Vec<Turn>)> = Vec::new();
    let mut floors = Vec::new();
    for round in 0..ROUNDS {
        let place = dir.path().join(round.to_string());
        std::fs::create_dir_all(&place).expect("a folder");
        floors.push(fdatasync(&place));
        for connections in [16, 256] {
            if let Some(peer) =
                peers::alertmanager(&place.join(format!("am{connections}")), sink.address, "/am")
            {
                let turn = turn(&sink, peer, "/am", connections).await;
                put(&mut turns, format!("alertmanager, {connections} connections"), turn);
            }
            let home = place.join(format!("bot{connections}"));
            peers::home(&home, sink.address, &["/bot"]);
            let turn = turn(&sink, peers::bot(&program, &home), "/bot", connections).await;
            put(&mut turns, format!("chatops, {connections} connections"), turn);
        }
    }
    report(&turns, &floors);
    pace(&sink, &program, &dir.path().join("pace"), &floors).await;
    slow(&sink, &program, &dir.path().join("slow")).await;
    hanging(&sink, &program, &dir.path().join("hanging")).await;
    crash(&sink, &program, &dir.path().join("crash")).await;
}

fn put(turns: &mut Vec<(String, Vec<Turn>)>, name: String, turn: Turn) {
    match turns.iter_mut().find(|(known, _)| *known == name) {
        Some((_, all)) => all.push(turn),
        None => turns.push((name, vec![turn])),
    }
}

/// How often a second this disk makes 4 KiB durable.
fn fdatasync(dir: &Path) -> f64 {
    let mut file = File::create(dir.join("floor")).expect("a file");
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < Duration::from_secs(1) {
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("the disk");
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

async fn turn(sink: &Sink, peer: Peer, path: &str, connections: u32) -> Turn {
    sink.clear();
    let start = Instant::now();
    let posted = load(&peer, EVENTS, connections, None).run().await;
    sink.arrived(path, &posted.accepted, Duration::from_secs(5)).await;
    let span = start.elapsed();
    let turn = judge(sink, path, &posted, span, peer.peak());
    peer.kill();
    turn
}

fn load(peer: &Peer, events: u32, connections: u32, rate: Option<f64>) -> Load {
    Load {
        address: peer.address,
        head: peer.head.clone(),
        body: peer.body.clone(),
        events,
        connections,
        first_key: 0,
        rate,
    }
}

fn judge(sink: &Sink, path: &str, posted: &Posted, span: Duration, peak: f64) -> Turn {
    let seen = sink.seen();
    let came = seen.on(path);
    let mut took: Vec<i64> = came.values().map(|came| came.took).collect();
    let mut answers = posted.answers.clone();
    Turn {
        accepted: posted.accepted.len() as f64 / posted.span.as_secs_f64(),
        delivered: came.len() as f64 / span.as_secs_f64(),
        p50: share(&mut took, 0.5),
        p99: share(&mut took, 0.99),
        answer_p50: share(&mut answers, 0.5),
        lost: posted.accepted.iter().filter(|mark| !came.contains_key(mark)).count(),
        doubled: came.values().filter(|came| came.times > 1).count(),
        disordered: seen.disordered,
        peak,
    }
}

/// A share of the sorted times, in milliseconds.
fn share(times: &mut [i64], share: f64) -> f64 {
    times.sort_unstable();
    let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(index).map_or(0.0, |micros| *micros as f64 / 1000.0)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn report(turns: &[(String, Vec<Turn>)], floors: &[f64]) {
    println!(
        "one event a post, medians of {ROUNDS} rounds; fdatasync {:.0}/s",
        median(floors.iter().copied())
    );
    println!(
        "{:<32} {:>10} {:>11} {:>8} {:>8} {:>10} {:>6} {:>8} {:>10} {:>9}",
        "",
        "accepted/s",
        "delivered/s",
        "p50 ms",
        "p99 ms",
        "answer ms",
        "lost",
        "doubled",
        "disordered",
        "peak MiB"
    );
    for (name, all) in turns {
        let of = |field: fn(&Turn) -> f64| median(all.iter().map(field));
        let sum = |field: fn(&Turn) -> usize| all.iter().map(field).sum::<usize>();
        println!(
            "{name:<32} {:>10.0} {:>11.0} {:>8.2} {:>8.2} {:>10.2} {:>6} {:>8} {:>10} {:>9.1}",
            of(|turn| turn.accepted),
            of(|turn| turn.delivered),
            of(|turn| turn.p50),
            of(|turn| turn.p99),
            of(|turn| turn.answer_p50),
            sum(|turn| turn.lost),
            sum(|turn| turn.doubled),
            sum(|turn| turn.disordered),
            of(|turn| turn.peak),
        );
    }
    let find = |name: &str| turns.iter().find(|(known, _)| known == name).map(|(_, all)| all);
    for (connections, bar) in [(16, 1.5), (256, 3.0)] {
        let ours = find(&format!("chatops, {connections} connections"));
        let theirs = find("alertmanager, 16 connections");
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours.accepted / theirs.accepted);
            let ratio = median(ratios);
            println!(
                "accepted at {connections} connections, to alertmanager at 16: {ratio:.2} x (bar {bar} x)"
            );
        }
    }
}

/// End to end at a pace that leaves the machine room: what one event takes, not what a queue takes.
async fn pace(sink: &Sink, program: &Path, dir: &Path, floors: &[f64]) {
    peers::home(dir, sink.address, &["/bot"]);
    let peer = peers::bot(program, dir);
    sink.clear();
    let start = Instant::now();
    let posted = load(&peer, 3_000, 16, Some(500.0)).run().await;
    sink.arrived("/bot", &posted.accepted, Duration::from_secs(5)).await;
    let turn = judge(sink, "/bot", &posted, start.elapsed(), peer.peak());
    let sync = 1000.0 / median(floors.iter().copied());
    println!(
        "end to end at 500/s, 16 connections: p50 {:.2} ms, p99 {:.2} ms (bars 2 ms or 4 x fdatasync = {:.2} ms; 20 ms), lost {}, peak {:.1} MiB",
        turn.p50,
        turn.p99,
        4.0 * sync,
        turn.lost,
        turn.peak
    );
    peer.kill();
}

/// A destination that takes five seconds beside one that takes none.
async fn slow(sink: &Sink, program: &Path, dir: &Path) {
    peers::home(dir, sink.address, &["/fast", "/slow"]);
    let peer = peers::bot(program, dir);
    sink.clear();
    let posted = load(&peer, 500, 16, Some(100.0)).run().await;
    sink.arrived("/fast", &posted.accepted, Duration::from_secs(3)).await;
    let turn = judge(sink, "/fast", &posted, posted.span, peer.peak());
    let most = sink.seen().most_under_way;
    println!(
        "a slow destination beside a fast one: the fast one p50 {:.2} ms, p99 {:.2} ms, lost {}; at most {most} under way",
        turn.p50, turn.p99, turn.lost
    );
    peer.kill();
}

/// What Chaos Toolkit sends at the end of a run, one at a time and 16 at once, while the only destination never answers.
async fn hanging(sink: &Sink, program: &Path, dir: &Path) {
    sink.clear();
    peers::home_of_chaos(dir, sink.address, "/hang");
    let peer = peers::bot(program, dir);
    for (connections, first_key) in [(1, 0), (16, 100)] {
        let load = Load {
            head: peers::CHAOS_HEAD.to_owned(),
            body: peers::chaos_body(),
            first_key,
            ..load(&peer, 2_000, connections, Some(200.0))
        };
        let mut posted = load.run().await;
        println!(
            "POST /in/chaostoolkit while a destination hangs, 200/s over {connections}: p50 {:.2} ms, p99 {:.2} ms (bar 10 ms), refused {}, {} at the destination, peak {:.1} MiB",
            share(&mut posted.answers, 0.5),
            share(&mut posted.answers, 0.99),
            posted.refused,
            sink.hanging(),
            peer.peak()
        );
    }
    peer.kill();
}

/// Killed in mid-load and started again.
async fn crash(sink: &Sink, program: &Path, dir: &Path) {
    peers::home(dir, sink.address, &["/bot"]);
    let (mut accepted, mut lost, mut doubled, mut other, mut first, mut ready) =
        (0, 0, 0, 0, 0.0_f64, 0.0_f64);
    for round in 0..5_u32 {
        sink.clear();
        let peer = peers::bot(program, dir);
        let work = Load { first_key: 100 * round, ..load(&peer, 4_000, 16, Some(2_000.0)) };
        let work = tokio::spawn(work.run());
        tokio::time::sleep(Duration::from_millis(u64::from(500 + 250 * round))).await;
        peer.kill();
        let posted = work.await.unwrap_or_default();
        let before = sink.seen().on("/bot").len();
        let started = sink::micros();
        let peer = peers::bot(program, dir);
        ready = ready.max(peer.ready.as_secs_f64() * 1000.0);
        sink.arrived("/bot", &posted.accepted, Duration::from_secs(5)).await;
        let came = sink.seen().on("/bot");
        let again = came.values().map(|came| came.at).filter(|at| *at > started).min();
        first = first.max(again.map_or(0.0, |at| (at - started) as f64 / 1000.0));
        accepted += posted.accepted.len();
        lost += posted.accepted.iter().filter(|mark| !came.contains_key(mark)).count();
        doubled += came.values().filter(|came| came.times > 1).count();
        other += came.values().filter(|came| came.ids.len() > 1).count();
        println!("  killed after {before} of {} accepted had arrived", posted.accepted.len());
        peer.kill();
    }
    let share = 100.0 * doubled as f64 / accepted.max(1) as f64;
    println!(
        "kill -9 in mid-load, 5 rounds: {accepted} accepted, {lost} lost (bar 0), {doubled} doubled = {share:.2} % (bar 0.5 %), {other} of them with another id; ready again after {ready:.0} ms, first redelivery after {first:.0} ms (bar 1000)"
    );
}
