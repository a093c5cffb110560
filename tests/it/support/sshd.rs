//! A real sshd on loopback addresses, with keys of its own.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";
/// The addresses it listens on.
pub(crate) const HOSTS: [&str; 4] = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];

/// A running sshd; ended with the value.
pub(crate) struct Sshd {
    folder: TempDir,
    server: Child,
    /// The port on every address.
    pub(crate) port: u16,
}

impl Sshd {
    /// Starts one. Without sshd on this machine the test is skipped, aloud; with `CI=true` that is a failure.
    pub(crate) fn start() -> Option<Self> {
        if !Path::new(SSHD).exists() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{SSHD} is not installed");
            eprintln!("skipped: {SSHD} is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        keygen(&folder.path().join("host_key"));
        keygen(&folder.path().join("key"));
        fs::copy(folder.path().join("key.pub"), folder.path().join("authorized_keys")).unwrap();
        // sshd as root wants this folder.
        let _ = fs::create_dir_all("/run/sshd");
        let (server, port) = (0..20).find_map(|_| launch(folder.path())).expect("sshd starts on a free port");
        let sshd = Self { folder, server, port };
        sshd.trust("host_key.pub");
        Some(sshd)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The private key that may log in.
    pub(crate) fn key(&self) -> PathBuf {
        self.path("key")
    }

    /// The file of known hosts: all addresses.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.path("known_hosts")
    }

    /// `127.0.0.N:port`.
    pub(crate) fn host(&self, number: usize) -> String {
        format!("{}:{}", HOSTS[number - 1], self.port)
    }

    /// `[::1]:port`; `None` on a machine without IPv6.
    pub(crate) fn host_v6(&self) -> Option<String> {
        TcpStream::connect(("::1", self.port)).ok()?;
        Some(format!("[::1]:{}", self.port))
    }

    /// The first `count` hosts, parted by commas.
    pub(crate) fn hosts(&self, count: usize) -> String {
        (1..=count).map(|number| self.host(number)).collect::<Vec<_>>().join(",")
    }

    /// Makes known_hosts say that every host has the key of that public key file.
    pub(crate) fn trust(&self, public: &str) {
        let key = fs::read_to_string(self.path(public)).unwrap();
        let lines: String =
            HOSTS.iter().chain(&["::1"]).map(|host| format!("[{host}]:{} {key}", self.port)).collect();
        fs::write(self.known_hosts(), lines).unwrap();
    }

    /// Makes known_hosts know these addresses too.
    pub(crate) fn trust_also(&self, hosts: &[String]) {
        let key = fs::read_to_string(self.path("host_key.pub")).unwrap();
        let lines: String = hosts.iter().map(|host| format!("[{host}]:{} {key}", self.port)).collect();
        fs::write(self.known_hosts(), lines).unwrap();
    }

    /// Makes known_hosts know nobody.
    pub(crate) fn forget(&self) {
        fs::write(self.known_hosts(), "").unwrap();
    }

    /// Gives the private key a passphrase.
    pub(crate) fn lock_key(&self, passphrase: &str) {
        let key = self.key();
        let args = ["-q", "-p", "-a", "1", "-P", "", "-N", passphrase, "-f"];
        assert!(
            Command::new("ssh-keygen").args(args).arg(key).stdout(Stdio::null()).status().unwrap().success()
        );
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn keygen(path: &Path) {
    let args = ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"];
    assert!(Command::new("ssh-keygen").args(args).arg(path).status().unwrap().success());
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Starts a server on a port that is free now; `None` if somebody else was faster.
fn launch(folder: &Path) -> Option<(Child, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = folder.display();
    let has_v6 = TcpListener::bind(("::1", port)).is_ok();
    let v6 = if has_v6 { format!("ListenAddress [::1]:{port}\n") } else { String::new() };
    let conf = format!(
        "ListenAddress 0.0.0.0:{port}\n{v6}HostKey {at}/host_key\nAuthorizedKeysFile {at}/authorized_keys\nPidFile none\nUsePAM no\n\
         StrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nMaxStartups 300\nMaxSessions 300\n\
         LogLevel ERROR\n"
    );
    fs::write(folder.join("sshd_config"), conf).unwrap();
    let mut server = Command::new(SSHD)
        .args(["-D", "-e", "-f"])
        .arg(folder.join("sshd_config"))
        .stdin(Stdio::null())
        .stderr(fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if server.try_wait().unwrap().is_some() {
            return None;
        }
        if HOSTS.iter().all(|host| TcpStream::connect((*host, port)).is_ok()) {
            return Some((server, port));
        }
        assert!(Instant::now() < deadline, "sshd does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
}
