//! Posts as messages of Discord: text, embeds coloured by tone, rows of buttons, files. Lengths are the published
//! limits (docs.discord.com/developers/resources/message#embed-object-embed-limits).

use serenity::builder::{CreateActionRow, CreateButton, CreateEmbed, CreateEmbedFooter};
use serenity::model::application::ButtonStyle;

use crate::text::clean::one_line;
use crate::text::{Block, Choice, File, Limit, Marks, Post, Span, Tone, Unit, marks, pages, render};

/// The text of a message.
const TEXT: Limit = Limit { most: 2000, unit: Unit::Utf16 };
/// The description of an embed. Together with [`EXTRAS`] it keeps below the 6000 that one message may have.
const DESCRIPTION: Limit = Limit { most: 4096, unit: Unit::Utf16 };
/// All fields and the footer of an embed together.
const EXTRAS: usize = 1800;
const FIELDS: usize = 25;
const FIELD_NAME: usize = 256;
const FIELD_VALUE: usize = 1024;
/// A footer longer than this is text.
const FOOTER: usize = 300;
const BUTTONS: usize = 25;
const BUTTONS_A_ROW: usize = 5;
const LABEL: usize = 80;
const CUSTOM_ID: usize = 100;
/// A file may have 10 MiB, all its wrapping included.
const FILE: usize = 10_000_000;
const FILES: usize = 10;

/// One message.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Draft {
    /// The text.
    pub(super) content: String,
    /// The box beside its text.
    pub(super) embed: Option<CreateEmbed>,
    /// The buttons.
    pub(super) rows: Vec<CreateActionRow>,
    /// The files.
    pub(super) files: Vec<File>,
    /// The one person whom the message may call.
    pub(super) calls: Option<u64>,
}

/// The messages that show a post, in order.
pub(super) fn drafts(post: &Post) -> Vec<Draft> {
    let (buttons, typed) = sorted(post);
    let post = Post { choices: Vec::new(), files: Vec::new(), body: body(post, &typed), ..post.clone() };
    let (mut drafts, mut files) = if post.tone == Tone::Plain { plain(&post) } else { boxed(&post) };
    if drafts.is_empty() && !(buttons.is_empty() && files.is_empty()) {
        drafts.push(Draft::default());
    }
    if let Some(last) = drafts.last_mut() {
        last.rows = buttons.chunks(BUTTONS_A_ROW).map(|row| CreateActionRow::Buttons(row.to_vec())).collect();
        files.append(&mut last.files);
        last.files = files;
    }
    drafts
}

/// The messages of a post with its files.
pub(super) fn whole(post: &Post) -> Vec<Draft> {
    let mut drafts = drafts(post);
    let files = post.files.iter().map(cut);
    if drafts.is_empty() && !post.files.is_empty() {
        drafts.push(Draft::default());
    }
    if let Some(last) = drafts.last_mut() {
        last.files.extend(files);
        last.files.truncate(FILES);
    }
    drafts
}

/// A file that may be sent.
fn cut(file: &File) -> File {
    let name = one_line(&file.name).replace(['/', '\\', '"'], "_");
    let mut text = file.text.clone();
    if text.len() > FILE {
        text.truncate(text.floor_char_boundary(FILE));
        text.push_str("\n(cut here: a file may have 10 MB)\n");
    }
    // What is no text is either whole or nothing.
    let fits = file.data.len() / 4 * 3 <= FILE;
    let data = if fits { file.data.clone() } else { String::new() };
    if !fits {
        text = "(too large: a file may have 10 MB)\n".to_owned();
    }
    File { name, text, data }
}

/// What becomes buttons, and what has to be typed because there is no room for it.
fn sorted(post: &Post) -> (Vec<CreateButton>, Vec<Choice>) {
    let fits = |(index, choice): &(usize, &Choice)| {
        *index < BUTTONS && !choice.label.trim().is_empty() && (1..=CUSTOM_ID).contains(&choice.nonce.len())
    };
    let (buttons, typed): (Vec<_>, Vec<_>) = post.choices.iter().enumerate().partition(fits);
    let buttons = buttons.into_iter().map(|(index, choice)| button(choice, index));
    (buttons.collect(), typed.into_iter().map(|(_, choice)| choice.clone()).collect())
}

fn button(choice: &Choice, index: usize) -> CreateButton {
    let style = if index == 0 { ButtonStyle::Primary } else { ButtonStyle::Secondary };
    CreateButton::new(&choice.nonce).label(shortened(&one_line(&choice.label), LABEL)).style(style)
}

