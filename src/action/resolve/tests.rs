//! From given values to prepared ones, with a real template engine.

use super::*;
use crate::action::read_parameters;
use crate::action::testing::Engine;
use std::path::Path;

const SHELL: &str = "cmd: {type: string}\nenv: {type: object}\nsudo: {type: boolean, default: false}\n\
                     timeout: {type: integer, default: 60}\nkwarg_op: {type: string, default: '--'}\n\
                     password: {type: string, secret: true}\n";

fn action(text: &str) -> Action {
    Action::load("ops", Path::new("actions/x.yaml"), &format!("name: x\n{text}")).unwrap().0
}

fn typed_values(given: &[(&str, &str)]) -> Vec<(String, Given)> {
    given.iter().map(|(name, text)| ((*name).to_owned(), Given::Text(Some((*text).to_owned())))).collect()
}

fn run(text: &str, given: &[(String, Given)]) -> Result<Prepared, String> {
    let runner = read_parameters(Path::new("runner"), SHELL).unwrap();
    let context = json!({"action_context": {"user": "ann"}, "config_context": {"zone": "eu"}, "st2kv": {"system": {"k": "v"}}});
    resolve(&action(text), &runner, given, &context, &Engine).map_err(|error| error.to_string())
}

fn chat(text: &str, given: &[(&str, &str)]) -> Result<Prepared, String> {
    run(text, &typed_values(given))
}

const COUNT: &str = "runner_type: noop\nparameters:\n  count: {type: integer, required: true, maximum: 9, description: how many}\n  size: {enum: [small, large]}\n  pin: {type: integer, secret: true}\n";

#[test]
fn errors_are_sentences_that_name_what_is_accepted() {
    for (given, sentence) in [
        (vec![], "`count` (a whole number such as 5: how many) must be given"),
        (vec![("count", "abc")], "`count` cannot be `abc`: a whole number such as 5 is accepted"),
        (vec![("count", "12")], "`count` cannot be `12`: at most 9 is accepted"),
        (
            vec![("count", "1"), ("size", "big")],
            "`size` cannot be `big`: one of `small`, `large` is accepted",
        ),
        (
            vec![("count", "1"), ("pin", "x9")],
            "`pin` cannot be `********`: a whole number such as 5 is accepted",
        ),
        (vec![("cuont", "1")], "there is no parameter `cuont`, did you mean `count`?"),
    ] {
        assert_eq!(chat(COUNT, &given).unwrap_err(), sentence);
    }
    let disabled = chat("runner_type: noop\nenabled: false\n", &[]).unwrap_err();
    assert_eq!(disabled, "action `ops.x` is disabled");
}

#[test]
fn what_the_action_fixes_cannot_be_given() {
    let text = "runner_type: local-shell-cmd\nparameters:\n  sudo: {default: true, immutable: true}\n  cmd: {default: uptime}\n";
    assert_eq!(chat(text, &[("sudo", "no")]).unwrap_err(), "`sudo` cannot be given: the action fixes it");
    assert_eq!(chat(text, &[("cmd", "rm -r /")]).unwrap_err(), "`cmd` cannot be given: the action fixes it");
    let prepared = chat(text, &[]).unwrap();
    assert_eq!((&prepared.parameters["cmd"], &prepared.parameters["sudo"]), (&json!("uptime"), &json!(true)));
}

#[test]
fn a_command_that_the_person_gives_goes_through_as_it_is() {
    let text = "runner_type: local-shell-cmd\nparameters:\n  cmd: {required: true}\n";
    let prepared = chat(text, &[("cmd", "echo '{{ 7 * 7 }}' $(id)")]).unwrap();
    assert_eq!(prepared.parameters["cmd"], "echo '{{ 7 * 7 }}' $(id)");
    assert!(prepared.values.is_empty());
}

#[test]
fn typed_values_reach_a_command_by_its_environment() {
    let text = "runner_type: local-shell-cmd\nparameters:\n  path: {type: string}\n  cmd: {default: 'df -h {{ path }}'}\n";
    let prepared = chat(text, &[("path", "$(id) {{ path }}")]).unwrap();
    assert_eq!(prepared.parameters["cmd"], "df -h \"${CHATOPS_V1}\"");
    assert_eq!(prepared.values, [("CHATOPS_V1".to_owned(), "$(id) {{ path }}".to_owned())]);
    assert_eq!(prepared.parameters.get("path"), None, "the runner gets its own parameters only");
    assert_eq!(
        chat(text, &[("path", "a\0b")]).unwrap_err(),
        "`path` holds a character that no command can be given, such as NUL"
    );
}

#[test]
fn an_aliass_fixed_command_is_quoted_too() {
    let text = "runner_type: local-shell-cmd\nparameters:\n  cmd: {required: true}\n";
    let fixed = Given::Fixed(json!("echo {{ action_context.user }}"));
    let prepared = run(text, &[("cmd".to_owned(), fixed)]).unwrap();
    assert_eq!(prepared.parameters["cmd"], "echo \"${CHATOPS_V1}\"");
    assert_eq!(prepared.values[0].1, "ann");
    let fixed = Given::Fixed(json!("echo '{{ action_context.user }}'"));
    let error = run(text, &[("cmd".to_owned(), fixed)]).unwrap_err();
    assert_eq!(error, "`cmd` is not safe to run: a placeholder stands between single quotes");
}

