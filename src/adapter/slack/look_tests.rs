//! How posts look on Slack: recordings for reviewers, and what must hold for all of them.

use super::*;
use crate::adapter::rendered;
use crate::text::{Addressee, Choice};

#[test]
fn every_sample_looks_as_it_was_kept() {
    for (name, post) in rendered::samples() {
        let look = look(&post);
        let files: Vec<_> =
            look.files.iter().map(|file| json!({"name": file.name, "bytes": file.text.len()})).collect();
        rendered::check("slack", name, &json!({"messages": look.messages, "files": files}));
    }
}

#[test]
fn every_sample_keeps_within_slacks_limits() {
    let units = |value: &Value| value.as_str().unwrap_or_default().encode_utf16().count();
    for (name, post) in rendered::samples() {
        for message in look(&post).messages {
            assert!(units(&message["text"]) <= TEXT, "{name}");
            for attachment in message["attachments"].as_array().map_or(&[][..], Vec::as_slice) {
                for block in attachment["blocks"].as_array().map_or(&[][..], Vec::as_slice) {
                    assert!(units(&block["text"]["text"]) <= SECTION, "{name}");
                }
            }
        }
    }
}

#[test]
fn a_mention_stands_above_the_box_where_it_pings_and_output_pings_nobody() {
    let to = Some(Addressee { id: "U0ALICE".into(), name: "alice".into() });
    let post = Post { to, tone: Tone::Good, ..Post::plain("<!channel> @here <@U0BOB> &") };
    let look = look(&post);
    assert_eq!(look.messages[0]["text"], "<@U0ALICE>:");
    let section = &look.messages[0]["attachments"][0]["blocks"][0];
    assert_eq!(section["text"]["text"], "&lt;!channel&gt; @here &lt;@U0BOB&gt; &amp;");
    assert_eq!(section["text"]["verbatim"], true);
}

#[test]
fn a_long_answer_is_cut_with_its_fence_closed_and_the_buttons_stand_under_its_end() {
    let choices = vec![Choice { nonce: "n1".into(), label: "More".into(), typed: "more".into() }];
    let text = "0123456789\n".repeat(700).trim_end().to_owned();
    let body = vec![Block::Code { lang: String::new(), text }];
    let look = look(&Post { tone: Tone::Bad, body, choices, ..Post::default() });
    assert_eq!(look.messages.len(), 3);
    for (number, message) in look.messages.iter().enumerate() {
        let blocks = &message["attachments"][0]["blocks"];
        let text = blocks[0]["text"]["text"].as_str().unwrap();
        assert!(text.starts_with("```\n") && text.ends_with("\n```"), "{text}");
        assert_eq!(blocks[1]["type"] == "actions", number == 2);
    }
}

#[test]
fn nothing_is_lost_of_what_is_too_long_for_messages() {
    let text: String = (0..20_000).map(|line| format!("line {line}\n")).collect();
    let look = look(&Post {
        body: vec![Block::Code { lang: String::new(), text: text.clone() }],
        ..Post::default()
    });
    assert_eq!(look.messages.len(), 1);
    assert_eq!(look.files[0].text.trim_end(), text.trim_end());
    let words = in_words(&look.files[0]);
    let all: String = words.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert!((0..20_000).step_by(777).all(|line| all.contains(&format!("line {line}\n"))));
}
