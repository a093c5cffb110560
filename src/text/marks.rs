//! The dialects of the services, as data: one walker renders them all.

/// What stands before and after a text.
pub type Pair = (&'static str, &'static str);

/// How mentions of everyone are taken out of literal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Nothing has a meaning here.
    None,
    /// Slack's three: `&`, `<`, `>`; `<!channel>` is then just text.
    Slack,
    /// Markdown's marks get a backslash; a zero-width space parts `@` from what it would mention.
    Markdown,
    /// As Markdown, where a backslash is shown as it is: only mentions and links are parted.
    Unslashed,
}

/// How a link is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkStyle {
    /// `label (url)`, or the URL alone where the label says the same.
    Plain,
    /// `<url|label>`.
    Slack,
    /// `[label](url)`.
    Markdown,
}

/// How a block of code is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeStyle {
    /// Line by line as it is.
    Lines,
    /// Between fences without a language.
    Fence,
    /// Between fences, with the language where it is known.
    LangFence,
}

/// How a point in time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStyle {
    /// `2026-01-31 12:00 UTC`.
    Utc,
    /// Slack's date mark, shown in the reader's zone.
    Slack,
    /// Discord's time mark, shown in the reader's zone.
    Discord,
}

/// How what the reader may answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceStyle {
    /// As a list of what to type.
    Typed,
    /// Not in the text: the adapter makes buttons.
    Buttons,
}

/// How a service writes text. Constants of this are all that a dialect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Around what is emphasised.
    pub bold: Pair,
    /// Around code inside a line.
    pub code: Pair,
    /// Blocks of code.
    pub block: CodeStyle,
    /// Before each line of a block of code that has no fence.
    pub code_line: &'static str,
    /// Before each line of a quotation.
    pub quote: &'static str,
    /// Before an item of a list.
    pub item: &'static str,
    /// Around small print.
    pub small: Pair,
    /// Literal text outside code.
    pub escape: Escape,
    /// Links.
    pub link: LinkStyle,
    /// Around the id of a mentioned person.
    pub person: Pair,
    /// Points in time.
    pub time: TimeStyle,
    /// What the reader may answer.
    pub choices: ChoiceStyle,
    /// A sign before posts that went well, went well with a warning, or failed.
    pub signs: [&'static str; 3],
}

const BASE: Marks = Marks {
    bold: ("", ""),
    code: ("`", "`"),
    block: CodeStyle::Lines,
    code_line: "",
    quote: "> ",
    item: "- ",
    small: ("", ""),
    escape: Escape::None,
    link: LinkStyle::Plain,
    person: ("", ""),
    time: TimeStyle::Utc,
    choices: ChoiceStyle::Typed,
    signs: ["", "", ""],
};

/// A terminal without colour, a pipe.
pub const PLAIN: Marks = BASE;

/// A terminal with colours.
pub const ANSI: Marks = Marks {
    bold: ("\x1b[1m", "\x1b[0m"),
    code: ("\x1b[36m", "\x1b[0m"),
    small: ("\x1b[2m", "\x1b[0m"),
    signs: ["\x1b[32m✔\x1b[0m ", "\x1b[33m!\x1b[0m ", "\x1b[31m✘\x1b[0m "],
    ..BASE
};

/// IRC: bold is a control character; there are no fences.
pub const IRC: Marks = Marks { bold: ("\x02", "\x02"), ..BASE };

/// IRC in channels that refuse control characters (mode `+c`).
pub const IRC_PLAIN: Marks = BASE;

/// Slack's mrkdwn.
pub const SLACK: Marks = Marks {
    bold: ("*", "*"),
    code: ("`", "`"),
    block: CodeStyle::Fence,
    item: "• ",
    small: ("_", "_"),
    escape: Escape::Slack,
    link: LinkStyle::Slack,
    person: ("<@", ">"),
    time: TimeStyle::Slack,
    choices: ChoiceStyle::Buttons,
    ..BASE
};

/// Markdown as Mattermost writes it.
pub const MARKDOWN: Marks = Marks {
    bold: ("**", "**"),
    code: ("`", "`"),
    block: CodeStyle::LangFence,
    small: ("_", "_"),
    escape: Escape::Markdown,
    link: LinkStyle::Markdown,
    person: ("@", ""),
    ..BASE
};

/// Rocket.Chat's Markdown, which knows no backslash (its grammar is in RocketChat/Rocket.Chat,
/// packages/message-parser).
pub const ROCKETCHAT: Marks = Marks { escape: Escape::Unslashed, ..MARKDOWN };

/// Discord's Markdown.
pub const DISCORD: Marks = Marks {
    person: ("<@", ">"),
    small: ("-# ", ""),
    time: TimeStyle::Discord,
    choices: ChoiceStyle::Buttons,
    ..MARKDOWN
};