#[test]
fn defaults_are_rendered_in_the_order_of_their_needs() {
    let text = "runner_type: noop\nparameters:\n  a: {type: integer, default: '{{ b + 1 }}'}\n  b: {type: integer, default: '{{ c }}'}\n  c: {type: integer}\n  who: {default: '{{ action_context.user }}@{{ config_context.zone }}:{{ st2kv.system.k }}'}\n  list: {type: array, default: ['{{ c }}', x]}\n";
    let all = chat(text, &[("c", "4")]).unwrap().all;
    assert_eq!((&all["a"], &all["b"]), (&json!(5), &json!(4)));
    assert_eq!((&all["who"], &all["list"]), (&json!("ann@eu:v"), &json!([4, "x"])));
    let cycle = "runner_type: noop\nparameters:\n  a: {default: '{{ b }}'}\n  b: {default: '{{ a }}'}\n";
    assert_eq!(chat(cycle, &[]).unwrap_err(), "the defaults of `a`, `b` need each other");
    let missing = "runner_type: noop\nparameters:\n  a: {default: '{{ nobody }}'}\n";
    assert!(chat(missing, &[]).unwrap_err().starts_with("the template of `a` failed: "));
}

#[test]
fn what_a_person_types_is_never_a_template() {
    let text = "runner_type: noop\nparameters:\n  a: {type: string}\n  b: {default: '<{{ a }}>'}\n";
    let all = chat(text, &[("a", "{{ 7 * 7 }}")]).unwrap().all;
    assert_eq!((&all["a"], &all["b"]), (&json!("{{ 7 * 7 }}"), &json!("<{{ 7 * 7 }}>")));
}

#[test]
fn secrets_are_shown_nowhere() {
    let text = "runner_type: noop\nparameters:\n  token: {type: string, secret: true}\n  url: {default: 'https://x:{{ token }}@h'}\n";
    let prepared = chat(text, &[("token", "hunter2"), ("password", "pw-99")]).unwrap();
    assert_eq!(prepared.all["url"], "https://x:hunter2@h");
    let shown = Value::Object(prepared.shown.clone()).to_string();
    assert_eq!(prepared.shown["url"], "https://x:********@h");
    assert!(!shown.contains("hunter2") && !shown.contains("pw-99"), "{shown}");
    assert_eq!(
        crate::action::cut_secrets("!x token=hunter2 pw-99", &prepared.secrets),
        "!x token=******** ********"
    );
}

#[test]
fn a_script_gets_its_arguments_and_never_the_runners() {
    let text = "runner_type: local-shell-script\nentry_point: x.sh\nparameters:\n  name: {type: string}\n  dir: {type: string, position: 0}\n  timeout: {default: 5}\n";
    let prepared = chat(text, &[("name", "a b; c"), ("dir", "-rf"), ("kwarg_op", "-")]).unwrap();
    assert_eq!(prepared.arguments, ["-name=a b; c", "-rf"]);
    assert_eq!(prepared.parameters["timeout"], 5);
    assert_eq!(prepared.entry_point.as_deref(), Some(Path::new("actions/x.sh")));
}

#[test]
fn a_given_environment_cannot_define_functions_or_libraries() {
    let text = "runner_type: local-shell-cmd\nparameters:\n  cmd: {default: uptime}\n";
    for name in ["BASH_FUNC_uptime%%", "LD_PRELOAD", "BASH_ENV", "PATH", "a b"] {
        let env = Given::Value(json!({name: "() { id; }"}));
        assert!(run(text, &[("env".to_owned(), env)]).unwrap_err().starts_with("`env` cannot be"), "{name}");
    }
    assert!(run(text, &[("env".to_owned(), Given::Value(json!({"LANG": "C"})))]).is_ok());
}

#[test]
fn the_longest_parameter_is_131057_bytes() {
    let long = "x".repeat(LONGEST);
    let text = "runner_type: noop\nparameters:\n  a: {type: string}\n";
    assert!(chat(text, &[("a", &long)]).is_ok());
    let error = chat(text, &[("a", &format!("{long}x"))]).unwrap_err();
    assert_eq!(error, "`a` has 131058 bytes, at most 131057 are accepted");
}

#[test]
fn items_of_a_list_take_the_type_of_their_schema() {
    let text = "runner_type: noop\nparameters:\n  ports: {type: array, items: {type: integer, minimum: 1}}\n";
    assert_eq!(chat(text, &[("ports", "80, 443")]).unwrap().all["ports"], json!([80, 443]));
    let error = chat(text, &[("ports", "80, x")]).unwrap_err();
    assert_eq!(error, "`ports` cannot be `80, x`: at `/1`, a whole number such as 5 is accepted");
    let error = chat(text, &[("ports", "80,0")]).unwrap_err();
    assert_eq!(error, "`ports` cannot be `[80,0]`: at `/1`, at least 1 is accepted");
}

#[test]
fn null_counts_as_not_given() {
    let given = [("count".to_owned(), Given::Text(None))];
    assert!(run(COUNT, &given).unwrap_err().contains("must be given"));
}
