//! What a person typed, without what the client put around it. Rocket.Chat keeps a message as it was typed, marks
//! and all; only replies, mentions and emphasis of the whole message are undone. Code keeps every character.

/// A message as a command is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The words.
    pub text: String,
    /// Whether it began with a mention of the bot, which is no longer in it.
    pub mentioned: bool,
}

/// Undoes what the client added; `me` is the bot's name where the server says that the message mentions it.
pub fn typed(text: &str, me: Option<&str>) -> Typed {
    let text = unwrapped(without_replies(text.trim()));
    match me.and_then(|me| without_mention(text, me)) {
        Some(rest) => Typed { text: unwrapped(rest).to_owned(), mentioned: true },
        None => Typed { text: text.to_owned(), mentioned: false },
    }
}

/// A reply or quotation begins with an empty link to the message, `[ ](https://...)`, one for each.
fn without_replies(text: &str) -> &str {
    let mut rest = text;
    while let Some(after) = rest.strip_prefix("[ ](").and_then(|link| link.split_once(')')) {
        rest = after.1.trim_start();
    }
    rest
}

/// What stands after `@name`, a colon or comma left out.
fn without_mention<'a>(text: &'a str, me: &str) -> Option<&'a str> {
    let body = text.strip_prefix('@')?;
    let head = body.get(..me.len()).filter(|head| head.eq_ignore_ascii_case(me))?;
    let rest = &body[head.len()..];
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ':' || c == ',');
    ends.then(|| rest.trim_start_matches([':', ',']).trim_start())
}

/// Marks of emphasis around the whole message; `*.txt *.log` has none.
fn unwrapped(text: &str) -> &str {
    for mark in ["**", "*", "__", "_", "~~", "~"] {
        let inner = text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        let sign = mark.chars().next().unwrap_or_default();
        let plain = |inner: &&str| {
            !inner.is_empty() && !inner.contains(sign) && !inner.contains('`') && inner.trim() == *inner
        };
        if let Some(inner) = inner.filter(plain) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(said: &str) -> String {
        typed(said, None).text
    }

    #[test]
    fn a_mention_in_front_is_taken_off() {
        for said in
            ["@bot run date", "@bot: run date", "@Bot, run date", " @bot  run date", "*@bot run date*"]
        {
            let typed = typed(said, Some("bot"));
            assert_eq!((typed.text.as_str(), typed.mentioned), ("run date", true), "{said}");
        }
        for said in ["@bottom run date", "ask @bot", "bot run", "@b"] {
            assert_eq!(typed(said, Some("bot")), Typed { text: said.to_owned(), mentioned: false });
        }
        assert_eq!(typed("@bot", Some("bot")), Typed { text: String::new(), mentioned: true });
        assert!(!typed("@bot x", None).mentioned, "the server does not say so");
    }

    #[test]
    fn a_reply_is_what_follows_the_link() {
        let said = "[ ](https://chat.example.org/channel/ops?msg=a) [ ](https://x) @bot echo hi";
        assert_eq!(typed(said, Some("bot")).text, "echo hi");
        assert_eq!(text("[label](https://x) y"), "[label](https://x) y");
    }

    #[test]
    fn emphasis_of_the_whole_is_undone_and_nothing_else() {
        for said in ["*!run date*", "**!run date**", "_!run date_", "~!run date~"] {
            assert_eq!(text(said), "!run date", "{said}");
        }
        for said in
            ["!run ls *.txt *.log", "*a* b *c*", "*", "**", "_x", "!run `echo *a*` on b", "*`a`*", "* a *"]
        {
            assert_eq!(text(said), said.trim(), "{said}");
        }
    }

    #[test]
    fn a_name_cut_inside_a_character_is_no_panic() {
        assert!(!typed("@é", Some("b")).mentioned);
    }
}
