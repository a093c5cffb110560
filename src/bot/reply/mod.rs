//! Every sentence the bot says of its own accord, as posts. What aliases and templates say is not here.

mod pipe;

use std::time::Duration;

use serde_json::Value;

use crate::model::{Chosen, Execution, Offer, Timestamp};
use crate::text::human::duration;
use crate::text::{Block, Post, Span, Tone};
pub use pipe::{Stage, not_sent, pipe_cut_off};

fn text(text: impl Into<String>) -> Span {
    Span::Text(text.into())
}

fn code(text: impl Into<String>) -> Span {
    Span::Code(text.into())
}

fn para(spans: Vec<Span>) -> Post {
    Post { body: vec![Block::Para(spans)], ..Post::default() }
}

/// Something went wrong that is nobody's execution.
pub fn problem(sentence: &str) -> Post {
    Post::said(sentence).tone(Tone::Bad)
}

/// An execution waits for a lock that another one holds.
pub fn waits_for_lock(id: i64, lock: &str, holder: i64, name: Option<&str>) -> Post {
    let who = name.map(|name| format!(" of {name}")).unwrap_or_default();
    para(vec![
        text(format!("{id} waits: ")),
        code(lock),
        text(format!(" is held by {holder}{who}; it starts when that ends. ")),
        code(format!("kill {id}")),
        text(" drops it."),
    ])
    .tone(Tone::Working)
}

/// An execution waits for a free place.
pub fn waits_for_place(id: i64, reason: &str, ahead: usize) -> Post {
    let before = match ahead {
        0 => "it is the next one".to_owned(),
        1 => "1 waits before it".to_owned(),
        many => format!("{many} wait before it"),
    };
    para(vec![
        text(format!("{id} waits: {reason}; {before}. ")),
        code(format!("kill {id}")),
        text(" drops it."),
    ])
    .tone(Tone::Working)
}

/// A command has been running for a moment.
pub fn running(id: i64, command: &str) -> Post {
    para(vec![code(command), text(format!(" is running as {id}"))]).tone(Tone::Working)
}

/// A command is still running: its last lines.
pub fn progress(id: i64, command: &str, tail: &str, elapsed: Duration) -> Post {
    let head = vec![code(command), text(format!(" is running as {id}, for {}", duration(elapsed)))];
    let mut body = vec![Block::Para(head)];
    if !tail.trim().is_empty() {
        body.push(Block::Code { lang: String::new(), text: tail.trim_end().to_owned() });
    }
    Post { tone: Tone::Working, body, ..Post::default() }
}

/// The bot died while a command ran.
pub fn abandoned(execution: &Execution) -> Post {
    para(vec![
        code(&execution.command),
        text(format!(
            " ({}) was abandoned: the bot stopped while it ran, so how it ended is not known. ",
            execution.id
        )),
        code(format!("rerun {}", execution.id)),
        text(" runs it again."),
    ])
    .tone(Tone::Bad)
}

/// The bot stopped in the middle of a workflow, and tasks were cut off that may not be safe to repeat.
pub fn cut_off(id: i64, command: &str, tasks: &str) -> Post {
    para(vec![
        code(command),
        text(format!(
            " ({id}) is paused: the bot stopped while {tasks} ran, so how that ended is not known. "
        )),
        code(format!("resume {id} rerun")),
        text(" runs it again, "),
        code(format!("resume {id} skip")),
        text(" counts it as failed, "),
        code(format!("kill {id}")),
        text(" ends the workflow."),
    ])
    .tone(Tone::Warning)
}

