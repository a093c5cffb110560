//! A person on a real IRC server: a bare socket that joins, says and reads.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long to wait for a line.
const LIMIT: Duration = Duration::from_secs(15);

/// Somebody connected to a server, without TLS.
pub(crate) struct IrcUser {
    /// The nick.
    pub(crate) nick: String,
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    partial: Vec<u8>,
}

impl IrcUser {
    /// Connects, registers and joins.
    pub(crate) fn join(address: &str, nick: &str, channel: &str) -> Self {
        let mut user = Self::connect(address, nick);
        user.send(&format!("JOIN {channel}"));
        user.until(|line| line.contains(" 366 "));
        user
    }

    /// Connects and registers.
    pub(crate) fn connect(address: &str, nick: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        let mut user = Self { nick: nick.to_owned(), stream, reader, partial: Vec::new() };
        user.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}"));
        user.until(|line| line.contains(" 376 ") || line.contains(" 422 "));
        user
    }

    /// Sends one raw line.
    pub(crate) fn send(&mut self, line: &str) {
        self.send_bytes(line.as_bytes());
    }

    /// Sends raw bytes as one line.
    pub(crate) fn send_bytes(&mut self, line: &[u8]) {
        self.stream.write_all(&[line, b"\r\n"].concat()).unwrap();
    }

    /// Says something to a channel or a nick.
    pub(crate) fn say(&mut self, target: &str, text: &str) {
        self.send(&format!("PRIVMSG {target} :{text}"));
    }

    /// The first line that fits, without CR LF; panics after the limit.
    pub(crate) fn until(&mut self, fits: impl Fn(&str) -> bool) -> String {
        self.within(LIMIT, fits).unwrap_or_else(|seen| panic!("no such line; {} saw {seen:#?}", self.nick))
    }

    /// The first line that fits within a time, or all lines seen meanwhile.
    pub(crate) fn within(
        &mut self,
        limit: Duration,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String, Vec<String>> {
        let begun = Instant::now();
        let mut seen = Vec::new();
        while begun.elapsed() < limit {
            let Some(line) = self.line() else { continue };
            if fits(&line) {
                return Ok(line);
            }
            seen.push(line);
        }
        Err(seen)
    }

    /// The text of the next `PRIVMSG` from `nick`.
    pub(crate) fn hears(&mut self, nick: &str) -> String {
        let from = format!(":{nick}!");
        let line = self.until(|line| line.starts_with(&from) && line.contains(" PRIVMSG "));
        let (_, rest) = line.split_once(" PRIVMSG ").unwrap();
        rest.split_once(" :").unwrap().1.to_owned()
    }

    fn line(&mut self) -> Option<String> {
        match self.reader.read_until(b'\n', &mut self.partial) {
            Ok(0) => panic!("the server closed the connection of {}", self.nick),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
            Err(error) => panic!("{}: {error}", self.nick),
        }
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).trim_end().to_owned();
        if let Some(token) = line.strip_prefix("PING ") {
            self.send(&format!("PONG {token}"));
        }
        Some(line)
    }
}
