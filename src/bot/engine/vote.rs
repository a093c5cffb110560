//! Somebody approves or denies what waits. Each word is committed before anything follows from it.

use std::sync::Arc;

use serde_json::json;
use tracing::info;

use super::close::Ending;
use super::park::audit;
use super::resume::Again;
use super::{Asker, Engine};
use crate::access::Unfit;
use crate::bot::approvals::{Approvals, End, Held, Messages, Moment, Open, Say, Undecided, standing};
use crate::bot::home::Home;
use crate::model::{Cause, Status};
use crate::store::{Accept, Change, Done, Entry, Then, Vote, What, Word};

/// Characters of a reason: it stands in messages, events and the audit log.
const LONGEST_REASON: usize = 1000;

/// What came of a vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It counts, and more are needed: for each demand how many approved and how many must.
    Counted(Vec<(usize, usize)>),
    /// It may run.
    Approved,
    /// It may not.
    Denied,
}

impl Engine {
    /// A person approves or denies. The first denial ends it.
    ///
    /// # Errors
    /// The word does not count; see [`Undecided`]. Who may not is kept in the audit log.
    pub async fn decide(
        self: &Arc<Self>,
        home: &Arc<Home>,
        id: i64,
        voter: &Asker,
        say: Say,
        reason: Option<String>,
    ) -> Result<Decided, Undecided> {
        let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
            return Err(Undecided::LongReason(LONGEST_REASON));
        }
        let mut held = self.approvals.hold(id).await?;
        let counts =
            match self.approvals.judge(&held.open, &home.access, &voter.who(), say, reason.as_deref()) {
                Ok(counts) => counts,
                Err(why) => {
                    self.refused(&held.open, voter, say, &why);
                    return Err(match (why, say) {
                        (Undecided::Unfit(Unfit::Requester), Say::Deny) => Undecided::Own(id),
                        (why, _) => why,
                    });
                }
            };
        let now = self.world.now();
        let who = home.access.identity(&voter.person);
        let vote = Vote {
            who: who.clone(),
            person: voter.person.clone(),
            name: voter.name.clone(),
            place: voter.place.as_ref().map(ToString::to_string),
            verdict: say.word().to_owned(),
            counts,
            reason,
            at: now,
        };
        held.open.votes.retain(|earlier| earlier.who != who);
        held.open.votes.push(vote.clone());
        match say {
            Say::Deny => self.deny(held, voter, vote).await,
            Say::Approve if !Approvals::is_met(&held.open) => self.count(held, voter, vote).await,
            Say::Approve => self.approve(home, held, voter, vote).await,
        }
    }

    fn refused(&self, open: &Open, voter: &Asker, say: Say, why: &Undecided) {
        if matches!(why, Undecided::Unfit(_) | Undecided::Double(_)) {
            let more = json!({"why": why.to_string(), "said": say.word()});
            let entry = by(audit(open, What::Refused, self.world.now(), more), voter);
            self.store.record(Change::Audit(Box::new(entry)));
        }
    }

    async fn deny(self: &Arc<Self>, held: Held, voter: &Asker, vote: Vote) -> Result<Decided, Undecided> {
        let why = said("denied by", &vote);
        let audit = voted(&held.open, What::Denied, voter, &vote);
        let ending = Ending {
            verdict: "denied",
            status: Status::Canceled,
            why: Some(why.clone()),
            result: json!({}),
            end: End::Never(why),
            moment: Some(Moment::Denied),
            vote: Some(vote),
            audit,
        };
        self.end_waiting(&held, ending).await?;
        Ok(Decided::Denied)
    }

    async fn count(self: &Arc<Self>, held: Held, voter: &Asker, vote: Vote) -> Result<Decided, Undecided> {
        let open = &held.open;
        let messages = self.approvals.counted(open);
        let audit = voted(open, What::Approved, voter, &vote);
        let messages = self.say_word(open, Some(vote), Then::Waits, messages, Vec::new(), audit).await?;
        self.approvals.keep(open.clone());
        self.approvals.send(messages);
        Ok(Decided::Counted(standing(&open.needs.demands, &open.votes)))
    }

    async fn approve(
        self: &Arc<Self>,
        home: &Arc<Home>,
        held: Held,
        voter: &Asker,
        vote: Vote,
    ) -> Result<Decided, Undecided> {
        if self.is_draining() {
            return Err(Undecided::Draining);
        }
        let open = &held.open;
        let again = match self.again(home, open).await {
            Ok(Again { order, changed: None }) => order,
            Ok(Again { order, changed: Some(why) }) => {
                return Err(self.ask_again(&held, voter, why, Some(order)).await?);
            }
            Err(why) => return Err(self.ask_again(&held, voter, why, None).await?),
        };
        let names: Vec<&str> =
            open.votes.iter().filter(|it| it.verdict == "approve").map(|it| it.name.as_str()).collect();
        let why = match &vote.reason {
            Some(reason) => format!("by {}: {reason}", names.join(", ")),
            None => format!("by {}", names.join(", ")),
        };
        let messages = self.approvals.closing(open, "approved", Some(&why));
        let told = self.approvals.told(open, Moment::Approved, Some(&why), home.web_url(open.execution.id));
        let audit = voted(open, What::Approved, voter, &vote);
        let then = Then::Runs("approved".to_owned());
        let messages = self.say_word(open, Some(vote), then, messages, vec![told], audit).await?;
        info!(execution = open.execution.id, by = %voter.person, "execution approved");
        self.approvals.forget(open.execution.id);
        self.approvals.send(messages);
        self.go(open, again);
        Ok(Decided::Approved)
    }

    /// What would run is not what was asked for: it ends, and is asked for anew where that is possible.
    pub(super) async fn ask_again(
        self: &Arc<Self>,
        held: &Held,
        voter: &Asker,
        why: String,
        order: Option<super::Order>,
    ) -> Result<Undecided, Undecided> {
        let id = held.open.execution.id;
        let asked = order.is_some();
        let told = if asked { format!("{why}; it is asked for again") } else { why.clone() };
        let audit = by(audit(&held.open, What::Denied, self.world.now(), json!({"why": why})), voter);
        let replies = self.lock().parked.get_mut(&id).and_then(|parked| parked.replies.take());
        let ending = Ending {
            verdict: "refused",
            status: Status::Canceled,
            why: Some(told.clone()),
            result: json!({}),
            end: End::Never(told.clone()),
            moment: Some(Moment::Denied),
            vote: None,
            audit,
        };
        self.end_waiting(held, ending).await?;
        let Some(mut order) = order else { return Ok(Undecided::Changed(format!("{id} cannot run: {why}"))) };
        order.cause = Cause::Rerun;
        order.rerun_of = Some(id);
        order.replies = replies;
        let next = self.submit(order).id;
        Ok(Undecided::Changed(format!("{id} cannot run: {why}; it is asked for again as {next}")))
    }

    /// Commits somebody's word; the messages are to be sent then.
    pub(super) async fn say_word(
        &self,
        open: &Open,
        vote: Option<Vote>,
        then: Then,
        mut messages: Messages,
        events: Vec<Accept>,
        audit: Entry,
    ) -> Result<Messages, Undecided> {
        let id = open.execution.id;
        let deliveries = std::mem::take(&mut messages.deliveries);
        let word = Word { execution: id, vote, then, deliveries, events, audit };
        match self.store.write(Change::Word(Box::new(word))).await {
            Ok(Done::Stale) => {
                self.approvals.forget(id);
                Err(Undecided::Gone(format!("{id} was decided already")))
            }
            Ok(_) => Ok(messages),
            Err(error) => Err(Undecided::Store(error)),
        }
    }
}

/// `denied by bob: too late`.
fn said(what: &str, vote: &Vote) -> String {
    let reason = vote.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{what} {}{reason}", vote.name)
}

fn voted(open: &Open, what: What, voter: &Asker, vote: &Vote) -> Entry {
    let more = json!({"said": vote.verdict, "reason": vote.reason, "who": vote.who});
    by(audit(open, what, vote.at, more), voter)
}

/// The record of something that a person did, somewhere.
pub(super) fn by(entry: Entry, asker: &Asker) -> Entry {
    Entry { person: Some(asker.person.clone()), place: asker.place.clone(), ..entry }
}
