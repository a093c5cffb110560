//! The table of adapters and scenarios: printed, and held against the page that shows it.

use std::fmt::Write;
use std::fs;

use super::ADAPTERS;
use super::list::{ROWS, Verdict};
use super::suite::{Outcome, degrades, outcome};
use crate::support::{skip, source};

/// The test that needs every scenario.
pub(super) const TEST: &str = "platforms::table::the_page_shows_what_every_adapter_does";

/// Where the page holds the table, and where the times.
const TABLE: (&str, &str) = ("<!-- scenarios -->\n", "<!-- end of scenarios -->");
const TIMES: (&str, &str) = ("<!-- times -->\n", "<!-- end of times -->");

/// All results, row by row; `None` where a server is missing.
fn results() -> Option<Vec<Vec<Verdict>>> {
    let verdict = |kind: &str, name: &str| match outcome(kind, name) {
        Outcome::Went(verdict) => Some(verdict),
        Outcome::Absent => None,
        Outcome::Failed(_) => panic!("{name} on {kind} failed; its own test says why"),
    };
    ROWS.iter().map(|row| ADAPTERS.iter().map(|(kind, _)| verdict(kind, row.name)).collect()).collect()
}

fn head() -> String {
    let kinds: Vec<_> = ADAPTERS.iter().map(|(kind, _)| *kind).collect();
    format!("| | {} |\n|---|{}\n", kinds.join(" | "), "---|".repeat(kinds.len()))
}

/// `ok`, or what the adapter does instead.
fn table(results: &[Vec<Verdict>]) -> String {
    let mut text = head();
    for (row, verdicts) in ROWS.iter().zip(results) {
        let cell = |(verdict, kind): (&Verdict, &str)| match verdict {
            Verdict::Holds | Verdict::Back(_) => "ok".to_owned(),
            Verdict::Degrades => degrades(kind, row).to_owned(),
        };
        let cells: Vec<_> =
            verdicts.iter().zip(ADAPTERS).map(|(verdict, (kind, _))| cell((verdict, kind))).collect();
        writeln!(text, "| {} | {} |", row.title, cells.join(" | ")).unwrap();
    }
    text
}

/// How long each was away.
fn times(results: &[Vec<Verdict>]) -> String {
    let mut text = head();
    for (row, verdicts) in ROWS.iter().zip(results) {
        let cell = |verdict: &Verdict| match verdict {
            Verdict::Back(took) => format!("{:.2} s", took.as_secs_f64()),
            _ => String::new(),
        };
        let cells: Vec<_> = verdicts.iter().map(cell).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            writeln!(text, "| {} | {} |", row.title, cells.join(" | ")).unwrap();
        }
    }
    text
}

/// What stands between two marks of a page.
fn part<'a>(page: &'a str, (from, to): (&str, &str)) -> &'a str {
    let begin =
        page.find(from).map(|at| at + from.len()).unwrap_or_else(|| panic!("the page has no `{from}`"));
    let end = page[begin..].find(to).unwrap_or_else(|| panic!("the page has no `{to}`"));
    &page[begin..begin + end]
}

/// The page with something else there.
fn with(page: &str, marks: (&str, &str), text: &str) -> String {
    let length = part(page, marks).len();
    let begin = page.find(marks.0).map_or(0, |at| at + marks.0.len());
    format!("{}{text}{}", &page[..begin], &page[begin + length..])
}

#[test]
fn the_page_shows_what_every_adapter_does() {
    let Some(results) = results() else { return skip("a chat server is missing: there is no whole table") };
    let (table, times) = (table(&results), times(&results));
    eprintln!("{table}\n{times}");
    let path = source::root().join("docs/adapters/README.md");
    let page = fs::read_to_string(&path).unwrap();
    if std::env::var_os("UPDATE_TABLE").is_some() {
        let page = with(&with(&page, TABLE, &table), TIMES, &times);
        return fs::write(&path, page).unwrap();
    }
    assert_eq!(part(&page, TABLE), table, "the page is not true: UPDATE_TABLE=1 writes it");
}

#[test]
fn every_adapter_that_people_configure_is_in_the_suite() {
    let known = |kind: &str| ADAPTERS.iter().any(|(known, _)| *known == kind);
    let missing: Vec<_> =
        chatops::adapter::for_people().map(|row| row.kind).filter(|kind| !known(kind)).collect();
    assert!(missing.is_empty(), "{missing:?} pass no scenario");
}

#[test]
fn what_an_adapter_does_instead_names_a_scenario() {
    for (kind, name, _) in super::INSTEAD {
        assert!(ADAPTERS.iter().any(|adapter| adapter.0 == *kind), "{kind}");
        assert!(ROWS.iter().any(|row| row.name == *name), "{name}");
    }
}
