//! HTTP clients out of what admins write, and addresses that may be shown.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, NoProxy, Proxy, Url};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::{Proxies, World, tls};
use crate::model::Secret;

/// How requests are made: the `http:` part of whatever speaks HTTP.
///
/// Spans are numbers of seconds, or text such as `500ms`, `10s`, `2m`, `1h`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpOptions {
    /// How long to wait for a connection.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "Span")]
    pub connect_timeout: Duration,
    /// How long a request may take in all.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "Span")]
    pub timeout: Duration,
    /// The proxy for all requests; without it `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count.
    pub proxy: Option<Secret>,
    /// Hosts that are reached without the proxy: names, their domains, addresses, networks; `*` for all.
    pub no_proxy: Vec<String>,
    /// Certificates to trust beside the system's, a PEM file.
    pub ca_file: Option<PathBuf>,
    /// The client's certificates and private key, one PEM file.
    pub client_certificate: Option<PathBuf>,
    /// Whether any certificate of the server is good enough: only for a test.
    pub insecure_skip_verify: bool,
    /// How many redirects are followed.
    pub redirects: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            proxy: None,
            no_proxy: Vec::new(),
            ca_file: None,
            client_certificate: None,
            insecure_skip_verify: false,
            redirects: 5,
        }
    }
}

impl HttpOptions {
    /// A client as these options say, through the world's proxies where they name none; whoever calls may add to it.
    ///
    /// # Errors
    /// A file cannot be read or holds no certificate, or the proxy is no address; in one sentence.
    pub fn builder(&self, world: &World) -> Result<ClientBuilder, String> {
        tls::install();
        let mut builder = ClientBuilder::new()
            .user_agent(concat!("chatops/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .tls_danger_accept_invalid_certs(self.insecure_skip_verify)
            .redirect(if self.redirects == 0 { Policy::none() } else { Policy::limited(self.redirects) });
        if self.no_proxy.iter().any(|host| host.trim() == "*") {
            builder = builder.no_proxy();
        } else {
            for proxy in self.proxies(world.proxies())? {
                builder = builder.proxy(proxy);
            }
        }
        if let Some(path) = &self.ca_file {
            let read = Certificate::from_pem_bundle(&read(path)?);
            let certificates = read.ok().filter(|all| !all.is_empty());
            let bad = || format!("`{}` holds no certificate in PEM form", path.display());
            builder = builder.tls_certs_merge(certificates.ok_or_else(bad)?);
        }
        if let Some(path) = &self.client_certificate {
            let bad =
                |_| format!("`{}` holds no certificate with its private key in PEM form", path.display());
            builder = builder.identity(Identity::from_pem(&read(path)?).map_err(bad)?);
        }
        Ok(builder)
    }

    /// The proxies; none leaves it to the environment.
    fn proxies(&self, settings: &Proxies) -> Result<Vec<Proxy>, String> {
        let own = self.no_proxy.join(",");
        let bad =
            || "`proxy` is not an HTTP proxy's address such as `http://proxy.example.org:3128`".to_owned();
        if let Some(proxy) = &self.proxy {
            let url = proxy_url(proxy.expose()).ok_or_else(bad)?;
            let proxy = Proxy::all(url).map_err(|_| bad())?;
            return Ok(vec![proxy.no_proxy(NoProxy::from_string(&own))]);
        }
        // Those of the settings or of the environment, with our exceptions beside theirs.
        let except = match settings.except.is_empty() {
            true => variable("NO_PROXY").unwrap_or_default(),
            false => settings.except.clone(),
        };
        let except = format!("{own},{except}");
        let set = |known: &Option<Secret>, name: &str| {
            known.as_ref().map(|url| url.expose().to_owned()).or_else(|| variable(name))
        };
        let makers: [(Option<String>, MakeProxy); 3] = [
            (set(&settings.http, "HTTP_PROXY"), Proxy::http),
            (set(&settings.https, "HTTPS_PROXY"), Proxy::https),
            (variable("ALL_PROXY"), Proxy::all),
        ];
        let found = makers.iter().filter_map(|(url, make)| make(proxy_url(url.as_ref()?)?).ok());
        Ok(found.map(|proxy| proxy.no_proxy(NoProxy::from_string(&except))).collect())
    }
}

/// Makes a proxy for one kind of address.
type MakeProxy = fn(Url) -> reqwest::Result<Proxy>;

/// A variable of the environment in either case, if it is not empty.
fn variable(name: &str) -> Option<String> {
    let either = std::env::var(name).or_else(|_| std::env::var(name.to_lowercase()));
    either.ok().filter(|value| !value.trim().is_empty())
}

/// The address of an HTTP proxy, with or without `http://`.
fn proxy_url(text: &str) -> Option<Url> {
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&whole).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then_some(url)
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

/// An address without what may be secret: user, path and query are cut. `https://example.org/...`
pub fn redact_url(url: &str) -> String {
    let Ok(parsed) = Url::parse(url) else { return "an address that cannot be read".to_owned() };
    let host = parsed.host_str().unwrap_or_default();
    let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
    let more = if parsed.path().len() > 1 || parsed.query().is_some() { "/..." } else { "" };
    format!("{}://{host}{port}{more}", parsed.scheme())
}

/// Why a request failed, in words without addresses or secrets: the innermost cause.
pub fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if std::ptr::addr_eq(innermost, error) {
        "the request cannot be sent".to_owned()
    } else {
        innermost.to_string()
    }
}

/// What [`span`] reads, in schemas.
#[derive(Debug)]
pub struct Span;

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number"], "examples": ["10s"]})
    }
}

