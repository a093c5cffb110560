//! Notifiers: how they stand, those that were added while the bot runs, test-sends.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::config::change;
use super::paging::{Listed, Nothing};
use super::problem::{Path, Problem, Raw};
use super::shapes::{Capabilities, NotifierLinks, NotifierSummary, SetBy};
use super::wanted::{Changes, Wanted, parts, read, row};
use super::{Site, notifications, tower};
use crate::bot::home::Home;
use crate::bot::notify::{NotifierHealth, Patch, notifier_name};
use crate::model::About;
use crate::notifier::{Row, schema};
use crate::store::{Backlog, Live, Reader};

/// A notifier and how it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Notifier {
    /// Its number, for good; none for one that is in no file and was never added.
    id: Option<i64>,
    /// Always `notification_template`, as clients of Tower expect.
    #[serde(rename = "type")]
    noun: &'static str,
    /// Where it is.
    url: String,
    /// Where more is.
    related: NotifierLinks,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Where it stands: `file` is changed in `notifiers.yaml` alone, `api` here.
    source: &'static str,
    /// Its kind.
    kind: String,
    /// Its kind, as clients of Tower expect.
    notification_type: String,
    /// Its options; a secret that is set is `$encrypted$`, and sent back so it stays.
    notification_configuration: Map<String, Value>,
    /// Its own texts, of one that was added.
    messages: Map<String, Value>,
    /// What a client of Tower said of it.
    organization: Value,
    /// How many of its deliveries may be on their way at once; the usual number without it.
    in_flight: Option<i64>,
    /// How many at most in a time, such as `10/s`.
    rate: Option<String>,
    /// Events below are not for it.
    level: Option<String>,
    /// The moments it hears of; all if empty.
    on: Vec<String>,
    /// Kinds of events that it takes; all if empty.
    events: Vec<String>,
    /// Who changed its options here last, and when.
    set: Option<SetBy>,
    /// Whether it takes part.
    enabled: bool,
    /// Where it sends.
    targets: Vec<String>,
    /// How it stands: up, failing, resting, off, stranded.
    state: &'static str,
    /// Deliveries that are to be sent now, or again.
    waiting: u64,
    /// Deliveries that wait for their time.
    held: u64,
    /// Deliveries that were given up.
    dead: u64,
    /// When the oldest of those that wait was made.
    oldest: Option<String>,
    /// Since when it fails.
    failing_since: Option<String>,
    /// What it said last when it failed.
    last_error: Option<String>,
}

/// The same with its last notifications.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Whole {
    #[serde(flatten)]
    notifier: Notifier,
    /// The last five notifications, and what may be done.
    summary_fields: NotifierSummary,
}

/// What there is to know.
struct Known {
    home: std::sync::Arc<Home>,
    live: std::sync::Arc<Live>,
    backlog: Vec<Backlog>,
    health: Vec<NotifierHealth>,
}

async fn known(site: &Site) -> Result<Known, Problem> {
    let backlog = site.bot.store().read(Reader::backlog).await?;
    let turn = site.bot.homes().turn().await;
    let (home, live) = (site.bot.homes().current(), turn.live().clone());
    drop(turn);
    Ok(Known { home, live, backlog, health: site.bot.notify().health() })
}

