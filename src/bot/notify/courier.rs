//! Sends the deliveries of one notifier: so many at a time, in the order of each lane, with retries. A slow or failing
//! notifier keeps nobody else waiting.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Notify as Bell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::field::Empty;
use tracing::{Instrument, debug, info, trace_span, warn};

use super::expand::Order;
use super::pace::{Pace, Permit, State, wait};
use super::room::Rooms;
use super::{Notify, notifier_name, wording};
use crate::bot::home::{Home, Way};
use crate::model::{Handle, Receipt, SendError, Timestamp};
use crate::net::World;
use crate::notifier::{Doors, Edits, Mode, Notice, Rate, Row, Texts};
use crate::store::{Claimed, Claims, MemoryClaims, Settled, Stored};
use crate::telemetry::TARGET;

/// Deliveries of one notifier on the way at once.
const IN_FLIGHT: usize = 8;

/// Deliveries that are claimed ahead, so that the store is asked once for many.
const AHEAD: usize = 64;

/// Outcomes that may wait to be recorded; with more, sending waits.
const UNSETTLED: usize = 1_024;

/// Between the starts of two deliveries while events come as fast as they can be written: what was accepted is kept
/// and can wait a moment, whoever sends the next event cannot. A destination of 10 ms still gets its full number at once.
const IN_A_STORM: Duration = Duration::from_millis(1);

/// No send takes longer than this, whatever the notifier's own limits say.
const LONGEST_SEND: Duration = Duration::from_secs(150);

/// Between two looks at the store when nothing rings: also the longest that a clock's jump can delay anything.
const LOOK: Duration = Duration::from_secs(30);

/// One notifier's deliveries.
pub(super) struct Courier {
    name: String,
    claims: MemoryClaims,
    notify: Weak<Notify>,
    world: World,
    stop: CancellationToken,
    state: Mutex<Desk>,
    /// Rings when a send ended or an outcome was recorded.
    bell: Bell,
    sending: TaskTracker,
}

struct Desk {
    pace: Pace,
    out: usize,
    unsettled: usize,
    /// Nothing was due when the store was asked last.
    idle: bool,
}

