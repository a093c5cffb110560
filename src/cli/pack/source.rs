//! Where a pack comes from: a folder, or an archive that is unpacked first.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// The folder of the pack that `path` is or holds. An archive is unpacked into `folder`.
pub(super) fn folder_of(path: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if !path.is_file() {
        bail!("there is no folder or archive `{}`", path.display());
    }
    if !name.ends_with(".tar.gz") && !name.ends_with(".tgz") {
        bail!("`{}` is neither a folder nor a .tar.gz", path.display());
    }
    std::fs::create_dir_all(folder)?;
    unpack(path, folder)?;
    let whole =
        |folder: &Path| ["pack.yaml", "actions", "aliases"].iter().any(|part| folder.join(part).exists());
    if whole(folder) {
        return Ok(folder.to_owned());
    }
    // Most archives hold one folder, such as `stackstorm-acme-1.0/`.
    let inner: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    match inner.iter().filter(|path| whole(path)).collect::<Vec<_>>()[..] {
        [one] => Ok(one.clone()),
        [] => bail!("`{}` holds no pack: a pack has `actions`, `aliases` or a `pack.yaml`", path.display()),
        _ => bail!("`{}` holds several packs: unpack it and install them one by one", path.display()),
    }
}

/// By the system's `tar`, which leaves out what would land elsewhere.
fn unpack(archive: &Path, folder: &Path) -> anyhow::Result<()> {
    let ran = Command::new("tar")
        .args(["--extract", "--gzip", "--no-same-owner", "--no-same-permissions", "--file"])
        .arg(archive)
        .arg("--directory")
        .arg(folder)
        .output()
        .context("cannot run `tar`")?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        bail!("`{}` cannot be unpacked: {}", archive.display(), said.lines().next().unwrap_or("tar failed"));
    }
    Ok(())
}