impl Known {
    fn view(&self, health: &NotifierHealth) -> Notifier {
        let notifying = &self.home.notifying;
        let name = &health.name;
        let slot = notifier_name(name);
        let backlog = self.backlog.iter().find(|one| one.notifier == slot);
        let count = |of: fn(&Backlog) -> u64| backlog.map_or(0, of);
        let filed = notifying.is_filed(name);
        let set = self.live.overrides.iter().find(|one| one.name == *name && one.added != filed);
        let told = set.filter(|one| one.added).map(|one| one.about.clone()).unwrap_or_default();
        let about = notifying.notifiers().get(name).map(|it| notifying.blueprint(it).1).unwrap_or_default();
        let id = notifying.number(name);
        let url = format!(
            "{}/notifiers/{}",
            super::catalogue::ROOT,
            id.map_or_else(|| name.clone(), |id| id.to_string())
        );
        Notifier {
            id,
            noun: "notification_template",
            related: NotifierLinks {
                test: format!("{url}/test"),
                notifications: format!("{url}/notifications"),
                copy: format!("{url}/copy"),
            },
            url,
            name: name.clone(),
            description: health.description.clone(),
            source: if filed { "file" } else { "api" },
            kind: health.kind.to_owned(),
            notification_type: health.kind.to_owned(),
            notification_configuration: self.options(name),
            messages: told.messages,
            organization: told.organization,
            in_flight: about.in_flight,
            rate: about.rate,
            level: about.level,
            on: about.on,
            events: about.events,
            set: set.map(SetBy::from),
            enabled: health.enabled,
            targets: health.targets.clone(),
            state: health.state,
            waiting: count(|one| one.waiting),
            held: count(|one| one.held),
            dead: count(|one| one.dead),
            oldest: backlog.and_then(|one| one.oldest).map(|time| time.to_string()),
            failing_since: health.failing_since.map(|time| time.to_string()),
            last_error: health.last_error.clone(),
        }
    }

    /// Its options with secrets as `$encrypted$`.
    fn options(&self, name: &str) -> Map<String, Value> {
        let Some(it) = self.home.notifying.notifiers().get(name) else { return Map::new() };
        let (mut options, cut) = it.shown();
        schema::encrypted(&mut options, &cut);
        options
    }

    fn of(&self, which: &str) -> Result<Notifier, Problem> {
        let name = named(&self.home, which)?;
        let health = self.health.iter().find(|one| one.name == name);
        Ok(self.view(health.ok_or_else(|| missing(which))?))
    }
}

pub(super) fn missing(which: &str) -> Problem {
    Problem::missing(format!("there is no notifier `{which}`: `chatops notifier list`"))
}

/// The name of a notifier that is named by its name or its number.
pub(super) fn named(home: &Home, which: &str) -> Result<String, Problem> {
    let notifiers = home.notifying.notifiers();
    if notifiers.contains_key(which) {
        return Ok(which.to_owned());
    }
    let numbered = which.parse().ok().and_then(|number| home.notifying.numbered(number));
    numbered.filter(|name| notifiers.contains_key(*name)).map(str::to_owned).ok_or_else(|| missing(which))
}

/// How every notifier stands, those that are configured no longer and have something waiting last.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Value>, Problem> {
    let known = known(&site).await?;
    let mut all: Vec<Notifier> = known.health.iter().map(|health| known.view(health)).collect();
    let is_known = |name: &str| known.health.iter().any(|one| one.name == name);
    for left in known.backlog.iter().filter(|left| left.waiting + left.held > 0) {
        if let Some(name) = left.notifier.strip_prefix("notifier/").filter(|name| !is_known(name)) {
            all.push(known.view(&NotifierHealth::stranded(name)));
        }
    }
    Ok(Json(paging.cut(all)?.also("notifiers", &paging)))
}

/// One notifier.
pub(super) async fn show(
    State(site): State<Site>,
    Path(which): Path<String>,
) -> Result<Json<Whole>, Problem> {
    let known = known(&site).await?;
    let notifier = known.of(&which)?;
    whole(&site, notifier).await.map(Json)
}

async fn whole(site: &Site, notifier: Notifier) -> Result<Whole, Problem> {
    let recent_notifications = notifications::recent(site, &notifier.name).await?;
    let may = notifier.source == "api";
    let user_capabilities = Capabilities { edit: may, delete: may, copy: true };
    let summary_fields = NotifierSummary { recent_notifications, user_capabilities };
    Ok(Whole { notifier, summary_fields })
}

/// The notifier of a name, as it is now.
pub(super) async fn now(site: &Site, name: &str) -> Result<Json<Whole>, Problem> {
    let notifier = known(site).await?.of(name)?;
    whole(site, notifier).await.map(Json)
}

/// Makes one: 201 with it.
pub(super) async fn create(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Raw(bytes): Raw,
) -> Result<(StatusCode, Json<Whole>), Problem> {
    let wanted: Wanted = read(&bytes)?;
    is_name(&wanted.name)?;
    let row = row(&wanted.notification_type)?;
    let (name, said) = (wanted.name.clone(), said("notifier added", &wanted.notification_configuration));
    let (options, about) = parts(row, wanted);
    change(&site, &caller, (row, &name), Patch::Make { options, about }, said).await?;
    Ok((StatusCode::CREATED, now(&site, &name).await?))
}

