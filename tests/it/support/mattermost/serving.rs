//! Who is let in: connections that are cut, stand still or meet the proxy's page, and what stands before the API.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::http::{self, Request, Response};
use super::state::State;
use super::{BASE, rest, socket};

/// The connections that are open now; a cut or a freeze is for these alone.
#[derive(Default)]
pub(crate) struct Generation {
    pub(crate) cut: CancellationToken,
    pub(crate) frozen: AtomicBool,
}

/// What goes wrong now.
#[derive(Default)]
pub(crate) struct Trouble {
    pub(crate) html: bool,
    pub(crate) down: bool,
    pub(crate) limited: usize,
    pub(crate) pause: Duration,
    /// The next upgrades are answered with 429 and this `Retry-After`.
    pub(crate) upgrades: Option<u64>,
    /// Answers to sends get lost after they were carried out.
    pub(crate) swallow: usize,
}

pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) generation: Mutex<Arc<Generation>>,
    pub(crate) trouble: Mutex<Trouble>,
    pub(crate) port: u16,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap()
    }
}

/// Listens whenever the server is not down.
pub(crate) async fn listen(shared: Arc<Shared>) {
    let mut listener = None;
    loop {
        if shared.trouble().down {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(("127.0.0.1", shared.port)).await.ok();
        }
        let look = tokio::time::sleep(Duration::from_millis(10));
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await.ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = look => {}
            Some((stream, _)) = accepted => {
                let generation = shared.generation.lock().unwrap().clone();
                tokio::spawn(connection(shared.clone(), generation, stream));
            }
        }
    }
}

/// One connection: cut when its generation is, standing still while that is frozen.
async fn connection(shared: Arc<Shared>, generation: Arc<Generation>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut serving = Box::pin(serve(shared, BufReader::new(stream)));
    let serving = poll_fn(|context| match generation.frozen.load(Ordering::Acquire) {
        true => Poll::Pending,
        false => serving.as_mut().poll(context),
    });
    tokio::select! {
        () = generation.cut.cancelled() => {}
        () = serving => {}
    }
}

async fn serve(shared: Arc<Shared>, mut stream: BufReader<TcpStream>) {
    while let Some(request) = http::read(&mut stream).await {
        let path = request.path.strip_prefix(BASE).and_then(|path| path.strip_prefix("/api/v4/"));
        let Some(path) = path.map(str::to_owned) else {
            shared.state().breach(format!("{} is not under {BASE}/api/v4", request.path));
            return;
        };
        if let Some(response) = refusal(&shared, &path, &request) {
            if http::write(&mut stream, &response).await.is_err() {
                return;
            }
            continue;
        }
        if path == "websocket" {
            return socket::serve(&shared, stream, &request).await;
        }
        let response = {
            let mut state = shared.state();
            state.requests.push(format!("{} {path}", request.method));
            rest::answer(&mut state, &path, &request)
        };
        if rest::is_send(&request.method, &path) && lost(&shared) {
            return;
        }
        if http::write(&mut stream, &response).await.is_err() {
            return;
        }
    }
}

/// Whether the answer to a send gets lost.
fn lost(shared: &Shared) -> bool {
    let mut trouble = shared.trouble();
    let lost = trouble.swallow > 0;
    trouble.swallow = trouble.swallow.saturating_sub(1);
    lost
}

/// What stands before the API says: the proxy's page, the rate limiter's plain text.
fn refusal(shared: &Shared, path: &str, request: &Request) -> Option<Response> {
    let mut trouble = shared.trouble();
    if trouble.html {
        let page = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>";
        return Some(Response::text(503, "text/html", page));
    }
    let limited = |seconds: u64| {
        let mut response = Response::text(429, "text/plain; charset=utf-8", "limit exceeded\n");
        let headers =
            [("X-Ratelimit-Limit", 10), ("X-Ratelimit-Remaining", 0), ("X-Ratelimit-Reset", seconds)];
        response.headers = headers.into_iter().map(|(name, value)| (name, value.to_string())).collect();
        response
    };
    if let Some(seconds) = trouble.upgrades.filter(|_| path == "websocket") {
        let mut response = limited(seconds);
        response.headers.push(("Retry-After", seconds.to_string()));
        return Some(response);
    }
    if trouble.limited > 0 && rest::is_send(&request.method, path) {
        trouble.limited -= 1;
        return Some(limited(trouble.pause.as_secs().max(1)));
    }
    None
}
