//! The rows of `tests/data/alias/vectors.json` that are about templates.

use serde_json::{Value, json};

use super::{Templates, Undefined};

fn vectors(section: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../tests/data/alias/vectors.json")).unwrap();
    all[section].as_array().unwrap().clone()
}

fn context() -> Value {
    let all: Value = serde_json::from_str(include_str!("../../tests/data/alias/vectors.json")).unwrap();
    all["jinja_context"].clone()
}

#[test]
fn the_jinja_rows_hold() {
    let templates = Templates::default();
    let mut wrong = Vec::new();
    for row in vectors("jinja").iter().filter(|row| row.get("bug").is_none() && row.get("quirk").is_none()) {
        let source = row["template"].as_str().unwrap();
        let context = row.get("context").cloned().unwrap_or_else(context);
        let mode = match row["strict_undefined"].as_bool() {
            Some(true) => Undefined::Strict,
            _ => Undefined::Lenient,
        };
        let got = templates.render("row", source, &context, mode);
        match (&got, row["output"].as_str()) {
            (Ok(got), Some(expected)) if got == expected => {}
            (Err(_), None) => {}
            _ => wrong.push(format!("{source}\n  expected {:?}\n  got      {got:?}", row["output"])),
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// One row asks for the error that a quote in a nested text gives in StackStorm, which renders lists
/// and mappings as JSON text; here each text is rendered on its own (section 5.1 asks for it).
#[test]
fn the_render_values_rows_hold() {
    let templates = Templates::default();
    for row in vectors("render_values") {
        let got = templates.render_leaves("row", &row["mapping"], &row["context"], Undefined::Strict);
        match row.get("output") {
            Some(expected) => assert_eq!(got.as_ref().unwrap(), expected, "{row}"),
            None => assert_eq!(got.unwrap(), json!({"a": {"k": "x\"y"}}), "{row}"),
        }
    }
}

#[test]
fn the_immutable_rows_hold() {
    let templates = Templates::default();
    for row in vectors("immutable") {
        let given = row["immutable_parameters"].as_object().unwrap();
        if given.keys().any(|key| row["params"].get(key).is_some()) {
            continue; // refused before anything is rendered, by the alias room
        }
        let got =
            templates.render_leaves("row", &row["immutable_parameters"], &row["context"], Undefined::Strict);
        match row.get("output") {
            Some(expected) => {
                let mut all = row["params"].as_object().unwrap().clone();
                all.extend(got.unwrap().as_object().unwrap().clone());
                assert_eq!(Value::from(all), *expected, "{row}");
            }
            None => assert!(got.unwrap_err().message.contains("`nope` is undefined"), "{row}"),
        }
    }
}

#[test]
fn the_default_result_rows_hold_to_the_last_blank() {
    let templates = Templates::default();
    for row in vectors("default_result") {
        let context = json!({"execution": row["execution"]});
        let source = "{% include 'stackstorm_result.j2' %}";
        let got = templates.render("row", source, &context, Undefined::Lenient).unwrap();
        assert_eq!(got, row["message"].as_str().unwrap(), "{row}");
    }
}

#[test]
fn templates_read_as_in_python() {
    let files = [
        include_str!("../../tests/data/template/jinja.json"),
        include_str!("../../tests/data/template/alias.json"),
    ];
    let templates = Templates::default();
    for data in files {
        let data: Value = serde_json::from_str(data).unwrap();
        for row in data["rows"].as_array().unwrap() {
            let source = row["template"].as_str().unwrap();
            let got = templates.render("row", source, &data["context"], Undefined::Lenient);
            match row.get("output") {
                Some(expected) => assert_eq!(got.unwrap(), expected.as_str().unwrap(), "{source}"),
                None => assert!(got.is_err(), "{source}: {got:?}"),
            }
        }
    }
}

#[test]
fn the_bug_rows_are_mended() {
    let templates = Templates::default();
    let render = |source: &str| templates.render("row", source, &context(), Undefined::Lenient).unwrap();
    assert_eq!(render("{{ 2678400 | to_human_time_from_seconds }}"), "31d0h0m0s");
    assert_eq!(render("{{ 34218061 | to_human_time_from_seconds }}"), "1y31d1h1m1s");
}

#[test]
fn an_error_names_template_line_and_place() {
    let templates = Templates::default();
    let source = "one\n{{ 1 * 2 }} {{ s.x.y }}";
    let error = templates.render("ack.format", source, &context(), Undefined::Strict).unwrap_err();
    let expected =
        "ack.format:2: `s.x` is undefined\n  |\n2 | {{ 1 * 2 }} {{ s.x.y }}\n  |                 ^";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_error_in_an_included_template_names_that_template() {
    let named = [("host.j2".to_owned(), "a\n{{ nope.x }}".to_owned())];
    let templates = Templates::new(super::Options { templates: named.into(), ..Default::default() });
    let error = templates.render("r", "{% include 'host.j2' %}", &context(), Undefined::Lenient).unwrap_err();
    assert_eq!(error.headline(), "host.j2:2: `nope` is undefined");
}

#[test]
fn a_check_names_the_variables_that_are_missing() {
    let templates = Templates::default();
    let source = "{% set a = 1 %}{{ a ~ execution.id }}{% for k, v in six.iteritems(d) %}{{ k }}{% endfor %}";
    assert_eq!(templates.check("r", source).unwrap(), ["d", "execution"]);
    assert_eq!(templates.check("r", "a\n{% if %}").unwrap_err().line, Some(2));
}

#[test]
fn the_datastore_is_looked_up_and_called() {
    let templates = Templates::default();
    let context = json!({"st2kv": {"system": {"dc": "ams", "a.b": 1}, "user": {"me": "x"}}});
    let source =
        "{{ st2kv.system.dc }} {{ st2kv('system.a.b') }} {{ st2kv('me') }} {{ st2kv('q', default=2) }}";
    assert_eq!(templates.render("r", source, &context, Undefined::Strict).unwrap(), "ams 1 x 2");
}

#[test]
fn python_2_idioms_of_packs_work() {
    let templates = Templates::default();
    let source = "{% for k, v in six.iteritems(hosts) %}{{ k }}{% endfor %} \
                  {{ hosts.itervalues().next().stdout }}{{ hosts.has_key('h1') }} {{ next(hosts.keys()) }}";
    let got = templates.render("r", source, &context(), Undefined::Strict).unwrap();
    assert_eq!(got, "h1h2 ok\nTrue h1");
}

#[test]
fn the_default_result_shows_exit_codes_and_indents_all_lines() {
    let templates = Templates::default();
    let execution = json!({
        "id": "42", "action": {"ref": "core.remote"}, "status": "failed", "elapsed_seconds": 3.2,
        "web_url": "https://bot.example.org/42", "runner": {"name": "remote-shell-cmd"},
        "result": {"web1": {"stdout": "a\nb\n", "stderr": "", "return_code": 0},
                   "web2": {"stdout": "", "stderr": "", "return_code": 255, "error": "no route"}},
    });
    let expected = "Action core.remote completed.\nstatus : failed\nexecution: 42\n\
        web_url: https://bot.example.org/42\nTook 3.2 s to complete.\n\nresult :\n--------\n\
        web1 :\n  stdout :\n    a\n    b\n  return_code : 0\nweb2 :\n  error : no route\n  return_code : 255\n";
    assert_eq!(templates.default_result(&execution).unwrap(), expected);
    let execution = json!({
        "id": "7", "action": {"ref": "core.local"}, "status": "succeeded", "runner": {"name": "local-shell-cmd"},
        "result": {"stdout": "", "stderr": "", "return_code": 0},
    });
    let got = templates.default_result(&execution).unwrap();
    assert!(got.ends_with("result :\n--------\nstdout : (no output)\nreturn_code : 0\n"), "{got}");
}

#[test]
fn a_home_s_own_default_result_takes_precedence() {
    let named = [(super::DEFAULT_RESULT.to_owned(), "{{ execution.id }} done".to_owned())];
    let templates = Templates::new(super::Options { templates: named.into(), ..Default::default() });
    assert_eq!(templates.default_result(&json!({"id": 7})).unwrap(), "7 done");
    assert!(templates.problems().is_empty());
}

#[test]
fn every_filter_and_test_of_the_documentation_is_there() {
    let page = include_str!("../../docs/templates.md");
    let templates = Templates::default();
    let known = |kind: &str, name: &str| {
        let source = format!("{{{{ '{name}' is {kind} }}}}");
        templates.render("r", &source, &json!({}), Undefined::Strict).unwrap() == "True"
    };
    for row in ["| Jinja | ", "| StackStorm | "] {
        let names = page.split(row).nth(1).unwrap().split(" |").next().unwrap();
        for name in names.split(' ') {
            assert!(known("filter", name), "filter {name}");
        }
    }
    for name in ["human", "human_size", "outline", "chain", "zip", "lines", "split", "bool"] {
        assert!(known("filter", name), "filter {name}");
    }
    let tests = page.split("## Tests\n\n`").nth(1).unwrap().split('`').next().unwrap();
    for name in tests.split_whitespace().chain(["==", "!=", "<", "startingwith", "endingwith"]) {
        assert!(known("test", name), "test {name}");
    }
}

#[test]
fn none_is_kept_through_a_text_by_use_none() {
    let templates = Templates::default();
    let got =
        templates.render("r", "{{ none | use_none }} {{ 1 | use_none }}", &json!({}), Undefined::Strict);
    assert_eq!(got.unwrap(), "%*****__%NONE%__*****% 1");
}
