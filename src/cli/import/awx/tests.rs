//! An invented export, imported.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::cli::import::Mode;
use crate::config::env::Env;
use crate::notifier;
use crate::route::Rules;

/// One template of a type.
fn template(name: &str, kind: &str, configuration: &Value) -> Value {
    json!({
        "name": name, "description": "", "organization": {"name": "Acme", "type": "organization"}, "notification_type": kind,
        "notification_configuration": configuration, "messages": null,
        "natural_key": {"organization": {"name": "Acme", "type": "organization"}, "name": name, "type": "notification_template"},
    })
}

/// Every type that needs no comment, as AWX exports it.
fn every_type() -> Vec<Value> {
    vec![
        template(
            "Ops mail",
            "email",
            &json!({
                "host": "mail.example.org", "port": 587, "username": "awx", "password": "$encrypted$", "use_tls": true,
                "use_ssl": false, "sender": "awx@example.org", "recipients": ["ops@example.org", "dev@example.org"], "timeout": 30,
            }),
        ),
        template(
            "Ops Slack",
            "slack",
            &json!({"token": "$encrypted$", "channels": ["ops", "C01,1700000000.1"], "hex_color": "#36a64f"}),
        ),
        template(
            "Old HipChat",
            "hipchat",
            &json!({
                "token": "hip-hunter2", "rooms": ["ops", "dev room"], "color": "Red", "api_url": "https://hipchat.example.org",
                "notify": true, "message_from": "awx",
            }),
        ),
        template(
            "mm",
            "mattermost",
            &json!({
                "mattermost_url": "https://chat.example.org/hooks/mm-hunter2", "mattermost_no_verify_ssl": true,
                "mattermost_channel": "ops", "mattermost_username": "", "mattermost_icon_url": "https://example.org/i.png",
            }),
        ),
        template(
            "rocket",
            "rocketchat",
            &json!({
                "rocketchat_url": "https://rocket.example.org/hooks/rc-hunter2", "rocketchat_no_verify_ssl": false, "rocketchat_username": "awx",
            }),
        ),
        template(
            "pager",
            "pagerduty",
            &json!({
                "subdomain": "acme", "token": "$encrypted$", "service_key": "pd-hunter2", "client_name": "awx",
            }),
        ),
        template(
            "sms",
            "twilio",
            &json!({
                "account_sid": "AC1", "account_token": "$encrypted$", "from_number": "+1 555 123-4567", "to_numbers": ["+15557654321"],
            }),
        ),
        template(
            "irc",
            "irc",
            &json!({
                "server": "irc.example.org", "port": 6697, "nickname": "awx", "password": "", "use_ssl": true, "targets": ["#ops", "alice"],
            }),
        ),
        template(
            "hook",
            "webhook",
            &json!({
                "url": "https://hooks.example.org/k/wh-hunter2", "http_method": "PUT", "disable_ssl_verification": false, "username": "u",
                "password": "$encrypted$", "headers": {"X-Team": "ops", "X-Api-Key": "hd-hunter2"},
            }),
        ),
        template(
            "graph",
            "grafana",
            &json!({
                "grafana_url": "https://grafana.example.org", "grafana_key": "$encrypted$", "dashboardId": "3", "panelId": 4,
                "annotation_tags": ["awx"], "grafana_no_verify_ssl": false, "isRegion": true,
            }),
        ),
        template(
            "topic",
            "awssns",
            &json!({"aws_region": "eu-1", "sns_topic_arn": "arn:aws:sns:eu-1:1:ops"}),
        ),
    ]
}

/// The home after an import, the text of its notifiers.yaml, and the report.
fn imported(export: &Value) -> (tempfile::TempDir, String, Report) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("export.json");
    fs::write(&file, export.to_string()).unwrap();
    let report = import(&file, &Target { home: home.path(), mode: Mode::Write, force: false }).unwrap();
    let text = fs::read_to_string(home.path().join("notifiers.yaml")).unwrap();
    (home, text, report)
}

/// What the bot reads of it.
fn read(home: &Path, text: &str) -> notifier::Read {
    let env = Env::read(Some(&home.join("chatops.env")), []).unwrap();
    notifier::read(Path::new("notifiers.yaml"), text, &env, home)
}

#[test]
fn every_type_becomes_a_notifier_that_is_accepted() {
    let (home, text, report) = imported(&json!({"notification_templates": every_type()}));
    let read = read(home.path(), &text);
    assert!(!read.problems.iter().any(crate::config::Problem::is_fatal), "{:?}\n{text}", read.problems);
    let kinds: Vec<_> = read.notifiers.iter().map(|one| (one.name.as_str(), one.service.kind())).collect();
    let expected = [
        ("ops-mail", "email"),
        ("ops-slack", "slack"),
        ("old-hipchat", "hipchat"),
        ("mm", "mattermost"),
        ("rocket", "rocketchat"),
        ("pager", "pagerduty"),
        ("sms", "twilio"),
        ("irc", "irc"),
        ("hook", "webhook"),
        ("graph", "grafana"),
    ];
    assert_eq!(kinds, expected, "{text}");
    assert_eq!(read.notifiers[0].service.targets(), ["ops@example.org", "dev@example.org"]);
    assert_eq!(read.notifiers[6].service.targets(), ["+15557654321"]);
    assert_eq!(report.left_out.len(), 1);
    assert!(
        text.contains("# left out: `topic`, of kind awssns: there is no notifier for Amazon SNS"),
        "{text}"
    );
    assert!(text.contains("description: Ops mail of Acme"), "{text}");
}

