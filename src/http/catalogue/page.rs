//! The reference page: every call on one page of plain HTML, readable without any download or script.

use std::fmt::Write;

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use super::openapi::meaning;
use super::{Answer, Call, ROOT, calls};

/// How the page looks.
const STYLE: &str = include_str!("page.css");

/// The page.
pub(crate) async fn reference() -> Html<String> {
    Html(html())
}

/// Its style sheet.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

fn html() -> String {
    let all = calls();
    let mut tags: Vec<&str> = Vec::new();
    for call in &all {
        if !tags.contains(&call.tag()) {
            tags.push(call.tag());
        }
    }
    let links: String = tags.iter().map(|tag| format!("<a href=\"#{tag}\">{tag}</a>\n")).collect();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>chatops: HTTP API</title>\
         <link rel=\"stylesheet\" href=\"/api/style.css\"></head><body><header><h1>HTTP API</h1>\
         <p>Version {}. Every call takes <code>Authorization: Bearer TOKEN</code>; its scope stands beside it. \
         The same for programs: <a href=\"/api/openapi.json\">openapi.json</a>.</p><nav>{links}</nav></header><main>",
        env!("CARGO_PKG_VERSION")
    );
    for tag in tags {
        let own: String = all.iter().filter(|call| call.tag() == tag).map(section).collect();
        page += &format!("<section id=\"{tag}\"><h2>{tag}</h2>{own}</section>");
    }
    page + "</main></body></html>\n"
}

fn section(call: &Call) -> String {
    let mut out = format!(
        "<article><h3><b class=\"{0}\">{0}</b> <code>{ROOT}{1}</code> <i>{2}</i></h3><p>{3}.</p>",
        call.method,
        escape(call.path),
        call.scope,
        escape(call.summary)
    );
    for query in &call.query {
        out += &keys("Behind <code>?</code>", &query());
    }
    if let Some(body) = &call.body {
        let title = if body.optional { "Body, where there is one" } else { "Body" };
        out += &keys(title, &(body.schema)());
    }
    for answer in &call.answers {
        out += &given(answer);
    }
    let refusals = call.refusals();
    let refusals =
        refusals.iter().map(|status| format!("<abbr title=\"{}\">{status}</abbr>", meaning(*status)));
    out += &format!("<p class=\"no\">Refusals: {}</p></article>", refusals.collect::<Vec<_>>().join(" "));
    out
}

fn given(answer: &Answer) -> String {
    keys(&format!("Answer {} <small>{}</small>", answer.status, answer.kind), &(answer.schema)())
}

/// The keys of an object as a table; another schema by its kind.
fn keys(title: &str, schema: &Value) -> String {
    let mut out = format!("<details><summary>{title}</summary>");
    match schema["properties"].as_object() {
        Some(properties) => {
            out += "<table>";
            for (name, own) in properties {
                let needed =
                    schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
                let mark = if needed { "" } else { " <small>may be left out</small>" };
                // Writing to a text cannot fail.
                let _ = write!(
                    out,
                    "<tr><th>{}{mark}</th><td>{}</td><td>{}</td></tr>",
                    escape(name),
                    escape(&kind(own)),
                    escape(own["description"].as_str().unwrap_or_default())
                );
            }
            out += "</table>";
        }
        None => out += &format!("<p>{}</p>", escape(&kind(schema))),
    }
    out + "</details>"
}

/// What kind of value a schema is of, in words.
fn kind(schema: &Value) -> String {
    let alternatives = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
    if let Some(all) = alternatives {
        let kinds: Vec<String> = all.iter().map(kind).filter(|kind| kind != "null").collect();
        return kinds.join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        let words: Vec<String> =
            values.iter().map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned)).collect();
        return words.join(", ");
    }
    match &schema["type"] {
        Value::String(word) if word == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            let words: Vec<&str> =
                words.iter().filter_map(Value::as_str).filter(|word| *word != "null").collect();
            words.join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_on_the_page_and_nothing_is_fetched_or_run() {
        let page = html();
        for call in calls() {
            let shown =
                format!("<b class=\"{0}\">{0}</b> <code>{ROOT}{1}</code>", call.method, escape(call.path));
            assert!(page.contains(&shown), "{shown}");
        }
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    }
}
