//! Which words of a simple command may hold a typed value.
//!
//! A quoted reference keeps a value out of the shell's own syntax, but some commands read their words
//! as code again. What is not known to be safe is refused; a script file is always a way out.

use std::collections::HashSet;

use super::refusal::Unsafe;
use super::word::{Word, is_name};

/// What is known about a text after reading it: a second reading starts with it, for loops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Variables that hold typed values; `@` for the positional ones.
    pub(super) names: HashSet<String>,
    /// Whether a typed value goes through a pipe or a here-string.
    pub(super) piped: bool,
}

/// Builtins that read words as code or as names of variables.
const CODE: &[&str] = &[
    "eval",
    ".",
    "source",
    "trap",
    "alias",
    "unalias",
    "let",
    "declare",
    "typeset",
    "bind",
    "complete",
    "compgen",
    "enable",
    "mapfile",
    "readarray",
    "getopts",
    "fc",
    "hash",
    "unset",
    "read",
    "wait",
];

/// Shells and other interpreters, and the option letters whose word is code.
const INTERPRETERS: &[(&str, &str)] = &[
    ("sh", "c"),
    ("bash", "c"),
    ("dash", "c"),
    ("ash", "c"),
    ("rbash", "c"),
    ("ksh", "c"),
    ("mksh", "c"),
    ("zsh", "c"),
    ("fish", "cC"),
    ("csh", "c"),
    ("tcsh", "c"),
    ("python", "c"),
    ("pypy", "c"),
    ("perl", "eE"),
    ("ruby", "e"),
    ("node", "ep"),
    ("nodejs", "ep"),
    ("php", "rBRE"),
    ("lua", "e"),
    ("Rscript", "e"),
    ("expect", "c"),
    ("tclsh", ""),
    ("awk", "ef"),
    ("gawk", "ef"),
    ("mawk", "ef"),
    ("nawk", "ef"),
    ("sed", "ef"),
    ("gsed", "ef"),
];

/// Interpreters that run what they read when they are given no program.
const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "ash", "rbash", "ksh", "mksh", "zsh", "fish", "csh", "tcsh", "python", "pypy",
    "perl", "ruby", "node", "nodejs", "php", "lua", "expect", "tclsh",
];

/// Commands whose words reach a shell somewhere.
const REMOTE: &[&str] = &[
    "ssh",
    "scp",
    "sftp",
    "rsync",
    "rsh",
    "su",
    "runuser",
    "watch",
    "parallel",
    "at",
    "batch",
    "crontab",
    "script",
    "tmux",
    "screen",
    "busybox",
    "toybox",
    "pdsh",
    "clush",
    "ansible",
    "salt",
    "xterm",
    "systemd-run",
    "sshpass",
    "mosh",
    "autossh",
    "dsh",
    "pssh",
    "entr",
    "hyperfine",
];

/// Commands that run the command among their words.
const WRAPPERS: &[&str] = &[
    "sudo",
    "doas",
    "env",
    "nohup",
    "nice",
    "ionice",
    "setsid",
    "stdbuf",
    "timeout",
    "time",
    "exec",
    "command",
    "builtin",
    "xargs",
    "chroot",
    "strace",
    "ltrace",
    "chrt",
    "taskset",
    "unshare",
    "nsenter",
    "flock",
    "setpriv",
    "caffeinate",
    "proxychains",
    "unbuffer",
    "setarch",
    "prlimit",
    "numactl",
    "catchsegv",
    "choom",
];

/// Options of interpreters that take the next word for themselves.
const TAKE_A_WORD: &[&str] =
    &["-o", "+o", "-O", "+O", "--rcfile", "--init-file", "-W", "-X", "-I", "-M", "-r", "-F"];

/// Checks the words of a simple command.
pub(super) fn judge(words: &[Word], facts: &mut Facts) -> Result<(), Unsafe> {
    let Some(first) = words.first() else { return Ok(()) };
    if first.is_typed() {
        return Err(Unsafe::CommandPosition);
    }
    // Builtins may hide behind `command`, `exec`, `sudo`.
    let hidden = words.iter().take_while(|word| WRAPPERS.contains(&word.program())).count();
    let builtin = words.get(hidden).unwrap_or(first);
    let rest = words.get(hidden + 1..).unwrap_or(&[]);
    remember(builtin.program(), rest, facts);
    if let Some(typed) = words.iter().position(Word::is_typed) {
        judge_builtin(builtin, rest, facts)?;
        judge_wrapper(words, typed)?;
        judge_remote(words, typed)?;
    }
    for (at, word) in words.iter().enumerate() {
        let spec = INTERPRETERS.iter().find(|(name, _)| *name == word.program());
        if let Some((name, letters)) = spec {
            judge_interpreter(name, letters, &words[at + 1..], facts)?;
        }
    }
    Ok(())
}

