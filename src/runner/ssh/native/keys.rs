//! Whether a host is the one we know.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use russh::Preferred;
use russh::client::Handler;
use russh::keys::known_hosts::{check_known_hosts_path, known_host_keys_path, learn_known_hosts_path};
use russh::keys::{Algorithm, PublicKey, PublicKeyBase64, PublicKeyOrCertificate};

use super::super::super::{Ssh, UnknownHosts};
use super::super::words::Trouble;

/// Compares a host's key with the files of known hosts.
pub(super) struct Checker {
    name: String,
    port: u16,
    /// Ours first: new keys are written there.
    files: Vec<PathBuf>,
    unknown: UnknownHosts,
    verdict: Verdict,
}

/// Why a host's key was refused: the client's own error does not say.
#[derive(Clone, Default)]
pub(super) struct Verdict(Arc<Mutex<Option<Trouble>>>);

impl Verdict {
    pub(super) fn take(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, trouble: Trouble) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }
}

impl Checker {
    pub(super) fn new(name: &str, port: u16, ssh: &Ssh) -> Self {
        let files = match &ssh.known_hosts {
            Some(file) => vec![file.clone()],
            None => {
                let own = std::env::home_dir().map(|home| home.join(".ssh/known_hosts"));
                own.into_iter().chain([PathBuf::from("/etc/ssh/ssh_known_hosts")]).collect()
            }
        };
        let verdict = Verdict::default();
        Self { name: name.to_owned(), port, files, unknown: ssh.unknown_hosts, verdict }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// The kinds of key that are known come first: a host has several, and shows the first we ask for.
    pub(super) fn preferred(&self) -> Preferred {
        let known =
            self.files.iter().filter_map(|file| known_host_keys_path(&self.name, self.port, file).ok());
        let known: Vec<_> = known.flatten().map(|(_, key)| key.algorithm()).collect();
        let preferred = Preferred::default();
        let mut order = preferred.key.to_vec();
        // An RSA key signs with one of several hashes; its kind is the same.
        order.sort_by_key(|kind| !known.iter().any(|known| known == kind || both_rsa(known, kind)));
        Preferred { key: Cow::Owned(order), ..preferred }
    }

    fn check(&self, key: &PublicKey) -> Result<(), Trouble> {
        if self.files.iter().any(|file| is_revoked(file, key)) {
            return Err(Trouble::ChangedKey);
        }
        for file in &self.files {
            match check_known_hosts_path(&self.name, self.port, key, file) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(russh::keys::Error::KeyChanged { .. }) => return Err(Trouble::ChangedKey),
                Err(error) => {
                    return Err(Trouble::Other(format!("`{}` cannot be read: {error}", file.display())));
                }
            }
        }
        match (self.unknown, self.files.first()) {
            (UnknownHosts::Accept, Some(file)) => learn_known_hosts_path(&self.name, self.port, key, file)
                .map_err(|error| Trouble::Other(format!("its key cannot be remembered: {error}"))),
            _ => Err(Trouble::UnknownKey),
        }
    }
}

fn both_rsa(one: &Algorithm, other: &Algorithm) -> bool {
    matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
}

/// Whether a file says, for whatever host, that this key is in wrong hands.
fn is_revoked(file: &PathBuf, key: &PublicKey) -> bool {
    let Ok(text) = std::fs::read_to_string(file) else { return false };
    let ours = key.public_key_base64();
    let mut revoked = text.lines().filter(|line| line.starts_with("@revoked"));
    revoked.any(|line| line.split_whitespace().any(|word| word == ours))
}

impl Handler for Checker {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let checked = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.check(key),
            PublicKeyOrCertificate::Certificate(_) => Err(Trouble::UnknownKey),
        };
        match checked {
            Ok(()) => Ok(true),
            Err(trouble) => {
                self.verdict.put(trouble);
                Ok(false)
            }
        }
    }
}
