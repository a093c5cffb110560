//! A stand-in for a service: answers one and the same, and keeps what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What it says to every request.
#[derive(Clone)]
pub(in crate::notifier) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    silent: bool,
}

impl Answer {
    pub(in crate::notifier) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), silent: false }
    }

    pub(in crate::notifier) fn json(status: u16, body: &Value) -> Self {
        Self::status(status).body(&body.to_string())
    }

    /// It never answers.
    pub(in crate::notifier) fn silence() -> Self {
        Self { silent: true, ..Self::status(200) }
    }

    pub(in crate::notifier) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(in crate::notifier) fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub(in crate::notifier) struct Seen {
    pub(in crate::notifier) method: String,
    /// The path and the query.
    pub(in crate::notifier) path: String,
    pub(in crate::notifier) body: String,
    headers: Vec<(String, String)>,
}

impl Seen {
    pub(in crate::notifier) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body: JSON, or a form as an object of texts.
    pub(in crate::notifier) fn json(&self) -> Value {
        if self.header("content-type") == Some("application/x-www-form-urlencoded") {
            let url = reqwest::Url::parse(&format!("form:?{}", self.body)).unwrap();
            return url
                .query_pairs()
                .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// The stand-in; ends when dropped.
pub(in crate::notifier) struct Recorder {
    base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<Answer>>,
    task: JoinHandle<()>,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Recorder {
    pub(in crate::notifier) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = seen.clone();
        let answer = Arc::new(Mutex::new(answer));
        let said = answer.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (kept, answer) = (kept.clone(), said.lock().unwrap().clone());
            async move {
                let request = read(request).await;
                kept.lock().unwrap().push(request);
                if answer.silent {
                    std::future::pending::<()>().await;
                }
                let builder = Response::builder().status(answer.status);
                let builder =
                    answer.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
                builder.body(Body::from(answer.body)).unwrap()
            }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, seen, answer, task }
    }

    /// A port where nobody listens.
    pub(in crate::notifier) async fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(Answer::silence()));
        Self { base, seen: Arc::default(), answer, task: tokio::spawn(async {}) }
    }

    /// Answers this from now on.
    pub(in crate::notifier) fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(in crate::notifier) fn base(&self) -> String {
        self.base.clone()
    }

    pub(in crate::notifier) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn read(request: Request) -> Seen {
    let (parts, body) = request.into_parts();
    let headers =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let bytes = to_bytes(body, 64 << 20).await.unwrap();
    Seen {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: headers.collect(),
        body: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}
