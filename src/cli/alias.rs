//! `chatops alias`: check alias files, ask which command a text means, list what help would print. Reads files only.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{Global, locate, print};
use crate::alias::answer::{self, Answer, Question};
use crate::alias::help::{self, Query};
use crate::alias::{Alias, Case, Entry, Matcher};
use crate::bot::home::{Files, aliases_in, aliases_of};
use crate::config::Problem;
use crate::config::home::HomeDir;

/// Which commands there are, and what a text means.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum AliasCommand {
    /// Check alias files and their formats: those of DIR, else of the home directory.
    Check {
        /// A home directory, a pack, or a folder of alias files.
        #[arg(value_name = "DIR")]
        folders: Vec<PathBuf>,
    },
    /// Say which alias a text means, with which parameters.
    Match(MatchOptions),
    /// List all commands.
    List,
    /// Print what help would print.
    Help(HelpOptions),
}

/// What to match.
#[derive(Debug, Args)]
pub(super) struct MatchOptions {
    /// What was typed; `-` reads JSON lines {"format"?, "match_multiple"?, "input"} and answers each in JSON.
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Match this format instead of all aliases.
    #[arg(long)]
    format: Option<String>,
    /// The format matches anywhere in a sentence, any number of times.
    #[arg(long, requires = "format")]
    multiple: bool,
    /// Literal text must have the case of the format.
    #[arg(long)]
    strict: bool,
}

/// Which lines of help to print.
#[derive(Debug, Args)]
pub(super) struct HelpOptions {
    /// Text that the lines hold.
    #[arg(num_args = 0..)]
    filter: Vec<String>,
    /// Only this pack.
    #[arg(long)]
    pack: Option<String>,
    /// At most so many lines; 0 for all.
    #[arg(long, default_value_t = 0)]
    limit: usize,
    /// Leave out so many lines.
    #[arg(long, default_value_t = 0)]
    offset: usize,
}

/// Runs `chatops alias`.
///
/// # Errors
/// Files or streams that cannot be read or written.
pub(super) fn run(global: &Global, command: &AliasCommand) -> anyhow::Result<ExitCode> {
    match command {
        AliasCommand::Check { folders } => check(global, folders),
        AliasCommand::Match(options) if options.text == "-" => questions(global, options),
        AliasCommand::Match(options) => one(global, options),
        AliasCommand::List => lines(global, &Query::default()),
        AliasCommand::Help(options) => {
            let filter = Some(options.filter.join(" ")).filter(|filter| !filter.is_empty());
            let (pack, offset, limit) = (options.pack.clone(), options.offset, options.limit);
            lines(global, &Query { filter, pack, offset, limit })
        }
    }
}

fn check(global: &Global, folders: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    if folders.is_empty() {
        all.push(aliases_of(&locate::home_dir(global)?));
    }
    for folder in folders {
        anyhow::ensure!(folder.is_dir(), "`{}` is not a folder", folder.display());
        all.push(load_any(folder));
    }
    let problems: Vec<&Problem> = all.iter().flat_map(|files| &files.problems).collect();
    if global.json {
        print::pretty(&problems)?;
    } else {
        print::problems(problems.iter().copied());
        let aliases: Vec<_> = all.iter().flat_map(|files| files.found.values()).collect();
        let formats: usize = aliases.iter().map(|alias| alias.formats.len()).sum();
        let counts = [(aliases.len(), "alias"), (formats, "format"), (problems.len(), "problem")];
        print::line(counts.map(|(count, noun)| print::counted(count, noun)).join(", "))?;
    }
    Ok(if all.iter().any(Files::has_errors) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Loads a home directory, a pack or a bare folder of alias files, whichever `folder` is.
fn load_any(folder: &Path) -> Files<Alias> {
    if folder.join("packs").is_dir() {
        return aliases_of(&HomeDir::at(folder));
    }
    if folder.join("aliases").is_dir() {
        return aliases_in(&folder.join("aliases"), &name(folder));
    }
    let parent = folder.canonicalize().ok().and_then(|path| path.parent().map(name));
    aliases_in(folder, &parent.unwrap_or_else(|| "default".to_owned()))
}

fn name(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    full.file_name().map_or_else(|| "default".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn one(global: &Global, options: &MatchOptions) -> anyhow::Result<ExitCode> {
    let case = case(options);
    let answer = match &options.format {
        Some(format) => answer::with_format(format, options.multiple, &options.text, case),
        None => answer::with_aliases(&matcher(global, case)?, &options.text),
    };
    let shown = if global.json { serde_json::to_string(&answer)? } else { words(&answer) };
    print::line(shown)?;
    Ok(if answer.matches { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Answers each line of standard input; the aliases are loaded when the first question needs them.
fn questions(global: &Global, options: &MatchOptions) -> anyhow::Result<ExitCode> {
    let case = case(options);
    let mut loaded: Option<Matcher> = None;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line.context("cannot read the questions")?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Question>(&line) {
            Err(error) => answer::error(format!("the question is not understood: {error}")),
            Ok(Question { format: Some(format), match_multiple, input }) => {
                answer::with_format(&format, match_multiple, &input, case)
            }
            Ok(Question { format: None, input, .. }) => {
                let matcher = match loaded.take() {
                    Some(matcher) => matcher,
                    None => matcher(global, case)?,
                };
                answer::with_aliases(loaded.insert(matcher), &input)
            }
        };
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn case(options: &MatchOptions) -> Case {
    if options.strict { Case::Strict } else { Case::Ignore }
}

/// The answer for people: one fact a line.
fn words(answer: &Answer) -> String {
    let mut lines = Vec::new();
    let mut fact = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            lines.push(format!("{name}: {value}"));
        }
    };
    if !answer.matches && answer.candidates.is_none() && answer.error.is_none() {
        fact("match", &Some("none".to_owned()));
    }
    fact("alias", &answer.alias);
    fact("format", &answer.format);
    fact("display", &answer.display);
    fact("one of", &answer.candidates.as_ref().map(|candidates| candidates.join(", ")));
    fact("did you mean", &answer.suggestion);
    fact("error", &answer.error);
    let hits = answer.params.iter().chain(answer.params_list.iter().flatten());
    for params in hits.filter_map(|params| params.as_object()) {
        lines.extend(params.iter().map(|(name, value)| format!("  {name} = {value}")));
    }
    lines.join("\n")
}

fn lines(global: &Global, query: &Query) -> anyhow::Result<ExitCode> {
    let loaded = load(global)?;
    let page = help::list(loaded.found.values().map(AsRef::<Alias>::as_ref), query);
    if global.json {
        print::pretty(&page)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in &page.helpstrings {
        let description = line.description.as_deref().map(|text| format!(" - {text}")).unwrap_or_default();
        print::line(format_args!("{}{description}", line.display))?;
    }
    if let Some(filter) = query.filter.as_ref().filter(|_| page.available == 0) {
        print::remark(format_args!("no command holds `{filter}`"));
    }
    Ok(ExitCode::SUCCESS)
}

fn matcher(global: &Global, case: Case) -> anyhow::Result<Matcher> {
    let entry = |alias: Arc<Alias>| Entry { alias, parameters: None };
    Ok(Matcher::build(load(global)?.found.into_values().map(entry).collect(), case))
}

/// The aliases of the home directory; what is wrong goes to stderr.
fn load(global: &Global) -> anyhow::Result<Files<Alias>> {
    let loaded = aliases_of(&locate::home_dir(global)?);
    for problem in &loaded.problems {
        print::remark(problem.error().headline());
    }
    Ok(loaded)
}
