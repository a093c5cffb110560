//! `chatops import chaostoolkit FILE`: the `notifications:` of Chaos Toolkit's settings.yaml as notifiers. Its Slack
//! extension becomes a `slack` notifier; other plugins run through a small shim that is written beside.
//!
//! What a channel may hold: chaoslib/notification.py in github.com/chaostoolkit/chaostoolkit-lib.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Mode;
use super::awx::is_credential;
use super::notifiers::{Draft, Report, Target, literal};
use crate::config::{read_file, yaml};

/// Calls a plugin's function as Chaos Toolkit does.
const SHIM: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/chaostoolkit-plugin.py"));
/// What it is called in the home.
const SHIM_NAME: &str = "chaostoolkit-plugin.py";

/// Events that Chaos Toolkit sends, by its own names.
const PHASES: [&str; 4] = ["discovery", "init", "run", "validate"];
const ENDS: [&str; 4] = ["started", "failed", "completed", "deviated"];

/// The part of settings.yaml that is read; the rest is other people's.
#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    notifications: Vec<Map<String, Value>>,
}

/// Reads the settings at `path` and writes what they say.
pub(super) fn import(path: &Path, target: &Target<'_>) -> anyhow::Result<Report> {
    let text = read_file(path).map_err(|error| anyhow::anyhow!("{error}"))?;
    let settings: Settings = yaml::read(path, &text).map_err(|error| anyhow::anyhow!("{error}"))?;
    if settings.notifications.is_empty() {
        bail!("`{}` has no `notifications:`", path.display());
    }
    let home = target.home.canonicalize().unwrap_or_else(|_| target.home.to_owned());
    let shim = std::path::absolute(home.join(SHIM_NAME)).context("cannot tell the current directory")?;
    let mut draft = Draft::new("CHAOSTOOLKIT");
    for channel in &settings.notifications {
        Channel { draft: &mut draft, theirs: channel, remarks: Vec::new() }.add(&shim);
    }
    let all = draft.names();
    let fields = Map::from_iter([("match".to_owned(), json!({"source": "chaostoolkit"}))]);
    draft.route(fields, &all);
    let needs_shim = settings.notifications.iter().any(|channel| plugin(channel).is_some());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut report = draft.write(&format!("chaostoolkit {name}"), target)?;
    if needs_shim {
        report
            .notes
            .push(format!("plugins are called by `{}`, with the `python3` that it finds", shim.display()));
        if target.mode == Mode::Write {
            write_shim(&shim)?;
        }
    }
    Ok(report)
}

fn write_shim(shim: &PathBuf) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", shim.display());
    // Only what a person changed would be lost; an unchanged one is the same again.
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o755).open(shim).with_context(cannot)?;
    std::io::Write::write_all(&mut file, SHIM.as_bytes()).with_context(cannot)
}

/// The module of a plugin that needs the shim.
fn plugin(channel: &Map<String, Value>) -> Option<&str> {
    let module = channel.get("module").and_then(Value::as_str)?;
    (channel.get("type")? == "plugin" && !is_slack(module)).then_some(module)
}

fn is_slack(module: &str) -> bool {
    module == "chaosslack" || module.starts_with("chaosslack.")
}

/// One entry of `notifications:`.
struct Channel<'a> {
    draft: &'a mut Draft,
    theirs: &'a Map<String, Value>,
    remarks: Vec<String>,
}

