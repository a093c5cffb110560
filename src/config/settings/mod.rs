//! The bot's own settings. One table: from it come the reading, the defaults, the help and the check of
//! `chatops.env.example`.

mod kinds;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ConfigError;
use super::env::Env;
use super::expand::{Expanded, expand};
use crate::model::Person;

use kinds::Setting;
pub use kinds::{
    BotName, Bytes, Case, Days, FilePath, ListenOn, LogFilter, LogFormat, Prefix, SqliteFile, SshClient, Url,
    ZoneName,
};

/// One setting, for help and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The variable.
    pub name: &'static str,
    /// What it is when not set, as it would be written; empty for nothing.
    pub default: &'static str,
    /// What it is for, in sentences; lines end where the source's do.
    pub doc: &'static str,
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ty = $name:literal, $default:literal;)+) => {
        /// The settings, checked. Each field says what its variable is for.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings { $($(#[doc = $doc])+ pub $field: $kind,)+ }

        /// Every setting, in the order in which people should meet them.
        pub const TABLE: &[Row] =
            &[$(Row { name: $name, default: $default, doc: concat!($($doc, "\n"),+).trim_ascii() },)+];

        impl Settings {
            /// Reads every setting; relative files begin at `base`. Reports all that is wrong at once.
            pub fn read(env: &Env, base: &Path) -> Result<Self, Vec<ConfigError>> {
                let mut errors = Vec::new();
                $(let $field = one::<$kind>(env, base, $name, $default, &mut errors);)+
                match ($($field,)+) {
                    ($(Some($field),)+) if errors.is_empty() => Ok(Self { $($field,)+ }),
                    _ => Err(errors),
                }
            }
        }
    };
}
settings! {
    /// How the bot is called. People may address it by this name: `chatops: help`.
    name: BotName = "CHATOPS_NAME", "chatops";
    /// What a command begins with where several people talk. Empty: only the name addresses the bot.
    prefix: Prefix = "CHATOPS_PREFIX", "!";
    /// Who may do everything, separated by commas: `terminal:alice,irc:alice,slack:U0A1B2C3D`.
    admins: Vec<Person> = "CHATOPS_ADMINS", "";
    /// Where the HTTP API listens: address and port, or `off`.
    listen: ListenOn = "CHATOPS_LISTEN", "127.0.0.1:8080";
    /// The certificate that the HTTP API shows, a PEM file with its chain; with it the API speaks TLS. A new file is
    /// taken within seconds. Plain HTTP is then answered for this machine alone.
    tls_cert: Option<FilePath> = "CHATOPS_TLS_CERT", "";
    /// The private key of that certificate, a PEM file; without it the key stands in the certificate's file.
    tls_key: Option<FilePath> = "CHATOPS_TLS_KEY", "";
    /// The address under which people reach the bot's web pages, for links in answers.
    public_url: Option<Url> = "CHATOPS_PUBLIC_URL", "";
    /// The database: `sqlite:PATH`, a relative path begins at the home directory.
    database: SqliteFile = "CHATOPS_DATABASE_URL", "sqlite:var/chatops.db";
    /// How much is logged: `error`, `warn`, `info`, `debug`, `trace`, also for a part: `info,chatops::adapter=debug`.
    log: LogFilter = "CHATOPS_LOG", "info";
    /// How log lines look: `text` or `json`.
    log_format: LogFormat = "CHATOPS_LOG_FORMAT", "text";
    /// Whether the words of a command may be typed in any case: `ignore` or `strict`. Values keep theirs.
    case: Case = "CHATOPS_CASE", "ignore";
    /// How many commands run at once; others wait and are told so.
    max_running: NonZeroUsize = "CHATOPS_MAX_RUNNING", "200";
    /// How many commands of one person run at once; others wait and are told so.
    max_running_per_person: NonZeroUsize = "CHATOPS_MAX_RUNNING_PER_PERSON", "100";
    /// How much output of one command is kept, for each of stdout and stderr; the rest is counted.
    output_limit: Bytes = "CHATOPS_OUTPUT_LIMIT", "1MiB";
    /// How many hosts one remote command works on at once.
    ssh_parallel: NonZeroUsize = "CHATOPS_SSH_PARALLEL", "20";
    /// What remote commands go through: `system`, the installed ssh with its configuration, jump hosts and agent,
    /// or `native`, a client inside the bot for fleets, where the bot was built with it.
    ssh_client: SshClient = "CHATOPS_SSH_CLIENT", "system";
    /// How long ended executions and their results are kept, in days; 0 keeps them for ever.
    retention: Days = "CHATOPS_RETENTION_DAYS", "90";
    /// How long the audit log is kept, in days; 0 keeps it for ever.
    audit_retention: Days = "CHATOPS_AUDIT_RETENTION_DAYS", "0";
    /// Folders whose files results may show beside the answer, separated by commas; `var/files` of the home always.
    files: String = "CHATOPS_FILES", "";
    /// The time zone of schedules that name none: an IANA name such as `Europe/Amsterdam`.
    zone: ZoneName = "CHATOPS_TIME_ZONE", "UTC";
    /// How long after its start a pipe may begin a further step; a step that runs is left to its own limit.
    pipe_within: Duration = "CHATOPS_PIPE_WITHIN", "1h";
    /// How long running commands may go on when the bot is told to stop, in seconds; then they are canceled.
    grace: Duration = "CHATOPS_GRACE_SECONDS", "30";
    /// The proxy for http addresses.
    http_proxy: Option<Url> = "HTTP_PROXY", "";
    /// The proxy for https addresses.
    https_proxy: Option<Url> = "HTTPS_PROXY", "";
    /// Hosts that are reached without a proxy, separated by commas.
    no_proxy: String = "NO_PROXY", "";
}

