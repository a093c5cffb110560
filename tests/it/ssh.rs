//! Remote commands against a real sshd.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatops::model::Status;
use chatops::net::World;
use chatops::runner::{Input, Job, Outcome, Output, Settings, Ssh, UnknownHosts, run};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::sshd::Sshd;

struct Bench {
    sshd: Sshd,
    settings: Settings,
    job: Job,
}

impl Bench {
    fn new() -> Option<Self> {
        let sshd = Sshd::start()?;
        let known_hosts = Some(sshd.known_hosts());
        let connect = Duration::from_secs(5);
        let ssh = Ssh { known_hosts, connect, config: Some("/dev/null".into()), ..Ssh::default() };
        let settings = Settings { ssh, grace: Duration::from_secs(1), ..Settings::default() };
        let job = Job {
            stop: CancellationToken::new(),
            limit: Duration::from_secs(120),
            output: Arc::new(Output::default()),
            world: World::real(),
        };
        Some(Self { sshd, settings, job })
    }

    fn parameters(&self, more: Value) -> Map<String, Value> {
        let mut parameters =
            json!({"private_key": self.sshd.key(), "hosts": self.sshd.host(1), "timeout": 30});
        let Value::Object(more) = more else { panic!("parameters are an object") };
        parameters.as_object_mut().unwrap().extend(more);
        parameters.as_object().unwrap().clone()
    }

    async fn run(&self, more: Value) -> Outcome {
        let input = Input { parameters: self.parameters(more), ..Input::default() };
        run("remote-shell-cmd", input, &self.job, &self.settings).await
    }

    /// The error of the only host.
    async fn error(&self, more: Value) -> String {
        let outcome = self.run(more).await;
        assert_eq!(outcome.status, Status::Failed, "{outcome:?}");
        let record = outcome.result.as_object().unwrap().values().next().unwrap().clone();
        assert_eq!((&record["return_code"], &record["timeout"]), (&json!(255), &json!(false)), "{record}");
        assert_eq!(record["error"].as_str(), outcome.why.as_deref());
        record["error"].as_str().unwrap().to_owned()
    }
}

macro_rules! bench {
    () => {
        match Bench::new() {
            Some(bench) => bench,
            None => return,
        }
    };
}

#[tokio::test]
async fn three_hosts_answer_in_the_order_given() {
    let bench = bench!();
    let hosts = format!("{}, {} {}", bench.sshd.host(3), bench.sshd.host(1), bench.sshd.host(2));
    let cmd = "set -- $SSH_CONNECTION; echo $3; echo to-stderr >&2";
    let outcome = bench.run(json!({"hosts": hosts, "cmd": cmd})).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
    assert_eq!(outcome.why.as_deref(), Some("3 ok"));
    let result = outcome.result.as_object().unwrap();
    let keys: Vec<&String> = result.keys().collect();
    assert_eq!(keys, [&bench.sshd.host(3), &bench.sshd.host(1), &bench.sshd.host(2)]);
    let record = json!({"stdout": "127.0.0.3", "stderr": "to-stderr", "return_code": 0, "succeeded": true, "failed": false});
    assert_eq!(result[&bench.sshd.host(3)], record);
}

