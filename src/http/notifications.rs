//! Notifications: an event at a notifier, as Tower counts them; one delivery for each target of the notifier. The
//! number of a notification is that of its first delivery; that of any other finds it too.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::deliveries::{self, Delivery, named, slot_name};
use super::paging::{Listed, Nothing, Page, Paging};
use super::problem::{Path, Problem};
use super::shapes::{NotificationLinks, NotificationSummary, NotifierBrief, Recent};
use super::{Site, executions, notifiers, when};
use crate::bot::home::Home;
use crate::store::{NotificationFilter, Reader, Slice, StoreError, Stored, StoredEvent};

/// Which notifications to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    /// Of this notifier, by its name or number.
    notifier: Option<String>,
    /// The same, as clients of Tower say it.
    notification_template: Option<String>,
    /// That stand so: pending, successful, failed, dropped.
    status: Option<Standing>,
    /// Of this kind of notifier.
    notification_type: Option<String>,
    /// Made since: a time, a date, or a span before now such as `2h`.
    since: Option<String>,
}

/// How a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    /// Some of it waits.
    Pending,
    /// All targets have it.
    Successful,
    /// Some targets have it, some were given up.
    Partial,
    /// It was given up.
    Failed,
    /// It was not to be sent.
    Dropped,
}

impl Standing {
    pub(super) fn of(states: &[&str]) -> Self {
        let is = |state: &str| states.contains(&state);
        match (is("due") || is("held"), is("sent"), is("dead")) {
            (true, ..) => Self::Pending,
            (_, true, true) => Self::Partial,
            (_, true, false) => Self::Successful,
            (_, false, true) => Self::Failed,
            (_, false, false) => Self::Dropped,
        }
    }
}

/// An event at a notifier.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Notification {
    /// Its number.
    id: i64,
    /// Always `notification`.
    #[serde(rename = "type")]
    noun: &'static str,
    /// Where it is.
    url: String,
    /// Where its notifier and its event are.
    related: NotificationLinks,
    /// What its notifier is.
    summary_fields: NotificationSummary,
    /// When it was made.
    created: String,
    /// When it was sent or given up.
    modified: Option<String>,
    /// The number of its notifier.
    notification_template: Option<i64>,
    /// The name of its notifier.
    notifier: String,
    /// The kind of its notifier.
    notification_type: Option<String>,
    /// How it stands.
    status: Standing,
    /// What the other side said when it refused.
    error: String,
    /// How many targets have it.
    notifications_sent: usize,
    /// The targets.
    recipients: String,
    /// The line of the event.
    subject: String,
    /// More lines of the event.
    body: String,
    /// The event.
    event: Option<i64>,
    /// Each target.
    deliveries: Vec<Delivery>,
}

/// One notification: its deliveries, the first of them first, and its event.
struct Group {
    deliveries: Vec<Stored>,
    event: Option<Arc<crate::model::Event>>,
}

fn view(home: &Home, group: &Group) -> Option<Notification> {
    let first = group.deliveries.first()?;
    let (name, _) = named(&first.slot.notifier);
    let number = home.notifying.number(name);
    let kind = home.notifying.notifiers().get(name).map(|it| it.service.kind().to_owned());
    let states: Vec<&str> = group.deliveries.iter().map(|one| one.state.as_str()).collect();
    let bad = group.deliveries.iter().filter(|one| one.state != "sent").filter_map(|one| one.answer.clone());
    let root = super::catalogue::ROOT;
    let event = first.event.map(|event| format!("{root}/events/{event}"));
    let description = home.notifying.notifiers().get(name).map(|it| it.description.clone());
    Some(Notification {
        id: first.id,
        noun: "notification",
        url: format!("{root}/notifications/{}", first.id),
        related: NotificationLinks {
            notification_template: number.map(|id| format!("{root}/notifiers/{id}")),
            event,
        },
        summary_fields: NotificationSummary {
            notification_template: NotifierBrief { id: number, name: name.to_owned(), description },
        },
        created: first.made.to_string(),
        modified: group.deliveries.iter().filter_map(|one| one.done).max().map(|time| time.to_string()),
        notification_template: number,
        notifier: name.to_owned(),
        notification_type: kind,
        status: Standing::of(&states),
        error: bad.collect::<Vec<_>>().join("; "),
        notifications_sent: states.iter().filter(|state| **state == "sent").count(),
        recipients: group
            .deliveries
            .iter()
            .map(|one| one.slot.target.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        subject: group.event.as_ref().map(|event| event.title.clone()).unwrap_or_default(),
        body: group.event.as_ref().map(|event| event.text.clone()).unwrap_or_default(),
        event: first.event,
        deliveries: group.deliveries.iter().map(deliveries::view).collect(),
    })
}

/// The notifications that begin with these deliveries, in their order.
fn groups(reader: &Reader, firsts: Vec<Stored>) -> Result<Vec<Group>, StoreError> {
    let mut events: BTreeMap<i64, Option<StoredEvent>> = BTreeMap::new();
    let mut all = Vec::with_capacity(firsts.len());
    for first in firsts {
        let event = match first.event {
            None => None,
            Some(id) => {
                if let std::collections::btree_map::Entry::Vacant(entry) = events.entry(id) {
                    entry.insert(reader.event(id)?);
                }
                events.get(&id).and_then(|event| event.as_ref().map(|event| event.event.clone()))
            }
        };
        all.push(Group { deliveries: reader.same_notification(&first)?, event });
    }
    Ok(all)
}

async fn page(
    site: &Site,
    paging: &Paging,
    filter: NotificationFilter,
) -> Result<Page<Notification>, Problem> {
    let slice = paging.slice(&[("id", "id"), ("created", "made"), ("notifier", "notifier")])?;
    let home = site.bot.homes().current();
    let read = site.bot.store().read(move |reader| {
        let (count, firsts) = reader.notification_page(&filter, &slice)?;
        Ok((count, groups(reader, firsts)?))
    });
    let (count, found) = read.await?;
    paging.page(count, found.iter().filter_map(|group| view(&home, group)).collect())
}

/// The history, the newest first; `search` looks into subjects, targets and answers.
pub(super) async fn list(
    State(site): State<Site>,
    Listed { asked, paging }: Listed<Asked>,
) -> Result<Json<Page<Notification>>, Problem> {
    let home = site.bot.homes().current();
    let which = asked.notifier.as_ref().or(asked.notification_template.as_ref());
    let mut names = which.map(|which| vec![name_of(&home, which)]);
    if let Some(kind) = &asked.notification_type {
        let of_kind = home.notifying.notifiers().iter().filter(|(_, it)| it.service.kind() == kind);
        let of_kind: Vec<String> = of_kind.map(|(name, _)| slot_name(name)).collect();
        names = Some(match names {
            Some(names) => names.into_iter().filter(|name| of_kind.contains(name)).collect(),
            None => of_kind,
        });
    }
    let filter = NotificationFilter {
        notifiers: names,
        states: asked.status.map(states).unwrap_or_default(),
        since: when::optional(asked.since.as_ref(), "since", site.world.now())?,
        text: paging.search(),
        ..NotificationFilter::default()
    };
    page(&site, &paging, filter).await.map(Json)
}

/// The slot of a notifier, also of one that is gone.
fn name_of(home: &Home, which: &str) -> String {
    let number = which.parse().ok().and_then(|number| home.notifying.numbered(number));
    let is_name = home.notifying.notifiers().contains_key(which);
    slot_name(number.filter(|_| !is_name).unwrap_or(which))
}

/// The states of the first delivery that a standing may have.
fn states(standing: Standing) -> Vec<&'static str> {
    match standing {
        Standing::Pending => vec!["due", "held"],
        Standing::Successful | Standing::Partial => vec!["sent"],
        Standing::Failed => vec!["dead"],
        Standing::Dropped => vec!["dropped"],
    }
}

