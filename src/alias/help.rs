//! What help lists, and what it says about one command. Values only: the words around them are the bot's.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::file::{Alias, Format};
use super::pattern::{Pattern, Slot};

/// Which lines of help are wanted.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Text that the display holds, in any case.
    pub filter: Option<String>,
    /// The pack, exactly.
    pub pack: Option<String>,
    /// Lines to leave out at the start.
    pub offset: usize,
    /// Lines to give; 0 for all.
    pub limit: usize,
}

/// A page of help.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Page {
    /// Lines that pass the filter, given or not.
    pub available: usize,
    /// The lines of this page.
    pub helpstrings: Vec<Line>,
}

/// One line of help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// The pack of the alias.
    pub pack: String,
    /// The name of the alias in its pack.
    pub alias: String,
    /// What to type.
    pub display: String,
    /// What it does.
    pub description: Option<String>,
}

/// All about one alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// `pack.alias`.
    pub alias: String,
    /// What it does.
    pub description: Option<String>,
    /// The action it runs.
    pub action_ref: String,
    /// What to type, one entry a format.
    pub formats: Vec<FormatDetail>,
    /// Commands as somebody would type them.
    pub examples: Vec<String>,
}

/// One format of an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatDetail {
    /// How it is shown.
    pub display: String,
    /// What is understood as well, as the alias has it.
    pub others: Vec<String>,
    /// The parameters it names, each once.
    pub slots: Vec<Slot>,
    /// Whether it is found anywhere in a sentence.
    pub match_multiple: bool,
}

impl Alias {
    /// Commands that show people how it is used: the texts of `extra.examples`.
    pub fn examples(&self) -> Vec<&str> {
        match self.extra.get("examples") {
            Some(Value::String(only)) => vec![only],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// The lines for enabled aliases, in the order given, formats in the order of the file.
pub fn list<'a>(aliases: impl IntoIterator<Item = &'a Alias>, query: &Query) -> Page {
    let filter = query.filter.as_ref().map(|filter| filter.to_lowercase());
    let wanted = |alias: &&Alias| alias.enabled && query.pack.as_ref().is_none_or(|pack| *pack == alias.pack);
    let mut page = Page::default();
    for alias in aliases.into_iter().filter(wanted) {
        for display in alias.formats.iter().filter_map(|format| format.display.as_ref()) {
            if filter.as_ref().is_some_and(|filter| !display.to_lowercase().contains(filter)) {
                continue;
            }
            let full = query.limit > 0 && page.helpstrings.len() >= query.limit;
            if page.available >= query.offset && !full {
                page.helpstrings.push(line(alias, display));
            }
            page.available += 1;
        }
    }
    page
}

fn line(alias: &Alias, display: &str) -> Line {
    Line {
        pack: alias.pack.clone(),
        alias: alias.name.clone(),
        display: display.to_owned(),
        description: alias.description.clone(),
    }
}

/// The commands that `text` names: the alias of that `pack.alias`; else those whose display begins with it; else
/// those whose display, name or description holds it.
pub fn details<'a>(aliases: impl IntoIterator<Item = &'a Alias>, text: &str) -> Vec<Detail> {
    let text = text.trim().to_lowercase();
    let aliases: Vec<&Alias> = aliases.into_iter().filter(|alias| alias.enabled).collect();
    let all = |test: &dyn Fn(&Alias) -> bool| -> Vec<Detail> {
        aliases.iter().filter(|alias| test(alias)).map(|alias| detail(alias)).collect()
    };
    let displays =
        |alias: &Alias, test: &dyn Fn(&str) -> bool| alias.formats.iter().any(|format| test(&shown(format)));
    let named = all(&|alias| alias.reference().to_lowercase() == text);
    if !named.is_empty() || text.is_empty() {
        return named;
    }
    let begun = all(&|alias| displays(alias, &|display| begins(display, &text)));
    if !begun.is_empty() {
        return begun;
    }
    let holds = |field: Option<&str>| field.is_some_and(|field| field.to_lowercase().contains(&text));
    all(&|alias| {
        displays(alias, &|display| display.contains(&text))
            || holds(Some(&alias.name))
            || holds(alias.description.as_deref())
    })
}

/// How a format looks in lower case.
fn shown(format: &Format) -> String {
    let first = format.representation.first().map_or("", |pattern| pattern.text());
    format.display.as_deref().unwrap_or(first).to_lowercase()
}

/// Whether `display` begins with the whole words of `text`.
fn begins(display: &str, text: &str) -> bool {
    display.strip_prefix(text).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

fn detail(alias: &Alias) -> Detail {
    let formats = alias.formats.iter().map(|format| {
        let mut slots: Vec<Slot> = Vec::new();
        for slot in format.representation.iter().flat_map(Pattern::slots) {
            if !slots.iter().any(|known| known.name == slot.name) {
                slots.push(slot.clone());
            }
        }
        let first = format.representation.first().map_or("", |pattern| pattern.text());
        let display = format.display.as_deref().unwrap_or(first).to_owned();
        let texts = format.representation.iter().map(Pattern::text);
        let others = texts.filter(|text| *text != display).map(str::to_owned).collect();
        FormatDetail { display, others, slots, match_multiple: format.match_multiple }
    });
    Detail {
        alias: alias.reference(),
        description: alias.description.clone(),
        action_ref: alias.action_ref.clone(),
        formats: formats.collect(),
        examples: alias.examples().into_iter().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn alias(text: &str) -> Alias {
        Alias::load(Some("p"), Path::new("a.yaml"), text).unwrap().0
    }

    #[test]
    fn details_are_found_by_reference_beginning_or_content() {
        let run = alias(
            "name: run\naction_ref: core.local\nformats: ['run {{cmd}} on {{hosts=all}}', 'exec {{cmd}}']\n",
        );
        let other = alias("name: other\ndescription: Runs away\naction_ref: core.noop\nformats: [runner]\n");
        let names = |text: &str| -> Vec<String> {
            details([&run, &other], text).into_iter().map(|detail| detail.alias).collect()
        };
        assert_eq!(names("P.run"), ["p.run"]);
        assert_eq!(names("RUN"), ["p.run"]);
        assert_eq!(names("away"), ["p.other"]);
        assert_eq!(names(""), Vec::<String>::new());
        let slots = &details([&run], "run")[0].formats[0].slots;
        assert_eq!(slots[1].default.as_deref(), Some("all"));
    }

    #[test]
    fn a_detail_has_what_else_is_understood_and_the_examples() {
        let text = "name: run\naction_ref: core.local\nextra: { examples: [run date, run uptime] }\n\
                    formats: [{ display: 'run {{cmd}}', representation: ['run {{cmd}}', 'exec {{cmd=date}}'] }]\n";
        let detail = &details([&alias(text)], "run")[0];
        assert_eq!(detail.formats[0].others, ["exec {{cmd=date}}"]);
        assert_eq!(detail.examples, ["run date", "run uptime"]);
    }
}
