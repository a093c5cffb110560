//! One session's loop: reads, hears, sends, in one task, as many lines in one write as are ready.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio_util::bytes::BytesMut;

use super::Irc;
use super::outgoing::Outgoing;
use super::sending::Sending;
use crate::adapter::{Adapter, Ended, Link};
use crate::model::{Message, MessageKey, Person, Place, SendError, Timestamp};
use crate::net::dial::{Dial, DialError, Stream};
use crate::net::tls;
use crate::wire::irc::{Bucket, Client, Event, Lines, Said, Standing, Target};

/// How often time is looked at for keepalive, joins and the nick.
const TICK: Duration = Duration::from_millis(500);
/// The last words have this long to leave.
const FAREWELL: Duration = Duration::from_secs(1);
/// One read.
const READ: usize = 16 * 1024;

/// Runs a session to its end.
pub(super) async fn run(irc: &Irc, link: &Link) -> Ended {
    let connected = tokio::select! {
        () = link.stop.cancelled() => return Ended::Stopped,
        connected = connect(irc, link) => connected,
    };
    match connected {
        Ok(stream) => Session::new(irc, link).run(stream).await,
        Err(DialError::Unreachable(why)) => Ended::Lost(why),
        Err(DialError::Refused(why)) => Ended::Refused(why),
    }
}

async fn connect(irc: &Irc, link: &Link) -> Result<Box<dyn Stream>, DialError> {
    let tls = irc.tls.as_ref().map(tls::client_config).transpose().map_err(DialError::Refused)?;
    let (host, port) = irc.server.clone();
    Dial { host, port, tls, proxy: irc.proxy.clone() }
        .connect(&link.world, irc.profile.patience.connect)
        .await
}

struct Session<'a> {
    irc: &'a Irc,
    link: &'a Link,
    client: Client,
    outgoing: Outgoing,
    sending: Sending,
    lines: Lines,
    input: BytesMut,
    life: String,
    heard: u64,
    ended: Option<Ended>,
}

