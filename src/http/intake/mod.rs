//! Events in, as their senders send them: `POST` and `PUT /in/<source>`, and `GET` where a source's bodiless requests
//! say something. Nothing is done before it is committed, and what is answered tells the sender what to do:
//! 202 is taken, 503 is to be sent again, every other answer would be the same again.

mod receive;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use super::Site;
use super::events::{AGAIN, not_taken};
use super::problem::Problem;
use super::told::answer;
use crate::bot::notify::{Accepted, Incoming, NotTaken, Once};
use crate::model::Timestamp;
use crate::source::{Again, Body, CATALOGUE, Configured, Denied, Item, Row, Unreadable, decoded};
use receive::Received;

/// Bodies that are held at once by all senders together, in KiB.
const BUDGET: usize = 48 << 10;
/// A body larger than this, in bytes, is read beside the others' work.
const LARGE: usize = 256 << 10;
/// Between two words in the log about the same undeclared source.
const SAID: Duration = Duration::from_secs(60);
/// Names of undeclared sources that are remembered.
const MOST_NAMES: usize = 256;

/// What all requests share.
pub(super) struct Intake {
    budget: Arc<Semaphore>,
    /// Undeclared sources, and when the log said so.
    said: Mutex<HashMap<String, Timestamp>>,
}

impl Default for Intake {
    fn default() -> Self {
        Self { budget: Arc::new(Semaphore::new(BUDGET)), said: Mutex::default() }
    }
}

