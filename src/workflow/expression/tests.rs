//! Every scored row of the vectors, and what a workflow answers.

use serde_json::{Map, Value, json};

use super::{Language, Scope, Severity, evaluate, inspect};

/// A workflow in which `a` has run.
struct Told {
    context: Map<String, Value>,
    result: Option<Value>,
    status: Option<&'static str>,
}

impl Told {
    fn new(context: &Value) -> Self {
        Self { context: context.as_object().unwrap().clone(), result: None, status: None }
    }
}

impl Scope for Told {
    fn context(&self) -> &Map<String, Value> {
        &self.context
    }

    fn in_task(&self) -> bool {
        true
    }

    fn result(&self) -> Option<&Value> {
        self.result.as_ref()
    }

    fn status(&self) -> Option<&str> {
        self.status
    }

    fn item(&self, name: Option<&str>) -> Result<Value, String> {
        match name {
            None => Ok(json!({"host": "web1"})),
            Some("host") => Ok(json!("web1")),
            Some(other) => Err(format!("there is no item `{other}`")),
        }
    }

    fn task_status(&self, task: &str) -> Value {
        json!(if task == "a" { "succeeded" } else { "null" })
    }

    fn task(&self, task: Option<&str>) -> Result<Value, String> {
        match task {
            None | Some("a") => Ok(json!({"task_name": "a", "result": {"n": 1}})),
            Some(other) => Err(format!("the task `{other}` has not run")),
        }
    }

    fn kv(&self, key: &str, decrypt: bool, default: Option<Value>) -> Result<Value, String> {
        match (key, default) {
            ("system.a.b", _) => Ok(json!(if decrypt { "open" } else { "sealed" })),
            (_, Some(default)) => Ok(default),
            (key, None) => Err(format!("the datastore has no key `{key}`")),
        }
    }
}

fn of(template: &str, scope: &Told) -> Result<Value, String> {
    evaluate(&json!(template), scope).map_err(|error| error.cause)
}

/// Numbers are equal by their value, all else by what it is.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64() && a.is_f64() == b.is_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn every_row_of_the_vectors_holds() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/data/workflows/vectors.json")).unwrap();
    let scope = Told::new(&vectors["expression_data"]);
    let mut wrong = Vec::new();
    let rows = vectors["expressions"].as_array().unwrap();
    for row in rows.iter().filter(|row| row.get("quirk").is_none()) {
        let wanted = row.get("good").unwrap_or(&row["expect"]);
        let got = of(row["template"].as_str().unwrap(), &scope);
        let right = match (&got, wanted.get("value")) {
            (Ok(got), Some(wanted)) => same(got, wanted),
            (Err(_), None) => true,
            _ => false,
        };
        if !right {
            wrong.push(format!("{} {}: {got:?}, not {wanted}", row["id"], row["template"]));
        }
    }
    assert!(rows.len() > 200);
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_the_workflow_answers_reaches_both_languages() {
    let mut scope = Told::new(&json!({"x": 5, "__hidden": 1}));
    for (open, close) in [("<%", "%>"), ("{{", "}}")] {
        let ask = |source: &str, scope: &Told| of(&format!("{open} {source} {close}"), scope);
        scope.result = None;
        scope.status = None;
        assert_eq!(ask("result()", &scope), Ok(Value::Null));
        assert_eq!(ask("succeeded()", &scope), Ok(json!(false)));
        scope.result = Some(json!({"stdout": "up"}));
        scope.status = Some("timeout");
        assert_eq!(ask("result().stdout", &scope), Ok(json!("up")));
        assert_eq!(ask("failed() and completed() and not succeeded()", &scope), Ok(json!(true)));
        assert_eq!(ask("item('host')", &scope), Ok(json!("web1")));
        assert_eq!(ask("item().host", &scope), Ok(json!("web1")));
        assert_eq!(
            ask("item('nope')", &scope),
            Err("there is no item `nope`"
                .replace("there", if open == "<%" { "`item`: there" } else { "there" }))
        );
        assert_eq!(ask("task_status('a')", &scope), Ok(json!("succeeded")));
        assert_eq!(ask("task('a').result.n", &scope), Ok(json!(1)));
        assert!(ask("task('b')", &scope).unwrap_err().contains("has not run"));
        assert_eq!(ask("st2kv('system.a.b')", &scope), Ok(json!("sealed")));
        assert!(ask("st2kv('nope')", &scope).unwrap_err().contains("no key `nope`"));
        assert!(ask("ctx('__hidden')", &scope).is_err());
        assert_eq!(ask("ctx()", &scope), Ok(json!({"x": 5})));
        assert_eq!(ask("zip([1, 2], ['a'])", &scope), Ok(json!([[1, "a"], [2, null]])));
        assert_eq!(ask("json('[1]')", &scope), Ok(json!([1])));
        assert_eq!(ask("json_parse('{\"a\": 2}').a", &scope), Ok(json!(2)));
        assert_eq!(ask("version_bump_minor('1.2.3')", &scope), Ok(json!("1.3.0")));
    }
    assert_eq!(of("<% st2kv('system.a.b', decrypt => true) %>", &scope), Ok(json!("open")));
    assert_eq!(of("<% st2kv(nope, default => null) %>", &scope), Ok(Value::Null));
    assert_eq!(of("{{ st2kv('system.a.b', decrypt=true) }}", &scope), Ok(json!("open")));
    assert_eq!(of("{{ 'system.a.b' | st2kv }}", &scope), Ok(json!("sealed")));
    assert_eq!(of("{{ st2kv('nope', default=none) }}", &scope), Ok(Value::Null));
    assert_eq!(
        of("{% for t in ['a', 'b'] %}{{ task_status(t) }} {% endfor %}", &scope),
        Ok(json!("succeeded null "))
    );
}

