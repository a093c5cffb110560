//! What YAQL 3.2 answers, rule by rule: the recorded rows show the usual, these the edges.

use serde_json::json;

use super::super::{Alone, evaluate};

/// The value in words of JSON, or `error: ` and the cause.
fn of(source: &str) -> String {
    let context = json!({
        "x": 5, "n": null, "s": "Hello World", "csv": "a,b,,c", "l": [3, 1, 2], "le": [], "ls": ["b", "a", "c"],
        "d": {"k": "v", "n": {"deep": [10, 20]}}, "nested": [[1, 2], [3], []],
        "rows": [{"id": 1, "name": "ann", "up": true}, {"id": 2, "name": "bob", "up": false}],
    });
    let scope = Alone(context.as_object().unwrap().clone());
    match evaluate(&json!(format!("<% {source} %>")), &scope) {
        Ok(value) => value.to_string(),
        Err(error) => format!("error: {}", error.cause),
    }
}

fn all(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter(|(source, expected)| of(source) != *expected)
        .map(|(source, expected)| format!("{source}: {}, not {expected}", of(source)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn refused(sources: &[&str]) {
    let kept: Vec<&&str> = sources.iter().filter(|source| !of(source).starts_with("error: ")).collect();
    assert!(kept.is_empty(), "these have a value: {kept:?}");
}

#[test]
fn list_takes_the_items_of_what_walks_and_lists_as_they_are() {
    all(&[
        ("list(ctx().rows.name)", r#"["ann","bob"]"#),
        ("list(ctx().rows.name, 1)", r#"["ann","bob",1]"#),
        ("list(ctx().l)", "[[3,1,2]]"),
        ("list(ctx().d.n.deep)", "[[10,20]]"),
        ("list(ctx().l.select($) + [4])", "[3,1,2,4]"),
        ("list(ctx().l.orderBy($))", "[[1,2,3]]"),
        ("list(range(2), range(1))", "[0,1,0]"),
        ("list(zip([1], [2]))", "[[[1,2]]]"),
        ("list([1].zip([2]))", "[[1,2]]"),
        ("list()", "[]"),
    ]);
}

#[test]
fn what_walks_has_no_index_and_the_error_says_what_has() {
    refused(&[
        "range(3)[0]",
        "ctx().rows.name[0]",
        "ctx().rows.where($.up)[0]",
        "ctx().nested.flatten()[1]",
        "(ctx().l.select($) + [1])[0]",
        "ctx().l.orderBy($)[0]",
    ]);
    let why = of("ctx().rows.where($.up)[0]");
    assert!(why.contains("`x.toList()[0]`") && why.contains("`x.first()`"), "{why}");
    all(&[
        ("ctx().rows.where($.up).toList()[0].name", r#""ann""#),
        ("ctx().rows[0].name", r#""ann""#),
        ("ctx().csv.split(',')[-1]", r#""c""#),
        ("(ctx().l + [4])[3]", "4"),
        ("zip([1, 2], [3])[1]", "[2,null]"),
        ("ctx().d.n.deep[1]", "20"),
    ]);
}

#[test]
fn zip_and_set_take_what_python_s_do() {
    all(&[
        ("zip([1, 2])", "[1,2]"),
        ("zip(5)", "5"),
        ("zip(null)", "[]"),
        ("zip(null, [1])", "[[null,1]]"),
        ("zip(ab, [1])", r#"[["a",1],["b",null]]"#),
        ("zip({k => 1}, [2], pad => x)", r#"[["k",2]]"#),
        ("set(1, 2, 1)", "[1,2]"),
        ("set(range(2))", "[0,1]"),
    ]);
    refused(&["zip(1, 2)", "set([1])", "set(ctx().l)"]);
}

#[test]
fn places_counts_and_defaults_are_python_s() {
    all(&[
        ("ctx().s.substring(-30)", r#""Hel""#),
        ("ctx().s.substring(-12)", r#""""#),
        ("'abc'.substring(-9, 2)", r#""""#),
        ("'abc'.substring(-2, 1)", r#""b""#),
        ("'abc'.substring(1, -1)", r#""bc""#),
        ("ctx().s.substring(true)", r#""ello World""#),
        ("ctx().l.delete(-1)", "[3,1,2]"),
        ("ctx().l.delete(1)", "[3,2]"),
        ("ctx().l.delete(1, -1)", "[3]"),
        ("ctx().l.replace(-3, 9)", "[3,1,2]"),
        ("ctx().l.replace(0, 9, 2)", "[9,2]"),
        ("ctx().l.limit(true)", "[3]"),
        ("ctx().d.get([1])", "null"),
        ("ctx().d.get({}, 5)", "5"),
        ("ctx().d.containsKey([1])", "false"),
        ("ctx().d.set().k", r#""v""#),
        ("hex(-7)", r#""-0x7""#),
        ("pow(5, 3, 7)", "6"),
    ]);
    refused(&[
        "ctx().l.delete()",
        "ctx().l.replace(0)",
        "ctx().l.indexOf(1, 0)",
        "[1, 2].first(int(word))",
        "[1].first($.id)",
        "ctx().d.mergeWith({k => {z => 1}})",
        "ctx().d.mergeWith({n => 1})",
    ]);
}

#[test]
fn outside_of_a_task_there_is_no_result_and_no_status() {
    refused(&[
        "result()",
        "succeeded()",
        "failed()",
        "completed()",
        "item(x)",
        "task(a)",
        "ctx(nope)",
        "ctx(1)",
    ]);
    all(&[("item()", "null"), ("task_status(a)", r#""null""#), ("ctx('').x", "5"), ("ctx(null).x", "5")]);
    assert_eq!(of("result()"), "error: `result`: there is no task here: write `task(name).result`");
}
