//! `chatops source`: the declared sources, help on a kind, and what a saved request becomes.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::{Global, locate, print};
use crate::config::nearest::hint;
use crate::model::Event;
use crate::source::{Body, CATALOGUE, Configured, Item, Read, Row, decoded, read};

/// The largest file that is tried, in bytes.
const LARGEST: u64 = 64 << 20;

/// Arguments of `chatops source`. Its `help` is ours, not the command line parser's.
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the declared sources, and the kinds there are.
    List,
    /// Print an example of a kind, what to set at the sender, and its options.
    Help {
        /// The kind, such as `github`.
        kind: String,
    },
    /// Show the events that a saved request becomes, as JSON. No signature is checked, nothing is sent.
    Try(Box<Try>),
}

#[derive(Debug, clap::Args)]
struct Try {
    /// A declared source, or a kind.
    source: String,
    /// The body; `-` reads standard input.
    file: PathBuf,
    /// A header of the request.
    #[arg(long = "header", value_name = "NAME:VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The method of the request.
    #[arg(long, default_value = "POST")]
    method: String,
    /// What stands behind `?` in the request's address, such as `event=run-failed&scope=acme/web`.
    #[arg(long, default_value = "")]
    query: String,
}

fn header(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once(':').filter(|(name, _)| !name.trim().is_empty());
    let (name, value) = pair.ok_or("expected `Name: value`")?;
    Ok((name.trim().to_lowercase(), value.trim().to_owned()))
}

/// Runs the subcommand.
pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
    match &args.what {
        What::List => list(global),
        What::Help { kind } => {
            let row = Row::of(kind).map_err(|why| anyhow!(why))?;
            if global.json {
                print::pretty(&full(row))?;
            } else {
                print::exactly(row.page)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Try(request) => request.run(global),
    }
}

fn full(row: &Row) -> Value {
    json!({"kind": row.kind, "summary": row.summary, "example": row.example(), "largest": row.largest})
}

/// The sources of the home.
fn load(global: &Global) -> anyhow::Result<Read> {
    locate::notifiers_yaml(global, |file, text, env, root| match text.trim().is_empty() {
        true => Read::default(),
        false => read(file, text, env, root),
    })
}

fn list(global: &Global) -> anyhow::Result<ExitCode> {
    let found = load(global)?;
    let bad = found.problems.iter().any(crate::config::Problem::is_fatal);
    if global.json {
        let sources: Vec<Value> = found.sources.iter().map(brief).collect();
        let kinds: Vec<Value> = CATALOGUE.iter().map(full).collect();
        print::pretty(&json!({"sources": sources, "kinds": kinds, "problems": found.problems}))?;
    } else {
        print::problems(&found.problems);
        print::exactly(table(&found.sources))?;
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn brief(it: &Configured) -> Value {
    json!({
        "name": it.name, "kind": it.service.kind(), "description": it.description, "path": format!("/in/{}", it.name),
        "largest": it.largest, "open": it.is_open(),
    })
}

fn table(sources: &[Configured]) -> String {
    let widest = sources.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for it in sources {
        let open = if it.is_open() { " (anybody may send)" } else { "" };
        let about = if it.description.is_empty() { String::new() } else { format!(": {}", it.description) };
        out.push_str(&format!(
            "{:widest$}  {} at /in/{}{open}{about}\n",
            it.name,
            it.service.kind(),
            it.name
        ));
    }
    if sources.is_empty() {
        out.push_str("no sources are declared in notifiers.yaml\n");
    }
    out.push_str("\nkinds, see `chatops source help KIND`:\n");
    let widest = CATALOGUE.iter().map(|row| row.kind.len()).max().unwrap_or_default();
    out.extend(CATALOGUE.iter().map(|row| format!("  {:widest$}  {}\n", row.kind, row.summary)));
    out
}

impl Try {
    fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        let source = self.source(global)?;
        let bytes = bytes(&self.file)?;
        let encoding =
            self.headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
        let most = source.largest;
        let bytes =
            decoded(encoding, bytes, most)?.with_context(|| format!("the body has over {most} bytes"))?;
        let query: Vec<_> =
            form_urlencoded::parse(self.query.trim_start_matches('?').as_bytes()).into_owned().collect();
        let method = self.method.to_uppercase();
        let body = Body { method: &method, headers: &self.headers, query: &query, bytes: &bytes };
        let reading = source.read(&body).with_context(|| format!("no event of `{}`", self.source))?;
        for Item { ignored, remarks, .. } in &reading.0 {
            ignored.iter().for_each(|why| print::remark(format_args!("ignored: {}", print::printable(why))));
            remarks.iter().for_each(|why| print::remark(format_args!("warning: {}", print::printable(why))));
        }
        print::pretty(&reading.0.iter().map(|item| shown(&item.event)).collect::<Value>())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The declared source of that name, else the kind.
    fn source(&self, global: &Global) -> anyhow::Result<Configured> {
        let name = &self.source;
        let found = match load(global) {
            Ok(found) => found,
            // Without a home the kinds are there all the same.
            Err(_) if Row::of(name).is_ok() => Read::default(),
            Err(error) => return Err(error),
        };
        let declared = found.declared.clone();
        let (problems, mut sources) = (found.problems, found.sources);
        if let Some(at) = sources.iter().position(|it| it.name == *name) {
            return Ok(sources.swap_remove(at));
        }
        if let Ok(kind) = Configured::of_kind(name) {
            return Ok(kind);
        }
        if declared.contains(name) {
            print::problems(&problems);
            bail!("the source `{name}` cannot be used");
        }
        let known: Vec<&str> =
            declared.iter().map(String::as_str).chain(CATALOGUE.iter().map(|row| row.kind)).collect();
        let near = hint(name, known.iter().copied()).unwrap_or_default();
        bail!("there is no source `{name}`: {near}")
    }
}

fn bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read `{}`", file.display());
    let input: Box<dyn std::io::Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(cannot)?)
    };
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes).with_context(cannot)?;
    anyhow::ensure!(bytes.len() as u64 <= LARGEST, "the body has over {LARGEST} bytes");
    Ok(bytes)
}

