//! A workflow played through.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::case::{Ask, Case, Outcome, Request};
use super::clock::{Agenda, at};
use crate::model::{Status, Timestamp};
use crate::workflow::{Begin, Conductor, Datastore, Event, Offer, Plan, Refusal, Rerun};

/// A simulation ends after this many starts: a loop without an end is cut.
const MOST_STARTS: usize = 20_000;

/// What happened, and what became of it.
#[derive(Debug)]
pub struct Story {
    /// Every start, in order.
    pub starts: Vec<Start>,
    /// What was published: when, by which task, which variables.
    pub published: Vec<(Timestamp, String, Map<String, Value>)>,
    /// The commands that were met, in order.
    pub commands: Vec<String>,
    /// The statuses the workflow came to, and when.
    pub statuses: Vec<(Timestamp, Status)>,
    /// What was refused.
    pub refused: Vec<Refused>,
    /// Whether it was cut because it did not end.
    pub cut: bool,
    /// The workflow at the end.
    pub conductor: Conductor,
}

/// One start.
#[derive(Debug)]
pub struct Start {
    /// When.
    pub at: Timestamp,
    /// What.
    pub offer: Offer,
}

/// A request that was refused.
#[derive(Debug)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// What was asked.
    pub ask: Ask,
    /// Why not.
    pub why: Refusal,
}

/// What is to come.
enum Due {
    /// An action ends.
    End { run: usize, item: Option<usize>, outcome: Outcome },
}

/// A simulation under way.
struct Player<'a> {
    case: &'a Case,
    ends: Agenda<Due>,
    asks: Agenda<&'a Request>,
    /// How often each task was started.
    counts: HashMap<String, usize>,
    now: Timestamp,
    story: Story,
    /// Called after each step.
    each: Each<'a>,
}

/// What is done with the conductor after each step.
pub(super) type Each<'a> = &'a mut dyn FnMut(&mut Conductor);

/// Plays a workflow that was inspected.
pub fn play(plan: Arc<Plan>, case: &Case) -> Story {
    play_with(plan, case, &mut |_| ())
}

/// The same, with something done after each step.
pub(super) fn play_with(plan: Arc<Plan>, case: &Case, each: Each<'_>) -> Story {
    let begin = Begin { inputs: case.inputs.clone(), parent: case.parent.clone() };
    let conductor = Conductor::new(plan, begin, Arc::new(Given(case.datastore.clone())));
    let mut player = Player {
        case,
        ends: Agenda::default(),
        asks: Agenda::default(),
        counts: HashMap::new(),
        now: at(0.0),
        story: Story {
            starts: Vec::new(),
            published: Vec::new(),
            commands: Vec::new(),
            statuses: Vec::new(),
            refused: Vec::new(),
            cut: false,
            conductor,
        },
        each,
    };
    case.requests.iter().for_each(|request| player.asks.put(at(request.at), request));
    player.play();
    player.story
}

impl Player<'_> {
    fn play(&mut self) {
        self.offer();
        while let Some(next) = self.next() {
            if self.story.starts.len() > MOST_STARTS {
                self.story.cut = true;
                return;
            }
            self.now = next;
            if let Some(request) = self.asks.take(next) {
                self.ask(request);
            } else if let Some(Due::End { run, item, outcome }) = self.ends.take(next) {
                let Outcome { status, result, .. } = outcome;
                // Only a run that was canceled meanwhile does not wait for its end.
                let _ = self.story.conductor.ended(run, item, status, result, self.now);
            }
            self.offer();
        }
    }

    /// When the next thing happens.
    fn next(&self) -> Option<Timestamp> {
        let due = [self.ends.next(), self.asks.next(), self.story.conductor.next_due()];
        due.into_iter().flatten().min()
    }

    /// Starts what is ready.
    fn offer(&mut self) {
        let offers = self.story.conductor.ready(self.now);
        self.note();
        (self.each)(&mut self.story.conductor);
        for offer in offers {
            let outcome = if offer.action.is_some() { self.outcome(&offer.task) } else { instant() };
            let ends = self.now.plus(std::time::Duration::from_secs_f64(outcome.takes.clamp(0.0, 1e9)));
            self.ends.put(ends, Due::End { run: offer.run, item: offer.item, outcome });
            self.story.starts.push(Start { at: self.now, offer });
        }
    }

    /// How the next start of a task ends.
    fn outcome(&mut self, task: &str) -> Outcome {
        let count = self.counts.entry(task.to_owned()).or_default();
        let outcome = self.case.results.get(task).and_then(|rows| rows.get(*count));
        *count += 1;
        outcome.cloned().unwrap_or_default()
    }

    /// Writes down what the conductor did.
    fn note(&mut self) {
        for event in self.story.conductor.take_events() {
            match event {
                Event::Status(status) => self.story.statuses.push((self.now, status)),
                Event::Published { task, vars } => self.story.published.push((self.now, task, vars)),
                Event::Command(name) => self.story.commands.push(name),
                Event::Task { .. } => {}
            }
        }
    }

    fn ask(&mut self, request: &Request) {
        let conductor = &mut self.story.conductor;
        let outcome = match request.ask {
            Ask::Pause => conductor.pause(),
            Ask::Resume => conductor.resume(),
            Ask::Cancel => conductor.cancel(self.now),
            Ask::Respond => respond(conductor, request, self.now),
            Ask::Rerun => {
                let reset_items = request.reset_items;
                let named = |task: &String| Rerun { task: task.clone(), reset_items };
                conductor.rerun(&request.tasks.iter().map(named).collect::<Vec<_>>())
            }
        };
        if let Err(why) = outcome {
            self.story.refused.push(Refused { at: self.now, ask: request.ask, why });
        }
    }
}

fn instant() -> Outcome {
    Outcome { takes: 0.0, ..Outcome::default() }
}

/// Answers the first open question of a task.
fn respond(conductor: &mut Conductor, request: &Request, now: Timestamp) -> Result<(), Refusal> {
    let task = request.task.clone().unwrap_or_default();
    let open = conductor.questions().into_iter().find(|(run, _)| conductor.state().runs[*run].task == task);
    let (run, item) = open.ok_or(Refusal::Task(task))?;
    conductor.ended(run, item, Status::Succeeded, request.result.clone(), now)
}

/// The datastore of a case: system keys.
pub(super) struct Given(pub(super) Map<String, Value>);

impl Datastore for Given {
    fn get(&self, key: &str, _: bool, default: Option<Value>) -> Result<Value, String> {
        let name = key.strip_prefix("system.").unwrap_or(key);
        let known = self.0.get(name).cloned().or(default);
        known.ok_or_else(|| format!("the datastore has no key `{key}`"))
    }
}
