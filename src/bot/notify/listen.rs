//! What an event means for those who listen to its topics, inside its transaction.

use serde_json::Value;

use super::expand::{Story, is_about};
use crate::bot::home::Home;
use crate::model::Moment;
use crate::route::{Decision, Muted, Outcome, When};
use crate::store::{Accept, Scene, Sending, Topical};
use crate::topic::{self, Asked, Sent};

/// What its topics remember and gather; who listens is added to `sends`, unless a route tells them the same.
pub(super) fn heard(
    home: &Home,
    muted: &[Muted],
    accept: &Accept,
    routed: &Outcome,
    scene: &dyn Scene,
    sends: &mut Vec<Sending>,
) -> Topical {
    let event = &accept.event;
    let asked = Asked { event, id: accept.id, now: accept.at };
    let outcome = topic::decide(&home.notifying.topics, asked, |topic, id| scene.remembered(topic, id));
    if !outcome.sends.is_empty() {
        let story = Story::of(accept, scene.subject());
        let key = event.subject();
        let silence = muted.iter().find(|silence| silence.holds(event, &key, story.level, accept.at));
        let mut told: Vec<(&str, Option<&Value>)> = routed
            .sends
            .iter()
            .filter(|it| it.is_sent())
            .map(|it| (&*it.notifier, it.options.as_ref()))
            .collect();
        for sent in outcome.sends.iter().filter(|sent| !is_about(event, &sent.notifier)) {
            let same = (sent.notifier.as_str(), sent.options.as_ref());
            if told.contains(&same) {
                continue;
            }
            let decision = decision(sent, event.status.moment(), silence);
            if decision.is_sent() {
                told.push(same);
            }
            sends.extend(story.sendings(home, accept, &decision, Some(&sent.handler)));
        }
    }
    let gathers = outcome.gathers.into_iter().map(|it| (it.topic, it.handler, it.interval)).collect();
    Topical { remembered: outcome.remembered, gathers, told: None }
}

fn decision(sent: &Sent, moment: Moment, silence: Option<&Muted>) -> Decision {
    let silenced = || silence.map(|silence| format!("silenced by {silence}"));
    let when = sent.dropped.clone().or_else(silenced).map_or(When::Now, When::Dropped);
    Decision { line: 0, notifier: sent.notifier.clone(), options: sent.options.clone(), moment, when }
}
