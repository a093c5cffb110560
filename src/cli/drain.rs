//! `chatops drain`: lets the running bot finish what runs and take nothing new, also after a restart.

use std::process::ExitCode;

use clap::Args;
use reqwest::Method;

use super::Global;
use super::api::call;
use super::print;

/// Finish what runs and take nothing new.
#[derive(Debug, Args)]
pub(super) struct Drain {
    /// Take commands again.
    #[arg(long)]
    off: bool,
}

impl Drain {
    /// Asks the running bot for it.
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<ExitCode> {
        let method = if self.off { Method::DELETE } else { Method::POST };
        let answer = call(method, "drain", None, global)?;
        if global.json {
            print::json(&answer)?;
            return Ok(ExitCode::SUCCESS);
        }
        match (self.off, answer["open_executions"].as_u64(), answer["changed"] == true) {
            (false, Some(0), _) => print::line("nothing runs, and nothing new is taken until `drain --off`")?,
            (false, ..) => {
                let open = &answer["open_executions"];
                print::line(format_args!("{open} run or wait; nothing new is taken until `drain --off`"))?;
            }
            (true, _, true) => print::line("commands are taken again")?,
            (true, _, false) => print::line("commands are taken: nothing was drained")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
