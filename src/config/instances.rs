//! Which adapters there are: `CHATOPS_<KIND>_<OPTION>`, and for several of a kind `CHATOPS_<KIND>__<NAME>__<OPTION>`.

use std::collections::BTreeMap;
use std::path::Path;

use super::env::{Env, Origin};
use super::nearest::{hint, nearest};
use super::options::Options;
use super::settings::{TABLE, rows};
use super::{ConfigError, Problem};
use crate::model::AdapterName;

/// A kind of adapter as data: its name in lower case, the names of its options in upper case.
pub type Kind<'a> = (&'a str, &'a [&'a str]);

/// One adapter that is configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its name: the kind, or the name in its variables in lower case with `-` for `_`.
    pub name: AdapterName,
    /// Its kind.
    pub kind: String,
    /// Its options.
    pub options: Options,
}

/// What a variable says about an adapter.
struct Mention<'a> {
    kind: Kind<'a>,
    /// The name as written, upper case; none for the instance that is called by its kind.
    name: Option<String>,
    option: String,
}

const START: &str = "CHATOPS_";
/// Persons of these adapters are trusted for where they sit; a chat service must not pass for one.
const RESERVED: [&str; 5] = ["terminal", "cli", "api", "memory", "web"];
/// Persons of a Hubot that relays what they say: of the only one, and before the name of one of several.
const HUBOT: &str = "hubot";

/// Whether a name stands for a Hubot that talks to the bot through its API, such as `hubot` and `hubot-teams`.
pub fn is_hubot(name: &str) -> bool {
    name.strip_prefix(HUBOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The name under which the Hubot that holds the token `token` relays: `hubot` stays, `Teams` is `hubot-teams`.
pub fn hubot(token: &str) -> AdapterName {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = token.chars().map(plain).collect();
    let name = if is_hubot(&name) { name } else { format!("{HUBOT}-{name}") };
    let name: String = name.chars().take(63).collect();
    AdapterName::new(&name).expect("letters, digits and hyphens, at most 63 of them")
}

/// Every configured adapter, sorted by kind and name, and what is wrong with the variables: an unknown variable is an
/// error in a file; in the environment, which others fill too, a warning.
pub fn instances(env: &Env, base: &Path, kinds: &[Kind<'_>]) -> (Vec<Instance>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut found: BTreeMap<(String, Option<String>), Instance> = BTreeMap::new();
    for variable in env.names().filter(|name| name.starts_with(START)) {
        let Some(origin) = env.origin(variable) else { continue };
        let Some(mention) = mention(variable, kinds) else {
            problems.extend(unknown(variable, origin, kinds));
            continue;
        };
        if !mention.kind.1.contains(&mention.option.as_str()) {
            problems.push(unknown_option(variable, origin, &mention));
            continue;
        }
        let key = (mention.kind.0.to_owned(), mention.name.clone());
        if !found.contains_key(&key) {
            match instance(env, base, &mention) {
                Ok(instance) => drop(found.insert(key.clone(), instance)),
                Err(message) => problems.push(Problem::Error(origin.error(variable, message))),
            }
        }
        if let Some(instance) = found.get_mut(&key) {
            instance.options.take(&mention.option, env);
        }
    }
    let all = found.into_values().filter(|instance| !instance.options.is_empty()).collect();
    (unique(all, env, &mut problems), problems)
}

fn mention<'a>(variable: &str, kinds: &[Kind<'a>]) -> Option<Mention<'a>> {
    let rest = variable.strip_prefix(START)?;
    kinds.iter().find_map(|kind| {
        let after = rest.strip_prefix(&kind.0.to_ascii_uppercase())?;
        if let Some(named) = after.strip_prefix("__") {
            let (name, option) = named.split_once("__")?;
            return Some(Mention { kind: *kind, name: Some(name.to_owned()), option: option.to_owned() });
        }
        let option = after.strip_prefix('_')?;
        Some(Mention { kind: *kind, name: None, option: option.to_owned() })
    })
}

