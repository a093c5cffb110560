//! `chatops notify --job`: the command runs as if nobody looked, and the bot is told how it goes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::bot::{Bot, Home};
use crate::support::{SOON, homes, until};

fn serving() -> (Home, Bot, Api) {
    let home = homes::small();
    let bot = home.serve();
    bot.logs("ready");
    let api = Api::of(&home);
    (home, bot, api)
}

/// The events of a job, the oldest first.
fn events(api: &Api) -> Vec<Value> {
    let mut events = api.get("events").json["events"].as_array().cloned().unwrap_or_default();
    events.reverse();
    events
}

#[test]
fn a_job_is_told_when_it_starts_and_how_it_ended() {
    let (home, bot, api) = serving();
    let script = "echo to out; echo to err >&2; seq 1 20; exit 3";
    let ran = home.run(&[
        "notify", "--job", "backup", "--scope", "acme/db", "--label", "team=dba", "--", "sh", "-c", script,
    ]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stdout.starts_with("to out\n1\n2\n") && ran.stderr == "to err", "{ran:?}");
    let seen = events(&api);
    assert_eq!(seen.len(), 2, "{seen:?}");
    let (start, end) = (&seen[0], &seen[1]);
    assert_eq!((&start["status"], &start["title"]), (&json!("started"), &json!("backup")));
    assert_eq!((&end["status"], &end["level"]), (&json!("failed"), &json!("critical")));
    assert_eq!((&start["subject"], &start["scopes"]), (&end["subject"], &json!(["acme/db"])));
    assert_eq!((&end["labels"]["exit_code"], &end["labels"]["team"]), (&json!("3"), &json!("dba")));
    assert!(end["duration"].as_f64() > Some(0.0), "{end}");
    // Which of two pipes is read first nobody knows.
    let lines: Vec<&str> = end["text"].as_str().unwrap().lines().filter(|line| *line != "to err").collect();
    assert_eq!((lines[0], lines.last()), ("exit code 3", Some(&"20")), "{end}");
    assert!((10..=11).contains(&lines.len()) && lines.ends_with(&["18", "19", "20"]), "{end}");
    assert!(bot.stop().success());
}

#[test]
fn lines_that_match_make_a_good_end_a_warning_or_an_error() {
    let (home, bot, api) = serving();
    let run = |lines: &str| {
        let script = format!("printf '{lines}'");
        let ran = home.run(&[
            "notify",
            "--job",
            "j",
            "--errors",
            "ERROR",
            "--warnings",
            "WARNING",
            "--",
            "sh",
            "-c",
            &script,
        ]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let last = events(&api).pop().unwrap();
        let word = |key: &str| last["labels"][key].as_str().unwrap().to_owned();
        (last["status"].as_str().unwrap().to_owned(), word("count_errors"), word("count_warnings"))
    };
    let of = |status: &str, errors: &str, warnings: &str| {
        (status.to_owned(), errors.to_owned(), warnings.to_owned())
    };
    assert_eq!(run("fine"), of("ok", "0", "0"));
    assert_eq!(run("a WARNING\\nb\\nWARNING"), of("warning", "0", "2"));
    assert_eq!(run("WARNING\\nERROR\\n"), of("error", "1", "1"));
    assert!(bot.stop().success());
}

#[test]
fn without_a_bot_the_command_runs_all_the_same() {
    let home = homes::small();
    let ran = home.feed(&["notify", "--job", "j", "--", "sh", "-c", "cat; exit 7"], "what is typed\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(7), "what is typed"), "{ran:?}");
    assert!(ran.stderr.contains("job `j`") && ran.stderr.contains("no bot runs"), "{ran:?}");
    let away = home.set("CHATOPS_URL", "http://127.0.0.1:1").set("CHATOPS_TOKEN", "cho_x");
    let began = Instant::now();
    let ran = away.run(&["notify", "--job", "j", "--", "sh", "-c", "exit 4"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("the end was not told"), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_command_that_a_signal_ends_exits_as_a_shell_says() {
    let (home, bot, api) = serving();
    let ran = home.run(&["notify", "--job", "j", "--", "sh", "-c", "kill -9 $$"]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    let end = events(&api).pop().unwrap();
    assert_eq!((&end["status"], &end["labels"]["signal"]), (&json!("failed"), &json!("9")), "{end}");
    let missing = home.run(&["notify", "--job", "j", "--", "/no/such/program"]);
    assert_eq!(missing.code, Some(127), "{missing:?}");
    let end = events(&api).pop().unwrap();
    assert!(end["status"] == "failed" && end["text"].as_str().unwrap().contains("/no/such/program"), "{end}");
    assert!(bot.stop().success());
}

#[test]
fn signals_reach_the_whole_command_and_an_end_by_them_is_told_as_canceled() {
    let (home, bot, api) = serving();
    let run = |script: &str| {
        let mut command = home.command(&["notify", "--job", "j", "--", "sh", "-c", script]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "output passes at once");
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        child.wait().unwrap().code()
    };
    assert_eq!(run("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"), Some(5));
    assert_eq!(events(&api).pop().unwrap()["status"], "failed");
    assert_eq!(run("echo ready; sleep 60"), Some(143));
    assert_eq!(events(&api).pop().unwrap()["status"], "canceled");
    assert!(bot.stop().success());
}

#[test]
fn bytes_pass_as_they_are() {
    let home = homes::small();
    let mut command = home.command(&["notify", "--job", "j", "--", "head", "-c", "1000000", "/dev/urandom"]);
    let out = command.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
    assert_eq!((out.status.code(), out.stdout.len()), (Some(0), 1_000_000));
    let mut command = home.command(&["notify", "--job", "j", "--tail", "0", "--", "printf", "a\\000\\377b"]);
    let out = command.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
    assert_eq!(out.stdout, b"a\x00\xffb");
}

#[test]
fn an_event_from_the_shell_reaches_a_bot_elsewhere_with_a_token() {
    let (home, bot, api) = serving();
    let made = home.run(&["token", "create", "shell"]);
    let elsewhere = Home::new().set("CHATOPS_URL", &api.url()).set("CHATOPS_TOKEN", made.stdout.trim());
    let ran = elsewhere
        .feed(&["notify", "-", "--status", "warning", "--url", "https://example.org/x"], "disk\nweb1\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let seen = until(SOON, || events(&api).pop());
    assert_eq!(
        (&seen["title"], &seen["text"], &seen["url"]),
        (&json!("disk"), &json!("web1"), &json!("https://example.org/x"))
    );
    let ran = elsewhere.run(&["notify", "again", "--wait"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("lacks the scope `read`"), "{ran:?}");
    let server = Home::new().set("CHATOPS_TOKEN", "cho_wrong");
    let ran = server.run(&["notify", "x", "--server", &api.url()]);
    assert!(ran.code == Some(1) && ran.stderr.contains("nobody knows this token"), "{ran:?}");
    assert!(bot.stop().success());
}
