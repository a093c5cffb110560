//! Requests of automation, byte by byte.

use std::io::{Read, Write};

use ring::hmac;
use serde_json::Value;

use super::api::Api;

/// A request to be sent.
#[derive(Clone)]
pub(crate) struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) status: u16,
    /// The head, in lower case.
    pub(crate) head: String,
    /// The body, if it is JSON.
    pub(crate) json: Value,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn put(path: &str) -> Self {
        Self::new("PUT", path)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, bytes: &[u8]) -> Self {
        self.body = bytes.to_vec();
        self
    }

    /// Sends it to a bot.
    pub(crate) fn send(&self, api: &Api) -> Sent {
        let mut stream = api.connect();
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = self.body.len();
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n",
            self.method, self.path
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A server that has heard enough hangs up: its answer is read all the same.
        let _ = stream.write_all(&self.body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{text}`"));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
        Sent { status, head: head.to_lowercase(), json: serde_json::from_str(body).unwrap_or_default() }
    }
}

/// HMAC-SHA256 of a body.
pub(crate) fn sign(secret: &str, body: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body).as_ref().to_vec()
}

/// A body as senders compress it.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(body).unwrap();
    out.finish().unwrap()
}
