//! What runs on the other side.
//!
//! `ssh` is told to start a small reader, the same for every command; the script itself comes by
//! standard input, so neither values nor secrets show in any list of processes, and no limit on the
//! length of arguments applies. Standard input then stays open as a lifeline: when it ends while the
//! script still runs (the bot stopped it, its time is over, the connection broke), a watcher on the
//! other side ends the whole process group there, by TERM and, after the grace, KILL. The script
//! itself reads `/dev/null`.

use std::time::Duration;

use super::super::fleet::Work;
use super::super::shell::{self, Sudo};

/// The script for the other side.
pub(crate) fn script(
    work: &Work,
    env: &[(String, String)],
    cwd: &str,
    dir: &str,
    sudo: Option<&Sudo>,
) -> Result<Vec<u8>, String> {
    let mut script = format!("{}cd {} || exit\n", shell::exports(env), shell::quote(cwd)).into_bytes();
    match work {
        Work::Command(cmd) => script.extend_from_slice(cmd.as_bytes()),
        Work::Script { content, arguments, .. } => script.extend(carried(content, arguments, dir)?),
    }
    if script.contains(&0) {
        return Err("the command holds a NUL byte, which no shell can be given".to_owned());
    }
    Ok(match sudo {
        Some(sudo) => as_root(sudo, &script),
        None => script,
    })
}

/// Puts a script into a file, runs it and removes it, whatever happens.
fn carried(content: &[u8], arguments: &[String], dir: &str) -> Result<Vec<u8>, String> {
    if content.contains(&0) {
        return Err("the script is no text: only scripts are carried to other machines".to_owned());
    }
    let interpreter = shell::interpreter(content).unwrap_or_else(|| vec!["$BASH".to_owned()]);
    let interpreter: Vec<String> = interpreter
        .iter()
        .map(|word| if word == "$BASH" { "\"${BASH:-sh}\"".to_owned() } else { shell::quote(word) })
        .collect();
    let arguments: String = arguments.iter().map(|word| format!(" {}", shell::quote(word))).collect();
    let folder = shell::quote(dir.trim_end_matches('/'));
    let mut script = format!(
        "chatops_file=$(mktemp {folder}/chatops.XXXXXXXX) || exit\n\
         trap 'rm -f \"$chatops_file\"' EXIT\n\
         trap 'exit 143' TERM HUP INT\n\
         printf %s "
    )
    .into_bytes();
    script.extend(quoted(content));
    script.extend(
        format!(
            " >\"$chatops_file\" && chmod 700 \"$chatops_file\" || exit\n\
             {} \"$chatops_file\"{arguments}\n",
            interpreter.join(" ")
        )
        .into_bytes(),
    );
    Ok(script)
}

/// Bytes as one word of a POSIX shell; they need not be UTF-8.
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => word.extend(br"'\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
}

/// Hands the script to `sudo`'s shell by a pipe.
fn as_root(sudo: &Sudo, script: &[u8]) -> Vec<u8> {
    let mut text = b"printf %s ".to_vec();
    // The password line is UTF-8, the script need not be: it is put behind what stands for it.
    let mut input = sudo.input("").into_bytes();
    input.extend(script);
    text.extend(quoted(&input));
    let reader = shell::quote(&Sudo::reader());
    let options = sudo.options().join(" ").replace("  ", " '' ");
    text.extend(format!(" | sudo {options} \"${{BASH:-sh}}\" -c {reader}\n").into_bytes());
    text
}

/// The command line for the other side: reads a script of `length` bytes, says `mark` on both
/// streams, runs the script. Whatever login shell there is, it sees two words in single quotes.
pub(super) fn reader(length: usize, mark: &str, grace: Duration) -> String {
    let grace = grace.as_secs().max(1);
    let watcher = format!(
        "trap \"\" TERM HUP INT; cat <&3 >/dev/null; kill -0 $$ && {{ kill -TERM -$$ || kill -TERM $$; sleep {grace}; kill -KILL -$$; }}"
    );
    let body = format!(
        "exec 3<&0 </dev/null; s=$(head -c {length} <&3); ( ( {watcher} ) >/dev/null 2>&1 & ); exec 3<&-; echo {mark}; echo {mark} >&2; eval \"$s\""
    );
    format!("exec sh -c 'b=$(command -v bash) || b=sh; exec \"$b\" -c \"$1\"' sh '{body}'")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn start(shell: &str, script: &[u8]) -> Child {
        let reader = reader(script.len(), "MARK", Duration::from_secs(1));
        let mut child = Command::new("setsid")
            .args([shell, "-c", &reader])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.as_mut().unwrap().write_all(script).unwrap();
        child
    }

    fn output(script: &[u8]) -> (String, Option<i32>) {
        let mut child = start("/bin/sh", script);
        // Standard input stays open, as it does behind ssh.
        let lifeline = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(lifeline);
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    }

    fn command(cmd: &str) -> Work {
        Work::Command(cmd.to_owned())
    }

    #[test]
    fn a_command_runs_in_its_directory_with_its_values_and_reads_nothing() {
        let env = [("V".to_owned(), "a'b\n$(id)".to_owned())];
        let text =
            script(&command("printf '%s|' \"$V\" \"$PWD\"; cat; exit 7"), &env, "/", "/tmp", None).unwrap();
        assert_eq!(output(&text), ("MARK\na'b\n$(id)|/|".to_owned(), Some(7)));
    }

    #[test]
    fn a_directory_that_is_not_there_stops_the_command() {
        let text = script(&command("echo run"), &[], "/no/such", "/tmp", None).unwrap();
        assert_eq!(output(&text), ("MARK\n".to_owned(), Some(1)));
    }

    #[test]
    fn a_script_gets_its_arguments_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        let arguments = vec!["--a=it's".to_owned(), "$(id)".to_owned()];
        for content in ["printf '[%s]' \"$@\"; exit 3", "#!/bin/sh -e\nprintf '[%s]' \"$@\"\nexit 3\n"] {
            let work = Work::Script {
                path: "x".into(),
                content: content.as_bytes().to_vec(),
                arguments: arguments.clone(),
            };
            let text = script(&work, &[], "/", dir, None).unwrap();
            assert_eq!(output(&text), ("MARK\n[--a=it's][$(id)]".to_owned(), Some(3)));
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn when_the_lifeline_ends_the_whole_group_does_even_if_it_ignores_term() {
        let text = script(&command("trap '' TERM; sleep 1000 & echo up; wait; wait"), &[], "/", "/tmp", None)
            .unwrap();
        let mut child = start("/bin/sh", &text);
        let mut out = child.stdout.take().unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"up\n") {
            let mut byte = [0];
            assert_eq!(out.read(&mut byte).unwrap(), 1);
            seen.push(byte[0]);
        }
        drop(child.stdin.take());
        // The end of its output is the end of every process that holds it.
        out.read_to_end(&mut seen).unwrap();
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn a_plain_wait_does_not_wait_for_the_watcher() {
        let text = script(&command("sleep 0.01 & wait; echo done"), &[], "/", "/tmp", None).unwrap();
        assert_eq!(output(&text), ("MARK\ndone\n".to_owned(), Some(0)));
    }

    #[test]
    fn a_nul_byte_is_refused() {
        assert!(script(&command("echo \0"), &[], "/", "/tmp", None).is_err());
        let binary = Work::Script { path: "x".into(), content: b"\x7fELF\0".to_vec(), arguments: Vec::new() };
        assert!(script(&binary, &[], "/", "/tmp", None).unwrap_err().contains("no text"));
    }
}
