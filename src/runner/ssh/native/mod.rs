//! One SSH client inside this process, for fleets: a connection is some kilobytes, not a process.
//! Knows keys, the agent, passwords, one bastion and known_hosts; no `ssh` configuration.

mod keys;
mod login;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{Config, Handle, Msg, connect_stream};
use russh::{Channel, ChannelMsg, Sig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::super::fleet::UNREACHED;
use super::super::host::Host;
use super::super::output::Pipe;
use super::super::record::Record;
use super::super::{Job, Settings, Ssh};
use super::marked::Marked;
use super::words::{Trouble, lost};
use super::{PAUSE, Session, TRIES, remote};
use crate::net::World;
use crate::net::process::{Ending, Reason, Sink};
use keys::Checker;

/// SSH's own port.
const PORT: u16 = 22;
/// How long output is still read after the command ended while a child of it holds the stream open.
const DRAIN: Duration = Duration::from_secs(1);
/// How long a silent connection stands before the other side is asked for a sign of life.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// What everybody on the way to a host needs.
struct Way<'a> {
    session: &'a Session,
    ssh: &'a Ssh,
    world: &'a World,
}

/// Runs the session's script on one host.
pub(super) async fn run(
    session: &Session,
    host: &Host,
    limit: Duration,
    out: &Arc<Pipe>,
    err: &Arc<Pipe>,
    job: &Job,
    settings: &Settings,
) -> Record {
    let way = Way { session, ssh: &settings.ssh, world: &job.world };
    let (marked_out, marked_err) = (Marked::new(out, &session.mark), Marked::new(err, &session.mark));
    let work = way.carry_out(host, &marked_out, &marked_err);
    let ending = tokio::select! {
        ended = job.world.timeout(limit, work) => match ended {
            Ok(Ok(code)) => Ending { reason: Reason::Itself, code },
            Ok(Err(Broken::Before(trouble))) => {
                let (user, port) = (session.user_at(host), Some(way.port(host)));
                return Record::broken(UNREACHED, session.sentence(&trouble, host, user, port, way.ssh));
            }
            Ok(Err(Broken::After)) => {
                let ending = Ending { reason: Reason::Itself, code: UNREACHED };
                let record = Record::ended(ending, limit, out, err);
                return Record { error: Some(lost(host)), ..record };
            }
            Err(_) => Ending { reason: Reason::TimedOut, code: -9 },
        },
        () = job.stop.cancelled() => Ending { reason: Reason::Stopped, code: -15 },
    };
    if ending.reason == Reason::Itself {
        marked_out.release();
        marked_err.release();
    }
    Record::ended(ending, limit, out, err)
}

/// Why a command did not come to its end.
enum Broken {
    /// It never began.
    Before(Trouble),
    /// The connection went away under it.
    After,
}

impl From<Trouble> for Broken {
    fn from(trouble: Trouble) -> Self {
        Self::Before(trouble)
    }
}

