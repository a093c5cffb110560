//! What an execution says: its acknowledgement and its result, through the alias's formats.

use serde_json::{Map, Value};
use tracing::warn;

use super::model::{Looked, describe, model_of};
use super::order::Order;
use crate::bot::reply;
use crate::model::{Execution, Status};
use crate::template::Undefined;
use crate::text::marks::PLAIN;
use crate::text::{Block, Post, Span, Tone, render, result_post};

/// Lines of standard error under a failure whose format does not show them.
const END_LINES: usize = 10;

/// What an alias says at once, as its templates make it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ack {
    /// The rendered `ack.format`, if it has one; why it cannot be rendered, if so.
    pub text: Option<String>,
    /// The rendered `ack.extra`.
    pub extra: Map<String, Value>,
}

impl Order {
    /// What its alias says at once of `execution`, whether or not it is to be said.
    pub fn ack(&self, execution: &Execution) -> Ack {
        let Some(alias) = &self.alias else { return Ack::default() };
        let format = alias.ack.format.as_deref();
        let wanted = Wanted::by(format, &alias.ack.extra);
        let context = context(self, execution, &Value::Null, &wanted);
        let render =
            |format| match self.home.templates.render("ack.format", format, &context, Undefined::Strict) {
                Ok(rendered) => rendered,
                Err(error) => {
                    let reference = alias.reference();
                    warn!(alias = %reference, %error, "an acknowledgement cannot be rendered");
                    format!("Cannot render \"format\" in field \"ack\" for alias. {}", error.headline())
                }
            };
        Ack { text: format.map(render), extra: native(self, &alias.ack.extra, &context) }
    }
}

/// The acknowledgement that the alias asks for at once, if it asks for one.
pub(super) fn acknowledgement(order: &Order, execution: &Execution) -> Option<Post> {
    order.alias.as_ref().filter(|alias| alias.ack.enabled && alias.ack.format.is_some())?;
    let Ack { text, extra } = order.ack(execution);
    let mut post = crate::text::parse(text?.trim_end()).tone(Tone::Working);
    post.body.extend(link(order, execution.id));
    post.native = extra;
    post.foot = reply::filled(&order.filled);
    addressed(order, post).into()
}

/// The bot's own acknowledgement, with the page of the execution where the alias wants it.
pub(super) fn running(order: &Order, id: i64) -> Post {
    let mut post = reply::running(id, &order.command);
    post.foot = reply::filled(&order.filled);
    post.body.extend(link(order, id));
    addressed(order, post)
}

/// The page of an execution, unless its alias does without.
fn link(order: &Order, id: i64) -> Option<Block> {
    order.alias.as_ref().filter(|alias| alias.ack.append_url)?;
    let url = order.home.web_url(id)?;
    Some(Block::Para(vec![Span::Link { label: "details".to_owned(), url }]))
}

/// The answer to whoever asked; `None` where the alias wants none and it went well.
pub(super) fn result(order: &Order, execution: &Execution, result: &Value) -> Option<Post> {
    let good = execution.status == Status::Succeeded;
    let spec = order.alias.as_ref().map(|alias| &alias.result);
    if spec.is_some_and(|spec| !spec.enabled) && good {
        return None;
    }
    let ran = matches!(execution.status, Status::Succeeded | Status::Failed)
        || result.as_object().is_some_and(|map| !map.is_empty());
    let format = spec.filter(|spec| spec.enabled && ran).and_then(|spec| spec.format.as_deref());
    let nothing = Map::new();
    let wanted = Wanted::by(format, spec.map_or(&nothing, |spec| &spec.extra));
    let context = context(order, execution, result, &wanted);
    let usual = |error| fallback(order, execution, result, error);
    let mut post = match format {
        Some(format) => formatted(order, format, &context).unwrap_or_else(|error| usual(Some(error))),
        None if ran => usual(None),
        None => Post::default(),
    };
    post.tone = if good { Tone::Good } else { Tone::Bad };
    if let Some(spec) = spec {
        post.native = native(order, &spec.extra, &context);
    }
    if !good {
        if format.is_some() {
            post.body.extend(end_of_errors(&post, result));
        }
        let ending = unsaid(&post, execution);
        let said = std::mem::take(&mut post.foot);
        post.foot = ending
            .into_iter()
            .chain(Some(said).filter(|said| !said.is_empty()))
            .collect::<Vec<_>>()
            .join(" · ");
    }
    let ways = [std::mem::take(&mut post.foot), reply::filled(&order.filled)];
    post.foot = ways.into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join(" · ");
    addressed(order, post).into()
}

