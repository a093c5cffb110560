//! The shell actions of the pack, run by a real shell.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::actions;
use crate::action::testing::Engine;
use crate::action::{Given, Prepared, read_parameters, resolve};

const RUNNER: &str =
    "cmd: {type: string}\nsudo: {type: boolean, default: false}\ntimeout: {type: integer, default: 60}\n";

fn prepared(name: &str, given: &Value) -> Prepared {
    let action = actions().into_iter().find(|action| action.name == name).unwrap();
    let runner = read_parameters(Path::new("runner"), RUNNER).unwrap();
    let given = given.as_object().unwrap().iter();
    let given: Vec<_> = given.map(|(name, value)| (name.clone(), Given::Value(value.clone()))).collect();
    resolve(&action, &runner, &given, &json!({}), &Engine).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn run(prepared: &Prepared, folder: &Path) -> Output {
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let mut process = Command::new("sh");
    process.args(["-c", prepared.parameters["cmd"].as_str().unwrap()]).current_dir(folder).env("PATH", path);
    process.envs(prepared.values.iter().map(|(name, value)| (name, value))).output().unwrap()
}

#[test]
fn error_says_its_message_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&prepared("error", &json!({"message": "$(id) 'x'"})), folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "$(id) 'x'\n");
}

#[test]
fn pause_waits_within_its_own_time_limit() {
    let folder = tempfile::tempdir().unwrap();
    for random in [false, true] {
        let prepared = prepared("pause", &json!({"max_pause": 0, "random": random}));
        assert_eq!(prepared.parameters["timeout"], 10);
        let output = run(&prepared, folder.path());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn uuid_makes_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&prepared("uuid", &json!({})), folder.path());
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim().len(), 36);
}

#[test]
fn sendmail_hands_a_whole_mail_over() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sendmail");
    std::fs::write(&program, "#!/bin/sh\necho \"$@\" >&2\ncat\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mail =
        json!({"to": ["a@example.org", "b@example.org"], "subject": "it's $(up)", "body": "<p>\"ok\"</p>"});
    let output = run(&prepared("sendmail", &mail), folder.path());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "From: stanley\nTo: a@example.org, b@example.org\nSubject: it's $(up)\nMIME-Version: 1.0\n\
         Content-Type: text/html; charset=UTF-8\n\n<p>\"ok\"</p>\n"
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "-t -i\n");
}
