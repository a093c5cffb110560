//! Opens connections: TCP, through an HTTP proxy where one is set, with TLS where it is wanted.

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{World, base64, tls};
use crate::model::Secret;

/// One address of several is tried this long before the next.
const ONE_ADDRESS: Duration = Duration::from_secs(5);
/// A proxy's answer is a few lines.
const PROXY_ANSWER: usize = 8 * 1024;

/// Where to connect, and how.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS, if any.
    pub tls: Option<Arc<ClientConfig>>,
    /// A proxy, if any.
    pub proxy: Option<Proxy>,
}

/// An open connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// It may work in a moment.
    #[error("{0}")]
    Unreachable(String),
    /// Somebody has to change something: a certificate, the proxy's password.
    #[error("{0}")]
    Refused(String),
}

/// An HTTP proxy that takes `CONNECT`. Written `http://proxy.example.org:3128`, with
/// `user:password@` before the host where it asks for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    credentials: Option<Secret>,
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "write a proxy as `http://host:port` (HTTP CONNECT; no other kind is supported)".to_owned();
        let rest = text.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
        let (credentials, address) = match rest.rsplit_once('@') {
            Some((credentials, address)) => (Some(Secret::new(credentials)), address),
            None => (None, rest),
        };
        let (host, port) = host_and_port(address).ok_or_else(wrong)?;
        Ok(Self { host, port, credentials })
    }
}

/// Reads `host:port`, an IPv6 address in brackets.
pub fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    let host = match host.strip_prefix('[') {
        Some(address) => address.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let good = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/');
    good.then(|| (host.to_owned(), port))
}

impl Dial {
    /// Connects within `limit`, TLS handshake included.
    pub async fn connect(&self, world: &World, limit: Duration) -> Result<Box<dyn Stream>, DialError> {
        match world.timeout(limit, self.open(world)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(DialError::Unreachable(format!(
                "no connection to `{}:{}` within {} s",
                self.host,
                self.port,
                limit.as_secs()
            ))),
        }
    }

    async fn open(&self, world: &World) -> Result<Box<dyn Stream>, DialError> {
        let tcp = match &self.proxy {
            None => tcp(world, &self.host, self.port).await?,
            Some(proxy) => proxy.tunnel(world, &self.host, self.port).await?,
        };
        let Some(config) = &self.tls else { return Ok(Box::new(tcp)) };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| DialError::Refused(format!("`{}` is not a host name", self.host)))?;
        match TlsConnector::from(config.clone()).connect(name, tcp).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) if tls::is_distrust(&error) => {
                Err(DialError::Refused(tls::explain(&error, &self.host)))
            }
            Err(error) => Err(DialError::Unreachable(tls::explain(&error, &self.host))),
        }
    }
}

/// Tries each address of the host in turn.
async fn tcp(world: &World, host: &str, port: u16) -> Result<TcpStream, DialError> {
    let failed = |error: &dyn std::fmt::Display| {
        DialError::Unreachable(format!("cannot connect to `{host}:{port}`: {error}"))
    };
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(|error| failed(&error))?;
    let mut last = failed(&"the name has no address");
    for address in addresses {
        match world.timeout(ONE_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small lines must not wait for the other side's delayed ACK.
                stream.set_nodelay(true).map_err(|error| failed(&error))?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = failed(&error),
            Err(elapsed) => last = failed(&elapsed),
        }
    }
    Err(last)
}

impl Proxy {
    async fn tunnel(&self, world: &World, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let mut stream = tcp(world, &self.host, self.port).await?;
        let answer = self.ask(&mut stream, host, port).await.map_err(|error| {
            DialError::Unreachable(format!("proxy `{}:{}` failed: {error}", self.host, self.port))
        })?;
        match answer.split(' ').nth(1) {
            Some("200") => Ok(stream),
            Some("407") => Err(DialError::Refused(format!(
                "proxy `{}:{}` wants other credentials: write `http://user:password@host:port`",
                self.host, self.port
            ))),
            _ => Err(DialError::Refused(format!(
                "proxy `{}:{}` refuses to connect to `{host}:{port}`: {answer}",
                self.host, self.port
            ))),
        }
    }

    /// The status line of the answer to `CONNECT`. Read byte by byte: what follows the head belongs
    /// to the tunnel.
    async fn ask(&self, stream: &mut TcpStream, host: &str, port: u16) -> io::Result<String> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(credentials) = &self.credentials {
            let encoded = base64(credentials.expose().as_bytes());
            request.push_str(&format!("Proxy-Authorization: Basic {encoded}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < PROXY_ANSWER {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head);
        Ok(head.lines().next().unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(host_and_port("irc.example.org:6697"), Some(("irc.example.org".into(), 6697)));
        assert_eq!(host_and_port("[2001:db8::1]:6697"), Some(("2001:db8::1".into(), 6697)));
        for wrong in ["irc.example.org", "irc.example.org:", "x:0", ":1", "2001:db8::1:6697", "a b:1"] {
            assert_eq!(host_and_port(wrong), None, "{wrong}");
        }
    }

    /// A proxy that answers with `status` and then, as the far end, says `hello`.
    async fn proxied(status: &'static str, credentials: &str) -> (Result<String, DialError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = format!("http://{credentials}127.0.0.1:{port}").parse().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let size = stream.read(&mut request).await.unwrap();
            stream.write_all(format!("HTTP/1.1 {status}\r\nX: y\r\n\r\nhello").as_bytes()).await.unwrap();
            String::from_utf8(request[..size].to_vec()).unwrap()
        });
        let dial = Dial { host: "irc.example.org".into(), port: 6667, tls: None, proxy: Some(proxy) };
        let outcome = match dial.connect(&World::real(), Duration::from_secs(10)).await {
            Ok(mut stream) => {
                let mut text = String::new();
                stream.read_to_string(&mut text).await.unwrap();
                Ok(text)
            }
            Err(error) => Err(error),
        };
        (outcome, server.await.unwrap())
    }

    #[tokio::test]
    async fn a_connection_goes_through_a_proxy() {
        let (outcome, request) = proxied("200 Connection established", "al:sesame@").await;
        assert_eq!(outcome, Ok("hello".to_owned()));
        assert!(request.starts_with("CONNECT irc.example.org:6667 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Proxy-Authorization: Basic YWw6c2VzYW1l\r\n"), "{request}");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_quoted() {
        let (outcome, _) = proxied("403 Forbidden", "").await;
        let Err(DialError::Refused(why)) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("403 Forbidden"), "{why}");
    }
}
