//! Remote commands, whichever client carries them: who logs in how, and what the other side is told.

mod files;
mod marked;
#[cfg(feature = "ssh-native")]
mod native;
mod remote;
mod system;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::host::{Host, is_user};
use super::output::Pipe;
use super::record::Record;
use super::{Backend, Job, Settings, Ssh};
use crate::model::{Secret, hex};
use files::Files;
use words::Trouble;

pub(super) use remote::script;

/// How often a host that turns us away before the login is tried.
const TRIES: u32 = 4;
/// The longest pause before the second try; before the third it is twice as long, and so on.
const PAUSE: Duration = Duration::from_secs(1);

/// Who logs in, and how.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Login {
    pub(super) username: Option<String>,
    password: Option<Secret>,
    private_key: Option<Secret>,
    passphrase: Option<Secret>,
    pub(super) port: Option<u16>,
    bastion_host: Option<String>,
}

/// Everything that the hosts of one run share.
pub(super) struct Session {
    user: Option<String>,
    port: Option<u16>,
    bastion: Option<Host>,
    password: Option<Secret>,
    passphrase: Option<Secret>,
    /// The private key, in a file.
    key: Option<PathBuf>,
    /// The script for the other side.
    script: Vec<u8>,
    /// What the other side says when the script begins: nobody can guess it.
    mark: String,
    grace: Duration,
    /// Files that must stay while the run does.
    files: Files,
    /// Keys that the native client read.
    #[cfg(feature = "ssh-native")]
    native: tokio::sync::OnceCell<Vec<Arc<russh::keys::PrivateKey>>>,
}

impl Session {
    /// Checks the login and lays out the files it needs.
    pub(super) fn open(
        login: &Login,
        script: Vec<u8>,
        job: &Job,
        settings: &Settings,
    ) -> Result<Self, String> {
        if settings.ssh.backend == Backend::Native && cfg!(not(feature = "ssh-native")) {
            return Err(
                "the native SSH client is not in this build: build it with the cargo feature `ssh-native`"
                    .to_owned(),
            );
        }
        let user = filled(login.username.as_deref());
        if let Some(user) = user.filter(|user| !is_user(user)) {
            return Err(format!("`{}` is not a name to log in with", user.escape_debug()));
        }
        let bastion = filled(login.bastion_host.as_deref()).map(Host::parse).transpose()?;
        let mut files = Files::new(&job.world);
        let key = secret(&login.private_key).map(|key| files.key(key.expose())).transpose()?;
        let (password, passphrase) = (secret(&login.password), secret(&login.passphrase));
        let asks = password.is_some() || passphrase.is_some();
        if asks && settings.ssh.backend == Backend::System {
            files.askpass()?;
        }
        let mark = hex::encode(&job.world.random::<16>());
        let (user, port, grace) = (user.map(str::to_owned), login.port, settings.grace);
        Ok(Self {
            user,
            port,
            bastion,
            password,
            passphrase,
            key,
            script,
            mark,
            grace,
            files,
            #[cfg(feature = "ssh-native")]
            native: tokio::sync::OnceCell::new(),
        })
    }

    /// Runs the script on one host.
    pub(super) async fn run(
        &self,
        host: &Host,
        limit: Duration,
        out: &Arc<Pipe>,
        err: &Arc<Pipe>,
        job: &Job,
        settings: &Settings,
    ) -> Record {
        match settings.ssh.backend {
            #[cfg(feature = "ssh-native")]
            Backend::Native => native::run(self, host, limit, out, err, job, settings).await,
            _ => system::run(self, host, limit, out, err, job, settings).await,
        }
    }

    /// Who logs in at `host`, where that is said.
    fn user_at<'a>(&'a self, host: &'a Host) -> Option<&'a str> {
        host.user.as_deref().or(self.user.as_deref())
    }

    /// Why `host` cannot be reached, for a person.
    fn sentence(
        &self,
        trouble: &Trouble,
        host: &Host,
        user: Option<&str>,
        port: Option<u16>,
        ssh: &Ssh,
    ) -> String {
        let sentence = trouble.sentence(host, user, port, ssh);
        match &self.bastion {
            Some(bastion) => format!("{sentence} (by way of `{bastion}`)"),
            None => sentence,
        }
    }

    /// The port of `host`, where that is said.
    fn port_of(&self, host: &Host) -> Option<u16> {
        host.port.or(self.port)
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn secret(secret: &Option<Secret>) -> Option<Secret> {
    secret.clone().filter(|secret| !secret.is_empty())
}