/// What is added to a result that is not a success, less what the words `said` hold already:
/// `failed (exit code 3) · execution 12`.
pub fn ending(execution: &Execution, said: &str) -> Option<String> {
    let Execution { id, status, why, .. } = execution;
    let holds = |word: &str| said.contains(word);
    let how = match why.as_deref().filter(|why| !holds(why)) {
        Some(why) => Some(format!("{status} ({why})")),
        None if holds(&status.to_string()) => None,
        None => Some(status.to_string()),
    };
    let named = said.split(|it: char| !it.is_alphanumeric()).any(|word| word == id.to_string());
    let parts = [how, (!named).then(|| format!("execution {id}"))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Nothing matches what was typed.
pub fn unknown(typed: &str, suggestion: Option<&str>) -> Post {
    if typed.trim().is_empty() {
        return para(vec![text("yes? "), code("help"), text(" lists what you may say here")]);
    }
    let mut spans = vec![text("I do not know "), code(shorten(typed))];
    match suggestion {
        Some(suggestion) => spans.extend([text("; did you mean "), code(suggestion), text("?")]),
        None => spans.extend([text("; "), code("help"), text(" lists what you may say here")]),
    }
    para(spans).tone(Tone::Bad)
}

/// Several commands fit equally well.
pub fn tie(typed: &str, candidates: &[(String, String)]) -> Post {
    let head = Block::Para(vec![code(shorten(typed)), text(" fits several commands:")]);
    let line = |(reference, display): &(String, String)| vec![code(reference), text(format!("  {display}"))];
    let items = Block::List(candidates.iter().map(line).collect());
    Post { tone: Tone::Bad, body: vec![head, items], ..Post::default() }
}

/// Somebody may not do something.
pub fn refused(why: &str) -> Post {
    Post::said(&format!("you may not run that here: {why}; `why can't I run …` tells more")).tone(Tone::Bad)
}

/// A command names an action that is not there.
pub fn no_action(reference: &str) -> Post {
    problem(&format!("action `{reference}` does not exist; an admin finds more with `chatops check`"))
}

/// A change of the configuration brought mistakes.
pub fn configuration(wrong: &[String]) -> Post {
    const MOST: usize = 10;
    let mut items: Vec<Vec<Span>> = wrong.iter().take(MOST).map(|wrong| vec![text(wrong)]).collect();
    if wrong.len() > MOST {
        items.push(vec![text(format!("and {} more", wrong.len() - MOST))]);
    }
    let head = Block::Para(vec![text("the configuration was changed, and something is wrong with it:")]);
    let body =
        vec![head, Block::List(items), Block::Para(vec![code("doctor"), text(" tells how it stands")])];
    Post { tone: Tone::Warning, body, ..Post::default() }
}

/// A message whose buttons were pressed, with who chose what and when.
pub fn chosen(mut post: Post, offer: &Offer) -> Post {
    for way in &offer.ways {
        if let Some(Chosen { name, at, .. }) = &way.chosen {
            let spans = vec![
                text(format!("{name} chose ")),
                Span::Bold(way.label.clone()),
                text(", "),
                Span::Time(at.as_secs()),
            ];
            post.body.push(Block::Para(spans));
        }
    }
    post
}

/// Somebody pressed what somebody pressed before.
pub fn chosen_before(chosen: &Chosen, label: &str) -> Post {
    para(vec![
        text(format!("{} chose ", chosen.name)),
        Span::Bold(label.to_owned()),
        text(" already, "),
        Span::Time(chosen.at.as_secs()),
    ])
    .tone(Tone::Warning)
}

/// A command reached the bot long after it was said.
pub fn away(typed: &str, ago: Duration, can: CanChoose) -> Post {
    let mut spans = vec![
        text("I was away when you said "),
        code(shorten(typed)),
        text(format!(" {} ago, so I did not run it", duration(ago))),
    ];
    if can == CanChoose::No {
        spans.push(text("; say it again if it is to run now"));
    }
    para(spans).tone(Tone::Warning)
}

/// Whether a message has a button for what it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CanChoose {
    /// A button does it.
    Yes,
    /// People type.
    No,
}

/// What runs without anybody asking now, above what came of it.
pub fn itself(what: &str, line: &str) -> Block {
    Block::Para(vec![text(format!("{what}: ")), code(shorten(line))])
}

/// Somebody wanted to be reminded; `due` is when, if that was long ago.
pub fn reminder(words: &str, due: Option<String>) -> Post {
    let mut post = crate::text::parse(words).tone(Tone::Plain);
    post.pretext.insert(0, Block::Para(vec![text("a reminder:")]));
    if let Some(due) = due {
        post.foot = format!("it was due at {due}, while I was away");
    }
    post
}

/// Something that was to run once was missed.
pub fn missed(id: i64, line: &str, due: &str) -> Post {
    let away = format!(" was to run at {due}, while I was away: it did not run");
    para(vec![text(format!("schedule {id}: ")), code(shorten(line)), text(away)]).tone(Tone::Warning)
}

/// A schedule paused itself: nobody stands behind it any more.
pub fn rests(id: i64, line: &str, why: &str) -> Post {
    let spans = vec![
        text(format!("schedule {id}: ")),
        code(shorten(line)),
        text(format!(" did not run and is paused: {why}; ")),
        code(format!("schedule resume {id}")),
        text(" tries again"),
    ];
    para(spans).tone(Tone::Warning)
}

/// What a room filled in.
pub fn filled(values: &[String]) -> String {
    match values.is_empty() {
        true => String::new(),
        false => format!("with {}, as this room says", values.join(" ")),
    }
}

/// A rule that is about an event does not run.
pub fn rule(name: &str, why: &str) -> Post {
    para(vec![text("rule "), code(name), text(format!(" does not run: {why}"))]).tone(Tone::Warning)
}

/// Which step of a pipe did not go well.
pub fn step(number: usize, all: usize) -> Block {
    Block::Para(vec![text(format!("step {number} of {all}:"))])
}

/// What somebody sends to another room.
pub fn sent_by(name: &str, post: &Post) -> Post {
    let mut post = Post { to: None, ..post.clone() };
    post.pretext.insert(0, Block::Para(vec![text(format!("{name} sends:"))]));
    post
}

/// Needed parameters were not given: what each accepts, and what to type.
pub fn missing(why: &str, type_this: &str) -> Post {
    para(vec![text(format!("{why}: type ")), code(type_this)]).tone(Tone::Bad)
}

/// An answer to somebody whose room is closed to the bot.
pub fn moved(room: &str, post: &Post) -> Post {
    let mut post = Post { to: None, ..post.clone() };
    let head = vec![text(format!("you asked this in {room}, where I can no longer post:"))];
    post.pretext.insert(0, Block::Para(head));
    post
}

/// A command needs a second factor: asks for the code where nobody else reads it.
pub fn asks_for_code(id: i64, command: &str, until: Timestamp) -> Post {
    let mut post = para(vec![
        code(command),
        text(format!(" ({id}) needs your second factor: say the code of your app here, such as ")),
        code("123456"),
        text(", until "),
        Span::Time(until.as_secs()),
    ]);
    post.foot = format!("never say it where others read it · withdraw {id}");
    post.tone(Tone::Warning)
}

/// The room hears that the code was asked for elsewhere.
pub fn code_elsewhere(id: i64) -> Post {
    para(vec![text(format!("{id} needs your second factor: I asked you for the code in a direct message"))])
        .tone(Tone::Working)
}

/// A code was typed where others read it.
pub fn code_in_a_room() -> Post {
    Post::plain(
        "never say a code where others read it: that one counts no more. Delete the message if you can, and say the next code to me in a direct message",
    )
    .tone(Tone::Bad)
}

/// A value as it would be typed.
pub fn value(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Text from a chat, cut so that an answer never repeats a page.
pub fn shorten(typed: &str) -> String {
    const LONGEST: usize = 80;
    let line = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
