//! The API of a running bot: the one on this home, found by its files in `var`, or one on another machine.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use super::{Global, locate};
use crate::config::env::Env;
use crate::config::home::HomeDir;
use crate::http::{Token, USER};
use crate::model::Secret;
use crate::net::http::redact_url;

/// How long a connection may take, and a call whose answer is at hand.
const LIMIT: Duration = Duration::from_secs(10);

/// How long an answer may take that waits for a command: longer than any command may run, which is a week.
const LONGEST: Duration = Duration::from_secs(8 * 24 * 3600);

/// A bot that runs.
pub(super) struct Api {
    base: String,
    token: Token,
    client: reqwest::Client,
}

/// Calls `path` of the bot that runs on the home, for a value.
pub(super) fn call(
    method: Method,
    path: &str,
    body: Option<&Value>,
    global: &Global,
) -> anyhow::Result<Value> {
    let api = Api::find(&locate::home_dir(global)?)?;
    super::runtime()?.block_on(api.call(method, path, body))
}

/// Why a call did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// No answer: it may be there in a moment.
    #[error("{0}")]
    Unreachable(String),
    /// The bot says so itself.
    #[error("{detail}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// Its sentence.
        detail: String,
    },
}

impl CallError {
    /// Whether the same call may work in a moment.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Refused { status: 408 | 425 | 429 | 500.., .. })
    }
}

impl Api {
    /// The API as the running bot of a home wrote it down.
    pub(super) fn find(home: &HomeDir) -> anyhow::Result<Self> {
        let none = || format!("no bot runs on `{}`: start one with `chatops serve`", home.root().display());
        let Ok(base) = std::fs::read_to_string(home.api()) else { bail!(none()) };
        let token = Token::load(&home.token()).with_context(|| {
            format!(
                "cannot read the token of the running bot, `{}`: run this as its user",
                home.token().display()
            )
        })?;
        crate::net::tls::install();
        let client = reqwest::Client::builder().no_proxy().connect_timeout(LIMIT).read_timeout(LONGEST);
        Ok(Self { base: format!("http://{}", base.trim()), token, client: client.build()? })
    }

    /// The bot at `server`, else at `CHATOPS_URL`, else the one that runs on the home. The token for a bot elsewhere
    /// is `CHATOPS_TOKEN`. Both variables may stand in the home's chatops.env.
    pub(super) fn open(global: &Global, server: Option<&str>) -> anyhow::Result<Self> {
        let home = locate::home_dir(global);
        let file = home.as_ref().ok().and_then(HomeDir::env_file);
        let env = Env::read(file.as_deref(), locate::variables()).map_err(|errors| super::all_of(&errors))?;
        let set = |name: &str| env.get(name).map(str::trim).filter(|value| !value.is_empty());
        let Some(base) = server.or_else(|| set("CHATOPS_URL")) else { return Self::find(&home?) };
        let Some(token) = set("CHATOPS_TOKEN") else {
            bail!("`CHATOPS_TOKEN` is not set: it is the token for the bot at {}", redact_url(base));
        };
        Self::at(base, Secret::new(token))
    }

    fn at(base: &str, token: Secret) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/').trim_end_matches("/api/v1").to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            bail!("the address of the bot must begin with http:// or https://");
        }
        crate::net::tls::install();
        let client = reqwest::Client::builder().connect_timeout(LIMIT).read_timeout(LONGEST).build()?;
        Ok(Self { base, token: Token::from(token), client })
    }

    /// Where it is, as `http://host:port`.
    pub(super) fn address(&self) -> &str {
        &self.base
    }

    /// Asks `path` for a value.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// Calls `path`, whose answer is at hand, for a value.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut request = self.client.request(method, self.url(path));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = tokio::time::timeout(LIMIT, self.send(request)).await.context(self.silent())??;
        answer.json().await.context("the running bot speaks another language")
    }

    /// Tells an event, within `limit`. The same `key` again is the same event.
    pub(super) async fn tell(&self, event: &Value, key: &str, limit: Duration) -> Result<Value, CallError> {
        let silent = |_| CallError::Unreachable(format!("no answer from {} within {limit:?}", self.shown()));
        let request = self.client.post(self.url("events")).header("idempotency-key", key).json(event);
        let told = async {
            let answer = self.send(request).await?;
            answer.json().await.map_err(|error| CallError::Unreachable(error.without_url().to_string()))
        };
        tokio::time::timeout(limit, told).await.map_err(silent)?
    }

    /// Calls `path`, whose answer begins at once.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        tokio::time::timeout(LIMIT, self.post_and_wait(path, body)).await.context(self.silent())?
    }

    /// Calls `path`, whose answer comes when a command has ended.
    pub(super) async fn post_and_wait(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        Ok(self.send(self.client.post(self.url(path)).json(body)).await?)
    }

    /// Calls `path`, whose answer comes when something has ended, with a body if there is one.
    pub(super) async fn post_and_wait_with<T: serde::Serialize>(
        &self,
        path: &str,
        body: Option<&T>,
    ) -> anyhow::Result<Value> {
        let mut request = self.client.post(self.url(path));
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await?.json().await.context("the running bot speaks another language")
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base)
    }

    /// The address, without what may be secret in it.
    fn shown(&self) -> String {
        redact_url(&self.base)
    }

    fn silent(&self) -> String {
        format!("the running bot does not answer at {} within {} s", self.shown(), LIMIT.as_secs())
    }

    /// An answer that is not a success becomes its `detail`.
    async fn send(&self, request: RequestBuilder) -> Result<Response, CallError> {
        let mut request = request.bearer_auth(self.token.expose());
        let user = super::chat::user();
        if user.bytes().all(|byte| byte.is_ascii_graphic()) {
            request = request.header(USER, user);
        }
        let sent = request.send().await;
        let response = sent.map_err(|error| {
            let why = crate::net::http::cause(&error);
            let address = self.shown();
            CallError::Unreachable(format!(
                "the running bot cannot be reached at {address} ({why}): is it still there? `chatops doctor` tells"
            ))
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response.json().await.unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or(status.as_str()).to_owned();
        Err(CallError::Refused { status: status.as_u16(), detail })
    }
}