/// Read before everything else, by the command line itself.
pub const HOME: Row = Row {
    name: "CHATOPS_HOME",
    default: "",
    doc: "The home directory. Set it in the environment: this very file is looked for in it. Without it the current \
          directory is the home if it has a folder `aliases`, else `chatops` in the XDG configuration folder.",
};

/// Where the command line finds a bot on another machine.
pub const REMOTE: [Row; 2] = [
    Row {
        name: "CHATOPS_URL",
        default: "",
        doc: "A bot on another machine, for `chatops notify`: `https://bot.example.org`. Without it the one that runs \
              on this home.",
    },
    Row { name: "CHATOPS_TOKEN", default: "", doc: "The token for that bot, from `chatops token create`." },
];

/// Every variable of our own that is read.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [&HOME].into_iter().chain(TABLE).chain(&REMOTE)
}

/// Every setting with its default and meaning, for the command line's help.
pub fn help() -> String {
    let mut out = "Settings, in chatops.env or the environment:\n".to_owned();
    for row in rows() {
        let default = if row.default.is_empty() { String::new() } else { format!(" [{}]", row.default) };
        let doc = row.doc.lines().map(str::trim).collect::<Vec<_>>().join("\n      ");
        out.push_str(&format!("  {}{default}\n      {doc}\n", row.name));
    }
    out
}

impl Settings {
    /// What holds where nothing is set.
    pub fn defaults() -> Self {
        Self::read(&Env::default(), Path::new("")).expect("the table's own defaults are read by a test")
    }
}

fn one<T: Setting>(
    env: &Env,
    base: &Path,
    name: &'static str,
    default: &'static str,
    errors: &mut Vec<ConfigError>,
) -> Option<T> {
    let lower = name.to_ascii_lowercase();
    let known = if name.ends_with("_PROXY") && env.get(name).is_none() { lower.as_str() } else { name };
    let (Some(text), Some(origin)) = (env.get(known), env.origin(known)) else {
        return T::read(default).ok();
    };
    let outcome = expand(text, env, base).map_err(|error| error.to_string()).and_then(|value| match value {
        Expanded::Plain(text) => T::read(text.trim()),
        Expanded::Fetched(secret) => {
            T::read(secret.expose().trim()).map_err(|_| "the value it refers to is not accepted".to_owned())
        }
    });
    outcome.map_err(|message| errors.push(origin.error(known, message))).ok()
}

