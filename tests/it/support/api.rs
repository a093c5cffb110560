//! Calls of a serving bot's API, byte by byte, so that also bad ones can be sent.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::bot::Home;
use super::{SOON, until};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The head, in lower case.
    pub(crate) head: String,
    /// The body, if it is JSON.
    pub(crate) json: Value,
    /// The body as it came.
    pub(crate) text: String,
}

impl Answer {
    /// Head and body, to look for what must be in neither.
    pub(crate) fn whole(&self) -> String {
        format!("{}{}", self.head, self.text)
    }
}

/// The API of the bot that serves a home.
pub(crate) struct Api {
    address: String,
    token: String,
}

impl Api {
    /// Waits until the bot has written its address.
    pub(crate) fn of(home: &Home) -> Self {
        let file = home.path().join("var/api");
        let address = until(SOON, || std::fs::read_to_string(&file).ok().filter(|text| !text.is_empty()));
        let token = std::fs::read_to_string(home.path().join("var/token")).unwrap().trim().to_owned();
        Self { address: address.trim().to_owned(), token }
    }

    /// As `http://host:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A connection of one's own.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        stream
    }

    /// The same bot, asked with another token.
    pub(crate) fn with(&self, token: &str) -> Self {
        Self { address: self.address.clone(), token: token.to_owned() }
    }

    /// The token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Asks for something that is not below `/api/v1`, with the token if there is one.
    pub(crate) fn root(&self, path: &str) -> Answer {
        let auth = match self.token.as_str() {
            "" => String::new(),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        self.ask("GET", path, &auth, b"")
    }

    /// Any request; `more` are all lines of the head that count.
    pub(crate) fn ask(&self, method: &str, path: &str, more: &str, body: &[u8]) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n",
            body.len()
        );
        answer(ask(&self.address, &head, body))
    }

    /// Asks for a value.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "", b"")
    }

    /// Sends a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, "", body.to_string().as_bytes())
    }

    /// Any call; `more` are lines of the head, each with its line end.
    pub(crate) fn call(&self, method: &str, path: &str, more: &str, body: &[u8]) -> Answer {
        answer(self.begin(method, path, more, body))
    }

    /// Any call, whose answer is read by the caller while it comes.
    pub(crate) fn begin(&self, method: &str, path: &str, more: &str, body: &[u8]) -> TcpStream {
        let auth = if self.token.is_empty() {
            String::new()
        } else {
            format!("authorization: Bearer {}\r\n", self.token)
        };
        let head = format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\ncontent-type: application/json\r\n\
             {auth}{more}content-length: {}\r\n\r\n",
            body.len()
        );
        ask(&self.address, &head, body)
    }
}

/// A POST beside the API, with a token of the service in `x-token`.
pub(crate) fn post_to(address: &str, path: &str, token: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\nx-token: {token}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    answer(ask(address, &head, body))
}

/// Any request: its first line, lines of its head each with its line end, its body.
pub(crate) fn request(address: &str, first: &str, lines: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!(
        "{first} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n{lines}content-length: {length}\r\n\r\n"
    );
    answer(ask(address, &head, body))
}

fn ask(address: &str, head: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(ANSWER)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // A server that has heard enough hangs up: its answer is read all the same.
    let _ = stream.write_all(body);
    stream
}

fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{text}`"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
    let json = body.find(['{', '[']).and_then(|at| serde_json::from_str(body[at..].trim()).ok());
    let (head, text) = (head.to_lowercase(), body.to_owned());
    Answer { status, head, json: json.unwrap_or_default(), text }
}