/// A request whose body is still to come.
struct Head {
    method: String,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl Head {
    fn with<'a>(&'a self, bytes: &'a [u8]) -> Body<'a> {
        Body { method: &self.method, headers: &self.headers, query: &self.query, bytes }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.with(&[]).header(name)
    }
}

/// Takes what a sender sends. 202 after the commit: `{"id", "deliveries"}`, with `"ignored": why` for what is kept
/// and told to nobody, `"repeated": true` for what was told before; several events give `{"events": [...]}`.
pub(super) async fn take(State(site): State<Site>, Path(name): Path<String>, request: Request) -> Response {
    receive_one(&site, &name, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn receive_one(site: &Site, name: &str, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let head = Head {
        method: parts.method.as_str().to_owned(),
        headers: headers(&parts.headers),
        query: form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
    };
    let from = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let source = declared(site, name)?;
    let row = source.service.row();
    if let Some(answer) = by_method(&parts.method, row, &head)? {
        return Ok(answer);
    }
    source.admit(&head.with(&[])).map_err(|denied| refused(site, name, &denied, from))?;
    let received = receive::receive(body, source.largest, &site.intake.budget).await;
    let Received::Whole { bytes, hash, permit } = received else {
        return Err(not_received(site, &source, received).await);
    };
    let request = Arriving { source, head, raw: bytes, hash };
    let told = if request.raw.len() > LARGE || request.head.header("content-encoding").is_some() {
        let now = site.world.now();
        let read = tokio::task::spawn_blocking(move || request.read(now)).await;
        read.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be read"))?
    } else {
        request.read(site.world.now())
    };
    drop(permit);
    match told {
        Ok(told) => accept(site, told).await,
        Err((request, why)) => Err(request.refuse(site, why, from).await),
    }
}

/// A request that is here as a whole.
struct Arriving {
    source: Arc<Configured>,
    head: Head,
    raw: Vec<u8>,
    hash: String,
}

/// Its events, and how large it was.
struct Told {
    items: Vec<Item>,
    size: u64,
    hash: String,
}

/// Why there are none.
enum Unfit {
    Denied(Denied),
    Unreadable(Unreadable),
    TooLarge,
}

impl Arriving {
    fn read(self, now: Timestamp) -> Result<Told, (Box<Self>, Unfit)> {
        match self.items(now) {
            Ok(items) => Ok(Told { items, size: self.raw.len() as u64, hash: self.hash }),
            Err(why) => Err((Box::new(self), why)),
        }
    }

    fn items(&self, now: Timestamp) -> Result<Vec<Item>, Unfit> {
        let encoding = self.head.header("content-encoding");
        let inflated = match encoding {
            None => None,
            Some(_) => match decoded(encoding, self.raw.clone(), self.source.largest) {
                Ok(Some(bytes)) => Some(Ok(bytes)),
                Ok(None) => return Err(Unfit::TooLarge),
                // Who may not send hears of nothing else.
                Err(why) => Some(Err(why)),
            },
        };
        let plain = inflated.as_ref().and_then(|it| it.as_ref().ok()).unwrap_or(&self.raw);
        let body = self.head.with(plain);
        let signed = self.source.verify(&body, &self.raw, now);
        // Some sign what they send, some what they then compress.
        let signed = signed.or_else(|denied| match encoding {
            Some(_) => self.source.verify(&body, plain, now).map_err(|_| denied),
            None => Err(denied),
        });
        signed.map_err(Unfit::Denied)?;
        if let Some(Err(why)) = inflated {
            return Err(Unfit::Unreadable(why));
        }
        self.source.read(&body).map(|reading| reading.0).map_err(Unfit::Unreadable)
    }

    async fn refuse(self, site: &Site, why: Unfit, from: Option<IpAddr>) -> Problem {
        let name = &self.source.name;
        match why {
            Unfit::Denied(denied) => refused(site, name, &denied, from),
            Unfit::Unreadable(why) => {
                warn!(source = name, size = self.raw.len(), %why, "a request says nothing");
                Problem::wrong(why.to_string())
            }
            Unfit::TooLarge => too_large(site, &self.source, self.raw.len() as u64, self.hash).await,
        }
    }
}

/// The source of a name, or what to do to have one.
fn declared(site: &Site, name: &str) -> Result<Arc<Configured>, Problem> {
    let home = site.bot.homes().current();
    if let Some(source) = home.notifying.sources().get(name) {
        return Ok(source.clone());
    }
    if home.notifying.is_broken(name) {
        let detail = format!("the source `{name}` cannot be used, see `chatops check`");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).again(AGAIN));
    }
    let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    if site.intake.is_news(&shown, site.world.now()) {
        let yaml = yaml_for(&shown);
        warn!(
            source = shown,
            "events come for a source that is not declared; to take them add this to notifiers.yaml:\n{yaml}"
        );
    }
    Err(Problem::missing(format!("the source `{shown}` is not declared: the bot's log shows what to add")))
}

/// What declares a source of this name.
fn yaml_for(name: &str) -> String {
    let kind = CATALOGUE.iter().find(|row| row.kind == name);
    if let Some(row) = kind {
        return row.example().to_owned();
    }
    let near = crate::config::nearest::nearest(name, CATALOGUE.iter().map(|row| row.kind)).unwrap_or("json");
    format!("sources:\n  {name}: {{ from: {near}, bearer: \"${{SOME_TOKEN}}\" }}\n")
}

impl Intake {
    /// Whether the log did not say so lately: whoever calls at random must not fill it.
    fn is_news(&self, name: &str, now: Timestamp) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(name).is_some_and(|at| now.since(*at) < SAID) {
            return false;
        }
        said.retain(|_, at| now.since(*at) < SAID);
        let is_room = said.len() < MOST_NAMES;
        if is_room {
            said.insert(name.to_owned(), now);
        }
        is_room
    }
}

/// What is answered by the method alone.
fn by_method(method: &Method, row: &Row, head: &Head) -> Result<Option<Response>, Problem> {
    let allowed = if row.get { "GET, POST, PUT" } else { "POST, PUT" };
    match *method {
        Method::POST | Method::PUT => Ok(None),
        Method::GET if row.get => Ok(None),
        Method::OPTIONS => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
            // CloudEvents' web hooks ask whether they are welcome.
            let origin = head.header("webhook-request-origin").and_then(|it| HeaderValue::from_str(it).ok());
            if let Some(origin) = origin {
                response.headers_mut().insert(HeaderName::from_static("webhook-allowed-origin"), origin);
                response
                    .headers_mut()
                    .insert(HeaderName::from_static("webhook-allowed-rate"), HeaderValue::from_static("*"));
            }
            Ok(Some(response))
        }
        _ => {
            let detail = format!("{method} is not accepted here: {allowed} are");
            Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).header(header::ALLOW, allowed))
        }
    }
}