/// The history of one notifier.
pub(super) async fn of_notifier(
    State(site): State<Site>,
    Path(which): Path<String>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Notification>>, Problem> {
    let name = notifiers::named(&site.bot.homes().current(), &which)?;
    let filter = NotificationFilter {
        notifiers: Some(vec![slot_name(&name)]),
        text: paging.search(),
        ..NotificationFilter::default()
    };
    page(&site, &paging, filter).await.map(Json)
}

/// What became of one event, at each notifier.
pub(super) async fn of_event(
    State(site): State<Site>,
    Path(id): Path<i64>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Notification>>, Problem> {
    let known = site.bot.store().read(move |reader| reader.event(id)).await?;
    known.ok_or_else(|| Problem::missing(format!("there is no event {id}")))?;
    let filter = NotificationFilter { events: Some(vec![id]), ..NotificationFilter::default() };
    page(&site, &paging, filter).await.map(Json)
}

/// What was told of one execution.
pub(super) async fn of_execution(
    State(site): State<Site>,
    Path(id): Path<i64>,
    Listed { paging, asked: Nothing {} }: Listed<Nothing>,
) -> Result<Json<Page<Notification>>, Problem> {
    executions::found(&site, id).await?;
    let events = site.bot.store().read(move |reader| reader.events_of_execution(id)).await?;
    let filter = NotificationFilter { events: Some(events), ..NotificationFilter::default() };
    page(&site, &paging, filter).await.map(Json)
}

/// One notification.
pub(super) async fn show(
    State(site): State<Site>,
    Path(id): Path<i64>,
) -> Result<Json<Notification>, Problem> {
    let read = site.bot.store().read(move |reader| {
        let Some(one) = reader.delivery(id)? else { return Ok(None) };
        groups(reader, vec![one]).map(|mut all| all.pop())
    });
    let group = read.await?.filter(|group| group.deliveries.iter().any(|one| named(&one.slot.notifier).1));
    let home = site.bot.homes().current();
    let found = group.and_then(|group| view(&home, &group));
    found.map(Json).ok_or_else(|| Problem::missing(format!("there is no notification {id}")))
}

/// The last five of a notifier, as Tower shows them beside it.
pub(super) async fn recent(site: &Site, notifier: &str) -> Result<Vec<Recent>, Problem> {
    let filter =
        NotificationFilter { notifiers: Some(vec![slot_name(notifier)]), ..NotificationFilter::default() };
    let slice = Slice { offset: 0, limit: 5, order: None };
    let home = site.bot.homes().current();
    let read = site.bot.store().read(move |reader| {
        let firsts = reader.notifications(&filter, &slice)?;
        groups(reader, firsts)
    });
    let brief =
        |one: Notification| Recent { id: one.id, status: one.status, created: one.created, error: one.error };
    Ok(read.await?.iter().filter_map(|group| view(&home, group)).map(brief).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_stands_as_its_targets_do() {
        for (states, standing) in [
            (&["sent", "due"][..], Standing::Pending),
            (&["sent", "sent"], Standing::Successful),
            (&["sent", "dead"], Standing::Partial),
            (&["dead"], Standing::Failed),
            (&["dropped"], Standing::Dropped),
        ] {
            assert_eq!(Standing::of(states), standing, "{states:?}");
        }
    }
}