#[tokio::test]
async fn one_of_three_fails_and_the_others_stand() {
    let bench = bench!();
    let cmd = "case $SSH_CONNECTION in *127.0.0.2*) echo broken >&2; exit 3;; *) echo fine;; esac";
    let outcome = bench.run(json!({"hosts": bench.sshd.hosts(3), "cmd": cmd})).await;
    assert_eq!((outcome.status, outcome.why.as_deref()), (Status::Failed, Some("2 ok, 1 failed")));
    let bad = &outcome.result[bench.sshd.host(2)];
    assert_eq!((&bad["return_code"], &bad["stderr"]), (&json!(3), &json!("broken")));
    let partial = json!({"hosts": bench.sshd.hosts(3), "cmd": cmd, "allow_partial_failure": true});
    assert_eq!(bench.run(partial).await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_command_that_exits_255_is_not_a_broken_connection() {
    let bench = bench!();
    let outcome = bench.run(json!({"cmd": "echo here; exit 255"})).await;
    let record = &outcome.result[bench.sshd.host(1)];
    assert_eq!((&record["return_code"], &record["stdout"]), (&json!(255), &json!("here")));
    assert_eq!(record.get("error"), None);
}

#[tokio::test]
async fn a_host_without_an_address_is_named() {
    let bench = bench!();
    let error = bench.error(json!({"hosts": "no-such-host.invalid", "cmd": "true"})).await;
    assert_eq!(error, "there is no host `no-such-host.invalid`: the name has no address");
}

#[tokio::test]
async fn a_refused_port_is_said() {
    let bench = bench!();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("127.0.0.1:{port}");
    let error = bench.error(json!({"hosts": host, "cmd": "true"})).await;
    assert_eq!(error, format!("`{host}` refuses connections on port {port}: is its SSH server running?"));
}

#[tokio::test]
async fn a_host_that_never_speaks_is_given_up() {
    let mut bench = bench!();
    bench.settings.ssh.connect = Duration::from_secs(1);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let error = bench.error(json!({"hosts": host, "cmd": "true"})).await;
    let port = silent.local_addr().unwrap().port();
    assert_eq!(error, format!("`{host}` does not answer on port {port} within 1 seconds"));
}

#[tokio::test]
async fn an_unknown_key_is_refused_with_what_to_do_or_accepted_if_set() {
    let mut bench = bench!();
    bench.sshd.forget();
    let error = bench.error(json!({"cmd": "true"})).await;
    let port = bench.sshd.port;
    assert!(error.starts_with(&format!("the key of `127.0.0.1:{port}` is not known")), "{error}");
    assert!(error.contains(&format!("`ssh-keyscan -p {port} 127.0.0.1 >> ")), "{error}");
    bench.settings.ssh.unknown_hosts = UnknownHosts::Accept;
    let outcome = bench.run(json!({"cmd": "true"})).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
    assert_eq!(outcome.result[bench.sshd.host(1)]["stderr"], "");
    assert!(!std::fs::read_to_string(bench.sshd.known_hosts()).unwrap().is_empty());
}

#[tokio::test]
async fn a_changed_key_is_always_refused() {
    let mut bench = bench!();
    bench.sshd.trust("key.pub");
    bench.settings.ssh.unknown_hosts = UnknownHosts::Accept;
    let error = bench.error(json!({"cmd": "true"})).await;
    assert!(error.contains("has changed: somebody may stand in between"), "{error}");
}

#[tokio::test]
async fn a_key_that_may_not_log_in_is_said() {
    let bench = bench!();
    let other = tempfile::tempdir().unwrap();
    let key = other.path().join("k");
    let args = ["-q", "-t", "ed25519", "-N", "", "-f"];
    assert!(std::process::Command::new("ssh-keygen").args(args).arg(&key).status().unwrap().success());
    let error = bench.error(json!({"cmd": "true", "private_key": key, "username": "nobody-here"})).await;
    assert!(error.contains("does not let `nobody-here` in"), "{error}");
}

#[tokio::test]
async fn a_key_comes_as_text_and_with_a_passphrase() {
    let bench = bench!();
    let text = std::fs::read_to_string(bench.sshd.key()).unwrap();
    assert_eq!(bench.run(json!({"cmd": "true", "private_key": text})).await.status, Status::Succeeded);
    bench.sshd.lock_key("open $(id) sesame");
    let locked = std::fs::read_to_string(bench.sshd.key()).unwrap();
    let outcome =
        bench.run(json!({"cmd": "true", "private_key": locked, "passphrase": "open $(id) sesame"})).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
    let wrong = bench.run(json!({"cmd": "true", "private_key": locked, "passphrase": "wrong"})).await;
    assert_eq!(wrong.status, Status::Failed);
    assert!(!format!("{wrong:?}").contains("sesame"));
}

#[tokio::test]
async fn environment_directory_and_an_empty_standard_input() {
    let bench = bench!();
    let outcome = bench.run(json!({"cmd": "echo \"$A in $PWD\"; cat", "env": {"A": 5}, "cwd": "/usr"})).await;
    assert_eq!(outcome.result[bench.sshd.host(1)]["stdout"], "5 in /usr");
    let outcome = bench.run(json!({"cmd": "echo never", "cwd": "/no/such"})).await;
    let record = &outcome.result[bench.sshd.host(1)];
    assert_eq!((outcome.status, &record["stdout"]), (Status::Failed, &json!("")));
    assert!(record["stderr"].as_str().unwrap().contains("/no/such"));
}

#[tokio::test]
async fn nasty_values_arrive_exactly_and_run_nothing() {
    let bench = bench!();
    let nasty =
        ["$(id)", "`id`", "\"; id; \"", "'; id #'", "-n", "a\nb", "\\", "*", "\u{e9}\u{1f600}", " x ", "!!"];
    let values =
        nasty.iter().enumerate().map(|(at, value)| (format!("V{at}"), (*value).to_owned())).collect();
    let all: String = (0..nasty.len()).map(|at| format!(" \"$V{at}\"")).collect();
    let parameters = bench.parameters(json!({"cmd": format!("printf '%s|'{all}")}));
    let input = Input { parameters, values, ..Input::default() };
    let outcome = run("remote-shell-cmd", input, &bench.job, &bench.settings).await;
    let expected: String = nasty.iter().map(|value| format!("{value}|")).collect();
    assert_eq!(outcome.result[bench.sshd.host(1)]["stdout"], expected);
}

#[tokio::test]
async fn a_script_is_carried_run_and_removed() {
    let bench = bench!();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.sh");
    std::fs::write(&path, "#!/bin/bash\nprintf '[%s]' \"$@\" \"$(dirname \"$0\")\"; [[ a == a ]]\n").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let input = Input {
        parameters: bench.parameters(json!({"dir": dir.path()})),
        arguments: vec!["--name=it's".to_owned(), "$(id)".to_owned()],
        entry_point: Some(path),
        ..Input::default()
    };
    let outcome = run("remote-shell-script", input, &bench.job, &bench.settings).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
    let expected = format!("[--name=it's][$(id)][{}]", dir.path().display());
    assert_eq!(outcome.result[bench.sshd.host(1)]["stdout"], expected);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Waits until no process has `word` in its command line.
fn wait_until_gone(word: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let runs = || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok())
            .any(|line| line.contains(word))
    };
    while runs() {
        assert!(Instant::now() < deadline, "it still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn a_time_limit_ends_what_runs_there() {
    let bench = bench!();
    let outcome = bench.run(json!({"cmd": "trap '' TERM; echo up; sleep 1234.5", "timeout": 1})).await;
    assert_eq!(outcome.status, Status::Timeout);
    let record = &outcome.result[bench.sshd.host(1)];
    let expected = json!({
        "stdout": "up", "stderr": "", "return_code": -9, "succeeded": false, "failed": true,
        "timeout": true, "error": "Action failed to complete in 1 seconds",
    });
    assert_eq!(*record, expected);
    wait_until_gone("1234.5");
}

#[tokio::test]
async fn a_kill_ends_what_runs_there_and_hosts_whose_turn_never_came() {
    let mut bench = bench!();
    bench.settings.ssh.parallel = Some(1);
    let mut bell = bench.job.output.bell();
    let stop = bench.job.stop.clone();
    let stopper = async {
        bell.wait_for(|totals| totals.seen > 0).await.unwrap();
        stop.cancel();
    };
    let parameters = json!({"hosts": bench.sshd.hosts(2), "cmd": "echo up; sleep 4321.5"});
    let (outcome, ()) = tokio::join!(bench.run(parameters), stopper);
    assert_eq!((outcome.status, outcome.why.as_deref()), (Status::Canceled, Some("2 canceled")));
    wait_until_gone("4321.5");
}

#[tokio::test]
async fn a_bastion_is_gone_through_with_the_same_key() {
    let bench = bench!();
    let cmd = "set -- $SSH_CONNECTION; echo $3";
    let outcome =
        bench.run(json!({"hosts": bench.sshd.host(3), "bastion_host": bench.sshd.host(2), "cmd": cmd})).await;
    assert_eq!(outcome.result[bench.sshd.host(3)]["stdout"], "127.0.0.3", "{outcome:?}");
}

#[tokio::test]
async fn output_that_is_long_is_counted_and_shared_among_the_hosts() {
    let bench = bench!();
    let cmd = "head -c 3000000 /dev/zero | tr '\\0' x";
    let outcome = bench.run(json!({"hosts": bench.sshd.hosts(2), "cmd": cmd})).await;
    let text = outcome.result[bench.sshd.host(2)]["stdout"].as_str().unwrap().to_owned();
    assert!(text.ends_with("\n... output cut: 524288 bytes kept of 3000000"));
    assert_eq!(bench.job.output.seen(), 6_000_000);
}

#[tokio::test]
async fn a_user_in_front_of_the_host_counts_and_localhost_can_be_told_to_use_ssh() {
    let mut bench = bench!();
    let host = format!("{}@{}", whoami(), bench.sshd.host(2));
    let outcome = bench.run(json!({"hosts": host, "username": "nobody-here", "cmd": "id -un"})).await;
    assert_eq!(outcome.result[&host]["stdout"], whoami());
    bench.settings.ssh.localhost = chatops::runner::Localhost::Ssh;
    let outcome =
        bench.run(json!({"hosts": "127.0.0.1", "port": bench.sshd.port, "cmd": "echo $SSH_TTY-ok"})).await;
    assert_eq!(outcome.result["127.0.0.1"]["stdout"], "-ok");
}

fn whoami() -> String {
    let output = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
