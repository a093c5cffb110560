//! Who else is told of a failure that nobody takes care of. A message to them waits in the store from the start; taking
//! care of the subject, or its end, drops it there.

use super::expand::{Story, is_about};
use crate::bot::home::Home;
use crate::model::{Moment, Subject};
use crate::route::{self, Decision, Outcome, When};
use crate::store::{Accept, ESCALATION, Scene, Sending};

/// Adds to `sends` what waits in case nobody takes care, when a failure begins; and the end of it for those who were told.
pub(super) fn escalate(
    home: &Home,
    accept: &Accept,
    scene: &dyn Scene,
    outcome: &Outcome,
    sends: &mut Vec<Sending>,
) {
    let before = scene.subject();
    let story = Story::of(accept, before);
    if route::begins(before, &accept.event) {
        begin(home, accept, &story, outcome, sends);
    } else if before.is_some_and(Subject::is_failing) && accept.event.status.is_success() {
        end(home, accept, &story, scene, sends);
    }
}

fn begin(home: &Home, accept: &Accept, story: &Story, outcome: &Outcome, sends: &mut Vec<Sending>) {
    for (route, escalation) in route::escalations(&home.notifying.rules, outcome.sends.iter()) {
        for name in escalation.to.iter().filter(|name| !is_about(&accept.event, name)) {
            let decision = Decision {
                line: route.line,
                notifier: name.clone(),
                options: None,
                moment: accept.event.status.moment(),
                when: When::Held(accept.at.plus(escalation.after)),
            };
            let waits = story.sendings(home, accept, &decision, None).into_iter();
            sends.extend(waits.map(|sending| Sending { purpose: ESCALATION.to_owned(), ..sending }));
        }
    }
}

/// Those who were told that nobody takes care are told that it is over.
fn end(home: &Home, accept: &Accept, story: &Story, scene: &dyn Scene, sends: &mut Vec<Sending>) {
    for slot in scene.escalated() {
        let told = |sending: &Sending| sending.slot == slot && sending.dropped.is_none();
        let Some(name) = slot.notifier.strip_prefix("notifier/").filter(|_| !sends.iter().any(told)) else {
            continue;
        };
        let decision = Decision {
            line: 0,
            notifier: name.to_owned(),
            options: None,
            moment: Moment::Recovered,
            when: When::Now,
        };
        let all = story.sendings(home, accept, &decision, None).into_iter();
        sends.extend(all.filter(|sending| sending.slot == slot));
    }
}
