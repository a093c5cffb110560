//! `notifiers.yaml`: the part under `sources:`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::configured::scope;
use super::proof::{Credentials, Hmac, Scheme, is_binary};
use super::written::{OneOrMore, Text};
use super::{Configured, Row, Service};
use crate::config::env::Env;
use crate::config::expand::{expand, expand_list};
use crate::config::yaml::{self, Pairs, Spanned, line_of};
use crate::config::{ConfigError, Problem, units};
use crate::model::{Level, Secret};

/// How far a signed time may be from now where nothing else is said.
const WINDOW: std::time::Duration = std::time::Duration::from_secs(300);
/// The largest request that a source can be told to take, in bytes.
const LARGEST_LARGEST: usize = 64 << 20;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    sources: Pairs<Option<Entry>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entry {
    description: String,
    enabled: Option<bool>,
    from: Option<Spanned<From>>,
    bearer: Option<Spanned<OneOrMore>>,
    basic: Option<Spanned<Basic>>,
    header: Pairs<Spanned<OneOrMore>>,
    hmac: Option<Spanned<OneOrMore>>,
    signature_header: Option<String>,
    timestamp_header: Option<String>,
    replay_window: Option<Text>,
    scopes: Vec<Text>,
    labels: Pairs<Text>,
    highest_level: Option<Level>,
    largest: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Basic {
    username: String,
    password: OneOrMore,
}

/// A kind, or a kind with its options.
enum From {
    Kind(String),
    Options(Service),
}

impl<'de> Deserialize<'de> for From {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = From;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a kind such as `github`, or `{json: {title: /name}}`")
            }

            fn visit_str<E: de::Error>(self, kind: &str) -> Result<From, E> {
                Ok(From::Kind(kind.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<From, A::Error> {
                Service::deserialize(MapAccessDeserializer::new(access)).map(From::Options)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What a file held.
#[derive(Debug, Default)]
pub struct Read {
    /// The good sources, in the file's order.
    pub sources: Vec<Configured>,
    /// Every name that the file declares, those of sources with mistakes too; not those that are off.
    pub declared: Vec<String>,
    /// What is wrong, and what is worth a word.
    pub problems: Vec<Problem>,
}

/// Reads the text of `file`. `${NAME}` comes from `env`, relative `file:` paths begin at `base`. A mistake in the
/// form of the file refuses all of it; a mistake in one source's values refuses that one.
pub fn read(file: &Path, text: &str, env: &Env, base: &Path) -> Read {
    let parsed = match yaml::read::<File>(file, text) {
        Ok(parsed) => parsed,
        Err(error) => return Read { problems: vec![Problem::Error(error)], ..Read::default() },
    };
    let mut read = Read::default();
    for (name, entry) in parsed.sources.0 {
        let entry = entry.unwrap_or_default();
        if entry.enabled == Some(false) {
            continue;
        }
        let reader = Reader { file, text, key: format!("sources.{}", name.value), env, base };
        match reader.configured(&name, entry) {
            Ok(source) => {
                read.problems.extend(reader.doubts(&name, &source));
                read.sources.push(source);
            }
            Err(errors) => read.problems.extend(errors.into_iter().map(Problem::Error)),
        }
        read.declared.push(name.value);
    }
    read
}

/// One entry's surroundings.
struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    key: String,
    env: &'a Env,
    base: &'a Path,
}

type Found<T> = Result<T, Vec<ConfigError>>;

impl Reader<'_> {
    fn error(&self, at: (u64, u64), part: &str, message: impl Into<String>) -> ConfigError {
        let key = if part.is_empty() { self.key.clone() } else { format!("{}.{part}", self.key) };
        let error = ConfigError::new(self.file, message).key(key);
        if at.0 == 0 {
            return error;
        }
        let error = error.at(at.0, at.1);
        if yaml::holds_secret(self.text, at.0) { error } else { error.excerpt_of(self.text) }
    }

    fn wrong<T>(&self, at: &Spanned<T>, part: &str, message: impl Into<String>) -> Vec<ConfigError> {
        vec![self.error(line_of(at), part, message)]
    }

    fn configured(&self, name: &Text, entry: Entry) -> Found<Configured> {
        if !is_name(&name.value) {
            let message =
                format!("`{}` is no name: letters, digits, `-`, `_` and `.` are accepted", name.value);
            return Err(self.wrong(name, "", message));
        }
        let service =
            self.service(name, entry.from.as_ref().map(line_of), entry.from.map(|from| from.value))?;
        let row = service.row();
        let wrong = service.check().into_iter();
        let kind = row.kind;
        let wrong: Vec<_> =
            wrong.map(|it| self.error(it.at, &format!("from.{kind}.{}", it.key), it.message)).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let window = match &entry.replay_window {
            Some(text) => {
                units::duration(&text.value).map_err(|why| self.wrong(text, "replay_window", why))?
            }
            None => WINDOW,
        };
        let headers = entry.header.0.iter().map(|(name, secrets)| {
            Ok((name.value.to_lowercase(), self.secrets(Some(secrets), &format!("header.{}", name.value))?))
        });
        let hmac = self.secrets(entry.hmac.as_ref(), "hmac")?;
        if let (Some(at), true) = (&entry.hmac, row.scheme == Scheme::Standard && !hmac.iter().all(is_binary))
        {
            return Err(self.wrong(
                at,
                "hmac",
                "a secret must be base64, with or without `whsec_` before it",
            ));
        }
        let lower = |name: Option<String>| name.map(|name| name.to_lowercase());
        let credentials = Credentials {
            bearer: self.secrets(entry.bearer.as_ref(), "bearer")?,
            basic: self.basic(entry.basic.as_ref())?,
            headers: headers.collect::<Found<_>>()?,
            hmac: entry.hmac.is_some().then(|| Hmac {
                scheme: row.scheme,
                secrets: hmac,
                header: lower(entry.signature_header),
                time_header: lower(entry.timestamp_header),
                window,
            }),
        };
        Ok(Configured {
            name: name.value.clone(),
            description: entry.description,
            largest: self.largest(entry.largest.as_ref(), row)?,
            credentials,
            scopes: self.scopes(&entry.scopes)?,
            labels: self.labels(&entry.labels)?,
            highest: entry.highest_level,
            service,
        })
    }

    /// The kind that is named, or that has the source's own name.
    fn service(&self, name: &Text, at: Option<(u64, u64)>, from: Option<From>) -> Found<Service> {
        let (at, kind) = match from {
            Some(From::Options(service)) => return Ok(service),
            Some(From::Kind(kind)) => (at.unwrap_or_default(), kind),
            None => (line_of(name), name.value.clone()),
        };
        let row = Row::of(&kind).map_err(|why| {
            let help = format!("name the kind of sender: `{}: {{ from: json }}`", name.value);
            vec![self.error(at, "from", why).help(help)]
        })?;
        (row.plain)()
            .ok_or_else(|| vec![self.error(at, "from", format!("`{kind}` has options that must be set"))])
    }

    fn text(&self, text: &str) -> Result<String, String> {
        expand(text, self.env, self.base).map(|it| it.expose().to_owned()).map_err(|error| error.to_string())
    }

    /// Secrets, expanded. An empty one lets everybody in, so it is a mistake.
    fn secrets(&self, written: Option<&Spanned<OneOrMore>>, part: &str) -> Found<Vec<Secret>> {
        let Some(spanned) = written else { return Ok(Vec::new()) };
        let wrong = |why: String| self.wrong(spanned, part, why);
        let all =
            expand_list(&spanned.value.0, self.env, self.base).map_err(|error| wrong(error.to_string()))?;
        let all: Vec<Secret> = all.into_iter().map(crate::config::expand::Expanded::into_secret).collect();
        if all.is_empty() || all.iter().any(|secret| secret.expose().trim().is_empty()) {
            return Err(wrong("an empty secret keeps nobody out".to_owned()));
        }
        Ok(all)
    }

    fn basic(&self, written: Option<&Spanned<Basic>>) -> Found<Vec<(String, Secret)>> {
        let Some(spanned) = written else { return Ok(Vec::new()) };
        let wrong = |why: String| self.wrong(spanned, "basic", why);
        let user = self.text(&spanned.value.username).map_err(wrong)?;
        let all = expand_list(&spanned.value.password.0, self.env, self.base);
        let all = all.map_err(|error| wrong(error.to_string()))?;
        if all.is_empty() || all.iter().any(|password| password.expose().is_empty()) {
            return Err(wrong("an empty password keeps nobody out".to_owned()));
        }
        Ok(all.into_iter().map(|password| (user.clone(), password.into_secret())).collect())
    }

    fn scopes(&self, written: &[Text]) -> Found<Vec<String>> {
        let one = |text: &Text| {
            let expanded = self.text(&text.value).map_err(|why| self.wrong(text, "scopes", why))?;
            let wrong = || self.wrong(text, "scopes", "expected a path such as `acme/web/deploy`");
            scope(&expanded).ok_or_else(wrong)
        };
        written.iter().map(one).collect()
    }

    fn labels(&self, written: &Pairs<Text>) -> Found<Vec<(String, String)>> {
        let one = |(name, text): &(Text, Text)| {
            let expanded = self.text(&text.value);
            let expanded =
                expanded.map_err(|why| self.wrong(text, &format!("labels.{}", name.value), why))?;
            Ok((name.value.clone(), expanded))
        };
        written.0.iter().map(one).collect()
    }

    fn largest(&self, written: Option<&Text>, row: &Row) -> Found<usize> {
        let Some(text) = written else { return Ok(row.largest) };
        let bytes = units::bytes(&text.value).map_err(|why| self.wrong(text, "largest", why))?;
        let good = (1..=LARGEST_LARGEST).contains(&bytes);
        let wrong = || self.wrong(text, "largest", format!("1 to {LARGEST_LARGEST} bytes are accepted"));
        good.then_some(bytes).ok_or_else(wrong)
    }

    /// What is allowed and probably not meant.
    fn doubts(&self, name: &Text, source: &Configured) -> Option<Problem> {
        let message = "anybody who reaches the address can tell events";
        let help = "add `bearer`, `basic`, `header` or `hmac`, see `chatops source help`";
        source.is_open().then(|| Problem::Warning(self.error(line_of(name), "", message).help(help)))
    }
}

fn is_name(name: &str) -> bool {
    let accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(accepted)
}

/// The sources by name.
impl Read {
    /// The good sources by name.
    pub fn by_name(self) -> BTreeMap<String, std::sync::Arc<Configured>> {
        self.sources.into_iter().map(|source| (source.name.clone(), std::sync::Arc::new(source))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(yaml: &str) -> Read {
        let env = Env::parse(Path::new("chatops.env"), "TOKEN=hunter22\nBOTH=a1b2c3,d4e5f6", []).unwrap();
        read(Path::new("notifiers.yaml"), yaml, &env, Path::new("/"))
    }

    fn heads(read: &Read) -> Vec<String> {
        read.problems.iter().map(|problem| problem.error().headline()).collect()
    }

    #[test]
    fn a_source_is_its_kind_or_names_it() {
        let yaml = "sources:\n  github: { hmac: ['${BOTH}'] }\n  shop: { from: awx, bearer: '${TOKEN}', largest: 1MiB }\n  x: { from: { json: { title: /name } }, header: { X-Key: '${TOKEN}' } }\n";
        let read = parsed(yaml);
        assert!(read.problems.is_empty(), "{:?}", heads(&read));
        let kinds: Vec<_> =
            read.sources.iter().map(|it| (it.name.as_str(), it.service.kind(), it.largest)).collect();
        assert_eq!(
            kinds,
            [("github", "github", 25 << 20), ("shop", "awx", 1 << 20), ("x", "json", 16 << 20)]
        );
        assert_eq!(read.sources[0].credentials.hmac.as_ref().unwrap().secrets.len(), 2);
        assert!(!format!("{:?}", read.sources).contains("hunter22"));
    }

    #[test]
    fn mistakes_name_their_line_and_what_was_meant() {
        let yaml = "sources:\n  githup: {}\n  awx: { bearer: '' }\n  grafana:\n    beaerer: x\n";
        assert_eq!(
            heads(&parsed(yaml)),
            ["notifiers.yaml:5:5: sources.grafana.beaerer: unknown key `beaerer`"]
        );
        let read = parsed(
            "sources:\n  githup: {}\n  awx: { bearer: '' }\n  gitlab: { hmac: '${NOBODY}' }\n  kapacitor: { scopes: ['a//b'] }\n",
        );
        let heads = heads(&read);
        assert!(heads[0].starts_with("notifiers.yaml:2:3: sources.githup.from: there is no source of kind `githup`: did you mean `github`?"), "{heads:?}");
        assert!(heads[1].contains("notifiers.yaml:3:") && heads[1].contains("keeps nobody out"), "{heads:?}");
        assert!(
            heads[2].contains("`NOBODY` is not set") && heads[3].contains("expected a path"),
            "{heads:?}"
        );
        assert_eq!((read.sources.len(), read.declared.len()), (0, 4));
    }

    #[test]
    fn a_source_without_credentials_is_worth_a_word() {
        let read = parsed("sources:\n  apprise:\n");
        assert_eq!(read.sources.len(), 1);
        assert!(!read.problems[0].is_fatal() && heads(&read)[0].contains("anybody"), "{:?}", heads(&read));
    }

    #[test]
    fn every_page_s_example_is_read() {
        for row in super::super::CATALOGUE {
            let variables: Vec<(String, String)> = row
                .example()
                .split("${")
                .skip(1)
                .filter_map(|rest| Some((rest.split_once('}')?.0.to_owned(), "whsec_c2VjcmV0".to_owned())))
                .collect();
            let env = Env::parse(Path::new("chatops.env"), "", variables).unwrap();
            let read = read(Path::new("notifiers.yaml"), row.example(), &env, Path::new("/"));
            assert!(read.problems.is_empty(), "{}: {:?}", row.kind, heads(&read));
            assert!(read.sources.iter().any(|it| it.service.kind() == row.kind), "{}", row.kind);
        }
    }
}