fn shortened(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.len_utf16();
        used <= most
    };
    text.chars().take_while(fits).collect::<String>() + "…"
}

fn body(post: &Post, typed: &[Choice]) -> Vec<Block> {
    let mut body = post.body.clone();
    let item =
        |choice: &Choice| vec![Span::Text(format!("{}: ", choice.label)), Span::Code(choice.typed.clone())];
    if !typed.is_empty() {
        body.push(Block::List(typed.iter().map(item).collect()));
    }
    body
}

/// Text without a box.
fn plain(post: &Post) -> (Vec<Draft>, Vec<File>) {
    let calls = called(post);
    let pages = pages(post, &dialect(post), TEXT);
    let one = |content| Draft { content, ..Draft::default() };
    let mut drafts: Vec<Draft> = pages.parts.into_iter().map(one).collect();
    if let Some(first) = drafts.first_mut() {
        first.calls = calls;
    }
    (drafts, pages.file.iter().map(cut).collect())
}

/// The asker's id, where it is one.
fn called(post: &Post) -> Option<u64> {
    post.to.as_ref()?.id.parse().ok().filter(|id| *id > 0)
}

/// Somebody whose id is none is called by name.
fn dialect(post: &Post) -> Marks {
    match called(post) {
        Some(_) => marks::DISCORD,
        None => Marks { person: ("", ""), ..marks::DISCORD },
    }
}

/// Text in boxes with a coloured edge. What stands before the box, and whom it is for, is text: a mention in a box
/// calls nobody.
fn boxed(post: &Post) -> (Vec<Draft>, Vec<File>) {
    let before = Post { to: post.to.clone(), pretext: post.pretext.clone(), ..Post::default() };
    let (mut drafts, mut files) = plain(&before);
    if let (true, Some(to)) = (drafts.is_empty(), &post.to) {
        let calls = called(post);
        let content =
            calls.map_or_else(|| render(&Post::plain(&to.name), &marks::DISCORD), |id| format!("<@{id}>"));
        drafts.push(Draft { content, calls, ..Draft::default() });
    }
    let (fields, foot) = extras(post);
    let inner = Post {
        to: None,
        pretext: Vec::new(),
        facts: if fields.is_empty() { post.facts.clone() } else { Vec::new() },
        foot: if foot.is_empty() { post.foot.clone() } else { String::new() },
        ..post.clone()
    };
    let pages = pages(&inner, &marks::DISCORD, DESCRIPTION);
    files.extend(pages.file.iter().map(cut));
    let mut embeds: Vec<CreateEmbed> = pages
        .parts
        .iter()
        .map(|part| CreateEmbed::new().description(part).colour(post.tone.colour()))
        .collect();
    if embeds.is_empty() && !(fields.is_empty() && foot.is_empty()) {
        embeds.push(CreateEmbed::new().colour(post.tone.colour()));
    }
    if let Some(last) = embeds.pop() {
        let last = last.fields(fields.into_iter().map(|(name, value)| (name, value, true)));
        embeds.push(if foot.is_empty() { last } else { last.footer(CreateEmbedFooter::new(foot)) });
    }
    let mut embeds = embeds.into_iter();
    if let Some(draft) = drafts.last_mut() {
        draft.embed = embeds.next();
    }
    drafts.extend(embeds.map(|embed| Draft { embed: Some(embed), ..Draft::default() }));
    (drafts, files)
}

/// The fields and the footer of a box; empty where they do not fit and stay in the text.
fn extras(post: &Post) -> (Vec<(String, String)>, String) {
    let text = |spans: Vec<Span>| {
        let post = Post { body: vec![Block::Para(spans)], ..Post::default() };
        render(&post, &marks::DISCORD).trim().to_owned()
    };
    let field =
        |(name, value): &(String, Vec<Span>)| (text(vec![Span::Text(one_line(name))]), text(value.clone()));
    let mut fields: Vec<(String, String)> = post.facts.iter().map(field).collect();
    let units = |text: &str| text.encode_utf16().count();
    let fits = |(name, value): &(String, String)| {
        (1..=FIELD_NAME).contains(&units(name)) && (1..=FIELD_VALUE).contains(&units(value))
    };
    let sum: usize = fields.iter().map(|(name, value)| units(name) + units(value)).sum();
    if fields.len() > FIELDS || !fields.iter().all(fits) || sum + FOOTER > EXTRAS {
        fields.clear();
    }
    let foot = one_line(&post.foot).trim().to_owned();
    let foot = if units(&foot) <= FOOTER { foot } else { String::new() };
    (fields, foot)
}
