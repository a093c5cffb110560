//! The rules in force, by person.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::check;
use super::file::File;
use super::lend::{Lent, Loan};
use super::pattern::{PlacePattern, RefPattern, Values};
use crate::config::{ConfigError, Demand, yaml};
use crate::model::Person;

/// The adapter whose users own the machine that the bot runs on.
pub(super) const TERMINAL: &str = "terminal";

/// Whoever logged in to the console with `var/token`, which only the bot's own user can read. No other token can have
/// that name.
const CONSOLE: (&str, &str) = ("web", "var/token");

/// Whether a person sits at the machine that the bot runs on, as the bot's own user may.
pub(super) fn sits_here(person: &Person) -> bool {
    let adapter = person.adapter().as_str();
    person.is_proven() && (adapter == TERMINAL || (adapter, person.id()) == CONSOLE)
}

/// Who may do what.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// None without an `access.yaml`.
    pub(super) policy: Option<Policy>,
    pub(super) admins: Vec<Person>,
    /// What was granted for a time, and is in force.
    pub(super) loans: Arc<Vec<Loan>>,
}

/// The checked content of `access.yaml`.
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    /// Names of people by each of their ids.
    pub(super) names: HashMap<Person, Arc<str>>,
    pub(super) groups: BTreeMap<Arc<str>, Vec<Member>>,
    pub(super) roles: BTreeMap<String, Vec<Arc<Rule>>>,
    pub(super) grants: Vec<Granted>,
    pub(super) everyone: Vec<Arc<Rule>>,
    /// What each person holds, flattened: what is asked for every command.
    pub(super) held: HashMap<Person, Vec<Held>>,
}

/// Somebody in a group or grant: one of `people`, or an id that stands there itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Member {
    Named(Arc<str>),
    Id(Person),
}

/// A role with those who have it.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) to: Vec<Holder>,
}

/// A rule and how a person came by it.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) rule: Arc<Rule>,
    pub(super) by: Holder,
}

/// Whom a role is granted to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A group.
    Group(Arc<str>),
    /// One of `people`.
    Named(Arc<str>),
    /// A person by id.
    Id(Person),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "group `{name}`"),
            Self::Named(name) => write!(f, "`{name}`"),
            Self::Id(person) => write!(f, "`{person}`"),
        }
    }
}

/// One entry of a role or of `everyone`. Displayed as ``role `operator`, entry 2 (access.yaml:12)``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// None for `everyone`.
    pub(super) role: Option<Arc<str>>,
    /// From 1.
    pub(super) entry: usize,
    pub(super) file: Arc<Path>,
    pub(super) line: u64,
    pub(super) run: Vec<RefPattern>,
    pub(super) approve: Vec<RefPattern>,
    pub(super) with: Vec<Values>,
    pub(super) places: Vec<PlacePattern>,
    /// Who must approve what it lets run.
    pub(super) approval: Option<Demand>,
    /// It comes from no file: somebody granted it for a time.
    pub(super) lent: Option<Lent>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(lent) = &self.lent {
            return lent.fmt(f);
        }
        let whose = self.role.as_ref().map_or("everyone".to_owned(), |role| format!("role `{role}`"));
        // People in a chat need not know where the home is.
        let file = self.file.file_name().unwrap_or_default().to_string_lossy();
        write!(f, "{whose}, entry {} ({file}:{})", self.entry, self.line)
    }
}

/// A rule and whom it was granted to. Displayed as
/// ``role `operator`, entry 2 (access.yaml:12), granted to group `sre` ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// The rule.
    pub rule: Arc<Rule>,
    /// None where it is for everyone.
    pub holder: Option<Holder>,
}

impl fmt::Display for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rule)?;
        self.holder.as_ref().map_or(Ok(()), |holder| write!(f, ", granted to {holder}"))
    }
}

impl Access {
    /// Without an `access.yaml`: terminal users and `admins` may do everything, everyone else what is open to all.
    pub fn without_file(admins: Vec<Person>) -> Self {
        Self { policy: None, admins, loans: Arc::default() }
    }

    /// An `access.yaml` that cannot be used, and no earlier one: only `admins` may do anything.
    pub fn closed(admins: Vec<Person>) -> Self {
        Self { policy: Some(Policy::default()), admins, loans: Arc::default() }
    }

    /// Reads the content of `access.yaml`. With any mistake in it the whole file is refused.
    pub fn read(file: &Path, text: &str, admins: Vec<Person>) -> Result<Self, Vec<ConfigError>> {
        let raw: File = yaml::read(file, text).map_err(|error| vec![error])?;
        let policy = check::check(file, text, &raw)?;
        Ok(Self { policy: Some(policy), admins, loans: Arc::default() })
    }

    /// Whether somebody may do everything.
    pub fn is_admin(&self, person: &Person) -> bool {
        person.is_proven() && self.admins.contains(person)
    }

    /// Whether anything names somebody: the admins, a person, a group, a grant. Rules that name nobody (a file that
    /// cannot be used) say nothing about who is gone: then everybody is taken as named.
    pub fn names(&self, person: &Person) -> bool {
        let grouped = |policy: &Policy| {
            policy.groups.values().flatten().any(|member| matches!(member, Member::Id(id) if id == person))
        };
        let named = |policy: &Policy| {
            let blank = policy.held.is_empty() && policy.everyone.is_empty() && policy.names.is_empty();
            blank || policy.names.contains_key(person) || policy.held.contains_key(person) || grouped(policy)
        };
        sits_here(person) || self.admins.contains(person) || self.policy.as_ref().is_some_and(named)
    }

    /// Whether there is an `access.yaml`.
    pub fn has_rules(&self) -> bool {
        self.policy.is_some()
    }
}

impl Policy {
    /// Fills `held` from the grants: called once, when everything else is there.
    pub(super) fn flatten(&mut self) {
        let mut ids: HashMap<Arc<str>, Vec<Person>> = HashMap::new();
        for (person, name) in &self.names {
            ids.entry(name.clone()).or_default().push(person.clone());
        }
        let persons = |member: &Member| match member {
            Member::Named(name) => ids.get(name).cloned().unwrap_or_default(),
            Member::Id(person) => vec![person.clone()],
        };
        for granted in &self.grants {
            for holder in &granted.to {
                let members = match holder {
                    Holder::Group(name) => self.groups.get(name).cloned().unwrap_or_default(),
                    Holder::Named(name) => vec![Member::Named(name.clone())],
                    Holder::Id(person) => vec![Member::Id(person.clone())],
                };
                for person in members.iter().flat_map(persons) {
                    let held =
                        granted.rules.iter().map(|rule| Held { rule: rule.clone(), by: holder.clone() });
                    self.held.entry(person).or_default().extend(held);
                }
            }
        }
    }
}
