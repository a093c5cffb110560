//! The command line that scripts depend on: exit codes 0, 1 and 2, answers on stdout, errors on stderr.

use serde_json::{Value, json};

use crate::support::bot::Ran;
use crate::support::homes;

/// The JSON answers of a command, one a line.
fn answers(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_there_is() {
    let home = homes::small();
    for arguments in [&["frobnicate"][..], &["serve", "--nonsense"], &["alias"], &["template", "render"]] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains("Usage"), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn alias_match_answers_json_lines() {
    let input = concat!(
        "{\"input\": \"run uptime on web1\"}\n",
        "{\"format\": \"deploy {{what}} {{env=staging}}\", \"input\": \"deploy web\"}\n",
        "{\"input\": \"rum uptime on web1\"}\n",
    );
    let found = answers(&homes::small().feed(&["alias", "match", "-"], input));
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0]["match"], true);
    assert_eq!(found[0]["alias"], "default.run");
    assert_eq!(found[0]["params"], json!({"cmd": "uptime", "hosts": "web1"}));
    assert_eq!(found[1]["params"]["what"], "web");
    assert_eq!(found[2]["match"], false);
    assert_eq!(found[2]["suggestion"], "run {{cmd}} on {{hosts}}");
}

#[test]
fn alias_match_of_one_text_exits_with_0_or_1() {
    let home = homes::small();
    let ran = home.run(&["alias", "match", "run uptime on web1", "--json"]);
    assert_eq!((ran.code, answers(&ran)[0]["alias"].clone()), (Some(0), json!("default.run")), "{ran:?}");
    assert_eq!(home.run(&["alias", "match", "frobnicate"]).code, Some(1));
}

#[test]
fn alias_match_shows_the_candidates_of_a_tie() {
    let other = "name: again\naction_ref: core.echo\nformats: [\"echo {{text}}\"]\n";
    let home = homes::small().file("aliases/again.yaml", other);
    let found = answers(&home.feed(&["alias", "match", "-"], "{\"input\": \"echo hi\"}\n"));
    assert_eq!(found[0]["match"], false, "{found:?}");
    assert_eq!(found[0]["candidates"], json!(["default.again", "default.echo"]));
}

#[test]
fn alias_check_names_file_and_line_of_what_is_wrong() {
    let home = homes::small();
    assert_eq!(home.run(&["alias", "check"]).code, Some(0));
    home.write("aliases/bad.yaml", "name: bad\naction_ref: core.echo\nformts:\n  - \"bad {{x}}\"\n");
    let ran = home.run(&["alias", "check"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("bad.yaml:3"), "{ran:?}");
}

#[test]
fn alias_list_prints_what_help_would_print() {
    let ran = homes::small().run(&["alias", "list"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("run {{cmd}} on {{hosts}}"), "{ran:?}");
}

#[test]
fn template_render_prints_exactly_the_output() {
    let home = homes::small().file("data.json", "{\"name\": \"web1\", \"up\": true}");
    let ran = home.feed(&["template", "render", "-", "--data", "data.json"], "{{ name }}={{ up }}{{ gone }}");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "web1=True"), "{ran:?}");
    let strict =
        home.feed(&["template", "render", "-", "--data", "data.json", "--strict"], "{{ name }}{{ gone }}");
    assert_eq!(strict.code, Some(1), "{strict:?}");
    assert!(strict.stderr.contains("gone"), "{strict:?}");
}

#[test]
fn action_run_prints_the_result_and_fails_with_the_action() {
    let home = homes::small();
    let ran = home.run(&["action", "run", "core.local", "cmd=echo hello", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(result.to_string().contains("hello"), "{result}");
    assert_eq!(home.run(&["action", "run", "core.local", "cmd=exit 4"]).code, Some(1));
    assert_eq!(home.run(&["action", "run", "core.nothing"]).code, Some(1));
}

#[test]
fn a_second_instance_ends_with_a_clear_error() {
    let home = homes::small();
    let bot = home.serve();
    bot.logs("ready");
    let ran = home.run(&["serve"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("another chatops"), "{ran:?}");
    assert!(bot.stop().success());
}

#[test]
fn init_writes_a_home_that_checks() {
    let home = crate::support::bot::Home::new();
    assert_eq!(home.run(&["init"]).code, Some(0));
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(home.path().join("aliases").is_dir());
}

#[test]
fn stackstorm_packs_come_in_as_they_are_and_what_is_left_out_is_said() {
    let alias = "---\nname: greet\npack: demo\naction_ref: demo.greet\nformats:\n  - \"greet {{who}}\"\n";
    let action = "---\nname: greet\nrunner_type: local-shell-cmd\nparameters:\n  who: { type: string }\n  \
                  cmd: { default: 'echo \"hello {{ who }}\"' }\n";
    let python = "---\nname: compute\nrunner_type: mistral-v2\nentry_point: compute.yaml\n";
    let home = homes::small()
        .file("from/packs/demo/pack.yaml", "name: demo\nversion: 1.0.0\nref: demo\n")
        .file("from/packs/demo/aliases/greet.yaml", alias)
        .file("from/packs/demo/actions/greet.yaml", action)
        .file("from/packs/demo/actions/compute.yaml", python)
        .file("from/packs/demo/rules/on_event.yaml", "name: on_event\n")
        .file("from/packs/demo/sensors/watch.yaml", "class_name: Watch\n");
    let ran = home.run(&["import", "stackstorm", "from"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in ["rules", "sensors", "mistral-v2"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    let copied = std::fs::read_to_string(home.path().join("packs/demo/aliases/greet.yaml")).unwrap();
    assert_eq!(copied, alias);
    let ran = home.chat("greet the whole world\n");
    assert_eq!((ran.code, ran.stdout.contains("hello the whole world")), (Some(0), true), "{ran:?}");
}

#[test]
fn completions_name_the_subcommands() {
    let home = homes::small();
    for shell in ["bash", "zsh", "fish"] {
        let ran = home.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("audit"), "{shell}");
    }
}
