//! The templates of the pages: read once, everything that is put into them escaped.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, Value as Shown};
use serde_json::{Map, Value, json};
use tracing::error;

use super::post::sentence;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, Entry, NAVIGATION, assets};
use crate::http::caller::Scope;

/// The templates by name.
const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("pages/base.html")),
    ("ui.html", include_str!("pages/ui.html")),
    ("icons.html", include_str!("pages/icons.html")),
    ("login.html", include_str!("pages/login.html")),
    ("overview.html", include_str!("pages/overview.html")),
    ("part_adapters.html", include_str!("pages/part_adapters.html")),
    ("part_running.html", include_str!("pages/part_running.html")),
    ("part_deliveries.html", include_str!("pages/part_deliveries.html")),
    ("part_recent.html", include_str!("pages/part_recent.html")),
    ("chat.html", include_str!("pages/chat.html")),
    ("executions.html", include_str!("pages/executions.html")),
    ("execution.html", include_str!("pages/execution.html")),
    ("part_execution.html", include_str!("pages/part_execution.html")),
    ("part_tasks.html", include_str!("pages/part_tasks.html")),
    ("approvals.html", include_str!("pages/approvals.html")),
    ("part_wait.html", include_str!("pages/part_wait.html")),
    ("schedules.html", include_str!("pages/schedules.html")),
    ("aliases.html", include_str!("pages/aliases.html")),
    ("events.html", include_str!("pages/events.html")),
    ("event.html", include_str!("pages/event.html")),
    ("deliveries.html", include_str!("pages/deliveries.html")),
    ("delivery.html", include_str!("pages/delivery.html")),
    ("notifiers.html", include_str!("pages/notifiers.html")),
    ("tested.html", include_str!("pages/tested.html")),
    ("silences.html", include_str!("pages/silences.html")),
    ("audit.html", include_str!("pages/audit.html")),
];

/// What is said at the top of a page after something was done, by the word in its address.
const DONE: &[(&str, &str)] = &[
    ("rerun", "It runs again: this is the new execution."),
    ("goes-on", "It goes on from what failed: this is the new execution."),
    ("canceling", "It is told to end."),
    ("pause", "Nothing new is started; what runs comes to its end."),
    ("resume", "It goes on."),
    ("approved", "You approved it: it runs."),
    ("counted", "Your word counts; it takes more."),
    ("denied", "You denied it."),
    ("withdrawn", "It is taken back."),
    ("answered", "It has your answer."),
    ("scheduled", "It is scheduled."),
    ("schedule-pause", "It rests."),
    ("schedule-resume", "It goes on."),
    ("schedule-remove", "It is removed."),
    ("replay", "They are sent again."),
    ("purge", "They are removed."),
    ("cancel", "They are let go of."),
    ("nothing", "Nothing was changed: what was chosen is not there any more, or has gone on."),
    ("silence", "The silence has begun."),
    ("unsilence", "The silence is over."),
];

/// A sentence of the bot as HTML: what stands in backticks is code.
fn ticked(text: &str) -> Shown {
    Shown::from_safe_string(sentence(text))
}

/// The templates, ready.
pub(super) struct Pages {
    templates: Environment<'static>,
    version: String,
}

impl Pages {
    /// Reads them; the names end in `.html`, so what is put in is escaped.
    pub(super) fn new() -> Self {
        let mut templates = Environment::new();
        templates.add_filter("ticked", ticked);
        for (name, source) in TEMPLATES {
            if let Err(error) = templates.add_template(name, source) {
                error!(name, %error, "a page of the console cannot be read");
            }
        }
        Self { templates, version: assets::version() }
    }

    /// One template with its values.
    ///
    /// # Errors
    /// It cannot be rendered: a mistake of the program.
    pub(super) fn render(&self, name: &str, values: &Value) -> Result<String, Trouble> {
        let rendered = self
            .templates
            .get_template(name)
            .and_then(|template| template.render(minijinja::value::Serde(values)));
        rendered.map_err(|why| {
            error!(name, error = ?why, "a page of the console cannot be made");
            Trouble::new(StatusCode::INTERNAL_SERVER_ERROR, "this page cannot be made; the log has more")
        })
    }
}

