//! Logging in: the key of the action, or the agent and the user's own keys; then the password.

use std::sync::Arc;

use russh::client::{Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, load_secret_key};

use super::super::Session;
use super::super::words::Trouble;
use super::keys::Checker;
use crate::model::Secret;

/// The user's own keys, best first, as `ssh` tries them.
const OWN: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];
/// A server that keeps asking is not answered for ever.
const QUESTIONS: usize = 4;

/// One try.
struct Try<'a> {
    session: &'a Session,
    handle: &'a mut Handle<Checker>,
    user: String,
}

/// Logs in with whatever there is.
pub(super) async fn by_any(
    session: &Session,
    handle: &mut Handle<Checker>,
    user: Option<&str>,
) -> Result<(), Trouble> {
    let mut attempt = Try::new(session, handle, user);
    if attempt.keys().await? || attempt.password().await? { Ok(()) } else { Err(Trouble::NotLetIn) }
}

/// Logs in with keys alone: a bastion never gets the password of the host behind it.
pub(super) async fn by_key(
    session: &Session,
    handle: &mut Handle<Checker>,
    user: Option<&str>,
) -> Result<(), Trouble> {
    let mut attempt = Try::new(session, handle, user);
    if attempt.keys().await? {
        return Ok(());
    }
    Err(Trouble::Other("the bastion does not let us in: check key and user".to_owned()))
}

impl<'a> Try<'a> {
    fn new(session: &'a Session, handle: &'a mut Handle<Checker>, user: Option<&str>) -> Self {
        let user = user.map_or_else(ourselves, str::to_owned);
        Self { session, handle, user }
    }

    async fn keys(&mut self) -> Result<bool, Trouble> {
        if self.session.key.is_none() && self.agent().await? {
            return Ok(true);
        }
        let keys = self.session.native.get_or_try_init(|| load(self.session)).await?;
        for key in keys {
            if self.key(key.clone()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn key(&mut self, key: Arc<PrivateKey>) -> Result<bool, Trouble> {
        let hash = if is_rsa(&key.algorithm()) { self.hash().await? } else { None };
        let key = PrivateKeyWithHashAlg::new(key, hash);
        let answer = self.handle.authenticate_publickey(&self.user, key).await;
        Ok(answer.map_err(|error| Trouble::from(&error))?.success())
    }

    async fn hash(&self) -> Result<Option<HashAlg>, Trouble> {
        let best = self.handle.best_supported_rsa_hash().await.map_err(|error| Trouble::from(&error))?;
        Ok(best.flatten())
    }

    /// An agent that is not there or fails is as good as none.
    async fn agent(&mut self) -> Result<bool, Trouble> {
        let Ok(mut agent) = AgentClient::connect_env().await else { return Ok(false) };
        let identities = agent.request_identities().await.unwrap_or_default();
        for identity in identities {
            let AgentIdentity::PublicKey { key, .. } = identity else { continue };
            let hash = if is_rsa(&key.algorithm()) { self.hash().await? } else { None };
            let answer = self.handle.authenticate_publickey_with(&self.user, key, hash, &mut agent).await;
            if answer.is_ok_and(|answer| answer.success()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn password(&mut self) -> Result<bool, Trouble> {
        let Some(password) = self.session.password.clone() else { return Ok(false) };
        let answer = self.handle.authenticate_password(&self.user, password.expose()).await;
        if answer.map_err(|error| Trouble::from(&error))?.success() {
            return Ok(true);
        }
        self.questions(password.expose()).await.map_err(|error| Trouble::from(&error))
    }

    /// Servers that ask instead of taking a password: each hidden question is answered with it.
    async fn questions(&mut self, password: &str) -> Result<bool, russh::Error> {
        let mut reply = self.handle.authenticate_keyboard_interactive_start(&self.user, None).await?;
        for _ in 0..QUESTIONS {
            let prompts = match reply {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
            };
            let hidden = |echo: bool| if echo { String::new() } else { password.to_owned() };
            let answers = prompts.iter().map(|prompt| hidden(prompt.echo)).collect();
            reply = self.handle.authenticate_keyboard_interactive_respond(answers).await?;
        }
        Ok(false)
    }
}

/// The key of the action, or those of the user that can be read. Once for all hosts, on a thread of
/// its own: a passphrase is made to take long.
async fn load(session: &Session) -> Result<Vec<Arc<PrivateKey>>, Trouble> {
    let (given, passphrase) = (session.key.clone(), session.passphrase.clone());
    let loading = tokio::task::spawn_blocking(move || {
        let passphrase = passphrase.as_ref().map(Secret::expose);
        match given {
            Some(path) => Ok(vec![Arc::new(load_secret_key(path, passphrase)?)]),
            None => Ok(own(passphrase)),
        }
    });
    let loaded: Result<_, russh::keys::Error> = loading.await.unwrap_or(Ok(Vec::new()));
    loaded.map_err(|error| Trouble::Other(format!("the private key cannot be read: {error}")))
}

fn own(passphrase: Option<&str>) -> Vec<Arc<PrivateKey>> {
    let folder = std::env::home_dir().unwrap_or_default().join(".ssh");
    let paths = OWN.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
    paths.filter_map(|path| load_secret_key(path, passphrase).ok()).map(Arc::new).collect()
}

fn is_rsa(kind: &Algorithm) -> bool {
    matches!(kind, Algorithm::Rsa { .. })
}

/// Who the bot runs as.
fn ourselves() -> String {
    let named = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "root".to_owned())
}
