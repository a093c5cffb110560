//! Shell text: which shell, quoting, and scripts that reach their shell by standard input, where no
//! list of processes shows them.

use std::path::Path;

/// The shells that run commands, here and on other machines, best first.
const BASH: &str = "/bin/bash";
const SH: &str = "/bin/sh";

/// What parts a password that `sudo` may or may not have read from the script that follows.
const MARK: &str = "#--chatops--#";

/// The shell of this machine: `/bin/bash` if it is there, else `/bin/sh`.
pub(super) fn local() -> &'static str {
    if Path::new(BASH).exists() { BASH } else { SH }
}

/// `word` as one word of a POSIX shell, whatever it holds.
pub(super) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Lines that export the variables.
pub(super) fn exports(env: &[(String, String)]) -> String {
    env.iter().map(|(name, value)| format!("export {name}={}\n", quote(value))).collect()
}

/// Becoming root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sudo {
    /// The password, if `sudo` asks for one.
    pub(super) password: Option<String>,
}

impl Sudo {
    /// The options of `sudo` in front of the command: with a password it is read from standard input,
    /// without one a `sudo` that would ask fails.
    pub(super) fn options(&self) -> &'static [&'static str] {
        match self.password {
            Some(_) => &["-S", "-p", "", "-H", "--"],
            None => &["-n", "-H", "--"],
        }
    }

    /// What `sudo` and then [`Sudo::reader`] read.
    pub(super) fn input(&self, script: &str) -> String {
        match &self.password {
            Some(password) => format!("{password}\n{MARK}\n{script}"),
            None => format!("{MARK}\n{script}"),
        }
    }

    /// Shell text that runs the script it reads from standard input, which then is empty. Without single quotes.
    pub(super) fn reader() -> String {
        format!("s=$(cat); exec </dev/null; eval \"${{s#*\"{MARK}\"}}\"")
    }
}

/// The interpreter that the first line of a script names, as words, such as `/usr/bin/env python3`.
pub(super) fn interpreter(script: &[u8]) -> Option<Vec<String>> {
    let line = script.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let words: Vec<String> = String::from_utf8_lossy(line).split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_is_one_word_whatever_it_holds() {
        let nasty = "it's $(id) `id` \"x\" \\ \n ; & | > * ~ ! \u{e9}";
        let script = format!("printf %s {}", quote(nasty));
        let output = std::process::Command::new(SH).args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), nasty);
    }

    #[test]
    fn a_password_that_nobody_asked_for_is_not_run() {
        use std::io::Write;
        let sudo = Sudo { password: Some("echo leaked; false".to_owned()) };
        for shell in [local(), SH] {
            let mut child = std::process::Command::new(shell)
                .args(["-c", &Sudo::reader()])
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let script = "export A='x y'\necho \"$A\"; cat; echo '#--chatops--#'";
            child.stdin.take().unwrap().write_all(sudo.input(script).as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "x y\n#--chatops--#\n");
        }
    }

    #[test]
    fn the_first_line_names_the_interpreter() {
        assert_eq!(interpreter(b"#!/usr/bin/env python3\nprint()").unwrap(), ["/usr/bin/env", "python3"]);
        assert_eq!(interpreter(b"#! /bin/sh -e").unwrap(), ["/bin/sh", "-e"]);
        assert_eq!(interpreter(b"echo"), None);
    }
}
