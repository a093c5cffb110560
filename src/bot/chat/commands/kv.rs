//! `kv get|set|list|delete`: the key-value datastore. System keys are open by rule, each by its name; the keys of the
//! scope `user` are one's own. A secret is shown in a direct conversation alone.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, json};

use super::{Call, Need, Reply, Row, Run, code, post, table, text};
use crate::access::{Asked, Decision};
use crate::action::HIDDEN;
use crate::bot::reply;
use crate::config::units;
use crate::model::{Held, KvKey, KvScope, Pair, Secret, Timestamp};
use crate::store::{Entry, NewPair, What};
use crate::text::human::duration;
use crate::text::{Block, Post, Tone};

/// Keys that a list shows.
const SHOWN: usize = 50;

/// Shows one.
pub(super) static GET: Row = Row {
    name: "kv-get",
    display: "kv get {{key}} [--scope user]",
    formats: &["kv get {{args}}"],
    summary: "show a key of the datastore; a secret only in a direct message",
    need: Need::Something,
    permit: "chatops.kv",
    run: Run::Later(|call| Box::pin(get(call))),
};

/// Writes one.
pub(super) static SET: Row = Row {
    name: "kv-set",
    display: "kv set {{key}} {{value}} [--ttl 1h] [--secret] [--scope user]",
    formats: &["kv set {{args}}"],
    summary: "keep a value in the datastore; a secret only from a direct message",
    need: Need::Something,
    permit: "chatops.kv-write",
    run: Run::Later(|call| Box::pin(set(call))),
};

/// Lists names.
pub(super) static LIST: Row = Row {
    name: "kv-list",
    display: "kv list [{{prefix}}] [--scope user]",
    formats: &["kv list {{args=}}"],
    summary: "list the keys that you may see",
    need: Need::Something,
    permit: "chatops.kv",
    run: Run::Later(|call| Box::pin(list(call))),
};

/// Removes one.
pub(super) static DELETE: Row = Row {
    name: "kv-delete",
    display: "kv delete {{key}} [--scope user]",
    formats: &["kv delete {{args}}"],
    summary: "remove a key from the datastore",
    need: Need::Something,
    permit: "chatops.kv-write",
    run: Run::Later(|call| Box::pin(delete(call))),
};

/// What was typed behind `kv set` and the like.
#[derive(Debug, Default, PartialEq)]
struct Typed {
    /// The first word.
    key: String,
    /// What is left of the rest, as it is.
    value: String,
    scope: Option<String>,
    ttl: Option<Duration>,
    secret: bool,
}

impl Typed {
    /// The key, the value, and options at the end. A value in double quotes may end like an option.
    fn read(line: &str) -> Result<Self, String> {
        let mut typed = Self::default();
        let mut rest = line.trim();
        loop {
            let (before, last) = rest.rsplit_once(char::is_whitespace).unwrap_or(("", rest));
            let (earlier, name) =
                before.trim_end().rsplit_once(char::is_whitespace).unwrap_or(("", before.trim_end()));
            rest = match (name, last) {
                (_, "--secret") => {
                    typed.secret = true;
                    before
                }
                ("--ttl", span) => {
                    typed.ttl = Some(units::duration(span)?);
                    earlier
                }
                ("--scope", scope) => {
                    typed.scope = Some(scope.to_owned());
                    earlier
                }
                (_, "--ttl" | "--scope") => return Err(format!("`{last}` needs a value")),
                _ => break,
            }
            .trim_end();
        }
        let (key, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        typed.key = key.to_owned();
        typed.value = bare.unwrap_or(value).to_owned();
        Ok(typed)
    }
}

/// A line as it may be kept: without the value that was typed.
pub(super) fn without_value(line: &str) -> String {
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(kv), Some(set), Some(key)) => format!("{kv} {set} {key} {HIDDEN}"),
        _ => line.to_owned(),
    }
}

fn problem(sentence: impl AsRef<str>) -> Reply {
    Reply::Problem(reply::problem(sentence.as_ref()))
}

/// Why not, small enough to be handed on.
type Refused = Box<Reply>;

