//! `st2chatops.env`, the settings of Hubot with StackStorm's plugin, as lines of `chatops.env`.

use std::path::Path;

use serde::Serialize;

use super::env_file::{Kind, Line};
use super::{Mode, env_file, shell};
use crate::adapter;
use crate::config::env::Env;
use crate::config::read_file;
use crate::config::settings::TABLE;

/// What became of the variables. Values are not in it.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct VariableReport {
    /// The file they came from.
    pub(super) file: String,
    /// Our variables that are set now, or would be.
    pub(super) set: Vec<String>,
    /// Our variables that were set otherwise before and stay.
    pub(super) kept: Vec<String>,
    /// Their variables that are not taken over as they are.
    pub(super) notes: Vec<Note>,
}

/// A variable that is not taken over as it is.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Note {
    /// The line, from 1.
    pub(super) line: u64,
    /// The variable; empty for a line that cannot be read.
    pub(super) name: String,
    /// Why.
    pub(super) why: String,
}

/// What to do with one of their variables.
enum Fate {
    /// Ours of this name takes the value.
    Becomes(&'static str),
    /// Read together with others.
    Joined,
    /// Not taken over.
    Dropped(&'static str),
}
use Fate::{Becomes, Dropped, Joined};

const SERVER: &str = "the bot runs actions itself, there is no StackStorm server";
const LATER: &str = "this version has no adapter for it; the line is kept as a comment";
const VERIFIED: &str =
    "certificates are always verified: name the right one in CHATOPS_IRC_CA_FILE or CHATOPS_IRC_FINGERPRINT";

/// Variables by name or, with a star, by how the name begins. The first row that fits counts.
const FATES: &[(&str, Fate)] = &[
    ("HUBOT_NAME", Becomes("CHATOPS_NAME")),
    ("HUBOT_ALIAS", Becomes("CHATOPS_PREFIX")),
    ("HUBOT_LOG_LEVEL", Joined),
    ("EXPRESS_PORT", Joined),
    ("EXPRESS_BIND_ADDRESS", Joined),
    ("EXPRESS_*", Dropped("the HTTP API has tokens instead of one password")),
    ("HUBOT_IRC_SERVER", Joined),
    ("HUBOT_IRC_PORT", Joined),
    ("HUBOT_IRC_USESSL", Joined),
    ("HUBOT_IRC_NICK", Becomes("CHATOPS_IRC_NICK")),
    ("HUBOT_IRC_ROOMS", Becomes("CHATOPS_IRC_CHANNELS")),
    ("HUBOT_IRC_PASSWORD", Becomes("CHATOPS_IRC_PASSWORD")),
    ("HUBOT_IRC_NICKSERV_PASSWORD", Becomes("CHATOPS_IRC_NICKSERV_PASSWORD")),
    ("HUBOT_IRC_UNFLOOD", Dropped("the bot keeps to a polite rate by itself, see CHATOPS_IRC_RATE")),
    ("HUBOT_IRC_SERVER_FAKE_SSL", Dropped(VERIFIED)),
    ("HUBOT_IRC_SERVER_CERT_EXPIRED", Dropped(VERIFIED)),
    ("HUBOT_IRC_*", Dropped("there is no such option")),
    ("HUBOT_SLACK_BOT_TOKEN", Becomes("CHATOPS_SLACK_BOT_TOKEN")),
    ("HUBOT_SLACK_TOKEN", Becomes("CHATOPS_SLACK_BOT_TOKEN")),
    ("HUBOT_SLACK_APP_TOKEN", Becomes("CHATOPS_SLACK_APP_TOKEN")),
    ("ROCKETCHAT_URL", Becomes("CHATOPS_ROCKETCHAT_URL")),
    ("ROCKETCHAT_USER", Becomes("CHATOPS_ROCKETCHAT_USER")),
    ("ROCKETCHAT_PASSWORD", Becomes("CHATOPS_ROCKETCHAT_PASSWORD")),
    ("HTTP_PROXY", Becomes("HTTP_PROXY")),
    ("HTTPS_PROXY", Becomes("HTTPS_PROXY")),
    ("NO_PROXY", Becomes("NO_PROXY")),
    ("HUBOT_ADAPTER", Dropped("an adapter is on when its options are there")),
    ("HUBOT_AUTH_ADMIN", Dropped("name admins as adapter:id in CHATOPS_ADMINS")),
    ("HUBOT_2FA", Dropped("a second factor is not supported")),
    ("HUBOT_HELP_*", Dropped("help shows what each person may run")),
    ("NODE_TLS_REJECT_UNAUTHORIZED", Dropped("certificates are always verified")),
    ("NODE_*", Dropped("nothing here runs on Node")),
    ("ST2_COMMANDS_RELOAD_INTERVAL", Dropped("changed files are read at once")),
    ("ST2_MAX_MESSAGE_LENGTH", Dropped("long answers are split at the service's own limit")),
    ("ST2_WEBUI_URL", Dropped("see CHATOPS_PUBLIC_URL for links in answers")),
    ("ST2_*", Dropped(SERVER)),
];

/// Their variables by name, with line numbers.
type Theirs = Vec<(String, String, u64)>;

/// Reads the file and adds what can be taken over to the home's `chatops.env`.
pub(super) fn import(file: &Path, home: &Path, mode: Mode) -> anyhow::Result<VariableReport> {
    let text = read_file(file).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut report = VariableReport { file: file.display().to_string(), ..VariableReport::default() };
    let theirs = read(&text, &mut report.notes);
    let ours = translate(&theirs, &mut report.notes);
    report.notes.sort_by_key(|note| note.line);
    let lines: Vec<Line> = ours.into_iter().map(|(name, value)| line(name, &value)).collect();
    let added = env_file::add(&lines, "from st2chatops.env", &home.join("chatops.env"), mode)?;
    Ok(VariableReport { set: added.set, kept: added.kept, ..report })
}

fn line(name: &str, value: &str) -> Line {
    let kind = if is_later(name) { Kind::Comment } else { Kind::Sets };
    Line { name: name.to_owned(), value: env_file::literal(value), kind }
}

/// Reads line by line: the file is a shell script, and one line that is not an assignment must not hide the others.
fn read(text: &str, notes: &mut Vec<Note>) -> Theirs {
    let mut theirs: Theirs = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let Ok(one) = Env::parse(Path::new(""), line, []) else {
            notes.push(Note {
                line: number,
                name: String::new(),
                why: "the line is no assignment".to_owned(),
            });
            continue;
        };
        // In single quotes a shell leaves everything as it is.
        let literal = line.split_once('=').is_some_and(|(_, value)| value.starts_with('\''));
        for name in one.names() {
            let value = one.get(name).unwrap_or_default();
            let known = if literal {
                Some(value.to_owned())
            } else {
                shell::resolve(value, &|name| set_before(name, &theirs))
            };
            match known {
                Some(value) => {
                    theirs.retain(|(known, ..)| known != name);
                    theirs.push((name.to_owned(), value, number));
                }
                None if matches!(fate(name), Some(Dropped(_))) => {
                    theirs.push((name.to_owned(), String::new(), number));
                }
                None => {
                    let why = "its value is computed by a shell; set it by hand".to_owned();
                    notes.push(Note { line: number, name: name.to_owned(), why });
                }
            }
        }
    }
    theirs
}

fn set_before<'a>(name: &str, theirs: &'a Theirs) -> Option<&'a str> {
    theirs.iter().find(|(known, ..)| known == name).map(|(_, value, _)| value.as_str())
}

