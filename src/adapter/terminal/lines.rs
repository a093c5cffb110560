//! Lines from a pipe: each is one command, run one after the other; its final answer is printed.

use std::io::{BufRead, BufReader, Read};
use std::thread;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::{Ids, Terminal};
use crate::adapter::{Adapter, Ended, Link, Ticket, plain};
use crate::model::{Receipt, SendError};
use crate::text::Tone;
use crate::text::marks::Marks;

/// A longer line is not a command.
const LONGEST: usize = 1024 * 1024;
/// Lines that are read ahead.
const AHEAD: usize = 16;

/// Runs every line of `input`; ends after the last answer.
pub(super) async fn run<R, W>(terminal: &Terminal, link: &Link, input: R, output: W, marks: &Marks) -> Ended
where
    R: Read + Send + 'static,
    W: AsyncWrite + Send + Unpin,
{
    let (sender, lines) = mpsc::channel(AHEAD);
    // Its own thread, which nobody waits for: a read of standard input cannot be cancelled.
    let reader = thread::Builder::new().name("stdin".to_owned()).spawn(move || read(input, &sender));
    if let Err(error) = reader {
        return Ended::Refused(format!("cannot read standard input: {error}"));
    }
    link.ears.up(Terminal::ABILITIES, Vec::new());
    match (Pipe { terminal, link, output, marks }).serve(lines).await {
        Ok(()) => Ended::Stopped,
        Err(ended) => ended,
    }
}

struct Pipe<'a, W> {
    terminal: &'a Terminal,
    link: &'a Link,
    output: W,
    marks: &'a Marks,
}

impl<W: AsyncWrite + Send + Unpin> Pipe<'_, W> {
    async fn serve(&mut self, mut lines: mpsc::Receiver<String>) -> Result<(), Ended> {
        let mut ids = Ids::new(self.link);
        loop {
            tokio::select! {
                biased;
                () = self.link.stop.cancelled() => return Ok(()),
                line = lines.recv() => match line {
                    None => return Ok(()),
                    Some(line) if line.trim().is_empty() => {}
                    Some(line) => self.ask(&ids.next(), line.trim()).await?,
                },
                ticket = self.link.next() => self.print(ticket).await?,
            }
        }
    }

    /// Runs one command and prints until its last answer.
    async fn ask(&mut self, id: &str, line: &str) -> Result<(), Ended> {
        self.link.ears.heard(self.terminal.message(self.link, id, line));
        loop {
            let ticket = tokio::select! {
                biased;
                () = self.link.stop.cancelled() => return Err(Ended::Stopped),
                ticket = self.link.next() => ticket,
            };
            let last = ticket.parcel().answer.clone().filter(|answer| answer.last && &*answer.key.id == id);
            self.print(ticket).await?;
            if let Some(answer) = last {
                if !answer.good {
                    self.terminal.count_failure();
                }
                return Ok(());
            }
        }
    }

    /// Prints a final answer, or what answers nothing; progress is left out.
    async fn print(&mut self, ticket: Ticket) -> Result<(), Ended> {
        let parcel = ticket.parcel();
        let step = parcel.post.tone == Tone::Working;
        if step && parcel.answer.as_ref().is_some_and(|answer| !answer.last) {
            let answer = "left out: only final answers are printed".to_owned();
            ticket.settle(Ok(Receipt { handle: None, answer }));
            return Ok(());
        }
        let mut text = plain::text(&parcel.post, self.marks);
        text.push('\n');
        let written = async {
            self.output.write_all(text.as_bytes()).await?;
            self.output.flush().await
        };
        if let Err(error) = written.await {
            let why = format!("cannot write to standard output: {error}");
            ticket.settle(Err(SendError::Refused { why: why.clone() }));
            return Err(Ended::Refused(why));
        }
        ticket.settle(Ok(Receipt::default()));
        Ok(())
    }
}

/// Reads lines; bytes that are not UTF-8 become U+FFFD, the rest of a line over a mebibyte is skipped.
fn read<R: Read>(input: R, sender: &mpsc::Sender<String>) {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    while let Ok(more) = next_line(&mut input, &mut line) {
        let text = String::from_utf8_lossy(&line).into_owned();
        if sender.blocking_send(text).is_err() || !more {
            return;
        }
        line.clear();
    }
}

/// Reads up to the next line end; false at the end of the input.
fn next_line<R: Read>(input: &mut BufReader<R>, line: &mut Vec<u8>) -> std::io::Result<bool> {
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(false);
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(chunk.len());
        line.extend_from_slice(&chunk[..taken.min(LONGEST.saturating_sub(line.len()))]);
        input.consume(end.map_or(taken, |end| end + 1));
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
