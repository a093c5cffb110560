//! The files of a starter home, inside the binary. A test compares the list with the repository's folders.

/// One file of a starter home.
#[derive(Debug, Clone, Copy)]
pub(super) struct Starter {
    /// Where it goes in the home.
    pub(super) path: &'static str,
    /// Its text.
    pub(super) text: &'static str,
}

macro_rules! same {
    ($($path:literal),* $(,)?) => {
        &[$(Starter { path: $path, text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)) },)*]
    };
}

/// The files that a home has as the repository has them: everything under `aliases`, `actions`, `templates`.
pub(super) const SAME: &[Starter] = same![
    "access.yaml.example",
    "actions/deploy.sh",
    "actions/deploy.yaml",
    "actions/disk.yaml",
    "actions/ping.yaml",
    "actions/service_restart.yaml",
    "actions/service_status.yaml",
    "actions/uptime.yaml",
    "aliases/deploy_production.yaml",
    "aliases/deploy_staging.yaml",
    "aliases/disk.yaml",
    "aliases/echo.yaml",
    "aliases/http.yaml",
    "aliases/local.yaml",
    "aliases/ping.yaml",
    "aliases/reach.yaml",
    "aliases/run.yaml",
    "aliases/service.yaml",
    "aliases/service_restart.yaml",
    "aliases/uptime.yaml",
    "templates/default_result.j2",
    "templates/deploy.j2",
    "templates/hosts.j2",
    "templates/http.j2",
    "templates/stackstorm_result.j2",
];

/// The files that are called otherwise in the repository, or are not in it.
pub(super) const OWN: &[Starter] = &[
    Starter {
        path: "chatops.env",
        text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/chatops.env.example")),
    },
    Starter { path: ".gitignore", text: "# The bot's own files, and secrets.\n/var/\n/chatops.env\n" },
];

/// Every file of a starter home.
pub(super) fn all() -> impl Iterator<Item = &'static Starter> {
    SAME.iter().chain(OWN)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn the_starter_home_has_every_file_of_the_repositorys_folders() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut there = BTreeSet::from(["access.yaml.example".to_owned()]);
        for folder in ["aliases", "actions", "templates"] {
            walk(root, &root.join(folder), &mut there);
        }
        let listed: BTreeSet<String> = SAME.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(listed, there, "list each file in `SAME`");
    }
}
