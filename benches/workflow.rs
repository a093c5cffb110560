//! The conductor's own time and memory for each task: what a workflow costs beside the actions it runs.
//!
//! `cargo bench --bench workflow`. The bar: under 1 ms for each of 1,000 items with concurrency 50, and memory
//! that does not grow with the number of steps taken.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first surprise"
)]
#![allow(missing_docs, reason = "a program of one file")]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatops::model::{Status, Timestamp};
use chatops::workflow::{Begin, Change, Conductor, NoData, Plan};
use serde_json::{Map, Value, json};

/// How many tasks, items or passes each workflow has.
const COUNT: usize = 1_000;

/// What an action gives: about what a command on a host prints.
const RESULT: usize = 200;

const ITEMS: &str = "input: [hosts]\ntasks:\n  run:\n    with: {items: host in <% ctx().hosts %>, concurrency: 50}\n    \
    action: core.remote hosts=<% item(host) %> cmd=\"uptime\"\n    next: [{publish: [{all: <% result() %>}]}]\n\
    output: [{count: <% len(ctx().all) %>}]\n";

const LOOP: &str = "vars: [{n: 0}]\ntasks:\n  start: {next: [{do: poll}]}\n  poll:\n    action: core.local cmd=\"date\"\n    next:\n      \
    - when: <% ctx().n < COUNT %>\n        publish: [{n: <% ctx().n + 1 %>}, {last: <% result().stdout %>}]\n        \
    do: poll\noutput: [{n: <% ctx().n %>}]\n";

fn main() {
    println!("{:<34} {:>10} {:>12} {:>12} {:>10}", "", "us/task", "longest us", "bytes/task", "MiB more");
    let hosts: Vec<Value> = (0..COUNT).map(|host| json!(format!("web{host}.example.org"))).collect();
    measure("1,000 items, concurrency 50", ITEMS, Map::from_iter([("hosts".to_owned(), json!(hosts))]));
    measure("a loop of 1,000 passes", &LOOP.replace("COUNT", &COUNT.to_string()), Map::new());
    measure("1,000 tasks in a row", &row(), Map::new());
    measure("1,000 tasks side by side, a join", &side(), Map::new());
}

/// `t0` leads to `t1`, and so on.
fn row() -> String {
    let task = |at: usize| {
        format!(
            "  t{at}: {{action: core.local cmd=\"date\", next: [{{publish: [{{v{}: {at}}}], do: t{}}}]}}\n",
            at % 20,
            at + 1
        )
    };
    format!("tasks:\n{}  t{COUNT}: {{action: core.noop}}\n", (0..COUNT).map(task).collect::<String>())
}

/// `start` leads to all, all lead to `end`.
fn side() -> String {
    let names: Vec<String> = (0..COUNT).map(|at| format!("t{at}")).collect();
    let task =
        |name: &String| format!("  {name}: {{action: core.local cmd=\"date\", next: [{{do: end}}]}}\n");
    let tasks: String = names.iter().map(task).collect();
    format!(
        "tasks:\n  start: {{next: [{{do: [{}]}}]}}\n{tasks}  end: {{join: all, action: core.noop}}\n",
        names.join(", ")
    )
}

fn measure(what: &str, text: &str, inputs: Map<String, Value>) {
    let begun = Instant::now();
    let (plan, findings) = Plan::inspect(Path::new("bench.yaml"), text, &[]).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    let read = begun.elapsed();
    let before = resident();
    let begin = Begin { inputs, parent: Map::new() };
    let mut conductor = Conductor::new(Arc::new(plan), begin, Arc::new(NoData));
    let (times, bytes) = drive(&mut conductor);
    assert_eq!(conductor.status(), Status::Succeeded, "{:?}", conductor.state().errors);
    let total: Duration = times.iter().sum();
    let tasks = u32::try_from(times.len()).unwrap();
    let longest = times.iter().max().unwrap().as_micros();
    let more = resident().saturating_sub(before) / 1024;
    let each = (total / tasks).as_micros();
    println!("{what:<34} {each:>10} {longest:>12} {:>12} {more:>10}", bytes / times.len());
    println!("{:<34} {:>10}", "  read and inspected, us in all", read.as_micros());
}

/// Ends everything in the order it was offered; gives the time of each step and the bytes it writes in all.
fn drive(conductor: &mut Conductor) -> (Vec<Duration>, usize) {
    let now = Timestamp::from_micros(0);
    let result = json!({"stdout": "x".repeat(RESULT), "return_code": 0});
    let (mut open, mut times, mut bytes) = (VecDeque::new(), Vec::new(), 0);
    open.extend(conductor.ready(now));
    while let Some(offer) = open.pop_front() {
        let result = if offer.action.is_some() { result.clone() } else { Value::Null };
        let begun = Instant::now();
        conductor.ended(offer.run, offer.item, Status::Succeeded, result, now).unwrap();
        open.extend(conductor.ready(now));
        let changes = conductor.take_changes();
        times.push(begun.elapsed());
        bytes += changes.iter().map(size).sum::<usize>();
        conductor.take_events();
    }
    (times, bytes)
}

fn size(change: &Change) -> usize {
    match change {
        Change::Put { key, value } => key.len() + value.len(),
        Change::Drop { prefix } => prefix.len(),
    }
}

/// Resident memory of this process in KiB; 0 where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}