#[test]
fn keys_and_nested_values_are_evaluated_and_data_never_is() {
    let scope = Told::new(
        &json!({"k": "name", "v": "<% 1 + 1 %>", "j": "{{ 1 + 1 }}", "l": [true, null, "<% 1 %>"]}),
    );
    let value = json!({"<% ctx().k %>": ["<% ctx().v %>", {"{{ ctx().k }}_x": "{{ ctx().j }}"}], "n": 3});
    let expected = json!({"name": ["<% 1 + 1 %>", {"name_x": "{{ 1 + 1 }}"}], "n": 3});
    assert_eq!(evaluate(&value, &scope).unwrap(), expected);
    assert_eq!(
        of("a <% ctx().v %> <% ctx().l %>", &scope),
        Ok(json!("a <% 1 + 1 %> [True, None, '<% 1 %>']"))
    );
    assert_eq!(of("{% if true %}{{ ctx().v }}{% endif %}", &scope), Ok(json!("<% 1 + 1 %>")));
    assert_eq!(of("{% raw %}{{ ctx().k }}{% endraw %}", &scope), Ok(json!("{{ ctx().k }}")));
    assert_eq!(of("plain {{ open and <% open", &scope), Ok(json!("plain {{ open and <% open")));
}

#[test]
fn an_error_names_language_expression_and_cause() {
    let scope = Told::new(&json!({"x": 5}));
    let error = evaluate(&json!({"a": ["b <% ctx().nope %>"]}), &scope).unwrap_err();
    assert_eq!((error.language, &*error.expression), (Language::Yaql, "<% ctx().nope %>"));
    assert_eq!(error.to_string(), "cannot evaluate `<% ctx().nope %>`: the variable `nope` is undefined");
    let error = evaluate(&json!("{{ ctx().nope }}"), &scope).unwrap_err();
    assert_eq!((error.language, &*error.cause), (Language::Jinja, "the value is undefined"));
    let error = evaluate(&json!("{{ ctx('nope') }}"), &scope).unwrap_err();
    assert_eq!(error.cause, "the variable `nope` is undefined");
    assert!(evaluate(&json!("<% 1 %> {{ 2 }}"), &scope).unwrap_err().cause.contains("two languages"));
}

#[test]
fn an_inspection_finds_mistakes_languages_and_variables() {
    let messages = |text: &str| {
        let found = inspect(text);
        found.problems.into_iter().map(|problem| (problem.severity, problem.message)).collect::<Vec<_>>()
    };
    let names = |text: &str| inspect(text).reads.into_iter().map(|read| read.name).collect::<Vec<_>>();
    assert_eq!(inspect("plain {{ text"), super::Inspection::default());
    assert_eq!(messages("<% ctx().x and succeeded() %>"), []);
    assert_eq!(names("<% ctx().x + ctx(y).z %> <% ctx('w') %>"), ["x", "y", "w"]);
    assert_eq!(
        names("{% if ctx().a %}{{ ctx('b') }}{% endif %}"),
        ["a"].map(str::to_owned).into_iter().chain(["b".to_owned()]).collect::<Vec<_>>()
    );
    let [(severity, message)] = &messages("<% ctx().l.where($ > 1 %>")[..] else { panic!("one problem") };
    assert_eq!(
        (*severity, &**message),
        (Severity::Error, "the expression ends too early (character 20 of the expression)")
    );
    assert_eq!(names("<% ctx().l.where($ > 1 %>"), ["l"]);
    let unknown = |text: &str| {
        let [(Severity::Unknown, message)] = &messages(text)[..] else {
            panic!("one doubt: {:?}", messages(text))
        };
        message.clone()
    };
    assert_eq!(unknown("<% suceeded() %>"), "unknown function `suceeded`: did you mean `succeeded`?");
    assert_eq!(unknown("<% ctx().l.firt() %>"), "unknown method `firt`: did you mean `first`?");
    assert_eq!(unknown("<% toUpper(a) %>"), "`toUpper` is a method: write `x.toUpper()`");
    assert_eq!(unknown("<% ctx().x.str() %>"), "`str` is no method: write `str(x)`");
    assert_eq!(unknown("<% ctx().l.where() %>"), "`where` needs its argument `predicate`");
    assert_eq!(unknown("{{ suceeded() }}"), "unknown name `suceeded`: did you mean `succeeded`?");
    assert_eq!(unknown("{{ ctx().x | uper }}"), "unknown filter `uper`: did you mean `upper`?");
    assert!(matches!(&messages("{{ ctx().x | }}")[..], [(Severity::Error, _)]));
    assert!(messages("<% 1 %> {{ 2 }}").iter().any(|(_, message)| message.contains("two languages")));
}
