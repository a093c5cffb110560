//! Every role with its holders and rules, for those who look at the whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::policy::{Access, Rule};

/// A role: who has it, what it allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Role {
    /// Its name; `everyone` for the rules that hold for all.
    pub name: String,
    /// Those to whom it was granted: groups, people, ids.
    pub holders: Vec<String>,
    /// What it allows, a sentence each.
    pub rules: Vec<String>,
}

impl Access {
    /// The roles by name, those that were granted to somebody, then `everyone`.
    pub fn roles(&self) -> Vec<Role> {
        let Some(policy) = &self.policy else { return Vec::new() };
        let mut all: BTreeMap<&str, Role> = BTreeMap::new();
        for granted in &policy.grants {
            for rule in &granted.rules {
                let name = rule.role.as_deref().unwrap_or_default();
                let role = all.entry(name).or_insert_with(|| Role::new(name));
                add(&mut role.rules, rule.told());
                granted.to.iter().for_each(|holder| add(&mut role.holders, holder.to_string()));
            }
        }
        let mut roles: Vec<Role> = all.into_values().collect();
        if !policy.everyone.is_empty() {
            let rules = policy.everyone.iter().map(|rule| rule.told()).collect();
            roles.push(Role { rules, holders: vec!["everyone".to_owned()], ..Role::new("everyone") });
        }
        roles
    }
}

impl Role {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), holders: Vec::new(), rules: Vec::new() }
    }
}

fn add(all: &mut Vec<String>, one: String) {
    if !all.contains(&one) {
        all.push(one);
    }
}

impl Rule {
    /// What it allows: ``run `deploy.*`, only with `env` among `staging`, only in `irc:#ops` ``.
    fn told(&self) -> String {
        let list = |word: &str, patterns: &[super::pattern::RefPattern]| {
            let all: Vec<String> = patterns.iter().map(|pattern| format!("`{}`", pattern.text())).collect();
            (!all.is_empty()).then(|| format!("{word} {}", all.join(", ")))
        };
        let both = list("run", &self.run).into_iter().chain(list("approve", &self.approve));
        let mut text = both.collect::<Vec<_>>().join("; ");
        for values in &self.with {
            text += &format!(", only with `{}` among {}", values.name, values.list());
        }
        if !self.places.is_empty() {
            text += &format!(", only in {}", self.place_list());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn roles_are_shown_with_their_holders_and_rules() {
        let text = "people: { alice: [irc:alice] }\nroles:\n  operator:\n    - run: [default.*]\n      with: { env: [staging] }\n      in: [\"irc:#ops\"]\n\
                    grants: [ { role: operator, to: [alice, irc:bob] } ]\neveryone: [ { run: [core.echo] } ]\n";
        let roles = Access::read(Path::new("access.yaml"), text, Vec::new()).unwrap().roles();
        assert_eq!((roles[0].name.as_str(), roles[0].holders.len()), ("operator", 2));
        assert!(roles[0].rules[0].starts_with("run `default.*`, only with `env` among"), "{roles:?}");
        assert_eq!((roles[1].name.as_str(), roles[1].rules[0].as_str()), ("everyone", "run `core.echo`"));
    }
}