/// An event as `source try` shows it.
fn shown(event: &Event) -> Value {
    let mut all = json!({"source": event.source});
    if let (Value::Object(all), Value::Object(fields)) = (&mut all, part(event)) {
        all.extend(fields);
        all.insert("parts".to_owned(), event.parts.iter().map(part).collect());
    }
    all
}

fn part(event: &Event) -> Value {
    json!({
        "kind": event.kind, "status": event.status, "level": event.level, "title": event.title, "text": event.text,
        "url": event.url, "labels": event.labels, "fingerprint": event.fingerprint, "dedup_key": event.dedup_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        let command = <Args as clap::Args>::augment_args(clap::Command::new("source"));
        command.clone().debug_assert();
        assert!(
            command
                .try_get_matches_from(["source", "try", "github", "-", "--header", "X-GitHub-Event: push"])
                .is_ok()
        );
        assert!(header("no colon").is_err());
    }

    #[test]
    fn the_list_names_every_kind() {
        assert!(CATALOGUE.iter().all(|row| table(&[]).contains(&format!("  {}", row.kind))));
    }

    #[test]
    fn a_tried_event_has_exactly_these_keys() {
        let source = Configured::of_kind("apprise").unwrap();
        let body =
            Body { method: "POST", headers: &[], query: &[], bytes: br#"{"title": "t", "type": "info"}"# };
        let shown = shown(&source.read(&body).unwrap().0[0].event);
        let keys: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "source",
                "kind",
                "status",
                "level",
                "title",
                "text",
                "url",
                "labels",
                "fingerprint",
                "dedup_key",
                "parts"
            ]
        );
    }
}
