//! The types of settings.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{expand, units};
use crate::model::Person;

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// The value of a text without blanks around it, or what is wrong with it.
    fn read(text: &str) -> Result<Self, String>;
}

macro_rules! words {
    ($($(#[$doc:meta])* $type:ident { $($(#[$one:meta])* $name:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($(#[$one])* $name,)+ }

        impl Setting for $type {
            fn read(text: &str) -> Result<Self, String> {
                match text.to_ascii_lowercase().as_str() {
                    $($word => Ok(Self::$name),)+
                    _ => {
                        let known = [$(concat!("`", $word, "`")),+].join(" or ");
                        Err(format!("`{text}` is not accepted, write {known}"))
                    }
                }
            }
        }
    )+};
}
words! {
    /// How log lines look.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
    /// Whether the words of a command may be typed in any case.
    Case {
        /// In any case; an exact one ranks first.
        Ignore = "ignore",
        /// Only as written.
        Strict = "strict",
    }
    /// What remote commands go through.
    SshClient {
        /// The installed `ssh`.
        System = "system",
        /// The client inside the bot.
        Native = "native",
    }
}

/// The name of the bot: one word of letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotName(String);

impl BotName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for BotName {
    fn read(text: &str) -> Result<Self, String> {
        let good = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
        if text.is_empty() || text.chars().count() > 64 || !text.chars().all(good) {
            return Err("the name has one word of letters, digits, `-` and `_`".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// What a command begins with: at most 16 characters without blanks; empty for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Prefix {
    fn read(text: &str) -> Result<Self, String> {
        if text.chars().count() > 16 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the prefix has at most 16 characters and no blanks".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Setting for Vec<Person> {
    fn read(text: &str) -> Result<Self, String> {
        expand::split(text)
            .map(|name| match name.parse::<Person>() {
                Ok(person) if person.is_proven() => Ok(person),
                Ok(_) => {
                    Err(format!("`{name}` is unproven: anyone may take that name, so it can be no admin"))
                }
                Err(error) => Err(error.to_string()),
            })
            .collect()
    }
}

/// Where the HTTP API listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenOn {
    /// Nowhere.
    Off,
    /// At an address and port.
    Address(SocketAddr),
}

impl Setting for ListenOn {
    fn read(text: &str) -> Result<Self, String> {
        let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        match numeric.as_deref().unwrap_or(text).parse() {
            Ok(address) => Ok(Self::Address(address)),
            Err(_) if text.eq_ignore_ascii_case("off") => Ok(Self::Off),
            Err(_) => Err(format!("`{text}` is not an address and port such as `127.0.0.1:8080`, nor `off`")),
        }
    }
}

/// An http or https address without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Url {
    /// Without user and password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0.split_once("://"), self.0.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => write!(f, "{scheme}://***@{host}"),
            _ => f.write_str(&self.0),
        }
    }
}

impl Setting for Option<Url> {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let known = ["http://", "https://"]
            .iter()
            .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
        if !known || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the address begins with `http://` or `https://`".to_owned());
        }
        Ok(Some(Url(text.trim_end_matches('/').to_owned())))
    }
}

/// A file, perhaps relative to the home directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath(pub PathBuf);

impl Setting for Option<FilePath> {
    fn read(text: &str) -> Result<Self, String> {
        Ok((!text.is_empty()).then(|| FilePath(PathBuf::from(text))))
    }
}

/// The file of an SQLite database, perhaps relative to the home directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteFile(pub PathBuf);

impl Setting for SqliteFile {
    fn read(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
        match path.unwrap_or(text) {
            "" => Err("the path of the database is missing: write `sqlite:PATH`".to_owned()),
            other if other.contains("://") => Err("only SQLite is supported: write `sqlite:PATH`".to_owned()),
            path => Ok(Self(PathBuf::from(path))),
        }
    }
}

/// Directives of the log, as `tracing` reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The directives.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for LogFilter {
    fn read(text: &str) -> Result<Self, String> {
        match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(format!(
                "`{text}` is no log filter, write for instance `info` or `info,chatops::adapter=debug`"
            )),
        }
    }
}

/// An amount of bytes, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub usize);

impl Setting for Bytes {
    fn read(text: &str) -> Result<Self, String> {
        match units::bytes(text)? {
            0 => Err("the amount is at least one byte".to_owned()),
            amount => Ok(Self(amount)),
        }
    }
}

/// Days, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(u32);

impl Days {
    /// The span; none for ever.
    pub fn span(self) -> Option<Duration> {
        (self.0 > 0).then(|| Duration::from_secs(u64::from(self.0) * 86_400))
    }
}

impl Setting for Days {
    fn read(text: &str) -> Result<Self, String> {
        let days = text.parse::<u32>().ok().filter(|days| *days <= 36_500);
        days.map(Self).ok_or_else(|| format!("`{text}` is not a whole number of days, 0 to 36500"))
    }
}

/// The IANA name of a time zone that this machine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName(String);

impl ZoneName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for ZoneName {
    fn read(text: &str) -> Result<Self, String> {
        match text == "UTC" || jiff::tz::TimeZone::get(text).is_ok() {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("`{text}` is no time zone: write one such as `Europe/Amsterdam`")),
        }
    }
}

impl Setting for NonZeroUsize {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is not a whole number of at least 1"))
    }
}

impl Setting for Duration {
    fn read(text: &str) -> Result<Self, String> {
        units::duration(text)
    }
}

impl Setting for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let url = <Option<Url>>::read("http://bob:hunter2@proxy.example.org:3128/").unwrap().unwrap();
        assert_eq!(format!("{url:?}"), "http://***@proxy.example.org:3128");
        assert_eq!(url.as_str(), "http://bob:hunter2@proxy.example.org:3128");
    }

    #[test]
    fn a_database_is_a_path() {
        for text in ["sqlite:var/a.db", "sqlite://var/a.db", "var/a.db"] {
            assert_eq!(SqliteFile::read(text), Ok(SqliteFile(PathBuf::from("var/a.db"))));
        }
        assert_eq!(SqliteFile::read("sqlite:///srv/a.db"), Ok(SqliteFile(PathBuf::from("/srv/a.db"))));
    }

    #[test]
    fn a_wrong_log_filter_is_refused() {
        assert!(LogFilter::read("info,chatops::adapter=debug").is_ok());
        assert!(LogFilter::read("chatops=loud").is_err());
    }
}
