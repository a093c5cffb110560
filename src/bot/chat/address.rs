//! Whether a message is meant for the bot, and what it says without the address.

/// How surely a message is meant for the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// Prefix, mention, `name:` or a direct message: an answer is owed, also to what nobody understands.
    Yes,
    /// It begins with the bot's name, as talk about the bot does too: only a command is answered.
    Perhaps,
}

/// A message without its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addressed<'a> {
    /// What is said to the bot.
    pub command: &'a str,
    /// How surely it is.
    pub sure: Sure,
}

/// How a message reached the bot, apart from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Said in a room.
    Room,
    /// Said in a room, with a mention that the service marked.
    Mention,
    /// Said to the bot alone.
    Direct,
}

/// Takes the address off `text`: the prefix (`!run`), one of the bot's names (`bot: run`, `@bot run`),
/// or nothing where the way is address enough; there too a prefix or name may be typed. Linear in the text.
pub fn address<'a, 'n>(
    text: &'a str,
    way: Way,
    prefix: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<Addressed<'a>> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix(prefix).filter(|_| !prefix.is_empty()) {
        return after_prefix(rest.trim_start(), prefix, way);
    }
    if let Some(named) = names.into_iter().find_map(|name| after_name(text, name)) {
        return Some(named);
    }
    match way {
        Way::Room => None,
        Way::Mention | Way::Direct => Some(Addressed { command: text, sure: Sure::Yes }),
    }
}

/// `!!` runs the last command again; other text that has no letter or digit is an exclamation, not a command.
fn after_prefix<'a>(rest: &'a str, prefix: &str, way: Way) -> Option<Addressed<'a>> {
    let spoken = rest.chars().any(char::is_alphanumeric) && !rest.starts_with(prefix);
    if spoken || rest == prefix || way != Way::Room {
        return Some(Addressed { command: rest, sure: Sure::Yes });
    }
    None
}

fn after_name<'a>(text: &'a str, name: &str) -> Option<Addressed<'a>> {
    if name.is_empty() {
        return None;
    }
    let at = text.strip_prefix('@');
    let body = at.unwrap_or(text);
    let head = body.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name))?;
    let rest = &body[head.len()..];
    let marked = rest.strip_prefix([':', ',']);
    let tail = marked.unwrap_or(rest);
    if !tail.is_empty() && !tail.starts_with(char::is_whitespace) && marked.is_none() {
        return None;
    }
    let sure = if at.is_some() || marked.is_some() { Sure::Yes } else { Sure::Perhaps };
    Some(Addressed { command: tail.trim_start(), sure })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, way: Way) -> Option<(&str, Sure)> {
        address(text, way, "!", ["chatops", "bot2"]).map(|addressed| (addressed.command, addressed.sure))
    }

    #[test]
    fn prefix_name_and_mention_address_the_bot() {
        for text in [
            "!run date",
            "! run date",
            "chatops: run date",
            "@chatops run date",
            "ChatOps, run date",
            "bot2:run date",
        ] {
            assert_eq!(said(text, Way::Room), Some(("run date", Sure::Yes)), "{text}");
        }
        assert_eq!(said("chatops run date", Way::Room), Some(("run date", Sure::Perhaps)));
        assert_eq!(said("run date", Way::Mention), Some(("run date", Sure::Yes)));
    }

    #[test]
    fn a_direct_message_needs_no_address_and_may_have_one() {
        for text in ["help", "!help", "chatops: help"] {
            assert_eq!(said(text, Way::Direct).map(|(command, _)| command), Some("help"), "{text}");
        }
    }

    #[test]
    fn talk_is_not_addressed() {
        for text in ["hello", "!!!", "!?", "!", "chatopsy is a word", "ask chatops: x", ""] {
            assert_eq!(said(text, Way::Room), None, "{text}");
        }
    }

    #[test]
    fn two_prefixes_repeat_the_last_command() {
        assert_eq!(said("!!", Way::Room), Some(("!", Sure::Yes)));
    }

    #[test]
    fn a_name_cut_inside_a_character_is_no_panic() {
        assert_eq!(said("chatopé", Way::Room), None);
    }
}
