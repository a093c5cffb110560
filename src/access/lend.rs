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

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::access::{Asked, Asker};

    const POLICY: &str = "people: {alice: [irc:alice], bob: [irc:bob]}\ngroups: {sre: [alice]}\n\
        roles: {op: [{run: [deploy.*], approval: {by: sre}}]}\n";

    fn access() -> Access {
        Access::read(Path::new("access.yaml"), POLICY, Vec::new()).unwrap()
    }

    fn grant(what: &str, to: &str) -> TimeGrant {
        TimeGrant {
            id: 7,
            what: what.into(),
            to: to.into(),
            by: "irc:root".parse().unwrap(),
            by_name: "root".into(),
            why: String::new(),
            from: Timestamp::from_micros(10),
            until: Timestamp::from_micros(20),
        }
    }

    fn may(access: &Access, who: &str, action: &str) -> bool {
        let (person, parameters) = (who.parse().unwrap(), Map::new());
        let asker = Asker { person: &person, place: None, room_name: None };
        access.decide(&asker, &Asked { action, alias: None, parameters: &parameters }).is_allowed()
    }

    #[test]
    fn a_grant_holds_for_whom_it_names_and_until_its_end() {
        let now = Timestamp::from_micros(15);
        let lent = access().with_grants(&[grant("deploy.*", "bob")], now);
        assert!(may(&lent, "irc:bob", "deploy.web") && !may(&lent, "irc:bob", "core.local"));
        assert!(!may(&lent, "irc:alice", "deploy.web") && !may(&lent, "irc:~bob", "deploy.web"));
        assert_eq!(lent.next_end(), Some(Timestamp::from_micros(20)));
        assert!(!may(&lent.without_ended(Timestamp::from_micros(20)), "irc:bob", "deploy.web"));
        for over in [9, 20, 99] {
            let late = access().with_grants(&[grant("deploy.*", "bob")], Timestamp::from_micros(over));
            assert!(!may(&late, "irc:bob", "deploy.web"), "{over}");
        }
        let bare = Access::without_file(Vec::new()).with_grants(&[grant("deploy.*", "irc:zed")], now);
        assert!(may(&bare, "irc:zed", "deploy.web"));
    }

    #[test]
    fn a_role_that_is_lent_keeps_what_it_asks_for() {
        let lent = access().with_grants(&[grant("op", "sre")], Timestamp::from_micros(15));
        let (person, parameters) = ("irc:alice".parse().unwrap(), Map::new());
        let asker = Asker { person: &person, place: None, room_name: None };
        let asked = Asked { action: "deploy.web", alias: None, parameters: &parameters };
        let crate::access::Decision::Allowed { by } = lent.decide(&asker, &asked) else { panic!("allowed") };
        assert_eq!(by.demand().unwrap().by, ["sre"]);
        assert!(by.to_string().starts_with("grant 7 of root until 1970"), "{by}");
        assert_eq!(lent.whoami(&person).roles, ["op"]);
    }

    #[test]
    fn what_nobody_knows_cannot_be_granted() {
        let access = access();
        assert!(access.check_grant("deploy.*", "sre").is_ok() && access.check_grant("op", "irc:zed").is_ok());
        assert!(access.check_grant("opp", "bob").unwrap_err().to_string().contains("did you mean `op`"));
        assert!(access.check_grant("op", "bbo").unwrap_err().to_string().contains("did you mean `bob`"));
        assert!(access.check_grant("op", "irc:~zed").is_err());
        let person = |text: &str| text.parse::<Person>().unwrap();
        assert_eq!(access.reaches("sre", &person("irc:alice")), Sameness::Same);
        assert_eq!(access.reaches("sre", &person("irc:bob")), Sameness::Different);
        assert_eq!(access.reaches("sre", &person("slack:U1")), Sameness::Unknown);
    }

    #[test]
    fn a_demand_in_a_rule_is_read_with_its_line() {
        let text = |approval: &str| {
            format!("groups: {{sre: []}}\nroles:\n  op:\n    - run: [a.b]\n      approval: {approval}\n")
        };
        let read = |approval| Access::read(Path::new("access.yaml"), &text(approval), Vec::new());
        assert!(read("{by: sre, in: ['irc:#ops']}").is_ok() && read("true").is_ok());
        for (approval, why) in [
            ("{by: rse}", "roles.op[0].approval.by: `rse` is neither among"),
            ("{bye: sre}", "roles.op[0].approval: unknown key `bye`"),
            ("{in: ['#ops']}", "roles.op[0].approval.in: `#ops` is no place"),
        ] {
            let error = read(approval).unwrap_err().remove(0);
            let headline = error.headline();
            assert!(headline.starts_with("access.yaml:5:") && headline.contains(why), "{headline}");
        }
    }
}
