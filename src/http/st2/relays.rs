//! `/aliasexecution`: commands of people behind a Hubot. What is typed there is found, allowed and recorded as in any
//! chat; the acknowledgement is in the answer to the request, the result comes on the stream.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::{Body, Fault};
use super::{Caller, Scope, model, runs};
use crate::bot::chat::{Named, Relayed, Taken};
use crate::bot::home::Home;
use crate::bot::hubots;
use crate::config::instances::hubot;
use crate::http::Site;
use crate::model::{AdapterName, Person, Place, hex};
use crate::text::Post;

/// The longest name of a person or a room, in bytes.
const LONGEST_NAME: usize = 256;
/// The largest `source_context` that is kept, in bytes of JSON.
const LARGEST_CONTEXT: usize = 8_192;

/// What a client sends; what else it sends is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    name: Option<String>,
    command: Option<String>,
    user: Option<String>,
    source_channel: Option<String>,
    source_context: Value,
    notification_route: Option<String>,
    notification_channel: Option<String>,
}

/// Runs the alias that is named: 201 with `{"execution", "actionalias", "message", "extra"}`.
pub(super) async fn one(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let name = wanted.name.clone().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Fault::wrong("Alias execution \"name\" is required"))?;
    let all = carry_out(&site, &caller, wanted, Named::Only(name)).await?;
    let first = all.into_iter().next().unwrap_or_default();
    Ok((StatusCode::CREATED, Json(first)))
}

/// Runs the alias that fits: 201 with `{"results": [...]}`, each as of [`one`].
pub(super) async fn whichever(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let all = carry_out(&site, &caller, wanted, Named::Whichever).await?;
    Ok((StatusCode::CREATED, Json(json!({"results": all}))))
}

async fn carry_out(site: &Site, caller: &Caller, wanted: Wanted, alias: Named) -> Result<Vec<Value>, Fault> {
    let adapter = adapter(caller);
    let text = wanted.command.clone().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Fault::wrong("a \"command\" is required"));
    }
    let (person, name) = asker(caller, &adapter, wanted.user.as_deref())?;
    let place = place(&adapter, &wanted, &name)?;
    let id: Arc<str> = hex::encode(&site.world.random::<16>()).into();
    let context = wanted.source_context;
    let context = if context.to_string().len() <= LARGEST_CONTEXT { context } else { Value::Null };
    let _asked = place.is_some().then(|| site.bot.hubot(&adapter).asked(id.clone(), context));
    let home = site.bot.homes().current();
    let taken = site.bot.chat().relay(Relayed { person, name, place, text, alias, id }).await?;
    let mut all = Vec::with_capacity(taken.len());
    for taken in taken {
        all.push(answer(site, &home, taken).await?);
    }
    Ok(all)
}

async fn answer(site: &Site, home: &Home, taken: Taken) -> Result<Value, Fault> {
    let (order, submitted) = match taken {
        Taken::Said { alias, post } => return Ok(said(&model::alias(&alias), post.as_deref())),
        Taken::Runs { order, submitted } => (order, submitted),
    };
    let (execution, result) = runs::recorded(site, submitted).await?;
    let ack = order.ack(&execution);
    let mut answer = json!({
        "execution": model::execution(home, &execution, &result),
        "actionalias": order.alias.as_ref().map(|alias| model::alias(alias)),
    });
    if let Some(text) = ack.text {
        answer["message"] = json!(text);
    }
    if !ack.extra.is_empty() {
        answer["extra"] = Value::Object(ack.extra);
    }
    Ok(answer)
}

/// The answer of a built-in command, which has no execution: it is the acknowledgement.
fn said(alias: &Value, post: Option<&Post>) -> Value {
    let mut alias = alias.clone();
    alias["ack"] = json!({"enabled": post.is_some(), "append_url": false});
    let message = post.map(hubots::message).unwrap_or_default();
    json!({
        "execution": {
            "id": "0", "status": "succeeded", "action": {"ref": alias["action_ref"]}, "parameters": {},
            "result": {"message": message}, "context": {},
        },
        "actionalias": alias, "message": message,
    })
}

/// The Hubot of a caller: each token is one.
pub(super) fn adapter(caller: &Caller) -> AdapterName {
    match caller {
        Caller::Local(_) => hubot("hubot"),
        Caller::Token { name, .. } => hubot(name),
    }
}

/// Who asks: whom the Hubot names, proven if its token vouches for that; else the caller.
pub(super) fn asker(
    caller: &Caller,
    adapter: &AdapterName,
    user: Option<&str>,
) -> Result<(Person, String), Fault> {
    let Some(user) = user.map(str::trim).filter(|user| !user.is_empty()) else {
        let person = caller.person();
        let name = person.id().to_owned();
        return Ok((person, name));
    };
    let user = named("user", user)?;
    let person = match caller.may(Scope::Vouch) {
        true => Person::proven(adapter.clone(), &user),
        false => Person::unproven(adapter.clone(), &user),
    };
    Ok((person, user))
}

/// Where the result goes: nowhere without a route. A route of its own is kept as the place's thread.
fn place(adapter: &AdapterName, wanted: &Wanted, user: &str) -> Result<Option<Place>, Fault> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let route = text(&wanted.notification_route).or_else(|| text(&wanted.notification_channel));
    let Some(route) = route else { return Ok(None) };
    let route = named("notification_route", &route)?;
    let place = match text(&wanted.source_channel) {
        Some(channel) => Place::room(adapter.clone(), &named("source_channel", &channel)?),
        None => Place::direct(adapter.clone(), user),
    };
    let thread = (!hubots::is_usual(&route)).then(|| route.into());
    Ok(Some(Place { thread, ..place }))
}

/// A name of something in a chat.
fn named(field: &str, text: &str) -> Result<String, Fault> {
    let text = text.trim().trim_start_matches('~');
    if text.is_empty() || text.len() > LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(Fault::wrong(format!("{field}: 1 to {LONGEST_NAME} bytes without control characters")));
    }
    Ok(text.to_owned())
}
