//! The Python environment of a pack, made by `python3 -m venv` and filled by pip.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::Command;

use crate::cli::print;
use crate::runner::virtualenv;

/// Making an empty environment takes some seconds.
const EMPTY: Duration = Duration::from_secs(120);

/// An environment that was made. Until it is kept, dropping it brings the earlier one back.
pub(super) struct Made {
    folder: PathBuf,
    earlier: Option<PathBuf>,
    kept: bool,
}

impl Made {
    /// It stays; the earlier one goes.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What cannot be tidied up is in nobody's way: both are below `var`.
        if self.kept {
            let _ = self.earlier.take().map(std::fs::remove_dir_all);
            return;
        }
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = self.earlier.take().map(|earlier| std::fs::rename(earlier, &self.folder));
    }
}

/// Makes the environment of the pack `name` with what `requirements` lists. pip's output goes to stderr.
pub(super) async fn make(
    home: &Path,
    name: &str,
    requirements: &Path,
    limit: Duration,
) -> anyhow::Result<Made> {
    let folder = virtualenv(home, name);
    let base = folder.parent().unwrap_or(home);
    std::fs::create_dir_all(base).with_context(|| format!("cannot make `{}`", base.display()))?;
    let earlier = base.join(format!(".{name}.old"));
    let _ = std::fs::remove_dir_all(&earlier);
    let earlier = match std::fs::rename(&folder, &earlier) {
        Ok(()) => Some(earlier),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).context("cannot put the earlier environment aside"),
    };
    let made = Made { folder: folder.clone(), earlier, kept: false };
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    let hint = "is `python3` with its module `venv` installed (`apt install python3-venv`)?";
    run(venv, "python3 -m venv", EMPTY, hint).await?;
    print::remark(format_args!("installing what {} lists", requirements.display()));
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--requirement"])
        .arg(requirements);
    let hint = "its words are above; without a network name a mirror (PIP_INDEX_URL, PIP_FIND_LINKS), or give \
                `--no-venv` and install the modules yourself";
    run(pip, "pip", limit, hint).await?;
    Ok(made)
}

async fn run(mut command: Command, name: &str, limit: Duration, hint: &str) -> anyhow::Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr())).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("cannot run `{name}`: {hint}"))?;
    match tokio::time::timeout(limit, child.wait()).await {
        Err(_) => bail!(
            "`{name}` did not end within {} s and was ended; the pack is not installed",
            limit.as_secs()
        ),
        Ok(status) => match status?.code() {
            Some(0) => Ok(()),
            Some(code) => {
                bail!("`{name}` failed with exit code {code}, so the pack is not installed: {hint}")
            }
            None => bail!("`{name}` was killed, so the pack is not installed"),
        },
    }
}
