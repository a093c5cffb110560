//! Debian's prometheus-alertmanager with the configuration of docs/sources/alertmanager.md.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::ircd::free_port;
use crate::support::room::{PATIENCE, Room, block, expected, swap};
use crate::support::{skip, until};

const PROGRAM: &str = "/usr/bin/prometheus-alertmanager";
/// How long the bot is away.
const OUTAGE: Duration = Duration::from_secs(10);

/// A running Alertmanager; ends with the value.
struct Alertmanager {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Alertmanager {
    /// Starts one that tells the bot, by the page's configuration and without its pauses between messages.
    fn start(room: &Room) -> Option<Self> {
        if !Path::new(PROGRAM).is_file() {
            skip("prometheus-alertmanager is not installed: run `scripts/test servers`");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("chatops.token"), "am-token\n").unwrap();
        fs::write(folder.path().join("alertmanager.yml"), configuration(room, folder.path())).unwrap();
        let (here, port) = (folder.path().display(), free_port());
        let log = fs::File::create(folder.path().join("said")).unwrap();
        let child = Command::new(PROGRAM)
            .args([format!("--config.file={here}/alertmanager.yml"), format!("--storage.path={here}/data")])
            .args(["--cluster.listen-address=".to_owned(), format!("--web.listen-address=127.0.0.1:{port}")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let alertmanager = Self { child, address: format!("127.0.0.1:{port}"), _folder: folder };
        until(PATIENCE, || alertmanager.ask("GET", "/-/ready", ""));
        Some(alertmanager)
    }

    /// The body of an answer that is well; `None` while nobody listens.
    fn ask(&self, method: &str, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let head = "host: alerts\r\ncontent-type: application/json\r\ncontent-length";
        write!(stream, "{method} {path} HTTP/1.0\r\n{head}: {}\r\n\r\n{body}", body.len()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| body.to_owned())
    }

    /// What Prometheus sends: an alert that fires for some minutes yet, or one that has ended.
    fn alert(&self, name: &str, fires: bool) {
        let now = jiff::Timestamp::now();
        let ends = if fires { now + jiff::Span::new().minutes(5) } else { now };
        let alert = json!([{
            "labels": {"alertname": name, "cluster": "eu1", "severity": "critical"},
            "annotations": {"summary": format!("{name} on db-1"), "description": "/var has 3% left"},
            "startsAt": (now - jiff::Span::new().minutes(2)).to_string(), "endsAt": ends.to_string(),
            "generatorURL": "http://prometheus.example.org/graph",
        }]);
        assert!(self.ask("POST", "/api/v2/alerts", &alert.to_string()).is_some());
    }

    /// How many of its messages were not taken so far.
    fn failed(&self) -> f64 {
        let metrics = self.ask("GET", "/metrics", "").unwrap();
        let line = metrics.lines().find_map(|line| {
            line.strip_prefix("alertmanager_notification_requests_failed_total{integration=\"webhook\"} ")
        });
        line.unwrap().parse().unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(room: &Room, folder: &Path) -> String {
    let page = block("alertmanager.md", "webhook_configs");
    let page = swap(&page, "https://bot.example.org/in/alertmanager", &room.url("/in/alertmanager"));
    let token = folder.join("chatops.token").display().to_string();
    let page = swap(&page, "/etc/alertmanager/chatops.token", &token);
    format!("{page}  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 1h\n")
}

#[test]
fn an_alert_fires_and_resolves_and_a_room_reads_both() {
    let Some(room) = Room::open("  alertmanager: { bearer: am-token }") else { return };
    let Some(alertmanager) = Alertmanager::start(&room) else { return };
    alertmanager.alert("DiskFull", true);
    room.reads("firing: DiskFull on db-1");
    room.reads("/var has 3% left");
    alertmanager.alert("DiskFull", false);
    room.reads("resolved after 2 min");
    assert_eq!(
        room.history(2),
        expected(&[("DiskFull on db-1", "failed", "critical"), ("DiskFull on db-1", "resolved", "ok")])
    );
    room.close();
}

#[test]
fn what_fires_and_resolves_while_the_bot_is_away_is_read_when_it_is_back() {
    let Some(mut room) = Room::open("  alertmanager: { bearer: am-token }") else { return };
    let Some(alertmanager) = Alertmanager::start(&room) else { return };
    alertmanager.alert("DiskFull", true);
    room.reads("firing: DiskFull on db-1");
    // A message whose end is not on the disk yet would be told again.
    room.history(1);

    room.cut_off();
    let begun = Instant::now();
    alertmanager.alert("JobLate", true);
    alertmanager.alert("DiskFull", false);
    until(PATIENCE, || (alertmanager.failed() >= 2.0).then_some(()));
    // The length of the outage is what is tried here.
    thread::sleep(OUTAGE.saturating_sub(begun.elapsed()));
    room.wake();

    room.reads("firing: JobLate on db-1");
    assert!(room.reads("resolved after ").contains("DiskFull on db-1"));
    assert_eq!(
        room.history(3),
        expected(&[
            ("DiskFull on db-1", "failed", "critical"),
            ("JobLate on db-1", "failed", "critical"),
            ("DiskFull on db-1", "resolved", "ok"),
        ])
    );
    for (part, times) in [("firing: JobLate", 1), ("firing: DiskFull", 1), ("resolved after", 1)] {
        let heard = room.reader.heard(part);
        assert_eq!(heard.len(), times, "{part}: {heard:#?}");
    }
    room.close();
}
