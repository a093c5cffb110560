//! What must not bring the bot down, nor any command beside it: broken files, hostile text, full disks.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::bot::{Home, Ran};
use crate::support::{homes, skip};

/// The good commands of the home still work.
fn echo_works(home: &Home) {
    let ran = home.chat("echo still here\n");
    assert_eq!((ran.code, ran.stdout.contains("still here")), (Some(0), true), "{ran:?}");
}

/// Every word the command left on either stream.
fn all(ran: &Ran) -> String {
    format!("{}\n{}", ran.stdout, ran.stderr)
}

/// A bad alias file is named by `alias check`, and disturbs no other.
fn refused_alone(home: &Home, file: &str) -> String {
    let start = Instant::now();
    let ran = home.run(&["alias", "check"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(all(&ran).contains(file), "{ran:?}");
    echo_works(home);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    all(&ran)
}

#[test]
fn a_broken_alias_file_disturbs_no_other() {
    refused_alone(&homes::small().file("aliases/broken.yaml", "name: [unclosed\n"), "broken.yaml:");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest() {
    let home = homes::small().file("aliases/bad.yaml", "name: bad\naction_ref: core.echo\nformat: [x]\n");
    assert!(refused_alone(&home, "bad.yaml:3").contains("formats"));
}

#[test]
fn an_unknown_key_in_access_yaml_is_named_with_the_nearest() {
    let home = homes::small().file("access.yaml", "everone: [ { run: [core.echo] } ]\n");
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(all(&ran).contains("access.yaml:1") && all(&ran).contains("everyone"), "{ran:?}");
}

#[test]
fn a_yaml_bomb_is_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{},", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    refused_alone(&homes::small().file("aliases/bomb.yaml", &bomb), "bomb.yaml");
}

#[test]
fn a_file_far_too_long_is_refused() {
    let long = format!("name: long\naction_ref: core.echo\ndescription: {}\n", "x".repeat(2 << 20));
    refused_alone(&homes::small().file("aliases/long.yaml", &long), "long.yaml");
}

#[test]
fn what_is_no_regular_file_is_named_and_waited_for_by_nobody() {
    let home = homes::small().file("templates/good.j2", "").file("actions/good.txt", "");
    let path = |name: &str| home.path().join(name);
    let made = Command::new("mkfifo")
        .args([path("aliases/pipe.yaml"), path("actions/pipe.yaml"), path("templates/pipe.j2")])
        .status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink("loop.yaml", path("aliases/loop.yaml")).unwrap();
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for name in ["aliases/pipe.yaml", "actions/pipe.yaml", "templates/pipe.j2", "aliases/loop.yaml"] {
        assert!(all(&ran).contains(name), "{name}: {ran:?}");
    }
    let told = refused_alone(&home, "pipe.yaml");
    assert!(told.contains("not a regular file") && told.contains("loop.yaml"), "{told}");
}

#[test]
fn a_format_that_cannot_be_compiled_is_refused() {
    let bad = "name: bad\naction_ref: core.echo\nformats: [\"bad (unclosed {{x}}\"]\n";
    refused_alone(&homes::small().file("aliases/bad.yaml", bad), "bad.yaml:3");
}

#[test]
fn a_format_too_large_to_compile_disturbs_no_other() {
    let huge =
        "name: huge\naction_ref: core.echo\nformats: ['huge (((x{100}){100}){100}){100} {{message}}']\n";
    let home = homes::small().file("aliases/huge.yaml", huge);
    let start = Instant::now();
    let ran = home.chat("huge xxx\necho still here\n");
    assert!(ran.stdout.contains("still here"), "{ran:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn one_alias_name_in_two_packs_is_two_aliases() {
    let alias =
        |word: &str| format!("name: same\naction_ref: core.echo\nformats: [\"{word} {{{{message}}}}\"]\n");
    let home = homes::small()
        .file("packs/red/aliases/same.yaml", &alias("red"))
        .file("packs/blue/aliases/same.yaml", &alias("blue"));
    let ran = home.chat("red one\nblue two\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("one") && ran.stdout.contains("two"), "{ran:?}");
    for pack in ["red", "blue"] {
        let ran = home.run(&["alias", "match", &format!("{pack} x"), "--json"]);
        assert!(ran.stdout.contains(&format!("{pack}.same")), "{ran:?}");
    }
}

#[test]
fn a_template_that_loops_or_eats_memory_is_stopped() {
    for template in [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}",
        "{{ 'x' * 9999999999 }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ 'a' | indent(999999999) }}{{ ('a\n' * 99999) | indent(99999) }}",
    ] {
        let start = Instant::now();
        let home = homes::small().file("data.json", "{}");
        let ran = home.feed(&["template", "render", "-", "--data", "data.json"], template);
        assert_eq!(ran.code, Some(1), "{template}: {}", ran.stderr);
        assert!(start.elapsed() < Duration::from_secs(20), "{template}: {:?}", start.elapsed());
    }
}

#[test]
fn hostile_text_is_answered_at_once() {
    let home = homes::small();
    for text in [" ".repeat(64 << 10), "a=b ".repeat(16 << 10), format!("run{}", " ".repeat(64 << 10))] {
        let start = Instant::now();
        let ran = home.chat(&format!("{text}\necho still here\n"));
        assert!(ran.stdout.contains("still here"), "{}", ran.stderr);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn invalid_utf8_from_a_pipe_is_no_end() {
    let home = homes::small();
    let mut child = home.command(&["chat"]);
    let child = child.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"echo \xff\xfe\x80\necho still here\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("still here"), "{output:?}");
}

#[test]
fn a_host_that_does_not_exist_or_refuses_fails_with_its_name() {
    let home = homes::small();
    for host in ["no-such-host.invalid", "127.0.0.1:1"] {
        let ran = home.chat(&format!("run date on {host}\n"));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stdout.contains(host.split(':').next().unwrap()), "{ran:?}");
    }
}

#[test]
fn a_gigabyte_of_output_is_cut_and_counted() {
    let ran = homes::small().chat("run head -c 1000000000 /dev/zero | tr '\\0' x on localhost\n");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.len() < 3 << 20, "{} bytes were printed", ran.stdout.len());
    assert!(
        ran.stdout.contains("bytes kept of 1000000000"),
        "{}",
        &ran.stdout[ran.stdout.len().saturating_sub(300)..]
    );
}

#[test]
fn a_command_that_ignores_sigterm_ends_at_its_time_limit() {
    let action = "name: stubborn\nrunner_type: local-shell-cmd\nparameters:\n  timeout: { default: 1 }\n  \
                  cmd: { default: \"trap '' TERM; sleep 45; sleep 45\" }\n";
    let alias = "name: stubborn\naction_ref: default.stubborn\nformats: [stubborn]\n";
    let home = homes::small().file("actions/stubborn.yaml", action).file("aliases/stubborn.yaml", alias);
    let start = Instant::now();
    let ran = home.chat("stubborn\n");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("1 s"), "{ran:?}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// Runs a shell script whose mounts nobody else sees; `$0` is the program, the home is the current folder.
/// `None` where the system does not allow that.
fn with_mounts(home: &Home, script: &str) -> Option<std::process::Output> {
    let user = if rustix::process::getuid().is_root() { "--mount" } else { "-rm" };
    let program = home.command(&["chat"]);
    let mut shell = Command::new("unshare");
    shell.args([user, "sh", "-c", script]).arg(program.get_program()).current_dir(home.path());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell.output().ok()?;
    (output.status.code() != Some(77)).then_some(output)
}

#[test]
fn with_a_full_disk_commands_are_refused_and_help_still_answers() {
    let script = "mkdir -p var && mount -t tmpfs -o size=2m tmpfs var || exit 77
        mkfifo in && touch out
        \"$0\" chat <in >out & exec 3>in
        echo 'echo before' >&3
        until grep -q before out; do sleep 0.05; done
        head -c 4m /dev/zero >var/filler 2>/dev/null
        printf 'run touch ran on localhost\\nhelp\\n' >&3
        exec 3>&-
        wait $!; code=$?; cat out; exit $code";
    let home = homes::small();
    let Some(output) = with_mounts(&home, script) else { return skip("no mounts of our own here") };
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout.contains("before") && stdout.contains("run {{cmd}} on {{hosts}}"), "{output:?}");
    assert!(stdout.contains("disk"), "{output:?}");
    assert!(!std::path::Path::new("/tmp/ran").exists() && !home.path().join("ran").exists());
}

#[test]
fn a_read_only_database_is_a_clear_error() {
    let home = homes::small();
    assert_eq!(home.chat("echo before\n").code, Some(0));
    let script = "mount --bind var var && mount -o remount,ro,bind var || exit 77
        echo 'echo after' | \"$0\" chat";
    let Some(output) = with_mounts(&home, script) else { return skip("no mounts of our own here") };
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(stderr.contains("read-only") || stderr.contains("readonly"), "{output:?}");
}

#[test]
fn a_fixed_command_with_a_placeholder_in_single_quotes_is_refused_at_load() {
    let alias = "name: who\naction_ref: core.local\nformats: [who]\nimmutable_parameters:\n  cmd: \"echo '{{ api_user }}'\"\n";
    let home = homes::small().file("aliases/who.yaml", alias);
    let checked = home.run(&["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.stderr.contains("who.yaml:5:1"), "{checked:?}");
    assert!(checked.stderr.contains("single quotes"), "{checked:?}");
    assert!(home.chat("who\n").stdout.contains("I do not know"));
    assert_eq!(home.chat("echo others go on\n").code, Some(0));
}
