//! WebSockets (RFC 6455) over connections of our own: through a proxy, with our TLS, frames of bounded size.

use std::time::Duration;

use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Uri, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::World;
use super::dial::{Dial, DialError, Proxy, Stream};
use super::tls::{self, TlsOptions};

pub use tokio_tungstenite::tungstenite::{Message as Frame, protocol::CloseFrame};

/// A message larger than this ends the connection: no chat sends such.
const LARGEST: usize = 4 * 1024 * 1024;

/// An open WebSocket.
pub type Socket = WebSocketStream<Box<dyn Stream>>;

/// How a service is reached.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Via {
    /// How to verify it, for `wss`.
    pub tls: TlsOptions,
    /// A proxy to go through.
    pub proxy: Option<Proxy>,
}

/// Why there is no WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WsError {
    /// No connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The server answered the upgrade with another status.
    #[error("the server answers {status} instead of a WebSocket")]
    Status {
        /// The status.
        status: u16,
        /// Its `Retry-After`, where that is a number of seconds.
        after: Option<Duration>,
    },
    /// The address is none, or the handshake is no WebSocket's.
    #[error("{0}")]
    Handshake(String),
}

/// Opens a WebSocket at a `ws://` or `wss://` address within `limit`, with further headers.
pub async fn connect(
    url: &str,
    headers: &[(&'static str, &str)],
    via: &Via,
    world: &World,
    limit: Duration,
) -> Result<Socket, WsError> {
    let mut request = url.into_client_request().map_err(|error| failed(&error))?;
    for (name, value) in headers {
        let value = HeaderValue::from_str(value)
            .map_err(|_| WsError::Handshake(format!("`{name}` cannot be sent as a header")))?;
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    let dial = dial(request.uri(), via)?;
    let stream = dial.connect(world, limit).await?;
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let shaken = world.timeout(limit, client_async_with_config(request, stream, Some(config))).await;
    match shaken {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(answer))) => {
            let after =
                answer.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
            Err(WsError::Status { status: answer.status().as_u16(), after: after.map(Duration::from_secs) })
        }
        Ok(Err(error)) => Err(failed(&error)),
        Err(_) => Err(WsError::Handshake(format!("no WebSocket within {} s", limit.as_secs()))),
    }
}

fn failed(error: &Error) -> WsError {
    WsError::Handshake(format!("no WebSocket: {error}"))
}

fn dial(uri: &Uri, via: &Via) -> Result<Dial, WsError> {
    let secure = match uri.scheme_str() {
        Some("wss") => true,
        Some("ws") => false,
        _ => {
            return Err(WsError::Handshake(
                "a WebSocket's address begins with `ws://` or `wss://`".to_owned(),
            ));
        }
    };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let tls = secure.then(|| tls::client_config(&via.tls)).transpose().map_err(DialError::Refused)?;
    Ok(Dial { host, port, tls, proxy: via.proxy.clone() })
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_socket_opens_with_our_headers_and_carries_text() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/sub/socket", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut seen = None;
            let look = |request: &tokio_tungstenite::tungstenite::handshake::server::Request, answer| {
                let token = request.headers()["authorization"].to_str().unwrap().to_owned();
                seen = Some((request.uri().path().to_owned(), token));
                Ok(answer)
            };
            let mut socket = tokio_tungstenite::accept_hdr_async(stream, look).await.unwrap();
            let said = socket.next().await.unwrap().unwrap();
            socket.send(said).await.unwrap();
            seen.unwrap()
        });
        let headers = [("authorization", "Bearer t")];
        let mut socket = connect(&url, &headers, &Via::default(), &World::real(), LIMIT).await.unwrap();
        socket.send(Frame::text("hello")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Frame::text("hello"));
        assert_eq!(server.await.unwrap(), ("/sub/socket".to_owned(), "Bearer t".to_owned()));
    }

    #[tokio::test]
    async fn a_status_instead_of_a_socket_is_told_with_its_retry_after() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await.unwrap();
            let answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        });
        let error = connect(&url, &[], &Via::default(), &World::real(), LIMIT).await.err();
        assert_eq!(error, Some(WsError::Status { status: 429, after: Some(Duration::from_secs(7)) }));
    }
}
