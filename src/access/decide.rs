//! One question, one decision.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::pattern::Values;
use super::policy::{Access, Held, Holder, Rule, Through, sits_here};
use super::{BUILTIN, Open};
use crate::config::Demand;
use crate::model::{Person, Place};

/// Who asks, and where.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The person.
    pub person: &'a Person,
    /// None from the command line and the API.
    pub place: Option<&'a Place>,
    /// How the service shows the room, where that is not its id.
    pub room_name: Option<&'a str>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `pack.action`.
    pub action: &'a str,
    /// `pack.alias`, where a command was typed.
    pub alias: Option<&'a str>,
    /// The final parameters: cast, with defaults and immutable ones.
    pub parameters: &'a Map<String, Value>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allowed {
        /// Because of what.
        by: By,
    },
    /// Do not.
    Refused {
        /// Why, to be shown to who asked.
        why: Why,
    },
}

impl By {
    /// Who must approve what is allowed so.
    pub fn demand(&self) -> Option<&Demand> {
        match self {
            Self::Rule(through) => through.rule.approval.as_ref(),
            Self::Admin | Self::Terminal | Self::Open => None,
        }
    }
}

impl Decision {
    /// Whether it is a yes.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

/// Why something is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The person is in `CHATOPS_ADMINS`.
    Admin,
    /// There is no `access.yaml`, and the person sits at the bot's own terminal, or holds its own token.
    Terminal,
    /// Help and the like, open to all.
    Open,
    /// A rule.
    Rule(Through),
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => f.write_str("admins may do everything"),
            Self::Terminal => f.write_str("without an access.yaml the terminal may do everything"),
            Self::Open => f.write_str("it is open to all"),
            Self::Rule(through) => through.fmt(f),
        }
    }
}

/// Why something is refused. Displayed as one sentence; values of parameters are not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What was asked for.
    pub action: String,
    /// Whether the person is unproven and thereby has only what everyone has.
    pub unproven: bool,
    /// Whether there is an `access.yaml` at all.
    pub has_rules: bool,
    /// The asker's own rules about it, each with what failed.
    pub near: Vec<Near>,
}

/// A rule of the asker that speaks of what was asked for, and what failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// The rule.
    pub through: Through,
    /// What failed.
    pub miss: Miss,
}

/// What a rule failed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// It holds elsewhere only.
    Place {
        /// Where, as a sentence lists places.
        allowed: String,
    },
    /// It needs other values of a parameter.
    Value {
        /// The parameter.
        parameter: String,
        /// Its values, as a sentence lists them.
        allowed: String,
    },
}

impl Miss {
    pub(super) fn value(values: &Values) -> Self {
        Self::Value { parameter: values.name.clone(), allowed: values.list() }
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place { allowed } => write!(f, "only in {allowed}"),
            Self::Value { parameter, allowed } => write!(f, "only with `{parameter}` among {allowed}"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.near.is_empty() {
            write!(f, "no rule allows you to run `{}`", self.action)?;
        } else {
            write!(f, "you may run `{}` ", self.action)?;
            for (index, near) in self.near.iter().enumerate() {
                let or = if index > 0 { "; or " } else { "" };
                write!(f, "{or}{} ({})", near.miss, near.through)?;
            }
        }
        if self.unproven {
            f.write_str("; the service does not vouch for who you are: log in to its accounts first")?;
        } else if !self.has_rules {
            f.write_str("; there is no access.yaml, so only admins may run commands")?;
        }
        Ok(())
    }
}

/// What a rule is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Run,
    Approve,
}

impl Access {
    /// Whether `asker` may run it. What no rule allows is refused.
    pub fn decide(&self, asker: &Asker<'_>, asked: &Asked<'_>) -> Decision {
        self.judge(asker, asked, Verb::Run)
    }

    /// Whether `asker` may approve that somebody else runs it.
    pub fn decide_approval(&self, asker: &Asker<'_>, asked: &Asked<'_>) -> Decision {
        self.judge(asker, asked, Verb::Approve)
    }

