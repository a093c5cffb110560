//! Somebody has a say in what waits: votes, withdrawals, answers, and the end of the time for them. Each is committed
//! before anything follows from it.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::info;

use super::flow::Told;
use super::park::{Parked, audit};
use super::resume::Again;
use super::{Asker, Ended, Engine};
use crate::access::Sameness;
use crate::action::{self, Part};
use crate::bot::approvals::{Approvals, End, Held, Kind, Messages, Moment, Open, Say, Undecided, standing};
use crate::bot::home::Home;
use crate::model::{Cause, Status, Timestamp};
use crate::store::{Accept, Change, Done, Entry, Finish, StoreError, Then, Vote, What, Word};
use crate::text::human::duration;

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

/// How something that waits ends without a run.
pub(super) struct Ending<'a> {
    pub(super) verdict: &'a str,
    pub(super) status: Status,
    pub(super) why: Option<String>,
    pub(super) result: Value,
    pub(super) end: End,
    pub(super) moment: Option<Moment>,
    pub(super) vote: Option<Vote>,
    pub(super) audit: Entry,
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
        let mut held = self.approvals.hold(id).await?;
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        let counts =
            match self.approvals.judge(&held.open, &home.access, &voter.who(), say, reason.as_deref()) {
                Ok(counts) => counts,
                Err(why) => {
                    self.refused(&held.open, voter, say, &why);
                    return Err(why);
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

    /// Who asked takes it back.
    ///
    /// # Errors
    /// It does not wait, or somebody else asked.
    pub async fn withdraw(self: &Arc<Self>, home: &Home, id: i64, asker: &Asker) -> Result<(), Undecided> {
        let held = self.approvals.hold(id).await?;
        let requester = &held.open.execution.person;
        let mine = *requester == asker.person
            || (asker.person.is_proven()
                && requester.is_proven()
                && home.access.sameness(requester, &asker.person) == Sameness::Same);
        if !mine {
            return Err(Undecided::NotYours(id));
        }
        self.take_back(held, &asker.name, Some(asker)).await
    }

    /// It ends because somebody who may ends it.
    pub(super) async fn take_back(
        self: &Arc<Self>,
        held: Held,
        name: &str,
        asker: Option<&Asker>,
    ) -> Result<(), Undecided> {
        let why = format!("withdrawn by {name}");
        let entry = audit(&held.open, What::Denied, self.world.now(), json!({"why": why, "withdrawn": true}));
        let audit = asker.map_or(entry.clone(), |asker| by(entry, asker));
        let ending = Ending {
            verdict: "withdrawn",
            status: Status::Canceled,
            why: Some(why.clone()),
            result: json!({}),
            end: End::Never(why),
            moment: None,
            vote: None,
            audit,
        };
        self.end_waiting(&held, ending).await
    }

    /// The time to decide is over.
    pub(super) async fn expire(self: &Arc<Self>, id: i64) -> Result<(), Undecided> {
        let held = match self.approvals.hold(id).await {
            Ok(held) => held,
            Err(Undecided::Store(error)) => return Err(Undecided::Store(error)),
            Err(_) => return Ok(()),
        };
        let open = &held.open;
        let now = self.world.now();
        if open.until > now {
            return Ok(());
        }
        let span = duration(open.until.since(open.asked));
        let why = match open.kind {
            Kind::Approval => format!("nobody decided it within {span}"),
            Kind::Code => format!("no code came within {span}"),
            Kind::Question => format!("nobody answered within {span}"),
        };
        let result = open.needs.question.as_ref().map_or_else(|| json!({}), |question| question.result(None));
        let ending = Ending {
            verdict: "timed_out",
            status: Status::Timeout,
            why: Some(why.clone()),
            result,
            end: End::Never(why.clone()),
            moment: (open.kind != Kind::Code).then_some(Moment::TimedOut),
            vote: None,
            audit: audit(open, What::Expired, now, json!({"why": why})),
        };
        self.end_waiting(&held, ending).await
    }

    /// A person answers what an execution asks.
    ///
    /// # Errors
    /// It asks nothing, that person may not answer, or the answer does not fit.
    pub async fn answer(
        self: &Arc<Self>,
        home: &Home,
        id: i64,
        asker: &Asker,
        given: Vec<(String, Part)>,
    ) -> Result<Value, Undecided> {
        let held = self.approvals.hold(id).await?;
        let open = &held.open;
        let Some(question) = open.needs.question.as_ref().filter(|_| open.kind == Kind::Question) else {
            return Err(Undecided::Gone(format!("{id} asks nothing; it waits for {}", open.kind.word())));
        };
        if open.until <= self.world.now() {
            return Err(Undecided::Gone(format!("the time to answer {id} is over")));
        }
        if !question.may_answer(&home.access, &asker.person) {
            let people: Vec<_> =
                question.roles.iter().chain(&question.users).map(|it| format!("`{it}`")).collect();
            let why = match people.is_empty() {
                true => "the service does not vouch for who you are: log in to its accounts first".to_owned(),
                false => format!("that is for {} to answer", people.join(", ")),
            };
            let entry = by(audit(open, What::Refused, self.world.now(), json!({"why": why})), asker);
            self.store.record(Change::Audit(Box::new(entry)));
            return Err(Undecided::Answer(why));
        }
        let response = action::answer(&question.schema, given).map_err(Undecided::Answer)?;
        let response = Value::Object(response);
        let more = json!({"response": response});
        let ending = Ending {
            verdict: "answered",
            status: Status::Succeeded,
            why: None,
            result: question.result(Some(response.clone())),
            end: End::Answered(response.clone()),
            moment: Some(Moment::Approved),
            vote: None,
            audit: by(audit(open, What::Approved, self.world.now(), more), asker),
        };
        self.end_waiting(&held, ending).await?;
        Ok(response)
    }

    /// Ends what waits: committed, then told to everybody who waits for it.
    pub(super) async fn end_waiting(
        self: &Arc<Self>,
        held: &Held,
        ending: Ending<'_>,
    ) -> Result<(), Undecided> {
        let Ending { verdict, status, why, result, end, moment, vote, audit } = ending;
        let open = &held.open;
        let id = open.execution.id;
        let good = status == Status::Succeeded;
        let shown = match &end {
            End::Never(why) => Some(why.trim_start_matches(verdict).trim().to_owned()),
            End::Answered(response) => Some(format!("with {response}")),
        };
        let replies = self.lock().parked.get(&id).and_then(|parked| parked.replies.clone());
        let answer = replies.map(|replies| replies.end(good));
        let messages = self.approvals.closing(open, verdict, shown.as_deref());
        let messages = messages.and(self.approvals.answering(open, &end, answer));
        let told = moment.map(|moment| self.approvals.told(open, moment, why.as_deref(), None));
        let finish = finish(open, status, why.clone(), result.clone(), audit.at);
        let then = Then::Ends(verdict.to_owned(), Box::new(finish));
        let messages = self.say_word(open, vote, then, messages, told.into_iter().collect(), audit).await?;
        info!(execution = id, verdict, "execution waits no more");
        self.approvals.forget(id);
        self.approvals.send(messages);
        if let Some(step) = &open.execution.step {
            let result = result.clone();
            self.tell_flow(step.workflow, Told { child: id, status, result });
        }
        let Parked { done, .. } = self.unpark(id);
        for done in done {
            // Nobody may be waiting any more.
            let _ = done.send(Ended { id, status, why: why.clone(), result: result.clone(), post: None });
        }
        Ok(())
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

impl From<StoreError> for Undecided {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
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

fn finish(open: &Open, status: Status, why: Option<String>, result: Value, at: Timestamp) -> Finish {
    let mut entry = audit(open, What::Finished, at, json!({"status": status, "why": why}));
    entry.person = Some(open.execution.person.clone());
    entry.place.clone_from(&open.execution.place);
    Finish {
        execution: open.execution.id,
        status,
        why,
        result,
        seen_bytes: 0,
        at,
        delivery: None,
        events: Vec::new(),
        audit: entry,
    }
}
