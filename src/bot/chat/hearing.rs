//! The ears of one adapter.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::{Chat, Way, address};
use crate::adapter::web::NAME as WEB;
use crate::adapter::{Abilities, Boxed, Ears, LeftOff, Press};
use crate::bot::link;
use crate::bot::outbox::Door;
use crate::model::{AdapterName, Message};
use crate::store::Change;
use crate::text::clean::typed;

/// The room of the mark that counts for all rooms of an adapter.
const EVERYWHERE: &str = "";
/// Places of earlier commands that an adapter is told when it goes on.
const PLACES: usize = 100;

/// Hears for one adapter: knows what the bot is called there, and how the connection stands.
pub struct Hearing {
    chat: Arc<Chat>,
    adapter: AdapterName,
    door: Arc<Door>,
    state: watch::Sender<link::State>,
    /// The names of the bot on this service, beside the configured one.
    me: Mutex<Arc<[String]>>,
}

impl Hearing {
    /// Ears that know the bot by its configured name until the service tells more.
    pub fn new(
        chat: Arc<Chat>,
        adapter: AdapterName,
        door: Arc<Door>,
        state: watch::Sender<link::State>,
    ) -> Arc<Self> {
        Arc::new(Self { chat, adapter, door, state, me: Mutex::new([].into()) })
    }
}

impl Ears for Hearing {
    fn heard(&self, message: Message) {
        let home = self.chat.homes.current();
        let me = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let way = match (message.place.is_direct(), message.mentioned) {
            (true, _) => Way::Direct,
            (false, true) => Way::Mention,
            (false, false) => Way::Room,
        };
        // Chats turn quotes and blanks into typography, and carry what nobody sees.
        let text = typed(&message.text);
        let names = me.iter().map(String::as_str).chain([home.settings.name.as_str()]);
        let called: Vec<&str> = names.clone().collect();
        if self.chat.code_heard(&home, &message, &text, way, &called) {
            return;
        }
        match address(&text, way, home.settings.prefix.as_str(), names) {
            Some(addressed) => self.chat.command(&home, message, addressed),
            None => self.chat.overhear(&home, message, &text),
        }
    }

    fn pressed(&self, press: Press) {
        self.chat.pressed(press);
    }

    fn up(&self, abilities: Abilities, me: Vec<String>) {
        // The room of the console is no connection.
        match self.adapter.as_str() {
            WEB => debug!("the room of the console is open"),
            _ => info!(adapter = %self.adapter, ?me, "connected"),
        }
        self.door.set_abilities(abilities);
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = me.into();
        let since = self.chat.world.now();
        self.state.send_replace(link::State::Up { since });
    }

    fn left_off(&self) -> Boxed<'_, Option<LeftOff>> {
        Box::pin(async {
            let name = self.adapter.clone();
            let read = self
                .chat
                .store
                .read(move |reader| Ok((reader.position(&name, EVERYWHERE)?, reader.places(&name, PLACES)?)));
            match read.await {
                Ok((mark, places)) => mark.map(|mark| LeftOff { mark, places }),
                Err(error) => {
                    warn!(adapter = %self.adapter, %error, "where the adapter left off cannot be read");
                    None
                }
            }
        })
    }

    fn reached(&self, mark: String) -> Boxed<'_, ()> {
        Box::pin(async move {
            let change =
                Change::Position { adapter: self.adapter.clone(), room: EVERYWHERE.to_owned(), mark };
            if let Err(error) = self.chat.store.write(change).await {
                warn!(adapter = %self.adapter, %error, "what was heard cannot be noted");
            }
        })
    }
}
