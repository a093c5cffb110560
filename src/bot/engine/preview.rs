//! What a command would do, without doing it: `--dry-run`.

use super::order::Proof;
use super::{Engine, Order, render};
use crate::action::cut_secrets;
use crate::bot::approvals;
use crate::text::marks::PLAIN;
use crate::text::{Block, Post, Span, Tone};

impl Engine {
    /// Tells the action, its parameters, who must approve, the command as it would run, and what would be said first.
    /// Secrets are cut. Nothing is recorded.
    pub fn preview(&self, order: &Order) -> Post {
        let cut = |text: &str| cut_secrets(text, &order.prepared.secrets);
        let mut facts =
            vec![fact("action", order.action.reference()), fact("runner", order.prepared.runner.clone())];
        facts.extend(approvals::parameters(&order.prepared.shown));
        if order.proof == Proof::Code {
            facts.push(("second factor".to_owned(), vec![Span::Text("a code is asked for".to_owned())]));
        }
        if order.demands.is_empty() {
            facts.push(("approval".to_owned(), vec![Span::Text("nobody's".to_owned())]));
        }
        for demand in &order.demands {
            facts.push(("approval".to_owned(), approvals::demanded(demand)));
        }
        facts.extend(order.lock.iter().map(|lock| fact("lock", lock.clone())));
        let mut body = vec![Block::Para(vec![
            Span::Text("nothing was run: ".to_owned()),
            Span::Code(cut(&order.command)),
            Span::Text(" would do this".to_owned()),
        ])];
        if let Some(text) = command(order) {
            body.push(Block::Code { lang: String::new(), text: cut(&text) });
        }
        if let Some(said) = render::acknowledgement(order, &order.execution(0, self.world.now())) {
            let said = crate::text::render(&said, &PLAIN);
            body.push(Block::Para(vec![Span::Text("first it would say:".to_owned())]));
            body.push(Block::Quote(vec![Span::Text(cut(said.trim()))]));
        }
        Post { tone: Tone::Plain, body, facts, ..Post::default() }
    }
}

fn fact(name: &str, value: String) -> (String, Vec<Span>) {
    (name.to_owned(), vec![Span::Code(value)])
}

/// What a process would be given: the command with the variables that carry typed values, or the script with its
/// arguments.
fn command(order: &Order) -> Option<String> {
    let prepared = &order.prepared;
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in &prepared.values {
        lines.push(format!("{name}={value:?}"));
    }
    match (prepared.parameters.get("cmd").and_then(|cmd| cmd.as_str()), &prepared.entry_point) {
        (Some(cmd), _) => lines.push(cmd.to_owned()),
        (None, Some(script)) => {
            let name = script.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let arguments = prepared.arguments.iter().map(|argument| format!(" {argument:?}"));
            lines.push(name + &arguments.collect::<String>());
        }
        (None, None) => return None,
    }
    Some(lines.join("\n"))
}
