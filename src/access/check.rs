//! Checks `access.yaml`: every name in it is known, every pattern means something. Collects all mistakes.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::file::{Entry, File};
use super::pattern::{PlacePattern, RefPattern, Values};
use super::policy::{Granted, Holder, Member, Policy, Rule};
use crate::config::nearest::hint;
use crate::config::yaml::{Spanned, line_of};
use crate::config::{ConfigError, Demand};
use crate::model::Person;

struct Check<'a> {
    file: Arc<Path>,
    text: &'a str,
    raw: &'a File,
    errors: Vec<ConfigError>,
}

/// The policy of a file, or everything that is wrong with it.
pub(super) fn check(file: &Path, text: &str, raw: &File) -> Result<Policy, Vec<ConfigError>> {
    let mut check = Check { file: file.into(), text, raw, errors: Vec::new() };
    let names = check.people();
    let groups = check.groups();
    let roles = check.roles();
    let grants = check.grants(&roles);
    let everyone = check.entries(None, &raw.everyone, "everyone");
    let mut policy = Policy { names, groups, roles, grants, everyone, held: HashMap::new() };
    policy.flatten();
    if check.errors.is_empty() { Ok(policy) } else { Err(check.errors) }
}

impl Check<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, key: String, message: impl Into<String>, help: Option<String>) {
        let (line, column) = line_of(at);
        let error = ConfigError::new(&self.file, message).at(line, column).key(key).excerpt_of(self.text);
        self.errors.push(ConfigError { help, ..error });
    }

    fn people(&mut self) -> HashMap<Person, Arc<str>> {
        let mut names: HashMap<Person, Arc<str>> = HashMap::new();
        for (name, ids) in &self.raw.people.0 {
            self.name(name, "people");
            for (index, id) in ids.iter().enumerate() {
                let key = format!("people.{}[{index}]", name.value);
                let Some(person) = self.person(id, &key) else { continue };
                if let Some(other) = names.get(&person).filter(|other| ***other != *name.value) {
                    let message = format!("`{person}` is `{other}` already");
                    self.wrong(id, key, message, None);
                }
                names.insert(person, name.value.as_str().into());
            }
        }
        names
    }

    /// A person by id, proven.
    fn person(&mut self, id: &Spanned<String>, key: &str) -> Option<Person> {
        match id.value.parse::<Person>() {
            Ok(person) if person.is_proven() => return Some(person),
            Ok(_) => {
                let message = format!("`{}` is unproven: anyone may take that name", id.value);
                let help = "name the services account, or put the rule under `everyone`";
                self.wrong(id, key.to_owned(), message, Some(help.to_owned()));
            }
            Err(error) => self.wrong(id, key.to_owned(), error.to_string(), None),
        }
        None
    }

    fn name(&mut self, name: &Spanned<String>, part: &str) {
        let good = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
        if name.value.is_empty() || !name.value.chars().all(good) {
            let message =
                format!("`{}` is no name: it has only letters, digits, `.`, `_` and `-`", name.value);
            self.wrong(name, part.to_owned(), message, None);
        }
    }

    fn groups(&mut self) -> BTreeMap<Arc<str>, Vec<Member>> {
        let mut groups = BTreeMap::new();
        for (name, members) in &self.raw.groups.0 {
            self.name(name, "groups");
            if self.raw.people.0.iter().any(|(person, _)| person.value == name.value) {
                let message = format!("`{}` is a person already, call the group otherwise", name.value);
                self.wrong(name, "groups".to_owned(), message, None);
            }
            let mut found = Vec::new();
            for (index, member) in members.iter().enumerate() {
                found.extend(self.member(member, &format!("groups.{}[{index}]", name.value)));
            }
            groups.insert(Arc::from(name.value.as_str()), found);
        }
        groups
    }

    fn member(&mut self, member: &Spanned<String>, key: &str) -> Option<Member> {
        if member.value.contains(':') {
            return self.person(member, key).map(Member::Id);
        }
        let people: Vec<&str> = self.raw.people.0.iter().map(|(name, _)| name.value.as_str()).collect();
        if people.contains(&member.value.as_str()) {
            return Some(Member::Named(member.value.as_str().into()));
        }
        let message = format!("`{}` is not among `people`", member.value);
        self.wrong(member, key.to_owned(), message, hint(&member.value, people.iter().copied()));
        None
    }

    fn roles(&mut self) -> BTreeMap<String, Vec<Arc<Rule>>> {
        let mut roles = BTreeMap::new();
        for (name, entries) in &self.raw.roles.0 {
            self.name(name, "roles");
            let rules = self.entries(Some(&name.value), entries, &format!("roles.{}", name.value));
            roles.insert(name.value.clone(), rules);
        }
        roles
    }

    fn entries(&mut self, role: Option<&str>, entries: &[Spanned<Entry>], key: &str) -> Vec<Arc<Rule>> {
        let mut rules = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let key = format!("{key}[{index}]");
            let parts = &entry.value;
            if parts.run.is_empty() && parts.approve.is_empty() {
                let message = "the entry allows nothing: it needs `run` or `approve`";
                self.wrong(entry, key.clone(), message, None);
            }
            rules.push(Arc::new(Rule {
                role: role.map(Arc::from),
                entry: index + 1,
                file: self.file.clone(),
                line: line_of(entry).0,
                run: self.each(&parts.run, &format!("{key}.run"), RefPattern::parse),
                approve: self.each(&parts.approve, &format!("{key}.approve"), RefPattern::parse),
                with: self.values(parts, &key),
                places: self.each(&parts.places, &format!("{key}.in"), PlacePattern::parse),
                approval: self.approval(parts, &key),
                lent: None,
            }));
        }
        rules
    }

    fn each<T>(
        &mut self,
        texts: &[Spanned<String>],
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut good = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match parse(&text.value) {
                Ok(value) => good.push(value),
                Err(message) => self.wrong(text, format!("{key}[{index}]"), message, None),
            }
        }
        good
    }

    /// What is wrong here must not become a rule without approval.
    fn approval(&mut self, entry: &Entry, key: &str) -> Option<Demand> {
        let written = entry.approval.as_ref()?;
        let key = format!("{key}.approval");
        let demand = Demand::read(&written.value).unwrap_or_else(|why| {
            self.wrong(written, key.clone(), why, None);
            None
        })?;
        if entry.run.is_empty() {
            let message = "an entry without `run` allows nothing that could be approved";
            self.wrong(written, key.clone(), message, None);
        }
        for place in &demand.places {
            if let Err(why) = PlacePattern::parse(place) {
                self.wrong(written, format!("{key}.in"), why, None);
            }
        }
        for name in &demand.by {
            self.approver(written, name, &format!("{key}.by"));
        }
        Some(demand)
    }

    /// Somebody who approves: a role, a group, one of the people, or an id.
    fn approver(&mut self, at: &Spanned<Value>, name: &str, key: &str) {
        if name.contains(':') {
            if let Err(error) = name.parse::<Person>() {
                self.wrong(at, key.to_owned(), error.to_string(), None);
            }
            return;
        }
        let roles = self.raw.roles.0.iter().map(|(known, _)| known.value.as_str());
        let groups = self.raw.groups.0.iter().map(|(known, _)| known.value.as_str());
        let people = self.raw.people.0.iter().map(|(known, _)| known.value.as_str());
        let known: Vec<&str> = roles.chain(groups).chain(people).collect();
        if !known.contains(&name) {
            let message = format!("`{name}` is neither among `roles`, `groups` nor `people`");
            self.wrong(at, key.to_owned(), message, hint(name, known.iter().copied()));
        }
    }

    fn values(&mut self, entry: &Entry, key: &str) -> Vec<Values> {
        let mut all = Vec::new();
        for (name, allowed) in &entry.with.0 {
            if allowed.is_empty() {
                let message = format!("no value of `{}` is allowed, so the entry allows nothing", name.value);
                self.wrong(name, format!("{key}.with"), message, None);
            }
            all.push(Values { name: name.value.clone(), allowed: allowed.clone() });
        }
        all
    }

    fn grants(&mut self, roles: &BTreeMap<String, Vec<Arc<Rule>>>) -> Vec<Granted> {
        let mut grants = Vec::new();
        for (index, grant) in self.raw.grants.iter().enumerate() {
            let role = &grant.role;
            let rules = roles.get(&role.value).cloned().unwrap_or_else(|| {
                let message = format!("`{}` is not among `roles`", role.value);
                let help = hint(&role.value, roles.keys().map(String::as_str));
                self.wrong(role, format!("grants[{index}].role"), message, help);
                Vec::new()
            });
            let mut to = Vec::new();
            for (at, holder) in grant.to.iter().enumerate() {
                to.extend(self.holder(holder, &format!("grants[{index}].to[{at}]")));
            }
            grants.push(Granted { rules, to });
        }
        grants
    }

    fn holder(&mut self, holder: &Spanned<String>, key: &str) -> Option<Holder> {
        if holder.value.contains(':') {
            return self.person(holder, key).map(Holder::Id);
        }
        let name = holder.value.as_str();
        let has = |pairs: &[(Spanned<String>, Vec<Spanned<String>>)]| {
            pairs.iter().any(|(known, _)| known.value == name)
        };
        if has(&self.raw.groups.0) {
            return Some(Holder::Group(name.into()));
        }
        if has(&self.raw.people.0) {
            return Some(Holder::Named(name.into()));
        }
        let known: Vec<&str> = self
            .raw
            .groups
            .0
            .iter()
            .chain(&self.raw.people.0)
            .map(|(known, _)| known.value.as_str())
            .collect();
        let message = format!("`{name}` is neither among `groups` nor among `people`");
        self.wrong(holder, key.to_owned(), message, hint(name, known.iter().copied()));
        None
    }
}
