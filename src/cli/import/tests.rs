//! An invented installation, imported.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::config::env::Env;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Two packs, one of StackStorm's own, and the settings of the bot.
fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "packs/web/pack.yaml", "name: Web Servers\nref: web\nversion: 1.0.0\n");
    write(
        root,
        "packs/web/aliases/restart.yaml",
        "name: restart\naction_ref: web.restart\nformats: [restart]\n",
    );
    write(
        root,
        "packs/web/actions/restart.yaml",
        "name: restart\nrunner_type: local-shell-script\nentry_point: restart.sh\n",
    );
    write(root, "packs/web/actions/restart.sh", "#!/bin/sh\n");
    fs::set_permissions(root.join("packs/web/actions/restart.sh"), fs::Permissions::from_mode(0o755))
        .unwrap();
    write(
        root,
        "packs/web/actions/report.yaml",
        "name: report\nrunner_type: mistral-v2\nentry_point: report.py\n",
    );
    write(root, "packs/web/actions/report.py", "pass\n");
    write(root, "packs/web/actions/__pycache__/report.pyc", "x");
    write(root, "packs/web/rules/nightly.yaml", "name: nightly\n");
    write(root, "packs/web/sensors/load.yaml", "class_name: Load\n");
    write(root, "packs/default/aliases/hello.yaml", "name: hello\naction_ref: core.echo\nformats: [hello]\n");
    write(root, "packs/core/pack.yaml", "name: core\n");
    write(
        root,
        "chatops/st2chatops.env",
        "# settings\nexport HUBOT_NAME=opsbot\nexport HUBOT_ALIAS='!'\nexport HUBOT_LOG_LEVEL=\"${HUBOT_LOG_LEVEL:-debug}\"\n\
         export ST2_API_URL=\"https://$(hostname)/api\"\nexport HUBOT_SLACK_BOT_TOKEN=xoxb-hunter2\nexport HUBOT_IRC_SERVER=irc.example.org\n\
         export HUBOT_IRC_ROOMS=\"#ops,#dev\"\nexport HUBOT_IRC_NICKSERV_PASSWORD='a \"b\" ${c} \\'\nexport NODE_TLS_REJECT_UNAUTHORIZED=0\n\
         export MY_OWN=1\nif true; then\n",
    );
    folder
}

fn run(path: &Path, home: &Path, mode: Mode) -> Report {
    stackstorm::import(path, home, mode).unwrap()
}

#[test]
fn packs_are_copied_as_they_are_and_the_rest_is_named() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    let report = run(from.path(), home.path(), Mode::Write);
    let web = report.packs.iter().find(|pack| pack.name == "web").unwrap();
    assert_eq!((web.aliases, web.actions, web.copied.len()), (1, 2, 6));
    assert_eq!(web.left_out["rules"], ["nightly"]);
    assert_eq!(web.left_out["sensors"], ["load"]);
    assert_eq!(web.runners["mistral-v2"], ["web.report"]);
    assert_eq!(report.skipped[0].name, "core");
    assert!(home.path().join("aliases/hello.yaml").is_file(), "the pack `default` is the home itself");
    let script = fs::metadata(home.path().join("packs/web/actions/restart.sh")).unwrap();
    assert_eq!(script.permissions().mode() & 0o777, 0o755);
    assert!(
        !home.path().join("packs/web/rules").exists()
            && !home.path().join("packs/web/actions/__pycache__").exists()
    );
}

#[test]
fn the_settings_of_the_bot_are_translated() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    let report =
        run(&from.path().join("chatops/st2chatops.env"), home.path(), Mode::Write).variables.unwrap();
    let env = Env::read(Some(&home.path().join("chatops.env")), []).unwrap();
    let expected = [
        ("CHATOPS_NAME", Some("opsbot")),
        ("CHATOPS_PREFIX", Some("!")),
        ("CHATOPS_LOG", Some("debug")),
        ("CHATOPS_IRC_SERVER", Some("irc.example.org:6667")),
        ("CHATOPS_IRC_TLS", Some("off")),
        ("CHATOPS_IRC_CHANNELS", Some("#ops,#dev")),
        ("CHATOPS_IRC_NICKSERV_PASSWORD", Some("a \"b\" $${c} \\")),
        ("CHATOPS_SLACK_BOT_TOKEN", Some("xoxb-hunter2")),
    ];
    for (name, value) in expected {
        assert_eq!(env.get(name), value, "{name}");
    }
    let noted: Vec<_> = report.notes.iter().map(|note| (note.line, note.name.as_str())).collect();
    let names = ["ST2_API_URL", "NODE_TLS_REJECT_UNAUTHORIZED", "MY_OWN", ""];
    assert_eq!(noted, [5, 10, 11, 12].into_iter().zip(names).collect::<Vec<_>>());
    let mode = fs::metadata(home.path().join("chatops.env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_report_shows_no_secret() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    let report = run(from.path(), home.path(), Mode::Look);
    for text in [render(&report, Mode::Look), serde_json::to_string(&report).unwrap()] {
        assert!(!text.contains("hunter2") && text.contains("ST2_API_URL"), "{text}");
    }
}

#[test]
fn another_file_in_the_way_is_kept_and_said() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    write(home.path(), "packs/web/aliases/restart.yaml", "mine");
    write(home.path(), "chatops.env", "CHATOPS_NAME=mine");
    let report = run(from.path(), home.path(), Mode::Write);
    assert!(report.has_conflicts());
    assert!(
        render(&report, Mode::Write)
            .contains("kept aliases/restart.yaml: another file is there, not overwritten")
    );
    assert_eq!(report.variables.unwrap().kept, ["CHATOPS_NAME"]);
    assert_eq!(fs::read_to_string(home.path().join("packs/web/aliases/restart.yaml")).unwrap(), "mine");
    let env = Env::read(Some(&home.path().join("chatops.env")), []).unwrap();
    assert_eq!((env.get("CHATOPS_NAME"), env.get("CHATOPS_PREFIX")), (Some("mine"), Some("!")));
}

#[test]
fn importing_again_changes_nothing() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    run(from.path(), home.path(), Mode::Write);
    let before = fs::read_to_string(home.path().join("chatops.env")).unwrap();
    let report = run(from.path(), home.path(), Mode::Write);
    assert!(!report.has_conflicts() && report.packs.iter().all(|pack| pack.copied.is_empty()));
    assert_eq!(fs::read_to_string(home.path().join("chatops.env")).unwrap(), before);
}

#[test]
fn a_dry_run_writes_nothing() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    let report = run(from.path(), home.path(), Mode::Look);
    assert_eq!(report.packs.len(), 2);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_of_packs_and_a_single_pack_are_known_too() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    assert_eq!(run(&from.path().join("packs"), home.path(), Mode::Look).packs.len(), 2);
    assert_eq!(run(&from.path().join("packs/web"), home.path(), Mode::Look).packs[0].name, "web");
    assert!(stackstorm::import(&from.path().join("packs/web/rules"), home.path(), Mode::Look).is_err());
    assert!(stackstorm::import(&from.path().join("nowhere"), home.path(), Mode::Look).is_err());
}

#[test]
fn a_link_out_of_the_pack_is_not_followed() {
    let (from, home) = (installation(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink("/etc/passwd", from.path().join("packs/web/actions/users.txt")).unwrap();
    std::os::unix::fs::symlink("restart.sh", from.path().join("packs/web/actions/again.sh")).unwrap();
    run(from.path(), home.path(), Mode::Write);
    assert!(!home.path().join("packs/web/actions/users.txt").exists());
    assert!(home.path().join("packs/web/actions/again.sh").is_file());
}