#[test]
fn secrets_go_to_chatops_env_and_unknown_ones_are_listed() {
    let (home, text, report) = imported(&json!({"notification_templates": every_type()}));
    assert!(!text.contains("hunter2") && !text.contains("$encrypted$"), "{text}");
    let env = Env::read(Some(&home.path().join("chatops.env")), []).unwrap();
    let expected = [
        ("AWX_MM_URL", "https://chat.example.org/hooks/mm-hunter2"),
        ("AWX_PAGER_ROUTING_KEY", "pd-hunter2"),
        ("AWX_HOOK_HEADER_X_API_KEY", "hd-hunter2"),
        ("AWX_OPS_SLACK_TOKEN", "set-me"),
    ];
    for (name, value) in expected {
        assert_eq!(env.get(name), Some(value), "{name}");
    }
    assert!(report.fill_in.contains(&"AWX_OPS_SLACK_TOKEN".to_owned()), "{report:?}");
    assert!(!report.fill_in.contains(&"AWX_MM_URL".to_owned()), "{report:?}");
    let shown = report.render(Mode::Write) + &json!(report).to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(home.path().join("chatops.env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_answer_of_the_api_and_a_plain_list_are_read_too() {
    let mut one = template("a", "slack", &json!({"token": "t", "channels": ["x"]}));
    one["organization"] = json!(1);
    one["summary_fields"] = json!({"organization": {"name": "Acme"}});
    for export in [json!({"count": 1, "results": [one]}), json!([one]), one.clone()] {
        let (_, text, report) = imported(&export);
        assert_eq!((report.notifiers.len(), report.routes), (1, 0), "{text}");
        assert!(text.contains("The export does not say what these are attached to"), "{text}");
    }
}

#[test]
fn custom_messages_are_kept_and_those_of_approvals_get_our_names() {
    let mut pager = every_type().remove(5);
    pager["messages"] = json!({
        "started": {"message": "{{ job_friendly_name }} #{{ job.id }} began", "body": null}, "success": null,
        "error": {"message": "", "body": "line one\n{{ job_metadata }}\n"},
        "workflow_approval": {"running": {"message": "{{ approval_node_name }}?", "body": ""}, "timed_out": {"message": "{{ broken"}, "denied": {"message": "{{ job.nonsense }}"}},
    });
    let (home, text, report) = imported(&json!([pager]));
    let read = read(home.path(), &text);
    let words = |word: &str| read.notifiers[0].messages.get(&word.parse().unwrap()).cloned();
    assert_eq!(
        words("started").unwrap().message.as_deref(),
        Some("{{ job_friendly_name }} #{{ job.id }} began")
    );
    assert_eq!(words("error").unwrap().body.as_deref(), Some("line one\n{{ job_metadata }}\n"));
    assert_eq!(words("pending").unwrap().message.as_deref(), Some("{{ approval_node_name }}?"));
    assert!(["timed_out", "denied", "success"].into_iter().all(|word| words(word).is_none()));
    let shown = report.render(Mode::Write);
    for path in ["timed_out", "denied"] {
        assert!(shown.contains(&format!("the message for workflow_approval.{path} is left out")), "{shown}");
    }
}

#[test]
fn bodies_of_a_webhook_become_one_template_or_the_whole_payload() {
    let hook = |messages: &Value| {
        let mut hook = template("hook", "webhook", &json!({"url": "https://example.org/x", "headers": {}}));
        hook["messages"] = messages.clone();
        imported(&json!([hook])).1
    };
    assert!(hook(&json!({"error": {"body": "{{ job_metadata }}"}})).contains("send: payload"));
    let same = hook(&json!({"error": {"body": "{\"a\": 1}"}, "success": {"body": "{\"a\": 1}"}}));
    assert!(same.contains(r#"body: "{\"a\": 1}""#), "{same}");
    let two = hook(&json!({"error": {"body": "{\"a\": 1}"}, "success": {"body": "{\"a\": 2}"}}));
    assert!(two.contains("event.status in ['success', 'recovered']") && two.contains("{% else %}"), "{two}");
    let broken = hook(&json!({"error": {"body": "not json"}, "success": {"body": "{\"a\": 1}"}}));
    assert!(broken.contains("send: payload") && broken.contains("# error: not json"), "{broken}");
}

#[test]
fn what_they_are_attached_to_becomes_routes_with_scopes() {
    let key = |name: &str| json!({"organization": {"name": "Acme", "type": "organization"}, "name": name, "type": "notification_template"});
    let project =
        json!({"organization": {"name": "Acme", "type": "organization"}, "name": "web", "type": "project"});
    let export = json!({
        "notification_templates": [
            template("a", "slack", &json!({"token": "t", "channels": ["x"]})),
            template("b", "slack", &json!({"token": "t", "channels": ["y"]})),
            template("gone", "awssns", &json!({})),
        ],
        "organizations": [{"name": "Acme", "related": {"notification_templates": [key("a")], "notification_templates_approvals": [key("a")]}}],
        "projects": [{"name": "web", "organization": {"name": "Acme"}, "related": {"notification_templates_error": [key("a"), key("gone")]}}],
        "job_templates": [
            {"name": "deploy/web", "project": project, "related": {
                "notification_templates_started": [key("b")], "notification_templates_error": [key("b"), key("a")],
                "notification_templates_success": "/api/v2/job_templates/7/notification_templates_success/"}},
            {"name": "quiet", "project": project, "related": {"notification_templates_started": []}},
        ],
        "workflow_job_templates": [{"name": "release", "organization": {"name": "Acme"}, "related": {"notification_templates_success": [key("gone")]}}],
    });
    let (_, text, report) = imported(&export);
    let rules = Rules::parse(Path::new("notifiers.yaml"), &text).unwrap();
    let found: Vec<_> = rules
        .routes
        .iter()
        .map(|route| {
            let send: Vec<&str> = route.send.iter().map(|send| send.notifier.as_str()).collect();
            (route.scope.as_deref().unwrap(), route.on.len(), send)
        })
        .collect();
    let expected = [
        ("Acme", 4, vec!["a"]),
        ("Acme/web", 1, vec!["a"]),
        ("Acme/web/deploy-web", 1, vec!["a"]),
        ("Acme/web/deploy-web", 2, vec!["b"]),
    ];
    assert_eq!(found, expected, "{text}");
    assert_eq!(report.routes, 4);
}

#[test]
fn what_cannot_work_is_a_comment_with_its_reason_and_disturbs_no_other() {
    let export = json!([
        template(
            "a",
            "twilio",
            &json!({"account_sid": "AC1", "account_token": "x", "from_number": "5551234", "to_numbers": ["+15557654321"]})
        ),
        template(
            "b",
            "slack",
            &json!({"token": "t", "channels": ["x"], "hex_color": "reddish", "surprise": 1})
        ),
        template("c", "carrier-pigeon", &json!({"loft": "north"})),
    ]);
    let (home, text, report) = imported(&export);
    assert_eq!(read(home.path(), &text).notifiers.len(), 1, "{text}");
    assert!(
        text.contains("left out: `a`, of kind twilio: `from_number`: `5551234` is no phone number"),
        "{text}"
    );
    assert!(text.contains("  #     to:\n"), "{text}");
    assert!(text.contains("AWX's type `carrier-pigeon`"), "{text}");
    let shown = report.render(Mode::Write);
    assert!(shown.contains("`hex_color` is left out") && shown.contains("`surprise` is left out"), "{shown}");
}

#[test]
fn a_file_that_is_there_is_not_written_over_unless_told_to() {
    let (home, text, _) = imported(&json!(every_type()));
    let file = home.path().join("export.json");
    let target = |mode, force| Target { home: home.path(), mode, force };
    let refused = import(&file, &target(Mode::Write, false)).unwrap_err().to_string();
    assert!(refused.contains("--force") && refused.contains("--dry-run"), "{refused}");
    fs::write(home.path().join("notifiers.yaml"), "mine").unwrap();
    import(&file, &target(Mode::Look, false)).unwrap();
    assert_eq!(fs::read_to_string(home.path().join("notifiers.yaml")).unwrap(), "mine");
    let env = fs::read_to_string(home.path().join("chatops.env")).unwrap();
    fs::write(
        home.path().join("chatops.env"),
        env.replace("AWX_OPS_SLACK_TOKEN=set-me", "AWX_OPS_SLACK_TOKEN=real"),
    )
    .unwrap();
    let report = import(&file, &target(Mode::Write, true)).unwrap();
    assert!(!report.has_conflicts() && report.fill_in.is_empty(), "{report:?}");
    assert_eq!(fs::read_to_string(home.path().join("notifiers.yaml")).unwrap(), text);
    assert!(
        fs::read_to_string(home.path().join("chatops.env")).unwrap().contains("AWX_OPS_SLACK_TOKEN=real")
    );
}

#[test]
fn an_export_without_templates_says_how_to_make_one() {
    let home = tempfile::tempdir().unwrap();
    for (text, part) in [
        ("{}", "awx export"),
        ("[1]", "awx export"),
        ("no", "is no JSON"),
        (r#"[{"notification_type":"slack"}]"#, "`name`"),
    ] {
        fs::write(home.path().join("e.json"), text).unwrap();
        let target = Target { home: home.path(), mode: Mode::Write, force: false };
        let error = format!("{:#}", import(&home.path().join("e.json"), &target).unwrap_err());
        assert!(error.contains(part), "{error}");
    }
}
