//! As much of HTTP/1.1 as the stand-in needs: one request, one answer, then the connection ends.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// `GET`, `POST` and so on.
    pub(crate) method: String,
    /// The path behind `/api/v10/`, without the query.
    pub(crate) path: String,
    /// The headers by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// More header lines.
    pub(crate) headers: Vec<(String, String)>,
    /// The body and its type.
    pub(crate) body: Option<(&'static str, String)>,
    /// The connection is cut instead of answered.
    pub(crate) cut: bool,
}

impl Answer {
    /// JSON with 200.
    pub(crate) fn json(value: &Value) -> Self {
        Self::status_json(200, value)
    }

    /// JSON with a status.
    pub(crate) fn status_json(status: u16, value: &Value) -> Self {
        Self { status, body: Some(("application/json", value.to_string())), ..Self::default() }
    }

    /// A status alone.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// A page of HTML, as what stands in front of a service answers.
    pub(crate) fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>".to_owned();
        Self { status, body: Some(("text/html", page)), ..Self::default() }
    }
}

/// Reads one request; `None` where the other side leaves or sends none.
pub(crate) async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 || bytes.len() > 64 * 1024 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let headers: BTreeMap<_, _> =
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let path = target.split('?').next().unwrap_or_default().to_owned();
    Some(Request { method, path, headers, body })
}

/// Writes an answer and ends the connection.
pub(crate) async fn write(mut stream: TcpStream, answer: &Answer) {
    if answer.cut {
        return;
    }
    let (kind, body) = answer.body.clone().unwrap_or(("", String::new()));
    let mut head = format!("HTTP/1.1 {} Said\r\nconnection: close\r\n", answer.status);
    head.push_str(&format!("date: {}\r\n", http_date()));
    if answer.status != 204 {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    if !kind.is_empty() {
        head.push_str(&format!("content-type: {kind}\r\n"));
    }
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // A client that left does not want the answer.
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn http_date() -> String {
    jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// One part of a multipart body.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: String,
    /// The name of its file.
    pub(crate) filename: Option<String>,
    /// Its type.
    pub(crate) kind: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// The parts of a multipart body.
pub(crate) fn parts(content_type: &str, body: &[u8]) -> Option<Vec<Part>> {
    let boundary = content_type.split("boundary=").nth(1)?.trim_matches('"');
    let marker = format!("--{boundary}").into_bytes();
    let find = |from: usize| {
        body[from..].windows(marker.len()).position(|window| window == marker).map(|at| from + at)
    };
    let mut found = Vec::new();
    let mut start = find(0)? + marker.len();
    while let Some(end) = find(start) {
        let part = body.get(start + 2..end.checked_sub(2)?)?;
        let head = part.windows(4).position(|window| window == b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&part[..head]).into_owned();
        let named = |key: &str| Some(text.split(&format!(" {key}=\"")).nth(1)?.split('"').next()?.to_owned());
        let kind = text
            .to_lowercase()
            .split("content-type: ")
            .nth(1)
            .map(|rest| rest.lines().next().unwrap_or_default().to_owned());
        found.push(Part {
            name: named("name")?,
            filename: named("filename"),
            kind: kind.unwrap_or_default(),
            bytes: part[head + 4..].to_vec(),
        });
        start = end + marker.len();
    }
    Some(found)
}
