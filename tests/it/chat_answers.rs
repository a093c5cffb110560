//! How a command is answered: acknowledged, its progress, its end.

use std::time::{Duration, Instant};

use chatops::text::{Block, Tone};

use crate::support::bot::Home;
use crate::support::homes::{began, go, ops};
use crate::support::memory_bot::{MemoryBot, OPS, text};

/// A home with one more alias, `NAME {{cmd}}`, that runs `core.local`.
fn with_alias(name: &str, rest: &str) -> Home {
    ops().file(
        &format!("aliases/{name}.yaml"),
        &format!("---\nname: {name}\naction_ref: core.local\nformats: [\"{name} {{{{cmd}}}}\"]\n{rest}"),
    )
}

#[test]
fn an_alias_with_an_acknowledgement_gives_it_at_once_and_the_result_takes_its_place() {
    let home = with_alias("do", "ack: { format: \"doing {{ execution.parameters.cmd }}\" }\n");
    let bot = MemoryBot::start(home.set("CHATOPS_PUBLIC_URL", "https://bot.example.org/"));
    bot.says("alice", OPS, "!do sleep 0.5; echo done");
    let first = bot.posts();
    assert_eq!(text(&first), "doing sleep 0.5; echo done\ndetails (https://bot.example.org/executions/1)");
    assert!(first.post.tone == Tone::Working && !first.answer.unwrap().last && !first.edited);
    let last = bot.posts();
    assert!(
        last.text.contains("stdout : done") && last.edited && last.handle == first.handle,
        "{}",
        last.text
    );
}

#[test]
fn an_acknowledgement_without_its_link_has_none() {
    let home = with_alias("do", "ack: { format: \"doing it\", append_url: false }\n");
    let bot = MemoryBot::start(home.set("CHATOPS_PUBLIC_URL", "https://bot.example.org"));
    bot.says("alice", OPS, "!do sleep 0.3");
    assert_eq!(bot.answers(), "doing it");
}

#[test]
fn without_one_a_slow_command_is_acknowledged_after_a_second_and_shows_progress_in_the_same_message() {
    let bot = MemoryBot::start(with_alias("do", ""));
    let said = Instant::now();
    let go_file = bot.home().path().join("go-x").display().to_string();
    bot.says("alice", OPS, &format!("!do echo step; while [ ! -e {go_file} ]; do sleep 0.02; done"));
    let first = bot.posts();
    assert!(said.elapsed() >= Duration::from_millis(900), "{:?}", said.elapsed());
    assert!(text(&first).ends_with("is running as 1"), "{}", first.text);
    let progress = bot.posts();
    assert!(
        progress.text.contains("is running as 1, for ") && progress.text.contains("step"),
        "{}",
        progress.text
    );
    assert!(progress.edited && progress.handle == first.handle);
    go(bot.home(), "x");
    let last = bot.comes_to_say("status : succeeded");
    assert!(last.edited && last.handle == first.handle && last.answer.unwrap().good);
}

#[test]
fn a_quick_command_is_answered_by_its_result_alone() {
    let bot = MemoryBot::start(with_alias("do", ""));
    bot.says("alice", OPS, "!do echo quick");
    let only = bot.posts();
    assert!(only.answer.unwrap().last && only.text.contains("stdout : quick"));
}

#[test]
fn an_alias_that_wants_no_acknowledgement_is_silent_until_its_end() {
    let bot = MemoryBot::start(with_alias("do", "ack: { enabled: false, format: \"never said\" }\n"));
    bot.says("alice", OPS, "!do sleep 1.3; echo done");
    let only = bot.posts();
    assert!(only.answer.unwrap().last && only.text.contains("stdout : done"), "{}", only.text);
}

#[test]
fn an_alias_that_wants_no_result_says_nothing_when_it_went_well_and_tells_a_failure() {
    let bot = MemoryBot::start(with_alias("do", "ack: { enabled: false }\nresult: { enabled: false }\n"));
    bot.says("alice", OPS, "!do true");
    bot.until(|| (bot.audit_of("finished").len() == 1).then_some(()));
    bot.says_nothing_more();
    let failure = bot.ask("alice", OPS, "!do exit 4");
    assert!(failure.contains("status : failed (exit code 4)\nexecution: 2\n"), "{failure}");
}

