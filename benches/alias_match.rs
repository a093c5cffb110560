//! Alias matching at four sizes: one line each, beside the floor of the same run (one regex's captures).
//!
//! `yaml` reads the files' texts one after another on one core; `load` is what starting does: files of a folder, all cores.
//! `cargo bench --bench alias_match`. Bars: at most 2 us a message and flat in N; 10,000 formats loaded in 100 ms;
//! 64 KiB of hostile text in 5 ms.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops at surprises"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatops::alias::{Alias, Case, Entry, Found, Matcher};
use chatops::bot::home::aliases_in;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// Bytes of hostile text.
const HOSTILE: usize = 64 << 10;

fn main() {
    println!(
        "{:>7} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>11} {:>11}",
        "N",
        "match ns",
        "miss ns",
        "typo ns",
        "floor ns",
        "yaml ms",
        "load ms",
        "build ms",
        "hostile ms",
        "of"
    );
    for size in SIZES {
        measure(size);
    }
}

fn measure(size: usize) {
    let files: Vec<String> = (0..size).map(file).collect();
    let started = Instant::now();
    let aliases: Vec<Arc<Alias>> = files
        .iter()
        .map(|text| Arc::new(Alias::load(Some("bench"), Path::new("a.yaml"), text).unwrap().0))
        .collect();
    let yaml = started.elapsed();
    let load = loaded(&files);
    let entries = aliases.iter().map(|alias| Entry { alias: Arc::clone(alias), parameters: None }).collect();
    let started = Instant::now();
    let matcher = Matcher::build(entries, Case::Ignore);
    let build = started.elapsed();

    let chosen = size / 2 - (size / 2) % 5 + 1;
    let command = format!("deploy svc{chosen} web to staging");
    assert!(matches!(matcher.find(&command, &|_| true), Found::One(_)));
    let hit = each(|| matcher.find(black_box(&command), &|_| true));
    let talk = "has anyone looked at the build from this morning, it seems slow";
    let miss = each(|| matcher.overhear(black_box(talk), &|_| true));
    let typo = each(|| matcher.find(black_box("deplyo svc3 web to staging"), &|_| true));
    let (slowest, name) = hostile(&matcher, chosen);
    println!(
        "{size:>7} {hit:>10} {miss:>10} {typo:>10} {:>10} {:>10.2} {:>10.2} {:>10.2} {:>11.2} {name:>11}",
        floor(chosen, &command),
        ms(yaml),
        ms(load),
        ms(build),
        ms(slowest)
    );
}

/// How long the files of a folder take, as at the start.
fn loaded(files: &[String]) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("alias{number}.yaml")), text).unwrap();
    }
    let started = Instant::now();
    let found = aliases_in(folder.path(), "bench");
    assert_eq!((found.found.len(), found.problems.len()), (files.len(), 0));
    started.elapsed()
}

/// Formats as people write them; a fifth with regular expressions.
fn file(number: usize) -> String {
    let format = match number % 5 {
        0 => format!("(restart|bounce) node{number}( now)?[!.]?"),
        1 | 2 => format!("deploy svc{number} {{{{app}}}} to {{{{env}}}}"),
        3 => format!("show graph{number} {{{{metric}}}} {{{{hours=24}}}}"),
        _ => format!("ticket queue{number} {{{{text}}}}"),
    };
    format!(
        "name: alias{number}\naction_ref: core.noop\ndescription: number {number}\nformats:\n  - \"{format}\"\n"
    )
}

/// Nanoseconds a call: the median of rounds.
fn each<T>(mut call: impl FnMut() -> T) -> u128 {
    let mut rounds: Vec<u128> = (0..21)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..2_000 {
                black_box(call());
            }
            started.elapsed().as_nanos() / 2_000
        })
        .collect();
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

/// The captures of the one format that matches, alone.
fn floor(number: usize, command: &str) -> u128 {
    let source = format!(r"(?is)^\s*deploy svc{number}\s+(?P<app>.+?)\s+to\s+(?P<env>.+?)\s*$");
    let regex = regex::Regex::new(&source).unwrap();
    each(|| regex.captures(black_box(command)).map(|hit| hit.len()))
}

/// The slowest of several hostile texts, the fastest of three tries each.
fn hostile(matcher: &Matcher, number: usize) -> (Duration, &'static str) {
    let start = format!("deploy svc{number} ");
    let texts = [
        ("blanks", " ".repeat(HOSTILE)),
        ("in blanks", format!("{start}a to b{}=", " ".repeat(HOSTILE))),
        ("pairs", "a=b ".repeat(HOSTILE / 4)),
        ("pairs junk", format!("{start}a to b {}!", "a=b ".repeat(HOSTILE / 4))),
        ("long value", format!("{start}{} to b", "word ".repeat(HOSTILE / 5))),
        ("no end", format!("{start}{}", "to".repeat(HOSTILE / 2))),
        ("quotes", format!("{start}{}", "\"a 'b ".repeat(HOSTILE / 6))),
        ("braces", format!("{start}{}", "a={ ".repeat(HOSTILE / 4))),
        ("words", format!("svc{number} ").repeat(HOSTILE / 8)),
    ];
    let time = |text: &str| {
        let once = || {
            let started = Instant::now();
            black_box(matcher.find(black_box(text), &|_| true));
            started.elapsed()
        };
        (0..3).map(|_| once()).min().unwrap()
    };
    texts.iter().map(|(name, text)| (time(text), *name)).max().unwrap()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
