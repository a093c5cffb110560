//! The templates of `messages:` tried at load, on a sample event of each moment.

use serde_json::{Value, json};

use super::{Notice, context};
use crate::config::nearest::hint;
use crate::model::{Level, Moment, Timestamp};
use crate::template::{Templates, Undefined};

/// Below these anything may stand: what a source sends is its own business.
const FREE: [&str; 5] = ["payload", "event.payload", "event.labels", "event.facts", "job.artifacts"];
/// What is called on a mapping.
const METHODS: [&str; 8] = ["copy", "get", "has_key", "items", "iteritems", "keys", "values", "iterkeys"];

/// Where a text comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Text,
    /// As a page, with values escaped.
    Html,
}

/// Tries the text of a moment.
///
/// # Errors
/// It does not compile, names what no event has, or fails on a sample; in one sentence.
pub(super) fn check(moment: Moment, form: Form, source: &str) -> Result<(), String> {
    let templates = Templates::default();
    let paths = templates.paths("the template", source).map_err(|error| error.to_string())?;
    let shape = context::of(&sample(moment));
    paths.iter().try_for_each(|path| known(path, &shape))?;
    let is_free = |path: &String| FREE.iter().any(|free| below(path, free));
    // A label or a part of a payload that the sample has not is none of our business, nor is another file.
    if paths.iter().any(is_free) || loads_others(source) {
        return Ok(());
    }
    told_by(moment).try_for_each(|moment| {
        let mut context = context::of(&sample(moment));
        if form == Form::Html {
            context = context::escaped(&context);
        }
        let rendered = templates.render("the template", source, &context, Undefined::Strict);
        rendered.map(drop).map_err(|error| error.to_string())
    })
}

/// The moments that a text is used for.
fn told_by(moment: Moment) -> impl Iterator<Item = Moment> {
    let is_told = move |told: &Moment| match moment {
        Moment::Any => true,
        Moment::Error => matches!(told, Moment::Error | Moment::Canceled),
        moment => moment == *told,
    };
    MOMENTS.into_iter().filter(is_told)
}

const MOMENTS: [Moment; 14] = [
    Moment::Started,
    Moment::Success,
    Moment::Warning,
    Moment::Error,
    Moment::Canceled,
    Moment::Pending,
    Moment::Approved,
    Moment::Denied,
    Moment::TimedOut,
    Moment::Recovered,
    Moment::Changed,
    Moment::StillRunning,
    Moment::Flapping,
    Moment::Any,
];

/// Whether a path such as `event.labels.env` is this one or below it.
fn below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn loads_others(source: &str) -> bool {
    source.contains("{%") && ["include", "import", "extends"].iter().any(|word| source.contains(word))
}

/// Whether a path leads to something in `shape`.
fn known(path: &str, shape: &Value) -> Result<(), String> {
    let (mut here, mut so_far) = (shape, String::new());
    for name in path.split('.') {
        let Some(map) = here.as_object().filter(|_| !FREE.contains(&so_far.as_str())) else { return Ok(()) };
        let Some(next) = map.get(name) else {
            if !so_far.is_empty() && METHODS.contains(&name) {
                return Ok(());
            }
            let place = if so_far.is_empty() { String::new() } else { format!("{so_far}.") };
            let near = hint(name, map.keys().map(String::as_str));
            let near = near.map(|near| format!(": {near}")).unwrap_or_default();
            return Err(format!("no event has `{place}{name}`{near}"));
        };
        so_far = if so_far.is_empty() { name.to_owned() } else { format!("{so_far}.{name}") };
        here = next;
    }
    Ok(())
}

/// An event of a moment that has all that an event may have.
pub(super) fn sample(moment: Moment) -> Notice {
    let at = |seconds: i64| Timestamp::from_micros((1_795_250_400 + seconds) * 1_000_000);
    let is_running = matches!(moment, Moment::Started | Moment::StillRunning | Moment::Pending);
    Notice {
        target: "#ops".into(),
        delivery: "1".into(),
        source: "awx".into(),
        kind: "job.failed".into(),
        title: "deploy web".into(),
        message: "deploy web".into(),
        body: "no space left on web1".into(),
        moment,
        level: Level::Error,
        fingerprint: "awx:job:38".into(),
        link: Some("https://awx.example.org/#/jobs/playbook/38".into()),
        labels: [("env".to_owned(), "prod".to_owned())].into(),
        facts: vec![("hosts".into(), "web1".into())],
        previous: "ok".into(),
        at: at(250),
        started: Some(at(0)),
        finished: (!is_running).then(|| at(250)),
        payload: json!({
            "id": 38, "name": "deploy web", "status": "failed", "inventory": "prod", "project": "web",
            "playbook": "site.yml", "created_by": "ann", "output": "TASK [copy]\nfatal: [web1]",
            "hosts": {"web1": {"failed": true, "ok": 2, "failures": 1}, "web2": {"failed": false, "ok": 3}},
        }),
        ..Notice::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> Result<(), String> {
        check(Moment::Error, Form::Text, source)
    }

    #[test]
    fn what_events_have_is_accepted() {
        for good in [
            "{{ event.title | upper }} {{ event.title.upper() }}",
            "{{ job.summary_fields.inventory.name }} {{ job.host_status_counts.dark }}",
            "{% for host in failed_hosts %}{{ host }}\n{% endfor %}{{ recap }}",
            "{{ event.labels.team }} {{ payload.anything.at.all }} {{ event.payload['x'].y }}",
            "{% for name, value in event.labels.items() %}{{ name }}{% endfor %}",
            "{% for name, value in event.items() %}{{ name }}{% endfor %}",
            "{{ duration | human }} {{ job_metadata | tojson }} {{ previous_status }} {{ output }}",
            "{% include 'own.j2' %}",
        ] {
            assert_eq!(text(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_no_event_has_is_refused_with_the_nearest() {
        let why = text("{{ evnt.title }}").unwrap_err();
        assert!(why.contains("`evnt`") && why.contains("did you mean `event`?"), "{why}");
        let why = text("{{ event.tittle }}").unwrap_err();
        assert!(why.contains("`event.tittle`") && why.contains("did you mean `title`?"), "{why}");
        let why = text("{{ job.summary_fields.inventori.name }}").unwrap_err();
        assert!(why.contains("`job.summary_fields.inventori`"), "{why}");
        assert!(text("{{ event['tittle'] }}").is_err());
    }

    #[test]
    fn what_fails_on_a_sample_is_refused() {
        assert!(text("{{ 1 / 0 }}").is_err());
        assert!(text("{{ event.").is_err());
        let started = |source: &str| check(Moment::Started, Form::Text, source);
        assert!(started("{{ event.duration * 2 }}").is_err(), "what has begun has no duration yet");
        assert_eq!(text("{{ event.duration * 2 }}"), Ok(()));
        assert!(check(Moment::Any, Form::Text, "{{ event.duration * 2 }}").is_err());
    }
}
