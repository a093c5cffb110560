//! Decisions on the policy of the documentation, and what fails closed.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::*;
use crate::config::ConfigError;
use crate::model::{AdapterName, Person, Place};

const POLICY: &str = r##"people: { alice: [slack:U0A1, irc:alice], bob: [slack:U0B2] }
groups: { sre: [alice, bob] }
roles:
  operator:
    - run: [default.*, core.remote]
    - run: [deploy.release]
      with: { env: [staging, "dev-*"] }
      in: ["slack:#ops", "irc:#ops", direct]
    - run: ["alias:web.restart"]
  approver: [ { approve: [deploy.*] } ]
grants: [ { role: operator, to: [sre] }, { role: approver, to: [bob] } ]
everyone: [ { run: [core.echo] } ]
"##;

fn access() -> Access {
    Access::read(Path::new("access.yaml"), POLICY, vec![person("irc:root")]).unwrap()
}

fn person(text: &str) -> Person {
    text.parse().unwrap()
}

fn place(text: &str) -> Place {
    let (adapter, room) = text.split_once(':').unwrap();
    Place::room(AdapterName::new(adapter).unwrap(), room)
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// What comes of `who` asking for `what` in `irc:#ops`: the words after `yes` or `no`.
fn ask(access: &Access, who: &str, what: &str, alias: Option<&str>, parameters: Value) -> String {
    ask_at(access, who, &place("irc:#ops"), what, alias, parameters)
}

fn ask_at(
    access: &Access,
    who: &str,
    place: &Place,
    what: &str,
    alias: Option<&str>,
    parameters: Value,
) -> String {
    let (person, parameters) = (person(who), map(parameters));
    let asker = Asker { person: &person, place: Some(place), room_name: None };
    match access.decide(&asker, &Asked { action: what, alias, parameters: &parameters }) {
        Decision::Allowed { by } => format!("yes: {by}"),
        Decision::Refused { why } => format!("no: {why}"),
    }
}

fn errors(text: &str) -> Vec<ConfigError> {
    Access::read(Path::new("access.yaml"), text, Vec::new()).unwrap_err()
}

#[test]
fn a_rule_allows_and_says_which_it_was() {
    let expected = "yes: role `operator`, entry 1 (access.yaml:5), granted to group `sre`";
    assert_eq!(ask(&access(), "irc:alice", "default.deploy", None, json!({})), expected);
    let expected = "yes: role `operator`, entry 2 (access.yaml:6), granted to group `sre`";
    assert_eq!(ask(&access(), "irc:alice", "deploy.release", None, json!({"env": "dev-7"})), expected);
    assert_eq!(
        ask(&access(), "irc:mallory", "core.echo", None, json!({})),
        "yes: everyone, entry 1 (access.yaml:12)"
    );
    assert_eq!(ask(&access(), "irc:root", "any.thing", None, json!({})), "yes: admins may do everything");
}

#[test]
fn a_refusal_says_what_would_be_allowed_and_shows_no_value() {
    let why = ask(&access(), "irc:alice", "deploy.release", None, json!({"env": "hunter2"}));
    let expected = "no: you may run `deploy.release` only with `env` among `staging`, `dev-*` (role `operator`, entry 2 (access.yaml:6), granted to group `sre`)";
    assert_eq!(why, expected);
    let elsewhere = ask_at(
        &access(),
        "irc:alice",
        &place("irc:#chat"),
        "deploy.release",
        None,
        json!({"env": "staging"}),
    );
    assert!(
        elsewhere
            .starts_with("no: you may run `deploy.release` only in `slack:#ops`, `irc:#ops`, `direct` (role")
    );
    assert_eq!(
        ask(&access(), "irc:mallory", "core.remote", None, json!({})),
        "no: no rule allows you to run `core.remote`"
    );
}

#[test]
fn a_command_can_be_allowed_without_its_action() {
    assert!(ask(&access(), "irc:alice", "core.local", Some("web.restart"), json!({})).starts_with("yes"));
    assert!(ask(&access(), "irc:alice", "core.local", Some("web.other"), json!({})).starts_with("no"));
    assert!(ask(&access(), "irc:alice", "core.local", None, json!({})).starts_with("no"));
}

#[test]
fn an_unproven_person_has_only_what_everyone_has() {
    assert!(ask(&access(), "irc:~alice", "core.echo", None, json!({})).starts_with("yes"));
    let why = ask(&access(), "irc:~alice", "default.deploy", None, json!({}));
    assert!(
        why.ends_with("; the service does not vouch for who you are: log in to its accounts first"),
        "{why}"
    );
    let careless = Access::without_file(vec![person("irc:~root")]);
    assert!(ask(&careless, "irc:~root", "core.local", None, json!({})).starts_with("no"));
}

#[test]
fn the_same_id_on_another_service_is_somebody_else() {
    assert!(ask(&access(), "irc-other:alice", "default.deploy", None, json!({})).starts_with("no"));
}

#[test]
fn without_a_file_the_terminal_and_admins_may_do_everything() {
    let access = Access::without_file(vec![person("irc:root")]);
    assert!(ask(&access, "terminal:alice", "core.local", None, json!({})).starts_with("yes"));
    assert!(ask(&access, "irc:root", "core.local", None, json!({})).starts_with("yes"));
    let why = ask(&access, "irc:alice", "core.local", None, json!({}));
    assert_eq!(
        why,
        "no: no rule allows you to run `core.local`; there is no access.yaml, so only admins may run commands"
    );
    for open in ["chatops.help", "chatops.whoami"] {
        assert_eq!(ask(&access, "irc:~x", open, None, json!({})), "yes: it is open to all");
    }
    assert!(ask(&access, "irc:alice", "chatops.reload", None, json!({})).starts_with("no"));
}

#[test]
fn with_a_file_the_terminal_has_no_privilege() {
    assert!(ask(&access(), "terminal:alice", "core.local", None, json!({})).starts_with("no"));
    let empty = Access::read(Path::new("access.yaml"), "", Vec::new()).unwrap();
    assert!(ask(&empty, "terminal:alice", "core.echo", None, json!({})).starts_with("no"));
    assert!(
        ask(&Access::closed(Vec::new()), "terminal:alice", "core.echo", None, json!({})).starts_with("no")
    );
}

#[test]
fn approving_is_not_running() {
    let (bob, room, parameters) = (person("slack:U0B2"), place("slack:C1"), Map::new());
    let asker = Asker { person: &bob, place: Some(&room), room_name: Some("#ops") };
    let asked = Asked { action: "deploy.wipe", alias: None, parameters: &parameters };
    assert!(access().decide_approval(&asker, &asked).is_allowed());
    assert!(!access().decide(&asker, &asked).is_allowed());
    let release = Asked { action: "core.remote", ..asked };
    assert!(
        access().decide(&asker, &release).is_allowed()
            && !access().decide_approval(&asker, &release).is_allowed()
    );
}

#[test]
fn help_shows_what_some_arguments_allow_here() {
    let alice = person("irc:alice");
    let may = |room: &str, action| {
        let place = place(room);
        access().may_ever(&Asker { person: &alice, place: Some(&place), room_name: None }, action, None)
    };
    assert!(may("irc:#ops", "deploy.release") && !may("irc:#chat", "deploy.release"));
    assert!(
        may("irc:#chat", "core.echo") && may("irc:#chat", "chatops.help") && !may("irc:#ops", "core.local")
    );
}

#[test]
fn rules_about_places_do_not_hold_without_a_place() {
    let (alice, parameters) = (person("irc:alice"), map(json!({"env": "staging"})));
    let asker = Asker { person: &alice, place: None, room_name: None };
    assert!(
        !access()
            .decide(&asker, &Asked { action: "deploy.release", alias: None, parameters: &parameters })
            .is_allowed()
    );
}

#[test]
fn whoami_knows_names_groups_and_roles() {
    let bob = access().whoami(&person("slack:U0B2"));
    assert_eq!((bob.name.as_deref(), bob.admin), (Some("bob"), false));
    assert_eq!(
        (bob.groups, bob.roles),
        (vec!["sre".to_owned()], vec!["approver".to_owned(), "operator".to_owned()])
    );
    let nobody = access().whoami(&person("irc:~alice"));
    assert_eq!((nobody.name, nobody.groups, nobody.roles), (None, vec![], vec![]));
}

#[test]
fn who_can_lists_holders_with_their_conditions() {
    let lines: Vec<String> =
        access().who_can("deploy.release", None).iter().map(ToString::to_string).collect();
    let expected = [
        "`irc:root`, an admin",
        "group `sre`, only with `env` among `staging`, `dev-*`, only in `slack:#ops`, `irc:#ops`, `direct` (role `operator`, entry 2 (access.yaml:6))",
    ];
    assert_eq!(lines, expected);
    assert_eq!(
        access().who_can("core.echo", None)[1].to_string(),
        "everyone (everyone, entry 1 (access.yaml:12))"
    );
}

#[test]
fn rules_that_speak_of_nothing_are_told() {
    let problems =
        access().idle(&["default.a", "core.remote", "core.ehco", "deploy.release"], &["web.restrat"]);
    let lines: Vec<String> = problems.iter().map(|problem| problem.error().to_string()).collect();
    let expected = [
        "access.yaml:9:1: `alias:web.restart` is nothing that can be run\n  = help: did you mean `web.restrat`?",
        "access.yaml:12:1: `core.echo` is nothing that can be run\n  = help: did you mean `core.ehco`?",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn slips_in_the_file_are_errors_with_the_nearest_name() {
    let cases = [
        ("rolls: {}", "access.yaml:1:1: rolls: unknown key `rolls`", "did you mean `roles`?"),
        (
            "people: {alice: [irc:alice]}\ngroups: {sre: [alcie]}",
            "access.yaml:2:16: groups.sre[0]: `alcie` is not among `people`",
            "did you mean `alice`?",
        ),
        (
            "groups: {sre: []}\nroles: {op: [{run: [a.b]}]}\ngrants: [{role: ops, to: [sre]}]",
            "access.yaml:3:17: grants[0].role: `ops` is not among `roles`",
            "did you mean `op`?",
        ),
        (
            "groups: {sre: []}\nroles: {op: [{run: [a.b]}]}\ngrants: [{role: op, to: [rse]}]",
            "access.yaml:3:26: grants[0].to[0]: `rse` is neither among `groups` nor among `people`",
            "did you mean `sre`?",
        ),
        (
            "people: {alice: [irc:~alice]}",
            "access.yaml:1:18: people.alice[0]: `irc:~alice` is unproven: anyone may take that name",
            "name the services account, or put the rule under `everyone`",
        ),
        (
            "everyone: [{run: [a.b], wiht: {}}]",
            "access.yaml:1:25: everyone[0].wiht: unknown key `wiht`",
            "did you mean `with`?",
        ),
    ];
    for (text, headline, help) in cases {
        let error = errors(text).remove(0);
        assert_eq!((error.headline().as_str(), error.help.as_deref()), (headline, Some(help)));
    }
}

#[test]
fn rules_that_cannot_mean_anything_are_errors() {
    let cases = [
        ("everyone: [{run: [deploy]}]", "is no action such as"),
        ("everyone: [{}]", "the entry allows nothing"),
        ("everyone: [{run: [a.b], with: {env: []}}]", "no value of `env` is allowed"),
        ("everyone: [{run: [a.b], in: ['#ops']}]", "`#ops` is no place"),
        ("people: {a: [irc:x], b: [irc:x]}", "`irc:x` is `a` already"),
        ("people: {a: [irc:x]}\ngroups: {a: []}", "`a` is a person already"),
        ("people: {alice: [alice]}", "`alice` is not a person or adapter"),
        ("everyone: {run: [a.b]}", "expected a list"),
        ("everyone: [{run: a.b}]", "expected a list"),
        ("roles: {op: [{run: [a.b], with: {env: staging}}]}", "expected a list"),
    ];
    for (text, message) in cases {
        let error = errors(text).remove(0);
        assert!(error.message.contains(message) && error.at.is_some(), "{text}: {error}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    assert_eq!(errors("groups: {a: [x, y]}\ngrants: [{role: z, to: [w]}]").len(), 4);
}

/// A cheap generator of numbers that are the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

#[test]
fn what_no_rule_names_is_refused_whatever_else_there_is() {
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    let people = ["irc:alice", "irc:~alice", "slack:U0B2", "terminal:alice", "irc:zed"];
    let wanted = [
        "secret.wipe",
        "chatops.reload",
        "core.local",
        "deploy",
        "default",
        "DEFAULT.x",
        ".",
        "",
        "core.remote.x",
    ];
    let values =
        [json!("staging"), json!("prod"), json!(null), json!([]), json!({"a": 1}), json!(true), json!(1.5)];
    for _ in 0..2000 {
        let who = people[numbers.below(people.len())];
        let what = wanted[numbers.below(wanted.len())];
        let parameters = json!({"env": values[numbers.below(values.len())]});
        let alias = [None, Some("web.restar"), Some("default.run"), Some("")][numbers.below(4)];
        assert!(ask(&access(), who, what, alias, parameters).starts_with("no"), "{who} {what} {alias:?}");
    }
}

#[test]
fn taking_a_rule_away_never_allows_more() {
    let full = access();
    let fewer =
        Access::read(Path::new("access.yaml"), &POLICY.replace("core.remote", "core.nothing"), Vec::new())
            .unwrap();
    for who in ["irc:alice", "slack:U0B2", "irc:zed", "irc:~alice"] {
        for what in ["default.a", "core.remote", "deploy.release", "core.echo", "core.local", "chatops.kill"]
        {
            let (before, after) =
                (ask(&full, who, what, None, json!({})), ask(&fewer, who, what, None, json!({})));
            assert!(before.starts_with("yes") || after.starts_with("no"), "{who} {what}");
        }
    }
}
