//! The commands that the bot itself answers: one function each, one row in [`ROWS`]. They are aliases
//! of the pack `chatops`, so matching, help, suggestions and access work for them as for all others.

mod admin;
mod approve;
mod drain;
mod factor;
mod flow;
mod grant;
mod help;
mod history;
mod jobs;
mod kv;
mod later;
mod lists;
mod quiet;
mod settings;
mod tell;
mod who;

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Map, json};

use super::Chat;
use crate::access;
use crate::alias::Alias;
use crate::bot::engine::{Asker, Replies};
use crate::bot::home::Home;
use crate::model::MessageKey;
use crate::text::{Block, Post, Span};

/// The pack of the built-in commands.
pub const PACK: &str = "chatops";

/// What somebody needs to be granted before a built-in command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// Anything at all: it shows or touches one's own only.
    Something,
    /// Its permission.
    Grant,
}

/// What a built-in command answers.
#[derive(Debug)]
pub enum Reply {
    /// What was asked for.
    Said(Post),
    /// Why it is not to be had.
    Problem(Post),
    /// Nothing here: an execution answers.
    Elsewhere,
}

type Later = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// How a built-in command is answered.
#[derive(Clone, Copy)]
pub enum Run {
    /// Where it is heard, from memory.
    Now(fn(&Call) -> Reply),
    /// After reading the database or the disk.
    Later(fn(Arc<Call>) -> Later),
}

/// One built-in command.
pub struct Row {
    /// Its name; `chatops.<name>` in grants.
    pub name: &'static str,
    /// What help shows.
    pub display: &'static str,
    /// The formats it is typed in.
    pub formats: &'static [&'static str],
    /// One line of help.
    pub summary: &'static str,
    /// What it takes to get an answer.
    pub need: Need,
    /// The built-in permission that opens it, and in what it shows, what belongs to others.
    pub permit: &'static str,
    /// The answer.
    pub run: Run,
}

/// Every built-in command.
pub static ROWS: &[&Row] = &[
    &help::HELP,
    &who::WHOAMI,
    &who::WHO_CAN,
    &who::WHY_NOT,
    &lists::MORE,
    &lists::VERSION,
    &lists::PACKS,
    &lists::ALIASES,
    &lists::ACTIONS,
    &jobs::PS,
    &jobs::KILL,
    &history::HISTORY,
    &history::SHOW,
    &history::RERUN,
    &history::RERUN_LAST,
    &flow::RERUN_FROM,
    &flow::PAUSE,
    &flow::RESUME,
    &flow::RESUME_RERUN,
    &flow::RESUME_SKIP,
    &approve::APPROVALS,
    &approve::APPROVE,
    &approve::DENY,
    &approve::WITHDRAW,
    &approve::ANSWER,
    &grant::GRANT,
    &grant::GRANTS,
    &grant::REVOKE,
    &factor::ENROLL,
    &factor::RESET,
    &drain::DRAIN,
    &drain::UNDRAIN,
    &tell::NOTIFIERS,
    &tell::TEST,
    &tell::DELIVERIES,
    &tell::DELIVERY,
    &tell::REPLAY,
    &kv::GET,
    &kv::SET,
    &kv::LIST,
    &kv::DELETE,
    &later::SCHEDULES,
    &later::SCHEDULE,
    &later::NEW,
    &later::REMIND,
    &settings::SETTINGS,
    &settings::SET,
    &settings::UNSET,
    &quiet::SILENCES,
    &quiet::SILENCE,
    &quiet::UNSILENCE,
    &quiet::ACK,
    &quiet::UNACK,
    &quiet::SNOOZE,
    &admin::RELOAD,
    &admin::AUDIT,
    &admin::DOCTOR,
];

