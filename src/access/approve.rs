//! Who may approve what somebody else asks for. Two persons must be two: the same one under another name, on another
//! service or without a proven identity counts as one.

use std::fmt;

use super::decide::{Asked, Asker, Decision, Why};
use super::pattern::PlacePattern;
use super::policy::Access;
use crate::config::Demand;
use crate::model::Person;

/// Whether two ids are one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// They are.
    Same,
    /// They are not.
    Different,
    /// Nobody can say: one is unproven, or they are on two services and not both among `people`.
    Unknown,
}

/// Why somebody's word does not count. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// The service does not vouch for who it is.
    Unproven,
    /// It is who asked.
    Requester,
    /// It may be who asked.
    CannotTell {
        /// Who asked.
        requester: Person,
        /// Whose word it is.
        voter: Person,
    },
    /// It counts elsewhere only.
    Place {
        /// Where.
        allowed: Vec<String>,
    },
    /// It is none of those who are asked.
    NotAmong {
        /// Who is.
        by: Vec<String>,
    },
    /// No rule lets that person approve it.
    NoRule(Why),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Unproven => {
                f.write_str("the service does not vouch for who you are: log in to its accounts first")
            }
            Self::Requester => f.write_str("who asks never approves: it takes a second person"),
            Self::CannotTell { requester, voter } => write!(
                f,
                "nobody can tell whether `{voter}` and `{requester}` are two people: an admin names both under `people` in access.yaml"
            ),
            Self::Place { allowed } => write!(f, "that is decided in {} only", list(allowed)),
            Self::NotAmong { by } => write!(f, "that is for {} to decide", list(by)),
            Self::NoRule(why) if why.near.is_empty() => {
                write!(f, "no rule lets you approve `{}`", why.action)
            }
            Self::NoRule(why) => {
                write!(f, "you may approve `{}` ", why.action)?;
                for (index, near) in why.near.iter().enumerate() {
                    let or = if index > 0 { "; or " } else { "" };
                    write!(f, "{or}{} ({})", near.miss, near.through)?;
                }
                Ok(())
            }
        }
    }
}

impl Access {
    /// The name of a person in access.yaml, else the id: the same for all ids of one person.
    pub fn identity(&self, person: &Person) -> String {
        let named = self.policy.as_ref().and_then(|policy| policy.names.get(person));
        named.map_or_else(|| person.to_string(), ToString::to_string)
    }

    /// Whether two ids are one person's.
    pub fn sameness(&self, one: &Person, other: &Person) -> Sameness {
        let bare = |person: &Person| person.id().trim_start_matches('~').to_lowercase();
        if one == other || (one.adapter() == other.adapter() && bare(one) == bare(other)) {
            return Sameness::Same;
        }
        if !one.is_proven() || !other.is_proven() {
            return Sameness::Unknown;
        }
        let name = |person: &Person| self.policy.as_ref().and_then(|policy| policy.names.get(person));
        match (name(one), name(other)) {
            (Some(one), Some(other)) if one == other => Sameness::Same,
            (Some(_), Some(_)) => Sameness::Different,
            _ if one.adapter() == other.adapter() => Sameness::Different,
            _ => Sameness::Unknown,
        }
    }

    /// Whether `voter` may have a say in what `requester` asks for, as far as `demand` goes.
    ///
    /// # Errors
    /// Why not.
    pub fn may_decide(
        &self,
        voter: &Asker<'_>,
        asked: &Asked<'_>,
        requester: &Person,
        demand: &Demand,
    ) -> Result<(), Unfit> {
        if !voter.person.is_proven() {
            return Err(Unfit::Unproven);
        }
        match self.sameness(requester, voter.person) {
            Sameness::Same => return Err(Unfit::Requester),
            Sameness::Unknown => {
                let (requester, voter) = (requester.clone(), voter.person.clone());
                return Err(Unfit::CannotTell { requester, voter });
            }
            Sameness::Different => {}
        }
        if !decided_at(demand, voter) {
            return Err(Unfit::Place { allowed: demand.places.clone() });
        }
        if demand.by.is_empty() {
            return match self.decide_approval(voter, asked) {
                Decision::Allowed { .. } => Ok(()),
                Decision::Refused { why } => Err(Unfit::NoRule(why)),
            };
        }
        if self.is_admin(voter.person) || demand.by.iter().any(|name| self.is_one_of(voter.person, name)) {
            return Ok(());
        }
        Err(Unfit::NotAmong { by: demand.by.clone() })
    }

    /// Whether anybody can be meant by a name: a role, a group, one of the people, or an id.
    pub fn knows(&self, name: &str) -> bool {
        let named = |policy: &super::policy::Policy| {
            policy.roles.contains_key(name)
                || policy.groups.contains_key(name)
                || policy.names.values().any(|known| **known == *name)
        };
        name.parse::<Person>().is_ok_and(|person| person.is_proven())
            || self.policy.as_ref().is_some_and(named)
    }

    /// Whether a person is called so, is in that group or has that role.
    pub fn is_one_of(&self, person: &Person, name: &str) -> bool {
        let who = self.whoami(person);
        let listed = |names: &[String]| names.iter().any(|known| known == name);
        person.is_proven()
            && (person.to_string() == name
                || who.name.as_deref() == Some(name)
                || listed(&who.groups)
                || listed(&who.roles))
    }

    /// Whether `asker` may let others run all that `pattern` names, without any condition: what a grant needs.
    pub fn may_approve_all(&self, asker: &Asker<'_>, pattern: &str) -> bool {
        let (action, alias) = match pattern.strip_prefix("alias:") {
            Some(alias) => ("", Some(alias)),
            None => (pattern, None),
        };
        asker.person.is_proven()
            && (self.is_admin(asker.person)
                || self.rules_of(asker.person).any(|held| {
                    held.rule.with.is_empty()
                        && held.rule.speaks_of(super::decide::Verb::Approve, action, alias)
                        && held.rule.holds_at(asker).is_ok()
                }))
    }
}

/// Whether a demand lets itself be decided where `voter` is.
fn decided_at(demand: &Demand, voter: &Asker<'_>) -> bool {
    let fits = |text: &String| {
        let pattern = PlacePattern::parse(text);
        pattern.is_ok_and(|pattern| voter.place.is_some_and(|place| pattern.matches(place, voter.room_name)))
    };
    demand.places.is_empty() || demand.places.iter().any(fits)
}
