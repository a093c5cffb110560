//! `chatops audit`: search, export and verify the record of who asked what. Reads the database; the bot may run.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::print::{self, printable};
use super::{Global, locate};
use crate::model::{Person, Timestamp};
use crate::store::audit::{Format, Head, Record, Verdict, export, verify};
use crate::store::{Keys, Reader, Search, What};

/// The record of who asked what.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find records, the newest first.
    Search(Find),
    /// Write all records, the oldest first; the head goes to stderr: keep it for `verify --head`.
    Export(Export),
    /// Tell whether any record was changed, removed, moved or added; exit code 1 if so.
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Find {
    /// Text to find in what was typed, in the place or in the subject.
    text: Option<String>,
    /// Of one person, as `adapter:id`.
    #[arg(long)]
    person: Option<Person>,
    /// Of one kind, such as `asked` or `refused`.
    #[arg(long, value_parser = what)]
    what: Option<What>,
    /// At this time or later, such as 2026-11-21 or 2026-11-21T08:40:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    limit: usize,
}

#[derive(Debug, Args)]
struct Export {
    /// The form of the records.
    #[arg(long, value_enum, default_value_t = Form::Jsonl)]
    format: Form,
    /// The file to write [default: stdout].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// JSON, one record a line.
    Jsonl,
    /// Comma-separated values for a spreadsheet.
    Csv,
}

#[derive(Debug, Args)]
struct Verify {
    /// A head kept from earlier, `strand:number:mac`: shows whether the end was cut off since.
    #[arg(long)]
    head: Option<Head>,
}

impl Audit {
    /// Runs the subcommand.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        let var = locate::home_dir(global)?.var_dir();
        let reader =
            Reader::open_readonly(&locate::database(global)?).context("cannot read the audit log")?;
        match &self.command {
            Command::Search(find) => find.run(&reader, global),
            Command::Export(export) => export.run(&reader),
            Command::Verify(verify) => verify.run(&reader, &var, global),
        }
    }
}

impl Find {
    fn run(&self, reader: &Reader, global: &Global) -> anyhow::Result<ExitCode> {
        let records = reader.audit(&Search {
            person: self.person.clone(),
            what: self.what,
            text: self.text.clone(),
            from: self.from,
            until: self.until,
            limit: self.limit,
            ..Search::default()
        })?;
        if global.json {
            print::json(&records.iter().map(as_json).collect::<Value>())?;
        } else {
            records.iter().try_for_each(|record| print::line(line(record)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Export {
    fn run(&self, reader: &Reader) -> anyhow::Result<ExitCode> {
        let format = match self.format {
            Form::Jsonl => Format::JsonLines,
            Form::Csv => Format::Csv,
        };
        let heads = reader.at_one_moment(|reader| {
            match &self.output {
                Some(path) => export(reader, format, &mut create(path)?)?,
                None => export(reader, format, &mut BufWriter::new(std::io::stdout().lock()))?,
            };
            reader.heads()
        })?;
        for head in heads {
            print::remark(format_args!("head {head}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn create(path: &Path) -> Result<BufWriter<File>, crate::store::StoreError> {
    let file = File::create(path);
    file.map(BufWriter::new)
        .map_err(|error| crate::store::StoreError::Io(format!("cannot write `{}`: {error}", path.display())))
}

impl Verify {
    fn run(&self, reader: &Reader, var: &Path, global: &Global) -> anyhow::Result<ExitCode> {
        let keys = Keys::load(var).context("the audit log can be verified only with its key")?;
        let verdict = verify(reader, &keys, self.head.as_ref())?;
        if global.json {
            let mut answer = json!(verdict);
            answer["whole"] = verdict.is_whole().into();
            print::json(&answer)?;
        } else {
            print::exactly(report(&verdict))?;
        }
        Ok(if verdict.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn report(verdict: &Verdict) -> String {
    let mut text = match verdict.is_whole() {
        true => format!("whole: {} records\n", verdict.records),
        false => format!("NOT WHOLE: {} findings in {} records\n", verdict.flaws, verdict.records),
    };
    for finding in &verdict.findings {
        text += &format!("{finding}\n");
    }
    for head in &verdict.heads {
        text += &format!("head {head}\n");
    }
    text
}

fn as_json(record: &Record) -> Value {
    let body = serde_json::from_str(&record.body).unwrap_or_else(|_| json!(record.body));
    json!({
        "strand": record.strand, "seq": record.seq, "time": record.at.to_string(), "what": record.what,
        "person": record.person, "place": record.place, "subject": record.subject, "body": body, "mac": record.mac,
    })
}

/// One record on one line. What people typed is shown with control characters escaped, as the JSON has it.
fn line(record: &Record) -> String {
    let or_dash = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
    let shown = format!(
        "{} {:<9} {} {} {} {}",
        record.at,
        record.what,
        or_dash(&record.person),
        or_dash(&record.place),
        or_dash(&record.subject),
        record.body
    );
    printable(&shown)
}

fn what(word: &str) -> Result<What, String> {
    let found = What::ALL.iter().find(|what| what.as_str() == word);
    found.copied().ok_or_else(|| {
        let words: Vec<_> = What::ALL.iter().map(|what| what.as_str()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

/// A date, or a date and time with its zone; a date alone is its midnight in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let exact = text.parse::<jiff::Timestamp>().ok();
    let midnight = || {
        let date = text.parse::<jiff::civil::Date>().ok()?;
        date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    let found = exact.or_else(midnight);
    let found = found.ok_or("expected a date such as 2026-11-21, or a time such as 2026-11-21T08:40:00Z")?;
    Ok(Timestamp::from_micros(found.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_or_exact() {
        assert_eq!(time("2026-11-21").unwrap().to_string(), "2026-11-21T00:00:00.000Z");
        assert_eq!(time("2026-11-21T10:40:00+02:00").unwrap().to_string(), "2026-11-21T08:40:00.000Z");
        assert!(time("yesterday").is_err());
    }

    #[test]
    fn a_kind_that_is_none_names_those_that_are() {
        assert_eq!(what("refused"), Ok(What::Refused));
        assert!(what("refuse").unwrap_err().contains("asked, answered, refused"));
    }
}