/// One use of a built-in command.
pub struct Call {
    /// The chat that heard it.
    pub chat: Arc<Chat>,
    /// The configuration in force.
    pub home: Arc<Home>,
    /// Who asks.
    pub asker: Asker,
    /// What was typed for the parameters that were typed.
    pub params: BTreeMap<String, String>,
    /// The command as it was typed, less its address.
    pub text: String,
    /// The message that asks.
    pub message: MessageKey,
    /// Its answers, where somebody waits for them.
    pub replies: Option<Arc<Replies>>,
}

impl Call {
    /// What was typed for a parameter, unless nothing was.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether the asker has a built-in permission, such as `chatops.kill`.
    pub fn may(&self, permit: &str) -> bool {
        may(&self.home, &self.asker, permit)
    }

    /// Whether the asker gets an answer from a built-in command.
    pub fn may_use(&self, row: &Row) -> bool {
        may_use(&self.home, &self.asker, row)
    }

    /// Whether the asker may run anything that is not built in.
    pub fn may_run_something(&self) -> bool {
        may_run_something(&self.home, &self.asker)
    }
}

/// Whether somebody gets an answer from a built-in command.
pub(super) fn may_use(home: &Home, asker: &Asker, row: &Row) -> bool {
    match row.need {
        Need::Nothing => true,
        Need::Something => may_run_something(home, asker) || home.may_ever(&asker.who(), row.permit, None),
        Need::Grant => may(home, asker, row.permit),
    }
}

fn may(home: &Home, asker: &Asker, permit: &str) -> bool {
    let asked = access::Asked { action: permit, alias: None, parameters: &Map::new() };
    home.access.decide(&asker.who(), &asked).is_allowed()
}

fn may_run_something(home: &Home, asker: &Asker) -> bool {
    home.listed.iter().any(|alias| alias.pack != PACK && home.may_see(&asker.who(), alias))
}

/// Whether a built-in command answers by an execution of its own.
pub(super) fn answers_elsewhere(row: &Row) -> bool {
    [history::RERUN.name, history::RERUN_LAST.name].contains(&row.name)
}

/// Whether a built-in command makes schedules.
pub(super) fn makes_schedules(row: &Row) -> bool {
    [later::NEW.name, later::REMIND.name].contains(&row.name)
}

/// The row of an alias, if the alias is built in.
pub fn find(alias: &Alias) -> Option<&'static Row> {
    (alias.pack == PACK).then(|| ROWS.iter().find(|row| row.name == alias.name)).flatten().copied()
}

/// What may be kept of the text of a built-in command: what somebody wants kept in the datastore is nobody's business.
pub(super) fn kept(row: &Row, text: &str) -> String {
    if row.name == kv::SET.name { kv::without_value(text) } else { text.to_owned() }
}

/// Whether what is typed behind a built-in command may be kept nowhere.
pub(super) fn hides(alias: &Alias) -> bool {
    alias.pack == PACK && alias.name == kv::SET.name
}

/// The rows as aliases, for the matcher.
pub fn aliases() -> Vec<Arc<Alias>> {
    ROWS.iter().map(|row| Arc::new(alias(row))).collect()
}

fn alias(row: &Row) -> Alias {
    let file = json!({
        "name": row.name,
        "description": row.summary,
        "action_ref": format!("{PACK}.{}", row.name),
        "formats": [{"display": row.display, "representation": row.formats}],
        // For those that are executions.
        "result": {"format": "{{ execution.result.stdout | default(execution.why) }}"},
    });
    let (alias, _) = Alias::load(Some(PACK), Path::new("built-in"), &file.to_string())
        .expect("the rows are tested to be good aliases");
    alias
}

fn text(text: impl Into<String>) -> Span {
    Span::Text(text.into())
}

fn code(text: impl Into<String>) -> Span {
    Span::Code(text.into())
}

fn post(body: Vec<Block>) -> Post {
    Post { body, ..Post::default() }
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Block {
    Block::Table { head: head.iter().map(ToString::to_string).collect(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_good_alias_with_its_own_name() {
        let mut names: Vec<_> = aliases().iter().map(|alias| alias.name.clone()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ROWS.len());
    }
}