/// Whether a name is one: digits alone are numbers.
pub(super) fn is_name(name: &str) -> Result<(), Problem> {
    match name.chars().all(|c| c.is_ascii_digit()) {
        true => {
            let why = format!("name: `{name}` is no name: digits alone are numbers of notifiers");
            Err(Problem::wrong(why).field("name"))
        }
        false => Ok(()),
    }
}

/// What the audit log is told: the names of options, never their values.
fn said(change: &str, options: &Map<String, Value>) -> Value {
    json!({"change": change, "options": options.keys().collect::<Vec<_>>()})
}

/// Replaces one that was added.
pub(super) async fn replace(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(which): Path<String>,
    Raw(bytes): Raw,
) -> Result<Json<Whole>, Problem> {
    let before = known(&site).await?.of(&which)?;
    let wanted: Wanted = read(&bytes)?;
    let row = same(&before, Some(&wanted.name), Some(&wanted.notification_type))?;
    let said = said("notifier replaced", &wanted.notification_configuration);
    let (options, about) = parts(row, wanted);
    change(&site, &caller, (row, &before.name), Patch::Replace { options, about }, said).await?;
    now(&site, &before.name).await
}

/// Name and kind stay.
fn same(before: &Notifier, name: Option<&String>, kind: Option<&String>) -> Result<&'static Row, Problem> {
    if name.is_some_and(|name| *name != before.name) {
        return Err(
            Problem::wrong("name: it cannot be changed, deliveries and routes go by it").field("name")
        );
    }
    if kind.is_some_and(|kind| *kind != before.kind) {
        let why = "notification_type: it cannot be changed, make another notifier";
        return Err(Problem::wrong(why).field("notification_type"));
    }
    row(&before.kind)
}

/// Changes some of one that was added.
pub(super) async fn patch(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(which): Path<String>,
    Raw(bytes): Raw,
) -> Result<Json<Whole>, Problem> {
    let known_now = known(&site).await?;
    let before = known_now.of(&which)?;
    let changes: Changes = read(&bytes)?;
    let row = same(&before, changes.name.as_ref(), changes.notification_type.as_ref())?;
    let said = said("notifier changed", &changes.notification_configuration);
    let theirs = tower::options(row.kind, &schema::keys(&(row.schema)()), changes.notification_configuration);
    let mut options = before.notification_configuration.clone();
    for (key, value) in theirs {
        match value {
            Value::Null => drop(options.shift_remove(&key)),
            value => drop(options.insert(key, value)),
        }
    }
    let about = About {
        description: changes.description.unwrap_or(before.description),
        enabled: changes.enabled.unwrap_or(before.enabled),
        messages: changes.messages.unwrap_or(before.messages),
        organization: changes.organization.unwrap_or(before.organization),
        in_flight: changes.in_flight.unwrap_or(before.in_flight),
        rate: changes.rate.unwrap_or(before.rate),
        level: changes.level.unwrap_or(before.level),
        on: changes.on.unwrap_or(before.on),
        events: changes.events.unwrap_or(before.events),
    };
    change(&site, &caller, (row, &before.name), Patch::Replace { options, about }, said).await?;
    now(&site, &before.name).await
}

/// Removes one that was added.
pub(super) async fn remove(
    State(site): State<Site>,
    Extension(caller): Extension<Caller>,
    Path(which): Path<String>,
) -> Result<StatusCode, Problem> {
    let before = known(&site).await?.of(&which)?;
    if before.source == "file" {
        let why = format!("`{}` stands in notifiers.yaml: remove it there", before.name);
        return Err(Problem::new(StatusCode::CONFLICT, why));
    }
    let row = row(&before.kind)?;
    let said = json!({"change": "notifier removed"});
    change(&site, &caller, (row, &before.name), Patch::Remove, said).await?;
    Ok(StatusCode::NO_CONTENT)
}
