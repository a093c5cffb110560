//! How a workflow goes, as people read it: each task with its state and time.

use std::time::Duration;

use crate::bot::engine::Job;
use crate::bot::reply;
use crate::model::{Status, Timestamp};
use crate::text::human::duration;
use crate::text::{Block, Post, Span, Tone};
use crate::workflow::{Run, State, TaskStatus};

/// How many tasks a message shows; what runs or failed goes first.
const SHOWN: usize = 25;

/// The live message.
pub(super) fn progress(job: &Job, status: Status, state: &State, elapsed: Duration, now: Timestamp) -> Post {
    let doing = match status {
        Status::Pausing => "is pausing",
        Status::Paused => "is paused",
        Status::Canceling => "is ending",
        Status::Failed => "has failed, and what runs comes to its end,",
        _ => "is running",
    };
    let head = vec![
        Span::Code(reply::shorten(&job.order.command)),
        Span::Text(format!(" {doing} as {}, for {}", job.id, duration(elapsed))),
    ];
    let mut body = vec![Block::Para(head)];
    body.extend(tasks(state, now));
    Post { tone: Tone::Working, body, ..Post::default() }
}

/// The tasks as a table; nothing for a workflow that has not begun.
fn tasks(state: &State, now: Timestamp) -> Option<Block> {
    let mut runs: Vec<(usize, &Run)> =
        state.runs.iter().enumerate().filter(|(_, run)| !run.stale && !is_command(run)).collect();
    let left = runs.len().saturating_sub(SHOWN);
    if left > 0 {
        runs.sort_by_key(|(index, run)| (run.status == TaskStatus::Succeeded, std::cmp::Reverse(*index)));
        runs.truncate(SHOWN);
        runs.sort_by_key(|(index, _)| *index);
    }
    let row = |(_, run): &(usize, &Run)| {
        let time = run.ended.unwrap_or(now).since(run.started);
        vec![run.task.clone(), word(run), duration(time)]
    };
    let mut rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    if left > 0 {
        rows.push(vec![format!("and {left} more"), String::new(), String::new()]);
    }
    let head = ["task", "status", "time"].map(str::to_owned).to_vec();
    (!rows.is_empty()).then_some(Block::Table { head, rows })
}

fn is_command(run: &Run) -> bool {
    crate::workflow::spec::RESERVED.contains(&run.task.as_str())
}

/// The status of a run, with its items counted: `running, 3 of 20 done`.
fn word(run: &Run) -> String {
    let status = run.status.as_str();
    match &run.list {
        Some(list) => {
            let done = list.succeeded + list.failed + list.canceled;
            let failed = if list.failed > 0 { format!(", {} failed", list.failed) } else { String::new() };
            format!("{status}, {done} of {} done{failed}", list.total)
        }
        None => status.to_owned(),
    }
}

/// One line about all tasks: `5 tasks: 4 succeeded, 1 failed (deploy)`.
pub(super) fn summary(state: &State) -> String {
    let runs: Vec<&Run> = state.runs.iter().filter(|run| !run.stale && !is_command(run)).collect();
    let of = |status: TaskStatus| runs.iter().filter(|run| run.status == status).count();
    let named = |status: TaskStatus| {
        let mut names: Vec<&str> =
            runs.iter().filter(|run| run.status == status).map(|run| run.task.as_str()).collect();
        names.dedup();
        let more = names.len().saturating_sub(5);
        names.truncate(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", names.join(", "))
    };
    let total = match runs.len() {
        1 => "1 task".to_owned(),
        many => format!("{many} tasks"),
    };
    let mut parts = vec![format!("{} succeeded", of(TaskStatus::Succeeded))];
    for (status, what) in [(TaskStatus::Failed, "failed"), (TaskStatus::Canceled, "canceled")] {
        if of(status) > 0 {
            parts.push(format!("{} {what} ({})", of(status), named(status)));
        }
    }
    format!("{total}: {}", parts.join(", "))
}
