//! The terminal of a bot that runs in another process: each command is one call to its API.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Mutex as Turn, mpsc};
use tokio_util::sync::CancellationToken;

use super::api::Api;
use super::chat::{completer, user, verdict, welcome};
use crate::adapter::terminal::{Mode, Terminal};
use crate::adapter::{Abilities, Adapter, Answer, Boxed, Ears, Link, Outlet, Parcel, Press};
use crate::bot::outbox::slot;
use crate::config::home::HomeDir;
use crate::model::{AdapterName, Message, Place, Receipt, SendError};
use crate::net::World;
use crate::text::{Post, Tone};

/// Answers that wait to be printed.
const MOST_ANSWERS: usize = 256;

/// Before it is tried again to listen.
const AGAIN: Duration = Duration::from_secs(2);

/// Chats until the input ends.
pub(super) async fn run(dir: &HomeDir, api: Api) -> anyhow::Result<ExitCode> {
    let (sender, receiver) = mpsc::channel(MOST_ANSWERS);
    let remote =
        Arc::new(Remote { api: Arc::new(api), sender, queue: Turn::new(receiver), back: Mutex::default() });
    let home = Arc::new(super::start::load_home(dir));
    let bot = home.settings.name.as_str().to_owned();
    let mode = if std::io::stdin().is_terminal() {
        let hint = format!("{} (attached to the running bot)", welcome(home.own_aliases(), dir.root()));
        tokio::spawn(listen(remote.api.clone(), remote.sender.clone()));
        Mode::Editor {
            welcome: hint,
            history: Some(dir.var_dir().join("terminal.history")),
            complete: completer(move || home.clone()),
        }
    } else {
        Mode::Lines
    };
    let terminal = Terminal::new(&user(), mode);
    let link = Link {
        name: AdapterName::new("terminal")?,
        bot,
        world: World::real(),
        stop: CancellationToken::new(),
        ears: remote.clone(),
        outlet: remote,
    };
    let ended = terminal.session(&link).await;
    Ok(verdict(&ended, &terminal))
}

/// Both ends of the conversation: what is typed goes to the API, what it answers comes back as parcels.
struct Remote {
    api: Arc<Api>,
    sender: mpsc::Sender<Parcel>,
    queue: Turn<mpsc::Receiver<Parcel>>,
    back: Mutex<Vec<Parcel>>,
}

/// One line of an answer.
#[derive(Deserialize)]
struct Line {
    post: Post,
    last: bool,
    good: bool,
}

/// Shows what comes beside answers: reminders, what a schedule ran, what others approved. Tries again when it breaks.
async fn listen(api: Arc<Api>, sender: mpsc::Sender<Parcel>) {
    let (user, mut number) = (user(), 0_u64);
    let Ok(terminal) = AdapterName::new("terminal") else { return };
    let place = Place::direct(terminal, &user);
    while !sender.is_closed() {
        if let Ok(response) = api.post("chat/listen", &json!({"user": user})).await {
            let each = |line: Line| {
                number += 1;
                Parcel {
                    slot: slot(&place, format!("told/{number}")),
                    place: place.clone(),
                    post: Arc::new(line.post),
                    sign: None,
                    earlier: None,
                    answer: None,
                    delivery: None,
                }
            };
            // It ends with the bot; a new one is looked for.
            let _ = read(response, &sender, each).await;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn ask(api: &Api, message: &Message, sender: &mpsc::Sender<Parcel>) -> anyhow::Result<()> {
    let body = json!({"text": message.text, "user": message.person.id()});
    let response = api.post("chat", &body).await?;
    read(response, sender, |line| parcel(message, line)).await
}

/// Hands on an answer line by line.
async fn read(
    response: reqwest::Response,
    sender: &mpsc::Sender<Parcel>,
    mut each: impl FnMut(Line) -> Parcel,
) -> anyhow::Result<()> {
    let mut stream = response.bytes_stream();
    let mut buffer = Vec::new();
    while let Some(chunk) = stream.next().await {
        buffer.extend_from_slice(&chunk.map_err(|_| anyhow::anyhow!("the running bot hung up"))?);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let line: Line =
                serde_json::from_slice(&line).context("the running bot speaks another language")?;
            if sender.send(each(line)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn parcel(message: &Message, line: Line) -> Parcel {
    let answer = Answer { key: message.key.clone(), last: line.last, good: line.good };
    Parcel {
        slot: slot(&message.place, format!("message/{}", message.key.id)),
        place: message.place.clone(),
        post: Arc::new(line.post),
        sign: None,
        earlier: None,
        answer: Some(answer),
        delivery: None,
    }
}

impl Ears for Remote {
    fn heard(&self, message: Message) {
        let (api, sender) = (self.api.clone(), self.sender.clone());
        tokio::spawn(async move {
            if let Err(error) = ask(&api, &message, &sender).await {
                let post = Post::plain(format!("{error:#}")).tone(Tone::Bad);
                // A terminal that has ended reads no more.
                let _ = sender.send(parcel(&message, Line { post, last: true, good: false })).await;
            }
        });
    }

    fn pressed(&self, _press: Press) {}

    fn up(&self, _abilities: Abilities, _me: Vec<String>) {}
}

impl Outlet for Remote {
    fn next(&self) -> Boxed<'_, Parcel> {
        Box::pin(async move {
            if let Some(parcel) = self.back.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                return parcel;
            }
            match self.queue.lock().await.recv().await {
                Some(parcel) => parcel,
                None => std::future::pending().await,
            }
        })
    }

    fn settle(&self, _parcel: Parcel, _outcome: Result<Receipt, SendError>) {}

    fn give_back(&self, parcel: Parcel) {
        self.back.lock().unwrap_or_else(PoisonError::into_inner).push(parcel);
    }
}
