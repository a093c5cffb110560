//! What the parts of one session share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Inner, Patience};
use crate::adapter::{Ended, Link};
use crate::wire::slack::{APP_SCOPE, Api, ApiError, Event};

/// What the parts of one session share.
pub(super) struct Context {
    pub(super) inner: Arc<Inner>,
    pub(super) patience: Patience,
    pub(super) link: Link,
    /// The Web API with the bot's token.
    pub(super) api: Api,
    /// The same with the app's token.
    pub(super) app: Api,
    pub(super) me: Me,
    /// What was heard, on its way to the ears.
    pub(super) heard: mpsc::Sender<Event>,
    /// Why the session is over.
    pub(super) over: mpsc::Sender<Ended>,
    /// Cancelled when the session is over.
    pub(super) done: CancellationToken,
    /// Sockets that are open.
    pub(super) up: AtomicUsize,
    /// Rings when a socket was lost: something may have been missed.
    pub(super) missed: Notify,
    /// Whether what was missed is being read: what comes meanwhile was said later, and waits for it.
    pub(super) reading: AtomicBool,
    /// Whether Slack takes no files from the bot: they become messages then.
    pub(super) no_files: AtomicBool,
}

/// Who the bot is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Me {
    /// Its user id.
    pub(super) user: String,
    /// Its user name.
    pub(super) name: String,
}

impl Context {
    /// Something may have been missed: it is read up before anything newer is heard.
    pub(super) fn may_have_missed(&self) {
        self.reading.store(true, Ordering::Release);
        self.missed.notify_one();
    }

    /// Waits for a call that Slack limits, as long as it asks, again and again; every other outcome is given back.
    pub(super) async fn patiently<T, F, Fut>(&self, call: F) -> Result<T, ApiError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, ApiError>>,
    {
        loop {
            match call().await {
                Err(ApiError::Later { after: Some(after), why }) => {
                    tracing::info!(adapter = %self.link.name, why, ?after, "slack makes the bot wait");
                    self.link.world.sleep(after.max(LEAST_WAIT)).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// A `Retry-After: 0` is no invitation to a storm.
const LEAST_WAIT: Duration = Duration::from_millis(200);

/// How a session ends after a call that must work, `what` with the token named `token`.
pub(super) fn ended(error: &ApiError, token: &str) -> Ended {
    match refusal(error, token) {
        Some(why) => Ended::Refused(why),
        None => Ended::Lost(error.to_string()),
    }
}

/// What to do, where the token or the app is at fault.
pub(super) fn refusal(error: &ApiError, token: &str) -> Option<String> {
    let ApiError::Said { error, needed } = error else { return None };
    let help = match error.as_str() {
        "invalid_auth" | "not_authed" => format!("copy the token `{token}` from the app's page anew"),
        "token_revoked" | "token_expired" => {
            format!("install the app again and put its new token into `{token}`")
        }
        "account_inactive" => "the app was removed from the workspace: install it again".to_owned(),
        "not_allowed_token_type" if token == "APP_TOKEN" => {
            format!("`{token}` needs an app-level token (`xapp-`): Basic Information, App-Level Tokens")
        }
        "not_allowed_token_type" => {
            format!("`{token}` needs a bot token (`xoxb-`): OAuth & Permissions, Bot User OAuth Token")
        }
        "missing_scope" if token == "APP_TOKEN" => {
            format!(
                "make an app-level token with the scope `{APP_SCOPE}`: Basic Information, App-Level Tokens"
            )
        }
        "missing_scope" => {
            let scope = needed.as_deref().unwrap_or("?");
            format!("add the scope `{scope}` under OAuth & Permissions and install the app again")
        }
        "org_login_required" | "ekm_access_denied" | "team_access_not_granted" | "access_denied" => {
            "an administrator of the workspace has to let the app in".to_owned()
        }
        _ => return None,
    };
    Some(format!("slack says `{error}`: {help}"))
}
