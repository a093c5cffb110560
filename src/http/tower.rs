//! What clients of Ansible Tower send: options of notifiers under its names. Facts: awx/main/notifications in
//! github.com/ansible/awx.

use serde_json::{Map, Value, json};

/// Kind of notifier, Tower's option, ours. What ours begins with `!` is on where theirs is off.
const NAMES: &[(&str, &str, &str)] = &[
    ("email", "use_tls", "starttls"),
    ("email", "use_ssl", "tls"),
    ("email", "sender", "from"),
    ("email", "recipients", "to"),
    ("slack", "hex_color", "color"),
    ("mattermost", "mattermost_url", "url"),
    ("mattermost", "mattermost_channel", "channel"),
    ("mattermost", "mattermost_username", "username"),
    ("mattermost", "mattermost_icon_url", "icon_url"),
    ("rocketchat", "rocketchat_url", "url"),
    ("rocketchat", "rocketchat_username", "username"),
    ("rocketchat", "rocketchat_icon_url", "icon_url"),
    ("pagerduty", "service_key", "routing_key"),
    ("irc", "use_ssl", "tls"),
    ("webhook", "http_method", "method"),
    ("grafana", "grafana_url", "url"),
    ("grafana", "grafana_key", "key"),
    ("grafana", "dashboardId", "dashboard_id"),
    ("grafana", "panelId", "panel_id"),
    ("grafana", "annotation_tags", "tags"),
];

/// Switches that turn the verification of certificates off.
const CARELESS: [&str; 4] = [
    "mattermost_no_verify_ssl",
    "rocketchat_no_verify_ssl",
    "grafana_no_verify_ssl",
    "disable_ssl_verification",
];

/// Asked for by Tower and never used.
const UNUSED: [(&str, &str); 3] =
    [("pagerduty", "subdomain"), ("pagerduty", "token"), ("grafana", "isRegion")];

/// The options under our names. `known` are those of the kind; what stands there already stays as it is.
pub(super) fn options(kind: &str, known: &[&str], theirs: Map<String, Value>) -> Map<String, Value> {
    let foreign = |key: &str| !known.contains(&key) || (kind == "pagerduty" && key == "token");
    if !theirs.keys().any(|key| foreign(key)) {
        return theirs;
    }
    let mut ours = Map::new();
    if kind == "pagerduty" && theirs.contains_key("service_key") {
        ours.insert("version".to_owned(), json!("v1"));
    }
    for (key, value) in theirs {
        if UNUSED.contains(&(kind, key.as_str())) {
            continue;
        }
        if CARELESS.contains(&key.as_str()) {
            if value == json!(true) {
                ours.insert("http".to_owned(), json!({"insecure_skip_verify": true}));
            }
            continue;
        }
        let named = NAMES.iter().find(|(of, own, _)| *of == kind && *own == key);
        let name = named.map_or(key.as_str(), |(.., name)| name);
        // An empty text stands for nothing there.
        if value != json!("") {
            ours.insert(name.to_owned(), spelt(kind, name, value));
        }
    }
    ours
}

/// Spans are texts, numbers may be written as texts, methods in small letters.
fn spelt(kind: &str, name: &str, value: Value) -> Value {
    match (kind, name, &value) {
        ("email", "timeout", Value::Number(seconds)) => json!(format!("{seconds}s")),
        ("webhook", "method", Value::String(method)) => json!(method.to_ascii_uppercase()),
        ("grafana", "dashboard_id" | "panel_id", Value::String(text)) => {
            text.parse::<u64>().map_or(value.clone(), |number| json!(number))
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::{CATALOGUE, schema};

    fn converted(kind: &str, theirs: &Value) -> (Value, Vec<String>) {
        let row = CATALOGUE.iter().find(|row| row.kind == kind).unwrap();
        let schema = (row.schema)();
        let ours = options(kind, &schema::keys(&schema), theirs.as_object().cloned().unwrap());
        let ours = Value::Object(ours);
        let wrong = jsonschema::validator_for(&schema).unwrap();
        let wrong = wrong.iter_errors(&ours).map(|error| error.to_string()).collect();
        (ours, wrong)
    }

    #[test]
    fn the_options_of_each_type_of_tower_become_ours() {
        for (kind, theirs) in [
            (
                "email",
                json!({"host": "mail.example.org", "port": 587, "username": "", "password": "", "use_tls": true,
                "use_ssl": false, "sender": "a@example.org", "recipients": ["b@example.org"], "timeout": 30}),
            ),
            ("slack", json!({"token": "xoxb-1", "channels": ["#ops"], "hex_color": "#ff0000"})),
            (
                "mattermost",
                json!({"mattermost_url": "https://chat.example.org/h", "mattermost_no_verify_ssl": true}),
            ),
            (
                "rocketchat",
                json!({"rocketchat_url": "https://chat.example.org/h", "rocketchat_no_verify_ssl": false}),
            ),
            ("pagerduty", json!({"subdomain": "x", "token": "t", "service_key": "k", "client_name": "c"})),
            (
                "irc",
                json!({"server": "irc.example.org", "port": 6667, "nickname": "n", "password": "", "use_ssl": false,
                "targets": ["#ops"]}),
            ),
            (
                "webhook",
                json!({"url": "https://example.org/h", "headers": {"X-A": "b"}, "http_method": "post",
                "disable_ssl_verification": false, "username": "", "password": ""}),
            ),
            (
                "grafana",
                json!({"grafana_url": "https://g.example.org", "grafana_key": "k", "dashboardId": "3",
                "panelId": "4", "annotation_tags": ["x"], "grafana_no_verify_ssl": false, "isRegion": true}),
            ),
        ] {
            let (ours, wrong) = converted(kind, &theirs);
            assert!(wrong.is_empty(), "{kind}: {ours}: {wrong:?}");
        }
    }

    #[test]
    fn our_own_names_stay_as_they_are() {
        let own = json!({"url": "https://example.org/h", "method": "PUT"});
        assert_eq!(converted("webhook", &own).0, own);
    }
}
