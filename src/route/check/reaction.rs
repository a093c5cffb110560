//! Checks rules that run something, and escalations.

use super::{Check, apart, below};
use crate::config::Demand;
use crate::config::yaml::{Spanned, line_of};
use crate::model::Person;
use crate::route::reaction::{Escalation, Often, Reaction, Runs};
use crate::route::{Match, file};

impl Check<'_> {
    pub(super) fn reaction(
        &mut self,
        raw: Spanned<file::Reaction>,
        at: usize,
        known: &[Reaction],
    ) -> Option<Reaction> {
        let key = format!("rules[{at}]");
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, &key, file::Reaction::KEYS);
        let name = self.needed(raw.name, (&place, &key), "name")?;
        if known.iter().any(|other| other.name == name.value) {
            let message = format!("there are two rules `{}`", name.value);
            self.wrong(&name, below(&key, "name"), message, None);
        }
        let matching = self.matching(&raw.matching, &below(&key, "match"));
        self.is_about_something(&matching, &place, &key);
        let owner = self.needed(raw.owner, (&place, &key), "as").and_then(|owner| self.owner(&owner, &key));
        let with = raw.with.value;
        let runs = match (raw.run, raw.command) {
            (Some(action), None) => Some(Runs::Action { action: action.value, with }),
            (None, Some(command)) if with.is_empty() => Some(Runs::Command(command.value)),
            (None, Some(command)) => {
                let message = "`with` belongs to `run`: a command has its values in it".to_owned();
                self.wrong(&command, below(&key, "with"), message, None);
                None
            }
            _ => {
                let message = "a rule has either `run`, an action, or `command`, a line as it would be typed";
                self.wrong(&place, key.clone(), message.to_owned(), None);
                None
            }
        };
        let approval = raw.approval.and_then(|raw| self.demand(&raw, &key));
        let limit = raw.limit.and_then(|limit| self.often(limit, &below(&key, "limit"))).unwrap_or_default();
        Some(Reaction {
            line: line_of(&place).0,
            name: name.value,
            matching,
            runs: runs?,
            owner: owner?,
            place: raw.place.map(|place| place.value),
            approval,
            limit,
        })
    }

    fn is_about_something(&mut self, matching: &Match, place: &Spanned<()>, key: &str) {
        if matching.is_empty() {
            let message = "it must say which events it is about".to_owned();
            self.wrong(place, below(key, "match"), message, None);
        }
    }

    fn owner(&mut self, owner: &file::Text, key: &str) -> Option<Person> {
        match owner.value.parse::<Person>() {
            Ok(person) if person.is_proven() => return Some(person),
            Ok(_) => {
                let message = format!("`{}` is unproven: anyone may take that name", owner.value);
                self.wrong(owner, below(key, "as"), message, None);
            }
            Err(error) => self.wrong(owner, below(key, "as"), error.to_string(), None),
        }
        None
    }

    fn demand(&mut self, raw: &Spanned<serde_json::Value>, key: &str) -> Option<Demand> {
        let read = Demand::read(&raw.value);
        read.unwrap_or_else(|why| {
            self.wrong(raw, below(key, "approval"), why, None);
            None
        })
    }

    fn often(&mut self, raw: Spanned<file::After>, key: &str) -> Option<Often> {
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, key, file::After::KEYS);
        let count = self.needed(raw.count, (&place, key), "count");
        let within = self.needed(raw.within, (&place, key), "within");
        let within = self.span(within.as_ref(), &below(key, "within"));
        let count = count.filter(|count| {
            let good = (1..=1000).contains(&count.value);
            if !good {
                self.wrong(count, below(key, "count"), format!("{} is not 1 to 1000", count.value), None);
            }
            good
        });
        Some(Often { count: count?.value, within: within? })
    }

    pub(super) fn escalations(&mut self, raw: Vec<Spanned<file::Escalate>>, key: &str) -> Vec<Escalation> {
        raw.into_iter().filter_map(|one| self.escalation(one, key)).collect()
    }

    fn escalation(&mut self, raw: Spanned<file::Escalate>, key: &str) -> Option<Escalation> {
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, key, file::Escalate::KEYS);
        let after = self.needed(raw.after, (&place, key), "after");
        let after = self.span(after.as_ref(), &below(key, "after"));
        if raw.to.is_empty() {
            self.wrong(&place, below(key, "to"), "it names nobody to tell".to_owned(), None);
        }
        for name in &raw.to {
            self.known(name, &name.value, below(key, "to"));
        }
        Some(Escalation { after: after?, to: raw.to.into_iter().map(|name| name.value).collect() })
    }
}
