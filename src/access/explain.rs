//! The answers to `whoami`, `who can run X`, and to rules that do nothing.

use std::fmt;

use super::BUILTIN;
use super::decide::{Asker, By, Miss, Verb, Why, through};
use super::pattern::RefPattern;
use super::policy::{Access, Holder, Member, Through};
use crate::config::nearest::nearest;
use crate::config::{ConfigError, Problem};
use crate::model::Person;

/// Who the bot takes somebody for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whoami {
    /// The id.
    pub person: Person,
    /// The name in `access.yaml`.
    pub name: Option<String>,
    /// The groups that the person is in, sorted.
    pub groups: Vec<String>,
    /// The roles that the person has, sorted.
    pub roles: Vec<String>,
    /// Whether the person is in `CHATOPS_ADMINS`.
    pub admin: bool,
}

/// Somebody who may run something, and under which conditions. Displayed as
/// ``group `sre`, only in `irc:#ops` (role `operator`, entry 2 (access.yaml:12))``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// An admin.
    Admin(Person),
    /// Whoever sits at the bot's own terminal: there is no `access.yaml`.
    Terminal,
    /// Everybody, without a rule.
    Open,
    /// The holder of a rule.
    Rule(Through),
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin(person) => write!(f, "`{person}`, an admin"),
            Self::Terminal => f.write_str("the terminal, as there is no access.yaml"),
            Self::Open => f.write_str("everyone"),
            Self::Rule(Through { rule, holder }) => {
                match holder {
                    Some(holder) => write!(f, "{holder}")?,
                    None => f.write_str("everyone")?,
                }
                for values in &rule.with {
                    write!(f, ", only with `{}` among {}", values.name, values.list())?;
                }
                if !rule.places.is_empty() {
                    write!(f, ", only in {}", rule.place_list())?;
                }
                if rule.approval.is_some() {
                    f.write_str(", once approved")?;
                }
                write!(f, " ({rule})")
            }
        }
    }
}

/// One rule that speaks of what somebody would run, and what it asks for. Displayed as
/// ``only with `env` among `staging` (role `operator`, entry 2 (access.yaml:12), granted to group `sre`)``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The rule.
    pub through: Through,
    /// What it asks for and this place is not.
    pub place: Option<Miss>,
    /// What it asks for in parameters.
    pub values: Vec<Miss>,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions: Vec<String> =
            self.place.iter().chain(&self.values).map(ToString::to_string).collect();
        let conditions = if conditions.is_empty() { "always".to_owned() } else { conditions.join(", ") };
        let approved = if self.through.rule.approval.is_some() { ", once approved" } else { "" };
        write!(f, "{conditions}{approved} ({})", self.through)
    }
}

/// The answer to `why can't I run X`, whatever its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// One can, without a rule.
    Free(By),
    /// These rules speak of it.
    Rules(Vec<Standing>),
    /// None does.
    Nothing(Why),
}

impl Access {
    /// Which rules let `asker` run something, here and with which parameters.
    pub fn explain(&self, asker: &Asker<'_>, action: &str, alias: Option<&str>) -> Explanation {
        if let Some(by) = self.free(asker.person, action) {
            return Explanation::Free(by);
        }
        let speaking =
            self.rules_of(asker.person).filter(|held| held.rule.speaks_of(Verb::Run, action, alias));
        let rules: Vec<Standing> = speaking
            .map(|through| Standing {
                place: through.rule.holds_at(asker).err(),
                values: through.rule.with.iter().map(Miss::value).collect(),
                through,
            })
            .collect();
        if rules.is_empty() {
            Explanation::Nothing(self.why(asker, action, Vec::new()))
        } else {
            Explanation::Rules(rules)
        }
    }

