//! What can be done about an execution by a button: end it, or run it again.

use std::time::Duration;

use super::{Engine, Job};
use crate::bot::choices::{After, Terms};
use crate::bot::outbox::slot;
use crate::model::{Ends, Execution, Offer, Place, Status, Way};
use crate::text::Post;

/// For how long a failed command can be run again by its button.
const AGAIN: Duration = Duration::from_secs(24 * 3600);

/// Longer than anything runs: the message loses the button when the result takes its place.
const KILL: Duration = Duration::from_secs(8 * 24 * 3600);

/// How an execution that did not go well is run again by a button, with the rights of whoever presses.
pub fn again(execution: &Execution) -> Option<Terms> {
    let ended = matches!(execution.status, Status::Failed | Status::Timeout | Status::Abandoned);
    let way = Way::new("run it again", format!("rerun {}", execution.id), Ends::All);
    ended.then(|| Terms { may: None, lasts: AGAIN, ways: vec![way], after: After::Tells })
}

impl Engine {
    /// A message about an open execution, with the button that ends it: one offer for all such messages.
    pub(super) fn with_kill(&self, job: &Job, mut post: Post) -> Post {
        let Some(place) = job.order.place() else { return post };
        let buttons = job.buttons.get_or_init(|| {
            let way = Way::new("end it", format!("kill {}", job.id), Ends::Nothing);
            let terms = Terms { may: None, lasts: KILL, ways: vec![way], after: After::Stays };
            let mut carrier = Post::default();
            self.choices.offer(&mut carrier, &slot(place, job.lane()), place, terms);
            carrier.choices
        });
        post.choices.clone_from(buttons);
        post
    }

    /// Gives the result the button that runs it again, where it may be wanted. Who asked may run it: it just did.
    pub(super) fn with_again(
        &self,
        job: &Job,
        execution: &Execution,
        place: &Place,
        post: &mut Post,
    ) -> Option<Box<Offer>> {
        let terms = again(execution).filter(|_| self.choices.have_buttons(place))?;
        self.choices.attach(post, &slot(place, job.lane()), place, terms)
    }
}

impl Job {
    /// What its messages are about.
    pub(super) fn lane(&self) -> String {
        format!("execution/{}", self.id)
    }
}
