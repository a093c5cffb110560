//! What was run and what runs: the list, one of them with its output, again and ending it.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::feed::{Topic, follow};
use super::fields::{Asked, Fields};
use super::overview::newest;
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, flow, shown, stream, to};
use crate::bot::approvals::Kind;
use crate::http::again::{goes_on, not_again};
use crate::http::problem::Problem;
use crate::model::{Execution, Person, Status};
use crate::store::{DeliveryFilter, Filter, Reader};
use crate::text::human;

/// Executions on a page.
const PAGE: usize = 50;
/// Lines of live output.
const LINES: usize = 200;
/// The most of one text that a page shows, in bytes; the whole is in the API.
const LONGEST: usize = 256 << 10;

/// The list.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let filter = filter(&asked)?;
    let mut found = console.site.bot.store().read(move |reader| reader.executions(&filter)).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let values = json!({
        "executions": found.iter().map(|it| shown::execution(it, now)).collect::<Vec<_>>(),
        "asked": asked.all(), "statuses": Status::ALL,
        "next": next.map(|id| asked.with("/executions", "before", Some(&id))),
        "first": asked.text("before").map(|_| asked.with("/executions", "before", None)),
    });
    let here = uri.to_string();
    let frame = Frame { entry: "/executions", here: &here, title: "Executions", done: asked.raw("done") };
    console.page(&viewer, &frame, "executions.html", values)
}

fn filter(asked: &Fields) -> Result<Filter, Trouble> {
    let person = asked.text("person").map(|text| text.parse::<Person>());
    let person = person.transpose().map_err(|error| Trouble::wrong(format!("person: {error}")))?;
    let statuses = match asked.raw("status") {
        "" => Vec::new(),
        "open" => Status::ALL.iter().copied().filter(|status| !status.is_final()).collect(),
        word => vec![word.parse().map_err(|error| Trouble::wrong(format!("status: {error}")))?],
    };
    Ok(Filter {
        person,
        statuses,
        action: asked.text("action"),
        text: asked.text("text"),
        before: asked.number("before")?,
        limit: PAGE + 1,
        ..Filter::default()
    })
}

async fn found(console: &Console, id: i64) -> Result<(Execution, Option<(Value, u64)>), Trouble> {
    let read = move |reader: &Reader| Ok((reader.execution(id)?, reader.result(id)?));
    let (execution, result) = console.site.bot.store().read(read).await?;
    let missing = || Trouble::missing(format!("there is no execution {id}"));
    Ok((execution.ok_or_else(missing)?, result))
}

/// One of them.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<i64>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    page(&console, &viewer, id, asked.raw("done"), None).await
}

/// Its page; what was refused stands above it.
pub(super) async fn page(
    console: &Console,
    viewer: &Viewer,
    id: i64,
    done: &str,
    wrong: Option<&Problem>,
) -> Result<Response, Trouble> {
    let now = console.site.world.now();
    let mut values = values(console, id).await?;
    let filter = DeliveryFilter { execution: Some(id), limit: 20, ..DeliveryFilter::default() };
    let deliveries = console.site.bot.store().read(move |reader| reader.deliveries(&filter)).await?;
    values["deliveries"] = deliveries.iter().map(|it| shown::delivery(it, now)).collect();
    if let Some(wrong) = wrong {
        values["wrong"] = json!(wrong.detail());
    }
    // What was done to it on the way is no news once it is over.
    let is_over = values["it"]["open"] == json!(false) && ["pause", "resume", "canceling"].contains(&done);
    let done = if is_over { "" } else { done };
    let (here, title) = (format!("/executions/{id}"), format!("Execution {id}"));
    let frame = Frame { entry: "/executions", here: &here, title: &title, done };
    let status = wrong.map_or(StatusCode::OK, Problem::status);
    console.page_as(status, viewer, &frame, "execution.html", values)
}

async fn values(console: &Console, id: i64) -> Result<Value, Trouble> {
    let now = console.site.world.now();
    let (execution, result) = found(console, id).await?;
    let parameters = Value::Object(execution.parameters.clone());
    let flow = flow::values(console, &execution).await?;
    let output = console.site.bot.engine().last_lines(id, LINES);
    let seconds = |span: Duration| human::duration(Duration::from_secs(span.as_secs()));
    let (result, seen) = result.map_or((None, None), |(result, seen)| (Some(result), Some(seen)));
    Ok(json!({
        "it": shown::execution(&execution, now), "elapsed": seconds(now.since(execution.asked)),
        "parameters": execution.parameters, "parameters_json": shown::pretty(&parameters),
        "output": output, "texts": result.as_ref().map(texts), "seen": seen.map(human::size),
        "result_json": result.as_ref().map(|result| cut(&shown::pretty(result))), "flow": flow,
        "waits_for": console.site.bot.engine().waits_for(id).map(Kind::word),
    }))
}