impl Courier {
    pub(super) fn new(name: &str, notify: &Arc<Notify>, stop: CancellationToken) -> Self {
        let world = notify.world.clone();
        let pace = Pace::new(IN_FLIGHT, world.now());
        Self {
            name: name.to_owned(),
            claims: notify.outbox.claims(),
            notify: Arc::downgrade(notify),
            world,
            stop,
            state: Mutex::new(Desk { pace, out: 0, unsettled: 0, idle: false }),
            bell: Bell::new(),
            sending: TaskTracker::new(),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands, since when it fails, and with what.
    pub(super) fn standing(&self) -> (State, Option<Timestamp>, Option<String>) {
        let desk = self.desk();
        (desk.pace.state(), desk.pace.failing_since(), desk.pace.last_error().map(str::to_owned))
    }

    /// Waits until nothing is due and nothing is on the way.
    pub(super) async fn drained(&self) {
        loop {
            let quiet = {
                let desk = self.desk();
                desk.idle && desk.out == 0 && desk.unsettled == 0 || desk.pace.state() == State::Resting
            };
            if quiet {
                return;
            }
            self.world.sleep(Duration::from_millis(20)).await;
        }
    }

    /// Works until it is stopped; then what is on the way ends, and what was only claimed is given back.
    pub(super) async fn run(self: Arc<Self>) {
        let mut ready: VecDeque<Claimed> = VecDeque::new();
        while !self.stop.is_cancelled() {
            let bell = self.bell.notified();
            match self.permit() {
                Permit::Go(room) if room > 0 => {
                    if ready.is_empty() && !self.fetch(&mut ready).await {
                        self.rest().await;
                        continue;
                    }
                    let stormy = self.claims.is_stormy();
                    let some = if stormy { 1 } else { room.min(ready.len()) };
                    for claimed in ready.drain(..some) {
                        self.clone().start(claimed);
                    }
                    if stormy {
                        self.world.sleep(IN_A_STORM).await;
                    }
                }
                Permit::Go(_) => self.until(bell, LOOK).await,
                Permit::Wait(span) => {
                    self.give_back(&mut ready).await;
                    self.until(bell, span.min(LOOK)).await;
                }
            }
        }
        self.give_back(&mut ready).await;
        self.sending.close();
        self.sending.wait().await;
    }

    fn permit(&self) -> Permit {
        let now = self.world.now();
        let notifier = self.notify.upgrade().and_then(|notify| notify.configured(&self.name));
        let mut desk = self.desk();
        if let Some(notifier) = notifier {
            let rate = notifier.rate.as_ref().map(Rate::per_second);
            desk.pace.allow(notifier.in_flight.unwrap_or(IN_FLIGHT), rate, now);
        }
        let out = if desk.unsettled >= UNSETTLED { usize::MAX } else { desk.out };
        desk.pace.permit(now, out)
    }

    async fn until(&self, bell: impl Future<Output = ()>, span: Duration) {
        tokio::select! {
            () = bell => {}
            () = self.world.sleep(span) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Waits until something may be due.
    async fn rest(&self) {
        tokio::select! {
            () = self.claims.wake(LOOK) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Claims what is due. Whether there was anything.
    async fn fetch(&self, ready: &mut VecDeque<Claimed>) -> bool {
        let taken = self.claims.take(&notifier_name(&self.name), self.world.now(), AHEAD).await;
        match taken {
            Ok(claimed) => ready.extend(claimed),
            Err(error) => warn!(notifier = self.name, %error, "what is due cannot be read"),
        }
        self.desk().idle = ready.is_empty();
        !ready.is_empty()
    }

    async fn give_back(&self, ready: &mut VecDeque<Claimed>) {
        for claimed in ready.drain(..) {
            if let Err(error) = self.claims.release(&claimed).await {
                debug!(notifier = self.name, %error, "a delivery was not given back");
            }
        }
    }

    fn start(self: Arc<Self>, claimed: Claimed) {
        let now = self.world.now();
        {
            let mut desk = self.desk();
            desk.out += 1;
            desk.unsettled += 1;
            desk.pace.goes(now);
        }
        let tracker = self.sending.clone();
        tracker.spawn(async move {
            let outcome = match self.notify.upgrade() {
                Some(notify) => self.attempt(&notify, &claimed.delivery).await,
                None => Err(SendError::Retry { why: "the bot is stopping".to_owned(), after: None }),
            };
            let settled = self.judge(&claimed.delivery, now, outcome);
            self.bell.notify_one();
            self.record(claimed, settled).await;
            self.desk().unsettled -= 1;
            self.bell.notify_one();
        });
    }

    /// One try, within its limit.
    async fn attempt(&self, notify: &Notify, delivery: &Stored) -> Result<Receipt, SendError> {
        let span = trace_span!(
            target: TARGET, "delivery", notifier = self.name, delivery = delivery.id, target = delivery.slot.target,
            tries = delivery.tries + 1, error = Empty
        );
        let work = async {
            let outcome = send(notify, &self.name, delivery).await;
            if let Err(error) = &outcome {
                tracing::Span::current().record("error", error.to_string());
            }
            outcome
        };
        let work = work.instrument(span);
        self.world.timeout(LONGEST_SEND, work).await.unwrap_or_else(|_| {
            Err(SendError::Retry { why: format!("no end within {} s", LONGEST_SEND.as_secs()), after: None })
        })
    }

    /// What becomes of a delivery, and of the notifier's pace.
    fn judge(&self, delivery: &Stored, at: Timestamp, outcome: Result<Receipt, SendError>) -> Settled {
        let now = self.world.now();
        let millis = u64::try_from(now.since(at).as_millis()).unwrap_or(u64::MAX);
        let mut desk = self.desk();
        desk.out -= 1;
        let again = match &outcome {
            Ok(_) => {
                if desk.pace.succeeded() {
                    info!(notifier = self.name, "the notifier is well again");
                }
                None
            }
            Err(error) => {
                desk.pace.failed(error, now, |most| self.world.jitter(most));
                self.again(delivery, error, now)
            }
        };
        let (failures, since) = (desk.pace.in_a_row(), desk.pace.failing_since());
        drop(desk);
        let Some(notify) = self.notify.upgrade() else {
            return Settled { delivery: delivery.id, at, millis, outcome, again };
        };
        notify.counters.sent(&self.name, &outcome, again);
        if let Err(error) = &outcome {
            warn!(notifier = self.name, delivery = delivery.id, target = delivery.slot.target, tries = delivery.tries + 1, again = again.is_some(), %error, "a delivery was not taken");
            notify.failing(&self.name, delivery, error, failures, since);
        } else {
            notify.well(&self.name);
        }
        Settled { delivery: delivery.id, at, millis, outcome, again }
    }

    /// When the next try is, if there is one.
    fn again(&self, delivery: &Stored, error: &SendError, now: Timestamp) -> Option<Timestamp> {
        let span = match error {
            SendError::Refused { .. } | SendError::NoRoom { .. } => return None,
            SendError::Gone { .. } => Duration::ZERO,
            SendError::Retry { after, .. } => {
                wait(delivery.tries, now.since(delivery.due), *after, |most| self.world.jitter(most))
            }
        };
        let again = now.plus(span);
        (delivery.purpose != "test" && again < delivery.expires).then_some(again)
    }

    /// Writes the outcome down; until that is done nothing else of the lane is sent.
    async fn record(&self, claimed: Claimed, settled: Settled) {
        let mut wait = Duration::from_millis(50);
        loop {
            let done = vec![(claimed.clone(), settled.clone())];
            match self.claims.settle(done).await {
                Ok(()) => return,
                Err(crate::store::StoreError::Closed) => return,
                Err(error) => {
                    warn!(notifier = self.name, delivery = settled.delivery, %error, "what became of a delivery is not recorded yet");
                    self.world.sleep(wait).await;
                    wait = (wait * 2).min(LOOK);
                }
            }
        }
    }
}

/// Sends one delivery by the configuration in force.
async fn send(notify: &Notify, name: &str, delivery: &Stored) -> Result<Receipt, SendError> {
    let refused = |why: String| SendError::Refused { why };
    let order: Order =
        Order::deserialize(&delivery.body).map_err(|_| refused("the delivery cannot be read".to_owned()))?;
    let home = notify.homes.current();
    // After a restart the options of an earlier file are not known any more: the notifier's own may do.
    let is_test = order.variant.as_deref().is_some_and(super::service::is_trial);
    let own = || home.notifying.way(name, None).filter(|_| !is_test);
    let tried = || notify.tried(name, order.variant.as_deref()?);
    let way = home.notifying.way(name, order.variant.as_deref()).or_else(tried).or_else(own);
    let way = way.ok_or_else(|| refused(format!("the notifier `{name}` is gone")))?;
    if !way.targets().contains(&delivery.slot.target) {
        return Err(refused(format!("`{}` is no target of the notifier now", delivery.slot.target)));
    }
    let notice = notice(notify, delivery, &order).await?;
    let edits = Row::of(way.service().kind()).is_ok_and(|row| row.edits == Edits::InPlace);
    let earlier = if edits && !order.fresh { shown(notify, delivery).await } else { None };
    let handover = Handover { notify, home: &home, way: &way, lane: &delivery.slot.lane, mode: Mode::Send };
    handover.give(notice, earlier.as_ref()).await
}

/// One notice into a notifier's hands.
pub(super) struct Handover<'a> {
    pub(super) notify: &'a Notify,
    pub(super) home: &'a Home,
    pub(super) way: &'a Way,
    pub(super) lane: &'a str,
    pub(super) mode: Mode,
}

impl Handover<'_> {
    pub(super) async fn give(&self, notice: Notice, earlier: Option<&Handle>) -> Result<Receipt, SendError> {
        let texts = Texts::of(notice, self.way.messages(), &self.home.templates);
        let rooms = Rooms {
            outbox: &self.notify.outbox,
            choices: &self.notify.choices,
            world: &self.notify.world,
            lane: self.lane,
            prefix: self.home.settings.prefix.as_str(),
        };
        let doors = Doors {
            world: &self.notify.world,
            templates: &self.home.templates,
            chat: &rooms,
            mode: self.mode,
        };
        let outcome = self.way.service().send(&doors, &texts.notice, earlier).await;
        outcome.map(|receipt| noted(receipt, &texts.problems))
    }
}

/// The history says which template failed, so that the default text went out.
fn noted(mut receipt: Receipt, problems: &[String]) -> Receipt {
    for problem in problems {
        receipt.answer = format!("{}; default text: {problem}", receipt.answer);
    }
    receipt
}

async fn notice(notify: &Notify, delivery: &Stored, order: &Order) -> Result<Notice, SendError> {
    let later = |why: String| SendError::Retry { why, after: None };
    if !wording::is_bundle(&delivery.purpose) {
        let known = notify.known(delivery.event.unwrap_or_default()).await;
        let known = known.map_err(|error| later(error.to_string()))?;
        let known = known.ok_or_else(|| SendError::Refused { why: "its event is gone".to_owned() })?;
        let plain = wording::single(delivery, order, &known);
        return Ok(wording::dressed(&notify.homes.current(), &known.event, plain));
    }
    let id = delivery.id;
    let members = notify.store.read(move |reader| reader.members(id)).await;
    let members = members.map_err(|error| later(error.to_string()))?;
    let known: Vec<_> = members.into_iter().map(super::Known::from).collect();
    Ok(wording::summary(delivery, order, &known))
}

/// The message that shows the subject there already.
async fn shown(notify: &Notify, delivery: &Stored) -> Option<Handle> {
    let slot = delivery.slot.clone();
    notify.store.read(move |reader| reader.slot(&slot)).await.ok().flatten()
}
