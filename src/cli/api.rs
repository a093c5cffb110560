//! The API of the bot that runs on this home, found by its files in `var`.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::config::home::HomeDir;
use crate::http::Token;

/// How long a connection may take, and a call whose answer is at hand.
const LIMIT: Duration = Duration::from_secs(10);

/// How long an answer may take that waits for a command: longer than any command may run, which is a week.
const LONGEST: Duration = Duration::from_secs(8 * 24 * 3600);

/// A bot that runs on the same home.
pub(super) struct Api {
    base: String,
    token: Token,
    client: reqwest::Client,
}

impl Api {
    /// The API as the running bot wrote it down.
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

    /// Where it is, as `http://host:port`.
    pub(super) fn address(&self) -> &str {
        &self.base
    }

    /// Asks `path` for a value.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.client.get(self.url(path));
        let answer = tokio::time::timeout(LIMIT, self.send(request)).await.context(self.silent())??;
        answer.json().await.context("the running bot speaks another language")
    }

    /// Calls `path`, whose answer begins at once.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        tokio::time::timeout(LIMIT, self.post_and_wait(path, body)).await.context(self.silent())?
    }

    /// Calls `path`, whose answer comes when a command has ended.
    pub(super) async fn post_and_wait(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        self.send(self.client.post(self.url(path)).json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base)
    }

    fn silent(&self) -> String {
        format!("the running bot does not answer at {} within {} s", self.base, LIMIT.as_secs())
    }

    /// An answer that is not a success becomes its `detail`.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.bearer_auth(self.token.expose()).send().await.with_context(|| {
            format!(
                "the running bot cannot be reached at {}: is it still there? `chatops doctor` tells",
                self.base
            )
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response.json().await.unwrap_or_default();
        bail!("{}", problem["detail"].as_str().unwrap_or(status.as_str()))
    }
}
