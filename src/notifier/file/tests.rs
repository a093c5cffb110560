use super::*;
use serde_json::json;

fn load(yaml: &str) -> Read {
    let env = Env::parse(Path::new("chatops.env"), "TOKEN=hunter2\nROOMS=#a, #b", []).unwrap();
    read(Path::new("notifiers.yaml"), yaml, &env, Path::new("/"))
}

fn problem(yaml: &str) -> String {
    load(yaml).problems[0].error().to_string()
}

const SLACK: &str =
    "notifiers:\n  - name: ops\n    to: { slack: { token: '${TOKEN}', channels: ['${ROOMS}'] } }\n";

#[test]
fn values_that_stand_elsewhere_are_fetched_and_stay_hidden() {
    let read = load(SLACK);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    assert_eq!(read.notifiers[0].service.targets(), ["#a", "#b"]);
    assert!(!format!("{read:?}").contains("hunter2"));
}

#[test]
fn a_route_may_override_options_and_a_slip_is_refused() {
    let read = load(SLACK);
    let with = |value: Value| read.notifiers[0].with(value.as_object().unwrap());
    assert_eq!(with(json!({"channels": ["#web"]})).unwrap().targets(), ["#web"]);
    assert!(with(json!({"chanels": ["#web"]})).unwrap_err().contains("unknown field `chanels`"));
}

#[test]
fn slips_are_told_with_their_place_and_the_nearest_word() {
    let shown = problem("notifiers:\n  - name: a\n    to: { slak: {} }\n");
    assert!(shown.contains("notifiers.yaml:3:") && shown.contains("did you mean `slack`?"), "{shown}");
    let shown = problem("notifiers:\n  - name: a\n    to: { slack: { chanels: ['#a'] } }\n");
    assert!(shown.contains("did you mean `channels`?"), "{shown}");
    let shown = problem("notifers: []\n");
    assert!(shown.contains("did you mean `notifiers`?"), "{shown}");
    let shown =
        problem("notifiers:\n  - name: a\n    to: { slack: { token: '${TOKNE}', channels: ['#a'] } }\n");
    assert!(shown.contains("notifiers.yaml:3:") && shown.contains("did you mean `TOKEN`?"), "{shown}");
}

#[test]
fn one_bad_notifier_does_not_take_the_others_along() {
    let two = format!("{SLACK}  - name: ops\n    to: {{ slack: {{ token: x, channels: ['#a'] }} }}\n");
    let read = load(&two);
    assert_eq!(read.notifiers.len(), 1);
    assert!(read.problems[0].error().to_string().contains("two notifiers are called `ops`"));
    let shown = problem("notifiers:\n  - name: a\n    to: { slack: { token: x, channels: [] } }\n");
    assert!(shown.contains("notifiers[0].to"), "{shown}");
}

#[test]
fn a_template_that_does_not_parse_is_refused_at_load() {
    let shown = problem(&format!("{SLACK}    messages: {{ error: {{ message: '{{{{ event.' }} }}\n"));
    assert!(shown.contains("messages"), "{shown}");
}

#[test]
fn a_name_that_no_event_has_is_refused_with_its_line() {
    let messages =
        "    messages:\n      error:\n        message: 'ok'\n        body: 'took {{ event.tittle }}'\n";
    let shown = problem(&format!("{SLACK}{messages}"));
    assert!(shown.contains("notifiers.yaml:7:"), "{shown}");
    assert!(shown.contains("`event.tittle`") && shown.contains("did you mean `title`?"), "{shown}");
    assert!(shown.contains("notifiers[0].messages.error.body"), "{shown}");
    let html = "    messages: { any: { html: '<b>{{ job.nmae }}</b>' } }\n";
    assert!(problem(&format!("{SLACK}{html}")).contains("messages.any.html"));
    let slip = problem(&format!("{SLACK}    messages: {{ eror: {{ message: x }} }}\n"));
    assert!(slip.contains("notifiers.yaml:4:") && slip.contains("unknown word `eror`"), "{slip}");
}

#[test]
fn paths_of_certificates_begin_at_the_home() {
    let home = tempfile::tempdir().unwrap();
    let load = |yaml: &str| {
        let text = format!("notifiers:\n  - name: a\n    to: {yaml}\n");
        read(Path::new("notifiers.yaml"), &text, &Env::default(), home.path())
    };
    let hook = "{ webhook: { url: 'https://example.org', http: { ca_file: own/ca.pem } } }";
    let mail = "{ email: { host: a, from: a@example.org, to: [b@example.org], ca_file: own/ca.pem } }";
    for yaml in [hook, mail] {
        let shown = load(yaml).problems[0].error().to_string();
        let path = home.path().join("own/ca.pem").display().to_string();
        assert!(shown.contains(&path), "{shown}");
    }
    let good = load("{ webhook: { url: 'https://example.org' } }");
    let overrides = json!({"http": {"ca_file": "own/ca.pem"}});
    let why = good.notifiers[0].with(overrides.as_object().unwrap()).unwrap_err();
    assert!(why.contains(&home.path().display().to_string()), "{why}");
}
