//! The pack `core`, inside the binary: StackStorm's actions of that name.
//!
//! Those that cannot run here (`ask`, `winrm_cmd`, `winrm_ps_cmd` have no runner, `inject_trigger` is for a StackStorm
//! server) are listed and refused at run. `core.echo` touches no shell.

use std::path::Path;

use super::file::Action;

/// The name of the pack.
pub const PACK: &str = "core";

macro_rules! files {
    ($($name:literal,)*) => {
        /// The file of each action: its name, and its text.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!($name, ".yaml"))),)*];
    };
}
files! {
    "announcement",
    "ask",
    "echo",
    "error",
    "http",
    "inject_trigger",
    "local",
    "local_sudo",
    "noop",
    "pause",
    "remote",
    "remote_sudo",
    "sendmail",
    "uuid",
    "winrm_cmd",
    "winrm_ps_cmd",
}

/// Every action of the pack. Their `file` is `core/actions/NAME.yaml`, which is on no disk.
pub fn actions() -> Vec<Action> {
    let load = |(name, text): &(&str, &str)| {
        let file = format!("{PACK}/actions/{name}.yaml");
        Action::load(PACK, Path::new(&file), text).ok().map(|(action, _)| action)
    };
    FILES.iter().filter_map(load).collect()
}

#[cfg(test)]
mod proof;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_of_the_pack_loads_without_a_word() {
        for (name, text) in FILES {
            let loaded = Action::load(PACK, Path::new(name), text);
            let (action, problems) = loaded.unwrap_or_else(|errors| panic!("{}", errors[0]));
            assert_eq!(action.name, *name);
            assert!(problems.is_empty(), "{problems:?}");
            assert!(!action.description.is_empty(), "{name}");
        }
        assert_eq!(actions().len(), FILES.len());
    }

    #[test]
    fn echo_has_no_shell() {
        let echo = actions().into_iter().find(|action| action.name == "echo").unwrap();
        assert_eq!(echo.runner, "echo");
        assert!(!super::super::shell::starts_process(&echo.runner));
    }
}
