//! The variables of AWX's notification templates: what AWX sent where the event is AWX's, and the nearest there is
//! for any other.

use serde_json::{Map, Value, json};

use super::Notice;
use super::context::{count, has_failed, hosts};
use crate::model::Moment;

/// What stands in the address of a thing in AWX, and what AWX calls it.
const NAMES: [(&str, &str); 7] = [
    ("/project/", "Project Update"),
    ("/inventory/", "Inventory Update"),
    ("/command/", "AdHoc Command"),
    ("/workflow_approval/", "Workflow Approval"),
    ("/workflow/", "Workflow Job"),
    ("/system/", "System Job"),
    ("/management/", "System Job"),
];

/// `job.*`, with every name that AWX allows; what is not known is empty.
pub(super) fn variables(notice: &Notice) -> Value {
    let payload = &notice.payload;
    let own = payload.get("job").filter(|job| job.is_object());
    // What another source calls a status or an id means something else.
    let sent = own.or(Some(payload).filter(|_| notice.source == "awx")).unwrap_or(&Value::Null);
    let mut job = known(notice);
    fill(&mut job, sent);
    job["host_status_counts"] = counts(payload);
    job["summary_fields"] = summary(notice, sent);
    job
}

/// What is known of any event.
fn known(notice: &Notice) -> Value {
    let time = |at: Option<crate::model::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let elapsed = notice.duration().unwrap_or_default();
    json!({
        "id": "", "type": "job", "url": notice.link.as_deref().unwrap_or_default(), "created": notice.at.to_string(),
        "modified": notice.at.to_string(), "name": notice.title, "description": "", "job_type": "run",
        "playbook": "", "forks": 0, "limit": "", "verbosity": 0, "job_tags": "", "force_handlers": false,
        "skip_tags": "", "start_at_task": "", "timeout": 0, "use_fact_cache": false, "launch_type": "",
        "status": status(notice), "failed": notice.moment == Moment::Error, "started": time(notice.started),
        "finished": time(notice.finished), "elapsed": elapsed, "job_explanation": "", "execution_node": "",
        "controller_node": "", "allow_simultaneous": false, "scm_revision": "", "scm_branch": "",
        "diff_mode": false, "job_slice_number": 0, "job_slice_count": 1, "custom_virtualenv": "",
        "artifacts": {}, "approval_status": approval_status(notice), "approval_node_name": "", "workflow_url": "",
    })
}

/// Puts what was sent in the place of what was assumed; nothing else gets in.
fn fill(assumed: &mut Value, sent: &Value) {
    for (name, value) in assumed.as_object_mut().into_iter().flatten() {
        if let Some(sent) = sent.get(name).filter(|sent| !sent.is_null()) {
            *value = sent.clone();
        }
    }
}

/// AWX's word for how it is.
fn status(notice: &Notice) -> &'static str {
    match notice.moment {
        Moment::Started | Moment::StillRunning => "running",
        Moment::Success | Moment::Recovered | Moment::Approved | Moment::Warning => "successful",
        Moment::Error | Moment::Denied | Moment::TimedOut => "failed",
        Moment::Canceled => "canceled",
        Moment::Pending => "pending",
        _ => "",
    }
}

/// AWX's word for what became of an approval; empty for all else.
fn approval_status(notice: &Notice) -> &'static str {
    match notice.moment {
        Moment::Pending => "running",
        Moment::Approved => "approved",
        Moment::Denied => "denied",
        Moment::TimedOut => "timed_out",
        _ => "",
    }
}

/// How many hosts ended how: each counts once, by the worst that happened.
fn counts(payload: &Value) -> Value {
    let mut all = json!({
        "skipped": 0, "ok": 0, "changed": 0, "failed": 0, "failures": 0, "dark": 0, "processed": 0, "rescued": 0,
        "ignored": 0,
    });
    let mut one_more = |name: &str| all[name] = json!(all[name].as_u64().unwrap_or_default() + 1);
    for (_, host) in hosts(payload) {
        let order = ["dark", "failures", "changed", "ok", "skipped"];
        let worst = order.into_iter().find(|name| count(host, name) > 0);
        worst.into_iter().for_each(&mut one_more);
        if has_failed(host) {
            one_more("failed");
        }
        ["processed", "rescued", "ignored"]
            .into_iter()
            .filter(|name| count(host, name) > 0)
            .for_each(&mut one_more);
    }
    all
}

/// `job.summary_fields`: AWX's default body has names only.
fn summary(notice: &Notice, sent: &Value) -> Value {
    let named = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default();
    let total = hosts(&notice.payload).count();
    let failed = hosts(&notice.payload).filter(|(_, host)| has_failed(host)).count();
    let mut fields = json!({
        "inventory": {
            "id": "", "name": named("inventory"), "description": "", "has_active_failures": failed > 0,
            "total_hosts": total, "hosts_with_active_failures": failed, "total_groups": 0,
            "has_inventory_sources": false, "total_inventory_sources": 0, "inventory_sources_with_failures": 0,
            "organization_id": "", "kind": "",
        },
        "project": {"id": "", "name": named("project"), "description": "", "status": "", "scm_type": ""},
        "job_template": {"id": "", "name": notice.title, "description": ""},
        "unified_job_template": {"id": "", "name": notice.title, "description": "", "unified_job_type": "job"},
        "instance_group": {"id": "", "name": ""},
        "created_by": {"id": "", "username": named("created_by"), "first_name": "", "last_name": ""},
        "schedule": {"id": "", "name": "", "description": "", "next_run": ""},
        "labels": {"count": 0, "results": []},
    });
    for (name, assumed) in fields.as_object_mut().into_iter().flatten() {
        if let Some(sent) = sent.pointer(&format!("/summary_fields/{name}")) {
            fill(assumed, sent);
        }
    }
    fields
}