    /// Whether `asker` could run it here with some arguments: help shows what can be run.
    pub fn may_ever(&self, asker: &Asker<'_>, action: &str, alias: Option<&str>) -> bool {
        self.free(asker.person, action).is_some()
            || self.rules_of(asker.person).any(|through| {
                through.rule.speaks_of(Verb::Run, action, alias) && through.rule.holds_at(asker).is_ok()
            })
    }

    /// Whether any rule lets `asker` run anything there: whoever may use a room may have answers sent to it.
    pub fn may_use(&self, asker: &Asker<'_>) -> bool {
        self.free(asker.person, "").is_some()
            || self
                .rules_of(asker.person)
                .any(|through| !through.rule.run.is_empty() && through.rule.holds_at(asker).is_ok())
    }

    fn judge(&self, asker: &Asker<'_>, asked: &Asked<'_>, verb: Verb) -> Decision {
        if let Some(by) = self.free(asker.person, asked.action) {
            return Decision::Allowed { by };
        }
        let (mut near, mut guarded) = (Vec::new(), None);
        let speaking =
            self.rules_of(asker.person).filter(|held| held.rule.speaks_of(verb, asked.action, asked.alias));
        for through in speaking {
            match through.rule.holds_at(asker).and_then(|()| through.rule.holds_with(asked.parameters)) {
                // Another rule may allow it without anybody's word.
                Ok(()) if verb == Verb::Run && through.rule.approval.is_some() => {
                    guarded.get_or_insert(through);
                }
                Ok(()) => return Decision::Allowed { by: By::Rule(through) },
                Err(miss) => near.push(Near { through, miss }),
            }
        }
        match guarded {
            Some(through) => Decision::Allowed { by: By::Rule(through) },
            None => Decision::Refused { why: self.why(asker, asked.action, near) },
        }
    }

    pub(super) fn why(&self, asker: &Asker<'_>, action: &str, near: Vec<Near>) -> Why {
        Why {
            action: action.to_owned(),
            unproven: !asker.person.is_proven(),
            has_rules: self.policy.is_some(),
            near,
        }
    }

    /// What needs no rule.
    pub(super) fn free(&self, person: &Person, action: &str) -> Option<By> {
        if self.is_admin(person) {
            Some(By::Admin)
        } else if self.policy.is_none() && sits_here(person) {
            Some(By::Terminal)
        } else if BUILTIN.iter().any(|builtin| builtin.action == action && builtin.open == Open::ToAll) {
            Some(By::Open)
        } else {
            None
        }
    }

    /// The rules that a person has, the own ones first. An unproven person has only everyone's.
    pub(super) fn rules_of(&self, person: &Person) -> impl Iterator<Item = Through> {
        let policy = self.policy.as_ref();
        let held = policy.filter(|_| person.is_proven()).and_then(|policy| policy.held.get(person));
        let own = held.into_iter().flatten().map(|Held { rule, by }| through(rule, Some(by)));
        own.chain(self.lent_to(person))
            .chain(policy.into_iter().flat_map(|policy| &policy.everyone).map(|rule| through(rule, None)))
    }
}

pub(super) fn through(rule: &Arc<Rule>, holder: Option<&Holder>) -> Through {
    Through { rule: rule.clone(), holder: holder.cloned() }
}

impl Rule {
    pub(super) fn speaks_of(&self, verb: Verb, action: &str, alias: Option<&str>) -> bool {
        let patterns = match verb {
            Verb::Run => &self.run,
            Verb::Approve => &self.approve,
        };
        patterns.iter().any(|pattern| pattern.matches(action, alias))
    }

    pub(super) fn holds_at(&self, asker: &Asker<'_>) -> Result<(), Miss> {
        let here = |place| self.places.iter().any(|pattern| pattern.matches(place, asker.room_name));
        if self.places.is_empty() || asker.place.is_some_and(here) {
            return Ok(());
        }
        Err(Miss::Place { allowed: self.place_list() })
    }

    pub(super) fn holds_with(&self, parameters: &Map<String, Value>) -> Result<(), Miss> {
        match self.with.iter().find(|values| !values.allow(parameters.get(&values.name))) {
            Some(values) => Err(Miss::value(values)),
            None => Ok(()),
        }
    }

    pub(super) fn place_list(&self) -> String {
        self.places.iter().map(|place| format!("`{}`", place.text())).collect::<Vec<_>>().join(", ")
    }
}