/// The database file of these settings in a home.
impl Settings {
    /// The database file; a relative one begins at `base`.
    pub fn database_in(&self, base: &Path) -> PathBuf {
        base.join(&self.database.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, Vec<ConfigError>> {
        Settings::read(&Env::parse(Path::new("chatops.env"), text, []).unwrap(), Path::new("/"))
    }

    fn refused(text: &str) -> String {
        read(text).unwrap_err().remove(0).headline()
    }

    #[test]
    fn every_default_is_one_that_reading_accepts() {
        let defaults = Settings::defaults();
        for row in TABLE {
            let written = format!("{}={}", row.name, row.default);
            assert_eq!(read(&written), Ok(defaults.clone()), "{written}");
            assert!(row.doc.ends_with('.') || row.doc.ends_with('`'), "{}", row.name);
        }
    }

    #[test]
    fn values_are_read_into_their_types() {
        let text = "CHATOPS_ADMINS=terminal:alice, irc:bob\nCHATOPS_LISTEN=off\nCHATOPS_OUTPUT_LIMIT=64KiB\n\
                    CHATOPS_RETENTION_DAYS=7\nCHATOPS_GRACE_SECONDS=5\nCHATOPS_PREFIX=\nhttps_proxy=http://proxy.example.org:3128";
        let settings = read(text).unwrap();
        assert_eq!(
            settings.admins.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["terminal:alice", "irc:bob"]
        );
        assert_eq!((settings.listen, settings.output_limit.0), (ListenOn::Off, 65536));
        assert_eq!(
            (settings.retention.span(), settings.audit_retention.span()),
            (Some(Duration::from_secs(604_800)), None)
        );
        assert_eq!((settings.grace.as_secs(), settings.prefix.as_str()), (5, ""));
        assert_eq!(settings.https_proxy.unwrap().as_str(), "http://proxy.example.org:3128");
    }

    #[test]
    fn wrong_values_name_their_place_and_what_is_accepted() {
        let cases = [
            ("CHATOPS_LOG_FORMAT=xml", "`xml` is not accepted, write `text` or `json`"),
            (
                "CHATOPS_ADMINS=alice",
                "`alice` is not a person or adapter: write `adapter:id`, with the adapter in lower-case letters, digits and hyphens",
            ),
            (
                "CHATOPS_ADMINS=irc:~alice",
                "`irc:~alice` is unproven: anyone may take that name, so it can be no admin",
            ),
            ("CHATOPS_MAX_RUNNING=0", "`0` is not a whole number of at least 1"),
            ("CHATOPS_LISTEN=8080", "`8080` is not an address and port such as `127.0.0.1:8080`, nor `off`"),
            (
                "CHATOPS_DATABASE_URL=postgres://db.example.org/chatops",
                "only SQLite is supported: write `sqlite:PATH`",
            ),
            ("CHATOPS_NAME=", "the name has one word of letters, digits, `-` and `_`"),
            ("CHATOPS_PUBLIC_URL=example.org", "the address begins with `http://` or `https://`"),
        ];
        for (text, message) in cases {
            let name = text.split('=').next().unwrap();
            assert_eq!(refused(text), format!("chatops.env:1:1: {name}: {message}"));
        }
    }

    #[test]
    fn a_fetched_value_is_not_shown_when_it_is_wrong() {
        let error = refused("A=hunter2\nCHATOPS_LOG_FORMAT=${A}");
        assert!(error.ends_with("the value it refers to is not accepted"), "{error}");
        assert!(refused("CHATOPS_NAME=${NOBODY}").contains("`NOBODY` is not set"));
    }

    /// The variables of `chatops.env.example`, each with its value and the comment above it.
    fn example() -> Vec<(String, String, String)> {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/chatops.env.example"));
        let mut rows = Vec::new();
        let mut comment = String::new();
        for line in text.lines() {
            match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(' ') => comment.push_str(&format!("{}\n", &rest[1..])),
                Some(rest) => {
                    let (name, value) = rest.split_once('=').unwrap();
                    rows.push((name.to_owned(), value.to_owned(), comment.clone()));
                }
                None => comment.clear(),
            }
        }
        rows
    }

    #[test]
    fn the_example_file_has_every_setting_with_its_default_and_a_comment() {
        let plain = |text: &str| text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ");
        let example = example();
        for row in rows() {
            let (_, value, comment) = example
                .iter()
                .find(|(name, ..)| name == row.name)
                .unwrap_or_else(|| panic!("{} is missing", row.name));
            assert_eq!(value, row.default, "{}", row.name);
            assert!(plain(comment).contains(&plain(row.doc)), "{}: {comment}", row.name);
        }
        for (name, _, comment) in &example {
            // The adapters' own options are their pages' matter.
            let kinds = ["IRC", "SLACK", "MATTERMOST", "ROCKETCHAT", "DISCORD"];
            let of_adapter = kinds.iter().any(|kind| name.starts_with(&format!("CHATOPS_{kind}_")));
            let known = rows().any(|row| row.name == name) || of_adapter;
            assert!(known && !comment.is_empty(), "{name}");
        }
    }

    #[test]
    fn the_documentation_has_every_setting() {
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md"));
        for row in rows() {
            let default = if row.default.is_empty() { String::new() } else { format!("`{}`", row.default) };
            let doc = row.doc.split_whitespace().collect::<Vec<_>>().join(" ");
            let line = format!("| `{}` | {default} | {doc} |", row.name);
            assert!(page.contains(&line), "docs/configuration.md lacks: {line}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        assert_eq!(read("CHATOPS_CASE=x\nCHATOPS_LISTEN=x").unwrap_err().len(), 2);
    }
}
