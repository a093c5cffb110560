//! The actions of the bot itself, pack `chatops`: what is recorded, approved and explained like any other run.

use std::path::Path;

use super::file::Action;

/// The pack of the bot's own commands and actions.
pub const PACK: &str = "chatops";

/// The action that grants something for a time.
pub const GRANT: &str = "chatops.grant";

/// Every action of the pack.
pub fn actions() -> Vec<Action> {
    let file = Path::new("chatops/actions/grant.yaml");
    let loaded = Action::load(PACK, file, include_str!("grant.yaml"));
    loaded.ok().map(|(action, _)| action).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_actions_load() {
        let names: Vec<_> = actions().iter().map(Action::reference).collect();
        assert_eq!(names, [GRANT]);
    }
}
