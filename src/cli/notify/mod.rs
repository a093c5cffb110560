//! `chatops notify`: tells a running bot an event, or how a command goes.

mod fields;
mod job;
mod reporter;
mod tail;
mod wait;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use regex::Regex;
use serde_json::{Value, json};

use super::api::{Api, CallError};
use super::{Global, print};
use crate::config::units;
use crate::net::World;
use fields::Fields;

/// How long a bot that is away or busy is asked again, for a single event.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Tell the running bot an event; or run a command and tell how it goes.
#[derive(Debug, Args)]
pub(super) struct Notify {
    /// What to tell: its first line is the title. `-` reads it from stdin.
    #[arg(conflicts_with = "job", required_unless_present = "job")]
    text: Option<String>,
    #[command(flatten)]
    fields: Fields,
    /// The address of a bot on another machine, its token in `CHATOPS_TOKEN` [default: `CHATOPS_URL`, else the bot
    /// that runs on this home].
    #[arg(long, value_name = "ADDRESS")]
    server: Option<String>,
    /// The same key again, within a day, is the same event.
    #[arg(long)]
    key: Option<String>,
    /// Wait until each delivery has ended; exit code 1 if one failed.
    #[arg(long)]
    wait: bool,
    /// How long to wait with `--wait`.
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = units::duration)]
    wait_limit: Duration,
    /// Run a command, and tell that it started and how it ended. Exits as the command does.
    #[arg(long, value_name = "NAME", requires = "command")]
    job: Option<String>,
    /// With `--job`: lines that match are errors; a command that ends well with some is told as `error`.
    #[arg(long, value_name = "REGEX", requires = "job")]
    errors: Option<Regex>,
    /// With `--job`: lines that match are warnings; a command that ends well with some is told as `warning`.
    #[arg(long, value_name = "REGEX", requires = "job")]
    warnings: Option<Regex>,
    /// With `--job`: how many of the last lines are told; with 0 and no patterns the output is not looked at.
    #[arg(long, value_name = "LINES", requires = "job", default_value_t = 10)]
    tail: usize,
    /// The command, behind `--`.
    #[arg(last = true, requires = "job")]
    command: Vec<OsString>,
}

impl Notify {
    /// Tells it. Exit code 0 when the bot has it, with `--wait` when all had it; with `--job` the command's own.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        if let Some(why) = self.misused() {
            print::remark(format_args!("error: {why}"));
            return Ok(ExitCode::from(2));
        }
        let runtime = super::runtime()?;
        let outcome = match &self.job {
            Some(name) => Ok(runtime.block_on(job::run(self, name, global))),
            None => runtime.block_on(self.tell(global)),
        };
        // A thread that copies output of a command's children must not hold us.
        runtime.shutdown_background();
        outcome
    }

    /// What the parser lets pass because a text stands in for a job.
    fn misused(&self) -> Option<&'static str> {
        let of_a_job = !self.command.is_empty() || self.errors.is_some() || self.warnings.is_some();
        (self.job.is_none() && of_a_job).then_some("a command, `--errors` and `--warnings` need `--job NAME`")
    }

    async fn tell(&self, global: &Global) -> anyhow::Result<ExitCode> {
        let api = Api::open(global, self.server.as_deref())?;
        let event = self.event()?;
        let key = self.key.clone().unwrap_or_else(random_key);
        let told = patiently(&api, &event, &key, PATIENCE, TRY).await?;
        let (id, deliveries) = (told["id"].as_i64().unwrap_or_default(), &told["deliveries"]);
        if self.wait {
            return wait::until_ended(&api, id, self.wait_limit, global).await;
        }
        if global.json {
            print::json(&told)?;
        } else {
            print::line(format_args!("event {id}: {deliveries} deliveries"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn event(&self) -> anyhow::Result<Value> {
        let text = match self.text.as_deref() {
            Some("-") => std::io::read_to_string(std::io::stdin()).context("cannot read stdin")?,
            text => text.unwrap_or_default().to_owned(),
        };
        let (title, rest) = match &self.fields.title {
            Some(title) => (title.as_str(), text.as_str()),
            None => text.trim_start().split_once('\n').unwrap_or((text.trim(), "")),
        };
        if title.trim().is_empty() {
            bail!("there is nothing to tell: the text is empty");
        }
        let mut event = self.fields.event(title.trim());
        if !rest.trim().is_empty() {
            event["text"] = json!(rest.trim_end());
        }
        Ok(event)
    }
}

/// Tells an event, again and again while that may help, for `patience` in all.
async fn patiently(
    api: &Api,
    event: &Value,
    key: &str,
    patience: Duration,
    each: Duration,
) -> Result<Value, CallError> {
    let end = tokio::time::Instant::now() + patience;
    loop {
        let told = api.tell(event, key, each).await;
        match told {
            Err(error) if error.may_pass() && tokio::time::Instant::now() + PAUSE < end => {
                tokio::time::sleep(PAUSE).await;
            }
            told => return told,
        }
    }
}

/// A key of its own for each call, so that a try whose answer was lost is not told twice.
fn random_key() -> String {
    crate::model::hex::encode(&World::real().random::<16>())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        notify: Notify,
    }

    fn parse(arguments: &[&str]) -> Result<Notify, String> {
        let all = ["notify"].iter().chain(arguments);
        Line::try_parse_from(all).map(|line| line.notify).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_line_is_the_title() {
        let notify = parse(&["disk full\non web1\n", "--label", "host=web1", "--level", "warning"]).unwrap();
        let event = notify.event().unwrap();
        assert_eq!((&event["title"], &event["text"]), (&json!("disk full"), &json!("on web1")));
        assert_eq!((&event["labels"]["host"], &event["level"]), (&json!("web1"), &json!("warning")));
        assert!(crate::model::Event::from_json(&event).is_ok());
        let titled = parse(&["all of it", "--title", "t"]).unwrap().event().unwrap();
        assert_eq!((&titled["title"], &titled["text"]), (&json!("t"), &json!("all of it")));
        assert!(parse(&[" "]).unwrap().event().is_err());
    }

    #[test]
    fn what_does_not_fit_is_wrong_usage() {
        for arguments in [
            &[][..],
            &["--job", "backup"],
            &["text", "--job", "backup", "--", "true"],
            &["text", "--label", "host"],
            &["text", "--status", "broken"],
            &["--job", "x", "--errors", "(", "--", "true"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
        for arguments in [&["text", "--", "true"][..], &["text", "--errors", "E"]] {
            assert!(parse(arguments).map_or(true, |notify| notify.misused().is_some()), "{arguments:?}");
        }
        assert!(parse(&["--job", "backup", "--", "tar", "-c", "--", "x"]).is_ok());
    }
}
