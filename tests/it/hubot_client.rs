//! npm's hubot, as it is, with a small script that speaks to the bot as the plugin for StackStorm does: people of a chat
//! that the bot knows nothing of give commands and read the answers.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};

use crate::support::bot::Home;
use crate::support::lines::Lines;
use crate::support::st2::{St2, home, serve};
use crate::support::{SOON, skip, source};

/// The folder with node_modules; `None`, and a word, where node or the packages are not there.
fn packages() -> Option<PathBuf> {
    if !Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("skipped: node is not installed");
        return None;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| source::root().join("target"));
    let usual = target.join("clients/hubot");
    let folder = std::env::var_os("CHATOPS_CLIENTS").map_or(usual, PathBuf::from);
    if !folder.join("node_modules/hubot").is_dir() {
        skip("npm's hubot is not installed: run `scripts/test servers`");
        return None;
    }
    Some(folder)
}

/// A Hubot called `marvin` in a chat that the test plays.
struct Hubot {
    child: Child,
    stdin: ChildStdin,
    lines: Lines,
    next: usize,
    _folder: tempfile::TempDir,
}

impl Hubot {
    fn start(packages: &PathBuf, address: &str, login: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = source::root().join("scripts/clients/hubot");
        let mut command = Command::new("node");
        command
            .arg(packages.join("node_modules/hubot/bin/Hubot.mjs"))
            .args(["-n", "marvin", "-l", "!", "-d", "-f"]);
        command.arg(own.join("adapter.mjs")).arg("-r").arg(own.join("scripts"));
        command.current_dir(&folder).env("CHATOPS_CLIENTS", packages).env("HUBOT_LOG_LEVEL", "error");
        command
            .env("ST2_API_URL", format!("http://{address}/st2/api"))
            .env("ST2_AUTH_URL", format!("http://{address}/st2/auth/v1"))
            .env("ST2_STREAM_URL", format!("http://{address}/st2/stream"))
            .envs(login.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = Lines::follow(child.stdout.take().unwrap(), |_| {});
        let mut hubot = Self { child, stdin, lines, next: 0, _folder: folder };
        hubot.says("#log", |text| text.ends_with(" aliases"));
        hubot.says("#log", |text| text == "the stream is open");
        hubot
    }

    fn hears(&mut self, user: &str, room: &str, text: &str) {
        let line = json!({"user": user, "room": room, "text": text});
        self.stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for what it says next in a room that is as wanted.
    #[track_caller]
    fn says(&mut self, room: &str, wanted: impl Fn(&str) -> bool) -> String {
        let read = |line: &str| {
            let said: Value = serde_json::from_str(line).ok()?;
            let text = said["text"].as_str()?;
            (said["room"] == room && wanted(text)).then(|| text.to_owned())
        };
        let found = self.lines.wait(self.next, SOON, read);
        let (text, next) = found.unwrap_or_else(|why| panic!("nothing such in {room}: {why}"));
        self.next = next;
        text
    }
}

impl Drop for Hubot {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn open_home() -> Home {
    home().set("CHATOPS_PUBLIC_URL", "https://bot.example.org")
}

#[test]
fn people_behind_a_hubot_give_commands_and_read_the_answers_in_their_room() {
    let Some(packages) = packages() else { return };
    let home = open_home();
    let bot = serve(&home);
    let st2 = St2::new(&home, "hubot", &["read", "run", "vouch"]);
    let mut hubot = Hubot::start(&packages, &st2.address, &[("ST2_API_KEY", &st2.token)]);
    hubot.hears("alice", "#ops", "!echo hello there");
    // The acknowledgement is the answer to the request, the result comes on the stream: either may be first.
    hubot.says("#ops", |text| text == "on it, alice: hello there" || text == "alice: said\n**hello there**");
    hubot.says("#ops", |text| text == "on it, alice: hello there" || text == "alice: said\n**hello there**");
    hubot.hears("alice", "#ops", "marvin: sh echo began; sleep 0.3; echo ended");
    let ack = hubot.says("#ops", |text| text.starts_with("began "));
    assert!(ack.contains("(details available at https://bot.example.org/"), "{ack}");
    hubot.says("#ops", |text| text == "alice: began\nended");

    hubot.hears("bob", "#dev", "!ask shell echo no");
    let refused = hubot.says("#dev", |text| text.starts_with("bob: I cannot do that: "));
    assert!(refused.ends_with("no rule allows you to run `default.sh`"), "{refused}");
    hubot.hears("bob", "#dev", "!ask no such thing");
    let unknown = hubot.says("#dev", |text| text.starts_with("bob: I cannot do that: "));
    assert!(unknown.ends_with("Command 'no such thing' matched no patterns"), "{unknown}");
    hubot.hears("bob", "#dev", "!sh echo no");
    let refused = hubot.says("#dev", |text| text.starts_with("bob: I cannot do that: "));
    assert!(refused.ends_with("no rule allows you to run `default.sh`"), "{refused}");
    hubot.hears("bob", "#dev", "!ask echo by text");
    hubot.says("#dev", |text| text == "bob: said\n**by text**");

    hubot.hears("bob", "#dev", "!commands sh");
    let help = hubot.says("#dev", |text| text.contains("marvin sh {{cmd}} - Run it here"));
    assert!(!help.contains("echo {{message}}"), "{help}");
    hubot.hears("alice", "#ops", "!whoami");
    hubot.says("#ops", |text| text.contains("hubot:alice"));
    hubot.hears("alice", "#ops", "just talk about echo");
    hubot.hears("alice", "#ops", "!ask echo last");
    let said = hubot.says("#ops", |text| text.contains("last"));
    assert!(!said.contains("talk"), "{said}");
    assert!(bot.stop().success());
}

#[test]
fn a_hubot_that_logs_in_and_a_bot_that_was_away_find_each_other_again() {
    let Some(packages) = packages() else { return };
    // The address stays when the bot starts again.
    let port = crate::support::ircd::free_port();
    let home = open_home().set("CHATOPS_LISTEN", &format!("127.0.0.1:{port}"));
    let bot = serve(&home);
    let st2 = St2::new(&home, "hubot", &["read", "run", "vouch"]);
    let login = [("ST2_AUTH_USERNAME", "hubot"), ("ST2_AUTH_PASSWORD", st2.token.as_str())];
    let mut hubot = Hubot::start(&packages, &st2.address, &login);
    hubot.hears("alice", "#ops", "!sh echo before");
    hubot.says("#ops", |text| text == "alice: before");
    bot.kill9();
    let bot = serve(&home);
    hubot.says("#log", |text| text == "the stream is open");
    hubot.hears("alice", "#ops", "!sh echo after");
    hubot.says("#ops", |text| text == "alice: after");
    assert!(bot.stop().success());
}