fn instance(env: &Env, base: &Path, mention: &Mention<'_>) -> Result<Instance, String> {
    let kind = mention.kind.0;
    let upper = kind.to_ascii_uppercase();
    let (name, prefix) = match &mention.name {
        Some(name) => (name.to_ascii_lowercase().replace('_', "-"), format!("{START}{upper}__{name}__")),
        None => (kind.to_owned(), format!("{START}{upper}_")),
    };
    if mention.name.is_some() && is_hubot(&name) {
        return Err(format!("no adapter may be called `{name}`: that name stands for people behind a Hubot"));
    }
    if mention.name.is_some() && RESERVED.contains(&name.as_str()) {
        return Err(format!(
            "no adapter may be called `{name}`: that name stands for people at the bot's own machine"
        ));
    }
    let name = AdapterName::new(&name).map_err(|error| error.to_string())?;
    Ok(Instance { name, kind: kind.to_owned(), options: Options::new(prefix, env, base) })
}

/// Keeps the first of two instances with one name.
fn unique(all: Vec<Instance>, env: &Env, problems: &mut Vec<Problem>) -> Vec<Instance> {
    let mut kept: Vec<Instance> = Vec::new();
    for instance in all {
        match kept.iter().find(|earlier| earlier.name == instance.name) {
            Some(earlier) => {
                let (first, second) = (earlier.options.variable("*"), instance.options.variable("*"));
                let message =
                    format!("two adapters are called `{}`: `{first}` and `{second}`", instance.name);
                problems
                    .push(Problem::Error(ConfigError::new(env.file(), message).help("rename one of them")));
            }
            None => kept.push(instance),
        }
    }
    kept
}

fn unknown_option(variable: &str, origin: &Origin, mention: &Mention<'_>) -> Problem {
    let kind = mention.kind.0;
    let option = &mention.option;
    let error = origin.error(variable, format!("adapter `{kind}` has no option `{option}`"));
    judged(origin, error, hint(option, mention.kind.1.iter().copied()))
}

