//! Remote commands against a real sshd, by the system's `ssh` and by the native client.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use chatops::model::Status;
use chatops::net::World;
use chatops::runner::{Input, UnknownHosts, run};
use serde_json::json;

use crate::support::remote::{Bench, tests};

tests! {
    three_hosts_answer_in_the_order_given,
    one_of_three_fails_and_the_others_stand,
    a_command_that_exits_255_is_not_a_broken_connection,
    a_host_without_an_address_is_named,
    a_refused_port_is_said,
    a_host_that_never_speaks_is_given_up,
    an_unknown_key_is_refused_with_what_to_do_or_accepted_if_set,
    a_changed_key_is_always_refused,
    a_key_that_may_not_log_in_is_said,
    a_key_comes_as_text_and_with_a_passphrase,
    environment_directory_and_an_empty_standard_input,
    nasty_values_arrive_exactly_and_run_nothing,
    a_script_is_carried_run_and_removed,
    a_time_limit_ends_what_runs_there,
    a_kill_ends_what_runs_there_and_hosts_whose_turn_never_came,
    a_bastion_is_gone_through_with_the_same_key,
    output_that_is_long_is_counted_and_shared_among_the_hosts,
    a_user_in_front_of_the_host_counts_and_localhost_can_be_told_to_use_ssh,
    many_sessions_at_once_are_all_right,
    a_host_that_turns_us_away_is_tried_again,
    a_host_that_always_turns_us_away_is_said,
}

async fn three_hosts_answer_in_the_order_given(bench: Bench) {
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

async fn one_of_three_fails_and_the_others_stand(bench: Bench) {
    let cmd = "case $SSH_CONNECTION in *127.0.0.2*) echo broken >&2; exit 3;; *) echo fine;; esac";
    let outcome = bench.run(json!({"hosts": bench.sshd.hosts(3), "cmd": cmd})).await;
    assert_eq!((outcome.status, outcome.why.as_deref()), (Status::Failed, Some("2 ok, 1 failed")));
    let bad = &outcome.result[bench.sshd.host(2)];
    assert_eq!((&bad["return_code"], &bad["stderr"]), (&json!(3), &json!("broken")));
    let partial = json!({"hosts": bench.sshd.hosts(3), "cmd": cmd, "allow_partial_failure": true});
    assert_eq!(bench.run(partial).await.status, Status::Succeeded);
}

async fn a_command_that_exits_255_is_not_a_broken_connection(bench: Bench) {
    let outcome = bench.run(json!({"cmd": "echo here; exit 255"})).await;
    let record = &outcome.result[bench.sshd.host(1)];
    assert_eq!((&record["return_code"], &record["stdout"]), (&json!(255), &json!("here")));
    assert_eq!(record.get("error"), None);
}

async fn a_host_without_an_address_is_named(bench: Bench) {
    let error = bench.error(json!({"hosts": "no-such-host.invalid", "cmd": "true"})).await;
    assert_eq!(error, "there is no host `no-such-host.invalid`: the name has no address");
}

async fn a_refused_port_is_said(bench: Bench) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("127.0.0.1:{port}");
    let error = bench.error(json!({"hosts": host, "cmd": "true"})).await;
    assert_eq!(error, format!("`{host}` refuses connections on port {port}: is its SSH server running?"));
}

async fn a_host_that_never_speaks_is_given_up(mut bench: Bench) {
    bench.settings.ssh.connect = Duration::from_secs(1);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let error = bench.error(json!({"hosts": host, "cmd": "true"})).await;
    let port = silent.local_addr().unwrap().port();
    assert_eq!(error, format!("`{host}` does not answer on port {port} within 1 seconds"));
}