fn fate(name: &str) -> Option<&'static Fate> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    FATES.iter().find(|(pattern, _)| fits(pattern)).map(|(_, fate)| fate)
}

fn translate(theirs: &Theirs, notes: &mut Vec<Note>) -> Vec<(&'static str, String)> {
    let mut ours = Vec::new();
    for (name, value, line) in theirs {
        let mut note = |why: &str| notes.push(Note { line: *line, name: name.clone(), why: why.to_owned() });
        match fate(name) {
            Some(Becomes(our)) if !value.is_empty() => {
                if is_later(our) {
                    note(LATER);
                }
                ours.push((*our, value.clone()));
            }
            Some(Dropped(why)) => note(why),
            Some(Becomes(_) | Joined) => {}
            None => note("nothing here reads it"),
        }
    }
    ours.extend(joined(theirs));
    ours
}

fn is_later(ours: &str) -> bool {
    let is_setting = TABLE.iter().any(|row| row.name == ours);
    let is_option = |row: &adapter::Row| {
        let short = ours.strip_prefix(&format!("CHATOPS_{}_", row.kind.to_ascii_uppercase()));
        short.is_some_and(|short| row.options.iter().any(|option| option.name == short))
    };
    !is_setting && !adapter::CATALOGUE.iter().any(is_option)
}

/// Settings that several of theirs make up.
fn joined(theirs: &Theirs) -> Vec<(&'static str, String)> {
    let get = |name: &str| {
        theirs
            .iter()
            .find(|(known, value, _)| known == name && !value.is_empty())
            .map(|(_, value, _)| value.as_str())
    };
    let mut ours = Vec::new();
    if let Some(server) = get("HUBOT_IRC_SERVER") {
        // Hubot takes any value for yes, and 6667 for the port.
        let tls = get("HUBOT_IRC_USESSL").is_some();
        let port = get("HUBOT_IRC_PORT").unwrap_or(if tls { "6697" } else { "6667" });
        ours.push(("CHATOPS_IRC_SERVER", format!("{server}:{port}")));
        ours.push(("CHATOPS_IRC_TLS", if tls { "on" } else { "off" }.to_owned()));
    }
    if let Some(port) = get("EXPRESS_PORT") {
        // Hubot listens everywhere unless told otherwise; here that must be asked for.
        ours.push((
            "CHATOPS_LISTEN",
            format!("{}:{port}", get("EXPRESS_BIND_ADDRESS").unwrap_or("127.0.0.1")),
        ));
    }
    let level = get("HUBOT_LOG_LEVEL").map(str::to_ascii_lowercase);
    let level = level.as_deref().map(|level| match level {
        "debug" | "trace" => "debug",
        "warning" | "warn" => "warn",
        "error" | "critical" | "alert" | "emergency" => "error",
        _ => "info",
    });
    ours.extend(level.map(|level| ("CHATOPS_LOG", level.to_owned())));
    ours
}
