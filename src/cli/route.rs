//! `chatops route`: which rule would send what where. Reads files only.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{locate, print};
use crate::bot::notify::subject;
use crate::config::home::HomeDir;
use crate::config::read_optional;
use crate::model::{Event, EventStatus, Timestamp};
use crate::route::{Asked, Escalated, Rules, Scene, Verdict, explain};
use crate::store::{Keys, Reader};
use crate::topic::{self, Does, Topics};

/// The largest event, in bytes.
const LARGEST: u64 = 1 << 20;

/// Who hears of an event.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say which route sends an event where, and why not elsewhere.
    Explain {
        /// The event as JSON; `-` reads standard input.
        file: PathBuf,
        /// What became of its subject before; without it the event is the first about it.
        #[arg(long, value_name = "STATUS")]
        subject_status: Option<EventStatus>,
        /// When it comes, such as `2026-11-21T23:30:00Z`; without it now.
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<Timestamp>,
    },
}

fn time(text: &str) -> Result<Timestamp, String> {
    let time = text.parse::<jiff::Timestamp>();
    let time = time.map_err(|_| "expected a time such as `2026-11-21T23:30:00Z`".to_owned())?;
    Ok(Timestamp::from_micros(time.as_microsecond()))
}

/// Runs `chatops route`.
///
/// # Errors
/// Files that cannot be read, mistakes in them.
pub(super) fn run(global: &super::Global, command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Explain { file, subject_status, at } = command;
    let value = serde_json::from_str(&text(file)?).context("the event is no JSON")?;
    let event = Event::from_json(&value)?;
    let home = locate::home_dir(global)?;
    let path = home.notifiers_yaml();
    let rules = Rules::parse(home.shown(&path), &read_optional(&path)?.unwrap_or_default());
    let rules = rules.map_err(|errors| super::all_of(&errors))?;
    let now = || Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
    let now = at.unwrap_or_else(now);
    let before = subject_status.map(|status| subject(&event, status, now));
    let asked = Asked { event: &event, id: 0, now, derived: None };
    let scene = Scene { subject: before.as_ref(), failing: &Vec::new };
    let explained = explain(&rules, &[], &asked, scene);
    let (verdicts, later) = (explained.verdicts, explained.escalations);
    let listeners = listeners(global, &home, &event, now);
    if global.json {
        let mut all: Vec<Value> = verdicts.iter().map(|it| json!(it)).collect();
        all.extend(later.iter().map(|it| json!(it)));
        all.extend(listeners.iter().map(|it| json!(it)));
        print::pretty(&all)?;
    } else {
        for one in &listeners {
            let not = if one.acts { "" } else { "not: " };
            let text = format!("topic {}/{}: {not}{}", one.topic, one.handler, one.why);
            print::line(print::printable(&text))?;
        }
        show(&verdicts, &later)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the handlers of its topics make of it; none where the bot has no database yet.
fn listeners(global: &super::Global, home: &HomeDir, event: &Event, now: Timestamp) -> Vec<topic::Verdict> {
    let read = || -> anyhow::Result<Vec<topic::Verdict>> {
        let reader = Reader::open_readonly(&locate::database(global)?)?;
        let live = reader.live(&Keys::load(&home.var_dir())?)?;
        let notify = |options: &Map<String, Value>| {
            let notifier = options.get("notifier").and_then(Value::as_str).unwrap_or_default().to_owned();
            Ok(Does::Notify { notifier, options: None })
        };
        let handlers = live.handlers.iter().filter_map(|spec| topic::read(spec, notify).ok());
        let asked = topic::Asked { event, id: 0, now };
        let memory = |topic: &str, id: &str| reader.topic_event(topic, id).ok().flatten();
        Ok(topic::decide(&Topics::new(handlers), asked, memory).verdicts)
    };
    read().unwrap_or_default()
}

fn show(verdicts: &[Verdict], later: &[Escalated]) -> anyhow::Result<()> {
    for verdict in verdicts {
        let notifier = verdict.notifier.as_deref().map(|name| format!(" {name}:")).unwrap_or_default();
        let told = verdict.sends.as_ref().filter(|sends| sends.is_sent());
        let mark = told.map_or_else(|| "not".to_owned(), |sends| format!("sends `{}`", sends.moment));
        let line = format!("line {}", verdict.line);
        let place = verdict.attached.as_ref().map_or(line, |scope| format!("attached to {scope}"));
        let text = format!("{place}: {mark}:{notifier} {}", verdict.why);
        print::line(print::printable(&text))?;
    }
    for one in later {
        let text = format!(
            "line {}: escalates: {}: {} (at {})",
            one.line,
            one.escalates_to.join(", "),
            one.why,
            one.at
        );
        print::line(print::printable(&text))?;
    }
    let sent = verdicts.iter().filter_map(|verdict| verdict.sends.as_ref()).filter(|sends| sends.is_sent());
    print::line(print::counted(sent.count(), "notification"))
}

fn text(file: &PathBuf) -> anyhow::Result<String> {
    let mut text = String::new();
    let cannot = || format!("cannot read `{}`", file.display());
    let input: Box<dyn Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(cannot)?)
    };
    input.take(LARGEST + 1).read_to_string(&mut text).with_context(cannot)?;
    anyhow::ensure!(text.len() as u64 <= LARGEST, "the event has over {LARGEST} bytes");
    Ok(text)
}
