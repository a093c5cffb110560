//! Mistakes of every kind, as an admin sees them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    formats: Vec<Spanned<String>>,
    #[serde(default)]
    server: Option<Server>,
    #[serde(default)]
    level: Option<Level>,
    #[serde(default)]
    any: Value,
    #[serde(default)]
    people: BTreeMap<String, Server>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    port: u16,
    #[serde(default)]
    tls: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "only its type matters")]
    token: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Warning,
    Error,
}

fn good(text: &str) -> File {
    read(Path::new("a.yaml"), text).unwrap()
}

fn bad(text: &str) -> ConfigError {
    read::<File>(Path::new("a.yaml"), text).unwrap_err()
}

fn any(text: &str) -> Value {
    good(&format!("any: {text}")).any
}

#[test]
fn an_unknown_key_is_shown_with_the_one_that_was_meant() {
    let expected = "a.yaml:3:3: server.tsl: unknown key `tsl`\n  |\n3 |   tsl: on\n  |   ^\n  = help: did you mean `tls`?";
    assert_eq!(bad("server:\n  port: 1\n  tsl: on").to_string(), expected);
}

#[test]
fn a_key_like_no_other_gets_the_list() {
    let error = bad("server: {port: 1, colour: red}");
    assert_eq!(error.help.as_deref(), Some("accepted: `port`, `tls`, `token`"));
}

#[test]
fn wrong_types_say_what_was_found_and_what_is_accepted() {
    let cases = [
        (
            "server: {port: abc}",
            "a.yaml:1:16: server.port: expected a whole number from 0 to 65535, found `abc`",
        ),
        (
            "server:\n  port: 70000",
            "a.yaml:2:9: server.port: expected a whole number from 0 to 65535, found `70000`",
        ),
        ("server: {port: 1, tls: yep}", "a.yaml:1:24: server.tls: expected `true` or `false`, found `yep`"),
        ("formats:\n  - [a]", "a.yaml:2:5: formats[0]: expected text, found a list"),
        ("formats:\n  - a\n  - b: c", "a.yaml:3:5: formats[1]: expected text, found a mapping"),
        ("formats: a", "a.yaml:1:10: formats: expected a list (`- item`), found `a`"),
        ("formats: [a, ~]", "a.yaml:1:14: formats[1]: expected text, found nothing"),
        ("- a", "a.yaml:1:1: expected a mapping (`key: value`), found a list"),
    ];
    for (text, headline) in cases {
        assert_eq!(bad(text).headline(), headline, "{text}");
    }
}

#[test]
fn a_missing_key_names_the_mapping_that_lacks_it() {
    let error = bad("people:\n  alice:\n    port: 1\n  bob:\n    tls: on\n");
    assert_eq!(error.headline(), "a.yaml:5:5: people.bob: the key `port` is missing");
}

#[test]
fn an_unknown_word_gets_the_nearest() {
    let error = bad("level: warnin");
    assert_eq!(error.headline(), "a.yaml:1:8: level: unknown word `warnin`");
    assert_eq!(error.help.as_deref(), Some("did you mean `warning`?"));
    assert!(matches!(good("level: error").level, Some(Level::Error)));
    assert!(matches!(good("level: warning").level, Some(Level::Warning)));
}

#[test]
fn a_key_may_not_come_twice() {
    let error = bad("server: {port: 1}\nserver: {port: 2}");
    assert_eq!(error.headline(), "a.yaml:2:1: server: the key `server` comes twice in one mapping");
}

#[test]
fn a_tag_is_refused_instead_of_dropped() {
    assert_eq!(bad("any: !vault abc").message, "the tag `!vault` has no meaning here");
}

#[test]
fn an_unquoted_template_is_told_to_be_quoted() {
    for text in
        ["formats:\n  - {{cmd}}", "formats:\n  - {{cmd}} on {{hosts}}", "any: {{cmd}}", "any: {{cmd}} now"]
    {
        let error = bad(text);
        let help = error.help.unwrap_or_default();
        assert!(help.contains("must be quoted: `\"{{cmd}}"), "{text}: {} {help}", error.message);
    }
}

#[test]
fn broken_syntax_has_a_place() {
    for text in
        ["formats: 'x", "formats: [a", "formats:\n\t- a", "any: *nobody", "any: 1\n---\nany: 2", "any: @x"]
    {
        let error = bad(text);
        assert!(error.at.is_some() && !error.message.is_empty(), "{text}: {error}");
        assert!(
            !error.message.contains(" at line ") && !error.message.contains("from_str"),
            "{}",
            error.message
        );
    }
}

#[test]
fn booleans_and_numbers_are_those_of_pyyaml() {
    assert_eq!(any("[yes, No, on, OFF, true]"), json!([true, false, true, false, true]));
    assert_eq!(any("[y, n, Y, N]"), json!(["y", "n", "Y", "N"]));
    assert_eq!(any("{y: n, on: y}"), json!({"y": "n", "on": "y"}));
    assert_eq!(any("[010, 0x10, 1.5, ~]"), json!([8, 16, 1.5, null]));
    assert_eq!(any("\n  - y\n  - &n n\n  - *n\n"), json!(["y", "n", "n"]));
}

#[test]
fn a_quoted_letter_does_not_move_later_places() {
    assert_eq!(bad("{any: [y, n], server: {port: x}}").headline().split(": ").next(), Some("a.yaml:1:30"));
    assert_eq!(bad("any: y\nserver: {port: 1, tls: yep}").headline().split(": ").next(), Some("a.yaml:2:24"));
    assert!(good("server: {port: 1, tls: y}").server.is_some_and(|server| server.tls));
}

#[test]
fn merge_keys_merge() {
    let file = good("people:\n  base: &base {port: 7, tls: on}\n  alice: {<<: *base, tls: off}\n");
    let alice = &file.people["alice"];
    assert_eq!((alice.port, alice.tls), (7, false));
    assert!(file.server.is_none());
}

#[test]
fn lines_of_spanned_values_are_kept() {
    let file = good("formats:\n  - a\n  - b\n");
    assert_eq!(file.formats.iter().map(line_of).collect::<Vec<_>>(), [(2, 5), (3, 5)]);
}

#[test]
fn a_yaml_bomb_is_stopped_at_once() {
    let mut bomb = "any:\n  a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (last, this) in ('a'..='y').zip('b'..='z') {
        let repeated = vec![format!("*{last}"); 9].join(", ");
        bomb.push_str(&format!("  {this}: &{this} [{repeated}]\n"));
    }
    let start = Instant::now();
    let error = bad(&bomb);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(error.message, "the file unfolds to more than a configuration file may hold");
    let deep = format!("any: {}", "[".repeat(5000));
    assert!(bad(&deep).at.is_some());
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let long = format!("any: {}", "a".repeat(LARGEST));
    assert_eq!(bad(&long).message, "the file has 1048581 bytes, at most 1048576 are accepted");
}

#[test]
fn the_value_of_a_secret_key_is_not_shown() {
    let error = bad("server:\n  port: 1\n  token: hunter2");
    assert_eq!(
        error.headline(),
        "a.yaml:3:10: server.token: expected a whole number from 0 to 255, found a secret value"
    );
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn an_empty_file_is_an_empty_mapping() {
    assert!(good("# nothing yet\n").formats.is_empty());
    assert_eq!(read::<Server>(Path::new("a.yaml"), "{}").unwrap_err().message, "the key `port` is missing");
}
