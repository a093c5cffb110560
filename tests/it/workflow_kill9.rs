//! `kill -9` in the middle of a workflow of twenty parallel tasks, and what the next life makes of it.

use std::fs;

use crate::support::bot::Home;
use crate::support::scripted::Scripted;
use crate::support::{SOON, homes, until};

/// How many tasks run side by side.
const TASKS: usize = 20;

/// Twenty tasks that write down that they began, wait for a file, and write down that they ended. The even ones may
/// be repeated.
fn twenty(server: &str) -> Home {
    let home = homes::on_irc(server);
    let here = home.path().display().to_string();
    let action = |name: &str, tags: &str| {
        format!(
            "name: {name}\nrunner_type: local-shell-cmd\ntags: [{tags}]\nparameters:\n  n: {{type: integer, required: true}}\n  \
             cmd: {{immutable: true, default: 'cd {here}; echo {{{{n}}}} >> began; while [ ! -e \"go-{{{{n}}}}\" ]; do sleep 0.02; done; echo {{{{n}}}} >> ended'}}\n"
        )
    };
    let task = |n: usize| {
        let action = if n.is_multiple_of(2) { "again" } else { "once" };
        format!(
            "  t{n}:\n    action: default.{action} n={n}\n    next: [{{when: <% succeeded() %>, do: last}}]\n"
        )
    };
    let tasks: String = (0..TASKS).map(task).collect();
    let file = format!(
        "version: 1.0\ntasks:\n{tasks}  last:\n    join: all\n    action: core.echo message=\"all of them\"\n"
    );
    home.file("actions/again.yaml", &action("again", "repeatable"))
        .file("actions/once.yaml", &action("once", ""))
        .file(
            "actions/twenty.yaml",
            "name: twenty\nrunner_type: orquesta\nentry_point: workflows/twenty.yaml\n",
        )
        .file("actions/workflows/twenty.yaml", &file)
        .file("aliases/twenty.yaml", "name: twenty\naction_ref: default.twenty\nformats: [twenty]\n")
}

/// How often each task is in a file.
fn counts(home: &Home, file: &str) -> [usize; TASKS] {
    let mut counts = [0; TASKS];
    let text = fs::read_to_string(home.path().join(file)).unwrap_or_default();
    for line in text.lines().filter(|line| !line.is_empty()) {
        counts[line.parse::<usize>().unwrap()] += 1;
    }
    counts
}

#[test]
fn after_a_kill_each_task_runs_as_often_as_promised_and_the_person_gets_the_end() {
    let mut server = Scripted::start();
    let home = twenty(&server.address());
    let bot = home.serve();
    server.receives("JOIN #ops");
    server.sends(b"@msgid=m1 :alice!alice@host.example.org PRIVMSG #ops :!twenty");
    until(SOON, || (counts(&home, "began").iter().sum::<usize>() == TASKS).then_some(()));
    // Six have ended, and the bot knows.
    for n in 0..6 {
        home.write(&format!("go-{n}"), "");
    }
    until(SOON, || (counts(&home, "ended").iter().sum::<usize>() == 6).then_some(()));
    until(SOON, || {
        let listed =
            home.run(&["execution", "list", "--of", "1", "--status", "succeeded", "--limit", "99", "--json"]);
        (listed.stdout.matches("\"succeeded\"").count() >= 6).then_some(())
    });
    bot.kill9();
    // What the dead bot left running ends by itself, as it does where nobody kills it.
    for n in 6..TASKS {
        home.write(&format!("go-{n}"), "");
    }
    until(SOON, || (counts(&home, "ended").iter().sum::<usize>() >= TASKS - 14).then_some(()));

    let bot = home.serve();
    server.receives("JOIN #ops");
    let asked = server.receives("is paused");
    for n in (7..TASKS).step_by(2).take(3) {
        assert!(asked.contains(&format!("t{n}")), "{asked}");
    }
    assert!(!asked.contains("`t8`") && !asked.contains("`t3`"), "{asked}");
    until(SOON, || {
        let began = counts(&home, "began");
        (6..TASKS).step_by(2).all(|n| began[n] == 2).then_some(())
    });
    server.sends(b"@msgid=m2 :alice!alice@host.example.org PRIVMSG #ops :!resume 1 rerun");
    until(SOON, || (server.count("21 tasks: 21 succeeded") == 1).then_some(()));
    let began = counts(&home, "began");
    for (n, count) in began.iter().enumerate() {
        let promised = if n < 6 { 1 } else { 2 };
        assert_eq!(*count, promised, "task {n} began {count} times: {began:?}");
    }
    assert!(bot.stop().success());
    let verified = home.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}