/// Variables that a builtin fills from its input may hold a typed value.
fn remember(builtin: &str, words: &[Word], facts: &mut Facts) {
    let fills = match builtin {
        "read" | "mapfile" | "readarray" | "getopts" => true,
        "printf" => words.first().is_some_and(|word| word.text.starts_with("-v")),
        _ => return,
    };
    if fills {
        let names = words.iter().map(|word| word.text.trim_start_matches("-v")).filter(|name| is_name(name));
        facts.names.extend(names.map(str::to_owned));
        facts.names.extend(["REPLY".to_owned(), "MAPFILE".to_owned()]);
    }
}

fn judge_builtin(builtin: &Word, words: &[Word], facts: &mut Facts) -> Result<(), Unsafe> {
    let name = builtin.program();
    let typed = words.iter().position(Word::is_typed);
    let Some(typed) = typed else { return Ok(()) };
    match name {
        "[" | "test" => judge_test(words),
        "export" | "readonly" | "local" => judge_export(words, facts),
        "set" if !words[..typed].iter().any(|word| word.is_keyword("--")) => {
            Err(Unsafe::Code("set".to_owned()))
        }
        "set" => {
            facts.names.insert("@".to_owned());
            Ok(())
        }
        "printf"
            if words[0].text.starts_with("-v")
                && words.get(1).is_none_or(|word| typed <= 1 || word.is_typed()) =>
        {
            Err(Unsafe::Variable)
        }
        name if CODE.contains(&name) => Err(Unsafe::Code(name.to_owned())),
        _ => Ok(()),
    }
}

/// `export NAME=value`: the name fixed and harmless, no options before it.
fn judge_export(words: &[Word], facts: &mut Facts) -> Result<(), Unsafe> {
    for word in words {
        if word.is_option() {
            return Err(Unsafe::Variable);
        }
        if word.is_typed() {
            assign(word, facts)?;
        }
    }
    Ok(())
}

/// Notes an assignment of a typed value.
pub(super) fn assign(word: &Word, facts: &mut Facts) -> Result<(), Unsafe> {
    let name = word.assigned().ok_or(Unsafe::Variable)?;
    if !is_harmless_variable(name) {
        return Err(Unsafe::Environment(name.to_owned()));
    }
    facts.names.insert(name.to_owned());
    Ok(())
}

/// One comparison, fixed operator: bash evaluates what follows `-v` and shells of the ksh family
/// what stands beside `-eq`.
fn judge_test(words: &[Word]) -> Result<(), Unsafe> {
    let words = match words.split_last() {
        Some((last, rest)) if last.is_keyword("]") => rest,
        _ => words,
    };
    let words = match words.split_first() {
        Some((first, rest)) if first.is_keyword("!") => rest,
        _ => words,
    };
    let fixed = |word: &Word, accepted: &[&str]| word.is_fixed() && accepted.contains(&word.text.as_str());
    let good = match words {
        [operator, _] => fixed(operator, &["-n", "-z", "-e", "-f", "-d", "-r", "-w", "-x", "-s", "-L", "-h"]),
        [_, operator, _] => fixed(operator, &["=", "==", "!="]),
        _ => false,
    };
    if good { Ok(()) } else { Err(Unsafe::Test) }
}

/// A wrapper's command must be fixed. A short option may take the word behind it, so that word does not count.
fn judge_wrapper(words: &[Word], typed: usize) -> Result<(), Unsafe> {
    let Some(last) = words[..typed].iter().rposition(|word| WRAPPERS.contains(&word.program())) else {
        return Ok(());
    };
    let mut before = &words[last];
    for word in &words[last + 1..typed] {
        let value = word.is_option()
            || word.assigned().is_some()
            || word.text.starts_with(|c: char| c.is_ascii_digit());
        let taken = before.is_option() && before.text != "--";
        if word.is_fixed() && !value && !taken {
            return Ok(());
        }
        before = word;
    }
    Err(Unsafe::CommandPosition)
}

fn judge_remote(words: &[Word], typed: usize) -> Result<(), Unsafe> {
    let remote = words[..typed].iter().find(|word| REMOTE.contains(&word.program()));
    remote.map_or(Ok(()), |word| Err(Unsafe::Code(word.program().to_owned())))
}

