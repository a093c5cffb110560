//! How texts find their alias.

use super::*;
use std::path::Path;

fn entry(text: &str, parameters: Option<&[&str]>) -> Entry {
    let (alias, _) = Alias::load(Some("p"), Path::new("a.yaml"), text).unwrap();
    let names = parameters.map(|names| Arc::new(names.iter().map(|name| (*name).to_owned()).collect()));
    Entry { alias: Arc::new(alias), parameters: names }
}

fn one(matcher: &Matcher, text: &str) -> Vec<(String, String)> {
    match matcher.find(text, &|_| true) {
        Found::One(hit) => hit.params.into_iter().map(|(n, v)| (n, v.unwrap_or_default())).collect(),
        found => panic!("{text}: {found:?}"),
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const SQL: &str =
    "name: sql\naction_ref: db.query\nformats: ['sql {{q}}']\nimmutable_parameters: {host: db1}\n";

#[test]
fn a_pair_is_taken_only_if_the_action_has_that_parameter() {
    let matcher = Matcher::build(vec![entry(SQL, Some(&["q", "limit"]))], Case::Ignore);
    assert_eq!(one(&matcher, "sql select x where a=1"), pairs(&[("q", "select x where a=1")]));
    assert_eq!(one(&matcher, "sql where a=1 limit=5"), pairs(&[("q", "where a=1"), ("limit", "5")]));
    assert_eq!(one(&matcher, "sql limit=5 a=1"), pairs(&[("q", "limit=5 a=1")]));
    assert_eq!(one(&matcher, "sql q='a b'"), pairs(&[("q", "a b")]));
}

#[test]
fn an_attempt_to_set_what_is_fixed_shows() {
    let matcher = Matcher::build(vec![entry(SQL, Some(&["q"]))], Case::Ignore);
    let Found::One(hit) = matcher.find("sql x host=db2", &|_| true) else { panic!() };
    assert_eq!(hit.overridden(), ["host"]);
}

#[test]
fn case_is_ignored_or_strict_as_asked_and_classes_keep_theirs() {
    let text = "name: a\naction_ref: core.noop\nformats: ['Deploy (?P<key>[A-Z]+) {{x}}']\n";
    let matcher = Matcher::build(vec![entry(text, None)], Case::Ignore);
    assert_eq!(one(&matcher, "dEPLOY OPS Web"), pairs(&[("key", "OPS"), ("x", "Web")]));
    assert!(matches!(matcher.find("deploy ops web", &|_| true), Found::None { .. }));
    let strict = Matcher::build(vec![entry(text, None)], Case::Strict);
    assert!(matches!(strict.find("deploy OPS web", &|_| true), Found::None { .. }));
}

#[test]
fn a_tie_is_chosen_by_reference_and_shows_only_what_is_allowed() {
    let alias = |name: &str| format!("name: {name}\naction_ref: core.noop\nformats: ['d {{{{x}}}}']\n");
    let matcher = Matcher::build(vec![entry(&alias("a"), None), entry(&alias("b"), None)], Case::Ignore);
    assert!(matches!(matcher.find("d 1", &|_| true), Found::Tie(all) if all.len() == 2));
    let only_b = |alias: &Alias| alias.name == "b";
    assert!(matches!(matcher.find("d 1", &only_b), Found::One(hit) if hit.alias.name == "b"));
    assert!(matches!(matcher.find("p.b d 1", &|_| true), Found::One(hit) if hit.alias.name == "b"));
    assert!(
        matches!(matcher.find("d 1", &|_| false), Found::One(_)),
        "refused later, without naming the other"
    );
}

#[test]
fn a_greedy_look_around_ends_in_an_error_not_in_a_hang() {
    let text = "name: a\naction_ref: core.noop\nformats: ['slow ((a+)+)+b\\1']\n";
    let matcher = Matcher::build(vec![entry(text, None)], Case::Ignore);
    let found = matcher.find(&format!("slow {}", "a".repeat(4000)), &|_| true);
    assert!(matches!(&found, Found::Error(why) if why.contains("p.a") && why.contains("steps")), "{found:?}");
    let found = matcher.find(&format!("slow {}", "a".repeat(9000)), &|_| true);
    assert!(matches!(&found, Found::Error(why) if why.contains("bytes")), "{found:?}");
}

#[test]
fn one_alias_alone_is_asked_however_well_another_fits() {
    let many = "name: seen\naction_ref: a.seen\nformats: [{ display: s, representation: ['ticket {{id}}\\b'], match_multiple: true }]\n";
    let all = "name: all\naction_ref: a.all\nformats: ['{{text}}']\n";
    let entries = [SQL, all, many].map(|text| entry(text, None)).to_vec();
    let matcher = Matcher::build(entries, Case::Ignore);
    let found = |reference: &str, text: &str| match matcher.find_in(reference, text) {
        Found::One(hit) => format!("one {}", hit.alias.name),
        Found::Many(hits) => format!("{} of {}", hits.len(), hits[0].alias.name),
        found => format!("{found:?}"),
    };
    assert_eq!(found("p.sql", "sql x"), "one sql");
    assert_eq!(found("p.all", "sql x"), "one all");
    assert_eq!(found("p.seen", "see ticket 1 and ticket 2"), "2 of seen");
    assert_eq!(found("p.sql", "no"), "None { suggestion: None }");
    assert_eq!(found("p.none", "sql x"), "None { suggestion: None }");
}
