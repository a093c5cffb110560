//! Workflows in chat: tasks one after another and side by side, how they go, and what people do to them.

use std::time::Duration;

use crate::support::bot::Home;
use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS, text};
use crate::support::{SOON, until};

/// An action that is a workflow, the command for it, and its file.
fn workflow(home: Home, name: &str, parameters: &str, file: &str) -> Home {
    let format = if parameters.contains("host") { "{{host}}" } else { "" };
    home.file(
        &format!("actions/{name}.yaml"),
        &format!(
            "name: {name}\nrunner_type: orquesta\nentry_point: workflows/{name}.yaml\nparameters: {parameters}\n"
        ),
    )
    .file(&format!("actions/workflows/{name}.yaml"), file)
    .file(
        &format!("aliases/{name}.yaml"),
        &format!(
            "name: {name}\naction_ref: default.{name}\nformats: [\"{}\"]\n",
            format!("{name} {format}").trim()
        ),
    )
}

const BUILD: &str = r#"version: 1.0
input: [host]
vars: [{greeting: <% "to " + ctx().host %>}]
tasks:
  greet:
    action: core.echo message="hello <% ctx().greeting %>"
    next:
      - when: <% succeeded() %>
        publish: [{said: <% result().stdout %>}]
        do: [left, right]
  left:
    action: default.hold name="left"
    next: [{when: <% succeeded() %>, publish: [{l: <% result().stdout %>}], do: both}]
  right:
    action: default.hold
    input: {name: right}
    next: [{when: <% succeeded() %>, publish: [{r: "{{ result().stdout }}"}], do: both}]
  both:
    join: all
    action: core.noop
output:
  - said: <% ctx().said %>
  - ends: <% [ctx().l, ctx().r] %>
"#;

fn build() -> Home {
    workflow(ops(), "build", "{host: {type: string, required: true}}", BUILD)
}

#[test]
fn tasks_run_side_by_side_and_their_results_meet_in_the_output() {
    let bot = MemoryBot::start(build());
    let id = bot.says("alice", OPS, "!build web1");
    began(bot.home(), "left");
    began(bot.home(), "right");
    let listed = bot.ask("alice", OPS, "!ps");
    assert!(listed.contains("build web1") && !listed.contains("hold"), "{listed}");
    let shown = bot.ask("alice", OPS, "!show 1");
    assert!(shown.contains("greet") && shown.contains("succeeded") && shown.contains("running"), "{shown}");
    go(bot.home(), "right");
    go(bot.home(), "left");
    let end = bot.comes_to_say("left went");
    assert_eq!(
        end.answer.as_ref().map(|answer| (&*answer.key.id, answer.last, answer.good)),
        Some((&*id, true, true))
    );
    assert!(end.text.contains("hello to web1") && end.text.contains("right went"), "{}", end.text);
    assert!(end.text.contains("4 tasks: 4 succeeded"), "{}", end.text);
    let steps = bot.read(|reader| reader.steps(1));
    let tasks: Vec<_> =
        steps.iter().map(|step| (step.step.clone().unwrap().task, step.status.to_string())).collect();
    assert_eq!(tasks.len(), 4);
    assert!(tasks.iter().all(|(_, status)| status == "succeeded"), "{tasks:?}");
    let history = bot.ask("alice", OPS, "!history");
    assert!(history.contains("build web1") && !history.contains("core.noop"), "{history}");
    assert!(bot.audit_is_whole());
}

#[test]
fn a_long_workflow_shows_each_task_with_its_state() {
    let bot = MemoryBot::start(build());
    bot.says("alice", OPS, "!build web1");
    began(bot.home(), "left");
    let shown = bot.comes_to_say("is running as 1");
    let shown = text(&shown);
    assert!(shown.contains("greet") && shown.contains("left") && shown.contains("running"), "{shown}");
    go(bot.home(), "right");
    go(bot.home(), "left");
    bot.comes_to_say("4 tasks: 4 succeeded");
}

