//! The end of an execution: its result is cut of secrets, rendered, recorded and answered.

use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};
use tracing::{info, warn};

use super::flow::Told;
use super::{Ended, Engine, Job, announce, render};
use crate::action::{cut_secrets, cut_secrets_in};
use crate::bot::outbox::{Body, Keep, slot};
use crate::bot::reply;
use crate::model::{Execution, Noun, Place, Status};
use crate::runner::{Effect, Outcome};
use crate::store::{Accept, Change, Finish, NewDelivery, What};
use crate::text::Post;

impl Engine {
    /// Ends an execution: the answer is on its way before the commit that remembers it is done.
    pub(super) fn finish(self: &Arc<Self>, job: &Arc<Job>, outcome: Outcome) {
        let now = self.world.now();
        let cut = self.is_cut(job, &outcome);
        let outcome = if cut { Outcome { status: Status::Abandoned, ..outcome } } else { outcome };
        let raw = outcome.clone();
        self.durations.count(outcome.status, now.since(job.asked));
        let secrets = &job.order.prepared.secrets;
        let result = cut_secrets_in(&outcome.result, secrets);
        let why = outcome.why.map(|why| cut_secrets(&why, secrets));
        let execution =
            Execution { status: outcome.status, why: why.clone(), ended: Some(now), ..job.execution() };
        let mut post = render::result(&job.order, &execution, &result);
        if let (Some(found), Some(post)) = (job.files.get(), &mut post) {
            post.files.extend(found.files.iter().cloned());
            let foot = std::mem::take(&mut post.foot);
            let lines = std::iter::once(foot).chain(found.problems.iter().cloned());
            post.foot = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ");
        }
        if let Some(summary) = job.summary.lock().unwrap_or_else(PoisonError::into_inner).take()
            && let Some(post) = &mut post
        {
            post.foot = if post.foot.is_empty() { summary } else { format!("{} · {summary}", post.foot) };
        }
        let instant = job.instant;
        let delivery = match (&mut post, job.order.place()) {
            (Some(post), Some(place)) if !instant => {
                let offer = self.with_again(job, &execution, place, post);
                Some(NewDelivery { offer, ..self.delivery(job, place, post) })
            }
            _ => None,
        };
        let keep =
            delivery.as_ref().map_or(Keep::Volatile, |delivery| Keep::Stored(self.outbox.adopt(delivery)));
        let mut body = job.audit_body();
        body.insert("status".to_owned(), json!(outcome.status));
        if let Some(why) = &why {
            body.insert("why".to_owned(), json!(why));
        }
        let finish = Finish {
            execution: job.id,
            status: outcome.status,
            why: why.clone(),
            result: result.clone(),
            seen_bytes: job.output.seen(),
            at: now,
            delivery,
            events: self.told(job, &execution, &result, &outcome.effects),
            audit: job.entry(What::Finished, now, body),
        };
        match instant {
            true => self.store.record(Change::Ran(Box::new(job.begin(execution.clone())), Box::new(finish))),
            false => {
                let finish = Box::new(finish);
                let alone = if cut { Some(finish) } else { self.step_ended(job, &raw, finish) };
                if let Some(finish) = alone {
                    let commit = self.store.write(Change::Finish(finish));
                    drop(tokio::spawn(remember(job.id, commit)));
                }
            }
        }
        self.announce(&outcome.effects, secrets);
        let good = outcome.status == Status::Succeeded;
        let told = post.as_ref().filter(|_| job.order.quiet).cloned();
        self.say(job, post.unwrap_or_default(), keep, true, good);
        info!(execution = job.id, action = %execution.action, status = %outcome.status, person = %execution.person, "execution ended");
        self.release(job, &Ended { id: job.id, status: outcome.status, why, result, post: told });
    }

    /// What the action's `notify:` block and its announcements tell, routed when the end commits.
    fn told(&self, job: &Job, execution: &Execution, result: &Value, effects: &[Effect]) -> Vec<Accept> {
        let told = announce::events(&job.order, execution, result);
        let said = effects.iter().filter_map(|effect| announce::said(&job.order, execution, effect));
        let marked = |(event, routes): announce::Told| {
            self.notify.prepare_for(announce::by_rule(&job.order, event), &routes)
        };
        told.into_iter().chain(said).map(marked).collect()
    }

    /// Tells those who listen to announcements themselves.
    fn announce(&self, effects: &[Effect], secrets: &[String]) {
        for effect in effects {
            let Effect::Announce { route, body } = effect else { continue };
            let body = cut_secrets_in(body, secrets);
            // Mostly nobody listens.
            let _ = self.announced.send(Arc::new(Effect::Announce { route: route.clone(), body }));
        }
    }

    fn delivery(&self, job: &Job, place: &Place, post: &Post) -> NewDelivery {
        let now = self.world.now();
        let body = Body { place: place.clone(), post: post.clone() };
        let told = body.delivery(self.store.id(Noun::Delivery), slot(place, job.lane()), "result", now);
        NewDelivery { execution: Some(job.id), ..told }
    }

    fn release(self: &Arc<Self>, job: &Job, ended: &Ended) {
        {
            let mut state = self.lock();
            state.running.remove(&job.id);
            state.load.end(job.id);
        }
        for done in job.take_waiters() {
            // Nobody may be waiting: most orders come from chat.
            let _ = done.send(ended.clone());
        }
        self.idle.notify_waiters();
        self.pump();
    }

    /// Ends a recorded execution that never started.
    pub(super) fn give_up(self: &Arc<Self>, job: &Arc<Job>, why: &str) {
        let outcome = Outcome {
            status: Status::Canceled,
            why: Some(why.to_owned()),
            result: json!({}),
            effects: Vec::new(),
        };
        self.finish(job, outcome);
    }

    /// Answers an order that could not even be recorded.
    pub(super) fn turn_away(self: &Arc<Self>, job: &Arc<Job>, why: &str) {
        self.say_volatile(job, reply::problem(why), true);
        if let Some(step) = &job.order.step {
            let result = json!({"succeeded": false, "failed": true, "error": why});
            self.tell_flow(step.workflow, &Told { child: job.id, status: Status::Failed, result });
        }
        let ended = Ended {
            id: job.id,
            status: Status::Failed,
            why: Some(why.to_owned()),
            result: json!({}),
            post: None,
        };
        self.release(job, &ended);
    }
}

async fn remember(
    execution: i64,
    commit: impl Future<Output = Result<crate::store::Done, crate::store::StoreError>>,
) {
    if let Err(error) = commit.await {
        warn!(execution, %error, "the end of an execution was not recorded");
    }
}
