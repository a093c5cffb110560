//! What an alias asks for before it runs: `extra.approval`, and StackStorm's `extra.security.twofactor`.

use serde_json::{Map, Value};

use super::Alias;
use crate::config::Demand;

impl Alias {
    /// Who must approve each use of it. A demand that cannot be read was refused at load.
    pub fn approval(&self) -> Option<Demand> {
        self.extra
            .get("approval")
            .and_then(|value| Demand::read(value).unwrap_or_else(|_| Some(Demand::default())))
    }

    /// Whether who uses it proves once more who they are, by a code.
    pub fn needs_code(&self) -> bool {
        self.extra.get("security").is_some_and(|value| twofactor(value).unwrap_or(true))
    }
}

/// What is wrong with the guards in `extra`, each with its key: a slip must not let a command run at once.
pub(super) fn problems(extra: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let approval = extra.get("approval").and_then(|value| Demand::read(value).err());
    let factor = extra.get("security").and_then(|value| twofactor(value).err());
    let both = [("extra.approval", approval), ("extra.security", factor)];
    both.into_iter().filter_map(|(key, why)| Some((key, why?))).collect()
}

fn twofactor(security: &Value) -> Result<bool, String> {
    match security.get("twofactor") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(wanted)) => Ok(*wanted),
        Some(other) => Err(format!("twofactor: `true` or `false` is expected, `{other}` was found")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn load(extra: &str) -> Result<Alias, String> {
        let text = format!("name: a\naction_ref: core.noop\nformats: [a]\nextra: {extra}\n");
        let loaded = Alias::load(Some("default"), Path::new("a.yaml"), &text);
        loaded.map(|(alias, _)| alias).map_err(|errors| errors[0].headline())
    }

    #[test]
    fn guards_are_read_from_extra() {
        let alias = load("{approval: {by: sre}, security: {twofactor: true}}").unwrap();
        assert_eq!(alias.approval().unwrap().by, ["sre"]);
        assert!(alias.needs_code());
        let free = load("{slack: {color: red}, security: {}}").unwrap();
        assert!(free.approval().is_none() && !free.needs_code());
    }

    #[test]
    fn a_guard_with_a_slip_in_it_refuses_the_alias() {
        let wrong = load("{approval: {bye: sre}}").unwrap_err();
        assert!(wrong.contains("extra.approval: unknown key `bye`"), "{wrong}");
        let wrong = load("{security: {twofactor: 'no'}}").unwrap_err();
        assert!(wrong.contains("extra.security: twofactor"), "{wrong}");
    }
}
