//! The words of a notice: a default for each moment, and what an admin wrote instead.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Notice, context};
use crate::model::Moment;
use crate::template::{Templates, Undefined};
use crate::text::clean::one_line;
use crate::text::human;

/// One text of `messages:`: templates over `event`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Text {
    /// One line.
    pub message: Option<String>,
    /// Any number of lines.
    pub body: Option<String>,
    /// The same as HTML, for mail; values are escaped already.
    pub html: Option<String>,
}

/// `messages:` of a notifier: `{error: {message: "...", body: "..."}}`.
pub type Messages = BTreeMap<Moment, Text>;

/// A notice in words, and what went wrong on the way.
#[derive(Debug, Clone)]
pub struct Texts {
    /// The notice, its message and body filled in.
    pub notice: Notice,
    /// Templates that failed, so that the default stands; one sentence each.
    pub problems: Vec<String>,
}

/// What happened to the subject, after its title; and the words by which a title says it itself.
fn verb(moment: Moment) -> (&'static str, &'static str) {
    match moment {
        Moment::Started => ("started", "start starts started starting begins began running"),
        Moment::Success => {
            ("succeeded", "succeeds succeeded success ok completed finished done works resolved fine")
        }
        Moment::Warning => ("ended with warnings", "warning warnings warns"),
        Moment::Error => (
            "failed",
            "fails failed failing failure error errors broken down unreachable critical alerting deviated",
        ),
        Moment::Canceled => ("was canceled", "canceled cancelled aborted interrupted"),
        Moment::Pending => ("waits for approval", "approval waits waiting review"),
        Moment::Approved => ("was approved", "approved"),
        Moment::Denied => ("was denied", "denied rejected"),
        Moment::TimedOut => ("was not answered in time", "timed"),
        Moment::Recovered => ("is well again", "again well recovered resolved fine ok up succeeded"),
        Moment::Changed => ("changed", "changed"),
        Moment::StillRunning => ("is still running", ""),
        Moment::Flapping => ("keeps changing", ""),
        Moment::Any => ("", ""),
    }
}

/// The default line: `deploy web failed after 4 min 10 s`. A title that says how it is stays as it is.
fn default_message(notice: &Notice) -> String {
    let title = one_line(&notice.title);
    let title = if title.trim().is_empty() { "an event without a title" } else { &title };
    if let Some(line) = alert(notice, title) {
        return line;
    }
    let so_far = || Some(notice.at.since(notice.started?).as_secs_f64());
    let span = if notice.moment == Moment::StillRunning { so_far() } else { notice.duration() };
    let after = span.filter(|seconds| *seconds > 0.0);
    let after = after.map(|seconds| format!(" after {}", human::duration(Duration::from_secs_f64(seconds))));
    let (verb, says) = verb(notice.moment);
    let lower = title.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let said = words.any(|word| says.split(' ').any(|known| !word.is_empty() && word == known));
    let blank = if verb.is_empty() || said { "" } else { " " };
    let verb = if said { "" } else { verb };
    one_line(&format!("{title}{blank}{verb}{}", after.unwrap_or_default()))
}

/// An alert does not fail: it fires, and is resolved.
fn alert(notice: &Notice, title: &str) -> Option<String> {
    let state = notice.kind.strip_prefix("alert.")?.replace('_', " ");
    if matches!(notice.moment, Moment::StillRunning | Moment::Flapping) {
        return None;
    }
    let span = notice.duration().filter(|seconds| *seconds > 0.0 && state == "resolved");
    let after = span.map(|seconds| format!(" after {}", human::duration(Duration::from_secs_f64(seconds))));
    Some(one_line(&format!("{state}{}: {title}", after.unwrap_or_default())))
}

/// The text for a notice: a cancellation is an error, a recovery a success, a change what it became, where nothing
/// else is said.
fn find<'a>(messages: &'a Messages, notice: &Notice) -> Option<&'a Text> {
    let nearest = match notice.moment {
        Moment::Canceled => Some(Moment::Error),
        Moment::Recovered => Some(Moment::Success),
        Moment::Changed => Some(notice.status.moment()),
        _ => None,
    };
    let nearest = nearest.and_then(|moment| messages.get(&moment));
    messages.get(&notice.moment).or(nearest).or_else(|| messages.get(&Moment::Any))
}

