//! A serving bot as programs for StackStorm see it: a home with some commands, tokens, calls, and the stream.

use std::io::Write;

use serde_json::{Value, json};

use super::SOON;
use super::api::{Answer, Api, request};
use super::bot::{Bot, Home};
use super::lines::Lines;

const ECHO: &str = r#"---
name: echo
action_ref: core.echo
description: Say it again
ack:
  format: "on it, {{ execution.context.api_user }}: {{ execution.parameters.message }}"
  append_url: false
  extra: { slack: { color: red } }
formats:
  - "echo {{message}}"
result:
  format: "said {~} **{{ execution.result.stdout }}**"
  extra: { slack: { title: "echo by {{ execution.context.api_user }}" } }
"#;

const SH: &str = r#"---
name: sh
action_ref: default.sh
description: Run it here
formats:
  - display: "sh {{cmd}}"
    representation: ["sh {{cmd}}", "shell {{cmd}}"]
result: { format: "{{ execution.result.stdout }}" }
"#;

const SH_ACTION: &str = r#"---
name: sh
runner_type: local-shell-cmd
description: Runs it here
parameters:
  cmd: { type: string, required: true }
  password: { type: string, secret: true, default: "" }
"#;

const TELL_ACTION: &str = r#"---
name: tell
runner_type: announcement
parameters:
  route: { default: deploys, immutable: true }
  message: { type: object }
"#;

const OFF: &str = "---\nname: idle\nenabled: false\naction_ref: core.noop\nformats: [idle]\n";
const TWIN: &str = "---\nname: twin\naction_ref: core.noop\nformats: ['echo2 {{message}}']\n";
const OTHER_TWIN: &str = "---\nname: other_twin\naction_ref: core.noop\nformats: ['echo2 {{text}}']\n";

/// The token `ops` may do everything, alice behind the Hubot `hubot` too, anyone may `echo`.
const ACCESS: &str = r#"---
roles:
  all: [ { run: ["*"] } ]
grants:
  - { role: all, to: ["api:ops", "hubot:alice"] }
everyone: [ { run: [core.echo, core.noop] } ]
"#;

/// A home with those commands.
pub(crate) fn home() -> Home {
    Home::new()
        .file("aliases/echo.yaml", ECHO)
        .file("aliases/sh.yaml", SH)
        .file("aliases/off.yaml", OFF)
        .file("aliases/twin.yaml", TWIN)
        .file("aliases/other_twin.yaml", OTHER_TWIN)
        .file("actions/sh.yaml", SH_ACTION)
        .file("actions/tell.yaml", TELL_ACTION)
        .file("access.yaml", ACCESS)
}

/// The StackStorm side of a serving bot, with one token.
pub(crate) struct St2 {
    pub(crate) address: String,
    pub(crate) token: String,
}

/// Serves until the API is there.
pub(crate) fn serve(home: &Home) -> Bot {
    let bot = home.serve();
    bot.logs("ready");
    bot
}

impl St2 {
    /// With a new token of this name and these scopes.
    pub(crate) fn new(home: &Home, name: &str, scopes: &[&str]) -> Self {
        let mut arguments = vec!["token", "create", name, "--json"];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        let ran = home.run(&arguments);
        let made: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        Self::with(home, made["token"].as_str().unwrap())
    }

    /// With a token that is there.
    pub(crate) fn with(home: &Home, token: &str) -> Self {
        Self { address: Api::of(home).address().to_owned(), token: token.to_owned() }
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let lines = format!("x-auth-token: {}\r\ncontent-type: application/json\r\n", self.token);
        let body = body.map(Value::to_string).unwrap_or_default();
        request(&self.address, &format!("{method} /st2/api/v1{path}"), &lines, body.as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body))
    }

    /// What hubot-stackstorm sends when `user` types `command` in `#ops`.
    pub(crate) fn types(&self, user: &str, alias: &str, command: &str) -> Answer {
        let body = json!({
            "name": alias, "format": command, "command": command, "user": user, "source_channel": "#ops",
            "source_context": {"room": "#ops", "message": {"text": command}}, "notification_route": "hubot",
        });
        self.post("/aliasexecution", &body)
    }

    /// Reads the stream from here on; `query` begins with `?` or is empty.
    pub(crate) fn listen(&self, query: &str) -> Heard {
        self.listen_after(query, "")
    }

    /// The same, as a reader that had all up to `last`.
    pub(crate) fn listen_after(&self, query: &str, last: &str) -> Heard {
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        let last = if last.is_empty() { String::new() } else { format!("last-event-id: {last}\r\n") };
        let token = &self.token;
        let head = format!(
            "GET /st2/stream/v1/stream{query} HTTP/1.1\r\nhost: bot\r\nst2-api-key: {token}\r\n{last}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let lines = Lines::follow(stream.try_clone().unwrap(), |_| {});
        let heard = Heard { stream, lines, next: 0 };
        // The comment at the start: from here on nothing is missed.
        heard.lines.wait(0, SOON, |line| (line == ":").then_some(())).unwrap();
        heard
    }
}

/// One who reads the stream.
pub(crate) struct Heard {
    stream: std::net::TcpStream,
    pub(crate) lines: Lines,
    next: usize,
}

impl Heard {
    /// The next event: its id, its name, its data.
    #[track_caller]
    pub(crate) fn event(&mut self) -> (String, String, Value) {
        let id = self.field("id: ");
        let event = self.field("event: ");
        let data = self.field("data: ");
        (id, event, serde_json::from_str(&data).unwrap())
    }

    #[track_caller]
    fn field(&mut self, name: &str) -> String {
        let found = self.lines.wait(self.next, SOON, |line| line.strip_prefix(name).map(str::to_owned));
        let (value, next) = found.unwrap_or_else(|why| panic!("no `{name}`: {why}"));
        self.next = next;
        value
    }

    /// Hangs up.
    pub(crate) fn leave(self) {
        self.stream.shutdown(std::net::Shutdown::Both).unwrap();
    }
}

/// What is said of a request that is not accepted.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "an answer is read once")]
pub(crate) fn fault(answer: Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    answer.json["faultstring"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}
