//! Processes that end by themselves, by their limit, and not at all.

use std::sync::Mutex;
use std::time::Instant;

use super::*;

#[derive(Default)]
struct Text(Mutex<Vec<u8>>);

impl Sink for Text {
    fn write(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

impl Text {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn sh(script: &str) -> Spec {
    Spec { program: "/bin/sh".into(), args: vec!["-c".into(), script.into()], ..Spec::default() }
}

fn limits(limit: Duration) -> Limits {
    let stop = CancellationToken::new();
    Limits { stop, limit, grace: Duration::from_millis(300), world: World::real() }
}

const LONG: Duration = Duration::from_secs(60);

async fn is_gone(pid: &str) {
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid) {
        assert!(Instant::now() < deadline, "process {pid:?} lives on");
        tokio::time::sleep(LOOK).await;
    }
}

fn is_zombie(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| stat.contains(") Z "))
}

#[tokio::test]
async fn output_and_exit_code_come_back() {
    let (out, err) = (Text::default(), Text::default());
    let ending = run(sh("echo one; echo two >&2; exit 3"), &out, &err, &limits(LONG)).await.unwrap();
    assert_eq!(ending, Ending { reason: Reason::Itself, code: 3 });
    assert_eq!((out.text().as_str(), err.text().as_str()), ("one\n", "two\n"));
}

#[tokio::test]
async fn a_signal_is_a_negative_code() {
    let (out, err) = (Text::default(), Text::default());
    let ending = run(sh("kill -TERM $$"), &out, &err, &limits(LONG)).await.unwrap();
    assert_eq!(ending, Ending { reason: Reason::Itself, code: -15 });
}

#[tokio::test]
async fn a_time_limit_ends_the_whole_group_even_if_it_ignores_term() {
    let (out, err) = (Text::default(), Text::default());
    let script = "trap '' TERM; sleep 1000 & echo $!; sleep 1000";
    let ending = run(sh(script), &out, &err, &limits(Duration::from_secs(2))).await.unwrap();
    assert_eq!(ending, Ending { reason: Reason::TimedOut, code: -9 });
    is_gone(&out.text()).await;
}

#[tokio::test]
async fn a_short_limit_has_a_short_grace() {
    let (out, err) = (Text::default(), Text::default());
    let limits = Limits { grace: LONG, ..limits(Duration::from_secs(1)) };
    let started = Instant::now();
    let script = "trap '' TERM; while :; do sleep 0.1; done";
    let ending = run(sh(script), &out, &err, &limits).await.unwrap();
    assert_eq!(ending, Ending { reason: Reason::TimedOut, code: -9 });
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_stop_ends_the_group_and_leaves_time_to_clean_up() {
    let (out, err) = (Text::default(), Text::default());
    let limits = limits(LONG);
    let script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done";
    let stop = limits.stop.clone();
    let stopper = async {
        while out.text().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (ending, ()) = tokio::join!(run(sh(script), &out, &err, &limits), stopper);
    assert_eq!(ending.unwrap(), Ending { reason: Reason::Stopped, code: 0 });
    assert_eq!(out.text(), "up\nbye\n");
}

#[tokio::test]
async fn dropping_the_run_kills_the_group() {
    let (out, err) = (Text::default(), Text::default());
    {
        let limits = limits(LONG);
        let mut running = Box::pin(run(sh("sleep 1000 & echo $!; wait"), &out, &err, &limits));
        while out.text().is_empty() {
            let _ = tokio::time::timeout(LOOK, running.as_mut()).await;
        }
    }
    is_gone(&out.text()).await;
}

#[tokio::test]
async fn a_child_left_in_the_background_is_not_waited_for() {
    let (out, err) = (Text::default(), Text::default());
    let started = Instant::now();
    run(sh("sleep 30 & echo started"), &out, &err, &limits(LONG)).await.unwrap();
    assert_eq!(out.text(), "started\n");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn stdin_is_empty_or_given_or_held_open() {
    let (out, err) = (Text::default(), Text::default());
    run(sh("cat; echo end"), &out, &err, &limits(LONG)).await.unwrap();
    let given = Spec { stdin: Stdin::Bytes(b"given\n".to_vec()), ..sh("cat; echo end") };
    run(given, &out, &err, &limits(LONG)).await.unwrap();
    let held = Spec { stdin: Stdin::Held(b"held\n".to_vec()), ..sh("read x; echo $x") };
    run(held, &out, &err, &limits(LONG)).await.unwrap();
    assert_eq!(out.text(), "end\ngiven\nend\nheld\n");
}

#[tokio::test]
async fn what_cannot_start_is_explained() {
    let (out, err) = (Text::default(), Text::default());
    let missing = Spec { program: "/no/such".into(), ..Spec::default() };
    let error = run(missing, &out, &err, &limits(LONG)).await.unwrap_err();
    assert_eq!(explain(&error, "/no/such"), "the program `/no/such` is not there");
    let error = run(sh("echo \0"), &out, &err, &limits(LONG)).await.unwrap_err();
    assert!(explain(&error, "sh").contains("NUL byte"));
    let error = run(sh(&"x".repeat(200_000)), &out, &err, &limits(LONG)).await.unwrap_err();
    assert!(explain(&error, "sh").contains("131057 bytes"));
}

#[tokio::test]
async fn a_process_that_closed_its_output_long_ago_still_ends_by_its_limit() {
    let (out, err) = (Text::default(), Text::default());
    let script = "echo said; exec >&- 2>&-; sleep 1000";
    let ending = run(sh(script), &out, &err, &limits(Duration::from_secs(2))).await.unwrap();
    assert_eq!(ending, Ending { reason: Reason::TimedOut, code: -15 });
    assert_eq!(out.text(), "said\n");
}

#[test]
fn the_bots_own_variables_are_for_nobody_else() {
    assert!(is_ours(OsStr::new("CHATOPS_SLACK_BOT_TOKEN")));
    assert!(!is_ours(OsStr::new("PATH")) && !is_ours(OsStr::new("MY_CHATOPS_X")));
}