impl Texts {
    /// Words a notice. A template that fails falls back to the default and says so.
    pub fn of(mut notice: Notice, messages: &Messages, templates: &Templates) -> Self {
        if notice.message.is_empty() {
            notice.message = default_message(&notice);
        }
        let text = find(messages, &notice).cloned().unwrap_or_default();
        if text == Text::default() {
            return Self { notice, problems: Vec::new() };
        }
        let context = context::of(&notice);
        let mut problems = Vec::new();
        let key = notice.moment.word();
        let mut render = |part: &str, source: Option<&String>, context: &Value| {
            let name = format!("messages.{key}.{part}");
            let rendered = templates.render(&name, source?, context, Undefined::Strict);
            rendered.map_err(|error| problems.push(error.headline())).ok()
        };
        let message = render("message", text.message.as_ref(), &context);
        let message = message.map(|text| one_line(text.trim())).filter(|text| !text.is_empty());
        let body = render("body", text.body.as_ref(), &context);
        let html =
            text.html.as_ref().and_then(|_| render("html", text.html.as_ref(), &context::escaped(&context)));
        notice.message = message.unwrap_or(notice.message);
        notice.body = body.unwrap_or(notice.body);
        notice.html = html.unwrap_or_default();
        Self { notice, problems }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn words(notice: Notice, yaml: &str) -> Texts {
        Texts::of(notice, &serde_yaml::from_str(yaml).unwrap(), &Templates::default())
    }

    fn failed() -> Notice {
        let at = Timestamp::from_micros(1_000_000);
        let finished = Some(at.plus(Duration::from_secs(250)));
        let title = "deploy web".to_owned();
        Notice { title, moment: Moment::Error, started: Some(at), finished, ..Notice::default() }
    }

    #[test]
    fn every_moment_has_words() {
        assert_eq!(words(failed(), "{}").notice.message, "deploy web failed after 4 min 10 s");
        let running =
            Notice { moment: Moment::StillRunning, at: Timestamp::from_micros(61_000_000), ..failed() };
        assert_eq!(words(running, "{}").notice.message, "deploy web is still running after 1 min");
        let untitled = words(Notice { moment: Moment::Started, ..Notice::default() }, "{}");
        assert_eq!(untitled.notice.message, "an event without a title started");
    }

    #[test]
    fn a_title_that_says_how_it_is_is_not_told_twice() {
        let line = |title: &str, moment| {
            words(Notice { title: title.into(), moment, ..Notice::default() }, "{}").notice.message
        };
        assert_eq!(line("backup failed", Moment::Error), "backup failed");
        assert_eq!(line("the disk is fine", Moment::Recovered), "the disk is fine");
        assert_eq!(line("backup", Moment::Recovered), "backup is well again");
        assert_eq!(line("failover drill", Moment::Error), "failover drill failed");
    }

    #[test]
    fn an_own_text_replaces_the_default_for_its_moment() {
        let yaml = "{error: {message: '{{ event.title | upper }}!', body: 'took {{ event.duration }}'}}";
        let texts = words(failed(), yaml);
        assert_eq!(
            (texts.notice.message.as_str(), texts.notice.body.as_str()),
            ("DEPLOY WEB!", "took 250.0")
        );
        let canceled = words(Notice { moment: Moment::Canceled, ..failed() }, yaml);
        assert_eq!(canceled.notice.message, "DEPLOY WEB!");
        let started = words(Notice { moment: Moment::Started, ..failed() }, yaml);
        assert!(started.notice.message.starts_with("deploy web started"));
    }

    #[test]
    fn a_template_that_fails_falls_back_and_says_so() {
        let texts = words(failed(), "{error: {message: '{{ nobody.knows }}'}}");
        assert!(texts.notice.message.starts_with("deploy web failed"));
        assert_eq!(texts.problems.len(), 1);
        assert!(texts.problems[0].contains("messages.error.message"), "{:?}", texts.problems);
    }

    #[test]
    fn a_page_has_values_escaped_and_the_text_has_not() {
        let notice = Notice { title: "<b> & co".into(), ..failed() };
        let yaml = "{error: {body: '{{ event.title }}', html: '<p>{{ event.title }}</p>'}}";
        let notice = words(notice, yaml).notice;
        assert_eq!((notice.body.as_str(), notice.html.as_str()), ("<b> & co", "<p>&lt;b&gt; &amp; co</p>"));
    }

    #[test]
    fn a_line_break_in_a_title_cannot_make_a_second_line() {
        let notice = Notice { title: "a\r\nQUIT".into(), ..Notice::default() };
        assert_eq!(words(notice, "{}").notice.message, "a QUIT");
    }
}
