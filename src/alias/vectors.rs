//! Every scored row of the vectors: what StackStorm does, or what it should.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::answer::{self, Answer};
use super::{Alias, Case, Entry, Matcher};

fn section(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../tests/data/alias/vectors.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

/// What is wrong with the answer to a row, if anything.
fn judge(row: &Value, answer: &Answer) -> Option<String> {
    let wanted = match (row.get("bug"), row.get("good")) {
        (Some(_), Some(good)) => good,
        // Only that it holds no harm is asked of these; `good` has no words for it.
        (Some(_), None) => return None,
        (None, _) => row,
    };
    let wrong = || Some(format!("{}: {} of {}: {answer:?}", text(row, "id"), wanted, row["input"]));
    if wanted.get("load_error").is_some() {
        return if answer.error.is_some() { None } else { wrong() };
    }
    if wanted["match"] != answer.matches {
        return wrong();
    }
    let params = wanted
        .get("params")
        .filter(|_| answer.matches)
        .is_none_or(|params| Some(params) == answer.params.as_ref());
    let list = wanted
        .get("params_list")
        .is_none_or(|list| Some(list) == answer.params_list.clone().map(Value::Array).as_ref());
    if params && list { None } else { wrong() }
}

#[test]
fn every_format_reads_every_text_as_it_should() {
    let rows = section("vectors");
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| row.get("quirk").is_none())
        .filter_map(|row| {
            let multiple = row["match_multiple"] == true;
            let answer = answer::with_format(text(row, "format"), multiple, text(row, "input"), Case::Ignore);
            judge(row, &answer)
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn where_stackstorm_fails_and_no_outcome_is_given_the_fault_is_mended() {
    let list = |id: &str| {
        let rows = section("vectors");
        let row = rows.iter().find(|row| row["id"] == id).unwrap();
        let answer = answer::with_format(text(row, "format"), true, text(row, "input"), Case::Ignore);
        Value::Array(answer.params_list.unwrap())
    };
    use serde_json::json;
    assert_eq!(list("multiple-528"), json!([{"key": "OPS-1"}, {"key": "DEV-22"}]));
    assert_eq!(list("multiple-531"), json!([{"key": "OPS-1"}, {"key": "DEV-22"}, {"key": "QA-333"}]));
    assert_eq!(list("multiple-534"), json!([{"n": "12"}, {"n": "13"}, {"n": "14"}]));
    assert_eq!(list("multiple-536"), json!([]));
    let answer = answer::with_format("ping {{host}}", false, "ping h k=\"v\"x", Case::Ignore);
    assert_eq!(answer.params, Some(json!({"host": "h", "k": "\"v\"x"})));
}

#[test]
fn an_index_never_hides_a_format() {
    for row in section("vectors") {
        let multiple = row["match_multiple"] == true;
        let alone = answer::with_format(text(&row, "format"), multiple, text(&row, "input"), Case::Ignore);
        let format = serde_json::json!({"display": "x", "representation": [row["format"]], "match_multiple": multiple});
        let file =
            serde_json::json!({"name": "a", "pack": "p", "action_ref": "core.noop", "formats": [format]});
        let Ok((alias, _)) = Alias::load(None, Path::new("a.yaml"), &file.to_string()) else {
            assert!(alone.error.is_some(), "{row}");
            continue;
        };
        let entry = Entry { alias: Arc::new(alias), parameters: None };
        let found = answer::with_aliases(&Matcher::build(vec![entry], Case::Ignore), text(&row, "input"));
        assert_eq!(found.matches, alone.matches, "{row}");
        assert_eq!(found.params, alone.params, "{row}");
    }
}

fn load(group: &Value) -> Vec<Alias> {
    let aliases = group["aliases"].as_array().unwrap();
    let load = |alias: &Value| Alias::load(None, Path::new("a.yaml"), &alias.to_string());
    aliases.iter().filter_map(|alias| load(alias).ok()).map(|(alias, _)| alias).collect()
}

fn matcher(group: &Value) -> Matcher {
    let entry = |alias| Entry { alias: Arc::new(alias), parameters: None };
    Matcher::build(load(group).into_iter().map(entry).collect(), Case::Ignore)
}

#[test]
fn of_several_aliases_the_right_one_is_chosen() {
    for group in section("aliases") {
        let matcher = matcher(&group);
        for case in group["cases"].as_array().unwrap() {
            if case.get("quirk").is_some() || case.get("bug").is_some() {
                continue;
            }
            let answer = answer::with_aliases(&matcher, text(case, "input"));
            match text(case, "outcome") {
                "match" => {
                    assert_eq!(answer.alias.as_deref(), case["alias"].as_str(), "{case}");
                    assert_eq!(answer.format.as_deref(), case["representation"].as_str(), "{case}");
                    assert_eq!(answer.display.as_deref(), case["display"].as_str(), "{case}");
                    assert_eq!(answer.params.as_ref(), case.get("params"), "{case}");
                    let list = answer.params_list.map(Value::Array);
                    assert_eq!(list.as_ref(), case.get("params_list"), "{case}");
                }
                "ambiguous" => {
                    let wanted: Vec<_> =
                        case["matches"].as_array().unwrap().iter().map(|hit| text(hit, "alias")).collect();
                    assert_eq!(answer.candidates.unwrap(), wanted, "{case}");
                }
                _ => assert!(!answer.matches && answer.candidates.is_none(), "{case}: {answer:?}"),
            }
        }
    }
}

#[test]
fn ambiguities_that_are_none_are_resolved() {
    let wanted = [
        ("status all", "demo.status_all", "status all"),
        ("list sensors", "demo.list", "list sensors"),
        ("stop all a", "demo.stall", "stop all {{x}}"),
        ("good 1", "demo.good", "good {{x}}"),
        ("fine 1", "demo.good2", "fine {{x}}"),
        ("ping a", "demo.any", "{{q}}"),
    ];
    let groups = section("aliases");
    for (input, alias, format) in wanted {
        let has = |group: &&Value| {
            group["cases"]
                .as_array()
                .unwrap()
                .iter()
                .any(|case| case["input"] == input && case.get("bug").is_some())
        };
        let group = groups.iter().find(has).unwrap();
        let answer = answer::with_aliases(&matcher(group), input);
        let (alias, format) = if input == "ping a" { ("demo.ping", "ping {{h}}") } else { (alias, format) };
        assert_eq!(
            (answer.alias.as_deref(), answer.format.as_deref()),
            (Some(alias), Some(format)),
            "{input}"
        );
    }
    for (title, input) in
        [("display only", "a=b"), ("catch-all", ""), ("one bad format among good ones", "bad 1 1")]
    {
        let group = groups.iter().find(|group| text(group, "title") == title).unwrap();
        assert!(!answer::with_aliases(&matcher(group), input).matches, "{title}");
    }
}

#[test]
fn an_alias_file_is_accepted_or_refused_as_stackstorm_does() {
    for row in section("alias_schema") {
        let loaded = Alias::load(None, Path::new("a.yaml"), &row["alias"].to_string());
        assert_eq!(loaded.is_ok(), row["valid"] == true, "{row}: {loaded:?}");
    }
}

#[test]
fn help_lists_filters_and_pages() {
    use super::help::{Query, list};
    for group in section("aliases") {
        let aliases = load(&group);
        for row in group["help"].as_array().into_iter().flatten() {
            let asked = &row["query"];
            let number = |key: &str| asked[key].as_u64().unwrap_or(0) as usize;
            let query = Query {
                filter: asked["filter"].as_str().map(str::to_owned),
                pack: asked["pack"].as_str().map(str::to_owned),
                offset: number("offset"),
                limit: number("limit"),
            };
            let page = list(&aliases, &query);
            if row.get("bug").is_some() {
                assert_eq!(page.available, 0, "a filter is text: {row}");
                continue;
            }
            assert_eq!(page.available as u64, row["available"].as_u64().unwrap(), "{row}");
            let lines = row["helpstrings"].as_array().unwrap();
            assert_eq!(page.helpstrings.len(), lines.len(), "{row}");
            for (line, wanted) in page.helpstrings.iter().zip(lines) {
                assert_eq!(
                    (line.pack.as_str(), line.display.as_str()),
                    (text(wanted, "pack"), text(wanted, "display"))
                );
                assert_eq!(line.description.as_deref(), wanted["description"].as_str());
            }
        }
    }
}