#[test]
fn a_failure_fails_the_workflow_and_rerun_goes_on_from_there() {
    let file = r#"version: 1.0
tasks:
  first:
    action: default.count name="first"
    next: [{when: <% succeeded() %>, do: second}]
  second:
    action: default.needs name="flag"
    next: [{when: <% succeeded() %>, do: third}]
  third:
    action: default.count name="third"
"#;
    let home = workflow(ops(), "three", "{}", file);
    let here = home.path().display().to_string();
    let action = |name: &str, cmd: &str| {
        format!(
            "name: {name}\nrunner_type: local-shell-cmd\nparameters:\n  name: {{type: string}}\n  cmd: {{immutable: true, default: '{cmd}'}}\n"
        )
    };
    let home = home
        .file("actions/count.yaml", &action("count", &format!("cd {here}; echo {{{{name}}}} >> ran")))
        .file("actions/needs.yaml", &action("needs", &format!("test -e {here}/\"{{{{name}}}}\"")));
    let bot = MemoryBot::start(home);
    let end = bot.ask("alice", OPS, "!three");
    assert!(end.contains("task second") && end.contains("1 failed (second)"), "{end}");
    bot.home().write("flag", "");
    let end = bot.ask("alice", OPS, "!rerun 1");
    assert!(end.contains("3 succeeded"), "{end}");
    let ran = |name: &str| {
        let text = std::fs::read_to_string(bot.home().path().join("ran")).unwrap();
        text.lines().filter(|line| *line == name).count()
    };
    assert_eq!((ran("first"), ran("third")), (1, 1));
    let end = bot.ask("alice", OPS, "!rerun 1 from start");
    assert!(end.contains("3 succeeded"), "{end}");
    assert_eq!((ran("first"), ran("third")), (2, 2));
    let end = bot.ask("alice", OPS, "!rerun 1 from nowhere");
    assert!(end.contains("cannot go on") && end.contains("nowhere"), "{end}");
}

const CHAIN: &str = r#"version: 1.0
tasks:
  one:
    action: default.hold name="one"
    next: [{do: two}]
  two:
    action: default.hold name="two"
"#;

#[test]
fn a_paused_workflow_starts_nothing_until_it_is_resumed() {
    let bot = MemoryBot::start(workflow(ops(), "pair", "{}", CHAIN));
    bot.says("alice", OPS, "!pair");
    began(bot.home(), "one");
    assert!(bot.ask("bob", OPS, "!pause 1").contains("no workflow 1 of yours"));
    assert!(bot.ask("alice", OPS, "!pause 1").contains("starts nothing more"));
    go(bot.home(), "one");
    bot.until(|| bot.ask("alice", OPS, "!ps").contains("paused").then_some(()));
    assert!(!bot.home().path().join("began-two").exists());
    assert!(bot.ask("alice", OPS, "!resume 1").contains("1 goes on"));
    began(bot.home(), "two");
    assert!(bot.ask("alice", OPS, "!resume 1").contains("cannot be resumed"));
    go(bot.home(), "two");
    bot.comes_to_say("2 tasks: 2 succeeded");
    assert!(bot.ask("alice", OPS, "!pause 1").contains("no workflow 1 of yours"));
}

#[test]
fn kill_lets_what_runs_end_and_starts_nothing_more_and_twice_ends_all() {
    let bot = MemoryBot::start(workflow(ops(), "pair", "{}", CHAIN));
    bot.says("alice", OPS, "!pair");
    began(bot.home(), "one");
    assert!(bot.ask("alice", OPS, "!kill 1").contains("ending 1"));
    bot.until(|| bot.ask("alice", OPS, "!ps").contains("canceling").then_some(()));
    assert!(bot.ask("alice", OPS, "!kill 1").contains("ending 1"));
    let end = text(&bot.comes_to_say("ended by alice"));
    assert!(end.contains("canceled"), "{end}");
    assert!(!bot.home().path().join("began-two").exists());
    let steps = bot.read(|reader| reader.steps(1));
    assert_eq!(steps.iter().map(|step| step.status.to_string()).collect::<Vec<_>>(), ["canceled"]);
}

#[test]
fn a_step_of_a_workflow_needs_no_right_of_its_own_unless_the_person_chose_it() {
    let file = r#"version: 1.0
input: [host]
tasks:
  named:
    action: core.local cmd="echo by the file"
    next: [{publish: [{said: <% result().stdout %>}], do: chosen}]
  chosen:
    action: <% ctx().host %>
    input: {cmd: "echo chosen"}
output: [{said: <% ctx().said %>}]
"#;
    let home = workflow(ops(), "pick", "{host: {type: string, required: true}}", file)
        .file("access.yaml", "roles: { picker: [ { run: [default.pick] } ] }\npeople: { bob: [memory:bob] }\ngrants: [ { role: picker, to: [bob] } ]\n");
    let bot = MemoryBot::start(home);
    let end = bot.ask("bob", OPS, "!pick core.local");
    assert!(end.contains("by the file") && end.contains("task chosen"), "{end}");
    let end = bot.ask("root", OPS, "!pick core.local");
    assert!(end.contains("2 succeeded"), "{end}");
}