/// Reads a span: a number of seconds, or text such as `500ms`, `10s`, `2m`, `1h`. For `deserialize_with`.
///
/// # Errors
/// It is neither, or negative.
pub fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    struct Span;
    impl de::Visitor<'_> for Span {
        type Value = Duration;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a number of seconds or a span such as `10s`")
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Duration, E> {
            Ok(Duration::from_secs(seconds))
        }

        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Duration, E> {
            u64::try_from(seconds).map(Duration::from_secs).map_err(|_| E::custom("a span is not negative"))
        }

        fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Duration, E> {
            Duration::try_from_secs_f64(seconds).map_err(E::custom)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
            parse_span(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
    deserializer.deserialize_any(Span)
}

fn parse_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(yaml: &str) -> Result<HttpOptions, String> {
        serde_yaml::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn spans_are_seconds_or_have_a_unit() {
        let read = options("{timeout: 2m, connect_timeout: 5}").unwrap();
        assert_eq!(read.timeout, Duration::from_secs(120));
        assert_eq!(read.connect_timeout, Duration::from_secs(5));
        assert_eq!(options("timeout: 500ms").unwrap().timeout, Duration::from_millis(500));
        for bad in ["timeout: soon", "timeout: -1", "timeout: 5d", "time_out: 5"] {
            assert!(options(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_shows_only_its_host() {
        assert_eq!(
            redact_url("https://me:pw@example.org:8443/hook/SECRET?t=1"),
            "https://example.org:8443/..."
        );
        assert_eq!(redact_url("http://example.org"), "http://example.org");
        assert_eq!(redact_url("::"), "an address that cannot be read");
    }

    #[test]
    fn options_that_cannot_work_are_said() {
        assert!(HttpOptions::default().builder(&World::real()).unwrap().build().is_ok());
        let missing = HttpOptions { ca_file: Some("/no/ca.pem".into()), ..HttpOptions::default() };
        assert!(missing.builder(&World::real()).unwrap_err().starts_with("`/no/ca.pem` cannot be read"));
        let empty = HttpOptions { ca_file: Some("/dev/null".into()), ..HttpOptions::default() };
        assert_eq!(
            empty.builder(&World::real()).unwrap_err(),
            "`/dev/null` holds no certificate in PEM form"
        );
        let proxy = HttpOptions { proxy: Some(Secret::new("http://a b")), ..HttpOptions::default() };
        assert!(
            proxy.builder(&World::real()).unwrap_err().starts_with("`proxy` is not an HTTP proxy's address")
        );
        let socks =
            HttpOptions { proxy: Some(Secret::new("socks5://example.org:1")), ..HttpOptions::default() };
        assert!(socks.builder(&World::real()).is_err());
    }
}
