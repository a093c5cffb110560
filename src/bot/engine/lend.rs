//! Grants for a time: who may give what to whom, and putting them in force.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Asker, Engine, Job, Refusal};
use crate::access::{Asked, Decision, Sameness};
use crate::action::own;
use crate::bot::home::Home;
use crate::model::{Noun, TimeGrant};
use crate::runner::{Effect, Outcome};
use crate::store::{Change, Done, Entry, Setting, What};

/// Whether `asker` may grant it: `None` where this is no grant. Whoever may let others run all of it without a
/// condition may grant that, for a time; anything else takes a rule about `chatops.grant`.
///
/// # Errors
/// It cannot be granted, or not by that person.
pub(super) fn check(
    home: &Home,
    asker: &Asker,
    action: &str,
    parameters: &Map<String, Value>,
) -> Option<Result<(), Refusal>> {
    (action == own::GRANT).then(|| may_grant(home, asker, parameters))
}

fn may_grant(home: &Home, asker: &Asker, parameters: &Map<String, Value>) -> Result<(), Refusal> {
    let access = &home.access;
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let (what, to) = (text("what"), text("to"));
    let asked = Asked { action: own::GRANT, alias: None, parameters };
    let by_rule = access.decide(&asker.who(), &asked);
    let by_right = !access.is_role(what) && access.may_approve_all(&asker.who(), what);
    if let Decision::Refused { why } = by_rule
        && !by_right
    {
        return Err(Refusal::Access(why));
    }
    access.check_grant(what, to).map_err(|why| Refusal::Grant(why.to_string()))?;
    let own = access.reaches(to, &asker.person);
    if own != Sameness::Different && !access.is_admin(&asker.person) {
        let why = "nobody grants anything to themselves: it takes a second person";
        return Err(Refusal::Grant(why.to_owned()));
    }
    Ok(())
}

impl Engine {
    /// Does what a run left to the bot: grants. What cannot be done makes the run fail.
    pub(super) async fn carry_effects(&self, job: &Job, mut outcome: Outcome) -> Outcome {
        let effects = outcome.effects.clone();
        for effect in effects {
            let Effect::Grant { what, to, lasts, reason } = effect else { continue };
            if job.order.action.reference() != own::GRANT {
                return Outcome::refused("only the bot's own command `grant` may grant anything");
            }
            match self.lend(&job.order.asker, what, to, lasts, reason).await {
                Ok(said) => outcome.result["stdout"] = Value::from(said),
                Err(why) => return Outcome::refused(why),
            }
        }
        outcome
    }

    async fn lend(
        &self,
        giver: &Asker,
        what: String,
        to: String,
        lasts: Duration,
        why: String,
    ) -> Result<String, String> {
        let now = self.world.now();
        let grant = TimeGrant {
            id: self.store.id(Noun::Grant),
            what,
            to,
            by: giver.person.clone(),
            by_name: giver.name.clone(),
            why,
            from: now,
            until: now.plus(lasts),
        };
        let TimeGrant { id, what, to, until, .. } = &grant;
        let said = format!("grant {id}: `{to}` may run `{what}` until {until}; `revoke {id}` ends it");
        let more = json!({"what": what, "to": to, "until": until.to_string(), "why": grant.why});
        let audit = granted(giver, *id, now, more);
        self.set(Setting::Grant(grant.clone()), audit).await.map(|_| said)
    }

    /// Takes a grant back. Whether it was in force.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn revoke(&self, giver: &Asker, id: i64) -> Result<bool, String> {
        let at = self.world.now();
        let audit = granted(giver, id, at, json!({"revoked": true}));
        self.set(Setting::Revoked { grant: id, at }, audit).await.map(|done| done != Done::Stale)
    }

    async fn set(&self, setting: Setting, audit: Entry) -> Result<Done, String> {
        let mut turn = self.homes.turn().await;
        let change = Change::Set { setting: Box::new(setting), audit: Box::new(audit) };
        let done = self.store.write(change).await.map_err(|error| error.to_string())?;
        self.homes.recall(&mut turn).await.map_err(|error| error.to_string())?;
        Ok(done)
    }
}

fn granted(giver: &Asker, id: i64, at: crate::model::Timestamp, body: Value) -> Entry {
    let body = if let Value::Object(body) = body { body } else { Map::new() };
    Entry {
        at,
        what: What::Granted,
        person: Some(giver.person.clone()),
        place: giver.place.clone(),
        subject: Some(format!("grant/{id}")),
        body,
    }
}
