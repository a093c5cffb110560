//! One execution from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::json;
use tracing::field::Empty;
use tracing::{Instrument, error, trace_span};

use super::desk::ActionDesk;
use super::{Engine, Job, files, render};
use crate::bot::outbox::{Keep, Letter, slot};
use crate::bot::reply;
use crate::model::Status;
use crate::runner::{self, Outcome};
use crate::telemetry::TARGET;
use crate::text::Post;

/// A command that takes longer than this is acknowledged, unless its alias did so at once.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_secs(1);

/// Progress is shown this often, where messages can be edited.
const PROGRESS_EVERY: Duration = Duration::from_secs(3);

/// A runner that does not end this long after its own time limit is cut off.
const OVERTIME: Duration = Duration::from_secs(30);

/// Runs what needs no process and no network: it ends at its first step, where it is asked for.
pub(super) fn instantly(engine: &Arc<Engine>, job: &Arc<Job>) {
    let context = job.context(engine);
    let run = runner::run(&job.order.prepared.runner, job.order.input(), &context, &job.order.home.runners);
    let never = "an instant runner ends at its first step";
    let outcome = run.now_or_never().unwrap_or_else(|| Outcome::refused(never));
    engine.finish(job, outcome);
}

/// Runs the rest, with acknowledgement and progress.
pub(super) async fn to_the_end(engine: Arc<Engine>, job: Arc<Job>) {
    let acknowledged = engine.acknowledge(&job);
    let span = trace_span!(
        target: TARGET, "command", execution = job.id, action = job.order.action.reference(),
        runner = job.order.prepared.runner, person = %job.order.asker.person, status = Empty, error = Empty
    );
    let work = tokio::spawn(carry_out(engine.clone(), job.clone()).instrument(span.clone()));
    let outcome = tokio::select! {
        outcome = work => outcome.unwrap_or_else(|error| failed(&job, &error)),
        never = show_progress(&engine, &job, acknowledged) => never,
    };
    span.record("status", outcome.status.as_str());
    if !matches!(outcome.status, Status::Succeeded | Status::Pending) {
        span.record("error", outcome.status.as_str());
    }
    drop(span);
    if outcome.status == Status::Pending {
        return engine.ask_people(&job, outcome).await;
    }
    let outcome = with_files(&job, outcome).await;
    engine.finish(&job, outcome);
}

/// Takes the files out of a result, where it has any; they may lie on the disk.
async fn with_files(job: &Arc<Job>, mut outcome: Outcome) -> Outcome {
    if !files::has(&outcome.result) {
        return outcome;
    }
    let home = job.order.home.clone();
    let mut result = std::mem::take(&mut outcome.result);
    let taken = tokio::task::spawn_blocking(move || {
        let found = files::take(&home, &mut result);
        (found, result)
    });
    match taken.await {
        Ok((found, result)) => {
            outcome.result = result;
            // Once for each job: nothing else sets it.
            drop(job.files.set(found));
        }
        Err(error) => error!(execution = job.id, %error, "the files of a result were not read"),
    }
    outcome
}

async fn carry_out(engine: Arc<Engine>, job: Arc<Job>) -> Outcome {
    let context = job.context(&engine);
    let limit = context.limit;
    let run = runner::run(&job.order.prepared.runner, job.order.input(), &context, &job.order.home.runners);
    match engine.world.timeout(limit + OVERTIME, run).await {
        Ok(outcome) if job.stop.is_cancelled() && outcome.status != Status::Succeeded => {
            Outcome { status: Status::Canceled, why: canceled(&job).why, ..outcome }
        }
        Ok(outcome) => engine.carry_effects(&job, outcome).await,
        Err(_) => Outcome {
            status: Status::Timeout,
            why: Some(format!("it did not end within {} s", limit.as_secs())),
            result: json!({}),
            effects: Vec::new(),
        },
    }
}

fn failed(job: &Job, error: &tokio::task::JoinError) -> Outcome {
    error!(execution = job.id, %error, "a runner failed");
    let why = Some("the bot made a mistake while running it; the log has more".to_owned());
    Outcome { status: Status::Failed, why, result: json!({}), effects: Vec::new() }
}

/// How a killed execution ended.
pub(super) fn canceled(job: &Job) -> Outcome {
    let why = job.killed_by().map(|by| format!("ended by {by}"));
    Outcome { status: Status::Canceled, why, result: json!({}), effects: Vec::new() }
}

async fn show_progress<T>(engine: &Engine, job: &Job, acknowledged: bool) -> T {
    if job.order.alias.as_ref().is_some_and(|alias| !alias.ack.enabled) {
        return std::future::pending().await;
    }
    if !acknowledged {
        engine.world.sleep(ACKNOWLEDGE_AFTER).await;
        let post = engine.with_kill(job, render::running(&job.order, job.id));
        engine.say_volatile(job, post, false);
    }
    loop {
        engine.world.sleep(PROGRESS_EVERY).await;
        let elapsed = engine.world.now().since(job.asked);
        let tail = job.output.sample(super::TAIL).lines.join("\n");
        let post = reply::progress(job.id, &job.order.command, &tail, elapsed);
        let post = engine.with_kill(job, post);
        engine.say(job, post, Keep::Progress, false, false);
    }
}

impl Job {
    fn context(&self, engine: &Engine) -> runner::Job {
        let asks = runner::find(&self.order.prepared.runner).is_some_and(|row| row.name == "python-script");
        runner::Job {
            id: self.id,
            stop: self.stop.clone(),
            limit: self.order.limit(),
            output: self.output.clone(),
            world: engine.world.clone(),
            desk: asks.then(|| self.desk(engine)),
        }
    }
}

impl Job {
    /// Who answers what the action asks while it runs.
    fn desk(&self, engine: &Engine) -> Arc<dyn runner::Desk> {
        Arc::new(ActionDesk {
            store: engine.store.clone(),
            world: engine.world.clone(),
            person: self.order.asker.person.clone(),
            place: self.order.asker.place.clone(),
            execution: self.id,
            action: self.order.action.reference(),
            told: std::sync::Mutex::default(),
        })
    }
}

impl Engine {
    /// Sends the alias's own acknowledgement. Returns whether there is one.
    pub(super) fn acknowledge(&self, job: &Job) -> bool {
        let Some(post) = render::acknowledgement(&job.order, &job.execution()) else { return false };
        self.say(job, post, Keep::Volatile, false, true);
        true
    }

    pub(super) fn say_volatile(&self, job: &Job, post: Post, last: bool) {
        self.say(job, post, Keep::Volatile, last, false);
    }

    pub(super) fn say(&self, job: &Job, post: Post, keep: Keep, last: bool, good: bool) {
        let Some(place) = job.order.place() else { return };
        let letter = Letter {
            slot: slot(place, job.lane()),
            place: place.clone(),
            post: Arc::new(post),
            answer: job.order.answer(last, good),
            keep,
        };
        self.outbox.put(letter);
    }
}
