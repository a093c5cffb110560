//! The bot's own settings and the options of its adapters as they may be shown: secrets by whether they are set.

use schemars::JsonSchema;
use serde::Serialize;

use super::Home;
use crate::adapter::{self, Holds};
use crate::config::settings::TABLE;
use crate::net::http::redact_url;

/// What stands in the place of a secret that is set.
const HIDDEN: &str = "***";

/// A variable and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it was set to; none where it was not. A secret is `***`, an address is cut behind its host.
    pub value: Option<String>,
    /// What it is when it is not set; empty for nothing.
    pub default: &'static str,
    /// The adapter that it belongs to; none of the bot's own.
    pub adapter: Option<String>,
}

impl Home {
    /// Every setting of the bot, and what was set of its adapters.
    pub fn variables(&self) -> Vec<Variable> {
        let own = TABLE.iter().map(|row| Variable {
            name: row.name.to_owned(),
            value: self.env.get(row.name).map(cut),
            default: row.default,
            adapter: None,
        });
        let options = self.services.iter().flat_map(|wired| {
            let row = adapter::CATALOGUE.iter().find(|row| row.kind == wired.instance.kind);
            let (options, name) = (&wired.instance.options, &wired.instance.name);
            row.map_or(&[][..], |row| row.options).iter().filter_map(move |option| {
                let text = options.optional(option.name)?;
                let value = if option.holds == Holds::Secret { HIDDEN.to_owned() } else { cut(&text) };
                let adapter = Some(name.to_string());
                Some(Variable {
                    name: options.variable(option.name),
                    value: Some(value),
                    default: "",
                    adapter,
                })
            })
        });
        own.chain(options).collect()
    }
}

/// An address may have a password in it, or be one.
fn cut(text: &str) -> String {
    if text.contains("://") { redact_url(text) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_behind_their_host() {
        assert_eq!(cut("http://user:hunter2@proxy.example.org:3128/x"), "http://proxy.example.org:3128/...");
        assert_eq!(cut("127.0.0.1:8080"), "127.0.0.1:8080");
    }
}