/// What a request says of itself, names in lower case.
fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// An address that guesses is slowed down; whoever has good credentials always passes.
fn refused(site: &Site, name: &str, denied: &Denied, from: Option<IpAddr>) -> Problem {
    if let Some(wait) = from.and_then(|from| site.failures.count(from, site.world.now())) {
        return Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong credentials from this address")
            .again(wait);
    }
    warn!(source = name, address = from.map(tracing::field::display), why = %denied, "a sender was not let in");
    let problem = Problem::new(StatusCode::UNAUTHORIZED, denied.to_string());
    problem.header(header::WWW_AUTHENTICATE, "Bearer")
}

async fn not_received(site: &Site, source: &Configured, received: Received) -> Problem {
    match received {
        Received::Whole { .. } => Problem::wrong("the body could not be read"),
        Received::TooLarge { size, hash } => too_large(site, source, size, hash).await,
        Received::Slow => Problem::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
        Received::Broken(why) => {
            debug!(source = source.name, why, "a body did not come to its end");
            Problem::wrong("the body did not come to its end")
        }
        Received::Busy => {
            let detail = "too much is being received, try again in a moment";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).again(AGAIN)
        }
    }
}

/// What is too large is recorded by its size and hash, so that it can be found at its sender.
async fn too_large(site: &Site, source: &Configured, size: u64, hash: String) -> Problem {
    let largest = source.largest;
    let detail = format!(
        "the body has {size} bytes as sent; once decoded, the source `{}` takes {largest} (largest)",
        source.name
    );
    warn!(source = source.name, size, largest, sha256 = hash, "a request is too large");
    let event = source.unread("a request was too large", &format!("{detail}; its SHA-256 is {hash}"));
    let kept = Incoming { event, key: None, raw_size: size, raw_hash: hash, once: Once::InADay };
    if let Err(why) = site.bot.notify().keep(kept).await {
        warn!(source = source.name, %why, "the request that was too large is not in the history");
    }
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

async fn accept(site: &Site, told: Told) -> Result<Response, Problem> {
    let Told { items, size, hash } = told;
    let several = items.len() > 1;
    let all = join_all(items.into_iter().map(|item| one(site, item, size, hash.clone()))).await;
    let good = all.iter().filter(|taken| taken.is_ok()).count();
    let count = all.len();
    let answers: Result<Vec<Value>, NotTaken> = all.into_iter().collect();
    let mut answers = answers.map_err(|why| {
        if good > 0 {
            debug!(good, count, %why, "some events of a request were taken; it is to be sent again");
        }
        not_taken(&why)
    })?;
    let body = if several { json!({ "events": answers }) } else { answers.pop().unwrap_or_default() };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

async fn one(site: &Site, item: Item, size: u64, hash: String) -> Result<Value, NotTaken> {
    let Item { event, ignored, again, remarks } = item;
    let source = event.source.clone();
    for remark in remarks {
        warn!(source, remark, "a field of a source was left out");
    }
    let (key, once) = match again {
        Again::ByKey => (None, Once::InADay),
        Again::WithinAMinute => (None, Once::InAMinute),
        Again::SameAs(key) => (Some(format!("same/{source}/{key}")), Once::InADay),
    };
    let incoming = Incoming { event, key, raw_size: size, raw_hash: hash, once };
    let notify = site.bot.notify();
    let Some(why) = ignored else { return notify.accept(incoming).await.map(|it| json!(answer(it))) };
    debug!(source, why, "an event was kept and told to nobody");
    let accepted: Accepted = notify.keep(incoming).await?;
    let mut told = json!(answer(accepted));
    told["ignored"] = json!(why);
    Ok(told)
}