fn refusal(sentence: impl AsRef<str>) -> Refused {
    Box::new(problem(sentence))
}

/// What was typed, and the key that it means, if the asker may use it so.
fn read(call: &Call, permit: &str) -> Result<(Typed, KvKey), Refused> {
    let typed = Typed::read(call.param("args").unwrap_or_default()).map_err(refusal)?;
    let scope = scope(call, &typed)?;
    let key = KvKey::new(scope, &typed.key).map_err(refusal)?;
    allowed(call, permit, &key)?;
    Ok((typed, key))
}

fn scope(call: &Call, typed: &Typed) -> Result<KvScope, Refused> {
    let word = typed.scope.as_deref().unwrap_or("system");
    let user = call.home.user_of(&call.asker.person);
    match (KvScope::read(word, user.as_deref().unwrap_or_default()).map_err(refusal)?, user) {
        (KvScope::User(_), None) => {
            Err(refusal("the service does not vouch for who you are, so you have no keys of your own"))
        }
        (scope, _) => Ok(scope),
    }
}

/// Own keys need no rule; those of everybody need one that names the key, or none at all.
fn allowed(call: &Call, permit: &str, key: &KvKey) -> Result<(), Refused> {
    let parameters = Map::from_iter([("key".to_owned(), json!(key.name))]);
    let asked = Asked { action: permit, alias: None, parameters: &parameters };
    match (&key.scope, call.home.access.decide(&call.asker.who(), &asked)) {
        (KvScope::User(_), _) | (_, Decision::Allowed { .. }) => Ok(()),
        (KvScope::System, Decision::Refused { why }) => {
            Err(Box::new(Reply::Problem(reply::refused(&why.to_string()))))
        }
    }
}

fn missing(key: &KvKey) -> Reply {
    problem(format!("there is no key `{}` in the scope {}", key.name, key.scope.word()))
}

async fn get(call: Arc<Call>) -> Reply {
    let key = match read(&call, GET.permit) {
        Ok((_, key)) => key,
        Err(refused) => return *refused,
    };
    let Some(pair) = call.chat.store.kv().get(&key) else { return missing(&key) };
    if pair.is_secret() {
        if let Err(refused) = may_reveal(&call, &key) {
            return *refused;
        }
        let mut audit = entry(&call);
        audit.subject = Some(format!("kv/{key}"));
        audit.body.insert("change".to_owned(), json!("reveal"));
        if let Err(error) = call.chat.store.write(crate::store::Change::Audit(Box::new(audit))).await {
            return problem(format!("it cannot be recorded: {error}"));
        }
    }
    match call.chat.store.open_pair(&pair) {
        Ok(value) => Reply::Said(shown(&pair, &value, call.chat.world.now())),
        Err(error) => problem(error.to_string()),
    }
}

/// A secret is for a direct conversation, and for whoever may see this one.
fn may_reveal(call: &Call, key: &KvKey) -> Result<(), Refused> {
    if call.asker.place.as_ref().is_none_or(|place| !place.is_direct()) {
        let sentence = format!("`{}` is a secret: ask me in a direct message", key.name);
        return Err(refusal(sentence));
    }
    allowed(call, "chatops.kv-secret", key)
}

fn shown(pair: &Pair, value: &str, now: Timestamp) -> Post {
    let mut line = vec![code(pair.key.name.clone())];
    if let Some(expires) = pair.expires {
        line.push(text(format!(", for {} more", duration(expires.since(now)))));
    }
    let value = Block::Code { lang: String::new(), text: value.to_owned() };
    post(vec![Block::Para(line), value])
}

