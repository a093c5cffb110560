//! A command that needs a second factor: who asked is asked for a code where nobody else reads it.

use std::sync::Arc;

use serde_json::json;

use super::park::audit;
use super::resume::Again;
use super::vote::by;
use super::{Asker, Engine, Job};
use crate::access::Access;
use crate::bot::approvals::{Kind, Moment, Open, Undecided, within};
use crate::bot::factors::{Factors, Owner, Unproven};
use crate::bot::home::Home;
use crate::bot::reply;
use crate::model::{Person, Place};
use crate::store::{Then, What};

/// What a code brought about. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The execution.
    pub id: i64,
    /// Whether it still waits for others.
    pub waits: bool,
    /// How many recovery codes are left, where it was one.
    pub left: Option<usize>,
}

/// Why a code brought nothing about. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotProved {
    /// Nothing waits for it.
    #[error("nothing of yours waits for a code")]
    Nothing,
    /// It is wrong.
    #[error("{0}")]
    Unproven(#[from] Unproven),
    /// It is right, and yet nothing runs.
    #[error("{0}")]
    Undecided(#[from] Undecided),
}

impl Engine {
    /// Second factors.
    pub fn factors(&self) -> &Factors {
        &self.factors
    }

    /// Whether who asks could prove who they are, here.
    pub(super) async fn may_prove(&self, access: &Access, asker: &Asker) -> Result<(), String> {
        if asker.place.is_none() {
            return Err(
                "this needs a second factor, which is asked for in a chat: give the command there".to_owned()
            );
        }
        if !asker.person.is_proven() {
            return Err("this needs a second factor, and the service does not vouch for who you are: log in to its accounts first".to_owned());
        }
        self.factors.ready(&access.identity(&asker.person)).await.map_err(|why| why.to_string())
    }

    /// The message that asks for a code, to the person alone.
    pub(super) fn compose_code(&self, open: &mut Open) {
        let execution = &open.execution;
        let here = execution.place.clone().filter(Place::is_direct);
        let alone = || Place::direct(execution.person.adapter().clone(), execution.person.id());
        open.needs.post = reply::asks_for_code(execution.id, &execution.command, open.until);
        open.needs.places = vec![here.unwrap_or_else(alone)];
    }

    /// Says in the room that the code was asked for elsewhere.
    pub(super) fn tell_of_code(&self, job: &Job) {
        if job.order.asker.place.as_ref().is_some_and(|place| !place.is_direct()) {
            self.say_volatile(job, reply::code_elsewhere(job.id), false);
        }
    }

    /// Whether something of a person waits for a code.
    pub fn awaits_code(&self, access: &Access, person: &Person) -> bool {
        self.code_of(access, person).is_some()
    }

    /// The newest thing of a person that waits for a code.
    fn code_of(&self, access: &Access, person: &Person) -> Option<Open> {
        let who = access.identity(person);
        let mine = |open: &Open| open.kind == Kind::Code && access.identity(&open.execution.person) == who;
        self.approvals.list().into_iter().rev().find(mine)
    }

    /// A person gives a code in a direct message.
    ///
    /// # Errors
    /// It proves nothing, or what waited for it cannot run.
    pub async fn prove(
        self: &Arc<Self>,
        home: &Arc<Home>,
        asker: &Asker,
        code: &str,
    ) -> Result<Proved, NotProved> {
        let open = self.code_of(&home.access, &asker.person).ok_or(NotProved::Nothing)?;
        let who = home.access.identity(&asker.person);
        let owner = Owner { who: &who, person: &asker.person, place: asker.place.as_ref() };
        let left = self.factors.prove(owner, code).await?;
        let held = self.approvals.hold(open.execution.id).await?;
        let (id, open) = (held.open.execution.id, &held.open);
        if open.until <= self.world.now() {
            return Err(Undecided::Gone(format!("the time to give a code for {id} is over")).into());
        }
        let record = by(audit(open, What::Approved, self.world.now(), json!({"said": "a code"})), asker);
        if !open.needs.demands.is_empty() {
            self.ask_others(home, open, record).await?;
            return Ok(Proved { id, waits: true, left });
        }
        if self.is_draining() {
            return Err(Undecided::Draining.into());
        }
        let order = match self.again(home, open).await {
            Ok(Again { order, changed: None }) => order,
            Ok(Again { order, changed: Some(why) }) => {
                return Err(self.ask_again(&held, asker, why, Some(order)).await?.into());
            }
            Err(why) => return Err(self.ask_again(&held, asker, why, None).await?.into()),
        };
        let messages = self.approvals.closing(open, "proved", None);
        let then = Then::Runs("proved".to_owned());
        let messages = self.say_word(open, None, then, messages, Vec::new(), record).await?;
        self.approvals.forget(id);
        self.approvals.send(messages);
        self.go(open, order);
        Ok(Proved { id, waits: false, left })
    }

    /// Who asked is who they are; now others are to approve it.
    async fn ask_others(
        self: &Arc<Self>,
        home: &Home,
        open: &Open,
        record: crate::store::Entry,
    ) -> Result<(), Undecided> {
        let now = self.world.now();
        let mut next = Open {
            kind: Kind::Approval,
            asked: now,
            until: now.plus(within(&open.needs.demands)),
            ..open.clone()
        };
        self.compose(&mut next).await;
        let messages = self.approvals.closing(open, "proved", None).and(self.approvals.asking(&next));
        let told = self.approvals.told(&next, Moment::Pending, None, home.web_url(open.execution.id));
        let then = Then::Next(Box::new(next.waiting()));
        let messages = self.say_word(open, None, then, messages, vec![told], record).await?;
        self.approvals.keep(next);
        self.approvals.send(messages);
        Ok(())
    }
}
