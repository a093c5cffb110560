//! Proof by real shells: values arrive byte for byte, and nothing in them runs.

use std::path::Path;
use std::process::{Command as Process, Output};

use serde_json::json;

use super::{Command, render_command};
use crate::action::testing::Engine;

/// What people with bad intent, or bad luck, type. None holds a line break at its end, which `$(...)` would cut.
const NASTY: &[&str] = &[
    "plain",
    "",
    " ",
    "  two  blanks  ",
    "it's",
    "\"",
    "'",
    "'\"'\"'",
    "\\",
    "\\\\",
    "\\'",
    "a\nb",
    "\n; touch pwned #",
    "$(touch pwned)",
    "`touch pwned`",
    "${IFS}",
    "$((1+1))",
    "${x:-$(touch pwned)}",
    "\"$(touch pwned)\"",
    "'$(touch pwned)'",
    "\"; touch pwned; \"",
    "'; touch pwned; '",
    "; touch pwned",
    "| touch pwned",
    "& touch pwned &",
    "&& touch pwned",
    "|| touch pwned",
    "> pwned",
    ">> pwned",
    "< /dev/null",
    "<(touch pwned)",
    "}\"; touch pwned; \"${",
    "$CHATOPS_V1",
    "${CHATOPS_V1}",
    "-n",
    "--help",
    "-",
    "--",
    "*",
    "?",
    "[a-z]*",
    "~",
    "~root",
    "{a,b}",
    "{1..3}",
    "!!",
    "#",
    "# comment",
    "a=b",
    "PATH=/tmp",
    "a\tb",
    "a\rb",
    "\u{1b}[31m",
    "\u{fc}\u{2603}\u{1f600}",
    "\u{a0}",
    "\u{2028}",
    "%s%n",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "EOF",
    "a[$(touch pwned)]",
    "() { :; }; touch pwned",
    "\u{7f}\u{1}",
    "$'\\n'",
];

/// Commands that print the value `x` and nothing else, in the ways a command may hold a placeholder.
const COMMANDS: &[&str] = &[
    "printf %s {{ x }}",
    "printf %s \"{{ x }}\"",
    "printf '%s' \"$(printf '%s.' {{ x }})\" | sed '$s/[.]$//'",
    "X={{ x }}; printf %s \"$X\"",
    "X=\"{{ x }}\"\nprintf %s \"$X\"",
    "X={{ x }} && export Y={{ x }} && printf %s \"$Y\"",
    "for y in {{ x }}; do printf %s \"$y\"; done",
    "case {{ x }} in {{ x }}) printf %s {{ x }};; *) echo no;; esac",
    "if [ {{ x }} = {{ x }} ]; then printf %s {{ x }}; fi",
    "( printf %s {{ x }} )",
    "{ printf %s {{ x }}; } # {{ x }}",
    "sh -c 'printf %s \"$1\"' _ {{ x }}",
    "{% if x == '-' %}printf %s {{ x }}{% else %}printf %s \"{{ x }}\"{% endif %}",
    "set -- {{ x }}; printf %s \"$1\"",
    "printf %s {% filter trim %}{{ x }}{% endfilter %}{% set y = x %}",
];

fn command(template: &str, value: &str) -> Command {
    render_command(&Engine, "cmd", template, &json!({"x": value}))
        .unwrap_or_else(|error| panic!("{template}: {error}"))
}

fn run(shell: &str, folder: &Path, script: &str, variables: &[(String, String)]) -> Output {
    let mut process = Process::new(shell);
    process.arg("-c").arg(script).current_dir(folder);
    process.envs(variables.iter().map(|(name, value)| (name, value))).output().unwrap()
}

fn prove(shell: &str, templates: &[&str], script: impl Fn(&Command) -> (String, Vec<(String, String)>)) {
    let folder = tempfile::tempdir().unwrap();
    for template in templates {
        for value in NASTY {
            let (script, variables) = script(&command(template, value));
            let output = run(shell, folder.path(), &script, &variables);
            let expected = if template.contains("filter") { value.trim() } else { value };
            let printed = String::from_utf8_lossy(&output.stdout);
            let printed = if template.contains("| sed") { printed.trim_end_matches('\n') } else { &printed };
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(printed, expected, "{shell}: {template}\n{script}\n{errors}");
            assert_eq!(errors, "", "{shell}: {template} {value:?}");
            assert_eq!(
                std::fs::read_dir(folder.path()).unwrap().count(),
                0,
                "{shell}: {template} ran {value:?}"
            );
        }
    }
}

fn by_environment(command: &Command) -> (String, Vec<(String, String)>) {
    (command.text.clone(), command.values.clone())
}

/// As a remote shell gets it: the values are text of the script, in single quotes.
fn by_export(command: &Command) -> (String, Vec<(String, String)>) {
    let quoted = |value: &str| format!("'{}'", value.replace('\'', r"'\''"));
    let exports = command.values.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value)));
    (exports.collect::<String>() + &command.text, Vec::new())
}

#[test]
fn sh_gets_every_value_byte_for_byte_and_runs_none() {
    prove("sh", COMMANDS, by_environment);
}

#[test]
fn bash_gets_every_value_byte_for_byte_and_runs_none() {
    prove("bash", COMMANDS, by_environment);
}

#[test]
fn exported_values_arrive_as_well() {
    prove("sh", &COMMANDS[..2], by_export);
}

#[test]
fn no_value_can_bring_a_nul_or_a_marker() {
    for value in ["a\0b", "\u{fdd0}1\u{fdd1}", "\u{fdd1}"] {
        let error = render_command(&Engine, "cmd", "echo {{ x }}", &json!({"x": value})).unwrap_err();
        assert_eq!(error.to_string(), "`cmd` holds a character that no command can be given, such as NUL");
    }
    let built = render_command(&Engine, "cmd", "echo {{ x ~ '\\x00' }}", &json!({"x": "a"}));
    assert!(built.is_err());
}
