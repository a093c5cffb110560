//! A bot with a console, people with tokens, and a client that sends exactly what it is told.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::api::Api;
use super::bot::{Bot, Home};
use super::browser::Browser;
use super::homes;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// Who may do what in [`home`]: alice and carol everything, bob one thing.
const ACCESS: &str = r##"---
roles:
  operator:
    - run: [default.*, core.*, chatops.*]
  deployer:
    - run: [default.deploy]
      with: { target: [staging, "dev-*"] }
grants:
  - { role: operator, to: ["web:alice", "web:carol", "web:var/token"] }
  - { role: deployer, to: ["web:bob"] }
everyone: [ { run: [core.echo] } ]
"##;

/// Writes lines until it is told to stop; HOME is the home's folder.
const COUNT: &str = r#"---
name: count
runner_type: local-shell-cmd
parameters:
  name: { type: string, required: true }
  cmd: { immutable: true, default: 'cd HOME; i=0; while [ ! -e "go-{{name}}" ]; do i=$((i+1)); echo "line $i of {{name}}"; sleep 0.2; done; echo "{{name}} went"' }
"#;

const COUNT_ALIAS: &str = r#"---
name: count
description: Count until the test says stop
action_ref: default.count
formats:
  - "count {{name}}"
result: { format: "{{ execution.result.stdout }}" }
"#;

/// Gives a result with a file beside it.
const REPORT: &str = r#"---
name: report
description: A report as a file
action_ref: core.local
formats:
  - "report"
immutable_parameters: { cmd: "seq 1 2000 | sed 's/$/ of many lines of a long report/'" }
ack: { enabled: false }
"#;

/// A file that cannot be used.
const BROKEN: &str = r#"---
name: broken
action_ref: core.local
formats:
  - "copy {{host}} to {{host}}"
"#;

/// `notifiers.yaml`: a file that works, a hook that refuses. HOME is the home's folder, HOOK the hook.
const NOTIFIERS: &str = r#"---
notifiers:
  - name: ops-file
    description: what the on-call reads
    to: { log: { file: "HOME/told.log" } }
  - name: hook
    description: a hook that takes nothing
    to: { webhook: { url: "HOOK" } }
routes:
  - match: { source: ci }
    send: [ops-file, hook]
  - match: { source: quiet }
    send: [ops-file]
"#;

/// A home with everything that the console shows. `hook` is the address of the hook.
pub(crate) fn home(hook: &str) -> Home {
    let home = homes::ops();
    let here = home.path().display().to_string();
    home.file("access.yaml", ACCESS)
        .file("aliases/count.yaml", COUNT_ALIAS)
        .file("aliases/report.yaml", REPORT)
        .file("aliases/broken.yaml", BROKEN)
        .file("actions/count.yaml", &COUNT.replace("HOME", &here))
        .file("notifiers.yaml", &NOTIFIERS.replace("HOME", &here).replace("HOOK", hook))
}

/// A serving bot.
pub(crate) struct Console {
    pub(crate) bot: Bot,
    pub(crate) home: Home,
    pub(crate) api: Api,
}

impl Console {
    /// Starts it.
    pub(crate) fn start(home: Home) -> Self {
        let bot = home.serve();
        bot.logs("ready");
        let api = Api::of(&home);
        Self { bot, home, api }
    }

    /// `http://host:port` and a path.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.api.url())
    }

    /// A new token for somebody.
    pub(crate) fn token(&self, name: &str, scopes: &[&str]) -> String {
        let made = self.api.post("tokens", &json!({"name": name, "scopes": scopes}));
        assert_eq!(made.status, 201, "{made:?}");
        made.json["token"].as_str().unwrap().to_owned()
    }

    /// Tells an event and waits for nothing; gives its id.
    pub(crate) fn tell(&self, event: &Value) -> i64 {
        let told = self.api.post("events", event);
        assert_eq!(told.status, 202, "{told:?}");
        told.json["id"].as_i64().unwrap()
    }

    /// Somebody logs in with a real browser.
    pub(crate) fn enter(&self, browser: &Browser, token: &str) {
        browser.go(&self.at("/login"));
        browser.type_into("input[name=token]", token);
        browser.click("button.primary");
        browser.sees("#main", "");
    }

    /// Sends a request; `head` are lines of the head, each with its line end.
    pub(crate) fn send(&self, method: &str, path: &str, head: &str, body: &str) -> Page {
        let url = self.api.url();
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{head}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{text}`"));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
        Page { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The line of a head that says which page sends a form.
    pub(crate) fn origin(&self) -> String {
        format!("origin: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n", self.api.url())
    }

    /// Logs in by hand.
    pub(crate) fn log_in(&self, token: &str) -> Page {
        let form = self.send("GET", "/login", "", "");
        let head =
            format!("{}cookie: chatops_login={}\r\n", self.origin(), form.cookie("chatops_login").unwrap());
        let body = format!("nonce={}&token={token}&next=/", form.field("nonce"));
        self.send("POST", "/login", &head, &body)
    }

    /// Logs in by hand; gives who that is from then on.
    pub(crate) fn visitor(&self, token: &str) -> Visitor<'_> {
        let page = self.log_in(token);
        assert_eq!(page.status, 303, "{page:?}");
        let cookie = format!("cookie: chatops_session={}\r\n", page.cookie("chatops_session").unwrap());
        let mut visitor = Visitor { console: self, cookie, csrf: String::new() };
        visitor.csrf = ["/", "/chat"]
            .iter()
            .map(|path| visitor.get(path))
            .find(|page| page.status == 200)
            .map(|page| page.field("csrf"))
            .unwrap();
        visitor
    }
}

/// Somebody who is logged in without a browser.
pub(crate) struct Visitor<'c> {
    console: &'c Console,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Visitor<'_> {
    /// Looks at a page.
    pub(crate) fn get(&self, path: &str) -> Page {
        self.console.send("GET", path, &self.cookie, "")
    }

    /// Sends a form as the page would.
    pub(crate) fn post(&self, path: &str, fields: &str) -> Page {
        let body = format!("csrf={}&{fields}", self.csrf);
        self.console.send("POST", path, &format!("{}{}", self.console.origin(), self.cookie), &body)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Page {
    /// The value of a cookie that is set.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let line = self.set_cookie(name)?;
        Some(line.split(['=', ';']).nth(1)?.to_owned())
    }

    /// The whole line that sets a cookie, without the name of the header.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        lines.map(str::to_owned).find(|line| line.starts_with(&format!("{name}=")))
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    /// The value of a hidden field.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.body.split(&start).nth(1).unwrap_or_else(|| panic!("no field `{name}`: {self:?}"));
        rest.split('"').next().unwrap_or_default().replace("&#x2f;", "/")
    }
}
