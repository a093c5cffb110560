//! Runs the scenarios: all groups of all adapters that were asked for begin with the first test, side by side,
//! because most of them mostly wait. Each test then takes its own result.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::list::{GROUPS, Group, ROWS, Row, Verdict};
use super::stage::Stage;
use super::{ADAPTERS, Fault, Start, soak, table};
use crate::support::skip;

/// Groups that run side by side; those that wait for a frozen server are not counted.
const WORKERS: usize = 5;

/// No group takes longer.
const LIMIT: Duration = Duration::from_secs(400);

/// How a scenario went on one adapter.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// It ran.
    Went(Verdict),
    /// It failed: why.
    Failed(String),
    /// The server is not installed.
    Absent,
}

type Results = Arc<(Mutex<BTreeMap<(&'static str, &'static str), Outcome>>, Condvar)>;

/// Everything that runs or has run.
struct Suite {
    begun: Vec<(&'static str, &'static str)>,
    results: Results,
    soak: Mutex<Option<JoinHandle<Result<(), String>>>>,
}

fn suite() -> &'static Suite {
    static SUITE: OnceLock<Suite> = OnceLock::new();
    SUITE.get_or_init(Suite::begin)
}

/// One group on one adapter.
struct Job {
    kind: &'static str,
    start: Start,
    group: Group,
    rows: Vec<&'static Row>,
}

/// The test of one scenario on one adapter.
pub(crate) fn holds(kind: &str, name: &str) {
    match outcome(kind, name) {
        Outcome::Went(verdict) => eprintln!("{kind} {name}: {verdict:?}"),
        Outcome::Failed(why) => panic!("{why}"),
        Outcome::Absent => skip(&format!("no server for `{kind}`")),
    }
}

/// How a scenario went; waits for it.
pub(crate) fn outcome(kind: &str, name: &str) -> Outcome {
    let suite = suite();
    let row = ROWS.iter().find(|row| row.name == name).expect("a scenario of the list");
    let (kind, start) = *ADAPTERS.iter().find(|adapter| adapter.0 == kind).expect("an adapter of the list");
    if !suite.begun.contains(&(kind, row.name)) {
        run(&Job { kind, start, group: row.group, rows: vec![row] }, &suite.results);
    }
    let (results, bell) = &*suite.results;
    let waiting = |results: &mut BTreeMap<_, _>| !results.contains_key(&(kind, row.name));
    let (results, _) = bell.wait_timeout_while(results.lock().unwrap(), LIMIT, waiting).unwrap();
    results.get(&(kind, row.name)).cloned().unwrap_or_else(|| panic!("no result within {LIMIT:?}"))
}

/// How the soak went; waits for it.
pub(crate) fn soaked() -> Result<(), String> {
    let begun = suite().soak.lock().unwrap().take();
    begun.unwrap_or_else(soaking).join().unwrap()
}

fn soaking() -> JoinHandle<Result<(), String>> {
    thread::spawn(|| catch_unwind(soak::run).map_err(|panic| words(&*panic)))
}

/// Whether one of these tests was asked for: the program's arguments are parts of names.
fn asked(tests: &[&str]) -> bool {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    asked.is_empty() || tests.iter().any(|test| asked.iter().any(|part| test.contains(part.as_str())))
}

fn wanted(kind: &str, row: &Row) -> bool {
    asked(&[&format!("platforms::{kind}::{}", row.name), table::TEST])
}

impl Suite {
    fn begin() -> Self {
        let results = Results::default();
        let (mut begun, mut queue) = (Vec::new(), VecDeque::new());
        for group in GROUPS {
            for (kind, start) in ADAPTERS {
                let rows = ROWS.iter().filter(|row| row.group == *group && wanted(kind, row));
                let rows: Vec<_> = rows.collect();
                begun.extend(rows.iter().map(|row| (*kind, row.name)));
                let job = Job { kind, start: *start, group: *group, rows };
                match group {
                    _ if job.rows.is_empty() => {}
                    Group::Frozen => run_aside(job, &results),
                    _ => queue.push_back(job),
                }
            }
        }
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..WORKERS {
            let (queue, results) = (queue.clone(), results.clone());
            thread::spawn(move || {
                loop {
                    let job = queue.lock().unwrap().pop_front();
                    let Some(job) = job else { return };
                    run(&job, &results);
                }
            });
        }
        let soak = Mutex::new(asked(&[soak::TEST]).then(soaking));
        Self { begun, results, soak }
    }
}

fn run_aside(job: Job, results: &Results) {
    let results = results.clone();
    thread::spawn(move || run(&job, &results));
}

/// Runs the rows one after the other on one bot; after a failure the next row gets a new one.
fn run(job: &Job, results: &Results) {
    let mut stage = None;
    for (index, row) in job.rows.iter().enumerate() {
        let last = index + 1 == job.rows.len();
        let played = catch_unwind(AssertUnwindSafe(|| play(job, row, &mut stage, last)));
        let outcome = match played {
            Ok(outcome) => outcome,
            Err(panic) => {
                let log = stage.take().map(|stage| stage.bot.tail()).unwrap_or_default();
                Outcome::Failed(format!("{} on {}: {}\n{log}", row.name, job.kind, words(&*panic)))
            }
        };
        let (all, bell) = &**results;
        all.lock().unwrap().insert((job.kind, row.name), outcome);
        bell.notify_all();
    }
}

fn play(job: &Job, row: &Row, stage: &mut Option<Stage>, last: bool) -> Outcome {
    if stage.is_none() {
        *stage = match job.group {
            Group::Late => Stage::set(job.start, |platform| {
                platform.crowd(254);
                platform.fault(Fault::Down);
            }),
            _ => Stage::open(job.start),
        };
    }
    let Some(playing) = stage else { return Outcome::Absent };
    let verdict = (row.run)(playing);
    let breaches = playing.platform.breaches();
    assert!(breaches.is_empty(), "against the protocol: {breaches:#?}");
    assert!(verdict != Verdict::Degrades || !degrades(job.kind, row).is_empty(), "it must not degrade");
    if last && let Some(stage) = stage.take() {
        stage.close();
    }
    Outcome::Went(verdict)
}

/// What a scenario degrades to on an adapter.
pub(crate) fn degrades(kind: &str, row: &Row) -> &'static str {
    let own = super::INSTEAD.iter().find(|(of, name, _)| *of == kind && *name == row.name);
    own.map_or(row.degrades, |(_, _, text)| text)
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}
