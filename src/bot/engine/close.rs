//! What waits ends without a run: taken back, answered, or not decided in time.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::info;

use super::flow::Told;
use super::park::{Parked, audit};
use super::vote::by;
use super::{Asker, Ended, Engine};
use crate::access::Sameness;
use crate::action::{self, Part};
use crate::bot::approvals::{End, Held, Kind, Moment, Open, Undecided};
use crate::bot::home::Home;
use crate::model::{Status, Timestamp};
use crate::store::{Change, Entry, Finish, Then, Vote, What};
use crate::text::human::duration;

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
        let messages = messages.and(self.approvals.answering(open, &end, answer.as_ref()));
        let told = moment.map(|moment| self.approvals.told(open, moment, why.as_deref(), None));
        let finish = finish(open, status, why.clone(), result.clone(), audit.at);
        let then = Then::Ends(verdict.to_owned(), Box::new(finish));
        let messages = self.say_word(open, vote, then, messages, told.into_iter().collect(), audit).await?;
        info!(execution = id, verdict, "execution waits no more");
        self.approvals.forget(id);
        self.approvals.send(messages);
        if let Some(step) = &open.execution.step {
            let result = result.clone();
            self.tell_flow(step.workflow, &Told { child: id, status, result });
        }
        let Parked { done, .. } = self.unpark(id);
        for done in done {
            // Nobody may be waiting any more.
            let _ = done.send(Ended { id, status, why: why.clone(), result: result.clone(), post: None });
        }
        Ok(())
    }

    /// Ends what waits for code that knows how it ended, such as a workflow that was canceled around it.
    ///
    /// # Errors
    /// It does not wait, or it cannot be recorded.
    pub async fn conclude(
        self: &Arc<Self>,
        id: i64,
        status: Status,
        why: String,
        result: Value,
    ) -> Result<(), Undecided> {
        let held = self.approvals.hold(id).await?;
        let audit = audit(&held.open, What::Denied, self.world.now(), json!({"why": why}));
        let ending = Ending {
            verdict: "concluded",
            status,
            why: Some(why.clone()),
            result,
            end: End::Never(why),
            moment: None,
            vote: None,
            audit,
        };
        self.end_waiting(&held, ending).await
    }
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
