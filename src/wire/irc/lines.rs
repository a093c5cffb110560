//! Cuts a byte stream into lines.

use tokio_util::bytes::{Buf, BytesMut};

/// Tags take 8191 bytes and the rest 512; nothing longer is a line of IRC.
const LONGEST: usize = 16 * 1024;

/// A decoder of lines that end in LF or CR LF. Bytes that are not UTF-8 become U+FFFD; a line over
/// 16 KiB is skipped whole.
#[derive(Debug, Default)]
pub struct Lines {
    scanned: usize,
    skipping: bool,
}

impl Lines {
    /// The next whole line in `buffer`, without its end; `None` when more bytes are needed.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Option<String> {
        loop {
            let Some(end) = buffer[self.scanned..].iter().position(|byte| *byte == b'\n') else {
                self.wait(buffer);
                return None;
            };
            let line = buffer.split_to(self.scanned + end + 1);
            self.scanned = 0;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            let text = line.strip_suffix(b"\r\n").unwrap_or(&line[..line.len() - 1]);
            if !text.is_empty() {
                return Some(String::from_utf8_lossy(text).into_owned());
            }
        }
    }

    fn wait(&mut self, buffer: &mut BytesMut) {
        if buffer.len() > LONGEST {
            buffer.advance(buffer.len());
            self.skipping = true;
        }
        self.scanned = buffer.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut buffer, mut out) = (Lines::default(), BytesMut::new(), Vec::new());
        for chunk in chunks {
            buffer.extend_from_slice(chunk);
            while let Some(line) = lines.next(&mut buffer) {
                out.push(line);
            }
        }
        out
    }

    #[test]
    fn a_line_may_come_in_pieces() {
        assert_eq!(all(&[b"PI", b"NG a\r", b"\nPONG b\nPI"]), ["PING a", "PONG b"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(all(&[b"caf\xe9\r\n"]), ["caf\u{fffd}"]);
    }

    #[test]
    fn an_endless_line_is_skipped_and_the_next_one_is_read() {
        let long = vec![b'x'; 3 * LONGEST];
        assert_eq!(all(&[&long, &long, b"tail\r\nPING a\r\n"]), ["PING a"]);
    }
}
