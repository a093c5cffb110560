//! The API of the bot that runs on this home, found by its files in `var`.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::config::home::HomeDir;
use crate::http::Token;

/// How long a call may take until its answer begins.
const LIMIT: Duration = Duration::from_secs(10);

/// A bot that runs on the same home.
pub(super) struct Api {
    base: String,
    token: Token,
    client: reqwest::Client,
}

impl Api {
    /// The API as the running bot wrote it down.
    pub(super) fn find(home: &HomeDir) -> anyhow::Result<Self> {
        let none = || format!("no bot runs on {}: start one with `chatops serve`", home.root().display());
        let base = std::fs::read_to_string(home.api()).with_context(none)?;
        let token = Token::load(&home.token()).context("cannot read the token of the running bot")?;
        crate::net::tls::install();
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(LIMIT)
            .read_timeout(Duration::from_secs(3600));
        Ok(Self { base: format!("http://{}", base.trim()), token, client: client.build()? })
    }

    /// Calls `path`; an answer that is not a success becomes its `detail`.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<reqwest::Response> {
        let request = self.client.post(format!("{}/api/v1/{path}", self.base));
        let request = request.bearer_auth(self.token.expose()).json(body);
        let response =
            tokio::time::timeout(LIMIT, request.send()).await.context("the running bot does not answer")?;
        let response = response.context("the running bot cannot be reached")?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response.json().await.unwrap_or_default();
        bail!("{}", problem["detail"].as_str().unwrap_or(status.as_str()))
    }
}
