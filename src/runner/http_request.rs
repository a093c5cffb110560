//! `http-request`: one request, its answer as data: `{status_code, body, parsed, headers}`.

mod answer;
mod ask;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::record::too_long;
use super::{Input, Job, Outcome, Runner, Settings, parameter};
use crate::model::{Secret, Status};
use crate::net::World;
use crate::net::http::{HttpOptions, cause, redact_url};

/// How many redirects are followed where they are.
const REDIRECTS: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct HttpRequest {
    url: String,
    method: Option<String>,
    headers: Map<String, Value>,
    body: Value,
    params: Map<String, Value>,
    cookies: Map<String, Value>,
    auth: Value,
    username: Option<String>,
    password: Option<Secret>,
    timeout: f64,
    allow_redirects: bool,
    verify_ssl_cert: bool,
    proxies: Map<String, Value>,
    http_proxy: Option<String>,
    https_proxy: Option<String>,
    url_hosts_blacklist: Vec<String>,
    url_hosts_whitelist: Vec<String>,
    file_name: Option<String>,
    file_content: Option<String>,
    file_content_type: Option<String>,
}

impl Default for HttpRequest {
    fn default() -> Self {
        Self {
            url: String::new(),
            method: None,
            headers: Map::new(),
            body: Value::Null,
            params: Map::new(),
            cookies: Map::new(),
            auth: Value::Null,
            username: None,
            password: None,
            timeout: 60.0,
            allow_redirects: false,
            verify_ssl_cert: true,
            proxies: Map::new(),
            http_proxy: None,
            https_proxy: None,
            url_hosts_blacklist: Vec::new(),
            url_hosts_whitelist: Vec::new(),
            file_name: None,
            file_content: None,
            file_content_type: None,
        }
    }
}

impl Runner for HttpRequest {
    const SUMMARY: &'static str = "sends an HTTP request and gives the answer as data";
    const PARAMETERS: &'static str = include_str!("http_request/parameters.yaml");

    async fn run(self, _: Input, job: &Job, settings: &Settings) -> Outcome {
        let limit = parameter::limit(self.timeout, job.limit);
        let work = self.exchange(limit, job, settings);
        tokio::select! {
            ended = job.world.timeout(limit, work) => match ended {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(Failed::Late)) | Err(_) => late(limit),
                Ok(Err(Failed::Why(why))) => failed(why),
            },
            () = job.stop.cancelled() => {
                Outcome { status: Status::Canceled, why: None, ..failed("canceled".to_owned()) }
            }
        }
    }
}

/// Why there is no answer.
enum Failed {
    Late,
    Why(String),
}

impl From<String> for Failed {
    fn from(why: String) -> Self {
        Self::Why(why)
    }
}

fn failed(why: String) -> Outcome {
    let result = json!({"error": why});
    Outcome { status: Status::Failed, why: Some(why), result, effects: Vec::new() }
}

fn late(limit: Duration) -> Outcome {
    Outcome { status: Status::Timeout, ..failed(too_long(limit)) }
}

/// Which hosts may be asked.
#[derive(Clone)]
struct Hosts {
    never: Vec<String>,
    only: Vec<String>,
}

impl Hosts {
    /// Why an address is not asked, if so.
    fn refuse(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap_or_default();
        let named = |list: &[String]| list.iter().any(|item| item.eq_ignore_ascii_case(host));
        let barred = named(&self.never) || (!self.only.is_empty() && !named(&self.only));
        barred.then(|| format!("the action does not allow requests to `{host}`"))
    }
}

impl HttpRequest {
    async fn exchange(&self, limit: Duration, job: &Job, settings: &Settings) -> Result<Outcome, Failed> {
        let url = self.address()?;
        let hosts = self.hosts()?;
        if let Some(why) = hosts.refuse(&url) {
            return Err(why.into());
        }
        let client = self.client(limit, hosts, &job.world)?;
        let request = self.request(&client, url.clone())?;
        let response = request.send().await.map_err(|error| explain(&error, &url))?;
        answer::read(response, settings.body, job).await.map_err(|error| explain(&error, &url))
    }

    fn address(&self) -> Result<Url, String> {
        if self.url.is_empty() {
            return Err("no `url` is given".to_owned());
        }
        match Url::parse(self.url.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
            Ok(url) => Err(format!(
                "`{}:` is not an address of the web: `http:` or `https:` is needed",
                url.scheme()
            )),
            Err(_) if !self.url.contains("://") => {
                Err("the url begins with neither `http://` nor `https://`".to_owned())
            }
            Err(error) => Err(format!("the url cannot be read: {error}")),
        }
    }

    fn hosts(&self) -> Result<Hosts, String> {
        let (never, only) = (self.url_hosts_blacklist.clone(), self.url_hosts_whitelist.clone());
        if !never.is_empty() && !only.is_empty() {
            return Err("give `url_hosts_blacklist` or `url_hosts_whitelist`, not both".to_owned());
        }
        Ok(Hosts { never, only })
    }

    fn client(&self, limit: Duration, hosts: Hosts, world: &World) -> Result<Client, String> {
        let options = HttpOptions {
            connect_timeout: limit,
            timeout: limit,
            insecure_skip_verify: !self.verify_ssl_cert,
            ..HttpOptions::default()
        };
        let follow = if self.allow_redirects { REDIRECTS } else { 0 };
        let mut builder = options.builder(world)?.redirect(policy(follow, hosts));
        for (scheme, address) in self.proxies_by_scheme() {
            let proxy = if scheme == "https" { Proxy::https(address) } else { Proxy::http(address) };
            let proxy = proxy.map_err(|_| format!("the proxy for `{scheme}` is not an address"))?;
            builder = builder.proxy(proxy);
        }
        builder.build().map_err(|error| format!("no HTTP client can be made: {}", cause(&error)))
    }

    fn proxies_by_scheme(&self) -> Vec<(&'static str, String)> {
        let pick = |scheme: &'static str, own: &Option<String>| {
            let listed = self.proxies.get(scheme).map(parameter::text);
            let address = own.clone().or(listed).filter(|address| !address.is_empty());
            address.map(|address| (scheme, address))
        };
        [pick("http", &self.http_proxy), pick("https", &self.https_proxy)].into_iter().flatten().collect()
    }
}

/// Follows redirects only to hosts that may be asked.
fn policy(most: usize, hosts: Hosts) -> Policy {
    if most == 0 {
        return Policy::none();
    }
    Policy::custom(move |attempt| match hosts.refuse(attempt.url()) {
        Some(why) => attempt.error(why),
        None if attempt.previous().len() > most => attempt.error("too many redirects"),
        None => attempt.follow(),
    })
}

fn explain(error: &reqwest::Error, url: &Url) -> Failed {
    let shown = redact_url(url.as_str());
    match () {
        () if error.is_timeout() => Failed::Late,
        () if error.is_connect() => Failed::Why(format!("cannot connect to `{shown}`: {}", cause(error))),
        () if error.is_builder() => Failed::Why(format!("the request cannot be made: {}", cause(error))),
        () => Failed::Why(format!("the request to `{shown}` failed: {}", cause(error))),
    }
}
