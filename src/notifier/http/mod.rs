//! One request to a service, for every kind that speaks HTTP: redirects, limits, and what an answer means.
//!
//! 2xx is taken; 408, 425, 429, 5xx and network failures may pass; 307 and 308 are followed, without credentials
//! where they lead to another host; a GET, which has no body to lose, follows the others too; everything else is final.

mod answer;
mod request;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Instant;

use reqwest::{Client, Method, Response, Url, redirect};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::{Doors, Mode, later, refused};
use crate::model::{Receipt, SendError};
use crate::net::World;
use crate::net::http::{HttpOptions, cause, redact_url};

pub(super) use answer::Reply;
pub(super) use request::{Body, Request, check_header};

/// A request's body may have this many bytes: far beyond what any of the services takes.
const LARGEST: usize = 4 << 20;
/// Nobody means more redirects than this.
const MOST_REDIRECTS: usize = 20;

/// The `http:` options of a notifier, and the client made of them at the first request.
#[derive(Debug, Default)]
pub(super) struct Http {
    options: HttpOptions,
    client: OnceLock<Result<Client, String>>,
}

impl<'de> Deserialize<'de> for Http {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { options: HttpOptions::deserialize(deserializer)?, client: OnceLock::new() })
    }
}

impl JsonSchema for Http {
    fn schema_name() -> Cow<'static, str> {
        HttpOptions::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        HttpOptions::json_schema(generator)
    }
}

impl Http {
    /// Made at the first request.
    fn client(&self, world: &World) -> Result<&Client, String> {
        let make = || {
            let builder = self.options.builder(world)?.redirect(redirect::Policy::none());
            builder.build().map_err(|error| format!("no HTTP client can be made: {}", cause(&error)))
        };
        self.client.get_or_init(make).as_ref().map_err(Clone::clone)
    }

    /// What is wrong with the options.
    ///
    /// # Errors
    /// A limit is nothing, a file cannot be read or holds no certificate, or the proxy is no address.
    pub(super) fn check(&self) -> Result<(), String> {
        for (key, span) in
            [("timeout", self.options.timeout), ("connect_timeout", self.options.connect_timeout)]
        {
            if span.is_zero() {
                return Err(format!("`{key}` must be more than nothing, such as `10s`"));
            }
        }
        if self.options.redirects > MOST_REDIRECTS {
            return Err(format!("`redirects` must be at most {MOST_REDIRECTS}"));
        }
        self.options.builder(&World::real()).map(drop)
    }

    /// What is allowed and probably not meant.
    pub(super) fn warnings(&self) -> Vec<String> {
        let careless = "`insecure_skip_verify` is on: anyone on the way can read and change what is sent; \
                        `ca_file` trusts a private authority";
        if self.options.insecure_skip_verify { vec![careless.to_owned()] } else { Vec::new() }
    }
}

/// Sends `request` and lets `read` say what a 2xx answer means; in a rehearsal, shows the request instead.
///
/// # Errors
/// The service cannot be reached or does not take it.
pub(super) async fn deliver(
    doors: &Doors<'_>,
    http: &Http,
    request: Request,
    read: impl FnOnce(&Reply) -> Result<Receipt, SendError>,
) -> Result<Receipt, SendError> {
    if doors.mode == Mode::Rehearse {
        return Ok(Receipt { handle: None, answer: request.shown() });
    }
    if request.body.len() > LARGEST {
        return Err(refused(format!(
            "the request has {} bytes, at most {LARGEST} are sent",
            request.body.len()
        )));
    }
    let client = http.client(doors.world).map_err(refused)?;
    let (limit, begun) = (http.options.timeout, Instant::now());
    // Each hop has the limit of the client; all together have it too.
    let response = doors.world.timeout(limit, follow(client, &http.options, &request)).await;
    let response = response.unwrap_or_else(|_| Err(too_late(&http.options, request.url.expose())))?;
    let after = answer::wait(response.headers(), doors.world.now());
    let left = limit.saturating_sub(begun.elapsed());
    let reply = Reply::read(response, &request, doors.world, left).await;
    if !reply.is_good() {
        return Err(reply.failure(after));
    }
    match read(&reply) {
        // What is missing may have said yes.
        Err(SendError::Refused { why }) if !reply.is_whole() => {
            Err(later(format!("{why}, and the rest of the answer did not come")))
        }
        outcome => outcome,
    }
}

/// The answer, after the redirects that may be followed.
async fn follow(client: &Client, options: &HttpOptions, request: &Request) -> Result<Response, SendError> {
    let mut url = Url::parse(request.url.expose()).map_err(|_| refused("the address cannot be read"))?;
    let home = url.clone();
    let mut hops = 0;
    loop {
        let built = request.build(client, url.clone(), is_same(&home, &url));
        let response = built.send().await.map_err(|error| explain(&error, options, &url))?;
        let Some(next) = redirected(&response, &url, &request.method)? else { return Ok(response) };
        hops += 1;
        if hops > options.redirects {
            return Err(refused(format!("more than {} redirects", options.redirects)));
        }
        if request.sealed && !is_same(&home, &next) {
            let status = response.status().as_u16();
            return Err(refused(format!("{status} to another host is not followed: the body holds a key")));
        }
        url = next;
    }
}

/// Whether credentials for one address are good for another.
fn is_same(home: &Url, url: &Url) -> bool {
    let key =
        |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
    key(home) == key(url)
}

/// Where a redirect leads that may be followed: all but 307 and 308 would lose the body, where there is one.
fn redirected(response: &Response, url: &Url, method: &Method) -> Result<Option<Url>, SendError> {
    let status = response.status().as_u16();
    let keeps = matches!(status, 307 | 308);
    let moves = method == Method::GET && matches!(status, 301..=303);
    if !(keeps || moves) {
        return Ok(None);
    }
    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
    let next = location.and_then(|location| url.join(location).ok());
    let next = next.filter(|next| matches!(next.scheme(), "http" | "https"));
    let next = next.ok_or_else(|| refused(format!("{status} that leads nowhere")))?;
    if url.scheme() == "https" && next.scheme() == "http" {
        return Err(refused(format!("{status} from https to http is not followed")));
    }
    Ok(Some(next))
}

fn too_late(options: &HttpOptions, url: &str) -> SendError {
    later(format!("no answer from `{}` within {:?}", redact_url(url), options.timeout))
}

fn explain(error: &reqwest::Error, options: &HttpOptions, url: &Url) -> SendError {
    let shown = redact_url(url.as_str());
    match () {
        () if error.is_builder() => refused(format!("the request cannot be made: {}", cause(error))),
        () if error.is_timeout() && error.is_connect() => {
            later(format!("no connection to `{shown}` within {:?}", options.connect_timeout))
        }
        () if error.is_timeout() => too_late(options, url.as_str()),
        () if error.is_connect() => {
            let why = cause(error);
            let unknown = why.contains("UnknownIssuer");
            let help =
                if unknown { ": set `ca_file` to the authority that signed its certificate" } else { "" };
            later(format!("cannot connect to `{shown}`: {why}{help}"))
        }
        () => later(format!("the request to `{shown}` failed: {}", cause(error))),
    }
}
