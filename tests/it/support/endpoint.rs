//! An HTTP endpoint that says what a test tells it, byte by byte if need be, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Answers a request's head with the bytes to send, piece by piece, with a pause after each.
pub(crate) type Script = dyn Fn(&str) -> Vec<(Vec<u8>, Duration)> + Send + Sync;

/// The endpoint; it lives as long as the program.
pub(crate) struct Endpoint {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

/// A whole answer: status, more header lines, body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<(Vec<u8>, Duration)> {
    let length = if matches!(status, 204 | 304) {
        String::new()
    } else {
        format!("content-length: {}\r\n", body.len())
    };
    let text = format!("HTTP/1.1 {status} Said\r\n{length}connection: close\r\n{headers}\r\n{body}");
    vec![(text.into_bytes(), Duration::ZERO)]
}

impl Endpoint {
    /// Listens on `host`, a loopback address.
    pub(crate) fn start(
        host: &str,
        script: impl Fn(&str) -> Vec<(Vec<u8>, Duration)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, script): (_, Arc<Script>) = (seen.clone(), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, script) = (kept.clone(), script.clone());
                thread::spawn(move || serve(stream, &kept, &*script));
            }
        });
        Self { port, seen }
    }

    /// Says the same to everybody.
    pub(crate) fn saying(status: u16, headers: &'static str, body: &'static str) -> Self {
        Self::start("127.0.0.1", move |_| answer(status, headers, body))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its address with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<String>>, script: &Script) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).is_ok_and(|count| count > 2) {
        head.push_str(&line);
        line.clear();
    }
    let lower = head.to_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)];
    if head.is_empty() || reader.read_exact(&mut body).is_err() {
        return;
    }
    let request = format!("{head}\r\n{}", String::from_utf8_lossy(&body));
    kept.lock().unwrap().push(request.clone());
    let mut stream = reader.into_inner();
    for (bytes, pause) in script(&request) {
        if stream.write_all(&bytes).is_err() {
            return;
        }
        thread::sleep(pause);
    }
}
