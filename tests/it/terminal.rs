//! The first minute of a newcomer, through a pipe: one command a line, answers on stdout.

use crate::support::bot::Home;
use crate::support::{homes, source};

#[test]
fn the_project_is_a_home_that_checks_and_runs() {
    let home = Home::new();
    for folder in ["aliases", "actions", "templates"] {
        source::copy(&source::root().join(folder), &home.path().join(folder));
    }
    let checked = home.run(&["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let ran = home.feed(&[], "run date -u +year:%Y on localhost\n");
    assert_eq!((ran.code, ran.stdout.contains("year:20")), (Some(0), true), "{ran:?}");
}

#[test]
fn a_command_on_localhost_answers_on_stdout() {
    let ran = homes::small().chat("run date -u +year:%Y on localhost\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("year:20"), "{ran:?}");
}

#[test]
fn without_a_subcommand_lines_from_a_pipe_are_run() {
    let ran = homes::small().feed(&[], "echo hello there\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("hello there"), "{ran:?}");
}

#[test]
fn a_prefix_is_accepted_too() {
    let ran = homes::small().chat("!echo hello there\n");
    assert_eq!((ran.code, ran.stdout.contains("hello there")), (Some(0), true), "{ran:?}");
}

#[test]
fn a_failing_command_says_its_code_and_the_end_of_stderr_and_the_exit_code_is_1() {
    let ran = homes::small().chat("run echo it is broken >&2; exit 3 on localhost\necho still here\n");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for part in ["it is broken", "3", "still here"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
}

#[test]
fn an_unknown_command_suggests_the_nearest() {
    let ran = homes::small().chat("rum date on localhost\n");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("did you mean `run date on localhost`"), "{ran:?}");
}

#[test]
fn help_lists_the_commands_and_help_of_one_shows_its_parameters() {
    let ran = homes::small().chat("help\nhelp run\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in ["run {{cmd}} on {{hosts}}", "Say it again", "hosts"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
}

#[test]
fn whoami_names_the_person_of_the_terminal() {
    let ran = homes::small().chat("whoami\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("terminal:"), "{ran:?}");
}

#[test]
fn history_remembers_what_an_earlier_life_ran() {
    let home = homes::small();
    assert_eq!(home.chat("echo remember me\n").code, Some(0));
    let ran = home.chat("history\n");
    assert!(ran.stdout.contains("echo remember me"), "{ran:?}");
}

#[test]
fn answers_come_in_the_order_of_the_lines() {
    let lines: String = (0..50).map(|number| format!("echo line-{number:02}\n")).collect();
    let ran = homes::small().chat(&lines);
    let places: Vec<_> = (0..50).map(|number| ran.stdout.find(&format!("line-{number:02}"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{ran:?}");
}

#[test]
fn what_is_typed_never_becomes_shell_text() {
    let home = homes::small().file(
        "actions/greet.yaml",
        "name: greet\nrunner_type: local-shell-cmd\nparameters:\n  who: { type: string }\n  \
         cmd: { default: 'echo \"hello {{ who }}\"' }\n",
    );
    let home = home.file(
        "aliases/greet.yaml",
        "name: greet\naction_ref: default.greet\ndescription: Greet\nformats: [\"greet {{who}}\"]\n",
    );
    let ran = home.chat("greet $(touch pwned)`touch pwned`\"; touch pwned; \"\n");
    assert!(ran.stdout.contains("$(touch pwned)"), "{ran:?}");
    assert!(!home.path().join("pwned").exists());
}

#[test]
fn each_part_of_a_command_that_matches_several_times_is_answered() {
    let alias = "name: ticket\naction_ref: core.echo\nformats:\n  - display: ticket\n    match_multiple: true\n    \
                 representation: ['ticket-(?P<message>\\d+)']\nresult: { format: 'T{{ execution.result.stdout }}' }\n";
    let ran = homes::small().file("aliases/ticket.yaml", alias).chat("please see ticket-12 and ticket-13\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "T12\nT13"), "{ran:?}");
}
