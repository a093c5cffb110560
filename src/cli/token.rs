//! `chatops token`: who may call the API. Works with the running bot, and without one.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::api::Api;
use super::{Global, locate, print};
use crate::config::units;
use crate::http::{self, Scope};
use crate::model::{AdapterName, Person};
use crate::net::World;
use crate::store::{Change, Done, InstanceLock, Keys, Reader, Setting, Store, StoreError};

/// Who may call the API.
#[derive(Debug, Args)]
pub(super) struct Tokens {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token and print it, this once.
    Create {
        /// What it is for: letters, digits, `-`, `_`, `.`.
        name: String,
        /// What it may do, may be repeated: events, read, deliver, run, admin.
        #[arg(long = "scope", value_name = "SCOPE", default_value = "events")]
        scopes: Vec<Scope>,
        /// How long it is good, such as 90d [default: until it is revoked].
        #[arg(long, value_name = "SPAN", value_parser = units::duration)]
        expires: Option<Duration>,
    },
    /// List the tokens, when each was used last.
    List,
    /// Revoke a token: it is good for nothing from then on.
    Revoke {
        /// Its name, or its number.
        token: String,
    },
}

impl Tokens {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::List => list(global)?,
            Command::Create { name, scopes, expires } => {
                let made = super::runtime()?.block_on(create(name, scopes, *expires, global))?;
                show(&made, global)?;
            }
            Command::Revoke { token } => {
                let name = super::runtime()?.block_on(revoke(token, global))?;
                if global.json {
                    print::json(&json!({"revoked": name}))?;
                } else {
                    print::line(format_args!("the token `{name}` is revoked"))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(made: &Value, global: &Global) -> anyhow::Result<()> {
    if global.json {
        return print::json(made);
    }
    print::remark("keep it now: it is not shown again");
    print::line(made["token"].as_str().unwrap_or_default())
}

/// The database, held by us alone; `None` where the running bot holds it.
fn open(global: &Global) -> anyhow::Result<Option<(InstanceLock, Store)>> {
    let var = locate::home_dir(global)?.var_dir();
    let lock = match InstanceLock::take(&var) {
        Ok(lock) => lock,
        Err(StoreError::InUse { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let keys = Keys::load_or_create(&var).context("cannot read or make the keys in var")?;
    let store = Store::open(&locate::database(global)?, keys, World::real());
    Ok(Some((lock, store.context("cannot open the database")?)))
}

fn person() -> anyhow::Result<Person> {
    Ok(Person::proven(AdapterName::new("terminal")?, &super::chat::user()))
}

async fn create(
    name: &str,
    scopes: &[Scope],
    expires: Option<Duration>,
    global: &Global,
) -> anyhow::Result<Value> {
    let Some((_lock, store)) = open(global)? else {
        let api = Api::find(&locate::home_dir(global)?)?;
        let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
        let expires = expires.map(|span| format!("{}s", span.as_secs()));
        let body = json!({"name": name, "scopes": words, "expires": expires});
        return api.call(Method::POST, "tokens", Some(&body)).await;
    };
    let world = World::real();
    let now = world.now();
    let issued = http::issue(&store, &world, name, scopes, expires.map(|span| now.plus(span)));
    let http::Issued { secret, token } = issued.map_err(|why| anyhow!(why))?;
    let mut made = http::token(&token);
    let facts = [("change", json!("create")), ("name", json!(name)), ("scopes", json!(token.scopes))];
    write(&store, &format!("token/{}", token.id), &facts, Setting::Token(token)).await?;
    store.close().await?;
    made["token"] = json!(secret.expose());
    Ok(made)
}

async fn write(
    store: &Store,
    subject: &str,
    facts: &[(&str, Value)],
    setting: Setting,
) -> anyhow::Result<Done> {
    let body: Map<String, Value> =
        facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let audit = http::changed(&person()?, World::real().now(), subject.to_owned(), body);
    Ok(store.write(Change::Set { setting: Box::new(setting), audit }).await?)
}

/// The name of the token that was revoked.
async fn revoke(which: &str, global: &Global) -> anyhow::Result<String> {
    let Some((_lock, store)) = open(global)? else {
        let api = Api::find(&locate::home_dir(global)?)?;
        let answer = api.call(Method::DELETE, &format!("tokens/{which}"), None).await?;
        return Ok(answer["name"].as_str().unwrap_or(which).to_owned());
    };
    let all = store.read(Reader::tokens).await?;
    let good = all.into_iter().filter(|token| token.revoked.is_none());
    let found = good.into_iter().find(|token| token.name == which || token.id.to_string() == which);
    let Some(token) = found else {
        bail!("there is no token `{which}` that is good: `chatops token list` shows them");
    };
    let facts = [("change", json!("revoke")), ("name", json!(token.name))];
    let revoked = Setting::Revoke { token: token.id, at: World::real().now() };
    write(&store, &format!("token/{}", token.id), &facts, revoked).await?;
    store.close().await?;
    Ok(token.name)
}

fn list(global: &Global) -> anyhow::Result<()> {
    let reader = Reader::open_readonly(&locate::database(global)?).context("cannot read the tokens")?;
    let tokens = reader.tokens()?;
    if global.json {
        return print::json(&tokens.iter().map(http::token).collect::<Value>());
    }
    if tokens.is_empty() {
        return print::line("there are no tokens: `chatops token create NAME` makes one");
    }
    let now = World::real().now();
    tokens.iter().try_for_each(|token| {
        let state = match (token.revoked, token.expires) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(end)) if end <= now => format!("expired {end}"),
            (None, Some(end)) => format!("good until {end}"),
            (None, None) => "good".to_owned(),
        };
        let used = token.used.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
        print::line(format_args!(
            "{:>4} {}  {}  {state}, {used}",
            token.id,
            token.name,
            token.scopes.join(",")
        ))
    })
}
