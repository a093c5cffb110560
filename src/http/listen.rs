//! Connections: taken, given TLS where that is configured, and closed when a client dawdles over its head.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::stalled::Stalled;
use crate::net::certificates::Certificates;

/// How long a request's head may take, and a connection may be idle.
const HEAD: Duration = Duration::from_secs(20);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections at once; more wait.
const MOST: usize = 4_096;
/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Serves until `stop`, then lets open requests end.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    tls: Option<Arc<Certificates>>,
    stop: CancellationToken,
) -> io::Result<()> {
    let (tasks, places) = (TaskTracker::new(), Arc::new(Semaphore::new(MOST)));
    if let Some(certificates) = tls.clone() {
        tasks.spawn(stop.clone().run_until_cancelled_owned(watch(certificates)));
    }
    while let Some((stream, peer, place)) = next(&listener, &places, &stop).await {
        let connection = Connection { peer, app: app.clone(), stop: stop.clone(), _place: place };
        tasks.spawn(connection.run(stream, tls.clone()));
    }
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// The next connection; none when the bot stops.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = stop.run_until_cancelled(places.clone().acquire_owned()).await?.ok()?;
    loop {
        match stop.run_until_cancelled(listener.accept()).await? {
            Ok((stream, peer)) => return Some((stream, peer, place)),
            Err(error) => {
                // Out of file descriptors, most likely: others must end first.
                warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Takes a new certificate when its files change; a bad one changes nothing.
async fn watch(certificates: Arc<Certificates>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let own = certificates.clone();
        match tokio::task::spawn_blocking(move || own.refresh()).await {
            Ok(Ok(true)) => info!("a new certificate is shown from now on"),
            Ok(Err(why)) => warn!(why, "the new certificate cannot be used, the one before goes on"),
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}

/// One client.
struct Connection {
    peer: SocketAddr,
    app: Router,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, mut stream: TcpStream, tls: Option<Arc<Certificates>>) {
        // Answers are small and whole.
        let _ = stream.set_nodelay(true);
        let Some(certificates) = tls else { return self.speak(stream).await };
        match timeout(HANDSHAKE, is_tls(&stream)).await {
            Ok(Ok(true)) => match timeout(HANDSHAKE, certificates.acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream).await,
                Ok(Err(error)) => debug!(peer = %self.peer, %error, "a TLS handshake failed"),
                Err(_) => debug!(peer = %self.peer, "a TLS handshake took too long"),
            },
            // The command line of this machine; its words do not leave it.
            Ok(Ok(false)) if is_here(&stream, self.peer) => self.speak(stream).await,
            Ok(Ok(false)) => {
                let answer: &[u8] =
                    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\
                    content-length: 38\r\n\r\nthis address speaks TLS: use https://\n";
                let _ = timeout(HANDSHAKE, stream.write_all(answer)).await;
            }
            Ok(Err(_)) | Err(_) => {}
        }
    }

    /// Answers requests until the client goes or the bot stops.
    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self { peer, app, stop, _place } = self;
        let app = TowerToHyperService::new(app);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            app.call(request)
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let connection =
            builder.serve_connection(TokioIo::new(Stalled::new(stream)), service).with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(%peer, %error, "a connection ended early");
        }
    }
}

/// A TLS handshake begins with this byte, HTTP with a letter.
async fn is_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(first[0] == 0x16),
    }
}

/// Whether the client is on this machine.
fn is_here(stream: &TcpStream, peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback() || stream.local_addr().is_ok_and(|own| own.ip() == peer.ip())
}
