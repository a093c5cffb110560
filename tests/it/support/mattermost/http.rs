//! As much of HTTP/1.1 as the API needs: requests with a length or in chunks, answers, connections that stay.

use std::collections::HashMap;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    /// What stands behind the question mark.
    pub(crate) query: HashMap<String, String>,
    /// By lower-case name.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The token of the `Authorization` header: bearer, in any case, as the server reads it.
    pub(crate) fn token(&self) -> &str {
        let (scheme, token) = self.header("authorization").split_once(' ').unwrap_or_default();
        if scheme.eq_ignore_ascii_case("bearer") { token } else { "" }
    }
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, kind: "application/json", headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn text(status: u16, kind: &'static str, body: &str) -> Self {
        Self { status, kind, headers: Vec::new(), body: body.to_owned() }
    }
}

/// Reads the next request; `None` at the end of the connection.
pub(crate) async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let first = line(stream).await?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let line = line(stream).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let url = reqwest::Url::parse(&format!("http://x{target}")).ok()?;
    let query = url.query_pairs().into_owned().collect();
    let mut request = Request { method, path: url.path().to_owned(), query, headers, body: Vec::new() };
    request.body = body(stream, &request).await?;
    Some(request)
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    (count > 0).then(|| line.trim_end().to_owned())
}

async fn body(stream: &mut BufReader<TcpStream>, request: &Request) -> Option<Vec<u8>> {
    if request.header("transfer-encoding") != "chunked" {
        let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
        stream.read_exact(&mut body).await.ok()?;
        return Some(body);
    }
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&line(stream).await?, 16).ok()?;
        let mut chunk = vec![0; length];
        stream.read_exact(&mut chunk).await.ok()?;
        line(stream).await?;
        if length == 0 {
            return Some(body);
        }
        body.extend(chunk);
    }
}

/// Writes an answer, with the date that every server sends.
pub(crate) async fn write(stream: &mut BufReader<TcpStream>, response: &Response) -> std::io::Result<()> {
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut head = format!(
        "HTTP/1.1 {} Said\r\nContent-Type: {}\r\nContent-Length: {}\r\nDate: {date}\r\n",
        response.status,
        response.kind,
        response.body.len()
    );
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let whole = format!("{head}\r\n{}", response.body);
    stream.write_all(whole.as_bytes()).await?;
    stream.flush().await
}

/// A part of a `multipart/form-data` body (RFC 7578): name, file name, contents.
pub(crate) type Part = (String, Option<String>, Vec<u8>);

/// The parts of a form.
pub(crate) fn parts(request: &Request) -> Option<Vec<Part>> {
    let boundary = request.header("content-type").strip_prefix("multipart/form-data; boundary=")?;
    let mark = format!("--{}", boundary.trim_matches('"'));
    let mut rest = after(&request.body, mark.as_bytes())?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let end = position(rest, format!("\r\n{mark}").as_bytes())?;
        let part = &rest[2..end];
        let split = position(part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&part[..split]).into_owned();
        let quoted = |key: &str| Some(head.split(&format!("{key}=\"")).nth(1)?.split('"').next()?.to_owned());
        let file = quoted("; filename");
        parts.push((quoted("; name")?, file, part[split + 4..].to_vec()));
        rest = after(&rest[end..], mark.as_bytes())?;
    }
    Some(parts)
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    Some(&bytes[position(bytes, mark)? + mark.len()..])
}
