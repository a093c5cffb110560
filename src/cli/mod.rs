//! The command line: one file a subcommand, one row in `Command`; wires and starts.
//!
//! Exit codes are a contract: 0 done, 1 refused or failed, 2 wrong usage. Answers go to stdout, errors to stderr.

mod action;
mod adapter;
mod alias;
mod api;
mod approval;
mod attach;
mod audit;
mod chat;
mod completions;
mod delivery;
mod doctor;
mod drain;
mod execution;
mod home;
mod import;
mod init;
mod kv;
#[cfg(target_os = "linux")]
mod lean;
mod locate;
mod notifier;
mod notify;
mod pack;
mod print;
mod route;
mod runner;
mod schedule;
mod serve;
mod silence;
mod source;
mod start;
mod starter;
mod template;
mod token;
mod workflow;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::config::settings;

/// What every subcommand accepts.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The home directory: aliases, actions, templates, chatops.env, var.
    #[arg(long, global = true, value_name = "DIR", env = "CHATOPS_HOME")]
    pub home: Option<PathBuf>,
    /// A file of KEY=value lines, read before the environment [default: chatops.env in the home directory].
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Run commands from chat, and remember who asked what.
#[derive(Debug, Parser)]
#[command(name = "chatops", version, propagate_version = true, after_long_help = settings::help())]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve everything that is configured, until a signal ends it.
    Serve,
    /// Chat in the terminal, with the running bot if there is one; from a pipe, run one command a line.
    Chat,
    /// Make a home directory with a starter set.
    Init(init::Init),
    /// Check the whole home: every file, and what they say of each other.
    Check,
    /// Look at connections, files, database, keys, clock: what is wrong, and what to do.
    Doctor,
    /// Tell the running bot to load its configuration again.
    Reload,
    /// Let the running bot finish what runs and take nothing new; `--off` lets it take commands again.
    Drain(drain::Drain),
    /// Check alias files, ask which command a text means, list commands.
    #[command(subcommand)]
    Alias(alias::AliasCommand),
    /// Run an action, list them, show what one takes.
    #[command(subcommand)]
    Action(action::Command),
    /// Check workflows and action chains, and play them through with given results.
    #[command(subcommand)]
    Workflow(workflow::WorkflowCommand),
    /// Render a template.
    #[command(subcommand)]
    Template(template::TemplateCommand),
    /// What ran, and what came of it; end what runs.
    Execution(execution::Executions),
    /// What waits for somebody's word: list, show, approve, deny, answer, withdraw.
    Approval(approval::Approvals),
    /// Search, export and verify the record of who asked what.
    Audit(audit::Audit),
    /// Which chat services there are, and their settings.
    Adapter(adapter::Args),
    /// Tell the running bot an event, or run a command and tell how it goes.
    Notify(Box<notify::Notify>),
    /// Where events are told: the configured notifiers, help on a kind, a test-send.
    Notifier(notifier::Args),
    /// Who may tell events: the declared sources, help on a kind, what a saved request becomes.
    Source(source::Args),
    /// What became of notifications: list, send again, remove, let go.
    Delivery(delivery::Deliveries),
    /// Silence what is known already, for a while.
    Silence(silence::Silences),
    /// What is to happen later: list, add, pause, resume, remove.
    Schedule(schedule::Schedules),
    /// Tokens for the API: make, list, revoke.
    Token(token::Tokens),
    /// Say who hears of an event, and why.
    #[command(subcommand)]
    Route(route::Command),
    /// What can carry actions out, and with which parameters.
    Runner(runner::Args),
    /// Packs: install, list, configure, remove.
    Pack(pack::Packs),
    /// The key-value datastore: read, write, list, remove keys, take over StackStorm's.
    Kv(kv::Kv),
    /// Bring in what another system has.
    Import(import::Import),
    /// Write the completion script of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let global = &cli.global;
    let outcome = match cli.command {
        None => serve::run_or_chat(global),
        Some(Command::Serve) => serve::run(global),
        Some(Command::Chat) => chat::run(global),
        Some(Command::Check) => home::check(global),
        Some(Command::Doctor) => doctor::run(global),
        Some(Command::Reload) => home::reload(global),
        Some(Command::Drain(drain)) => drain.run(global),
        Some(Command::Alias(command)) => alias::run(global, &command),
        Some(Command::Approval(approvals)) => approvals.run(global),
        Some(Command::Audit(audit)) => audit.run(global),
        Some(Command::Execution(execution)) => execution.run(global),
        Some(Command::Action(command)) => action::run(global, command),
        Some(Command::Init(init)) => init.run(global),
        Some(Command::Pack(packs)) => packs.run(global),
        Some(Command::Kv(kv)) => kv.run(global),
        Some(Command::Import(import)) => import.run(global),
        Some(Command::Workflow(command)) => workflow::run(global, &command),
        Some(Command::Template(command)) => template::run(global, &command),
        Some(Command::Adapter(args)) => adapter::run(&args, global),
        Some(Command::Notify(notify)) => notify.run(global),
        Some(Command::Notifier(args)) => notifier::run(&args, global),
        Some(Command::Source(args)) => source::run(&args, global),
        Some(Command::Delivery(deliveries)) => deliveries.run(global),
        Some(Command::Silence(silences)) => silences.run(global),
        Some(Command::Schedule(schedules)) => schedules.run(global),
        Some(Command::Token(tokens)) => tokens.run(global),
        Some(Command::Route(command)) => route::run(global, &command),
        Some(Command::Runner(args)) => runner::run(&args, global),
        Some(Command::Completions { shell }) => completions::run(shell),
    };
    outcome.unwrap_or_else(|error| {
        print::error(&error);
        ExitCode::FAILURE
    })
}

/// Several configuration errors as one.
fn all_of(errors: &[crate::config::ConfigError]) -> anyhow::Error {
    anyhow::anyhow!(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// The runtime of everything that waits.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}