/// What stands around every page.
pub(super) struct Frame<'a> {
    /// The entry of the navigation that it belongs to.
    pub(super) entry: &'a str,
    /// Its own address, to come back to.
    pub(super) here: &'a str,
    /// What the browser's tab says.
    pub(super) title: &'a str,
    /// The word of what was just done.
    pub(super) done: &'a str,
}

impl Console {
    /// A whole page.
    ///
    /// # Errors
    /// It cannot be rendered.
    pub(super) fn page(
        &self,
        viewer: &Viewer,
        frame: &Frame<'_>,
        template: &str,
        values: Value,
    ) -> Result<Response, Trouble> {
        self.page_as(StatusCode::OK, viewer, frame, template, values)
    }

    /// The same with another status: something on it is wrong.
    pub(super) fn page_as(
        &self,
        status: StatusCode,
        viewer: &Viewer,
        frame: &Frame<'_>,
        template: &str,
        values: Value,
    ) -> Result<Response, Trouble> {
        let mut all = self.around(viewer, frame);
        if let Value::Object(values) = values {
            all.extend(values);
        }
        Ok((status, Html(self.pages.render(template, &Value::Object(all))?)).into_response())
    }

    fn around(&self, viewer: &Viewer, frame: &Frame<'_>) -> Map<String, Value> {
        let home = self.site.bot.homes().current();
        let waits = self.site.bot.engine().awaited();
        let seen = |entry: &&Entry| viewer.may(entry.scope);
        let entry = |entry: &Entry| {
            json!({
                "path": entry.path, "label": entry.label, "icon": entry.icon, "group": entry.group,
                "here": entry.path == frame.entry, "count": (entry.path == "/approvals").then_some(waits),
            })
        };
        let navigation: Vec<Value> = NAVIGATION.iter().filter(seen).map(entry).collect();
        let done = DONE.iter().find(|(word, _)| *word == frame.done).map(|(_, sentence)| *sentence);
        let values = json!({
            "bot": home.settings.name.as_str(), "prefix": home.settings.prefix.as_str(), "title": frame.title,
            "here": frame.here, "done": done, "who": viewer.person.id(), "theme": viewer.theme.word(),
            "csrf": viewer.session.csrf.expose(), "navigation": navigation, "version": self.pages.version,
            "may": {"run": viewer.may(Scope::Run), "deliver": viewer.may(Scope::Deliver), "read": viewer.may(Scope::Read), "audit": viewer.may(Scope::Audit)},
        });
        match values {
            Value::Object(values) => values,
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_read_and_none_holds_style_or_script_of_its_own() {
        let pages = Pages::new();
        for (name, source) in TEMPLATES {
            assert!(pages.templates.get_template(name).is_ok(), "{name}");
            for forbidden in [" style=", "<style", " onclick=", " onsubmit=", "javascript:", "<script>"] {
                assert!(!source.contains(forbidden), "{name} holds `{forbidden}`");
            }
        }
    }

    #[test]
    fn every_form_that_changes_something_carries_the_token_of_its_session() {
        for (name, source) in TEMPLATES.iter().filter(|(name, _)| *name != "login.html") {
            for form in source.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")) {
                let form = form.split("</form>").next().unwrap_or_default();
                assert!(form.contains("ui.token(csrf)"), "{name}: {form}");
            }
        }
    }

    #[test]
    fn what_stands_in_backticks_is_code_and_nothing_of_it_markup() {
        let mut pages = Pages::new();
        pages.templates.add_template("x.html", "{{ a|ticked }}").unwrap();
        let page = pages.render("x.html", &json!({"a": "no `<b>` in <i>"})).unwrap();
        assert_eq!(page, "no <code>&lt;b&gt;</code> in &lt;i&gt;");
    }

    #[test]
    fn what_is_put_into_a_page_is_escaped() {
        let mut pages = Pages::new();
        pages.templates.add_template("x.html", "<p title=\"{{ a }}\">{{ a }}</p>").unwrap();
        let page = pages.render("x.html", &json!({"a": "<script>\"'&"})).unwrap();
        assert!(
            !page.contains("<script>") && !page.contains("\"\"") && page.contains("&lt;script&gt;"),
            "{page}"
        );
    }
}
