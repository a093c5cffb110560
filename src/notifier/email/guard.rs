//! The plain beginning of a connection that turns to TLS: read line by line, so that nothing which came before
//! the handshake is taken for an answer under its cover (as in CVE-2011-0411, from the client's side).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// One look ahead; a longer line comes in pieces.
const LOOK: usize = 1024;

/// A connection of which at most a line is read at once, until it is opened.
#[derive(Debug)]
pub(super) struct Guarded {
    tcp: TcpStream,
    open: Arc<AtomicBool>,
}

impl Guarded {
    /// Guards a connection; what it gives beside opens it for reads of any length.
    pub(super) fn new(tcp: TcpStream) -> (Self, Arc<AtomicBool>) {
        let open = Arc::new(AtomicBool::new(false));
        (Self { tcp, open: open.clone() }, open)
    }
}

impl AsyncTokioStream for Guarded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.open.load(Ordering::Relaxed) {
            return Pin::new(&mut self.tcp).poll_read(cx, buf);
        }
        let mut bytes = [0; LOOK];
        let most = buf.remaining().min(LOOK);
        let mut ahead = ReadBuf::new(&mut bytes[..most]);
        let seen = ready!(self.tcp.poll_peek(cx, &mut ahead))?;
        let line = ahead.filled().iter().position(|byte| *byte == b'\n').map_or(seen, |at| at + 1);
        let mut taken = ReadBuf::new(&mut bytes[..line]);
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut taken))?;
        buf.put_slice(taken.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn no_read_goes_beyond_a_line_until_it_is_opened() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        server.write_all(b"220 go\r\n250-one\r\n250 two\r\n").await.unwrap();
        drop(server);
        let (mut guarded, open) = Guarded::new(tcp);
        let mut bytes = [0; 100];
        for line in ["220 go\r\n", "250-one\r\n"] {
            let count = guarded.read(&mut bytes).await.unwrap();
            assert_eq!(std::str::from_utf8(&bytes[..count]), Ok(line));
        }
        open.store(true, Ordering::Relaxed);
        let mut rest = String::new();
        guarded.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "250 two\r\n");
    }
}