#[test]
fn a_workflow_with_a_mistake_is_told_with_its_place_and_never_begins() {
    let file = "version: 1.0\ntasks:\n  a:\n    action: core.echo mesage=\"x\"\n    next:\n      - when: <% suceeded() %>\n        do: b\n";
    let home = workflow(ops(), "bad", "{}", file);
    let checked = home.run(&["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    let said = format!("{}{}", checked.stdout, checked.stderr);
    assert!(said.contains("workflows/bad.yaml:") && said.contains("mesage"), "{said}");
    assert!(said.contains("bad.yaml:7") || said.contains("do[0]") || said.contains("`b`"), "{said}");
    let bot = MemoryBot::start(home);
    let end = bot.ask("alice", OPS, "!bad");
    assert!(end.contains("bad.yaml:") && end.contains("failed"), "{end}");
    assert!(bot.read(|reader| reader.steps(1)).is_empty());
}

#[test]
fn a_workflow_goes_on_in_the_next_life_and_asks_about_what_was_cut_off() {
    let mut bot = MemoryBot::start(build());
    bot.says("alice", OPS, "!build web1");
    began(bot.home(), "left");
    began(bot.home(), "right");
    go(bot.home(), "right");
    bot.until(|| {
        let steps = bot.read(|reader| reader.steps(1));
        steps.iter().any(|step| step.command.contains("hold") && step.ended.is_some()).then_some(())
    });
    bot.dies();
    bot.starts_again();
    let asked = text(&bot.comes_to_say("is paused"));
    assert!(asked.contains("`left`") && asked.contains("resume 1 rerun"), "{asked}");
    assert!(!asked.contains("`right`"), "{asked}");
    assert!(bot.ask("alice", OPS, "!resume 1").contains("how that ended is not known"));
    std::fs::remove_file(bot.home().path().join("began-left")).unwrap();
    std::fs::remove_file(bot.home().path().join("began-right")).unwrap();
    assert!(bot.ask("alice", OPS, "!resume 1 rerun").contains("1 goes on"));
    began(bot.home(), "left");
    go(bot.home(), "left");
    let end = text(&bot.comes_to_say("left went"));
    assert!(end.contains("right went") && end.contains("4 succeeded"), "{end}");
    assert!(!bot.home().path().join("began-right").exists(), "what ended ran again");
    assert_eq!(bot.audit_of("asked").len(), 6, "the workflow, four tasks, one of them again");
    assert!(bot.audit_is_whole());
}

#[test]
fn what_was_cut_off_may_count_as_failed() {
    let mut bot = MemoryBot::start(workflow(ops(), "pair", "{}", CHAIN));
    bot.says("alice", OPS, "!pair");
    began(bot.home(), "one");
    bot.stop(Duration::from_millis(50));
    bot.starts_again();
    bot.comes_to_say("is paused");
    assert!(bot.ask("alice", OPS, "!resume 1 skip").contains("1 goes on"));
    // The transition has no condition: it leads on from a failure too.
    began(bot.home(), "two");
    go(bot.home(), "two");
    let end = text(&bot.comes_to_say("2 tasks"));
    assert!(end.contains("1 failed (one)"), "{end}");
}

#[test]
fn a_workflow_inside_a_workflow_gives_its_output() {
    let outer = "version: 1.0\ntasks:\n  inner:\n    action: default.inner word=\"deep\"\n    next: [{publish: [{w: <% result().output.w %>}]}]\noutput: [{got: <% ctx().w %>}]\n";
    let inner = "version: 1.0\ninput: [word]\ntasks:\n  say: {action: core.echo message=<% ctx().word %>}\noutput: [{w: <% ctx().word + '!' %>}]\n";
    let home = workflow(ops(), "outer", "{}", outer);
    let home = workflow(home, "inner", "{word: {type: string}}", inner);
    let bot = MemoryBot::start(home);
    let end = bot.ask("alice", OPS, "!outer");
    assert!(end.contains("deep!"), "{end}");
    let depth = until(SOON, || {
        let steps = bot.read(|reader| reader.steps(1));
        let inner = steps.first()?.id;
        let below = bot.read(move |reader| reader.steps(inner));
        (below.len() == 1).then_some(below[0].step.clone()?.workflow == inner)
    });
    assert!(depth);
}
