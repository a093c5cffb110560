//! A request, and how it is shown: without secrets.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;

use crate::model::Secret;
use crate::net::base64;
use crate::net::http::redact_url;

/// A shorter piece of an address is no key.
const SECRET_PIECE: usize = 7;
/// A shorter secret is not masked: it would tear ordinary words apart, and what is left would tell it.
const SECRET: usize = 4;

/// What a request carries.
#[derive(Clone)]
pub(in crate::notifier) enum Body {
    /// Nothing.
    None,
    /// A text and its content type.
    Text(&'static str, String),
}

impl Body {
    /// JSON.
    pub(in crate::notifier) fn json(value: &Value) -> Self {
        Self::Text("application/json", value.to_string())
    }

    /// A form.
    pub(in crate::notifier) fn form(fields: &[(&str, &str)]) -> Self {
        let mut url = Url::parse("form:").expect("a scheme is an address");
        url.query_pairs_mut().extend_pairs(fields);
        Self::Text("application/x-www-form-urlencoded", url.query().unwrap_or_default().to_owned())
    }

    /// How many bytes.
    pub(super) fn len(&self) -> usize {
        self.text().len()
    }

    /// The text.
    pub(in crate::notifier) fn text(&self) -> &str {
        match self {
            Self::None => "",
            Self::Text(_, text) => text,
        }
    }
}

/// One request. Headers with secrets are not sent to another host than the first.
pub(in crate::notifier) struct Request {
    pub(super) method: Method,
    pub(super) url: Secret,
    headers: Vec<(String, String)>,
    credentials: Vec<(String, Secret)>,
    pub(super) body: Body,
    secrets: Vec<Secret>,
    /// The body is for the first host alone.
    pub(super) sealed: bool,
}

impl Request {
    /// A request with a body.
    pub(in crate::notifier) fn new(method: Method, url: Secret, body: Body) -> Self {
        let password = Url::parse(url.expose()).ok().and_then(|url| url.password().map(Secret::new));
        let secrets = std::iter::once(url.clone()).chain(password).collect();
        Self { method, url, headers: Vec::new(), credentials: Vec::new(), body, secrets, sealed: false }
    }

    /// A POST of JSON.
    pub(in crate::notifier) fn post(url: Secret, value: &Value) -> Self {
        Self::new(Method::POST, url, Body::json(value))
    }

    /// A POST of JSON to an address that is itself the credential: its path and query are masked piece by piece.
    pub(in crate::notifier) fn hook(url: &Secret, value: &Value) -> Self {
        Self::post(url.clone(), value).hide_pieces(url)
    }

    /// Masks the longer pieces of an address's path and query.
    pub(in crate::notifier) fn hide_pieces(mut self, url: &Secret) -> Self {
        let Ok(url) = Url::parse(url.expose()) else { return self };
        let path = url.path_segments().into_iter().flatten().map(str::to_owned);
        let query = url.query_pairs().map(|(_, value)| value.into_owned());
        let long = path.chain(query).filter(|piece| piece.len() >= SECRET_PIECE);
        self.secrets.extend(long.map(Secret::new));
        self
    }

    /// Adds a header that may be shown.
    pub(in crate::notifier) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header that may not, and is kept from other hosts.
    pub(in crate::notifier) fn credential(mut self, name: &str, value: &Secret) -> Self {
        self.credentials.push((name.to_owned(), value.clone()));
        self.hide(value)
    }

    /// Adds `Authorization: Bearer`.
    pub(in crate::notifier) fn bearer(self, token: &Secret) -> Self {
        self.credential("Authorization", &Secret::new(format!("Bearer {}", token.expose()))).hide(token)
    }

    /// Adds `Authorization: Basic`.
    pub(in crate::notifier) fn basic(self, user: &str, password: &Secret) -> Self {
        let pair = base64(format!("{user}:{}", password.expose()).as_bytes());
        let value = Secret::new(format!("Basic {pair}"));
        self.credential("Authorization", &value).hide(password).hide(&Secret::new(pair))
    }

    /// Masks a secret that the body holds, and keeps the body from other hosts.
    pub(in crate::notifier) fn seal(mut self, secret: &Secret) -> Self {
        self.sealed = true;
        self.hide(secret)
    }

    /// Masks a secret wherever this request or its answer is shown.
    pub(in crate::notifier) fn hide(mut self, secret: &Secret) -> Self {
        self.secrets.push(secret.clone());
        self
    }

    /// `text` without this request's secrets.
    pub(super) fn masked(&self, text: &str) -> String {
        let secrets = self.secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SECRET);
        secrets.fold(text.to_owned(), |text, secret| {
            let written = Value::from(secret).to_string();
            text.replace(secret, "***").replace(written.trim_matches('"'), "***")
        })
    }

    /// The request as text, secrets masked.
    pub(super) fn shown(&self) -> String {
        let mut out = format!("{} {}\n", self.method, redact_url(self.url.expose()));
        if let Body::Text(kind, _) = &self.body
            && !self.has("content-type")
        {
            out.push_str(&format!("Content-Type: {kind}\n"));
        }
        for (name, value) in &self.headers {
            out.push_str(&format!("{name}: {}\n", self.masked(value)));
        }
        for (name, _) in &self.credentials {
            out.push_str(&format!("{name}: ***\n"));
        }
        format!("{out}\n{}", self.masked(self.body.text())).trim_end().to_owned()
    }

    fn has(&self, name: &str) -> bool {
        let names = self.headers.iter().map(|(name, _)| name);
        names.chain(self.credentials.iter().map(|(name, _)| name)).any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The request for `client`; `trusted` says whether `url` is where the credentials belong.
    pub(super) fn build(&self, client: &Client, url: Url, trusted: bool) -> RequestBuilder {
        let mut headers = HeaderMap::new();
        let credentials = self.credentials.iter().filter(|_| trusted);
        let credentials = credentials.map(|(name, value)| (name.as_str(), value.expose()));
        let plain = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in plain.chain(credentials) {
            // What is no header was refused at load.
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        let mut builder = client.request(self.method.clone(), url);
        if let Body::Text(kind, text) = &self.body {
            builder = builder.body(text.clone());
            if !self.has("content-type") {
                builder = builder.header("content-type", *kind);
            }
        }
        builder.headers(headers)
    }
}

/// Whether a header can be sent.
///
/// # Errors
/// One sentence without the value.
pub(in crate::notifier) fn check_header(name: &str, value: &str) -> Result<(), String> {
    HeaderName::try_from(name).map_err(|_| format!("`{name}` cannot be the name of a header"))?;
    HeaderValue::from_str(value)
        .map_err(|_| format!("the value of the header `{name}` has characters that no header can have"))?;
    Ok(())
}