async fn an_unknown_key_is_refused_with_what_to_do_or_accepted_if_set(mut bench: Bench) {
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

async fn a_changed_key_is_always_refused(mut bench: Bench) {
    bench.sshd.trust("key.pub");
    bench.settings.ssh.unknown_hosts = UnknownHosts::Accept;
    let error = bench.error(json!({"cmd": "true"})).await;
    assert!(error.contains("has changed: somebody may stand in between"), "{error}");
}

async fn a_key_that_may_not_log_in_is_said(bench: Bench) {
    let other = tempfile::tempdir().unwrap();
    let key = other.path().join("k");
    let args = ["-q", "-t", "ed25519", "-N", "", "-f"];
    assert!(std::process::Command::new("ssh-keygen").args(args).arg(&key).status().unwrap().success());
    let error = bench.error(json!({"cmd": "true", "private_key": key, "username": "nobody-here"})).await;
    assert!(error.contains("does not let `nobody-here` in"), "{error}");
}

async fn a_key_comes_as_text_and_with_a_passphrase(bench: Bench) {
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

async fn environment_directory_and_an_empty_standard_input(bench: Bench) {
    let outcome = bench.run(json!({"cmd": "echo \"$A in $PWD\"; cat", "env": {"A": 5}, "cwd": "/usr"})).await;
    assert_eq!(outcome.result[bench.sshd.host(1)]["stdout"], "5 in /usr");
    let outcome = bench.run(json!({"cmd": "echo never", "cwd": "/no/such"})).await;
    let record = &outcome.result[bench.sshd.host(1)];
    assert_eq!((outcome.status, &record["stdout"]), (Status::Failed, &json!("")));
    assert!(record["stderr"].as_str().unwrap().contains("/no/such"));
}

async fn nasty_values_arrive_exactly_and_run_nothing(bench: Bench) {
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

async fn a_script_is_carried_run_and_removed(bench: Bench) {
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

async fn a_time_limit_ends_what_runs_there(mut bench: Bench) {
    let (world, clock) = World::manual(World::real().now());
    bench.job.world = world;
    let mut bell = bench.job.output.bell();
    let turn = async {
        bell.wait_for(|totals| totals.seen > 0).await.unwrap();
        clock.advance(Duration::from_secs(7));
    };
    let parameters = json!({"cmd": "trap '' TERM; echo up; sleep 1234.5", "timeout": 7});
    let (outcome, ()) = tokio::join!(bench.run(parameters), turn);
    assert_eq!(outcome.status, Status::Timeout);
    let record = &outcome.result[bench.sshd.host(1)];
    let expected = json!({
        "stdout": "up", "stderr": "", "return_code": -9, "succeeded": false, "failed": true,
        "timeout": true, "error": "Action failed to complete in 7 seconds",
    });
    assert_eq!(*record, expected);
    wait_until_gone("1234.5");
}

async fn a_kill_ends_what_runs_there_and_hosts_whose_turn_never_came(mut bench: Bench) {
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

async fn a_bastion_is_gone_through_with_the_same_key(bench: Bench) {
    let cmd = "set -- $SSH_CONNECTION; echo $3";
    let outcome =
        bench.run(json!({"hosts": bench.sshd.host(3), "bastion_host": bench.sshd.host(2), "cmd": cmd})).await;
    assert_eq!(outcome.result[bench.sshd.host(3)]["stdout"], "127.0.0.3", "{outcome:?}");
}

async fn output_that_is_long_is_counted_and_shared_among_the_hosts(bench: Bench) {
    let cmd = "head -c 3000000 /dev/zero | tr '\\0' x";
    let outcome = bench.run(json!({"hosts": bench.sshd.hosts(2), "cmd": cmd})).await;
    let text = outcome.result[bench.sshd.host(2)]["stdout"].as_str().unwrap().to_owned();
    assert!(text.ends_with("\n... output cut: 524288 bytes kept of 3000000"));
    assert_eq!(bench.job.output.seen(), 6_000_000);
}

async fn a_user_in_front_of_the_host_counts_and_localhost_can_be_told_to_use_ssh(mut bench: Bench) {
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

async fn many_sessions_at_once_are_all_right(mut bench: Bench) {
    bench.settings.ssh.connect = Duration::from_secs(60);
    // One sshd stands for a hundred: it listens on all of 127.0.0.0/8.
    // Without optimisation a key exchange of the native client takes much of a second.
    let count = if cfg!(debug_assertions) { 25 } else { 100 };
    let hosts: Vec<String> = (1..=count).map(|number| format!("127.0.1.{number}")).collect();
    bench.sshd.trust_also(&hosts);
    let more = json!({"hosts": hosts.join(","), "port": bench.sshd.port, "cmd": "sleep 0.2; exit 3"});
    let outcome = bench.run(more).await;
    assert_eq!(outcome.why.as_deref(), Some(format!("{count} failed").as_str()), "{outcome:?}");
    let records = outcome.result.as_object().unwrap();
    assert!(records.values().all(|record| record["return_code"] == 3 && record.get("error").is_none()));
}

/// Closes the first `count` connections without a word, then passes on to the sshd.
fn doorman(port: u16, count: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            if number >= count {
                pass_on(stream, TcpStream::connect(("127.0.0.1", port)).unwrap());
            }
        }
    });
    own
}

fn pass_on(near: TcpStream, far: TcpStream) {
    let ways = [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)];
    for (mut from, mut to) in ways {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
}

async fn a_host_that_turns_us_away_is_tried_again(bench: Bench) {
    let port = doorman(bench.sshd.port, 2);
    let public = std::fs::read_to_string(bench.sshd.known_hosts()).unwrap();
    let known = public.replace(&format!(":{} ", bench.sshd.port), &format!(":{port} "));
    std::fs::write(bench.sshd.known_hosts(), known).unwrap();
    let outcome = bench.run(json!({"hosts": format!("127.0.0.1:{port}"), "cmd": "echo in"})).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
}

async fn a_host_that_always_turns_us_away_is_said(bench: Bench) {
    let port = doorman(bench.sshd.port, usize::MAX);
    let error = bench.error(json!({"hosts": format!("127.0.0.1:{port}"), "cmd": "true"})).await;
    assert!(error.contains("closed the connection before the login"), "{error}");
}