/// What the words of `post` do not tell of a bad end. Output does not count: it stands in code blocks.
fn unsaid(post: &Post, execution: &Execution) -> Option<String> {
    let in_words = |block: &&Block| !matches!(block, Block::Code { .. });
    let words = |blocks: &[Block]| blocks.iter().filter(in_words).cloned().collect();
    let spoken = Post {
        pretext: words(&post.pretext),
        title: post.title.clone(),
        body: words(&post.body),
        ..Post::default()
    };
    reply::ending(execution, &render(&spoken, &PLAIN))
}

/// The last lines that a failed command wrote to its standard error, unless the format shows them.
fn end_of_errors(post: &Post, result: &Value) -> Option<Block> {
    let errors = result.get("stderr")?.as_str()?.trim_end();
    let lines: Vec<&str> = errors.lines().collect();
    let end = lines[lines.len().saturating_sub(END_LINES)..].join("\n");
    let shown = render(post, &PLAIN).contains(&end);
    (!end.trim().is_empty() && !shown).then_some(Block::Code { lang: String::new(), text: end })
}

/// The alias's own words; why they cannot be had, if so.
fn formatted(order: &Order, format: &str, context: &Value) -> Result<Post, String> {
    let rendered = order.home.templates.render("result.format", format, context, Undefined::Lenient);
    rendered.map(|rendered| result_post(&rendered)).map_err(|error| {
        warn!(alias = ?order.alias_reference(), %error, "a result cannot be rendered, the default text is used");
        error.headline()
    })
}

fn fallback(order: &Order, execution: &Execution, result: &Value, error: Option<String>) -> Post {
    let model = model_of(&order.home, execution, result, &Looked::All);
    let rendered = order.home.templates.default_result(&model).unwrap_or_else(|error| {
        warn!(%error, "the default result cannot be rendered");
        format!("{}: {}", execution.action, execution.status)
    });
    let mut post = result_post(rendered.trim());
    if let Some(error) = error {
        post.foot = format!("the alias's own format failed: {error}");
    }
    post
}

/// StackStorm's `extra`: rendered strictly; what cannot be rendered is left out and logged.
fn native(order: &Order, extra: &Map<String, Value>, context: &Value) -> Map<String, Value> {
    let mut native = Map::new();
    for (key, value) in extra {
        match order.home.templates.render_leaves("extra", value, context, Undefined::Strict) {
            Ok(value) => drop(native.insert(key.clone(), value)),
            Err(error) => warn!(alias = ?order.alias_reference(), key, %error, "an extra cannot be rendered"),
        }
    }
    native
}

/// In a shared room an answer says whom it is for.
pub(super) fn addressed(order: &Order, mut post: Post) -> Post {
    post.to = order.asker.addressee();
    post
}

/// What is worth describing to a format: making all of it is most of the work of a quick command.
struct Wanted<'a> {
    execution: Looked<'a>,
    alias: bool,
}

impl<'a> Wanted<'a> {
    /// What a format and an `extra` can reach: a format that does not name the alias reaches it through a template
    /// that it includes, if at all.
    fn by(format: Option<&'a str>, extra: &Map<String, Value>) -> Self {
        if !extra.is_empty() {
            return Self { execution: Looked::All, alias: true };
        }
        let reaches = |format: &str| format.contains("alias") || format.contains("{%");
        Self { execution: Looked::by(format.unwrap_or_default()), alias: format.is_some_and(reaches) }
    }
}

/// What a format sees.
fn context(order: &Order, execution: &Execution, result: &Value, wanted: &Wanted<'_>) -> Value {
    let mut context = Map::new();
    let model = model_of(&order.home, execution, result, &wanted.execution);
    context.insert("execution".to_owned(), model);
    if wanted.alias {
        let alias = order.alias.as_ref().map_or(Value::Null, |alias| describe(alias));
        context.insert("alias".to_owned(), alias.clone());
        context.insert("actionalias".to_owned(), alias);
    }
    Value::Object(context)
}
