use super::*;
use crate::adapter::rendered;
use crate::text::parse;

fn button(index: usize, choice: &Choice) -> Value {
    json!({"id": format!("choice{index}"), "type": "button", "name": choice.label,
        "integration": {"url": "https://bot.example.org/chat/mattermost/press", "context": {"nonce": choice.nonce}}})
}

fn style(button: Option<Button<'static>>, to: Option<&str>) -> Style<'static> {
    Style { longest: 16_383, to: to.map(str::to_owned), button }
}

#[test]
fn every_kind_of_post_has_its_look() {
    for (name, post) in rendered::samples() {
        let to = post.to.as_ref().map(|to| to.name.clone());
        let (bodies, files) = bodies(&post, &style(Some(&button), to.as_deref()));
        assert!(bodies.iter().all(|body| body.text.chars().count() <= 16_383), "{name}");
        let files: Vec<_> =
            files.iter().map(|file| json!({"name": file.name, "bytes": file.text.len()})).collect();
        let messages: Vec<_> = bodies.iter().map(Body::json).collect();
        rendered::check("mattermost", name, &json!({"messages": messages, "files": files}));
    }
}

#[test]
fn without_a_callback_choices_are_typed() {
    let samples = rendered::samples();
    let (_, post) = samples.iter().find(|(name, _)| *name == "choices").unwrap();
    let (bodies, _) = bodies(post, &style(None, None));
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].attachments.is_empty() && bodies[0].text.contains("`ack #7`"), "{bodies:?}");
}

#[test]
fn attachments_of_an_alias_are_the_message() {
    let native = json!({"mattermost": {"text": "hi @all", "attachments": [
        {"title": "t", "color": "danger", "evil": 1, "actions": []}]}});
    let post = Post { native: native.as_object().cloned().unwrap(), ..parse("left out") };
    let (bodies, _) = bodies(&post, &style(None, Some("alice")));
    assert_eq!(bodies[0].attachments, [json!({"title": "t", "color": "#e01e5a"})]);
    assert_eq!(bodies[0].text, "@alice: hi @\u{200b}all");
}

#[test]
fn parts_of_a_long_result_keep_their_colour() {
    let post = Post {
        title: vec![Span::Text("t".to_owned())],
        foot: "f".to_owned(),
        ..parse("x ".repeat(50).trim())
    };
    let post = post.tone(Tone::Bad);
    let (bodies, files) = bodies(&post, &Style { longest: 40, to: None, button: None });
    assert!(bodies.len() > 1 && files.is_empty());
    assert!(bodies.iter().all(|body| body.attachments[0]["color"] == "#e01e5a"));
    let (first, last) = (&bodies[0].attachments[0], &bodies[bodies.len() - 1].attachments[0]);
    assert!(first["title"] == "t" && first["footer"].is_null() && last["footer"] == "f");
}
