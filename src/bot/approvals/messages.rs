//! The messages about what waits: posted where it was asked and where it is decided, and changed to the outcome.

use std::sync::Arc;

use serde_json::Value;

use super::{Approvals, Kind, Open, words};
use crate::adapter::Answer;
use crate::bot::choices::{After, Terms};
use crate::bot::outbox::{Body, Keep, Letter, slot};
use crate::config::{Demand, Reason};
use crate::model::{AdapterName, Ends, Noun, Place, Way};
use crate::store::NewDelivery;
use crate::text::{Addressee, Post};

/// Messages on their way: the deliveries commit with what they tell of, the letters go when that is done.
#[derive(Default)]
pub struct Messages {
    /// For the commit.
    pub deliveries: Vec<NewDelivery>,
    letters: Vec<Letter>,
}

/// How something ended that did not run.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It never ran, and why.
    Never(String),
    /// It was a question, and this is the answer.
    Answered(Value),
}

/// How long a button works after the time is over: who presses late hears what became of it.
const LATER: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

impl Approvals {
    /// The message that asks, composed; `ago` is how long ago the last good run was.
    pub(in crate::bot) async fn compose(&self, open: &mut Open) {
        open.needs.post = match open.kind {
            Kind::Question => words::question(&open.execution, &open.needs, open.until),
            _ => {
                let last = self.last(&open.execution).await;
                let now = self.world.now();
                let last = last.as_ref().map(|last| (last, now.since(last.ended.unwrap_or(last.asked))));
                words::request(&open.execution, &open.needs, open.until, last)
            }
        };
        open.needs.places = self.places(open);
    }

    /// Where it is asked: where the command was given, and the rooms where it is decided.
    fn places(&self, open: &Open) -> Vec<Place> {
        let mut places: Vec<Place> = open.execution.place.iter().cloned().collect();
        let rooms = open.needs.demands.iter().flat_map(|demand| &demand.places);
        for place in rooms.filter_map(|room| read(room)) {
            let here = open.needs.room_name.as_deref();
            let same = |known: &Place| {
                known.adapter == place.adapter
                    && (known.room.eq_ignore_ascii_case(&place.room)
                        || here.is_some_and(|name| same_name(name, &place.room)))
            };
            if !places.iter().any(same) {
                places.push(place);
            }
        }
        places
    }

    /// The messages that ask.
    pub fn asking(&self, open: &Open) -> Messages {
        self.shown(open, &open.needs.post)
    }

    /// The same after a vote that does not decide it.
    pub fn counted(&self, open: &Open) -> Messages {
        self.shown(open, &words::counted(&open.needs.post, &open.needs.demands, &open.votes))
    }

    fn shown(&self, open: &Open, post: &Post) -> Messages {
        let mut messages = Messages::default();
        for place in &open.needs.places {
            let mut post = post.clone();
            let slot = slot(place, lane(open));
            // Nothing may be connected yet: a service without buttons leaves them out when it is sent.
            let terms = self.terms(open, place);
            let offer = terms.and_then(|terms| self.choices.attach(&mut post, &slot, place, terms));
            messages.push(self, open, place, post, offer, "request");
        }
        messages
    }

    /// What the buttons stand for: nothing where typing is needed.
    fn terms(&self, open: &Open, place: &Place) -> Option<Terms> {
        let id = open.execution.id;
        let ways = match open.kind {
            Kind::Code => return None,
            Kind::Approval if open.needs.demands.iter().any(|demand| demand.reason == Reason::Required) => {
                return None;
            }
            Kind::Approval if !open.needs.demands.iter().any(|demand| decided_at(demand, place, open)) => {
                return None;
            }
            Kind::Approval => vec![
                Way::new("approve", format!("approve {id}"), Ends::Nothing),
                Way::new("deny", format!("deny {id}"), Ends::Nothing),
            ],
            Kind::Question => answers(open),
        };
        let lasts = open.until.since(self.world.now()) + LATER;
        (!ways.is_empty()).then_some(Terms { may: None, lasts, ways, after: After::Stays })
    }

    /// Every message changed to what became of it; where messages cannot be changed, a line is said, unless the answer
    /// to whoever asked says it there anyway.
    pub fn closing(&self, open: &Open, verdict: &str, why: Option<&str>) -> Messages {
        let mut messages = Messages::default();
        let now = self.world.now();
        for place in &open.needs.places {
            let edits = self.outbox.abilities(place).is_some_and(|abilities| abilities.edits);
            let asked_here = open.execution.place.as_ref() == Some(place);
            let post = match (edits, asked_here, verdict) {
                (true, ..) => words::outcome(&open.needs.post, open, verdict, why, now),
                (false, true, "approved" | "answered") | (false, false, _) => {
                    words::outcome_line(open, verdict, why)
                }
                (false, true, _) => continue,
            };
            messages.push(self, open, place, post, None, "outcome");
        }
        messages
    }

