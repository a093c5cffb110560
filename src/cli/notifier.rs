//! `chatops notifier`: the configured notifiers, help on a kind, a test-send.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::api::Api;
use super::{Global, locate, print};
use crate::config::nearest::hint;
use crate::model::{Event, Handle, Receipt, SendError, Timestamp};
use crate::notifier::{
    Boxed, CATALOGUE, Configured, Doors, Edits, Mode, Notice, Read, Room, Row, Texts, read,
};
use crate::template::{Options, Templates, named};
use crate::text::Post;

/// Arguments of `chatops notifier`. Its `help` is ours, not the command line parser's.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the configured notifiers, and the kinds there are.
    List,
    /// Print an example of a kind, and its options.
    Help {
        /// The kind, such as `slack`.
        kind: String,
    },
    /// Send a test to a notifier and show what the other side said; through the running bot if there is one.
    Test {
        /// The notifier's name in notifiers.yaml.
        name: String,
        /// The event to tell, JSON or YAML as for `POST /api/v1/events`; without it one that says it is a test.
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
        /// Send nothing: show what would be sent, secrets masked.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the subcommand.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.what {
        What::List => list(global),
        What::Help { kind } => {
            let row = Row::of(kind).map_err(|why| anyhow!(why))?;
            if global.json {
                let mut help = full(row);
                help["schema"] = (row.schema)();
                print::pretty(&help)?;
            } else {
                print::exactly(row.page)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Test { name, event, dry_run } => {
            let mode = if *dry_run { Mode::Rehearse } else { Mode::Send };
            super::runtime()?.block_on(test(global, name, event.as_deref(), mode))
        }
    }
}

fn full(row: &Row) -> Value {
    json!({"kind": row.kind, "summary": row.summary, "example": row.example(), "edits": row.edits == Edits::InPlace})
}

/// The notifiers of the home.
pub(super) fn load(global: &Global) -> anyhow::Result<Read> {
    locate::notifiers_yaml(global, read)
}

fn list(global: &Global) -> anyhow::Result<ExitCode> {
    let found = load(global)?;
    let bad = found.problems.iter().any(crate::config::Problem::is_fatal);
    if global.json {
        let notifiers: Vec<Value> = found.notifiers.iter().map(brief).collect();
        let kinds: Vec<Value> = CATALOGUE.iter().map(full).collect();
        print::pretty(&json!({"notifiers": notifiers, "kinds": kinds, "problems": found.problems}))?;
    } else {
        print::problems(&found.problems);
        print::exactly(table(&found.notifiers))?;
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn brief(it: &Configured) -> Value {
    json!({
        "name": it.name, "kind": it.service.kind(), "description": it.description, "enabled": it.enabled,
        "targets": it.service.targets(),
    })
}

fn table(notifiers: &[Configured]) -> String {
    let widest = notifiers.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for it in notifiers {
        let off = if it.enabled { "" } else { " (off)" };
        let targets = it.service.targets().join(", ");
        let about = if it.description.is_empty() { String::new() } else { format!(": {}", it.description) };
        out.push_str(&format!("{:widest$}  {} to {targets}{off}{about}\n", it.name, it.service.kind()));
    }
    if notifiers.is_empty() {
        out.push_str("no notifiers are configured in notifiers.yaml\n");
    }
    out.push_str("\nkinds, see `chatops notifier help KIND`:\n");
    let widest = CATALOGUE.iter().map(|row| row.kind.len()).max().unwrap_or_default();
    out.extend(CATALOGUE.iter().map(|row| format!("  {:widest$}  {}\n", row.kind, row.summary)));
    out
}

/// Through the running bot, so that the test is in its history; without one, by ourselves.
async fn test(global: &Global, name: &str, event: Option<&Path>, mode: Mode) -> anyhow::Result<ExitCode> {
    let event = event.map(given).transpose()?;
    let home = locate::home_dir(global)?;
    let answers = match Api::find(&home) {
        Ok(api) if api.get("status").await.is_ok() => through(&api, name, event.as_ref(), mode).await?,
        _ => alone(global, name, event, mode).await?,
    };
    show(global, &answers, mode)?;
    let good = answers.iter().all(|answer| answer["good"] == true);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn through(api: &Api, name: &str, event: Option<&Event>, mode: Mode) -> anyhow::Result<Vec<Value>> {
    let dry = if mode == Mode::Rehearse { "?dry_run=true" } else { "" };
    let answer = api.post_and_wait_with(&format!("notifiers/{name}/test{dry}"), event).await?;
    Ok(answer["results"].as_array().cloned().unwrap_or_default())
}

async fn alone(global: &Global, name: &str, event: Option<Event>, mode: Mode) -> anyhow::Result<Vec<Value>> {
    let found = load(global)?;
    print::problems(&found.problems);
    let Some(notifier) = found.notifiers.iter().find(|it| it.name == name) else {
        let near = hint(name, found.notifiers.iter().map(|it| it.name.as_str()));
        bail!("there is no notifier `{name}`{}", near.map(|near| format!(": {near}")).unwrap_or_default());
    };
    let world = locate::world(global)?;
    let mut notice = event.map_or_else(|| Notice::sample(world.now()), |event| told(event, world.now()));
    notice.test = true;
    let home = locate::home_dir(global)?;
    let templates = Templates::new(Options { templates: named(home.root()).0, ..Options::default() });
    let texts = Texts::of(notice, &notifier.messages, &templates);
    texts
        .problems
        .iter()
        .for_each(|problem| print::remark(format_args!("warning: {problem}: the default text is sent")));
    let doors = Doors { world: &world, templates: &templates, chat: &NoRoom, mode };
    let mut answers = Vec::new();
    for target in notifier.service.targets() {
        let notice = Notice { target: target.clone(), ..texts.notice.clone() };
        answers.push(match notifier.service.send(&doors, &notice, None).await {
            Ok(receipt) => json!({"target": target, "good": true, "answer": receipt.answer}),
            Err(error) => {
                let may_pass = matches!(error, SendError::Retry { .. });
                json!({"target": target, "good": false, "answer": error.to_string(), "may_pass": may_pass})
            }
        });
    }
    Ok(answers)
}

/// The notice of an event that is told by hand.
fn told(event: Event, now: Timestamp) -> Notice {
    let at = event.at.unwrap_or(now);
    Notice {
        delivery: format!("test-{}", now.as_micros()),
        fingerprint: event.subject(),
        moment: event.status.moment(),
        finished: event.status.is_outcome().then_some(at),
        started: event.started,
        at,
        source: event.source,
        kind: event.kind,
        title: event.title,
        body: event.text,
        level: event.level,
        link: event.url,
        facts: event.labels.clone().into_iter().collect(),
        labels: event.labels,
        payload: event.payload,
        ..Notice::default()
    }
}

fn show(global: &Global, answers: &[Value], mode: Mode) -> anyhow::Result<()> {
    if global.json {
        return print::pretty(&answers);
    }
    for one in answers {
        let (target, answer) =
            (one["target"].as_str().unwrap_or_default(), one["answer"].as_str().unwrap_or_default());
        match one["good"] == true {
            true if mode == Mode::Rehearse => {
                print::line(format_args!("to {target}, not sent:\n{answer}\n"))?;
            }
            true => print::line(format_args!("{target}: sent: {}", print::printable(answer)))?,
            false => print::line(format_args!("{target}: not sent: {}", print::printable(answer)))?,
        }
    }
    Ok(())
}

/// An event from a file, as `POST /api/v1/events` takes it, in JSON or YAML.
fn given(file: &Path) -> anyhow::Result<Event> {
    let text = crate::config::read_file(file)?;
    let value: Value = crate::config::yaml::read(file, &text)?;
    Event::from_json(&value).with_context(|| format!("`{}` holds no event", file.display()))
}

/// No adapter is connected on the command line.
struct NoRoom;

impl Room for NoRoom {
    fn post<'a>(
        &'a self,
        place: &'a str,
        _: Post,
        _: Option<&'a Handle>,
    ) -> Boxed<'a, Result<Receipt, SendError>> {
        let why = format!("`{place}` is reached through a connected adapter, which only the running bot has");
        Box::pin(async move { Err(SendError::Refused { why }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("notifier"));
        command.clone().debug_assert();
        assert!(command.try_get_matches_from(["notifier", "test", "ops", "--dry-run"]).is_ok());
    }

    #[test]
    fn the_list_names_every_kind() {
        let list = table(&[]);
        assert!(CATALOGUE.iter().all(|row| list.contains(&format!("  {}", row.kind))));
    }

    #[test]
    fn a_slip_gets_the_nearest_kind() {
        assert!(Row::of("slak").unwrap_err().contains("did you mean `slack`?"));
    }
}
