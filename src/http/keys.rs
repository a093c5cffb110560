//! The key-value datastore: list, read, write and remove keys. A secret is shown with `decrypt=true`, to admins.

use axum::extract::State;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::caller::{Caller, Scope};
use super::paging::Listed;
use super::problem::{Body, Path, Problem, Query};
use super::{Site, when};
use crate::action::HIDDEN;
use crate::model::{Held, KvKey, KvScope, Pair, Secret, Timestamp};
use crate::store::{Change, NewPair};

/// Which keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// `system` or `user`.
    scope: Option<String>,
    /// Whose, in the scope `user`: one's own, unless an admin asks.
    user: Option<String>,
    /// How their names begin.
    prefix: String,
    /// Secrets as they are: for admins.
    decrypt: bool,
}

impl Asked {
    fn scope(&self, caller: &Caller) -> Result<KvScope, Problem> {
        let own = caller.person().to_string();
        let user = self.user.clone().unwrap_or_else(|| own.clone());
        if user != own && !caller.may(Scope::Admin) {
            return Err(Problem::forbidden("the keys of others are for admins").field("user"));
        }
        let word = self.scope.as_deref().unwrap_or("system");
        KvScope::read(word, &user).map_err(|why| Problem::wrong(format!("scope: {why}")).field("scope"))
    }

    fn key(&self, caller: &Caller, name: &str) -> Result<KvKey, Problem> {
        KvKey::new(self.scope(caller)?, name).map_err(|why| Problem::wrong(why).field("name"))
    }

    fn sight(&self, caller: &Caller) -> Result<(), Problem> {
        match self.decrypt && !caller.may(Scope::Admin) {
            true => Err(Problem::forbidden("secrets are shown to admins: the token needs the scope `admin`")),
            false => Ok(()),
        }
    }
}

/// A pair of the datastore.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Kept {
    /// Its name.
    name: String,
    /// Whose it is: system, user.
    scope: String,
    /// That person, in the scope `user`.
    user: Option<String>,
    /// The value; `********` for a secret that is not shown.
    value: String,
    /// Whether it is a secret.
    secret: bool,
    /// When it goes.
    expires: Option<String>,
    /// Who set it last.
    who: String,
    /// When that was.
    at: String,
}

fn view(pair: &Pair, value: Option<&str>) -> Kept {
    let held = match &pair.held {
        Held::Plain(text) => text,
        Held::Sealed(_) => HIDDEN,
    };
    Kept {
        name: pair.key.name.clone(),
        scope: pair.key.scope.word().to_owned(),
        user: Some(pair.key.scope.owner()).filter(|owner| !owner.is_empty()).map(str::to_owned),
        value: value.unwrap_or(held).to_owned(),
        secret: pair.is_secret(),
        expires: pair.expires.map(|at| at.to_string()),
        who: pair.who.clone(),
        at: pair.at.to_string(),
    }
}

/// A pair as the API answers; `value` is `********` for a secret that is not shown.
pub fn whole(pair: &Pair, value: Option<&str>) -> Value {
    json!(view(pair, value))
}

/// Those whose names begin with `prefix`. Secrets are opened, where that is asked for, on this page alone.
pub(super) async fn list(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Listed { asked, paging }: Listed<Asked>,
) -> Result<Json<Value>, Problem> {
    asked.sight(&caller)?;
    let pairs = site.bot.store().kv().list(&asked.scope(&caller)?, &asked.prefix);
    let mut page = paging.cut(pairs.iter().map(|pair| view(pair, None)).collect())?;
    for kept in page.entries().filter(|_| asked.decrypt) {
        let pair = pairs.iter().find(|pair| kept["name"] == pair.key.name);
        if let Some(pair) = pair {
            *kept = json!(seen(&site, &caller, &asked, pair).await?);
        }
    }
    Ok(Json(page.also("keys", &paging)))
}

/// All of them at once.
pub(super) async fn all(site: &Site, caller: &Caller, asked: &Asked) -> Result<Vec<Kept>, Problem> {
    asked.sight(caller)?;
    let pairs = site.bot.store().kv().list(&asked.scope(caller)?, &asked.prefix);
    let mut keys = Vec::with_capacity(pairs.len());
    for pair in &pairs {
        keys.push(seen(site, caller, asked, pair).await?);
    }
    Ok(keys)
}

/// One of them.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Kept>, Problem> {
    asked.sight(&caller)?;
    let key = asked.key(&caller, &name)?;
    let pair = site.bot.store().kv().get(&key);
    let pair = pair.ok_or_else(|| Problem::missing(format!("there is no key `{key}`")))?;
    Ok(Json(seen(&site, &caller, &asked, &pair).await?))
}

/// What the caller sees of it. That a secret was shown is recorded before it is.
async fn seen(site: &Site, caller: &Caller, asked: &Asked, pair: &Pair) -> Result<Kept, Problem> {
    if !asked.decrypt || !pair.is_secret() {
        return Ok(view(pair, None));
    }
    let store = site.bot.store();
    let value = store.open_pair(pair)?;
    let body = Map::from_iter([("change".to_owned(), json!("reveal"))]);
    let audit = caller.changed(site.world.now(), format!("kv/{}", pair.key), body);
    store.write(Change::Audit(audit)).await?;
    Ok(view(pair, Some(&value)))
}

/// A value that somebody wants to keep.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    value: Secret,
    /// Whether it is a secret; one that is stays one.
    #[serde(default)]
    secret: bool,
    /// For how long: a span `1h`, or seconds.
    #[serde(default)]
    ttl: Option<Ttl>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Ttl {
    Seconds(u32),
    Span(String),
}

impl Ttl {
    fn end(&self, now: Timestamp) -> Result<Timestamp, Problem> {
        let span = match self {
            Self::Seconds(seconds) => std::time::Duration::from_secs(u64::from(*seconds)),
            Self::Span(text) => when::span(text, "ttl")?,
        };
        Ok(now.plus(span))
    }
}

/// Keeps a value under a name.
pub(super) async fn put(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Kept>, Problem> {
    let key = asked.key(&caller, &name)?;
    let store = site.bot.store();
    let now = site.world.now();
    let secret = wanted.secret || store.kv().get(&key).is_some_and(|pair| pair.is_secret());
    let expires = wanted.ttl.as_ref().map(|ttl| ttl.end(now)).transpose()?;
    let new = NewPair { key, value: wanted.value, secret, expires };
    let pair = store.set_pair(new, *caller.changed(now, String::new(), Map::new())).await?;
    Ok(Json(view(&pair, None)))
}

/// What was removed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deleted {
    /// Its name.
    deleted: String,
}

/// Removes one.
pub(super) async fn remove(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Deleted>, Problem> {
    let key = asked.key(&caller, &name)?;
    let audit = *caller.changed(site.world.now(), String::new(), Map::new());
    match site.bot.store().delete_pair(key.clone(), audit).await? {
        true => Ok(Json(Deleted { deleted: key.name })),
        false => Err(Problem::missing(format!("there is no key `{key}`"))),
    }
}