    /// The answer to whoever asked, for what ends without a run: in the slot of its result. `answer` marks it.
    pub fn answering(&self, open: &Open, end: &End, answer: Option<&Answer>) -> Messages {
        let mut messages = Messages::default();
        if let Some(place) = &open.execution.place {
            let mut post = match end {
                End::Never(why) => words::never_ran(&open.execution, why),
                End::Answered(response) => words::answered(&open.execution, response),
            };
            post.to = addressee(open, place);
            let slot = slot(place, format!("execution/{}", open.execution.id));
            messages.add(self, open, slot, place, post, None, "result");
        }
        messages.letters.iter_mut().for_each(|letter| letter.answer = answer.cloned());
        messages
    }

    /// Sends what was committed.
    pub fn send(&self, messages: Messages) {
        for letter in messages.letters {
            self.outbox.put(letter);
        }
    }
}

impl Messages {
    fn push(
        &mut self,
        approvals: &Approvals,
        open: &Open,
        place: &Place,
        post: Post,
        offer: Option<Box<crate::model::Offer>>,
        purpose: &str,
    ) {
        let slot = slot(place, lane(open));
        self.add(approvals, open, slot, place, post, offer, purpose);
    }

    #[expect(clippy::too_many_arguments, reason = "all parts of one delivery, and only here")]
    fn add(
        &mut self,
        approvals: &Approvals,
        open: &Open,
        slot: crate::model::Slot,
        place: &Place,
        post: Post,
        offer: Option<Box<crate::model::Offer>>,
        purpose: &str,
    ) {
        let now = approvals.world.now();
        let body = Body { place: place.clone(), post: post.clone() };
        let told = body.delivery(approvals.store.id(Noun::Delivery), slot.clone(), purpose, now);
        let delivery = NewDelivery { execution: Some(open.execution.id), offer, ..told };
        let keep = Keep::Stored(approvals.outbox.adopt(&delivery));
        self.deliveries.push(delivery);
        self.letters.push(Letter { slot, place: place.clone(), post: Arc::new(post), answer: None, keep });
    }

    /// The same and these.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.deliveries.extend(other.deliveries);
        self.letters.extend(other.letters);
        self
    }
}

/// What its messages are about.
fn lane(open: &Open) -> String {
    format!("{}/{}", open.kind.word(), open.execution.id)
}

fn addressee(open: &Open, place: &Place) -> Option<Addressee> {
    let execution = &open.execution;
    (!place.is_direct())
        .then(|| Addressee { id: execution.person.id().to_owned(), name: execution.person_name.clone() })
}

/// A button for each value where one boolean or one of a few is all that is asked.
fn answers(open: &Open) -> Vec<Way> {
    const MOST: usize = 5;
    let Some(question) = &open.needs.question else { return Vec::new() };
    let fields: Vec<_> = question.fields().collect();
    let needed: Vec<_> = fields.iter().filter(|field| field.required).collect();
    let field = match (needed.as_slice(), fields.as_slice()) {
        ([one], _) => *one,
        ([], [one]) => one,
        _ => return Vec::new(),
    };
    if field.choices.len() > MOST {
        return Vec::new();
    }
    let way = |value: &Value| {
        let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let quote = if word.is_empty() || word.contains(char::is_whitespace) { "\"" } else { "" };
        let typed = format!("answer {} {}={quote}{word}{quote}", open.execution.id, field.name);
        Way::new(format!("{}: {word}", field.name), typed, Ends::Nothing)
    };
    field.choices.iter().filter(|value| !value.to_string().contains("\\\"")).map(way).collect()
}

/// Whether a demand is decided at a place, as far as its room's id or name goes.
fn decided_at(demand: &Demand, place: &Place, open: &Open) -> bool {
    let fits = |text: &String| match (read(text), text.as_str()) {
        (Some(wanted), _) => {
            wanted.adapter == place.adapter
                && (same_name(&wanted.room, &place.room)
                    || open.needs.room_name.as_deref().is_some_and(|name| same_name(name, &wanted.room)))
        }
        // A pattern, or `direct`: the press itself is judged.
        (None, _) => true,
    };
    demand.places.is_empty() || demand.places.iter().any(fits)
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim_start_matches('#').eq_ignore_ascii_case(other.trim_start_matches('#'))
}

/// A room that can be posted to: written out, not a pattern and not `direct`.
fn read(text: &str) -> Option<Place> {
    let (adapter, room) = text.split_once(':')?;
    let adapter = AdapterName::new(adapter).ok()?;
    (room != "direct" && !room.contains('*')).then(|| Place::room(adapter, room))
}
