//! What became of a pipe that the end of the process cut off.

use super::{code, para, shorten, text};
use crate::model::Status;
use crate::text::{Block, Post, Tone};

/// A step of a pipe, for the person whose pipe it was.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The whole pipe.
    pub line: &'a str,
    /// How many steps it has.
    pub steps: usize,
    /// Which one it was, from 1.
    pub step: usize,
    /// Its command.
    pub command: &'a str,
    /// Its execution.
    pub id: i64,
}

/// The bot stopped in the middle of a pipe; `status` is how the execution of the step stands, none if it never began.
pub fn pipe_cut_off(stage: &Stage<'_>, status: Option<Status>) -> Post {
    let Stage { line, steps, step, command, id } = *stage;
    let how = match status {
        None => " was not begun".to_owned(),
        Some(Status::Abandoned) => format!(" ({id}) was running, so how it ended is not known"),
        Some(Status::Succeeded) => format!(" ({id}) had run"),
        Some(Status::Pending) => format!(" ({id}) still waits, and runs alone once it may"),
        Some(status) if status.is_final() => format!(" ({id}) ended: {status}"),
        Some(_) => format!(" ({id}) goes on alone"),
    };
    let rest = match steps - step.min(steps) {
        0 => ".",
        1 => "; the step after it was not run.",
        _ => "; the steps after it were not run.",
    };
    let mut spans = vec![
        code(shorten(line)),
        text(format!(" was cut off: the bot stopped in the middle of it. Step {step} of {steps}, ")),
        code(shorten(command)),
        text(format!("{how}{rest}")),
    ];
    match status {
        None => {}
        Some(Status::Abandoned) => {
            spans.extend([text(" "), code(format!("rerun {id}")), text(" runs that step again.")]);
        }
        Some(_) => spans.extend([text(" "), code(format!("show {id}")), text(" tells how it stands.")]),
    }
    para(spans).tone(Tone::Bad)
}

/// What was to go to another room, or to its person, which did not work.
pub fn not_sent(room: Option<&str>, why: &str, post: &Post) -> Post {
    let place = room.map_or_else(|| text("you in a direct message"), code);
    let head = vec![text("it could not be sent to "), place, text(format!(" ({why}); here it is:"))];
    let mut post = post.clone().tone(Tone::Bad);
    post.pretext.insert(0, Block::Para(head));
    post
}