/// A variable of our own kind that nobody reads. A cluster's own variables about a service called `chatops` are
/// left alone.
fn unknown(variable: &str, origin: &Origin, kinds: &[Kind<'_>]) -> Option<Problem> {
    let cluster = ["CHATOPS_SERVICE_", "CHATOPS_PORT"];
    let is_setting = rows().any(|row| row.name == variable);
    if is_setting
        || (*origin == Origin::Environment && cluster.iter().any(|start| variable.starts_with(start)))
    {
        return None;
    }
    let options = kinds.iter().flat_map(|(kind, options)| {
        options.iter().map(move |option| format!("{}_{option}", kind.to_ascii_uppercase()))
    });
    let settings = TABLE.iter().filter_map(|row| row.name.strip_prefix(START)).map(str::to_owned);
    let known: Vec<String> = settings.chain(options).collect();
    let short = variable.strip_prefix(START).unwrap_or(variable);
    let help =
        nearest(short, known.iter().map(String::as_str)).map(|near| format!("did you mean `{START}{near}`?"));
    Some(judged(origin, origin.error(variable, "unknown setting"), help))
}

fn judged(origin: &Origin, error: ConfigError, help: Option<String>) -> Problem {
    let error = ConfigError { help, ..error };
    match origin {
        Origin::File { .. } => Problem::Error(error),
        Origin::Environment => Problem::Warning(error),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KINDS: &[Kind<'_>] =
        &[("irc", &["SERVER", "CHANNELS", "TLS", "PASSWORD", "RATE", "CA_FILE"]), ("slack", &["BOT_TOKEN"])];

    fn read(text: &str) -> (Vec<Instance>, Vec<Problem>) {
        instances(&Env::parse(Path::new("chatops.env"), text, []).unwrap(), Path::new("/srv/bot"), KINDS)
    }

    fn problems(text: &str) -> Vec<String> {
        read(text).1.iter().map(|problem| problem.error().to_string()).collect()
    }

    fn names(text: &str) -> Vec<String> {
        read(text).0.iter().map(|instance| format!("{} {}", instance.kind, instance.name)).collect()
    }

    #[test]
    fn the_only_one_of_a_kind_is_called_by_its_kind() {
        assert_eq!(
            names("CHATOPS_IRC_SERVER=irc.example.org:6697\nCHATOPS_SLACK_BOT_TOKEN=x"),
            ["irc irc", "slack slack"]
        );
    }

    #[test]
    fn several_of_a_kind_have_names() {
        let text = "CHATOPS_IRC_SERVER=a\nCHATOPS_IRC__LIBERA__SERVER=b\nCHATOPS_IRC__OTHER_NET__SERVER=c";
        assert_eq!(names(text), ["irc irc", "irc libera", "irc other-net"]);
        let (instances, _) = read(text);
        assert_eq!(instances[2].options.optional("SERVER").as_deref(), Some("c"));
        assert_eq!(instances[2].options.variable("SERVER"), "CHATOPS_IRC__OTHER_NET__SERVER");
    }

    #[test]
    fn two_of_one_name_are_refused() {
        let text = "CHATOPS_IRC__A__SERVER=a\nCHATOPS_SLACK__A__BOT_TOKEN=b";
        assert_eq!(names(text), ["irc a"]);
        assert!(problems(text)[0].contains("two adapters are called `a`"));
    }

    #[test]
    fn no_chat_service_passes_for_the_terminal() {
        assert!(names("CHATOPS_IRC__TERMINAL__SERVER=a").is_empty());
        assert!(
            problems("CHATOPS_IRC__TERMINAL__SERVER=a")[0].contains("no adapter may be called `terminal`")
        );
    }

    #[test]
    fn slips_are_told_with_the_nearest_name() {
        let text = "CHATOPS_IRC_CHANELS=#a\nCHATOPS_PREFX=!\nCHATOPS_COLOUR=red\nOTHER=1";
        let expected = [
            "chatops.env:3:1: CHATOPS_COLOUR: unknown setting",
            "chatops.env:1:1: CHATOPS_IRC_CHANELS: adapter `irc` has no option `CHANELS`\n  = help: did you mean `CHANNELS`?",
            "chatops.env:2:1: CHATOPS_PREFX: unknown setting\n  = help: did you mean `CHATOPS_PREFIX`?",
        ];
        assert_eq!(problems(text), expected);
    }

    #[test]
    fn strange_variables_of_the_environment_are_no_errors() {
        let environment = [("CHATOPS_PORT_8080_TCP", "x"), ("CHATOPS_HOME", "x"), ("CHATOPS_COLOUR", "x")];
        let pairs = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let env = Env::parse(Path::new("chatops.env"), "", pairs).unwrap();
        let (_, problems) = instances(&env, Path::new("/"), KINDS);
        assert_eq!(problems.len(), 1);
        assert!(!problems[0].is_fatal());
    }

    #[test]
    fn options_are_read_by_type_and_mistakes_kept() {
        let text = "K=hunter2\nCHATOPS_IRC_CHANNELS=#a, #b\nCHATOPS_IRC_TLS=maybe\nCHATOPS_IRC_PASSWORD=${K}\n\
                    CHATOPS_IRC_RATE=2s\nCHATOPS_IRC_CA_FILE=ca.pem";
        let mut options = read(text).0.remove(0).options;
        assert_eq!(options.list("CHANNELS"), ["#a", "#b"]);
        assert_eq!(options.secret("PASSWORD").unwrap().expose(), "hunter2");
        assert_eq!(options.duration("RATE"), Some(Duration::from_secs(2)));
        assert_eq!(options.path("CA_FILE").unwrap(), Path::new("/srv/bot/ca.pem"));
        assert_eq!(options.switch("TLS"), None);
        assert_eq!(options.required("SERVER"), "");
        assert_eq!(options.parsed::<u16>("PASSWORD", "a port"), None);
        let errors = options.finish().unwrap_err();
        let lines: Vec<_> = errors.iter().map(ConfigError::headline).collect();
        let expected = [
            "chatops.env:3:1: CHATOPS_IRC_TLS: `maybe` is not accepted, write `on` or `off`",
            "chatops.env: CHATOPS_IRC_SERVER: is missing",
            "chatops.env:4:1: CHATOPS_IRC_PASSWORD: the value it refers to is not accepted",
        ];
        assert_eq!(lines, expected);
        assert!(options.finish().is_ok());
        assert!(!format!("{options:?}").contains("hunter2"));
    }

    #[test]
    fn options_are_equal_when_their_values_are() {
        let of = |text| read(text).0.remove(0);
        assert_eq!(of("CHATOPS_IRC_SERVER=a"), of("\n\nCHATOPS_IRC_SERVER='a'"));
        assert_ne!(of("CHATOPS_IRC_SERVER=a"), of("CHATOPS_IRC_SERVER=b"));
        assert!(
            names("CHATOPS_IRC_TLS=").is_empty()
                || read("CHATOPS_IRC_TLS=").0[0].options.optional("TLS").is_none()
        );
    }
}
