//! What the templates of a notice may use: the event, what everyone asks of it, and the names that AWX's own
//! notification templates use (docs/templates.md lists them).

use serde_json::{Map, Value, json};

use super::Notice;
use super::job;

/// Of a program's output, this much of its end is kept: bytes and lines.
const TAIL_BYTES: usize = 4000;
const TAIL_LINES: usize = 30;
/// More hosts than this nobody reads in a message.
const HOSTS: usize = 200;
/// Where a program's output stands in what sources send.
const OUTPUTS: [&str; 7] =
    ["/output", "/stdout", "/result/stdout", "/result_stdout", "/tail", "/result_traceback", "/traceback"];

/// The variables for a notice. Every name is always there, so that a template for one source does not fail for another.
pub(super) fn of(notice: &Notice) -> Value {
    let event = notice.event();
    let mut all = json!({
        "payload": notice.payload,
        "url": notice.link.as_deref().unwrap_or_default(),
        "failed_hosts": failed_hosts(&notice.payload),
        "recap": recap(&notice.payload),
        "output": output(notice),
        "previous_status": notice.previous,
        "duration": notice.duration(),
        "job": job::variables(notice),
        "job_friendly_name": job::friendly_name(notice),
        "job_metadata": job::metadata(notice, &event),
    });
    if let Some(map) = all.as_object_mut() {
        map.insert("event".to_owned(), event);
        map.extend(job::approval(notice));
    }
    all
}

/// The same with `&`, `<`, `>` and quotes of every text escaped, for HTML.
pub(super) fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(super::look::escape(text)),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), escaped(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The counts of each host, where the source tells them: `{"web1": {"failed": true, "ok": 3}}`.
pub(super) fn hosts(payload: &Value) -> impl Iterator<Item = (&String, &Value)> {
    payload.get("hosts").and_then(Value::as_object).into_iter().flatten().take(HOSTS)
}

/// A count of a host's.
pub(super) fn count(host: &Value, name: &str) -> u64 {
    host.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// Whether something failed on a host, or it was not reached.
pub(super) fn has_failed(host: &Value) -> bool {
    host.get("failed") == Some(&Value::Bool(true)) || count(host, "failures") > 0 || count(host, "dark") > 0
}

fn failed_hosts(payload: &Value) -> Vec<String> {
    let listed = payload.get("failed_hosts").and_then(Value::as_array);
    if let Some(listed) = listed {
        return listed.iter().filter_map(Value::as_str).take(HOSTS).map(str::to_owned).collect();
    }
    hosts(payload).filter(|(_, host)| has_failed(host)).map(|(name, _)| name.clone()).collect()
}

/// One line a host, as Ansible's recap: `web1 : ok=3 changed=1 unreachable=0 failed=1 skipped=0 ...`.
fn recap(payload: &Value) -> String {
    if let Some(text) = payload.get("recap").and_then(Value::as_str) {
        return text.to_owned();
    }
    let widest = hosts(payload).map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let line = |(name, host): (&String, &Value)| {
        let counts = [
            ("ok", "ok"),
            ("changed", "changed"),
            ("unreachable", "dark"),
            ("failed", "failures"),
            ("skipped", "skipped"),
            ("rescued", "rescued"),
            ("ignored", "ignored"),
        ];
        let counts: Vec<String> =
            counts.iter().map(|(shown, key)| format!("{shown}={}", count(host, key))).collect();
        format!("{name:widest$} : {}", counts.join(" "))
    };
    hosts(payload).map(line).collect::<Vec<_>>().join("\n")
}

/// The end of what a program printed; the event's text where the source sends no output apart.
fn output(notice: &Notice) -> String {
    let found = OUTPUTS.iter().find_map(|path| notice.payload.pointer(path)?.as_str());
    let text = found.filter(|text| !text.trim().is_empty()).unwrap_or(&notice.body).trim_end();
    let bytes = &text[text.ceil_char_boundary(text.len().saturating_sub(TAIL_BYTES))..];
    let lines: Vec<&str> = bytes.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(payload: Value) -> Value {
        of(&Notice { payload, body: "the text".into(), ..Notice::default() })
    }

    #[test]
    fn failed_hosts_and_the_recap_come_from_the_hosts() {
        let all = with(json!({"hosts": {
            "db1": {"failed": false, "ok": 3, "changed": 1},
            "web10": {"failed": true, "ok": 1, "failures": 2},
            "web2": {"dark": 1},
        }}));
        assert_eq!(all["failed_hosts"], json!(["web10", "web2"]));
        let recap = "db1   : ok=3 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0";
        assert_eq!(all["recap"].as_str().unwrap().lines().next(), Some(recap));
        let listed = with(json!({"failed_hosts": ["a"], "recap": "all well"}));
        assert_eq!((&listed["failed_hosts"], &listed["recap"]), (&json!(["a"]), &json!("all well")));
    }

    #[test]
    fn of_output_the_end_is_kept() {
        let long: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let output = with(json!({"result": {"stdout": long}}))["output"].clone();
        let lines: Vec<&str> = output.as_str().unwrap().lines().collect();
        assert_eq!((lines.len(), lines[29]), (30, "line 99"));
        let wide = with(json!({"output": "ö".repeat(5000)}))["output"].clone();
        assert_eq!(wide.as_str().unwrap().len(), 4000);
        assert_eq!(with(json!({}))["output"], "the text");
    }

    #[test]
    fn escaping_reaches_every_text() {
        let value = json!({"a": ["<b>", {"c": "'&\""}], "d": 1});
        assert_eq!(escaped(&value), json!({"a": ["&lt;b&gt;", {"c": "&#39;&amp;&quot;"}], "d": 1}));
    }
}
