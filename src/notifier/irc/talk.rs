//! One short visit: connect, log in, join, say, wait until the server has taken it, quit.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio_util::bytes::BytesMut;

use super::Irc;
use super::target::Target;
use crate::model::SendError;
use crate::net::World;
use crate::net::dial::Stream;
use crate::notifier::{later, refused};
use crate::wire::irc::{Bucket, Client, Event, Lines, Standing};

/// How often time is looked at for joins and the nick.
const TICK: Duration = Duration::from_millis(250);
/// A server says something at once, if only that it looks up a name; one that waits for TLS says nothing.
const FIRST_WORD: Duration = Duration::from_secs(7);
/// The server may take this long to close the connection after QUIT.
const FAREWELL: Duration = Duration::from_secs(2);
/// One read.
const READ: usize = 4096;
/// The first byte of TLS's alerts.
const TLS_ALERT: u8 = 0x15;
/// Ends what was cut.
const CUT: &str = "…";

/// Says `words` to `target` and gives a line for the history.
///
/// # Errors
/// The server cannot be reached, refuses us or the channel, or says that it did not pass the words on.
pub(super) async fn hold(
    irc: &Irc,
    world: &World,
    target: &Target,
    words: &[String],
) -> Result<String, SendError> {
    let dial = irc.dial().map_err(refused)?;
    let stream = dial.connect(world, irc.connect_timeout).await;
    let stream = stream.map_err(|error| later(own_words(&error.to_string())))?;
    let (reader, writer) = tokio::io::split(stream);
    let client = Client::new(irc.profile(target), world.now());
    let visit = Visit {
        irc,
        world,
        client,
        reader,
        writer,
        lines: Lines::default(),
        input: BytesMut::with_capacity(READ),
        heard: false,
        happened: Vec::new(),
        undelivered: None,
    };
    visit.run(target, words).await
}

struct Visit<'a> {
    irc: &'a Irc,
    world: &'a World,
    client: Client,
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    lines: Lines,
    input: BytesMut,
    heard: bool,
    happened: Vec<Event>,
    undelivered: Option<(String, String)>,
}

