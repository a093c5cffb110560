//! An order that needs somebody's word first, or a run that asks something: recorded as pending, asked for, and kept
//! until it is decided. What is kept is in the store; only who waits for it is not.

use std::sync::Arc;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tracing::{info, warn};

use super::flow::Told;
use super::order::Proof;
use super::{Ended, Engine, Job, Listed, Replies};
use crate::bot::approvals::{Kind, Moment, Needs, Open, Question, Undecided, within};
use crate::model::{Execution, Status, hex};
use crate::runner::{Effect, Outcome};
use crate::store::{Change, Done, Entry, Wait, What};

/// How long a code is waited for.
pub(super) const CODE_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Who waits, in this life, for what waits for somebody's word.
#[derive(Default)]
pub(super) struct Parked {
    pub(super) replies: Option<Arc<Replies>>,
    pub(super) done: Vec<oneshot::Sender<Ended>>,
}

impl Engine {
    /// Records an order as pending and asks for what it needs.
    pub(super) async fn ask_first(self: Arc<Self>, job: Arc<Job>) {
        let order = &job.order;
        let kind = if order.proof == Proof::Code { Kind::Code } else { Kind::Approval };
        if kind == Kind::Code
            && let Err(why) = self.may_prove(&order.home.access, &order.asker).await
        {
            return self.turn_away(&job, &why);
        }
        let needs = Needs {
            demands: order.demands.clone(),
            script: script(order.prepared.entry_point.as_deref()).await,
            room_name: order.asker.room_name.clone(),
            ..Needs::default()
        };
        let span = if kind == Kind::Code { CODE_WITHIN } else { within(&needs.demands) };
        let now = self.world.now();
        let execution = Execution { status: Status::Pending, ..job.execution() };
        let mut open = Open { execution, kind, needs, votes: Vec::new(), asked: now, until: now.plus(span) };
        self.compose(&mut open).await;
        let begin = Some(Box::new(job.begin(open.execution.clone())));
        if let Err(why) = self.put_up(&job, open, begin).await {
            self.turn_away(&job, &format!("I cannot record this command, so it was not run: {why}"));
        }
    }

    /// The messages that ask.
    pub(super) async fn compose(&self, open: &mut Open) {
        match open.kind {
            Kind::Code => self.compose_code(open),
            Kind::Approval | Kind::Question => self.approvals.compose(open).await,
        }
    }

