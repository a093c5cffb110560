//! The eleven types of AWX, each as one of our kinds.

use serde_json::{Value, json};

use super::convert::Convert;

/// AWX takes these words and no others.
const HIPCHAT_COLOURS: [&str; 6] = ["yellow", "green", "red", "purple", "gray", "random"];

/// Fills in the options of the notifier and gives its kind.
///
/// # Errors
/// There is no equivalent, and why.
pub(super) fn convert(convert: &mut Convert<'_>) -> Result<&'static str, String> {
    match convert.template.kind {
        "email" => Ok(email(convert)),
        "slack" => Ok(slack(convert)),
        "hipchat" => Ok(hipchat(convert)),
        "mattermost" => Ok(hook(convert, "mattermost")),
        "rocketchat" => Ok(hook(convert, "rocketchat")),
        "pagerduty" => Ok(pagerduty(convert)),
        "twilio" => Ok(twilio(convert)),
        "irc" => Ok(irc(convert)),
        "webhook" => Ok(webhook(convert)),
        "grafana" => Ok(grafana(convert)),
        "awssns" => Err(sns(convert)),
        other => Err(format!("there is no notifier like AWX's type `{other}`")),
    }
}

fn email(it: &mut Convert<'_>) -> &'static str {
    it.take("host", "host");
    if let Some(port) = it.number("port") {
        it.put("port", port);
    }
    let (starttls, implicit) = (it.flag("use_tls"), it.flag("use_ssl"));
    if starttls && implicit {
        it.remark("`use_tls` and `use_ssl` were both on, with which AWX sends nothing: STARTTLS is taken");
    }
    it.put("starttls", starttls);
    if implicit && !starttls {
        it.put("tls", true);
    }
    match (it.text("username"), it.text("password")) {
        (Some(_), Some(_)) => {
            it.take("username", "username");
            it.secret("password", "password");
        }
        (None, None) => {}
        _ => it.remark(
            "of `username` and `password` only one was there, with which AWX does not log in: none is taken",
        ),
    }
    it.take("sender", "from");
    let recipients = it.list("recipients");
    it.put("to", recipients);
    if let Some(seconds) = it.number("timeout") {
        it.put("timeout", format!("{seconds}s"));
    }
    "email"
}

fn slack(it: &mut Convert<'_>) -> &'static str {
    it.secret("token", "token");
    let channels = it.list("channels");
    it.put("channels", channels);
    if let Some(colour) = it.text("hex_color") {
        let digits = colour.strip_prefix('#').unwrap_or_default();
        if matches!(digits.len(), 3 | 6) && digits.chars().all(|c| c.is_ascii_hexdigit()) {
            it.put("color", colour);
        } else {
            it.remark("`hex_color` is left out: it is no colour such as #36a64f, AWX ignores it too");
        }
    }
    "slack"
}

fn hipchat(it: &mut Convert<'_>) -> &'static str {
    it.secret("token", "token");
    it.take("api_url", "api_url");
    let rooms = it.list("rooms");
    it.put("rooms", rooms);
    if let Some(colour) = it.text("color").map(|colour| colour.to_ascii_lowercase()) {
        if HIPCHAT_COLOURS.contains(&colour.as_str()) {
            it.put("color", colour);
        } else {
            it.remark("`color` is left out: HipChat has no such colour");
        }
    }
    if it.flag("notify") {
        it.put("notify", true);
    }
    it.take("message_from", "message_from");
    it.remark("AWX did not verify HipChat's certificate; here `http.ca_file` names a private authority");
    "hipchat"
}

/// Mattermost and Rocket.Chat: the same options behind different names.
fn hook(it: &mut Convert<'_>, kind: &'static str) -> &'static str {
    it.secret(&format!("{kind}_url"), "url");
    for option in ["channel", "username", "icon_url"] {
        it.take(&format!("{kind}_{option}"), option);
    }
    it.careless(&format!("{kind}_no_verify_ssl"));
    kind
}

fn pagerduty(it: &mut Convert<'_>) -> &'static str {
    it.secret("service_key", "routing_key");
    it.put("version", "v1");
    it.take("client_name", "client_name");
    let unused = "AWX asks for it and never uses it";
    it.drop("subdomain", unused);
    it.drop("token", unused);
    it.remark("an integration of Events v2 shows more: put its key there and remove `version`");
    "pagerduty"
}

fn twilio(it: &mut Convert<'_>) -> &'static str {
    it.take("account_sid", "account_sid");
    it.secret("account_token", "account_token");
    if let Some(number) = it.text("from_number") {
        it.put("from_number", digits(&number));
    }
    let numbers: Vec<String> = it.list("to_numbers").iter().map(|number| digits(number)).collect();
    it.put("to_numbers", numbers);
    "twilio"
}

/// A phone number without the marks that people put between its digits.
fn digits(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect()
}

fn irc(it: &mut Convert<'_>) -> &'static str {
    it.take("server", "server");
    if let Some(port) = it.number("port") {
        it.put("port", port);
    }
    if it.flag("use_ssl") {
        it.remark(
            "AWX did not verify the server's certificate: `ca_file` or `fingerprint` names a private one",
        );
    } else {
        it.put("tls", false);
    }
    it.take("nickname", "nickname");
    it.secret("password", "password");
    let targets = it.list("targets");
    it.put("targets", targets);
    "irc"
}

fn webhook(it: &mut Convert<'_>) -> &'static str {
    it.secret("url", "url");
    if let Some(method) = it.text("http_method") {
        it.put("method", method.to_ascii_uppercase());
    }
    it.headers("headers");
    it.take("username", "username");
    it.secret("password", "password");
    it.careless("disable_ssl_verification");
    "webhook"
}

fn grafana(it: &mut Convert<'_>) -> &'static str {
    it.take("grafana_url", "url");
    it.secret("grafana_key", "key");
    let (dashboard, panel) = (it.number("dashboardId"), it.number("panelId"));
    if let Some(dashboard) = dashboard {
        it.put("dashboard_id", dashboard);
    }
    match (panel, dashboard) {
        (Some(panel), Some(_)) => it.put("panel_id", panel),
        (Some(_), None) => {
            it.remark("`panelId` is left out: a panel needs its dashboard, name it in `dashboard_uid`");
        }
        _ => {}
    }
    let tags = it.list("annotation_tags");
    if !tags.is_empty() {
        it.put("tags", tags);
    }
    it.careless("grafana_no_verify_ssl");
    if it.value("isRegion").is_some_and(|value| *value == json!(false)) {
        it.remark("`isRegion` is left out: an annotation runs from the beginning to the end");
    }
    "grafana"
}

/// Why a topic of Amazon is no notifier, and what could be done.
fn sns(it: &mut Convert<'_>) -> String {
    let topic = it.value("sns_topic_arn").and_then(Value::as_str).unwrap_or("unknown");
    format!(
        "there is no notifier for Amazon SNS (topic {topic}); a notifier of kind `exec` can run `aws sns publish`"
    )
}
