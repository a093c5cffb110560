//! `grant`, `grants`, `revoke`: what somebody may do for a time.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Call, Need, Reply, Row, Run, post, table};
use crate::action::own;
use crate::bot::engine::{Given, Refusal, prepare};
use crate::bot::reply;
use crate::model::{Cause, TimeGrant};
use crate::text::human::duration;
use crate::text::{Post, Tone};

/// Lets somebody run something for a time.
pub(super) static GRANT: Row = Row {
    name: "grant",
    display: "grant {{what}} to {{to}} for {{lasts}} [{{reason}}]",
    formats: &["grant {{what}} to {{to}} for {{lasts}} {{reason=}}"],
    summary: "let somebody run something for a time",
    need: Need::Nothing,
    permit: own::GRANT,
    run: Run::Now(grant),
};

/// What was granted.
pub(super) static GRANTS: Row = Row {
    name: "grants",
    display: "grants",
    formats: &["grants"],
    summary: "what was granted for a time, and until when",
    need: Need::Nothing,
    permit: "chatops.access",
    run: Run::Later(|call| Box::pin(grants(call))),
};

/// Takes a grant back.
pub(super) static REVOKE: Row = Row {
    name: "revoke",
    display: "revoke {{id}}",
    formats: &["revoke {{id}}"],
    summary: "take back what was granted for a time",
    need: Need::Nothing,
    permit: own::GRANT,
    run: Run::Later(|call| Box::pin(revoke(call))),
};

fn grant(call: &Call) -> Reply {
    if call.chat.engine.is_draining() {
        return Reply::Problem(Refusal::Draining.post());
    }
    // `deploy:*` is how people say it; `alias:` and ids keep their colon.
    let what = call.param("what").unwrap_or_default();
    let what = if what.starts_with("alias:") { what.to_owned() } else { what.replacen(':', ".", 1) };
    let mut values = Map::new();
    values.insert("what".to_owned(), Value::from(what.clone()));
    for name in ["to", "lasts", "reason"] {
        if let Some(value) = call.param(name) {
            values.insert(name.to_owned(), Value::from(value.trim_start_matches('@')));
        }
    }
    let shown = |name: &str| call.param(name).unwrap_or_default().to_owned();
    let command = format!("grant {what} to {} for {} {}", shown("to"), shown("lasts"), shown("reason"));
    let alias = call.home.alias(own::GRANT);
    match prepare(&call.home, &call.asker, alias, own::GRANT, Given::Values(values)) {
        Ok(mut order) => {
            command.trim().clone_into(&mut order.command);
            order.cause = Cause::Command;
            order.message = Some(call.message.clone());
            order.replies = call.replies.clone();
            drop(call.chat.engine.submit(order));
            Reply::Elsewhere
        }
        Err(refusal) => Reply::Problem(refusal.post()),
    }
}

/// Those in force, the one that ends last first.
async fn open(call: &Call) -> Result<Vec<TimeGrant>, Reply> {
    let now = call.chat.world.now();
    let found =
        call.chat.store.read(crate::store::Reader::time_grants).await.map_err(|error| {
            Reply::Problem(reply::problem(&format!("the grants cannot be read: {error}")))
        })?;
    Ok(found.into_iter().filter(|grant| grant.until > now).collect())
}

async fn grants(call: Arc<Call>) -> Reply {
    let found = match open(&call).await {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let access = &call.home.access;
    let all = call.may("chatops.access");
    let person = &call.asker.person;
    let mine = |grant: &TimeGrant| {
        grant.by == *person || access.reaches(&grant.to, person) == crate::access::Sameness::Same
    };
    let now = call.chat.world.now();
    let row = |grant: &TimeGrant| {
        let left = duration(grant.until.since(now));
        let (id, why) = (grant.id.to_string(), reply::shorten(&grant.why));
        vec![id, grant.what.clone(), grant.to.clone(), grant.by_name.clone(), left, why]
    };
    let rows: Vec<_> = found.iter().filter(|grant| all || mine(grant)).map(row).collect();
    if rows.is_empty() {
        return Reply::Said(Post::plain("nothing is granted for a time"));
    }
    Reply::Said(post(vec![table(&["id", "what", "to", "by", "time left", "why"], rows)]))
}

async fn revoke(call: Arc<Call>) -> Reply {
    let typed = call.param("id").unwrap_or_default();
    let none = || {
        Reply::Problem(reply::problem(&format!("no grant `{typed}` that you may take back; see `grants`")))
    };
    let Ok(id) = typed.trim_start_matches('#').parse::<i64>() else { return none() };
    let found = match open(&call).await {
        Ok(found) => found.into_iter().find(|grant| grant.id == id),
        Err(reply) => return reply,
    };
    let may = |grant: &TimeGrant| {
        let access = &call.home.access;
        grant.by == call.asker.person
            || call.may(own::GRANT)
            || (!access.is_role(&grant.what) && access.may_approve_all(&call.asker.who(), &grant.what))
    };
    if !found.as_ref().is_some_and(may) {
        return none();
    }
    match call.chat.engine.revoke(&call.asker, id).await {
        Ok(true) => Reply::Said(Post::plain(format!("grant {id} is over")).tone(Tone::Good)),
        Ok(false) => none(),
        Err(why) => Reply::Problem(reply::problem(&why)),
    }
}
