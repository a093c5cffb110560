//! A pack as it is published, with Python actions, configuration and aliases: installed, configured and used in a chat.

use std::path::{Path, PathBuf};
use std::process::Command;

use chatops::store::Filter;
use serde_json::{Value, json};

use crate::support::bot::{Home, Ran};
use crate::support::memory_bot::{MemoryBot, OPS};
use crate::support::source;

const ACCESS: &str = "people: { ann: [memory:ann] }\nroles: { all: [ { run: ['status.*', 'chatops.*'] } ] }\n\
                      grants: [ { role: all, to: [ann] } ]\n";

fn fixture() -> PathBuf {
    source::root().join("tests/data/packs/stackstorm-status")
}

fn home() -> Home {
    Home::new().file("access.yaml", ACCESS).set("CHATOPS_ADMINS", "memory:root")
}

fn installed() -> Home {
    let home = home();
    good(home.run(&["pack", "install", fixture().to_str().unwrap()]));
    home
}

fn good(ran: Ran) -> Ran {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

fn set(home: &Home, values: &[&str]) -> Ran {
    let mut arguments = vec!["pack", "config", "status"];
    values.iter().for_each(|value| arguments.extend(["--set", value]));
    home.run(&arguments)
}

/// Every file below a folder, relative to it.
fn below(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, base: &Path, found: &mut Vec<String>) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => walk(&path, base, found),
                false => found.push(path.strip_prefix(base).unwrap().display().to_string()),
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

#[test]
fn a_published_pack_runs_end_to_end_in_a_chat() {
    let home = installed();
    good(set(&home, &["endpoint=https://status.example.org", "token={{ st2kv.system.status.token }}"]));
    good(home.feed(&["kv", "set", "status.token", "-", "--secret"], "t0p-s3cret\n"));
    good(home.run(&["kv", "set", "status.greeting", "hello"]));
    good(home.feed(&["kv", "set", "status.password", "-", "--secret"], "hunter2hunter2"));
    let bot = MemoryBot::start(home);
    assert_eq!(bot.ask("ann", OPS, "!check web"), "web is fine (300 ms, asked 1 times)");
    let slow = bot.ask("ann", OPS, "!check database");
    assert!(slow.starts_with("database is slow (800 ms, asked 2 times)"), "{slow}");
    assert!(slow.contains("with the token ********"), "what it logged is shown when it fails: {slow}");
    assert_eq!(
        bot.ask("ann", OPS, "!status me"),
        "hello, ann at https://status.example.org: ann 14 ********"
    );
    // What the action kept is a key of its own, written in the name of who asked, and recorded without the value.
    let count = bot.ask("ann", OPS, "!kv get status.CheckAction:count");
    assert!(count.lines().any(|line| line == "2"), "{count}");
    let changed = bot.audit_of("changed");
    let kept: Vec<_> =
        changed.iter().filter(|one| one["subject"] == "kv/system/status.CheckAction:count").collect();
    assert_eq!(
        (kept.len(), &kept[0]["person"], &kept[0]["body"]["action"]),
        (2, &json!("memory:ann"), &json!("status.check"))
    );
    // The token was logged by the action; nobody sees it, and no record or database has it.
    let history = bot.read(|reader| reader.executions(&Filter { limit: 50, ..Filter::default() }));
    let everything = format!("{slow} {history:?} {:?}", bot.audit());
    for secret in ["t0p-s3cret", "hunter2hunter2"] {
        assert!(!everything.contains(secret), "{secret} is in {everything}");
    }
}

#[test]
fn install_copies_what_matters_and_says_what_is_needed() {
    let home = home();
    let ran = good(home.run(&["pack", "install", fixture().to_str().unwrap()]));
    assert!(ran.stdout.starts_with("installed status: 2 actions, 2 aliases\n"), "{ran:?}");
    assert!(ran.stdout.contains("chatops pack config status"), "{ran:?}");
    assert!(
        ran.stderr.contains("`token` is required") && ran.stderr.contains("configs/status.yaml"),
        "{ran:?}"
    );
    let files = below(&home.path().join("packs/status"));
    assert!(files.contains(&"actions/lib/base.py".to_owned()), "{files:?}");
    assert!(!files.iter().any(|file| file.starts_with("rules") || file.starts_with("tests")), "{files:?}");
    let list = good(home.run(&["pack", "list", "--json"]));
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(
        list[1],
        json!({"name": "status", "version": "1.2.0", "description": "Asks how services are, and remembers what was said",
               "actions": 2, "aliases": 2, "virtualenv": false, "config": true})
    );
}

#[test]
fn a_configuration_is_checked_before_it_is_written() {
    let home = installed();
    let ran = set(&home, &["endpoint=https://a.example.org", "limits.slow=fast"]);
    assert!(
        ran.code == Some(1) && ran.stderr.contains("`limits.slow` cannot be that: a whole number"),
        "{ran:?}"
    );
    let ran = set(&home, &["endpont=x"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("did you mean `endpoint`?"), "{ran:?}");
    assert!(!home.path().join("configs/status.yaml").exists());
    let ran = good(set(&home, &["endpoint=https://a.example.org", "token=abcdef", "limits.slow=900"]));
    let shown = "endpoint: https://a.example.org\ntoken: '********'\nlimits:\n  slow: 900\n  retries: 3";
    assert_eq!(ran.stdout, shown, "{ran:?}");
    // A mistake by hand is told with its line, by the whole home's check too.
    home.write("configs/status.yaml", "endpoint: x\ntoken: y\nlimits:\n  slow: fast\n");
    let ran = home.run(&["check"]);
    assert!(
        ran.code == Some(1)
            && ran.stderr.contains("status.yaml:4:9: limits.slow: a whole number is expected"),
        "{ran:?}"
    );
}

#[test]
fn a_pack_is_replaced_and_removed_without_losing_it() {
    let home = installed();
    home.write("packs/status/mine.txt", "x");
    let ran = good(home.run(&["pack", "install", fixture().to_str().unwrap()]));
    assert!(ran.stdout.contains("what was there before is in var/removed/status-"), "{ran:?}");
    assert!(!home.path().join("packs/status/mine.txt").exists());
    let ran = home.run(&["pack", "remove", "statu"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("did you mean `status`?"), "{ran:?}");
    good(home.run(&["pack", "remove", "status"]));
    assert!(!home.path().join("packs/status").exists());
    let kept = below(&home.path().join("var/removed"));
    assert!(kept.iter().any(|file| file.ends_with("mine.txt")), "{kept:?}");
    assert_eq!(home.run(&["pack", "remove", "default"]).code, Some(1));
}

#[test]
fn what_is_no_pack_or_a_broken_one_leaves_the_home_alone() {
    let home = home();
    let folder = tempfile::tempdir().unwrap();
    let install = |path: &Path| home.run(&["pack", "install", path.to_str().unwrap()]);
    let ran = install(folder.path());
    assert!(ran.code == Some(1) && ran.stderr.contains("neither an action nor an alias"), "{ran:?}");
    std::fs::create_dir_all(folder.path().join("actions")).unwrap();
    std::fs::write(folder.path().join("actions/a.yaml"), "name: a\nrunner_typ: noop\n").unwrap();
    let named = ["pack", "install", "--name", "broken", folder.path().to_str().unwrap()];
    let ran = home.run(&named);
    assert!(ran.code == Some(1) && ran.stderr.contains("a.yaml:2:1: unknown key `runner_typ`"), "{ran:?}");
    std::fs::write(folder.path().join("actions/a.yaml"), "name: a\nrunner_type: mistral-v2\n").unwrap();
    let ran = good(home.run(&named));
    assert!(ran.stderr.contains("the runner `mistral-v2` is not built in"), "{ran:?}");
    let ran = home.run(&["pack", "install", "--name", "core", folder.path().to_str().unwrap()]);
    assert!(ran.code == Some(1) && ran.stderr.contains("the pack name `core` is taken"), "{ran:?}");
    let ran = install(&folder.path().join("nothing"));
    assert!(ran.code == Some(1) && ran.stderr.contains("there is no folder or archive"), "{ran:?}");
    assert_eq!(below(&home.path().join("packs")), ["broken/actions/a.yaml"]);
}

#[test]
fn an_archive_is_unpacked_first() {
    let home = home();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("status.tar.gz");
    let made = Command::new("tar")
        .arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(fixture().parent().unwrap())
        .arg("stackstorm-status")
        .status()
        .unwrap();
    assert!(made.success());
    good(home.run(&["pack", "install", archive.to_str().unwrap()]));
    assert!(home.path().join("packs/status/actions/check.py").is_file());
    std::fs::write(&archive, "no archive").unwrap();
    let ran = home.run(&["pack", "install", archive.to_str().unwrap()]);
    assert!(ran.code == Some(1) && ran.stderr.contains("cannot be unpacked"), "{ran:?}");
}

/// Runs a command however long it takes: making an environment on a busy machine.
fn slowly(home: &Home, arguments: &[&str]) -> Ran {
    let output = home.command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A wheel of one module, made by hand: nothing of it needs a network.
const WHEEL: &str = r#"
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/acme_words-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("acme_words.py", "WORD = 'from the wheel'\n")
    base = "acme_words-1.0.dist-info/"
    wheel.writestr(base + "METADATA", "Metadata-Version: 2.1\nName: acme-words\nVersion: 1.0\n")
    wheel.writestr(base + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(base + "RECORD", "acme_words.py,,\n%sMETADATA,,\n%sWHEEL,,\n%sRECORD,,\n" % (base, base, base))
"#;

#[test]
fn requirements_are_installed_into_an_environment_of_the_pack() {
    let wheels = tempfile::tempdir().unwrap();
    let made = Command::new("python3").args(["-c", WHEEL]).arg(wheels.path()).status().unwrap();
    assert!(made.success());
    let home = Home::new().set("PIP_NO_INDEX", "1").set("PIP_FIND_LINKS", wheels.path().to_str().unwrap());
    let pack = tempfile::tempdir().unwrap();
    let actions = pack.path().join("actions");
    std::fs::create_dir_all(&actions).unwrap();
    let write = |name: &str, text: &str| std::fs::write(pack.path().join(name), text).unwrap();
    write("pack.yaml", "ref: words\n");
    write("actions/word.yaml", "name: word\nrunner_type: python-script\nentry_point: word.py\n");
    write(
        "actions/word.py",
        "import acme_words\nclass Word(object):\n    def __init__(self, config=None):\n        pass\n    def run(self):\n        return acme_words.WORD\n",
    );
    // Without its module the action says what to do.
    good(slowly(&home, &["pack", "install", pack.path().to_str().unwrap()]));
    let ran = home.run(&["action", "run", "words.word"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("the module `acme_words` is missing"), "{ran:?}");
    write("requirements.txt", "acme-words==1.0\n");
    let ran = good(slowly(&home, &["pack", "install", pack.path().to_str().unwrap()]));
    assert!(
        ran.stderr.contains("acme_words-1.0") || ran.stderr.contains("acme-words-1.0"),
        "pip is heard: {ran:?}"
    );
    let ran = good(home.run(&["action", "run", "words.word", "--json"]));
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["result"]["result"], "from the wheel", "{ran:?}");
    // What cannot be had leaves pack and environment as they were.
    write("requirements.txt", "acme-nothing\n");
    let ran = slowly(&home, &["pack", "install", pack.path().to_str().unwrap()]);
    assert!(
        ran.code == Some(1) && ran.stderr.contains("`pip` failed") && ran.stderr.contains("--no-venv"),
        "{ran:?}"
    );
    good(home.run(&["action", "run", "words.word"]));
    let kept = std::fs::read_to_string(home.path().join("packs/words/requirements.txt")).unwrap();
    assert_eq!(kept, "acme-words==1.0\n");
}