async fn set(call: Arc<Call>) -> Reply {
    let (typed, key) = match read(&call, SET.permit) {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    if typed.value.is_empty() {
        return problem("`kv set` needs a key and a value");
    }
    let store = &call.chat.store;
    let secret = typed.secret || store.kv().get(&key).is_some_and(|pair| pair.is_secret());
    if secret && call.asker.place.as_ref().is_none_or(|place| !place.is_direct()) {
        return problem(
            "a secret is set in a direct message; others have read this one here, so take another value",
        );
    }
    let expires = typed.ttl.map(|span| call.chat.world.now().plus(span));
    let new = NewPair { key, value: Secret::new(typed.value), secret, expires };
    match store.set_pair(new, entry(&call)).await {
        Ok(pair) => {
            let more = if secret { ", a secret" } else { "" };
            let span = typed.ttl.map(|span| format!(" for {}", duration(span))).unwrap_or_default();
            Reply::Said(Post::plain(format!("kept {}{more}{span}", pair.key.name)).tone(Tone::Good))
        }
        Err(error) => problem(format!("it cannot be kept: {error}")),
    }
}

async fn list(call: Arc<Call>) -> Reply {
    let read = Typed::read(call.param("args").unwrap_or_default()).map_err(refusal);
    let (typed, scope) = match read.and_then(|typed| scope(&call, &typed).map(|scope| (typed, scope))) {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    let now = call.chat.world.now();
    let pairs = call.chat.store.kv().list(&scope, &typed.key);
    let seen: Vec<Pair> =
        pairs.into_iter().filter(|pair| allowed(&call, LIST.permit, &pair.key).is_ok()).collect();
    if seen.is_empty() {
        return Reply::Said(Post::plain("there are no keys that you may see"));
    }
    let more = seen.len().saturating_sub(SHOWN);
    let row = |pair: &Pair| {
        let value = match &pair.held {
            Held::Plain(text) => reply::shorten(text),
            Held::Sealed(_) => HIDDEN.to_owned(),
        };
        let left = pair.expires.map(|expires| duration(expires.since(now))).unwrap_or_default();
        vec![pair.key.name.clone(), value, left]
    };
    let rows = seen.iter().take(SHOWN).map(row).collect();
    let mut said = post(vec![table(&["key", "value", "for"], rows)]);
    if more > 0 {
        said.body
            .push(Block::Para(vec![text(format!("and {more} more: give the beginning of their names"))]));
    }
    Reply::Said(said)
}

async fn delete(call: Arc<Call>) -> Reply {
    let key = match read(&call, DELETE.permit) {
        Ok((_, key)) => key,
        Err(refused) => return *refused,
    };
    match call.chat.store.delete_pair(key.clone(), entry(&call)).await {
        Ok(true) => Reply::Said(Post::plain(format!("{} is gone", key.name)).tone(Tone::Good)),
        Ok(false) => missing(&key),
        Err(error) => problem(format!("it cannot be removed: {error}")),
    }
}

/// The audit record of a change, without what it is about.
fn entry(call: &Call) -> Entry {
    Entry {
        at: call.chat.world.now(),
        what: What::Changed,
        person: Some(call.asker.person.clone()),
        place: call.asker.place.clone(),
        subject: None,
        body: Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Typed {
        Typed::read(line).unwrap()
    }

    #[test]
    fn options_stand_at_the_end_and_the_value_keeps_its_blanks() {
        let found = typed("web.motd  two  words --ttl 1h --secret --scope user ");
        assert_eq!((found.key.as_str(), found.value.as_str()), ("web.motd", "two  words"));
        assert_eq!(
            (found.scope.as_deref(), found.ttl, found.secret),
            (Some("user"), Some(Duration::from_secs(3600)), true)
        );
        assert_eq!(typed("a --verbose x").value, "--verbose x");
        assert_eq!(
            typed("a \"x --secret\""),
            Typed { key: "a".into(), value: "x --secret".into(), ..Typed::default() }
        );
        assert_eq!(
            typed("a --scope user"),
            Typed { key: "a".into(), scope: Some("user".into()), ..Typed::default() }
        );
        assert!(Typed::read("a b --ttl never").is_err() && Typed::read("a b --ttl").is_err());
    }

    #[test]
    fn what_is_kept_of_a_line_has_no_value() {
        assert_eq!(without_value("kv set web.pw hunter2 --secret"), format!("kv set web.pw {HIDDEN}"));
        assert_eq!(without_value("kv set"), "kv set");
    }
}
