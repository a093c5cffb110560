//! The systems under test, as processes: the bot, and Debian's prometheus-alertmanager.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A system that takes events over HTTP.
pub(crate) struct Peer {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Method, path and headers of a post.
    pub(crate) head: String,
    /// The body of a post.
    pub(crate) body: String,
    /// How long it took to be ready.
    pub(crate) ready: Duration,
}

impl Peer {
    /// Its largest resident memory so far, in MiB.
    pub(crate) fn peak(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib =
            line.and_then(|text| text.split_whitespace().next()).and_then(|text| text.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}

fn wait_for(address: SocketAddr, path: &str) -> Duration {
    use std::io::{Read, Write};
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Ok(mut stream) = std::net::TcpStream::connect(address) {
            let asked = stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: a\r\n\r\n").as_bytes());
            let mut answer = String::new();
            if asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok() && answer.contains(" 200 ") {
                return start.elapsed();
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("`{path}` at {address} does not answer");
}

/// A home for the bot with one webhook notifier for each path, and routes that send everything there.
pub(crate) fn home(dir: &Path, sink: SocketAddr, paths: &[&str]) {
    fs::create_dir_all(dir.join("aliases")).expect("a home");
    let mut text = "notifiers:\n".to_owned();
    for path in paths {
        let name = path.trim_start_matches('/');
        text.push_str(&format!(
            "  - {{ name: {name}, to: {{ webhook: {{ url: 'http://{sink}{path}' }} }} }}\n"
        ));
    }
    let names: Vec<&str> = paths.iter().map(|path| path.trim_start_matches('/')).collect();
    text.push_str(&format!("routes:\n  - send: [{}]\n", names.join(", ")));
    fs::write(dir.join("notifiers.yaml"), text).expect("notifiers.yaml");
}

/// The head of what Chaos Toolkit sends to a home of [`home_of_chaos`].
pub(crate) const CHAOS_HEAD: &str = "POST /in/chaostoolkit HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer chaos-token\r\ncontent-type: application/json\r\n";

/// A recorded run, as another experiment each time.
pub(crate) fn chaos_body() -> String {
    include_str!("../../tests/data/events/chaostoolkit/run-completed.json")
        .replace("Shop survives a look", "shop %K %S")
}

/// As [`home`] with one path, for experiments.
pub(crate) fn home_of_chaos(dir: &Path, sink: SocketAddr, path: &str) {
    home(dir, sink, &[path]);
    let file = dir.join("notifiers.yaml");
    let text = fs::read_to_string(&file).expect("notifiers.yaml");
    let sources = "sources: { chaostoolkit: { bearer: chaos-token } }\n";
    fs::write(file, text + sources).expect("notifiers.yaml");
}

/// The bot on a home that [`home`] made.
pub(crate) fn bot(program: &Path, dir: &Path) -> Peer {
    let address = free_port();
    let child = Command::new(program)
        .args(["--home".as_ref(), dir.as_os_str(), "serve".as_ref()])
        .env("CHATOPS_LISTEN", address.to_string())
        .env("CHATOPS_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the bot starts");
    let ready = wait_for(address, "/readyz");
    let token = fs::read_to_string(dir.join("var/token")).expect("var/token");
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n",
        token.trim()
    );
    let body = r#"{"source": "bench", "kind": "job", "status": "ok", "title": "job %K", "text": "%M", "fingerprint": "job-%K", "labels": {"k": "%K"}}"#;
    Peer { child, address, head, body: body.to_owned(), ready }
}

/// Alertmanager with a group for each event, posting to `path` of the sink; `None` where it is not installed.
pub(crate) fn alertmanager(dir: &Path, sink: SocketAddr, path: &str) -> Option<Peer> {
    let program =
        ["/usr/bin/prometheus-alertmanager", "/usr/local/bin/alertmanager"].iter().map(PathBuf::from);
    let program = program.into_iter().find(|path| path.exists())?;
    fs::create_dir_all(dir).expect("a folder");
    let config = format!(
        "route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 5m, repeat_interval: 4h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: 'http://{sink}{path}', send_resolved: false}}]}}]\n"
    );
    fs::write(dir.join("am.yml"), config).expect("its configuration");
    let address = free_port();
    let child = Command::new(program)
        .arg(format!("--config.file={}", dir.join("am.yml").display()))
        .arg(format!("--storage.path={}", dir.join("data").display()))
        .args(["--cluster.listen-address=", "--log.level=error"])
        .arg(format!("--web.listen-address={address}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("alertmanager starts");
    let ready = wait_for(address, "/-/ready");
    let head = "POST /api/v2/alerts HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n".to_owned();
    let body =
        r#"[{"labels":{"alertname":"job","k":"%K","seq":"%S"},"annotations":{"m":"%M"},"startsAt":"%T"}]"#;
    Some(Peer { child, address, head, body: body.to_owned(), ready })
}