/// A typed value may only be an argument of a program whose code, or whose file, is fixed.
fn judge_interpreter(name: &str, letters: &str, words: &[Word], facts: &Facts) -> Result<(), Unsafe> {
    let code = || Unsafe::Code(if name.ends_with("awk") { "awk" } else { name }.to_owned());
    let is_code_option = |word: &Word| {
        let cluster = word.text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        cluster.is_some_and(|rest| rest.contains(|c| letters.contains(c)))
            || ["--expression", "--eval", "--print", "--file", "--command", "--run"]
                .iter()
                .any(|long| word.text.starts_with(long))
    };
    let options = words.iter().take_while(|word| !word.is_keyword("--") || SHELLS.contains(&name));
    let coded = options.enumerate().find(|(_, word)| is_code_option(word)).map(|(at, _)| at);
    let program = match coded {
        Some(at) => words.get(at + 1).map(|_| at + 1),
        None => first_operand(words),
    };
    let Some(typed) = words.iter().position(Word::is_typed) else {
        let reads = facts.piped && program.is_none() && SHELLS.contains(&name);
        return if reads { Err(Unsafe::Piped(name.to_owned())) } else { Ok(()) };
    };
    if program.is_none_or(|program| typed <= program && !is_awk_variable(name, words, typed)) {
        return Err(code());
    }
    // GNU sed takes options behind its files, and an option can be code.
    let permutes = name.ends_with("sed") && !words[..typed].iter().any(|word| word.is_keyword("--"));
    let behind = words[..typed].last().is_some_and(is_code_option);
    let again = words.iter().enumerate().any(|(at, word)| {
        word.is_typed()
            && (is_code_option(word) || at.checked_sub(1).is_some_and(|at| is_code_option(&words[at])))
    });
    if permutes || behind || again { Err(code()) } else { Ok(()) }
}

/// `awk -v name=value`: the value is data.
fn is_awk_variable(name: &str, words: &[Word], typed: usize) -> bool {
    let all = words.iter().enumerate().filter(|(_, word)| word.is_typed());
    let given = |at: usize| at > 0 && words[at - 1].is_keyword("-v") && words[at].assigned().is_some();
    let mut operands = all.skip_while(|(at, _)| given(*at));
    let program = words.iter().enumerate().position(|(at, word)| {
        !word.is_option() && (at == 0 || !(words[at - 1].is_keyword("-v") || words[at - 1].is_keyword("-F")))
    });
    let fixed = program.is_some_and(|at| words[at].is_fixed());
    name.ends_with("awk")
        && given(typed)
        && fixed
        && operands.next().is_none_or(|(at, _)| program.is_some_and(|program| at > program))
}

/// The first word that is neither an option nor taken by one.
fn first_operand(words: &[Word]) -> Option<usize> {
    let taken = |at: usize| at > 0 && TAKE_A_WORD.contains(&words[at - 1].text.as_str());
    words.iter().enumerate().position(|(at, word)| !word.is_option() && !taken(at))
}

/// Whether a variable changes nothing but itself. Those that name files to run, libraries to load or
/// functions to define do.
pub fn is_harmless_variable(name: &str) -> bool {
    const EXACT: &[&str] = &[
        "PATH",
        "IFS",
        "ENV",
        "SHELL",
        "SHELLOPTS",
        "BASHOPTS",
        "PS0",
        "PS1",
        "PS2",
        "PS3",
        "PS4",
        "PROMPT_COMMAND",
        "HOME",
        "CDPATH",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "MANPAGER",
        "LESSOPEN",
        "LESSCLOSE",
        "BROWSER",
        "NODE_OPTIONS",
        "NODE_PATH",
        "RUBYOPT",
        "RUBYLIB",
        "GCONV_PATH",
        "TERMINFO",
        "HOSTALIASES",
        "GLOBIGNORE",
        "OPTIND",
        "SECONDS",
        "RANDOM",
        "LINENO",
        "HISTFILE",
        "MAKEFLAGS",
        "TAR_OPTIONS",
        "POSIXLY_CORRECT",
        "EXECIGNORE",
        "FPATH",
    ];
    const PREFIXES: &[&str] =
        &["LD_", "DYLD_", "BASH_", "PYTHON", "PERL", "GIT_", "SSH_", "SUDO_", "MALLOC_", "JAVA_", "CHATOPS_"];
    is_name(name) && !EXACT.contains(&name) && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