impl Way<'_> {
    fn port(&self, host: &Host) -> u16 {
        self.session.port_of(host).unwrap_or(PORT)
    }

    /// Connects, logs in, runs the script; its exit code.
    async fn carry_out(&self, host: &Host, out: &Marked, err: &Marked) -> Result<i32, Broken> {
        let connected = self.connect(host).await?;
        let channel = self.open(&connected.handle).await.map_err(|error| Trouble::from(&error))?;
        let code = self.listen(channel, out, err).await;
        // Good-byes are not waited for: whoever does not hear them sees the connection end.
        drop(connected);
        code.ok_or(Broken::After)
    }

    /// Connects and logs in; a host that turns us away before the login is tried again.
    async fn connect(&self, host: &Host) -> Result<Connected, Trouble> {
        let mut tries = 1;
        loop {
            let connected = match &self.session.bastion {
                None => self.direct(host, self.port(host)).await,
                Some(bastion) => self.behind(bastion, host).await,
            };
            match connected {
                Err(Trouble::TurnedAway) if tries < TRIES => {
                    self.world.sleep(self.world.jitter(PAUSE * tries)).await;
                    tries += 1;
                }
                settled => return settled,
            }
        }
    }

    async fn open(&self, handle: &Handle<Checker>) -> Result<Channel<Msg>, russh::Error> {
        let session = self.session;
        let channel = handle.channel_open_session().await?;
        let reader = remote::reader(session.script.len(), &session.mark, session.grace);
        channel.exec(true, reader).await?;
        channel.data_bytes(session.script.clone()).await?;
        Ok(channel)
    }

    /// Reads until the command is over.
    async fn listen(&self, mut channel: Channel<Msg>, out: &Marked, err: &Marked) -> Option<i32> {
        let mut code = None;
        loop {
            let message = match code {
                None => channel.wait().await?,
                Some(code) => match self.world.timeout(DRAIN, channel.wait()).await {
                    Ok(Some(message)) => message,
                    Ok(None) | Err(_) => return Some(code),
                },
            };
            match message {
                ChannelMsg::Data { data } => out.write(&data),
                ChannelMsg::ExtendedData { data, .. } => err.write(&data),
                ChannelMsg::ExitStatus { exit_status } => code = Some(exit_status.cast_signed()),
                ChannelMsg::ExitSignal { signal_name, .. } => code = Some(-number(&signal_name)),
                ChannelMsg::Close => return code,
                _ => {}
            }
        }
    }

    async fn direct(&self, host: &Host, port: u16) -> Result<Connected, Trouble> {
        let (mut handle, cut) = self.first(host, port).await?;
        login::by_any(self.session, &mut handle, self.session.user_at(host)).await?;
        Ok(Connected { handle, _bastion: None, _cut: cut })
    }

    /// Through the bastion: a stream inside its connection carries ours.
    async fn behind(&self, bastion: &Host, host: &Host) -> Result<Connected, Trouble> {
        let (port, bastion_port) = (self.port(host), bastion.port.unwrap_or(PORT));
        let (mut first, cut) = self.first(bastion, bastion_port).await?;
        login::by_key(self.session, &mut first, self.session.user_at(bastion)).await?;
        let handle = self.within(async {
            let opened =
                first.channel_open_direct_tcpip(host.name.clone(), port.into(), "127.0.0.1", 0).await;
            let channel =
                opened.map_err(|_| Trouble::Other("the bastion cannot connect to it".to_owned()))?;
            self.greet(channel.into_stream(), host, port).await
        });
        let mut handle = handle.await?;
        login::by_any(self.session, &mut handle, self.session.user_at(host)).await?;
        Ok(Connected { handle, _bastion: Some(first), _cut: cut })
    }

    /// The connection that leaves this machine.
    async fn first(&self, host: &Host, port: u16) -> Result<(Handle<Checker>, Cut), Trouble> {
        let connecting = self.within(async {
            let (stream, cut) = reach(&host.name, port).await?;
            Ok((self.greet(stream, host, port).await?, cut))
        });
        connecting.await
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        self.world.timeout(self.ssh.connect, work).await.unwrap_or(Err(Trouble::Silent))
    }

    /// Exchanges keys; the host's is checked.
    async fn greet<S>(&self, stream: S, host: &Host, port: u16) -> Result<Handle<Checker>, Trouble>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let checker = Checker::new(&host.name, port, self.ssh);
        let config = Config {
            keepalive_interval: Some(KEEPALIVE),
            keepalive_max: 3,
            nodelay: true,
            preferred: checker.preferred(),
            ..Config::default()
        };
        let verdict = checker.verdict();
        connect_stream(Arc::new(config), stream, checker)
            .await
            .map_err(|error| verdict.take().unwrap_or_else(|| Trouble::from(&error)))
    }
}

/// A connection, and the one that carries it.
struct Connected {
    handle: Handle<Checker>,
    _bastion: Option<Handle<Checker>>,
    _cut: Cut,
}

/// Cuts a connection when it is dropped: the client's own task would keep it, and the other side
/// ends what it runs only when it sees the end.
struct Cut(std::net::TcpStream);

impl Drop for Cut {
    fn drop(&mut self) {
        // It may be closed already, which is what we want.
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

/// Finds the address and connects.
async fn reach(name: &str, port: u16) -> Result<(TcpStream, Cut), Trouble> {
    let addresses = tokio::net::lookup_host((name, port)).await.map_err(|_| Trouble::NoAddress)?;
    let mut last = Trouble::NoAddress;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return cuttable(stream).map_err(|error| unreachable(&error)),
            Err(error) => last = unreachable(&error),
        }
    }
    Err(last)
}

fn cuttable(stream: TcpStream) -> io::Result<(TcpStream, Cut)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let cut = Cut(stream.try_clone()?);
    Ok((TcpStream::from_std(stream)?, cut))
}

fn unreachable(error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Trouble::Refused,
        io::ErrorKind::TimedOut => Trouble::Silent,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Trouble::NoRoute,
        _ => Trouble::Other(error.to_string()),
    }
}

impl From<&russh::Error> for Trouble {
    fn from(error: &russh::Error) -> Self {
        match error {
            russh::Error::Disconnect | russh::Error::HUP => Self::TurnedAway,
            russh::Error::IO(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::TurnedAway,
            russh::Error::IO(error) if error.kind() == io::ErrorKind::ConnectionReset => Self::TurnedAway,
            other => Self::Other(other.to_string()),
        }
    }
}

/// The number of a signal, as Linux has it; 0 for one that it has not.
fn number(signal: &Sig) -> i32 {
    match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(_) => 0,
    }
}