/// What AWX calls this kind of thing, by its address.
pub(super) fn friendly_name(notice: &Notice) -> String {
    if let Some(sent) = notice.payload.get("job_friendly_name").and_then(Value::as_str) {
        return sent.to_owned();
    }
    let url = notice.link.as_deref().unwrap_or_default();
    let found = NAMES.iter().find(|(part, _)| url.contains(part));
    found.map_or("Job", |(_, name)| name).to_owned()
}

/// What was sent, as JSON text with an indent of four; of other sources, the event.
pub(super) fn metadata(notice: &Notice, event: &Value) -> String {
    let value = if notice.source == "awx" && notice.payload.is_object() { &notice.payload } else { event };
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, format);
    let written = serde::Serialize::serialize(value, &mut serializer);
    written.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The variables of approvals.
pub(super) fn approval(notice: &Notice) -> Map<String, Value> {
    let sent = |name: &str| notice.payload.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_one = !approval_status(notice).is_empty();
    let name = if is_one { notice.title.clone() } else { String::new() };
    let link = notice.link.clone().filter(|_| is_one).unwrap_or_default();
    let status = sent("approval_status").unwrap_or_else(|| approval_status(notice).to_owned());
    Map::from_iter([
        ("approval_status".to_owned(), json!(status)),
        ("approval_node_name".to_owned(), json!(sent("approval_node_name").unwrap_or(name))),
        ("workflow_url".to_owned(), json!(sent("workflow_url").unwrap_or(link))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::{Messages, Texts};
    use crate::template::Templates;

    /// AWX's default body for a failed job.
    fn awx() -> Notice {
        let payload = json!({
            "id": 38, "name": "deploy web", "url": "https://awx.example.org/#/jobs/playbook/38", "created_by": "ann",
            "started": "2026-11-21T08:40:00+00:00", "finished": null, "status": "failed", "traceback": "",
            "inventory": "prod", "project": "web", "playbook": "site.yml", "credential": "ssh", "limit": "",
            "extra_vars": "{\"v\": 2}",
            "hosts": {"web1": {"failed": true, "ok": 2, "failures": 1}, "web2": {"failed": false, "ok": 3, "changed": 1}},
        });
        Notice {
            source: "awx".into(),
            title: "deploy web #38".into(),
            moment: Moment::Error,
            link: Some("https://awx.example.org/#/jobs/playbook/38".into()),
            payload,
            ..Notice::default()
        }
    }

    fn words(notice: Notice, template: &str) -> String {
        let messages: Messages = serde_json::from_value(json!({"any": {"body": template}})).unwrap();
        let texts = Texts::of(notice, &messages, &Templates::default());
        assert!(texts.problems.is_empty(), "{:?}", texts.problems);
        texts.notice.body
    }

    #[test]
    fn a_template_of_awx_reads_what_awx_sent() {
        let text = "{{ job_friendly_name }} #{{ job.id }} '{{ job.name }}' {{ job.status }}: {{ url }}";
        let expected = "Job #38 'deploy web' failed: https://awx.example.org/#/jobs/playbook/38";
        assert_eq!(words(awx(), text), expected);
        let text = "{{ job.summary_fields.inventory.name }} {{ job.summary_fields.created_by.username }} {{ job.playbook }}";
        assert_eq!(words(awx(), text), "prod ann site.yml");
        let text = "{{ job.host_status_counts.failures }}/{{ job.host_status_counts.changed }}/{{ job.host_status_counts.dark }}";
        assert_eq!(words(awx(), text), "1/1/0");
        let text = "{{ (job_metadata | from_json_string).hosts.web1.failed }} {{ failed_hosts | join(',') }}";
        assert_eq!(words(awx(), text), "True web1");
    }

    #[test]
    fn the_metadata_is_text_that_tojson_quotes() {
        let metadata = words(awx(), "{{ job_metadata }}");
        assert!(metadata.starts_with("{\n    \"id\": 38,\n"), "{metadata}");
        let quoted: Value =
            serde_json::from_str(&words(awx(), "{\"m\": {{ job_metadata | tojson }}}")).unwrap();
        assert_eq!(quoted["m"], metadata);
    }

    #[test]
    fn an_approval_has_its_words() {
        let link = Some("https://awx.example.org/#/jobs/workflow/9".to_owned());
        let pending = Notice { title: "release?".into(), moment: Moment::Pending, link, ..Notice::default() };
        let text = "{{ approval_node_name }} {{ approval_status }} {{ workflow_url }}";
        assert_eq!(words(pending, text), "release? running https://awx.example.org/#/jobs/workflow/9");
        assert_eq!(words(awx(), "[{{ approval_status }}]"), "[]");
    }

    #[test]
    fn another_sources_event_has_the_same_names() {
        let notice = Notice {
            source: "api".into(),
            title: "backup".into(),
            moment: Moment::Success,
            ..Notice::default()
        };
        let text =
            "{{ job.name }} {{ job.status }} [{{ job.limit }}] {{ job.summary_fields.schedule.name }}.";
        assert_eq!(words(notice, text), "backup successful [] .");
    }
}
