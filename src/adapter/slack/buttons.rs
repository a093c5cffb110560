//! What the reader may answer, as buttons (docs.slack.dev/reference/block-kit/block-elements/button-element).

use slack_morphism::blocks::{
    SlackActionBlockElement, SlackActionsBlock, SlackBlock, SlackBlockButtonElement, SlackBlockPlainText,
};

use crate::text::Choice;
use crate::text::clean::one_line;

/// Slack takes this many buttons in a row of them.
const ROW: usize = 25;
/// Slack cuts what a button says at this many characters.
const LABEL: usize = 75;

/// Rows of buttons. A button holds the nonce and nothing else: what it does is known to the bot alone.
pub(super) fn rows(choices: &[Choice]) -> Vec<SlackBlock> {
    let button = |(number, choice): (usize, &Choice)| {
        let label = SlackBlockPlainText::new(label(&choice.label));
        let button = SlackBlockButtonElement::new(label.into())
            .with_action_id(format!("choice-{number}").into())
            .with_value(choice.nonce.clone());
        SlackActionBlockElement::Button(button)
    };
    let buttons: Vec<_> = choices.iter().enumerate().map(button).collect();
    buttons.chunks(ROW).map(|row| SlackActionsBlock::new(row.to_vec()).into()).collect()
}

fn label(text: &str) -> String {
    let text = one_line(text);
    match text.chars().count() {
        0 => "…".to_owned(),
        length if length <= LABEL => text,
        _ => text.chars().take(LABEL - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_long_buttons_keep_within_slacks_limits() {
        let choice = Choice { nonce: "n".into(), label: "x".repeat(200), typed: String::new() };
        let rows = serde_json::to_value(rows(&vec![choice; 60])).unwrap();
        let lengths: Vec<_> =
            rows.as_array().unwrap().iter().map(|row| row["elements"].as_array().unwrap().len()).collect();
        assert_eq!(lengths, [25, 25, 10]);
        let button = &rows[2]["elements"][9];
        assert_eq!((button["action_id"].as_str(), button["value"].as_str()), (Some("choice-59"), Some("n")));
        assert_eq!(button["text"]["text"].as_str().unwrap().chars().count(), 75);
        assert_eq!(button["text"]["type"], "plain_text");
    }
}