    /// Who the bot takes `person` for.
    pub fn whoami(&self, person: &Person) -> Whoami {
        let policy = self.policy.as_ref().filter(|_| person.is_proven());
        let name = policy.and_then(|policy| policy.names.get(person));
        let is_me = |member: &Member| match member {
            Member::Named(other) => name == Some(other),
            Member::Id(id) => id == person,
        };
        let groups = policy.into_iter().flat_map(|policy| &policy.groups);
        let groups =
            groups.filter(|(_, members)| members.iter().any(is_me)).map(|(group, _)| group.to_string());
        let held = policy.and_then(|policy| policy.held.get(person)).into_iter().flatten();
        let lent = self.lent_to(person).filter_map(|held| held.rule.role.as_deref().map(str::to_owned));
        let held = held.filter_map(|held| held.rule.role.as_deref().map(str::to_owned));
        let mut roles: Vec<String> = held.chain(lent).collect();
        roles.sort();
        roles.dedup();
        Whoami {
            person: person.clone(),
            name: name.map(ToString::to_string),
            groups: groups.collect(),
            roles,
            admin: self.is_admin(person),
        }
    }

    /// Everybody who may run an action, or a command that runs it: admins first.
    pub fn who_can(&self, action: &str, alias: Option<&str>) -> Vec<Holding> {
        let mut all: Vec<Holding> = self.admins.iter().cloned().map(Holding::Admin).collect();
        if BUILTIN.iter().any(|builtin| builtin.action == action && builtin.open == super::Open::ToAll) {
            all.push(Holding::Open);
        }
        let loans =
            self.loans.iter().flat_map(|loan| loan.rules.iter().map(|rule| through(rule, Some(&loan.to))));
        let loans = loans.filter(|held| held.rule.speaks_of(Verb::Run, action, alias)).map(Holding::Rule);
        let Some(policy) = &self.policy else {
            all.push(Holding::Terminal);
            all.extend(loans);
            return all;
        };
        let granted = policy.grants.iter().flat_map(|granted| {
            granted
                .rules
                .iter()
                .flat_map(|rule| granted.to.iter().map(move |holder| through(rule, Some(holder))))
        });
        let everyone = policy.everyone.iter().map(|rule| through(rule, None));
        let speaking = granted.chain(everyone).filter(|held| held.rule.speaks_of(Verb::Run, action, alias));
        all.extend(speaking.map(Holding::Rule));
        all.extend(loans);
        all
    }

    /// Rules that speak of nothing there is: `actions` and `aliases` are all refs, built-in ones left out.
    pub fn idle(&self, actions: &[&str], aliases: &[&str]) -> Vec<Problem> {
        let Some(policy) = &self.policy else { return Vec::new() };
        let actions: Vec<&str> =
            actions.iter().copied().chain(BUILTIN.iter().map(|builtin| builtin.action)).collect();
        let mut rules: Vec<_> =
            policy.grants.iter().flat_map(|granted| &granted.rules).chain(&policy.everyone).collect();
        rules.sort_by_key(|rule| (rule.line, rule.entry));
        rules.dedup_by(|one, other| std::sync::Arc::ptr_eq(one, other));
        let mut problems = Vec::new();
        for rule in rules {
            for pattern in rule.run.iter().chain(&rule.approve) {
                let (found, near) = match pattern {
                    RefPattern::Action(name) => (
                        actions.iter().any(|one| pattern.matches(one, None)),
                        nearest(name, actions.iter().copied()),
                    ),
                    RefPattern::Alias(name) => (
                        aliases.iter().any(|one| pattern.matches("", Some(one))),
                        nearest(name, aliases.iter().copied()),
                    ),
                };
                if !found {
                    let message = format!("`{}` is nothing that can be run", pattern.text());
                    let error = ConfigError::new(&rule.file, message).at(rule.line, 1);
                    let help = near.map(|near| format!("did you mean `{near}`?"));
                    problems.push(Problem::Warning(ConfigError { help, ..error }));
                }
            }
        }
        problems
    }

    /// The ids that rules name, with the adapter each belongs to: one of an adapter that is not configured can
    /// never match.
    pub fn persons(&self) -> Vec<&Person> {
        let Some(policy) = &self.policy else { return self.admins.iter().collect() };
        let direct = policy.groups.values().flatten().filter_map(|member| match member {
            Member::Id(person) => Some(person),
            Member::Named(_) => None,
        });
        let granted =
            policy.grants.iter().flat_map(|granted| &granted.to).filter_map(|holder| match holder {
                Holder::Id(person) => Some(person),
                _ => None,
            });
        let mut all: Vec<&Person> =
            self.admins.iter().chain(policy.names.keys()).chain(direct).chain(granted).collect();
        all.sort();
        all.dedup();
        all
    }
}
