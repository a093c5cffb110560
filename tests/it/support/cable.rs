//! A cable between the bot and a real server that speaks in lines: it can be cut, frozen, unplugged, tapped and
//! tampered with, while everybody else talks to the server undisturbed.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often a thread looks whether something has changed.
const LOOK: Duration = Duration::from_millis(5);

/// Changes a line of the bot on its way to the server.
type Rewrite = Box<dyn Fn(&str) -> Option<String> + Send>;

/// The cable; its threads end when it is dropped.
pub(crate) struct Cable {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    plugged: AtomicBool,
    frozen: AtomicBool,
    dropped: AtomicBool,
    sessions: AtomicUsize,
    /// The open connections: the bot's side and the server's.
    open: Mutex<Vec<(TcpStream, TcpStream)>>,
    /// What the server said to the bot.
    told: Mutex<Vec<String>>,
    rewrite: Mutex<Option<Rewrite>>,
}

impl Cable {
    /// Lies on a free port in front of `server`.
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            plugged: AtomicBool::new(true),
            frozen: AtomicBool::new(false),
            dropped: AtomicBool::new(false),
            sessions: AtomicUsize::new(0),
            open: Mutex::default(),
            told: Mutex::default(),
            rewrite: Mutex::default(),
        });
        let listening = shared.clone();
        thread::spawn(move || listening.listen(listener, port));
        Self { port, shared }
    }

    /// Where the bot connects to.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends every connection; the next one is taken.
    pub(crate) fn cut(&self) {
        self.shared.cut();
    }

    /// Nothing listens any more, and every connection ends; or it is as before.
    pub(crate) fn plug(&self, plugged: bool) {
        self.shared.plugged.store(plugged, Ordering::SeqCst);
        if !plugged {
            self.shared.cut();
        }
    }

    /// Connections stay, and nothing passes; or it passes again.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.shared.frozen.store(frozen, Ordering::SeqCst);
    }

    /// From now on `rewrite` may replace lines of the bot.
    pub(crate) fn tamper(&self, rewrite: Option<Rewrite>) {
        *self.shared.rewrite.lock().unwrap() = rewrite;
    }

    /// A line that reaches the bot as if the server had sent it.
    pub(crate) fn inject(&self, line: &str) {
        for (near, _) in self.shared.open.lock().unwrap().iter_mut() {
            // A connection that has ended meanwhile gets nothing.
            let _ = near.write_all(&[line.as_bytes(), b"\r\n"].concat());
        }
    }

    /// The newest line to the bot that contains `part`.
    pub(crate) fn told(&self, part: &str) -> Option<String> {
        self.shared.told.lock().unwrap().iter().rev().find(|line| line.contains(part)).cloned()
    }

    /// How many connections there were.
    pub(crate) fn sessions(&self) -> usize {
        self.shared.sessions.load(Ordering::SeqCst)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.shared.dropped.store(true, Ordering::SeqCst);
        self.shared.cut();
    }
}

impl Shared {
    fn cut(&self) {
        for (near, far) in self.open.lock().unwrap().drain(..) {
            // They may have ended by themselves.
            let _ = near.shutdown(Shutdown::Both);
            let _ = far.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections while it is plugged in; without a listener they are refused.
    fn listen(self: Arc<Self>, first: TcpListener, port: u16) {
        let mut listener = Some(first);
        while !self.dropped.load(Ordering::SeqCst) {
            match (&listener, self.plugged.load(Ordering::SeqCst)) {
                (Some(open), true) => self.accept(open),
                (None, true) => listener = TcpListener::bind(("127.0.0.1", port)).ok(),
                (_, false) => listener = None,
            }
            thread::sleep(LOOK);
        }
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let Ok((near, _)) = listener.accept() else { return };
        near.set_nonblocking(false).unwrap();
        let Ok(far) = TcpStream::connect(&self.server) else { return };
        for stream in [&near, &far] {
            stream.set_nodelay(true).unwrap();
        }
        self.sessions.fetch_add(1, Ordering::SeqCst);
        self.pump(&near, &far, Self::tamper);
        self.pump(&far, &near, Self::tap);
        self.open.lock().unwrap().push((near, far));
    }

    fn tap(&self, line: Vec<u8>) -> Vec<u8> {
        self.told.lock().unwrap().push(String::from_utf8_lossy(&line).trim_end().to_owned());
        line
    }

    fn tamper(&self, line: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&line);
        let changed = self.rewrite.lock().unwrap().as_ref().and_then(|rewrite| rewrite(text.trim_end()));
        changed.map_or(line, |changed| format!("{changed}\r\n").into_bytes())
    }

    /// Carries whole lines from one end to the other, so that what is injected stands between two.
    fn pump(self: &Arc<Self>, from: &TcpStream, to: &TcpStream, each: fn(&Self, Vec<u8>) -> Vec<u8>) {
        let (from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let shared = self.clone();
        thread::spawn(move || {
            let mut lines = BufReader::new(from);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                shared.thawed();
                if to.write_all(&each(&shared, std::mem::take(&mut line))).is_err() {
                    break;
                }
            }
            shared.thawed();
            let _ = to.shutdown(Shutdown::Both);
            let _ = lines.get_ref().shutdown(Shutdown::Both);
        });
    }

    fn thawed(&self) {
        while self.frozen.load(Ordering::SeqCst) && !self.dropped.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
        }
    }
}
