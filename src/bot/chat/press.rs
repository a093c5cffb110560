//! A button was pressed: what it stands for runs as if whoever pressed it had typed it there.

use std::sync::Arc;

use tracing::debug;

use super::heard::{By, Heard, as_typed};
use super::{Chat, Sure};
use crate::adapter::Press;
use crate::bot::choices::Declined;
use crate::bot::reply;
use crate::store::What;
use crate::text::{Post, Tone};

impl Chat {
    /// Carries out what a pressed button stands for, once for each press. What the store alone remembers is asked of it
    /// first; the caller never waits.
    pub fn pressed(self: &Arc<Self>, press: Press) {
        if !self.first_time(&press.key) {
            debug!(key = %press.key, "a press came again and is not heard again");
            return;
        }
        if self.choices.knows(&press.nonce) {
            return self.press(press);
        }
        let chat = self.clone();
        tokio::spawn(async move {
            chat.choices.recall(&press.nonce).await;
            chat.press(press);
        });
    }

    fn press(self: &Arc<Self>, press: Press) {
        let home = self.homes.current();
        let now = self.world.now();
        match self.choices.take(&press) {
            Ok(taken) => {
                let typed = taken.way().typed.clone();
                let message = as_typed(press, &typed, now);
                let heard = Heard::new(&home, message, &typed, By::Pressing(Some(Arc::new(taken))));
                self.carry_out(&heard, Sure::Yes);
            }
            Err(declined) => {
                let heard = Heard::new(&home, as_typed(press, "", now), "", By::Pressing(None));
                let (post, why) = answer(&declined);
                self.refuse(&heard, post, What::Refused, why);
            }
        }
    }
}

/// What somebody hears who pressed in vain, and what the audit log keeps of it.
fn answer(declined: &Declined) -> (Post, &'static str) {
    let plain = |sentence: &str| reply::problem(sentence).tone(Tone::Warning);
    match declined {
        Declined::Unknown => (
            plain(
                "I do not know that button any more: its message has changed since, or is too old; please type the command",
            ),
            "an unknown button",
        ),
        Declined::NotYours => (plain("that button is for whoever asked"), "somebody else's button"),
        Declined::Expired => {
            (plain("that button is too old by now; please type the command"), "an expired button")
        }
        Declined::Chosen(chosen, label) => (reply::chosen_before(chosen, label), "a used button"),
        Declined::Busy => (plain("somebody has just pressed that"), "a button in use"),
    }
}
