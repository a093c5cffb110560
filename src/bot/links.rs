//! The connections of the running bot: started, kept to the configuration, and called from outside.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::sync::watch;
use tracing::info;

use super::chat::Hearing;
use super::home::Home;
use super::hubots::{self, Hubot};
use super::{Bot, link};
use crate::adapter::{Abilities, Call, Ears, Link, Returned, Service};
use crate::config::instances::Instance;
use crate::model::AdapterName;

/// One connection under its supervisor.
pub(super) struct Running {
    /// None for one that the program brings along.
    instance: Option<Instance>,
    service: Arc<Service>,
    pub(super) link: Link,
    state: watch::Receiver<link::State>,
}

impl Bot {
    pub(super) fn links(&self) -> MutexGuard<'_, BTreeMap<AdapterName, Running>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ears and the queue of an adapter that somebody else runs, such as the terminal of this process.
    pub fn link(
        self: &Arc<Self>,
        name: &AdapterName,
        abilities: Abilities,
    ) -> (Link, watch::Receiver<link::State>) {
        let (state, receiver) =
            watch::channel(link::State::Connecting { since: self.world.now(), why: None });
        (self.link_with(name, abilities, state), receiver)
    }

    /// The Hubot of that name, known from here on: what is said to its people goes to its streams.
    pub fn hubot(self: &Arc<Self>, name: &AdapterName) -> Arc<Hubot> {
        let (hubot, is_new) = self.hubots.open(name);
        if is_new {
            let (link, _) = self.link(name, hubots::ABILITIES);
            self.tasks.spawn(hubot.clone().serve(link));
        }
        hubot
    }

    fn link_with(
        self: &Arc<Self>,
        name: &AdapterName,
        abilities: Abilities,
        state: watch::Sender<link::State>,
    ) -> Link {
        let door = self.outbox.door(name, abilities);
        let ears: Arc<dyn Ears> = Hearing::new(self.chat.clone(), name.clone(), door.clone(), state);
        Link {
            name: name.clone(),
            bot: self.homes.current().settings.name.as_str().to_owned(),
            world: self.world.clone(),
            stop: self.quit.child_token(),
            ears,
            outlet: door,
        }
    }

    pub(super) fn settle_links(self: &Arc<Self>, home: &Home) {
        let mut links = self.links();
        links.retain(|name, running| {
            let is = |instance: &Instance| home.services.iter().any(|wired| wired.instance == *instance);
            let same = running.instance.as_ref().is_none_or(is);
            if !same {
                info!(adapter = %name, "disconnecting: its options changed");
                running.link.stop.cancel();
            }
            same
        });
        for wired in &home.services {
            let name = &wired.instance.name;
            if !links.contains_key(name) {
                let running = self.run_link(name, wired.service.clone(), Some(wired.instance.clone()));
                links.insert(name.clone(), running);
            }
        }
        self.show(&links);
    }

    /// Connects an adapter that nobody configures, under its own name, until the bot stops.
    pub fn host(self: &Arc<Self>, name: &AdapterName, service: Service) {
        let mut links = self.links();
        links.insert(name.clone(), self.run_link(name, Arc::new(service), None));
        self.show(&links);
    }

    /// Tells the chat how the connections stand.
    fn show(&self, links: &BTreeMap<AdapterName, Running>) {
        let states = links.iter().map(|(name, running)| (name.clone(), running.state.clone())).collect();
        *self.chat.links.lock().unwrap_or_else(PoisonError::into_inner) = states;
    }

    fn run_link(
        self: &Arc<Self>,
        name: &AdapterName,
        service: Arc<Service>,
        instance: Option<Instance>,
    ) -> Running {
        let (sender, state) = watch::channel(link::State::Connecting { since: self.world.now(), why: None });
        let link = self.link_with(name, service.abilities(), sender.clone());
        let own = link.clone();
        let on_loss =
            if service.exits_on_disconnect() { link::OnLoss::Exit } else { link::OnLoss::Reconnect };
        let (runs, end) = (service.clone(), self.end.clone());
        self.tasks.spawn(async move {
            if let Some(why) = link::keep(runs, own, on_loss, sender).await {
                // The receiver is gone only when the process is ending already.
                let _ = end.send(why).await;
            }
        });
        Running { instance, service, link, state }
    }

    /// Whether an adapter of that name is connected by this bot.
    pub fn has_adapter(&self, name: &AdapterName) -> bool {
        self.links().contains_key(name)
    }

    /// A request that a service made of our own listener, answered by the adapter; `None` where there is none of
    /// that name. What follows from it is heard or pressed.
    pub fn call(&self, name: &AdapterName, call: &Call<'_>) -> Option<Returned> {
        let (service, link) = {
            let links = self.links();
            let running = links.get(name)?;
            (running.service.clone(), running.link.clone())
        };
        Some(service.call(&link, call))
    }

    /// How the connections stand.
    pub fn adapters(&self) -> Vec<(AdapterName, link::State)> {
        self.links().iter().map(|(name, running)| (name.clone(), running.state.borrow().clone())).collect()
    }
}