/// The texts in a result: of a command here, or of each host.
fn texts(result: &Value) -> Vec<Value> {
    let streams = |title: &str, result: &Value| -> Vec<Value> {
        let text =
            |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default().trim_end().to_owned();
        let shown = [("stdout", text("stdout")), ("stderr", text("stderr"))];
        let code = result.get("return_code").and_then(Value::as_i64);
        shown
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| json!({"title": title, "stream": name, "text": cut(&text), "code": code}))
            .collect()
    };
    let hosts = || result.as_object().into_iter().flatten().flat_map(|(host, one)| streams(host, one));
    let own = streams("", result);
    if own.is_empty() { hosts().collect() } else { own }
}

/// A text as far as a page shows it.
fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}\n… {} more", &text[..end], human::size((text.len() - end) as u64))
}

/// The same while it runs.
pub(super) async fn live(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    found(&console, id).await?;
    let states = follow(&console, Topic::Execution(id));
    stream::live(&console, viewer, newest(states))
}

/// What the script puts into the page.
pub(super) async fn state(console: &Console, id: i64) -> Result<String, Trouble> {
    let values = values(console, id).await?;
    let part = console.pages.render("part_execution.html", &values)?;
    let over = values["it"]["open"] == json!(false);
    Ok(json!({"execution": part, "over": over, "turn": values["flow"]["turn"]}).to_string())
}

/// Runs it again, as whoever asks now: a workflow from its start, from what failed, or from one of its tasks.
pub(super) async fn rerun(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Extension(fields): Extension<Fields>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let (execution, _) = found(&console, id).await?;
    let failed = fields.raw("from") == flow::FAILED;
    let task = fields.text("task").filter(|_| fields.raw("from") == flow::TASK);
    let goes_on = match goes_on(&execution, task.into_iter().collect(), failed) {
        Ok(goes_on) => goes_on,
        Err(problem) => return page(&console, &viewer, id, "", Some(&problem)).await,
    };
    let done = if goes_on.is_some() { "goes-on" } else { "rerun" };
    let submitted = match console.site.bot.rerun(viewer.person.clone(), execution, goes_on).await {
        Ok(submitted) => submitted.id,
        Err(why) => return page(&console, &viewer, id, "", Some(&not_again(&why))).await,
    };
    recorded(&console, submitted).await?;
    to(&format!("/executions/{submitted}?done={done}"))
}

/// Waits until an execution is recorded: ids are given before, and its page is there then.
async fn recorded(console: &Console, id: i64) -> Result<(), Trouble> {
    let looked = async {
        while console.site.bot.store().read(move |reader| reader.execution(id)).await?.is_none() {
            console.site.world.sleep(Duration::from_millis(20)).await;
        }
        Ok::<_, Trouble>(())
    };
    let within = console.site.world.timeout(Duration::from_secs(5), looked).await;
    within.map_err(|_| {
        Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "it cannot be recorded now, so it was not run")
    })?
}

/// Ends it.
pub(super) async fn cancel(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<i64>,
) -> Result<Response, Trouble> {
    let ended = console.site.bot.engine().kill_for(id, &viewer.asker());
    ended.map_err(|error| Trouble::new(StatusCode::CONFLICT, error.to_string()))?;
    to(&format!("/executions/{id}?done=canceling"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_a_result_is_found_here_and_by_host() {
        let here = texts(&json!({"stdout": "a\n", "stderr": "", "return_code": 0}));
        assert_eq!(here, [json!({"title": "", "stream": "stdout", "text": "a", "code": 0})]);
        let hosts = texts(&json!({"web1": {"stdout": "a", "stderr": "b"}, "web2": {"stdout": "c"}}));
        let titles: Vec<_> = hosts.iter().map(|it| it["title"].as_str().unwrap()).collect();
        assert_eq!(titles, ["web1", "web1", "web2"]);
        assert!(texts(&json!({"id": 7})).is_empty() && texts(&json!("x")).is_empty());
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters() {
        let cut = cut(&"é".repeat(LONGEST));
        assert!(cut.len() < LONGEST + 40 && cut.contains("… 256 KiB more"), "{}", &cut[cut.len() - 40..]);
    }
}