impl Visit<'_> {
    async fn run(mut self, target: &Target, words: &[String]) -> Result<String, SendError> {
        let (world, outcome) = (self.world, self.tell(target, words).await);
        if !self.heard {
            return outcome;
        }
        // Said also after a refusal: the server need not find out by itself.
        let leaving = async {
            self.write("QUIT :delivered").await?;
            while self.reader.read_buf(&mut self.input).await.is_ok_and(|count| count > 0) {
                self.input.clear();
            }
            Ok::<(), SendError>(())
        };
        let _ = world.timeout(FAREWELL, leaving).await;
        outcome
    }

    async fn tell(&mut self, target: &Target, words: &[String]) -> Result<String, SendError> {
        while !self.client.is_up() {
            self.step().await?;
        }
        let name = target.name();
        if target.channel().is_some() {
            match self.client.standing(name) {
                Standing::In => {}
                // A full channel has room later; a key, an invitation or a ban needs somebody.
                Standing::Refused(why) if why.contains("+l") => {
                    return Err(later(format!("cannot join `{name}`: {why}")));
                }
                Standing::Refused(why) => return Err(refused(format!("cannot join `{name}`: {why}"))),
                Standing::Pending | Standing::Unknown => {
                    return Err(later(format!("the server does not answer to the JOIN of `{name}`")));
                }
            }
        }
        let count = self.say(name, words).await?;
        self.client.ask_receipt(1);
        while !self.step().await?.contains(&Event::Taken(1)) {}
        let own = self.client.fold(name);
        match self.undelivered.take().filter(|(to, _)| self.client.fold(to) == own) {
            Some((_, why)) => Err(refused(format!("`{name}` did not get it: {why}"))),
            None => Ok(format!("{count} lines as `{}`", self.client.nick())),
        }
    }

    /// Says the words in lines that fit, at the polite rate; gives their number.
    async fn say(&mut self, name: &str, words: &[String]) -> Result<usize, SendError> {
        let splitter = self.client.splitter();
        let all: Vec<&str> = words.iter().flat_map(|line| splitter.pieces(name, line)).collect();
        let cut = all.len() > self.irc.lines;
        let kept = if cut { self.irc.lines.saturating_sub(1).max(1) } else { all.len() };
        let mut bucket = Bucket::new(self.irc.rate().map_err(refused)?);
        // Of a single line that is allowed, the words count.
        let last = (cut && self.irc.lines > 1).then_some(CUT);
        for line in all.into_iter().take(kept).chain(last) {
            while let Err(wait) = bucket.take(self.world.now()) {
                self.step_for(wait.min(TICK)).await?;
            }
            self.write(&format!("PRIVMSG {name} :{}", line.trim_end())).await?;
        }
        Ok(kept + usize::from(last.is_some()))
    }

    async fn step(&mut self) -> Result<Vec<Event>, SendError> {
        self.step_for(TICK).await
    }

    /// Writes what the client has to say, hears what came within `span`, and gives what happened.
    async fn step_for(&mut self, span: Duration) -> Result<Vec<Event>, SendError> {
        for line in self.client.lines() {
            self.write(&line).await?;
        }
        let silence = if self.heard { span } else { FIRST_WORD };
        let read = self.world.timeout(silence, self.reader.read_buf(&mut self.input)).await;
        match read {
            Ok(Ok(0)) => return Err(self.hung_up()),
            Ok(Ok(_)) => self.hear()?,
            Ok(Err(error)) => return Err(later(format!("the connection broke: {error}"))),
            Err(_) if !self.heard => {
                let why = format!("`{}` says nothing: does the port want TLS?", self.irc.address());
                return Err(later(why));
            }
            Err(_) => {}
        }
        self.client.tick(self.world.now());
        self.events()
    }

    fn hear(&mut self) -> Result<(), SendError> {
        if !std::mem::replace(&mut self.heard, true) && self.input.first() == Some(&TLS_ALERT) {
            return Err(later(format!("`{}` wants TLS: set `tls: true`", self.irc.address())));
        }
        let now = self.world.now();
        self.client.alive(now);
        while let Some(line) = self.lines.next(&mut self.input) {
            self.client.hear(&line, now);
            // A server that closes the door for good says why in a numeric before; alone it may mean "too fast".
            let may_pass = line.starts_with("ERROR ");
            self.happened.extend(self.client.events().into_iter().map(|event| match event {
                Event::Refused(why) if may_pass => Event::Lost(why),
                event => event,
            }));
        }
        Ok(())
    }

    /// What happened; the end of the visit is an error, unless the words were taken before.
    fn events(&mut self) -> Result<Vec<Event>, SendError> {
        self.happened.extend(self.client.events());
        let events = std::mem::take(&mut self.happened);
        for event in &events {
            match event {
                Event::Taken(_) => break,
                Event::Refused(why) => return Err(refused(own_words(why))),
                Event::Lost(why) => return Err(later(own_words(why))),
                Event::Undelivered { to, why } => self.undelivered = Some((to.clone(), why.clone())),
                _ => {}
            }
        }
        Ok(events)
    }

    fn hung_up(&self) -> SendError {
        let hint = if self.client.is_up() { "" } else { " before its welcome: does the port want TLS?" };
        later(format!("`{}` closed the connection{hint}", self.irc.address()))
    }

    async fn write(&mut self, line: &str) -> Result<(), SendError> {
        let failed = |error: std::io::Error| later(format!("the connection broke: {error}"));
        self.writer.write_all(format!("{line}\r\n").as_bytes()).await.map_err(failed)?;
        self.writer.flush().await.map_err(failed)
    }
}

/// What lower rooms say in the words of an adapter's options, in ours.
fn own_words(text: &str) -> String {
    let pairs = [
        ("`CA_FILE`", "`ca_file`"),
        ("`FINGERPRINT`", "`fingerprint`"),
        ("`TLS=off`", "`tls: false`"),
        ("`PASSWORD`", "`password`"),
        ("`SASL_USER`", "`sasl_user`"),
        ("`SASL_PASSWORD`", "`sasl_password`"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}
