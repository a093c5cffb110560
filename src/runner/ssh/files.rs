//! Files that a run needs while it lasts: a private key given as text, the helper that answers for a password.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::model::hex;
use crate::net::World;

/// Answers `ssh`'s questions out of its environment: passphrases, passwords, nothing else, and
/// nothing that the bastion asks.
const ASKPASS: &str = r#"#!/bin/sh
case $1 in
*"@$CHATOPS_SSH_BASTION'"* | *"@$CHATOPS_SSH_BASTION)"*) exit 1 ;;
"Enter passphrase"*) test -n "$CHATOPS_SSH_PASSPHRASE" && printf '%s\n' "$CHATOPS_SSH_PASSPHRASE" ;;
*assword*) test -n "$CHATOPS_SSH_PASSWORD" && printf '%s\n' "$CHATOPS_SSH_PASSWORD" ;;
*) exit 1 ;;
esac
"#;

/// A folder of one's own, made when the first file is, removed when this is dropped.
pub(super) struct Files {
    folder: PathBuf,
    made: bool,
    /// The helper that answers for a password.
    pub(super) askpass: Option<PathBuf>,
}

impl Files {
    pub(super) fn new(world: &World) -> Self {
        let name = format!("chatops-{}", hex::encode(&world.random::<12>()));
        Self { folder: std::env::temp_dir().join(name), made: false, askpass: None }
    }

    /// The file of a private key that is given as a path or as its text.
    pub(super) fn key(&mut self, key: &str) -> Result<PathBuf, String> {
        if key.contains("-----BEGIN") {
            let text = format!("{}\n", key.trim_end().replace("\r\n", "\n"));
            return self.write("key", &text, 0o600).map_err(|error| unwritable(&error));
        }
        if key.contains('\n') {
            return Err("the private key is neither a path nor the text of a key".to_owned());
        }
        let path = expand(key.trim());
        if path.is_file() {
            Ok(path)
        } else {
            Err(format!("there is no private key at `{}`", path.display()))
        }
    }

    /// Lays out the helper that answers for passwords.
    pub(super) fn askpass(&mut self) -> Result<(), String> {
        let path = self.write("askpass", ASKPASS, 0o700).map_err(|error| unwritable(&error))?;
        self.askpass = Some(path);
        Ok(())
    }

    fn write(&mut self, name: &str, text: &str, mode: u32) -> io::Result<PathBuf> {
        if !self.made {
            DirBuilder::new().mode(0o700).create(&self.folder)?;
            self.made = true;
        }
        let path = self.folder.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if self.made
            && let Err(error) = std::fs::remove_dir_all(&self.folder)
        {
            tracing::warn!(%error, folder = %self.folder.display(), "temporary files of a run are left behind");
        }
    }
}

fn unwritable(error: &io::Error) -> String {
    format!("the temporary folder cannot be written: {error}")
}

/// `~/` is the home of whoever the bot runs as.
fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(path).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_given_as_text_is_only_ours_and_goes_with_the_run() {
        let mut files = Files::new(&World::real());
        let path = files.key("-----BEGIN X-----\r\nabc\r\n-----END X-----").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "-----BEGIN X-----\nabc\n-----END X-----\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let folder = path.parent().unwrap().to_owned();
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        drop(files);
        assert!(!folder.exists());
    }

    #[test]
    fn a_key_that_is_not_there_is_named() {
        let mut files = Files::new(&World::real());
        assert_eq!(files.key("/no/key").unwrap_err(), "there is no private key at `/no/key`");
        assert!(files.key("abc\ndef").unwrap_err().contains("neither a path nor"));
    }

    #[test]
    fn the_helper_answers_for_the_target_and_never_for_the_bastion() {
        let mut files = Files::new(&World::real());
        files.askpass().unwrap();
        let ask = |question: &str| {
            let output = std::process::Command::new("/bin/sh")
                .arg(files.askpass.as_ref().unwrap())
                .arg(question)
                .env("CHATOPS_SSH_PASSWORD", "pw $(id)")
                .env("CHATOPS_SSH_PASSPHRASE", "pp")
                .env("CHATOPS_SSH_BASTION", "jump")
                .output()
                .unwrap();
            (output.status.success(), String::from_utf8(output.stdout).unwrap())
        };
        assert_eq!(ask("me@web1's password: "), (true, "pw $(id)\n".to_owned()));
        assert_eq!(ask("(me@web1) Password: "), (true, "pw $(id)\n".to_owned()));
        assert_eq!(ask("Enter passphrase for key '/x/password': "), (true, "pp\n".to_owned()));
        assert_eq!(ask("me@jump's password: "), (false, String::new()));
        assert_eq!(ask("(me@jump) Password: "), (false, String::new()));
        assert_eq!(ask("Are you sure you want to continue connecting?"), (false, String::new()));
    }
}
