//! A pipe of commands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::adapter::terminal::Mode;
use crate::adapter::{Abilities, Answer, Boxed, Ears, Outlet, Parcel};
use crate::model::{AdapterName, Message, Slot};
use crate::net::World;
use crate::text::Post;
use crate::text::marks::PLAIN;

/// A bot that says `working` and then the text back; what begins with `bad` fails.
#[derive(Default)]
struct Echo {
    waiting: Mutex<VecDeque<Parcel>>,
    bell: Notify,
}

impl Ears for Echo {
    fn heard(&self, message: Message) {
        let good = !message.text.starts_with("bad");
        for (text, last) in [("working", false), (message.text.as_str(), true)] {
            let slot =
                Slot { notifier: "adapter/terminal".into(), target: String::new(), lane: "message/1".into() };
            let answer = Some(Answer { key: message.key.clone(), last, good });
            let tone = if last { Tone::Good } else { Tone::Working };
            let (place, post) = (message.place.clone(), Arc::new(Post::plain(text).tone(tone)));
            let parcel = Parcel { slot, place, post, sign: None, earlier: None, answer, delivery: None };
            self.waiting.lock().unwrap().push_back(parcel);
        }
        self.bell.notify_one();
    }

    fn pressed(&self, _press: crate::adapter::Press) {}

    fn up(&self, _abilities: Abilities, _me: Vec<String>) {}
}

impl Outlet for Echo {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(async {
            loop {
                let rung = self.bell.notified();
                let first = self.waiting.lock().unwrap().pop_front();
                match first {
                    Some(parcel) => return parcel,
                    None => rung.await,
                }
            }
        })
    }

    fn settle(&self, _parcel: Parcel, outcome: Result<Receipt, SendError>) {
        outcome.unwrap();
    }

    fn give_back(&self, _parcel: Parcel) {
        panic!("nothing is given back");
    }
}

async fn feed(input: &'static [u8]) -> (String, u64) {
    let terminal = Terminal::new("al", Mode::Lines);
    let echo = Arc::new(Echo::default());
    let link = Link {
        name: AdapterName::new("terminal").unwrap(),
        bot: "chatops".into(),
        world: World::real(),
        stop: CancellationToken::new(),
        ears: echo.clone(),
        outlet: echo,
    };
    let mut output = Vec::new();
    assert_eq!(run(&terminal, &link, input, &mut output, &PLAIN).await, Ended::Stopped);
    (String::from_utf8(output).unwrap(), terminal.failed())
}

#[tokio::test]
async fn only_final_answers_are_printed_and_failures_are_counted() {
    assert_eq!(feed(b"one\n\nbad two\r\nthree").await, ("one\nbad two\nthree\n".to_owned(), 1));
}

#[tokio::test]
async fn lines_that_are_not_utf8_are_run_too() {
    assert_eq!(feed(b"caf\xe9\nnext\n").await, ("caf\u{fffd}\nnext\n".to_owned(), 0));
}