type Reading = ReadHalf<Box<dyn Stream>>;
type Writing = WriteHalf<Box<dyn Stream>>;
type Timer<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl<'a> Session<'a> {
    fn new(irc: &'a Irc, link: &'a Link) -> Self {
        Self {
            irc,
            link,
            client: Client::new(irc.profile.clone(), link.world.now()),
            outgoing: Outgoing::new(irc.lines, irc.more.clone()),
            sending: Sending::new(Bucket::new(irc.rate), irc.more.clone()),
            lines: Lines::default(),
            input: BytesMut::with_capacity(READ),
            life: format!("{:016x}", u64::from_le_bytes(link.world.random())),
            heard: 0,
            ended: None,
        }
    }

    async fn run(mut self, stream: Box<dyn Stream>) -> Ended {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let ended = self.serve(&mut reader, &mut writer).await;
        if ended == Ended::Stopped {
            let link = self.link;
            let _ = link.world.timeout(FAREWELL, self.leave(&mut reader, &mut writer)).await;
        }
        ended
    }

    /// Says good-bye. The server closes the connection after it has taken everything before that.
    async fn leave(&mut self, reader: &mut Reading, writer: &mut Writing) -> std::io::Result<()> {
        self.sending.urgent("QUIT :good-bye");
        flush(writer, &mut self.sending.bytes).await?;
        self.sending.flushed();
        self.input.clear();
        while reader.read_buf(&mut self.input).await? > 0 {
            self.input.clear();
        }
        self.sending.taken(u64::MAX);
        Ok(())
    }

    async fn serve(&mut self, reader: &mut Reading, writer: &mut Writing) -> Ended {
        let link = self.link;
        let mut stopped = Box::pin(link.stop.cancelled());
        let mut tick: Timer<'_> = Box::pin(link.world.sleep(TICK));
        loop {
            let pause = self.prepare();
            if let Some(ended) = self.ended.take() {
                return ended;
            }
            let takes = self.client.is_up() && self.sending.has_room();
            self.input.reserve(READ);
            tokio::select! {
                biased;
                () = &mut stopped => return Ended::Stopped,
                written = flush(writer, &mut self.sending.bytes), if self.sending.has_output() => match written {
                    Ok(()) => self.sending.flushed(),
                    Err(error) => return Ended::Lost(format!("cannot write to the server: {error}")),
                },
                read = reader.read_buf(&mut self.input) => match read {
                    Ok(0) => return self.hung_up(),
                    Ok(_) => self.read(),
                    Err(error) => return Ended::Lost(format!("cannot read from the server: {error}")),
                },
                ticket = link.next(), if takes => {
                    let now = link.world.now();
                    self.outgoing.accept(ticket, &self.client, now, &mut self.sending);
                }
                () = &mut tick => {
                    self.client.tick(link.world.now());
                    self.take_events();
                    tick = Box::pin(link.world.sleep(TICK));
                }
                () = link.world.sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            }
        }
    }

    /// Collects everything that is ready to be sent; says how long the polite rate makes it wait.
    fn prepare(&mut self) -> Option<Duration> {
        let now = self.link.world.now();
        while self.client.is_up() && self.sending.has_room() {
            let Some(ticket) = self.link.next().now_or_never() else { break };
            self.outgoing.accept(ticket, &self.client, now, &mut self.sending);
        }
        let pause = self.sending.pump(now);
        if !self.sending.has_output()
            && let Some(number) = self.sending.wants_receipt()
        {
            self.client.ask_receipt(number);
        }
        for line in self.client.lines() {
            self.sending.urgent(&line);
        }
        pause
    }

    /// Hears every whole line that has come.
    fn read(&mut self) {
        let now = self.link.world.now();
        self.client.alive(now);
        while let Some(line) = self.lines.next(&mut self.input) {
            self.client.hear(&line, now);
        }
        self.take_events();
    }

    /// The server hung up, perhaps after a reason.
    fn hung_up(&mut self) -> Ended {
        self.ended.take().unwrap_or_else(|| match self.client.is_up() {
            true => Ended::Lost("the server closed the connection".to_owned()),
            false => Ended::Lost("the server closed the connection before its welcome".to_owned()),
        })
    }

    fn take_events(&mut self) {
        for event in self.client.events() {
            match event {
                Event::Up | Event::Nick => self.tell_up(),
                Event::Said(said) => self.heard(said),
                Event::Renamed { from, to } => self.outgoing.renamed(&from, &to),
                Event::Unknown(nick) => self.outgoing.forget(&nick),
                Event::Taken(number) => self.sending.taken(number),
                Event::Undelivered { to, why } => {
                    tracing::debug!(%to, answer = %why, "the irc server did not pass a message on");
                    self.undelivered(&to, why);
                }
                Event::Lost(why) => self.end(Ended::Lost(why)),
                Event::Refused(why) => self.end(Ended::Refused(why)),
            }
        }
    }

    /// Said in a channel the moment the bot was kicked, or where it may not speak.
    fn undelivered(&mut self, to: &str, why: String) {
        let error = match self.client.standing(&to.to_ascii_lowercase()) {
            Standing::Unknown => return,
            Standing::In => SendError::NoRoom { why },
            Standing::Pending | Standing::Refused(_) => SendError::Retry { why, after: None },
        };
        self.sending.refused(to, &error);
    }

    /// The first reason counts.
    fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
    }

    fn tell_up(&self) {
        if !self.client.is_up() {
            return;
        }
        let (nick, wanted) = (self.client.nick().to_owned(), self.client.wanted_nick().to_owned());
        let names = if nick == wanted { vec![nick] } else { vec![nick, wanted] };
        self.link.ears.up(Irc::ABILITIES, names);
    }

    fn heard(&mut self, said: Said) {
        self.heard += 1;
        let id: Arc<str> = match &said.id {
            Some(id) => id.as_str().into(),
            None => format!("{}-{}", self.life, self.heard).into(),
        };
        self.outgoing.heard(&said, &id);
        let names = [self.client.nick(), &self.irc.profile.nick, &self.link.bot];
        if self.outgoing.read_on(&said, &names, &self.client, &mut self.sending) {
            return;
        }
        let message = self.message(said, id, self.link.world.now());
        self.link.ears.heard(message);
    }

    fn message(&self, said: Said, id: Arc<str>, now: Timestamp) -> Message {
        let adapter = self.link.name.clone();
        let person = match &said.account {
            Some(account) => Person::proven(adapter.clone(), account),
            None => Person::unproven(adapter.clone(), &said.folded_nick),
        };
        let (place, room_name) = match said.target {
            Target::Channel { folded, shown } => {
                (Place::room(adapter.clone(), &folded), (folded != shown).then_some(shown))
            }
            Target::Direct => {
                let shown = (said.folded_nick != said.nick).then(|| said.nick.clone());
                (Place::direct(adapter.clone(), &said.folded_nick), shown)
            }
        };
        Message {
            key: MessageKey { adapter, room: place.room.clone(), id },
            person,
            name: said.nick,
            place,
            room_name,
            text: said.text,
            raw: said.raw,
            mentioned: false,
            at: said.at.unwrap_or(now),
            position: None,
        }
    }
}

/// Writes all bytes and flushes. Dropped halfway, what was written is gone from `bytes`, and nothing else.
async fn flush<W: AsyncWrite + Unpin>(writer: &mut W, bytes: &mut BytesMut) -> std::io::Result<()> {
    while !bytes.is_empty() {
        if writer.write_buf(bytes).await? == 0 {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
    }
    writer.flush().await
}
