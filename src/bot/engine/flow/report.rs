//! How a workflow goes, as people read it: each task with its state and time.

use std::time::Duration;

use super::machine::Line;
use crate::bot::engine::Job;
use crate::bot::reply;
use crate::model::{Status, Timestamp};
use crate::text::human::duration;
use crate::text::{Block, Post, Span, Tone};

/// How many tasks a message shows; what runs or failed goes first.
const SHOWN: usize = 25;

/// How many names a summary holds.
const NAMED: usize = 5;

/// The live message.
pub(super) fn progress(
    job: &Job,
    status: Status,
    lines: Vec<Line>,
    elapsed: Duration,
    now: Timestamp,
) -> Post {
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
    body.extend(tasks(lines, now));
    Post { tone: Tone::Working, body, ..Post::default() }
}

/// The tasks as a table; nothing for a workflow that has not begun.
fn tasks(lines: Vec<Line>, now: Timestamp) -> Option<Block> {
    let mut lines: Vec<(usize, Line)> = lines.into_iter().enumerate().collect();
    let left = lines.len().saturating_sub(SHOWN);
    if left > 0 {
        lines.sort_by_key(|(index, line)| (line.status == "succeeded", std::cmp::Reverse(*index)));
        lines.truncate(SHOWN);
        lines.sort_by_key(|(index, _)| *index);
    }
    let row = |(_, line): &(usize, Line)| {
        let time = line.ended.unwrap_or(now).since(line.started);
        vec![line.task.clone(), word(line), duration(time)]
    };
    let mut rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    if left > 0 {
        rows.push(vec![format!("and {left} more"), String::new(), String::new()]);
    }
    let head = ["task", "status", "time"].map(str::to_owned).to_vec();
    (!rows.is_empty()).then_some(Block::Table { head, rows })
}

/// The status of a task, with its items counted: `running, 3 of 20 done`.
fn word(line: &Line) -> String {
    match line.items {
        Some((total, done, 0)) => format!("{}, {done} of {total} done", line.status),
        Some((total, done, failed)) => format!("{}, {done} of {total} done, {failed} failed", line.status),
        None => line.status.to_owned(),
    }
}

/// One line about all tasks: `5 tasks: 4 succeeded, 1 failed (deploy)`.
pub(super) fn summary(lines: &[Line]) -> String {
    let of = |status: &str| lines.iter().filter(|line| line.status == status).count();
    let named = |status: &str| {
        let mut names: Vec<&str> =
            lines.iter().filter(|line| line.status == status).map(|line| line.task.as_str()).collect();
        names.dedup();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", names.join(", "))
    };
    let total = match lines.len() {
        1 => "1 task".to_owned(),
        many => format!("{many} tasks"),
    };
    let mut parts = vec![format!("{} succeeded", of("succeeded"))];
    for status in ["failed", "canceled"] {
        if of(status) > 0 {
            parts.push(format!("{} {status} ({})", of(status), named(status)));
        }
    }
    format!("{total}: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(task: &str, status: &'static str) -> Line {
        let at = Timestamp::from_micros(0);
        Line { task: task.to_owned(), status, items: None, started: at, ended: Some(at) }
    }

    #[test]
    fn a_summary_counts_and_names_what_went_wrong() {
        let lines = [line("a", "succeeded"), line("b", "failed"), line("c", "canceled")];
        assert_eq!(summary(&lines), "3 tasks: 1 succeeded, 1 failed (b), 1 canceled (c)");
        let many: Vec<Line> = (0..8).map(|n| line(&format!("t{n}"), "failed")).collect();
        assert_eq!(summary(&many), "8 tasks: 0 succeeded, 8 failed (t0, t1, t2, t3, t4 and 3 more)");
        assert_eq!(summary(&lines[..1]), "1 task: 1 succeeded");
    }

    #[test]
    fn of_many_tasks_those_that_run_or_failed_are_shown() {
        let mut lines: Vec<Line> = (0..40).map(|n| line(&format!("t{n}"), "succeeded")).collect();
        lines[0].status = "failed";
        lines[7].items = Some((20, 3, 1));
        lines[7].status = "running";
        let Some(Block::Table { rows, .. }) = tasks(lines, Timestamp::from_micros(5_000_000)) else {
            panic!()
        };
        assert_eq!(rows.len(), SHOWN + 1);
        assert_eq!(rows[0][..2], ["t0", "failed"]);
        assert_eq!(rows[1][..2], ["t7", "running, 3 of 20 done, 1 failed"]);
        assert_eq!(rows[SHOWN][0], "and 15 more");
    }
}
