//! The files of the home, the database, the keys.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access};

use super::{Finding, Level};
use crate::bot::home::Home;
use crate::cli::print;
use crate::config::Problem;
use crate::config::env::Env;
use crate::config::home::HomeDir;
use crate::store::audit::verify;
use crate::store::{Keys, Reader, StoreError};

/// What `check` finds.
pub(super) fn files(dir: &HomeDir, home: &Home) -> Vec<Finding> {
    let counts =
        [(home.own_aliases(), "alias"), (home.actions.len(), "action"), (home.services.len(), "adapter")];
    let counts = counts.map(|(count, noun)| print::counted(count, noun)).join(", ");
    let mut findings = vec![Finding::ok("home", format!("{}: {counts}", dir.root().display()))];
    findings.extend(home.problems.iter().map(problem));
    findings
}

fn problem(problem: &Problem) -> Finding {
    let error = problem.error();
    let level = if problem.is_fatal() { Level::Error } else { Level::Warning };
    let headline = error.headline();
    let file = error.file.display().to_string();
    let message = headline.strip_prefix(&format!("{file}:")).unwrap_or(&headline).trim_start();
    Finding { help: error.help.clone(), ..Finding::new(level, file, message) }
}

/// Whether the database opens, may be written, and whether its audit log is whole.
pub(super) fn database(dir: &HomeDir, home: &Home) -> Vec<Finding> {
    let path = home.settings.database_in(dir.root());
    if let Some(finding) = unusable(&dir.var_dir()).or_else(|| unusable(path.parent().unwrap_or(&path))) {
        return vec![finding];
    }
    let reader = match Reader::open_readonly(&path) {
        Ok(reader) => reader,
        Err(StoreError::Missing(_)) => {
            return vec![Finding::ok("database", "none yet: the first start makes it")];
        }
        Err(error) => {
            return vec![Finding::error("database", error.to_string()).help(remedy(&error, &path))];
        }
    };
    vec![writable(&path), audit(&reader, dir)]
}

/// What to do about a database that cannot be used.
pub(super) fn remedy(error: &StoreError, path: &Path) -> String {
    match error {
        StoreError::DiskFull => format!("make room on the disk of `{}`: `df {0}`", path.display()),
        StoreError::ReadOnly => format!("run the bot as the owner of `{}`", path.display()),
        _ => format!("look at `{}` and its folder", path.display()),
    }
}

/// Why nothing can be kept in a folder that is there, or that the first start would have to make.
fn unusable(folder: &Path) -> Option<Finding> {
    let about = |message: String, help: String| Some(Finding::error("database", message).help(help));
    let there = folder.ancestors().find(|path| path.exists())?;
    if !there.is_dir() {
        let message = format!(
            "`{}` is no folder: the bot cannot keep anything in it and does not start",
            there.display()
        );
        return about(message, format!("move the file away: `mv {0} {0}.old`", there.display()));
    }
    if there != folder && access(there, Access::WRITE_OK).is_err() {
        let message =
            format!("`{}` cannot be made: `{}` may not be written", folder.display(), there.display());
        return about(message, "run the bot as the owner of the home".to_owned());
    }
    None
}

fn writable(path: &Path) -> Finding {
    let folder = path.parent().unwrap_or(path);
    let refused = [path, folder].into_iter().find(|path| access(*path, Access::WRITE_OK).is_err());
    match refused {
        None => Finding::ok("database", path.display().to_string()),
        Some(refused) => Finding::error("database", format!("`{}` may not be written", refused.display()))
            .help("run the bot as the owner of these files"),
    }
}

fn audit(reader: &Reader, dir: &HomeDir) -> Finding {
    let keys = match Keys::load(&dir.var_dir()) {
        Ok(keys) => keys,
        Err(error) => {
            return Finding::error("audit log", error.to_string()).help(
                "bring the key back from a backup: without it nobody can tell whether the log was changed",
            );
        }
    };
    match verify(reader, &keys, None) {
        Ok(verdict) if verdict.is_whole() => {
            Finding::ok("audit log", format!("whole, {}", print::counted(verdict.records as usize, "record")))
        }
        Ok(verdict) => {
            let flaws = usize::try_from(verdict.flaws).unwrap_or(usize::MAX);
            Finding::error("audit log", format!("NOT WHOLE: {}", print::counted(flaws, "finding")))
                .help("`chatops audit verify` lists them")
        }
        Err(error) => Finding::error("audit log", error.to_string()),
    }
}

/// Whether others on this machine can read what is only the bot's own.
pub(super) fn keys(dir: &HomeDir) -> Vec<Finding> {
    let mut findings: Vec<Finding> = [dir.audit_key(), dir.seal_key(), dir.token()]
        .iter()
        .filter_map(|path| private(dir, path, Level::Error))
        .collect();
    let env = dir.env_file().filter(|file| holds_secrets(file));
    findings.extend(env.and_then(|file| private(dir, &file, Level::Warning)));
    findings
}

/// Whether a variable of the file has a secret's name and the secret itself.
fn holds_secrets(file: &Path) -> bool {
    let Ok(env) = Env::read(Some(file), []) else { return false };
    let secret = |name: &str| ["PASSWORD", "TOKEN", "SECRET"].iter().any(|word| name.contains(word));
    let own =
        |name: &str| env.get(name).is_some_and(|value| !value.is_empty() && !value.starts_with("file:"));
    env.names().any(|name| secret(name) && own(name))
}

fn private(dir: &HomeDir, path: &Path, level: Level) -> Option<Finding> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let about = dir.shown(path).display().to_string();
    if mode & 0o077 == 0 {
        return Some(Finding::ok(about, "only its owner can read it"));
    }
    let message = format!("others on this machine can read it (mode {:03o})", mode & 0o777);
    Some(Finding::new(level, about, message).help(format!("chmod 600 {}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_file_where_the_folder_should_be_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let var = folder.path().join("var");
        assert_eq!(unusable(&var), None, "the first start makes it");
        fs::write(&var, "").unwrap();
        for path in [var.clone(), var.join("deeper")] {
            let finding = unusable(&path).unwrap();
            assert!(finding.level == Level::Error && finding.message.contains("is no folder"), "{finding:?}");
            assert!(finding.help.unwrap().starts_with("move the file away"));
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let dir = HomeDir::at(folder.path());
        fs::create_dir(dir.var_dir()).unwrap();
        fs::write(dir.audit_key(), "").unwrap();
        for (mode, level) in [(0o600, Level::Ok), (0o644, Level::Error)] {
            fs::set_permissions(dir.audit_key(), Permissions::from_mode(mode)).unwrap();
            let found = keys(&dir);
            assert_eq!((found.len(), found[0].level, found[0].about.as_str()), (1, level, "var/audit.key"));
        }
    }

    #[test]
    fn settings_with_a_password_in_them_should_be_private() {
        let folder = tempfile::tempdir().unwrap();
        let dir = HomeDir::at(folder.path());
        let file = folder.path().join("chatops.env");
        for (text, level) in [
            ("CHATOPS_NAME=bot\n", None),
            ("CHATOPS_IRC_PASSWORD=file:/run/secrets/irc\n", None),
            ("CHATOPS_IRC_PASSWORD=hush\n", Some(Level::Warning)),
        ] {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
            assert_eq!(keys(&dir).first().map(|finding| finding.level), level, "{text}");
        }
    }
}
