//! `chatops chat`: the terminal, with the running bot if there is one, else with a bot of its own.
//! From a pipe: one command a line, answers on stdout, exit code 1 if any failed.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use tracing::warn;

use super::api::Api;
use super::start::{self, Logs, Started};
use super::{Global, attach, locate, serve};
use crate::adapter::terminal::{Complete, Mode, Terminal};
use crate::adapter::{Adapter, Ended};
use crate::bot::home::Home;
use crate::model::AdapterName;

/// Chats until the input ends.
pub(super) fn run(global: &Global) -> anyhow::Result<ExitCode> {
    super::runtime()?.block_on(async {
        match start::start(global, Logs::Quiet).await {
            Ok(started) => with_own_bot(started).await,
            Err(error) if start::is_taken(&error) => {
                let dir = locate::home_dir(global)?;
                match Api::find(&dir) {
                    Ok(api) => attach::run(&dir, api).await,
                    Err(_) => Err(start::advised(error)),
                }
            }
            Err(error) => Err(error),
        }
    })
}

/// The Unix user of this process: by its number, as variables say what anyone likes.
pub(super) fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let local = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    // A directory service knows more users than the file.
    let asked = || {
        let output = std::process::Command::new("id").arg("-un").output().ok()?;
        String::from_utf8(output.stdout).ok().map(|name| name.trim().to_owned())
    };
    let named = local.or_else(asked).filter(|name| !name.is_empty() && !name.contains(char::is_whitespace));
    named.unwrap_or_else(|| format!("uid{uid}"))
}

/// What a person sees first.
pub(super) fn welcome(commands: usize, home: &std::path::Path) -> String {
    format!(
        "chatops {}: {commands} commands from {}. `help` lists them, Tab completes, Ctrl-D ends.",
        env!("CARGO_PKG_VERSION"),
        home.display()
    )
}

async fn with_own_bot(mut started: Started) -> anyhow::Result<ExitCode> {
    let bot = started.bot.clone();
    let name = AdapterName::new("terminal")?;
    let (mut link, _state) = bot.link(&name, Terminal::ABILITIES);
    let interactive = std::io::stdin().is_terminal();
    if interactive {
        bot.wake();
    }
    let mode = if interactive {
        let home = bot.homes().current();
        Mode::Editor {
            welcome: welcome(home.own_aliases(), &home.root),
            history: Some(started.dir.var_dir().join("terminal.history")),
            complete: completer({
                let homes = bot.homes().clone();
                move || homes.current()
            }),
        }
    } else {
        Mode::Lines
    };
    link.bot = bot.homes().current().settings.name.as_str().to_owned();
    let terminal = Terminal::new(&user(), mode);
    let session = terminal.session(&link);
    tokio::pin!(session);
    let ended = loop {
        tokio::select! {
            ended = &mut session => break ended,
            Some(why) = started.ended.recv() => break Ended::Lost(why),
            () = started.watch.changed(), if interactive => drop(bot.reload(serve::CHANGED).await),
            _ = tokio::signal::ctrl_c(), if !interactive => break Ended::Stopped,
        }
    };
    bot.stop(std::time::Duration::from_secs(2)).await;
    Ok(verdict(&ended, &terminal))
}

/// 1 if the session ended badly or a command from a pipe failed.
pub(super) fn verdict(ended: &Ended, terminal: &Terminal) -> ExitCode {
    match ended {
        Ended::Stopped if terminal.failed() == 0 => ExitCode::SUCCESS,
        Ended::Stopped => ExitCode::FAILURE,
        Ended::Lost(why) | Ended::Refused(why) => {
            warn!(why, "the terminal ended");
            ExitCode::FAILURE
        }
    }
}

/// Completes what is typed with the commands of the home in force.
pub(super) fn completer(home: impl Fn() -> Arc<Home> + Send + Sync + 'static) -> Complete {
    Arc::new(move |typed| {
        let home = home();
        let typed = typed.trim_start().to_lowercase();
        let enabled = home.listed.iter().filter(|alias| alias.enabled);
        let formats = enabled.flat_map(|alias| &alias.formats);
        let displays = formats.filter_map(|format| format.display.as_deref());
        let mut found: Vec<String> = displays.filter_map(|display| completion(display, &typed)).collect();
        found.sort();
        found.dedup();
        found
    })
}

/// The literal words of `display` if they go on from `typed`, up to its first parameter or optional part.
fn completion(display: &str, typed: &str) -> Option<String> {
    let end = ["{{", "["].iter().filter_map(|open| display.find(open)).min();
    let literal = &display[..end.unwrap_or(display.len())];
    (!literal.is_empty() && literal.to_lowercase().starts_with(typed)).then(|| literal.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_completed_up_to_what_a_person_has_to_choose() {
        assert_eq!(completion("run {{cmd}} on {{hosts}}", "r").as_deref(), Some("run "));
        assert_eq!(completion("disk [of {{path}}] on {{hosts}}", "di").as_deref(), Some("disk "));
        assert_eq!(completion("whoami", "").as_deref(), Some("whoami"));
        assert_eq!(completion("{{anything}}", ""), None);
        assert_eq!(completion("ping", "run"), None);
    }
}
