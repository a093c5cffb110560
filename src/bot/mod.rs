//! What people ask, and what becomes of it. Storeys, each seeing only those below it:
//! `rules`, `schedule` > `chat`, `console`, `hubots` > `engine` > `approvals`, `factors`, `notice` > `notify` > `choices` >
//! `outbox`, `link` > `home`, `reply`.

pub mod approvals;
mod ask;
pub mod chat;
pub mod choices;
pub mod console;
pub mod engine;
pub mod factors;
pub mod home;
pub mod hubots;
pub mod link;
mod links;
mod notice;
pub mod notify;
pub mod outbox;
pub mod reply;
mod rules;
mod schedule;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::config::Problem;
use crate::model::{AdapterName, Execution, Noun, Place};
use crate::net::World;
use crate::store::{Change, NewDelivery, Notice, Store, What};
use crate::text::{Addressee, Post};
use chat::{Chat, Hearing};
use choices::Choices;
use console::Console;
use engine::{Engine, Limits};
use home::{Home, Homes};
use hubots::Hubots;
use links::Running;
use notify::Notify;
use outbox::{Body, Outbox};

/// What is sent after the running work has ended may take this long.
const FLUSH: Duration = Duration::from_secs(5);

/// Adapters get this long to say good-bye.
const GOODBYE: Duration = Duration::from_secs(5);

/// The running bot.
pub struct Bot {
    homes: Arc<Homes>,
    chat: Arc<Chat>,
    engine: Arc<Engine>,
    outbox: Arc<Outbox>,
    notify: Arc<Notify>,
    console: Arc<Console>,
    hubots: Arc<Hubots>,
    store: Store,
    world: World,
    links: Mutex<BTreeMap<AdapterName, Running>>,
    tasks: TaskTracker,
    quit: CancellationToken,
    /// Why the process should end, told by a link that is not to reconnect.
    end: mpsc::Sender<String>,
}

/// What a reload found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Aliases in force, without the built-in ones.
    pub aliases: usize,
    /// Actions in force.
    pub actions: usize,
    /// What is wrong in single files.
    pub problems: Vec<Problem>,
}

impl Bot {
    /// Starts everything but the connections: what an earlier life left open is told to its people,
    /// what is due goes on. The receiver gets a sentence when the process should end by itself.
    pub async fn start(
        homes: Arc<Homes>,
        store: Store,
        world: World,
    ) -> anyhow::Result<(Arc<Self>, mpsc::Receiver<String>)> {
        let (end, ended) = mpsc::channel(4);
        homes.recall(&mut homes.turn().await).await?;
        let home = homes.current();
        let outbox = Outbox::new(store.clone(), world.clone());
        let choices = Choices::new(store.clone(), outbox.clone(), world.clone());
        let notify =
            Notify::new(store.clone(), homes.clone(), outbox.clone(), choices.clone(), world.clone());
        let engine = Engine::start(
            store.clone(),
            outbox.clone(),
            choices.clone(),
            notify.clone(),
            world.clone(),
            homes.clone(),
            limits(&home),
        );
        let chat = Chat::new(
            homes.clone(),
            engine.clone(),
            notify.clone(),
            outbox.clone(),
            choices,
            store.clone(),
            world.clone(),
        );
        let name = AdapterName::new("terminal")?;
        let (state, _) = watch::channel(link::State::Up { since: world.now() });
        let door = outbox.door(&name, console::ABILITIES);
        let ears = Hearing::new(chat.clone(), name.clone(), door, state);
        let console = Console::new(name, world.clone(), ears);
        let hubots = Hubots::new(&world);
        let bot = Arc::new(Self {
            homes,
            chat,
            engine,
            outbox,
            notify,
            console,
            hubots,
            store,
            world,
            links: Mutex::default(),
            tasks: TaskTracker::new(),
            quit: CancellationToken::new(),
            end,
        });
        bot.recover().await?;
        bot.engine.recall().await?;
        bot.engine.recall_flows().await?;
        bot.chat.recall().await;
        bot.chat.recall_pipes().await?;
        bot.notify.run().await;
        drop(bot.store.write(upkeep::life(&bot.world, What::Up)));
        let announcements = bot.engine.announcements();
        bot.tasks.spawn(bot.quit.clone().run_until_cancelled_owned(bot.hubots.clone().spread(announcements)));
        bot.tasks.spawn(upkeep::run(
            bot.store.clone(),
            bot.homes.clone(),
            bot.world.clone(),
            bot.quit.clone(),
        ));
        Ok((bot, ended))
    }

