//! Logging in: the key of the action, or the agent and the user's own keys; then the password.

use std::path::PathBuf;
use std::sync::Arc;

use russh::client::{Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, load_secret_key};

use super::super::Session;
use super::super::words::Trouble;
use super::keys::Checker;

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
        if let Some(path) = self.session.key.clone() {
            return self.key(&path, Needed::Yes).await;
        }
        if self.agent().await? {
            return Ok(true);
        }
        let folder = std::env::home_dir().unwrap_or_default().join(".ssh");
        for name in OWN {
            let path = folder.join(name);
            if path.is_file() && self.key(&path, Needed::No).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn key(&mut self, path: &PathBuf, needed: Needed) -> Result<bool, Trouble> {
        let passphrase = self.session.passphrase.as_ref().map(|secret| secret.expose());
        let key = match (load_secret_key(path, passphrase), needed) {
            (Ok(key), _) => key,
            (Err(_), Needed::No) => return Ok(false),
            (Err(error), Needed::Yes) => {
                return Err(Trouble::Other(format!("the private key cannot be read: {error}")));
            }
        };
        let hash = if key.algorithm().is_rsa() { self.hash().await? } else { None };
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
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
            let hash = if key.algorithm().is_rsa() { self.hash().await? } else { None };
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

/// Whether a key that cannot be read ends the login.
#[derive(Clone, Copy)]
enum Needed {
    Yes,
    No,
}

/// Who the bot runs as.
fn ourselves() -> String {
    let named = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "root".to_owned())
}
