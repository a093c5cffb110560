//! Requests of the REST interface (docs.discord.com/developers/reference): authorised, paced by what the answers
//! tell of limits, never followed by a storm.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, USER_AGENT};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::failure::Failure;
use super::limits::{Limits, Route};
use crate::model::Secret;
use crate::net::World;
use crate::net::file_bytes;
use crate::net::http::{HttpOptions, cause};
use crate::text::File;

/// What Discord wants to know of a client; others are blocked.
const AGENT: &str = concat!("DiscordBot (chatops, ", env!("CARGO_PKG_VERSION"), ")");

/// A wait longer than this is handed to whoever asks.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// JSON with files beside it.
    Files(Value, Vec<File>),
}

/// The REST interface with one token. Its knowledge of limits outlives sessions.
#[derive(Debug)]
pub struct Rest {
    client: Client,
    base: String,
    token: Secret,
    limits: Mutex<Limits>,
}

impl Rest {
    /// An interface at `base`, such as `https://discord.com/api/v10`.
    ///
    /// # Errors
    /// The options name a file or a proxy that cannot be used; in one sentence.
    pub fn new(base: &str, token: Secret, options: &HttpOptions) -> Result<Self, String> {
        let client = options.builder(&World::real())?.build().map_err(|error| cause(&error))?;
        Ok(Self { client, base: base.to_owned(), token, limits: Mutex::default() })
    }

    /// The token.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for something; gives the answer's JSON, null where it has none.
    ///
    /// # Errors
    /// There was no answer, or a refusal.
    pub async fn ask(&self, world: &World, method: Method, path: &str, body: Body) -> Result<Value, Failure> {
        self.ask_whole(world, method, path, body).await.map(|(value, _)| value)
    }

    /// The same with the answer's head.
    ///
    /// # Errors
    /// As for [`Rest::ask`].
    pub async fn ask_whole(
        &self,
        world: &World,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<(Value, HeaderMap), Failure> {
        let route = Route::of(method.as_str(), path);
        self.wait(world, &route).await?;
        let request = self.client.request(method, format!("{}/{path}", self.base)).header(USER_AGENT, AGENT);
        let answer =
            filled(self.authorised(request, path), body).send().await.map_err(|error| unreachable(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        self.learn(world, &route, &headers);
        let bytes = answer.bytes().await.map_err(|error| unreachable(&error))?;
        if status.is_success() {
            return Ok((serde_json::from_slice(&bytes).unwrap_or_default(), headers));
        }
        let failure = Failure::read(status, &headers, &bytes);
        if let (429, Some(after)) = (failure.status, failure.after) {
            self.limits().refused(&route, after, failure.global, world.now());
        }
        Err(failure)
    }

    async fn wait(&self, world: &World, route: &Route) -> Result<(), Failure> {
        loop {
            let taken = self.limits().take(route, world.now());
            match taken {
                Ok(()) => return Ok(()),
                Err(wait) if wait > LONGEST_WAIT => return Err(Failure::wait(wait)),
                Err(wait) => world.sleep(wait).await,
            }
        }
    }

    /// Interactions are authorised by the token in their path alone.
    fn authorised(&self, request: RequestBuilder, path: &str) -> RequestBuilder {
        if path.starts_with("webhooks/") || path.starts_with("interactions/") {
            return request;
        }
        request.header(AUTHORIZATION, format!("Bot {}", self.token.expose()))
    }

    fn learn(&self, world: &World, route: &Route, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let left = text("x-ratelimit-remaining").and_then(|text| text.parse().ok());
        let seconds = text("x-ratelimit-reset-after").and_then(|text| text.parse::<f64>().ok());
        let after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if let (Some(name), Some(left), Some(after)) = (text("x-ratelimit-bucket"), left, after) {
            self.limits().learn(route, name, left, after, world.now());
        }
    }
}

fn unreachable(error: &reqwest::Error) -> Failure {
    Failure::unreachable(cause(error))
}

fn filled(request: RequestBuilder, body: Body) -> RequestBuilder {
    match body {
        Body::None => request,
        Body::Json(value) => request.json(&value),
        Body::Files(value, files) => {
            let json = Part::text(value.to_string());
            // This type is a constant: it can be read.
            let json = json.mime_str("application/json").unwrap_or_else(|_| Part::text(value.to_string()));
            let mut form = Form::new().part("payload_json", json);
            for (index, file) in files.into_iter().enumerate() {
                form =
                    form.part(format!("files[{index}]"), Part::bytes(file_bytes(&file)).file_name(file.name));
            }
            request.multipart(form)
        }
    }
}