#[test]
fn a_failure_tells_its_exit_code_and_the_end_of_what_went_wrong_whatever_the_format_shows() {
    let bot = MemoryBot::start(with_alias(
        "do",
        "ack: { enabled: false }\nresult: { format: \"out: {{ execution.result.stdout }}\" }\n",
    ));
    let lines = "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo e$i >&2; done";
    let said = bot.asks("alice", OPS, &format!("!do echo x; {lines}; exit 3"));
    let end: Vec<String> = (21..=30).map(|number| format!("e{number}")).collect();
    assert_eq!(text(&said), format!("out: x\n{}\nfailed (exit code 3) · execution 1", end.join("\n")));
    assert!(said.tone == Tone::Bad && !said.answer.unwrap().good);
    let home =
        with_alias("do", "ack: { enabled: false }\nresult: { format: \"{{ execution.result.stderr }}\" }\n");
    let bot = MemoryBot::start(home);
    assert_eq!(bot.ask("alice", OPS, "!do echo no >&2; exit 2"), "no\nfailed (exit code 2) · execution 1");
}

#[test]
fn a_format_that_fails_gives_the_default_text_and_says_so() {
    let bot =
        MemoryBot::start(with_alias("do", "ack: { enabled: false }\nresult: { format: \"{{ 1 // 0 }}\" }\n"));
    let good = bot.ask("alice", OPS, "!do echo fine");
    assert!(good.contains("stdout : fine") && good.contains("the alias's own format failed: "), "{good}");
    let bad = bot.ask("alice", OPS, "!do exit 9");
    let last = bad.lines().last().unwrap();
    assert!(
        last.starts_with("the alias's own format failed: ")
            && bad.contains("status : failed (exit code 9)\n"),
        "{bad}"
    );
}

#[test]
fn text_before_the_mark_stands_outside_and_extra_reaches_the_adapter() {
    let rest = "ack: { enabled: false }\nresult:\n  format: \"before{~}after {{ execution.result.stdout }}\"\n  \
                extra: { slack: { color: \"{{ execution.status }}\" }, broken: \"{{ nothing.of.it }}\" }\n";
    let bot = MemoryBot::start(with_alias("do", rest));
    let said = bot.asks("alice", OPS, "!do echo x");
    assert!(matches!(&said.post.pretext[..], [Block::Para(_)]), "{:?}", said.post.pretext);
    assert_eq!(text(&said), "before\nafter x");
    assert_eq!(said.post.native["slack"]["color"], "succeeded");
    assert!(!said.post.native.contains_key("broken"));
}

#[test]
fn a_command_past_its_time_limit_ends_as_timeout() {
    let bot = MemoryBot::start(with_alias("do", "ack: { enabled: false }\n"));
    let began = Instant::now();
    let said = bot.ask("alice", OPS, "!do echo begun; sleep 60 timeout=1");
    let status = "status : timeout (Action failed to complete in 1 seconds)\nexecution: 1\n";
    assert!(said.contains(status) && said.contains("stdout : begun"), "{said}");
    for once in ["timeout", "failed to complete", "execution"] {
        assert_eq!(said.matches(once).count(), 1, "{once} is said once: {said}");
    }
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_time_limit_is_answered_promptly_even_if_the_process_ignores_being_asked() {
    let bot = MemoryBot::start(with_alias("do", "ack: { enabled: false }\n"));
    let began = Instant::now();
    let said = bot.ask("alice", OPS, "!do trap '' TERM; while :; do sleep 0.1; done timeout=1");
    assert!(said.contains("status : timeout"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn what_is_long_is_not_lost() {
    let bot = MemoryBot::start(with_alias("do", "ack: { enabled: false }\n"));
    let said = bot.ask("alice", OPS, "!do seq 1 20000");
    assert!(said.contains("20000"), "{} bytes", said.len());
}

#[test]
fn people_do_not_wait_for_each_other() {
    let bot = MemoryBot::start(ops());
    bot.says("alice", OPS, "!hold a");
    began(bot.home(), "a");
    assert_eq!(bot.ask("root", OPS, "!deploy to staging"), "deployed 1 to staging");
    go(bot.home(), "a");
    bot.comes_to_say("a went");
}