    /// Executions that were open when the process died are abandoned; the notices commit with that.
    async fn recover(&self) -> anyhow::Result<()> {
        let (store, now, choices) = (self.store.clone(), self.world.now(), self.chat.choices.clone());
        let piped = chat::left_in_pipes(&self.store).await?;
        let notice = move |execution: &Execution| {
            // A workflow tells of its steps itself, so does a pipe.
            let tells = execution.step.is_none() && !piped.contains(&execution.id);
            let place = execution.place.clone().filter(|_| tells)?;
            let slot = outbox::slot(&place, format!("execution/{}", execution.id));
            let mut post = addressed(reply::abandoned(execution), execution, &place);
            // Nothing is connected yet: a service without buttons leaves them out when it is sent.
            let terms = engine::again(execution);
            let offer = terms.and_then(|terms| choices.attach(&mut post, &slot, &place, terms));
            let told = Body { place, post }.delivery(store.id(Noun::Delivery), slot, "abandoned", now);
            Some(NewDelivery { execution: Some(execution.id), offer, ..told })
        };
        self.store.write(Change::Recover { at: now, notice: Notice::new(notice) }).await?;
        Ok(())
    }

    /// Serves terminals that attach through the API.
    pub fn serve_console(self: &Arc<Self>) {
        let name = AdapterName::new("terminal").expect("a good name");
        let (mut link, _) = self.link(&name, console::ABILITIES);
        link.stop = self.quit.clone();
        self.tasks.spawn(self.console.clone().serve(link));
    }

    /// Connects what is configured, and keeps to the configuration when it changes: adapters whose
    /// options changed start anew, the others do not notice.
    pub fn connect(self: &Arc<Self>) {
        self.settle_links(&self.homes.current());
        self.wake();
        let bot = self.clone();
        let mut changes = self.homes.subscribe();
        let (homes, outbox, world) = (self.homes.clone(), self.outbox.clone(), self.world.clone());
        self.tasks.spawn(notice::run(homes, outbox, world, self.quit.clone()));
        self.tasks.spawn(self.quit.clone().run_until_cancelled_owned(async move {
            while changes.changed().await.is_ok() {
                let home = changes.borrow_and_update().clone();
                bot.engine.set_limits(limits(&home));
                bot.settle_links(&home);
            }
        }));
    }

    /// From now on what is due is done, and what events cause is run: call it when there is somewhere to answer.
    pub fn wake(self: &Arc<Self>) {
        self.tasks.spawn(rules::run(self.chat.clone(), self.quit.clone()));
        self.tasks.spawn(schedule::run(self.chat.clone(), self.quit.clone()));
    }

    /// What is remembered.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What takes events and sees to their delivery.
    pub fn notify(&self) -> &Arc<Notify> {
        &self.notify
    }

    /// What runs commands.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The configuration, now and later.
    pub fn homes(&self) -> &Arc<Homes> {
        &self.homes
    }

    /// What hears and answers.
    pub fn chat(&self) -> &Arc<Chat> {
        &self.chat
    }

    /// Terminals that attach through the API.
    pub fn console(&self) -> &Arc<Console> {
        &self.console
    }

    /// Loads the configuration again.
    pub async fn reload(&self, by: &str) -> Report {
        let home = self.homes.reload(by).await;
        Report { aliases: home.own_aliases(), actions: home.actions.len(), problems: home.problems.clone() }
    }

    /// Ends everything in its order: running work (for `grace`, then cancelled), outbox, adapters, store.
    /// What takes in messages stops first, by the engine taking no more orders.
    pub async fn stop(&self, grace: Duration) {
        info!("stopping: no more commands are taken");
        self.engine.stop(grace).await;
        if self.world.timeout(FLUSH, self.notify.drained()).await.is_err() {
            info!("some notifications are not delivered yet; they go out after the next start");
        }
        if self.world.timeout(GOODBYE, self.notify.stop()).await.is_err() {
            warn!("some notifications were on the way; they may be sent twice");
        }
        if self.world.timeout(FLUSH, self.outbox.drained()).await.is_err() {
            warn!("some answers were not delivered; stored ones go out after the next start");
        }
        for running in self.links().values() {
            running.link.stop.cancel();
        }
        self.quit.cancel();
        self.tasks.close();
        if self.world.timeout(GOODBYE, self.tasks.wait()).await.is_err() {
            warn!("some connections did not close in time");
        }
        if self.world.timeout(GOODBYE, self.outbox.settled()).await.is_err() {
            warn!("what became of some answers was not recorded; they may be sent twice");
        }
        drop(self.store.write(upkeep::life(&self.world, What::Down)));
        if let Err(error) = self.store.close().await {
            warn!(%error, "the database did not close well");
        }
    }
}

fn limits(home: &Home) -> Limits {
    let (total, person) = home.limits();
    Limits { total, person }
}

fn addressed(mut post: Post, execution: &Execution, place: &Place) -> Post {
    if !place.is_direct() {
        post.to =
            Some(Addressee { id: execution.person.id().to_owned(), name: execution.person_name.clone() });
    }
    post
}
