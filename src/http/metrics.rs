//! `/metrics`: what the bot does, in the text form of Prometheus,
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>. Needs a token with the scope `read`.

use std::fmt::{Display, Write};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::{Site, adapters};
use crate::bot::engine::ENDS;
use crate::model::{Status, Timestamp};
use crate::store::{Backlog, Reader};

/// How the form is called in a head.
const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is counted.
pub(super) async fn all(State(site): State<Site>) -> Result<Response, Problem> {
    let backlog = site.bot.store().read(Reader::backlog).await?;
    let mut page = Page::default();
    process(&site, &mut page);
    sent(&site, &mut page);
    waiting(&backlog, site.world.now(), &mut page);
    commands(&site, &mut page);
    Ok(([(header::CONTENT_TYPE, KIND)], page.0).into_response())
}

/// The text so far.
#[derive(Default)]
struct Page(String);

impl Page {
    /// Begins a metric.
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP chatops_{name} {help}\n# TYPE chatops_{name} {kind}"));
    }

    fn line(&mut self, line: impl Display) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(key, text)| format!("{key}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.line(format_args!("chatops_{name}{labels} {value}"));
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn process(site: &Site, page: &mut Page) {
    page.metric("build_info", "gauge", "The program's version.");
    page.value("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.metric("uptime_seconds", "gauge", "For how long the bot runs.");
    page.value("uptime_seconds", &[], site.world.now().since(site.started).as_secs());
    page.metric("adapter_up", "gauge", "Whether a connection to a chat service is up.");
    for one in adapters::all(site) {
        let labels = [("adapter", one.name()), ("kind", one.kind()), ("state", one.state())];
        page.value("adapter_up", &labels, u8::from(one.state() == "up"));
    }
    let (people, events) = site.bot.store().waiting();
    page.metric("store_queue_length", "gauge", "Writes that wait for the disk.");
    page.value("store_queue_length", &[("queue", "changes")], people);
    page.value("store_queue_length", &[("queue", "events")], events);
}

fn sent(site: &Site, page: &mut Page) {
    let counters = site.bot.notify().counters();
    let (accepted, repeated) = counters.events();
    page.metric("events_accepted_total", "counter", "Events that were taken.");
    page.value("events_accepted_total", &[], accepted);
    page.metric("events_repeated_total", "counter", "Events that had been told before.");
    page.value("events_repeated_total", &[], repeated);
    let all = counters.sends();
    page.metric("deliveries_delivered_total", "counter", "Deliveries that the other side took.");
    for (notifier, own) in &all {
        page.value("deliveries_delivered_total", &[("notifier", notifier)], own.delivered);
    }
    page.metric("deliveries_retried_total", "counter", "Tries that failed and are made again.");
    for (notifier, own) in &all {
        page.value("deliveries_retried_total", &[("notifier", notifier)], own.retried);
    }
    page.metric("deliveries_dead_total", "counter", "Deliveries that were given up.");
    for (notifier, own) in &all {
        for (reason, count) in &own.dead {
            page.value("deliveries_dead_total", &[("notifier", notifier), ("reason", reason)], count);
        }
    }
    page.metric("notifier_up", "gauge", "Whether a notifier takes what it is sent.");
    for one in site.bot.notify().health() {
        let labels = [("notifier", one.name.as_str()), ("kind", one.kind), ("state", one.state)];
        page.value("notifier_up", &labels, u8::from(one.state == "up"));
    }
}

fn waiting(backlog: &[Backlog], now: Timestamp, page: &mut Page) {
    let short = |slot: &str| slot.strip_prefix("notifier/").unwrap_or(slot).to_owned();
    page.metric(
        "deliveries",
        "gauge",
        "Deliveries that wait, are held for their time, or were given up and not purged.",
    );
    for one in backlog {
        let name = short(&one.notifier);
        for (state, count) in [("due", one.waiting), ("held", one.held), ("dead", one.dead)] {
            page.value("deliveries", &[("notifier", &name), ("state", state)], count);
        }
    }
    page.metric("deliveries_oldest_pending_seconds", "gauge", "The age of the oldest delivery that waits.");
    for one in backlog {
        let age = one.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
        page.value("deliveries_oldest_pending_seconds", &[("notifier", &short(&one.notifier))], age);
    }
}

fn commands(site: &Site, page: &mut Page) {
    let open = site.bot.engine().list();
    let count = |status: Status| open.iter().filter(|one| one.status == status).count();
    page.metric("commands_open", "gauge", "Commands that run, and those that wait for a place or a lock.");
    page.value("commands_open", &[("state", "running")], count(Status::Running));
    page.value("commands_open", &[("state", "waiting")], count(Status::Requested));
    let name = "command_duration_seconds";
    page.metric(name, "histogram", "From a command to its end, by how it ended.");
    for (status, own) in site.bot.engine().durations().all() {
        for (end, at_most) in ENDS.iter().zip(own.at_most) {
            page.value(&format!("{name}_bucket"), &[("status", status), ("le", &end.to_string())], at_most);
        }
        page.value(&format!("{name}_bucket"), &[("status", status), ("le", "+Inf")], own.count);
        page.value(&format!("{name}_sum"), &[("status", status)], own.sum);
        page.value(&format!("{name}_count"), &[("status", status)], own.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        let mut page = Page::default();
        page.value("x", &[("name", "a\"b\\c\nd")], 1);
        assert_eq!(page.0, "chatops_x{name=\"a\\\"b\\\\c\\nd\"} 1\n");
    }
}
