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
    let shown = problem("notifiers:\n  - name: a\n    to: { slack: { token: x, chanels: ['#a'] } }\n");
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

/// Place, key and message of each problem.
fn told(yaml: &str) -> Vec<String> {
    load(yaml).problems.iter().map(|problem| problem.error().headline()).collect()
}

#[test]
fn all_mistakes_in_the_values_of_one_notifier_are_told_in_the_order_of_their_lines() {
    let told = told(
        "notifiers:\n  - name: a b\n    in_flight: 0\n    to:\n      slack:\n        token: '${TOKNE}'\n        \
         channels: ['#a']\n        color: reddish\n        http: { timeout: 0s }\n    rate: fast\n    messages:\n      \
         error: { message: '{{ event.tittle }}', body: '{{ job.nmae }}' }\n  - name: b\n    rate: 1\n    \
         to: { log: { file: a.log } }\n",
    );
    let starts = [
        "notifiers.yaml:2:11: notifiers[0].name: `a b` is no name",
        "notifiers.yaml:3:16: notifiers[0].in_flight: ",
        "notifiers.yaml:6:9: notifiers[0].to.slack.token: ",
        "notifiers.yaml:8:9: notifiers[0].to.slack.color: ",
        "notifiers.yaml:9:17: notifiers[0].to.slack.http.timeout: ",
        "notifiers.yaml:10:11: notifiers[0].rate: `fast` is no rate",
        "notifiers.yaml:12:25: notifiers[0].messages.error.message: ",
        "notifiers.yaml:12:53: notifiers[0].messages.error.body: ",
        "notifiers.yaml:14:11: notifiers[1].rate: ",
    ];
    assert_eq!(told.len(), starts.len(), "{told:#?}");
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(start), "`{told}` does not begin with `{start}`");
    }
}

#[test]
fn all_mistakes_in_the_form_of_the_file_are_told_with_those_in_its_values() {
    let told = told(
        "notifiers:\n  - name: a\n    enabeld: true\n    to: { webhook: { urll: x, method: [], http: { timeot: 1s, proxi: y } } }\n  \
         - to: { slak: {} }\n  - name: c\n    messages: { eror: { message: x }, error: { mesage: x } }\n    rate: quick\n    \
         to: { twilio: { from: 5, to: ['+1'] } }\nnotifers: []\n",
    );
    let starts = [
        "notifiers.yaml:3:5: notifiers[0].enabeld: unknown key `enabeld`",
        "notifiers.yaml:4:22: notifiers[0].to.webhook.urll: unknown key `urll`",
        "notifiers.yaml:4:39: notifiers[0].to.webhook.method: ",
        "notifiers.yaml:4:51: notifiers[0].to.webhook.http.timeot: unknown key `timeot`",
        "notifiers.yaml:4:63: notifiers[0].to.webhook.http.proxi: unknown key `proxi`",
        "notifiers.yaml:5:5: notifiers[1]: the key `name` is missing",
        "notifiers.yaml:5:11: notifiers[1].to.slak: unknown word `slak`",
        "notifiers.yaml:7:17: notifiers[2].messages.eror: unknown word `eror`",
        "notifiers.yaml:7:48: notifiers[2].messages.error.mesage: unknown key `mesage`",
        "notifiers.yaml:8:11: notifiers[2].rate: `quick` is no rate",
    ];
    for start in starts {
        assert!(told.iter().any(|told| told.starts_with(start)), "`{start}` is not told: {told:#?}");
    }
    assert!(told.last().unwrap().starts_with("notifiers.yaml:10:1: notifers: unknown key"), "{told:#?}");
    let lines: Vec<&str> = told.iter().map(|told| told.split(':').nth(1).unwrap()).collect();
    assert!(lines.is_sorted_by_key(|line| line.parse::<u64>().unwrap()), "{lines:?}");
    assert!(!told.iter().any(|told| told.contains("x0") || told.contains("log")), "{told:#?}");
}

#[test]
fn what_is_only_wrong_because_of_a_mistake_is_not_told() {
    // Without its broken token the notifier would need one; without its misspelt address it has none.
    assert_eq!(
        told("notifiers:\n  - name: a\n    to: { slack: { token: '${TOKNE}', channels: ['#a'] } }\n").len(),
        1
    );
    let told = told("notifiers:\n  - name: a\n    to: { webhook: { url: [], metod: x } }\n");
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("to.webhook.url") && told[1].contains("to.webhook.metod"), "{told:#?}");
}
