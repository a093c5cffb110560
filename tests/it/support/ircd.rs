//! Real IRC servers on free loopback ports: ngircd, and inspircd with atheme's services.
//!
//! Each server lives in a temporary directory and ends with the value. Where the programs are not
//! installed the caller skips; with `CI=true` that is a failure.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ircd_config::{self as config, Ports};

/// A loaded machine starts a server in this time.
const START: Duration = Duration::from_secs(15);
/// Services refuse to run as root: they run as `nobody` then.
const NOBODY: u32 = 65534;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Small: no accounts, few capabilities.
    Ngircd,
    /// IRCv3.
    Inspircd,
    /// IRCv3 with accounts and SASL.
    InspircdWithServices,
}

/// A running server.
pub(crate) struct Ircd {
    kind: Kind,
    dir: tempfile::TempDir,
    ports: Ports,
    server: Option<Child>,
    services: Option<Child>,
}

impl Ircd {
    /// Starts one; `None` where it is not installed.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        Self::start_with_password(kind, None)
    }

    /// Starts one that asks each client for a password.
    pub(crate) fn start_with_password(kind: Kind, password: Option<&str>) -> Option<Self> {
        for program in programs(kind) {
            if find(program).is_none() {
                assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "`{program}` is not installed");
                eprintln!("skipped: `{program}` is not installed");
                return None;
            }
        }
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        make_certificates(dir.path());
        let ports = Ports { plain: free_port(), tls: free_port(), link: free_port() };
        match kind {
            Kind::Ngircd => config::write_ngircd(dir.path(), ports, password),
            Kind::Inspircd | Kind::InspircdWithServices => {
                config::write_inspircd(dir.path(), ports, password);
            }
        }
        let mut ircd = Self { kind, dir, ports, server: None, services: None };
        ircd.revive();
        Some(ircd)
    }

    /// Starts the programs (again) on the same ports.
    pub(crate) fn revive(&mut self) {
        self.kill();
        self.server = Some(match self.kind {
            Kind::Ngircd => {
                self.spawn("ngircd", &["--nodaemon", "--config", &self.path("ngircd.conf")], false)
            }
            Kind::Inspircd | Kind::InspircdWithServices => {
                let config = format!("--config={}", self.path("inspircd.conf"));
                let mut arguments = vec!["--nofork", config.as_str()];
                if rustix::process::geteuid().is_root() {
                    arguments.push("--runasroot");
                }
                self.spawn("inspircd", &arguments, false)
            }
        });
        let port = self.ports.plain;
        await_until("the IRC server listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        if self.kind == Kind::InspircdWithServices {
            self.start_services();
        }
    }

    fn start_services(&mut self) {
        let home = self.dir.path().join("services");
        fs::create_dir_all(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
        config::write_atheme(self.dir.path(), self.ports);
        let (conf, home) = (self.path("atheme.conf"), home.display().to_string());
        let (log, pid) = (format!("{home}/log"), format!("{home}/pid"));
        let arguments = ["-n", "-c", &conf, "-D", &home, "-l", &log, "-p", &pid];
        self.services = Some(self.spawn("atheme-services", &arguments, true));
        await_until("the services are linked", || {
            fs::read_to_string(&log).is_ok_and(|log| log.contains("finished synching with uplink"))
        });
    }

    fn spawn(&self, program: &str, arguments: &[&str], as_nobody: bool) -> Child {
        let log = fs::File::create(self.dir.path().join(format!("{program}.out"))).unwrap();
        let mut command = Command::new("sh");
        // Debian's inspircd dumps core when it is stopped.
        command.args(["-c", "ulimit -c 0; exec \"$0\" \"$@\""]).arg(find(program).unwrap());
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        if as_nobody && rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.spawn().unwrap()
    }

    /// Kills the programs as a power cut would.
    pub(crate) fn kill(&mut self) {
        for child in [&mut self.server, &mut self.services] {
            if let Some(mut child) = child.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }

    /// The server goes silent while its connections stay.
    pub(crate) fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// The server goes on.
    pub(crate) fn thaw(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let child = self.server.as_ref().unwrap();
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// `127.0.0.1:PORT`, without TLS.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.plain)
    }

    /// `localhost:PORT`, with TLS.
    pub(crate) fn tls_address(&self) -> String {
        format!("localhost:{}", self.ports.tls)
    }

    /// A file in the server's directory: `ca.pem`, `cert.pem`, `client.pem` (certificate and key).
    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// The SHA-256 digest of a certificate, as openssl prints it: hex with colons.
    pub(crate) fn fingerprint(&self, name: &str) -> String {
        let arguments = ["x509", "-noout", "-fingerprint", "-sha256", "-in", &self.path(name)];
        let out = Command::new("openssl").args(arguments).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.trim().split_once('=').unwrap().1.to_owned()
    }

    /// Registers an account with the services.
    pub(crate) fn register(&self, account: &str, password: &str) {
        self.ask_nickserv(
            account,
            &[(format!("REGISTER {password} {account}@example.org"), "is now registered")],
        );
    }

    /// Ties a client certificate's fingerprint (as the server sees it) to an account.
    pub(crate) fn register_certificate(&self, account: &str, password: &str, fingerprint: &str) {
        self.ask_nickserv(
            account,
            &[
                (format!("REGISTER {password} {account}@example.org"), "is now registered"),
                (format!("CERT ADD {fingerprint}"), "Added fingerprint"),
            ],
        );
    }

    fn ask_nickserv(&self, nick: &str, dialogue: &[(String, &str)]) {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(START)).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        write!(stream, "NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n").unwrap();
        let mut until = |wanted: &str, stream: &mut TcpStream| loop {
            let line = lines.next().unwrap().unwrap();
            if let Some(token) = line.strip_prefix("PING ") {
                write!(stream, "PONG {token}\r\n").unwrap();
            }
            if line.contains(wanted) {
                return;
            }
        };
        until(" 376 ", &mut stream);
        for (line, answer) in dialogue {
            write!(stream, "PRIVMSG NickServ :{line}\r\n").unwrap();
            until(answer, &mut stream);
        }
        write!(stream, "QUIT :done\r\n").unwrap();
        until("ERROR", &mut stream);
    }
}

impl Drop for Ircd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn programs(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Ngircd => &["openssl", "ngircd"],
        Kind::Inspircd => &["openssl", "inspircd"],
        Kind::InspircdWithServices => &["openssl", "inspircd", "atheme-services"],
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for a condition, with a limit.
pub(crate) fn await_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < START, "timed out: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A CA (`ca.pem`), a server certificate signed by it (`cert.pem`, `key.pem`) and a client's
/// (`client.pem`: certificate and key).
pub(crate) fn make_certificates(dir: &Path) {
    fs::write(
        dir.join("server.ext"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    )
    .unwrap();
    fs::write(dir.join("client.ext"), "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n").unwrap();
    let script = "set -e; new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
        openssl req -x509 $new -days 30 -subj '/CN=test authority' -addext basicConstraints=critical,CA:TRUE \
            -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem
        sign() { openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile $1.ext -out $2; }
        openssl req $new -subj /CN=localhost -keyout key.pem -out server.csr; sign server cert.pem
        openssl req $new -subj /CN=bot -keyout client.key -out client.csr; sign client client.crt
        cat client.crt client.key > client.pem; chmod 644 *";
    let out = Command::new("sh").args(["-c", script]).current_dir(dir).output().unwrap();
    assert!(out.status.success(), "openssl: {}", String::from_utf8_lossy(&out.stderr));
}
