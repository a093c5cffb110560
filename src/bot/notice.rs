//! Tells the admins, once, when a change of the configuration brings something wrong with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::home::{Home, Homes};
use super::outbox::{Keep, Letter, Outbox, slot};
use super::reply;
use crate::model::Place;
use crate::net::World;
use crate::text::Post;

/// Works until `quit`. What is wrong at the start is not told: who starts the bot sees its log.
pub(super) async fn run(homes: Arc<Homes>, outbox: Arc<Outbox>, world: World, quit: CancellationToken) {
    let mut changes = homes.subscribe();
    let mut known = wrong(&homes.current());
    loop {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = quit.cancelled() => return,
        }
        let home = changes.borrow_and_update().clone();
        let found = wrong(&home);
        let new: Vec<String> = found.difference(&known).cloned().collect();
        if !new.is_empty() {
            tell(&home, &outbox, &world, &new);
        }
        known = found;
    }
}

fn wrong(home: &Home) -> BTreeSet<String> {
    let errors = home.problems.iter().filter(|problem| problem.is_fatal());
    errors.map(|problem| problem.error().headline()).collect()
}

/// An admin hears it in private, wherever the bot is connected.
fn tell(home: &Home, outbox: &Outbox, world: &World, wrong: &[String]) {
    let lane = format!("configuration/{}", world.now().as_micros());
    admins(home, outbox, &lane, reply::configuration(wrong));
}

/// Says something to each admin in private, once.
pub(super) fn admins(home: &Home, outbox: &Outbox, lane: &str, post: Post) {
    let post = Arc::new(post);
    for admin in &home.settings.admins {
        let place = Place::direct(admin.adapter().clone(), admin.id());
        outbox.put(Letter {
            slot: slot(&place, lane.to_owned()),
            place,
            post: post.clone(),
            answer: None,
            keep: Keep::Volatile,
        });
    }
}
