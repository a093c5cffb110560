//! The line editor: its own thread, since it blocks; answers appear above the line being edited.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use reedline::{
    ColumnarMenu, Completer, CompletionResult, DefaultPrompt, DefaultPromptSegment, Emacs, ExternalPrinter,
    FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu, Signal,
    Span, Suggestion, default_emacs_keybindings,
};
use tokio::sync::{mpsc, oneshot};

use super::{Complete, Ids, Terminal, marks};
use crate::adapter::{Adapter, Ended, Link, Parcel, plain};
use crate::model::{Receipt, Timestamp};
use crate::text::Tone;
use crate::text::marks::{ANSI, Marks};

/// Commands that are remembered.
const HISTORY: usize = 10_000;
/// Texts that wait for the editor to print them.
const PRINTED: usize = 1024;
/// How often the editor looks for something to print.
const POLL: Duration = Duration::from_millis(30);
/// How often a full printer is tried again.
const RETRY: Duration = Duration::from_millis(20);
/// Progress of one slot is printed at most this often.
const PROGRESS: Duration = Duration::from_secs(5);
/// The editor leaves within a poll or two.
const FAREWELL: Duration = Duration::from_secs(1);
const MENU: &str = "commands";

/// Runs the editor until Ctrl-D, `exit` or the bot's stop.
pub(super) async fn run(
    terminal: &Terminal,
    link: &Link,
    welcome: &str,
    history: Option<&Path>,
    complete: &Complete,
) -> Ended {
    let printer = ExternalPrinter::new(PRINTED);
    let screen = Screen { sender: printer.sender(), marks: marks(), progress: HashMap::new() };
    let (typed_in, typed) = mpsc::unbounded_channel();
    let leave = Arc::new(AtomicBool::new(false));
    let setup = Setup {
        history: history.map(Path::to_owned),
        complete: complete.clone(),
        bot: link.bot.clone(),
        leave: leave.clone(),
    };
    let (gone_in, gone) = oneshot::channel();
    let thread = thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        edit(setup, printer, &typed_in);
        let _ = gone_in.send(());
    });
    if let Err(error) = thread {
        return Ended::Refused(format!("cannot start the line editor: {error}"));
    }
    link.ears.up(Terminal::ABILITIES, Vec::new());
    let ended = serve(terminal, link, welcome, screen, typed).await;
    // The editor has to put the terminal back as it was.
    leave.store(true, Ordering::Relaxed);
    let _ = link.world.timeout(FAREWELL, gone).await;
    ended
}

async fn serve(
    terminal: &Terminal,
    link: &Link,
    welcome: &str,
    mut screen: Screen,
    mut typed: mpsc::UnboundedReceiver<Typed>,
) -> Ended {
    let mut ids = Ids::new(link);
    if !welcome.is_empty() && !screen.print(link, welcome.to_owned()).await {
        return Ended::Stopped;
    }
    loop {
        tokio::select! {
            biased;
            () = link.stop.cancelled() => return Ended::Stopped,
            line = typed.recv() => match line {
                Some(Typed::Line(text)) if is_farewell(&text) => return Ended::Stopped,
                Some(Typed::Line(text)) => {
                    let id = ids.next();
                    link.ears.heard(terminal.message(link, &id, &text));
                }
                Some(Typed::Failed(why)) => return Ended::Refused(why),
                None => return Ended::Stopped,
            },
            ticket = link.next() => {
                let Some(text) = screen.text(ticket.parcel(), link.world.now()) else {
                    ticket.settle(Ok(Receipt::default()));
                    continue;
                };
                if screen.print(link, text).await {
                    ticket.settle(Ok(Receipt::default()));
                }
            }
        }
    }
}

/// What people type to leave when they do not think of Ctrl-D.
fn is_farewell(typed: &str) -> bool {
    matches!(typed.trim(), "exit" | "quit")
}

/// What comes from the editor's thread.
enum Typed {
    Line(String),
    Failed(String),
}

/// What the editor prints above its line.
struct Screen {
    sender: SyncSender<String>,
    marks: &'static Marks,
    progress: HashMap<String, Timestamp>,
}

impl Screen {
    /// What to print of a parcel: progress only now and then, since nothing printed can be changed.
    fn text(&mut self, parcel: &Parcel, now: Timestamp) -> Option<String> {
        let slot = parcel.slot.to_string();
        let last = parcel.answer.as_ref().is_some_and(|answer| answer.last);
        if parcel.post.tone == Tone::Working && !last {
            self.progress.retain(|_, shown| now.since(*shown) < PROGRESS);
            if self.progress.insert(slot, now).is_some() {
                return None;
            }
        } else {
            self.progress.remove(&slot);
        }
        Some(plain::text(&parcel.post, self.marks))
    }

    /// Hands a text to the editor; false when the editor is gone.
    async fn print(&self, link: &Link, text: String) -> bool {
        let mut text = text;
        loop {
            match self.sender.try_send(text) {
                Ok(()) => return true,
                Err(TrySendError::Disconnected(_)) => return false,
                Err(TrySendError::Full(back)) => {
                    text = back;
                    link.world.sleep(RETRY).await;
                }
            }
        }
    }
}

struct Setup {
    history: Option<PathBuf>,
    complete: Complete,
    bot: String,
    leave: Arc<AtomicBool>,
}

/// The editor's thread: reads lines until Ctrl-D, an error, or until nobody listens.
fn edit(setup: Setup, printer: ExternalPrinter<String>, typed: &mpsc::UnboundedSender<Typed>) {
    let prompt =
        DefaultPrompt::new(DefaultPromptSegment::Basic(setup.bot.clone()), DefaultPromptSegment::Empty);
    let mut editor = editor(setup, printer);
    while !typed.is_closed() {
        let sent = match editor.read_line(&prompt) {
            Ok(Signal::Success(line)) if line.trim().is_empty() => Ok(()),
            Ok(Signal::Success(line)) => typed.send(Typed::Line(line.trim().to_owned())),
            Ok(Signal::CtrlD) => return,
            Ok(_) => Ok(()),
            Err(error) => {
                let _ = typed.send(Typed::Failed(format!("cannot use the terminal: {error}")));
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn editor(setup: Setup, printer: ExternalPrinter<String>) -> Reedline {
    let menu = ColumnarMenu::default().with_name(MENU).with_columns(1);
    let mut keys = default_emacs_keybindings();
    let complete =
        ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, complete);
    let colours = *marks() == ANSI;
    let mut editor = Reedline::create()
        .with_ansi_colors(colours)
        .with_external_printer(printer)
        .with_poll_interval(POLL)
        .with_break_signal(setup.leave)
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_completer(Box::new(Commands(setup.complete)))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_edit_mode(Box::new(Emacs::new(keys)));
    let history = setup.history.map(|file| FileBackedHistory::with_file(HISTORY, file));
    match history {
        Some(Ok(history)) => editor = editor.with_history(Box::new(history)),
        Some(Err(error)) => tracing::warn!(%error, "cannot keep the history of the terminal"),
        None => {}
    }
    editor
}

/// Completes whole lines.
struct Commands(Complete);

impl Completer for Commands {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let begun = line.get(..position).unwrap_or(line);
        let suggestion = |value: String| Suggestion {
            value,
            span: Span::new(0, begun.len()),
            append_whitespace: false,
            ..Suggestion::default()
        };
        let suggestions: Vec<_> = (self.0)(begun).into_iter().map(suggestion).collect();
        CompletionResult::fresh(Arc::from(suggestions))
    }
}
