//! The first page: how the bot is doing, at a glance.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};

use super::feed::{Sight, Topic, follow};
use super::fields::Asked;
use super::pages::Frame;
use super::trouble::Trouble;
use super::viewer::Viewer;
use super::{Console, audit, chart, shown, stream as live_stream};
use crate::bot::notify::notifier_name;
use crate::model::{Status, Timestamp};
use crate::store::{Backlog, Minute, Reader, Search};
use crate::text::human;

/// Audit records shown.
const RECENT: usize = 12;
/// Running commands shown.
const SHOWN: usize = 20;
/// What is counted is counted again after this.
const COUNTED: Duration = Duration::from_secs(5);

/// What was counted last, and when.
#[derive(Debug, Default)]
pub(super) struct Counted(std::sync::Mutex<Option<(Timestamp, Arc<Numbers>)>>);

#[derive(Debug, Default)]
struct Numbers {
    minutes: Vec<Minute>,
    backlog: Vec<Backlog>,
}

/// The page.
pub(super) async fn page(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
    Asked(asked): Asked,
) -> Result<Response, Trouble> {
    let frame = Frame { entry: "/", here: "/", title: "Overview", done: asked.raw("done") };
    let values = values(&console, Sight::of(&viewer)).await?;
    console.page(&viewer, &frame, "overview.html", values)
}

/// The same while it changes.
pub(super) async fn live(
    State(console): State<Arc<Console>>,
    Extension(viewer): Extension<Viewer>,
) -> Result<Response, Trouble> {
    let states = follow(&console, Topic::Overview(Sight::of(&viewer)));
    live_stream::live(&console, viewer, newest(states))
}

/// The states of a topic as they come; those that nobody had time for are passed over.
pub(super) fn newest(
    states: tokio::sync::watch::Receiver<Arc<str>>,
) -> impl stream::Stream<Item = Arc<str>> + Send {
    stream::unfold((states, true), |(mut states, first)| async move {
        let now = states.borrow_and_update().clone();
        if first && !now.is_empty() {
            return Some((now, (states, false)));
        }
        states.changed().await.ok()?;
        let now = states.borrow_and_update().clone();
        Some((now, (states, false)))
    })
}

/// What the script puts into the page: the parts that change, by their ids.
pub(super) async fn state(console: &Console, sight: Sight) -> Result<String, Trouble> {
    let values = values(console, sight).await?;
    let part = |name: &str| console.pages.render(name, &values);
    let parts = json!({
        "adapters": part("part_adapters.html")?, "running": part("part_running.html")?,
        "deliveries": part("part_deliveries.html")?, "recent": part("part_recent.html")?,
    });
    Ok(parts.to_string())
}

async fn values(console: &Console, sight: Sight) -> Result<Value, Trouble> {
    let (site, now) = (&console.site, console.site.world.now());
    let adapters: Vec<Value> = site
        .bot
        .adapters()
        .into_iter()
        .map(|(name, state)| shown::adapter(name.as_str(), &state, now))
        .collect();
    let search = Search { limit: RECENT, ..Search::default() };
    let records = match sight {
        Sight::Whole => site.bot.store().read(move |reader| reader.audit(&search)).await?,
        Sight::Plain => Vec::new(),
    };
    let open = site.bot.engine().list();
    let running = open.iter().take(SHOWN).map(|it| {
        let for_now = human::duration(Duration::from_secs(now.since(it.asked).as_secs() / 5 * 5));
        json!({
            "id": it.id, "name": it.name, "command": it.command, "status": it.status, "mood": "busy",
            "action": it.action, "for": for_now, "place": it.place.as_ref().map(ToString::to_string),
        })
    });
    let waits = open.iter().filter(|it| it.status == Status::Requested).count();
    let numbers = console.counted.newest(console).await?;
    Ok(json!({
        "adapters": adapters, "running": running.collect::<Vec<_>>(), "open": open.len(), "waits": waits,
        "more": open.len().saturating_sub(SHOWN),
        "recent": records.iter().map(|record| audit::shown(record, now)).collect::<Vec<_>>(),
        "problems": site.bot.homes().current().problems.iter().filter(|it| it.is_fatal()).count(),
        "uptime": uptime(now.since(site.started)),
        "deliveries": deliveries(console, &numbers, now),
    }))
}

/// In minutes: a page that looks different is sent again.
fn uptime(span: Duration) -> String {
    match span.as_secs() / 60 {
        0 => "less than a minute".to_owned(),
        minutes => human::duration(Duration::from_secs(minutes * 60)),
    }
}

fn deliveries(console: &Console, numbers: &Numbers, now: Timestamp) -> Value {
    let chart = chart::draw(&numbers.minutes, now);
    let sum = |of: fn(&Backlog) -> u64| numbers.backlog.iter().map(of).sum::<u64>();
    let oldest = numbers.backlog.iter().filter_map(|it| it.oldest).min();
    let health = console.site.bot.notify().health();
    let ill: Vec<Value> = health
        .iter()
        .filter(|it| it.failing_since.is_some())
        .map(|it| {
            let name = notifier_name(&it.name);
            let waits = numbers.backlog.iter().find(|one| one.notifier == name).map_or(0, |one| one.waiting);
            json!({"name": it.name, "since": shown::when_any(it.failing_since, now), "error": it.last_error, "waits": waits})
        })
        .collect();
    json!({
        "chart_html": chart.svg, "most": chart.most, "sent": chart.sent, "failed": chart.failed,
        "waiting": sum(|it| it.waiting), "held": sum(|it| it.held), "dead": sum(|it| it.dead),
        "oldest": shown::when_any(oldest, now), "ill": ill,
    })
}

impl Counted {
    /// What was counted within the last seconds, else now: everybody who looks shares it.
    async fn newest(&self, console: &Console) -> Result<Arc<Numbers>, Trouble> {
        let now = console.site.world.now();
        {
            let last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some((_, numbers)) = last.as_ref().filter(|(at, _)| now.since(*at) < COUNTED) {
                return Ok(numbers.clone());
            }
        }
        let since = Timestamp::from_micros(now.as_micros() - chart::MINUTES * 60_000_000);
        let count = move |reader: &Reader| {
            Ok(Numbers { minutes: reader.minutes(since)?, backlog: reader.backlog()? })
        };
        let numbers = Arc::new(console.site.bot.store().read(count).await?);
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((now, numbers.clone()));
        Ok(numbers)
    }
}
