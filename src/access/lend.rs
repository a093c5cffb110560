//! What was granted for a time: rules from no file, in force until their time is over.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::approve::Sameness;
use super::decide::through;
use super::pattern::RefPattern;
use super::policy::{Access, Holder, Member, Rule, Through};
use crate::config::nearest::hint;
use crate::model::{Person, TimeGrant, Timestamp};

/// Where a rule comes from that no file has. Displayed as ``grant 7 of bob until 2026-11-21T14:00:00Z``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// The grant.
    pub grant: i64,
    /// How its giver was shown.
    pub by: String,
    /// Until when.
    pub until: Timestamp,
}

impl fmt::Display for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "grant {} of {} until {}", self.grant, self.by, self.until)
    }
}

/// A grant in force: its rules and whose they are.
#[derive(Debug, Clone)]
pub(super) struct Loan {
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) to: Holder,
    pub(super) until: Timestamp,
}

/// Why something cannot be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotLent {
    /// It names nothing.
    #[error("`{what}` is neither a role nor a pattern such as `deploy.*` or `alias:web.restart`{}", hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default())]
    What {
        /// What was asked for.
        what: String,
        /// What it may have meant.
        hint: Option<String>,
    },
    /// Nobody is called so.
    #[error("`{to}` is neither a group nor a person of access.yaml, nor an id such as `irc:alice`{}", hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default())]
    To {
        /// Who was named.
        to: String,
        /// Who may have been meant.
        hint: Option<String>,
    },
}

impl Access {
    /// The same with these grants; those that are over at `now`, or name what is no longer there, count for nothing.
    #[must_use]
    pub fn with_grants(mut self, grants: &[TimeGrant], now: Timestamp) -> Self {
        let open = grants.iter().filter(|grant| grant.from <= now && now < grant.until);
        let loan = |grant: &TimeGrant| {
            let (rules, to) = self.lendable(&grant.what, &grant.to).ok()?;
            let lent = Lent { grant: grant.id, by: grant.by_name.clone(), until: grant.until };
            let rules = rules.into_iter().map(|rule| Arc::new(Rule { lent: Some(lent.clone()), ..rule }));
            Some(Loan { rules: rules.collect(), to, until: grant.until })
        };
        self.loans = Arc::new(open.filter_map(loan).collect());
        self
    }

    /// The same less the grants that are over.
    #[must_use]
    pub fn without_ended(mut self, now: Timestamp) -> Self {
        let open = self.loans.iter().filter(|loan| now < loan.until).cloned();
        self.loans = Arc::new(open.collect());
        self
    }

    /// When the next grant in force is over.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.loans.iter().map(|loan| loan.until).min()
    }

    /// Checks that something can be granted.
    ///
    /// # Errors
    /// It, or whom it is for, is not known.
    pub fn check_grant(&self, what: &str, to: &str) -> Result<(), NotLent> {
        self.lendable(what, to).map(drop)
    }

    /// Whether what is granted to `to` (a person, a group or an id) reaches `person`.
    pub fn reaches(&self, to: &str, person: &Person) -> Sameness {
        match self.borrower(to) {
            Ok(Holder::Id(id)) => self.sameness(&id, person),
            Ok(holder) if self.holds(person, &holder) => Sameness::Same,
            Ok(_) if self.policy.as_ref().is_some_and(|policy| policy.names.contains_key(person)) => {
                Sameness::Different
            }
            // Somebody nobody named may be whoever is named.
            Ok(_) | Err(_) => Sameness::Unknown,
        }
    }

    /// Whether `what` is the name of a role.
    pub fn is_role(&self, what: &str) -> bool {
        self.policy.as_ref().is_some_and(|policy| policy.roles.contains_key(what))
    }

    fn lendable(&self, what: &str, to: &str) -> Result<(Vec<Rule>, Holder), NotLent> {
        let role = self.policy.as_ref().and_then(|policy| policy.roles.get(what));
        let rules = match (role, RefPattern::parse(what)) {
            (Some(rules), _) => rules.iter().map(|rule| (**rule).clone()).collect(),
            (None, Ok(pattern)) => vec![bare(pattern)],
            (None, Err(_)) => {
                let roles = self.policy.iter().flat_map(|policy| policy.roles.keys()).map(String::as_str);
                let hint = hint(what, roles.collect::<Vec<_>>().iter().copied());
                return Err(NotLent::What { what: what.to_owned(), hint });
            }
        };
        Ok((rules, self.borrower(to)?))
    }

    fn borrower(&self, to: &str) -> Result<Holder, NotLent> {
        let none = |hint| NotLent::To { to: to.to_owned(), hint };
        if to.contains(':') {
            let person = to.parse::<Person>().ok().filter(Person::is_proven);
            return person.map(Holder::Id).ok_or_else(|| none(None));
        }
        let Some(policy) = &self.policy else { return Err(none(None)) };
        if policy.groups.contains_key(to) {
            return Ok(Holder::Group(to.into()));
        }
        if policy.names.values().any(|name| **name == *to) {
            return Ok(Holder::Named(to.into()));
        }
        let known = policy.groups.keys().chain(policy.names.values()).map(AsRef::as_ref);
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        known.dedup();
        Err(none(hint(to, known.iter().copied())))
    }

    /// The rules that a person has for a time.
    pub(super) fn lent_to(&self, person: &Person) -> impl Iterator<Item = Through> {
        let mine = |loan: &&Loan| person.is_proven() && self.holds(person, &loan.to);
        let loans = self.loans.iter().filter(mine);
        loans.flat_map(|loan| loan.rules.iter().map(|rule| through(rule, Some(&loan.to))))
    }

    fn holds(&self, person: &Person, holder: &Holder) -> bool {
        let policy = self.policy.as_ref();
        let name = policy.and_then(|policy| policy.names.get(person));
        match holder {
            Holder::Id(id) => id == person,
            Holder::Named(named) => name == Some(named),
            Holder::Group(group) => {
                let members = policy.and_then(|policy| policy.groups.get(group));
                members.into_iter().flatten().any(|member| match member {
                    Member::Named(named) => name == Some(named),
                    Member::Id(id) => id == person,
                })
            }
        }
    }
}

/// A rule that lets run what a pattern names, without conditions.
fn bare(pattern: RefPattern) -> Rule {
    Rule {
        role: None,
        entry: 1,
        file: Path::new("").into(),
        line: 0,
        run: vec![pattern],
        approve: Vec::new(),
        with: Vec::new(),
        places: Vec::new(),
        approval: None,
        lent: None,
    }
}
