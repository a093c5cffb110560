//! Alertmanager's webhook: prometheus.io/docs/alerting/latest/configuration/#webhook_config. A group may say
//! `firing` while one of its alerts is resolved, so each alert is a part with a status of its own.

use serde::Deserialize;

use super::alerts::{self, Flavour};
use super::proof::Scheme;
use super::{Body, Reading, Source, Unreadable};
use crate::model::Event;

/// Alertmanager.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alertmanager {}

const FLAVOUR: Flavour = Flavour { urls: &["/generatorURL"], also: "/receiver", home: "alertmanager" };

impl Source for Alertmanager {
    const SUMMARY: &'static str = "Prometheus Alertmanager's webhook";
    const PAGE: &'static str = include_str!("../../docs/sources/alertmanager.md");
    const SCHEME: Scheme = Scheme::Plain;

    fn read(&self, body: &Body<'_>) -> Result<Reading, Unreadable> {
        let sent = body.object()?;
        let event = alerts::group(&sent, &FLAVOUR)?;
        Ok(Event { payload: sent, ..event }.into())
    }

    fn tell(event: &Event) -> String {
        alerts::lines(event)
    }
}
