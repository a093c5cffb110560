//! Mistakes in the file: all of them at once, each with its place, its key and the nearest word.

use std::path::Path;

use crate::route::Rules;

/// `line key: message (help)` of every mistake.
fn mistakes(text: &str) -> Vec<String> {
    let errors = Rules::parse(Path::new("notifiers.yaml"), text).unwrap_err();
    let one = |error: crate::config::ConfigError| {
        let line = error.at.map_or(0, |(line, _)| line);
        let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{line} {}: {}{help}", error.key, error.message)
    };
    errors.into_iter().map(one).collect()
}

#[test]
fn unknown_keys_and_words_are_told_together_with_the_nearest() {
    let text = "notifiers: [{name: a, on: [sucess]}, {name: b, level: eror}]
rotes: []
limits: {stil_running: 1h}
routes:
- {on: [eror, approvals], snd: [], send: [aa]}
- match: {sorce: x, levl: y, status: [brokn], labels: {a: /(/}}
  scope: acme
  except: [bb]
  inherit: replac
quiet:
- {nam: n, from: 22, to: \"07:00\", zone: Europe/Amstrdam, below: al, then: digst, days: [monday]}
inhibit: [{wen: {}, mute: {subject: x}}]";
    assert_eq!(
        mistakes(text),
        [
            "2 rotes: unknown key `rotes` (did you mean `routes`?)",
            "3 limits.stil_running: unknown key `stil_running` (did you mean `still_running`?)",
            "1 notifiers[0].on: unknown word `sucess` (did you mean `success`?)",
            "1 notifiers[1].level: unknown word `eror` (did you mean `error`?)",
            "5 routes[0].snd: unknown key `snd` (did you mean `send`?)",
            "5 routes[0].on: unknown word `eror` (did you mean `error`?)",
            "5 routes[0].send[0]: there is no notifier `aa` (did you mean `a`?)",
            "9 routes[1].inherit: unknown word `replac` (did you mean `replace`?)",
            "8 routes[1].except: there is no notifier `bb` (did you mean `b`?)",
            "6 routes[1].match.sorce: unknown key `sorce` (did you mean `source`?)",
            "6 routes[1].match.levl: unknown key `levl` (did you mean `level`?)",
            "6 routes[1].match.status: unknown word `brokn` (accepted: `started`, `ok`, `warning`, `failed`, `error`, \
             `canceled`, `pending`, `resolved`, `info`, `unknown`)",
            "6 routes[1].match.labels.a: `/(/` is no regular expression",
            "11 quiet[0].nam: unknown key `nam` (did you mean `name`?)",
            "11 quiet[0].days: unknown word `monday` (accepted: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`)",
            "11 quiet[0].name: the key `name` is missing",
            "11 quiet[0].from: `22` is no time of day (write for instance `\"22:00\"`)",
            "11 quiet[0].zone: there is no time zone `Europe/Amstrdam` (write for instance `Europe/Amsterdam` or `UTC`)",
            "11 quiet[0].below: unknown word `al` (did you mean `all`?)",
            "11 quiet[0].then: unknown word `digst` (did you mean `digest`?)",
            "12 inhibit[0].wen: unknown key `wen` (did you mean `when`?)",
            "12 inhibit[0].when: the key `when` is missing",
            "12 inhibit[0].mute.subject: unknown key `subject` (accepted: `source`, `events`, `status`, `level`, `labels`, `scope`)",
        ]
    );
}

#[test]
fn what_cannot_work_is_refused() {
    let cases = [
        ("routes: [{on: [error]}]", "1 routes[0]: the route sends nothing: it needs `send`"),
        ("routes: [{inherit: none}]", "1 routes[0]: only a route with a `scope` has routes above it"),
        (
            "routes: [{send: [a], group: {by: [], wait: 30s}}]",
            "1 routes[0].group.by: it must say what belongs together (write for instance `by: [env]`, or `by: [source]`)",
        ),
        ("routes: [{send: [a], group: {by: [env]}}]", "1 routes[0].group.wait: the key `wait` is missing"),
        (
            "routes: [{send: [a], group: {by: [env], wait: 30s}, digest: 1h}]",
            "1 routes[0].digest: a digest gathers already: `group` has no place beside it (keep one of them)",
        ),
        (
            "routes: [{send: [a], digest: 1x}]",
            "1 routes[0].digest: `1x` is no span of time, write for instance `30s`, `5m`, `1h30m` or `7d`",
        ),
        (
            "routes: [{send: [a], digest: {at: \"08:00\"}}]",
            "1 routes[0].digest.zone: the key `zone` is missing",
        ),
        (
            "routes: [{send: [a], digest: {below: all}}]",
            "1 routes[0].digest: it needs either `every` or `at`",
        ),
        (
            "routes: [{send: [{a: {digest: {at: 8, zone: UTC}}}]}]",
            "1 routes[0].send[0].digest.at: `8` is no time of day (write for instance `\"22:00\"`)",
        ),
        ("routes: [{send: [a], repeat: 0s}]", "1 routes[0].repeat: `0s` is not between a second and a year"),
        (
            "routes: [{send: [a], after: {count: 1, within: 1m}}]",
            "1 routes[0].after.count: expected a number from 2 to 16, found `1`",
        ),
        (
            "routes: [{send: [a], on: [flapping]}]",
            "1 routes[0].on: `flapping` never comes: it has no limit (write for instance `limits: { flapping: { changes: 5, within: 10m } }`)",
        ),
        ("limits: {flapping: {changes: 5}}", "1 limits.flapping.within: the key `within` is missing"),
        ("inhibit: [{when: {}, mute: {}}]", "1 inhibit[0].when: it must say what mutes the others"),
        (
            "quiet: [{name: n, from: \"00:00\", to: \"00:00\", zone: UTC, below: all, then: hold}]",
            "1 quiet[0]: they never end: `from` and `to` are the same, each day (say on which `days`)",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(mistakes(&format!("{{notifiers: [{{name: a}}], {text}}}")), [expected]);
    }
}

#[test]
fn a_mistake_of_form_is_told_with_its_place() {
    for text in [
        "routes: {}",
        "routes: [{match: []}]",
        "routes: [{send: [[a]]}]",
        "limits: 3",
        "routes: [{digest: []}]",
    ] {
        let found = mistakes(text);
        assert!(found.len() == 1 && found[0].starts_with("1 ") && found[0].contains("expected"), "{found:?}");
    }
}
