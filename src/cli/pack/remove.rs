//! Removing a pack. Nothing is lost: it moves to `var/removed`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;

use super::install::pack;
use crate::cli::{Global, locate, print};
use crate::config::home::HomeDir;
use crate::net::World;
use crate::runner;

pub(super) fn run(name: &str, global: &Global) -> anyhow::Result<ExitCode> {
    let home = locate::home_dir(global)?;
    let found = pack(&home, name)?;
    if found.root == home.root() {
        bail!("the pack `{name}` is the home itself");
    }
    let kept = put_aside(&home, &found.root)?.context("it is gone already")?;
    let environment = runner::virtualenv(home.root(), name);
    if environment.is_dir() {
        fs::remove_dir_all(&environment)
            .with_context(|| format!("cannot remove `{}`", environment.display()))?;
    }
    if global.json {
        print::json(&json!({"removed": name, "kept": kept.display().to_string()}))?;
    } else {
        print::line(format_args!("removed {name}; it is kept in {}", home.shown(&kept).display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Moves a pack to `var/removed/NAME-TIME`; `None` if it is not there.
pub(super) fn put_aside(home: &HomeDir, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let Ok(kind) = fs::symlink_metadata(folder) else { return Ok(None) };
    if kind.is_symlink() {
        bail!("`{}` is a link: take it away yourself", folder.display());
    }
    let base = home.var_dir().join("removed");
    fs::create_dir_all(&base).with_context(|| format!("cannot make `{}`", base.display()))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let to = base.join(format!("{name}-{}", World::real().now().as_micros()));
    fs::rename(folder, &to)
        .with_context(|| format!("cannot move `{}` to `{}`", folder.display(), to.display()))?;
    Ok(Some(to))
}