    /// Commits that something waits, then says so.
    async fn put_up(
        self: &Arc<Self>,
        job: &Arc<Job>,
        open: Open,
        begin: Option<Box<crate::store::Begin>>,
    ) -> Result<(), String> {
        let mut messages = self.approvals.asking(&open);
        let tells = open.kind != Kind::Code;
        let url = job.order.home.web_url(job.id);
        let told = tells.then(|| self.approvals.told(&open, Moment::Pending, None, url));
        let mut body = job.audit_body();
        body.insert("waits_for".to_owned(), json!(open.kind.word()));
        body.insert("until".to_owned(), json!(open.until.to_string()));
        body.insert("needs".to_owned(), json!(open.needs.demands));
        let wait = Wait {
            execution: job.id,
            begin,
            waiting: open.waiting(),
            deliveries: std::mem::take(&mut messages.deliveries),
            events: told.into_iter().collect(),
            audit: job.entry(What::Pending, self.world.now(), body),
        };
        match self.store.write(Change::Wait(Box::new(wait))).await {
            Ok(Done::Repeated(first)) => {
                info!(first, "a message came again and is not run again");
                return Ok(());
            }
            Ok(Done::Stale) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
        info!(execution = job.id, waits_for = open.kind.word(), person = %open.execution.person, "execution waits");
        let parked = Parked { replies: job.order.replies.clone(), done: job.take_waiters() };
        self.lock().parked.insert(job.id, parked);
        let kind = open.kind;
        let result = open.needs.question.as_ref().map_or_else(|| json!({}), |question| question.result(None));
        self.approvals.keep(open);
        if let Some(step) = &job.order.step {
            self.tell_flow(step.workflow, &Told { child: job.id, status: Status::Pending, result });
        }
        self.approvals.send(messages);
        if kind == Kind::Code {
            self.tell_of_code(job);
        }
        Ok(())
    }

    /// A run asks something: it waits, and holds neither a place nor a lock meanwhile.
    pub(super) async fn ask_people(self: &Arc<Self>, job: &Arc<Job>, outcome: Outcome) {
        let asks = outcome.effects.iter().find_map(|effect| match effect {
            Effect::Ask { schema, ttl, route, roles, users } => Some((schema, *ttl, route, roles, users)),
            Effect::Announce { .. } | Effect::Grant { .. } => None,
        });
        let Some((schema, ttl, route, roles, users)) = asks else {
            return self.finish(job, Outcome::refused("the run waits and asks nothing"));
        };
        let question = Question {
            schema: schema.clone(),
            route: route.clone(),
            roles: roles.clone(),
            users: users.clone(),
            ttl: ttl.as_secs() / 60,
        };
        let now = self.world.now();
        let room_name = job.order.asker.room_name.clone();
        let needs = Needs { question: Some(question), room_name, ..Needs::default() };
        let execution = Execution { status: Status::Pending, started: Some(now), ..job.execution() };
        let mut open = Open {
            execution,
            kind: Kind::Question,
            needs,
            votes: Vec::new(),
            asked: now,
            until: now.plus(ttl),
        };
        self.approvals.compose(&mut open).await;
        if let Err(why) = self.put_up(job, open, None).await {
            warn!(execution = job.id, why, "a question cannot be recorded");
            return self.finish(job, Outcome::refused(format!("the question cannot be recorded: {why}")));
        }
        {
            let mut state = self.lock();
            state.running.remove(&job.id);
            state.load.end(job.id);
        }
        self.idle.notify_waiters();
        self.pump();
    }

    /// Who waited for it, and its answers; nobody of an earlier life.
    pub(super) fn unpark(&self, id: i64) -> Parked {
        self.lock().parked.remove(&id).unwrap_or_default()
    }

    /// How an execution that waits for somebody's word ends, for code that did not begin it: `None` if it does not wait.
    pub fn when_ended(&self, id: i64) -> Option<oneshot::Receiver<Ended>> {
        self.approvals.get(id)?;
        let (done, ended) = oneshot::channel();
        self.lock().parked.entry(id).or_default().done.push(done);
        Some(ended)
    }

    /// Whether an execution waits for somebody's word.
    pub fn awaits(&self, id: i64) -> bool {
        self.approvals.get(id).is_some()
    }

    /// Tells whenever an execution begins or ceases to wait for somebody's word.
    pub fn waits_changed(&self) -> tokio::sync::watch::Receiver<u64> {
        self.approvals.changed()
    }

    /// What an execution waits for, where it waits for somebody's word.
    pub fn waits_for(&self, id: i64) -> Option<Kind> {
        self.approvals.get(id).map(|open| open.kind)
    }

    /// What waits for somebody's word, the oldest first.
    pub fn awaiting(&self) -> Vec<Open> {
        self.approvals.list()
    }

    /// How much waits for somebody's word.
    pub fn awaited(&self) -> usize {
        self.approvals.count()
    }

    /// One thing that waits for somebody's word.
    ///
    /// # Errors
    /// It does not wait, which is told with what became of it.
    pub async fn waiting_for(&self, id: i64) -> Result<Open, Undecided> {
        match self.approvals.get(id) {
            Some(open) => Ok(open),
            None => Err(self.approvals.gone(id).await),
        }
    }

    /// Reads what an earlier life left waiting, and from then on ends what nobody decides in time. A bot that took
    /// nothing new still takes nothing new.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn recall(self: &Arc<Self>) -> Result<(), crate::store::StoreError> {
        self.approvals.recall().await?;
        if self.store.read(crate::store::Reader::drains).await? {
            self.drain(true);
            warn!("the bot drains, as before: it takes nothing new until somebody says `drain off`");
        }
        let (engine, approvals, world) = (Arc::downgrade(self), self.approvals.clone(), self.world.clone());
        tokio::spawn(async move {
            loop {
                let id = approvals.due().await;
                let Some(engine) = engine.upgrade() else { return };
                if let Err(error) = engine.expire(id).await {
                    warn!(execution = id, %error, "what nobody decided in time is not ended");
                    drop(engine);
                    world.sleep(Duration::from_secs(10)).await;
                }
            }
        });
        Ok(())
    }

    /// Takes nothing new (`true`), or everything again. What runs goes on, and what waits for somebody's word waits on.
    pub fn drain(&self, on: bool) -> bool {
        std::mem::replace(&mut self.lock().draining, on) != on
    }

    /// Whether it takes nothing new.
    pub fn is_draining(&self) -> bool {
        self.lock().draining
    }
}

/// SHA-256 of a script, in hex; of one that cannot be read, a word that equals no hash.
pub(super) async fn script(path: Option<&std::path::Path>) -> Option<String> {
    let read = tokio::fs::read(path?).await;
    Some(read.map_or_else(|_| "unreadable".to_owned(), |text| hex::encode(digest(&SHA256, &text).as_ref())))
}

/// What waits, for `ps`.
pub(super) fn listed(open: &Open) -> Listed {
    let execution = &open.execution;
    Listed {
        id: execution.id,
        person: execution.person.clone(),
        name: execution.person_name.clone(),
        command: execution.command.clone(),
        status: Status::Pending,
        asked: execution.asked,
        place: execution.place.clone(),
        action: execution.action.clone(),
        parameters: execution.parameters.clone(),
        step: execution.step.clone(),
    }
}

/// What the audit log keeps of something that waits.
pub(super) fn audit(open: &Open, what: What, at: crate::model::Timestamp, more: Value) -> Entry {
    let execution = &open.execution;
    let mut body = Map::new();
    body.insert("text".to_owned(), json!(execution.command));
    body.insert("action".to_owned(), json!(execution.action));
    if let Some(alias) = &execution.alias {
        body.insert("alias".to_owned(), json!(alias));
    }
    body.insert("asked_by".to_owned(), json!(execution.person));
    if let Value::Object(more) = more {
        body.extend(more);
    }
    let subject = Some(format!("execution/{}", execution.id));
    Entry { at, what, person: None, place: None, subject, body }
}
