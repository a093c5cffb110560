//! What `check` says about a home that loads and yet cannot be meant.

use serde_json::Value;

use crate::support::bot::Home;
use crate::support::homes;

/// The problems of a home, `severity: rest of the line`, without the home's own path.
fn doubts(home: &Home) -> Vec<String> {
    let ran = home.run(&["check", "--json"]);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = |problem: &Value, key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    let problems = answer["problems"].as_array().unwrap();
    let told = problems.iter().map(|problem| {
        let file = text(problem, "file").replace(&format!("{}/", home.path().display()), "");
        format!("{}: {file}: {}", text(problem, "severity"), text(problem, "message"))
    });
    assert_eq!(ran.code, Some(i32::from(!answer["good"].as_bool().unwrap())));
    told.collect()
}

#[test]
fn the_starter_home_is_good_without_a_warning_and_answers_also_without_its_templates() {
    let home = Home::new();
    let ran = home.run(&["init"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(doubts(&home), Vec::<String>::new());
    for template in ["hosts.j2", "http.j2", "default_result.j2", "stackstorm_result.j2"] {
        home.remove(&format!("templates/{template}"));
    }
    assert_eq!(doubts(&home), Vec::<String>::new());
    assert_eq!(home.chat("run echo hi on localhost\n").stdout, "hi");
    assert_eq!(home.chat("local echo there\n").stdout, "there");
    assert_eq!(home.chat("ping\n").stdout, "pong");
}

#[test]
fn rules_and_people_that_match_nothing_are_told() {
    let access =
        "people: { ann: [ircc:ann] }\neveryone:\n  - run: [core.ehco, \"alias:default.*\", chatops.audit]\n";
    let expected = [
        "warning: access.yaml: `core.ehco` is nothing that can be run",
        "warning: access.yaml: `ircc:ann` can never be here: no adapter `ircc` is configured",
    ];
    assert_eq!(doubts(&homes::small().file("access.yaml", access)), expected);
}

#[test]
fn templates_that_will_fail_and_examples_that_do_not_fit_are_told() {
    let alias =
        |name: &str, rest: &str| format!("name: {name}\naction_ref: core.noop\nformats: [{name}]\n{rest}\n");
    let home = Home::new()
        .file("aliases/a.yaml", &alias("a", "result: { format: \"{% include 'hots.j2' %}\" }"))
        .file("aliases/b.yaml", &alias("b", "ack: { format: \"{{ execution.id \" }"))
        .file("aliases/c.yaml", &alias("c", "extra: { examples: [c, d] }"));
    let told = doubts(&home);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], "warning: aliases/a.yaml: there is no template `hots.j2`");
    assert!(told[1].starts_with("warning: aliases/b.yaml: "), "{told:?}");
    assert_eq!(told[2], "warning: aliases/c.yaml: the example `d` is not a command of this alias");
}

#[test]
fn folders_called_like_files_and_links_back_to_the_home_are_told_and_left_out() {
    let home = homes::small()
        .file("aliases/d.yaml/inside.yaml", "")
        .file("packs/web/aliases/w.yaml", "name: w\naction_ref: core.noop\nformats: [w]\n");
    std::os::unix::fs::symlink("..", home.path().join("packs/home")).unwrap();
    let expected = [
        "warning: packs/home: it is a link to the pack `default`, which is loaded already: left out",
        "warning: aliases/d.yaml: it is a folder: what is in it is not read",
    ];
    assert_eq!(doubts(&home), expected);
}

#[test]
fn doctor_fails_where_the_bot_could_not_start_and_says_what_to_do() {
    let home = homes::small().file("var", "");
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stdout.contains("error    database: ") && ran.stdout.contains("= help: move the file away"),
        "{ran:?}"
    );
}
