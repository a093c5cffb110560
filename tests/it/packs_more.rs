//! Packs that hold more: a workflow of Python actions; and packs that are wrong.

use std::path::{Path, PathBuf};

use crate::support::bot::{Home, Ran};
use crate::support::memory_bot::{MemoryBot, OPS, text};
use crate::support::source;

const ACCESS: &str = "people: { ann: [memory:ann] }\nroles: { all: [ { run: ['status.*', 'bad.*', 'chatops.*'] } ] }\n\
                      grants: [ { role: all, to: [ann] } ]\n";

fn home() -> Home {
    Home::new().file("access.yaml", ACCESS).set("CHATOPS_ADMINS", "memory:root")
}

fn good(ran: Ran) -> Ran {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

fn install(home: &Home, path: &Path, name: &str) -> Ran {
    home.run(&["pack", "install", "--name", name, path.to_str().unwrap()])
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

const ROUND: &str = r#"version: 1.0
input: [services]
tasks:
  each:
    with: {items: service in <% ctx().services %>, concurrency: 1}
    action: status.check
    input: {service: <% item(service) %>}
    next:
      - when: <% completed() %>
        publish:
          - verdicts: <% result().select($.result.verdict) %>
        do: who
  who:
    action: status.whoami
    next:
      - publish: [{user: <% result().result.user %>}]
output:
  - said: <% ctx().verdicts.join(', ') %> for <% ctx().user %>
"#;

#[test]
fn a_workflow_of_a_pack_runs_its_python_actions_in_a_chat() {
    let copy = tempfile::tempdir().unwrap();
    let fixture: PathBuf = source::root().join("tests/data/packs/stackstorm-status");
    let status =
        std::process::Command::new("cp").arg("-r").arg(fixture).arg(copy.path().join("status")).status();
    assert!(status.unwrap().success());
    let pack = copy.path().join("status");
    let write = |path: &str, content: &str| {
        let path = pack.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write("actions/workflows/round.yaml", ROUND);
    write(
        "actions/round.yaml",
        "name: round\nrunner_type: orquesta\nentry_point: workflows/round.yaml\nparameters:\n  \
         services: {type: array, required: true}\n",
    );
    write("aliases/round.yaml", "name: round\naction_ref: status.round\nformats: ['round {{services}}']\n");
    let home = home();
    good(home.run(&["pack", "install", pack.to_str().unwrap()]));
    let config = [
        "pack",
        "config",
        "status",
        "--set",
        "endpoint=https://status.example.org",
        "--set",
        "token=t0p-s3cret",
    ];
    good(home.run(&config));
    let set = |key: &str, value: &str| good(home.run(&["kv", "set", key, value]));
    set("status.greeting", "hello");
    good(home.feed(&["kv", "set", "status.password", "-", "--secret"], "hunter2hunter2"));
    let bot = MemoryBot::start(home);
    bot.says("ann", OPS, "!round web,database");
    let end = text(&bot.comes_to_say("2 tasks"));
    assert!(end.contains("fine, slow for ann"), "{end}");
    let told = format!("{end}{:?}", bot.audit());
    assert!(!told.contains("t0p-s3cret") && !told.contains("hunter2"), "{told}");
}

#[test]
fn an_entry_point_outside_of_the_pack_is_refused_with_its_line() {
    let home = home();
    for point in ["../../../etc/passwd", "/etc/passwd", "a/../../../x.py"] {
        let action = format!("name: a\nrunner_type: python-script\nentry_point: {point}\n");
        let ran = install(&home, folder(&[("actions/a.yaml", &action)]).path(), "bad");
        assert!(ran.code == Some(1) && ran.stderr.contains("a.yaml:3"), "{ran:?}");
        assert!(ran.stderr.contains("outside of the pack folder"), "{ran:?}");
    }
    assert!(!home.path().join("packs/bad").exists());
}

#[test]
fn a_link_out_of_a_pack_is_left_behind() {
    let home = home();
    let pack = folder(&[
        ("actions/a.yaml", "name: a\nrunner_type: python-script\nentry_point: a.py\n"),
        ("actions/b.yaml", "name: b\nrunner_type: noop\n"),
    ]);
    std::os::unix::fs::symlink("/etc/passwd", pack.path().join("actions/a.py")).unwrap();
    std::os::unix::fs::symlink("/etc", pack.path().join("actions/lib")).unwrap();
    let ran = install(&home, pack.path(), "bad");
    let installed = home.path().join("packs/bad/actions");
    assert!(!installed.join("a.py").exists() && !installed.join("lib").exists(), "{ran:?}");
    assert!(ran.stderr.contains("a.py"), "the script that is not there is named: {ran:?}");
}

#[test]
fn a_name_that_is_no_name_of_a_pack_is_refused() {
    let home = home();
    let pack = folder(&[("actions/b.yaml", "name: b\nrunner_type: noop\n")]);
    for name in ["../evil", "Bad Name", "a/b", ".hidden", "", "core", "default"] {
        let ran = install(&home, pack.path(), name);
        assert!(ran.code != Some(0), "`{name}`: {ran:?}");
    }
    let ran = home.run(&["pack", "config", "nowhere"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("nowhere"), "{ran:?}");
    let ran = home.run(&["pack", "remove", "../bad"]);
    assert!(ran.code == Some(1), "{ran:?}");
}

#[test]
fn a_module_of_stackstorm_that_is_not_there_is_named() {
    let home = home();
    let pack = folder(&[
        ("actions/a.yaml", "name: a\nrunner_type: python-script\nentry_point: a.py\n"),
        (
            "actions/a.py",
            "from st2common.persistence.action import Action\n\nclass A(object):\n    def run(self):\n        return 1\n",
        ),
        ("aliases/a.yaml", "name: a\naction_ref: bad.a\nformats: [try it]\n"),
    ]);
    good(install(&home, pack.path(), "bad"));
    let bot = MemoryBot::start(home);
    bot.says("ann", OPS, "!try it");
    let end = text(&bot.comes_to_say("st2common.persistence"));
    assert!(end.contains("failed") || end.contains("st2common.persistence"), "{end}");
}

#[test]
fn a_pack_without_a_pack_file_is_named_by_its_folder() {
    let home = home();
    let parent = folder(&[("my-tools/actions/b.yaml", "name: b\nrunner_type: noop\n")]);
    let ran = home.run(&["pack", "install", parent.path().join("my-tools").to_str().unwrap()]);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("my-tools") || said.contains("my_tools") || said.contains("tools"), "{ran:?}");
    assert!(ran.code.is_some(), "{ran:?}");
}