impl Channel<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.theirs.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    fn flag(&self, key: &str) -> bool {
        self.theirs.get(key).and_then(Value::as_bool).unwrap_or(true)
    }

    fn add(mut self, shim: &Path) {
        let (kind, module) = (self.text("type").unwrap_or_default().to_owned(), self.text("module"));
        match (kind.as_str(), module.map(str::to_owned)) {
            ("http", _) => self.http(),
            ("plugin", Some(module)) if is_slack(&module) => self.slack(),
            ("plugin", Some(module)) => self.plugin(&module, shim),
            ("plugin", None) => {
                self.leave_out("plugin", "it names no `module`: Chaos Toolkit ignores it too");
            }
            (other, _) => {
                let why = format!("there is no channel of type `{other}`: Chaos Toolkit ignores it too");
                self.leave_out("channel", &why);
            }
        }
    }

    fn leave_out(&mut self, wanted: &str, why: &str) {
        let name = self.draft.name(&format!("chaostoolkit-{wanted}"));
        self.draft.leave_out(&name, wanted, why);
    }

    fn http(mut self) {
        let Some(url) = self.text("url").map(str::to_owned) else {
            return self.leave_out("http", "it has no `url`: Chaos Toolkit ignores it too");
        };
        let name = self.draft.name("chaostoolkit-http");
        let mut options = Map::new();
        options.insert("url".to_owned(), json!(self.draft.secret(&name, "url", Some(&url))));
        if self.flag("forward_event_payload") {
            options.insert("send".to_owned(), json!("payload"));
        } else {
            options.insert("method".to_owned(), json!("GET"));
        }
        let mut headers = Map::new();
        for (header, value) in self.theirs.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value = match is_credential(header) {
                true => json!(self.draft.secret(&name, &format!("header_{header}"), Some(&value))),
                false => literal(&json!(value)),
            };
            headers.insert(header.clone(), value);
        }
        if !headers.is_empty() {
            options.insert("headers".to_owned(), Value::Object(headers));
        }
        if !self.flag("verify_tls") {
            options.insert("http".to_owned(), json!({"insecure_skip_verify": true}));
            self.remarks.push(
                "`verify_tls` was off: any certificate is accepted, `http.ca_file` would be safer".to_owned(),
            );
        }
        self.unknown(&["type", "url", "headers", "verify_tls", "forward_event_payload", "events"]);
        self.finish(&name, "webhook", &options);
    }

    fn slack(mut self) {
        let name = self.draft.name("chaostoolkit-slack");
        let token = self.text("token").map(str::to_owned);
        let mut options = Map::new();
        options.insert("token".to_owned(), json!(self.draft.secret(&name, "token", token.as_deref())));
        let channel = self.text("channel").unwrap_or_default().trim_start_matches('#').to_owned();
        let channels: Vec<String> = if channel.is_empty() { Vec::new() } else { vec![format!("#{channel}")] };
        options.insert("channels".to_owned(), literal(&json!(channels)));
        self.unknown(&["type", "module", "func", "token", "channel", "events"]);
        self.finish(&name, "slack", &options);
    }

    fn plugin(mut self, module: &str, shim: &Path) {
        let func = self.text("func").unwrap_or("notify").to_owned();
        let name = self.draft.name(&format!("chaostoolkit-{module}"));
        let mut with = Map::new();
        for (key, value) in self.theirs {
            if !["type", "module", "func", "events"].contains(&key.as_str()) {
                with.insert(key.clone(), self.hidden(&name, key, value));
            }
        }
        let mut options = Map::new();
        let command = json!(["python3", shim.display().to_string(), module, func]);
        options.insert("command".to_owned(), literal(&command));
        if !with.is_empty() {
            options.insert("with".to_owned(), Value::Object(with));
        }
        self.remarks.push(format!("needs the Python module `{module}` where the bot runs"));
        self.finish(&name, "exec", &options);
    }

    /// A value of a plugin; what its key calls a secret goes by way of `chatops.env`.
    fn hidden(&mut self, name: &str, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) if is_credential(key) => json!(self.draft.secret(name, key, Some(text))),
            Value::Object(map) => {
                map.iter().map(|(key, value)| (key.clone(), self.hidden(name, key, value))).collect()
            }
            other => literal(other),
        }
    }

    fn unknown(&mut self, known: &[&str]) {
        for key in self.theirs.keys().filter(|key| !known.contains(&key.as_str())) {
            self.remarks.push(format!("`{key}` is left out: there is no such option here"));
        }
    }

    fn finish(mut self, name: &str, kind: &str, options: &Map<String, Value>) {
        let mut fields = Map::new();
        let events = self.events();
        if !events.is_empty() {
            fields.insert("events".to_owned(), json!(events));
        }
        self.draft.add(name, kind, options, fields, self.remarks);
    }

    /// The names of events; its documentation writes some otherwise than it sends them.
    fn events(&mut self) -> Vec<String> {
        let mut events = Vec::new();
        for event in self.theirs.get("events").and_then(Value::as_array).into_iter().flatten() {
            let Some(event) = event.as_str() else { continue };
            let name = match event.strip_prefix("discover-") {
                Some(end) => format!("discovery-{end}"),
                None => event.to_owned(),
            };
            let is_known = name
                .split_once('-')
                .is_some_and(|(phase, end)| PHASES.contains(&phase) && ENDS.contains(&end));
            if !is_known {
                self.remarks.push(format!("Chaos Toolkit sends no event `{event}`"));
            }
            events.push(name);
        }
        events
    }
}
