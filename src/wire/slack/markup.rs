//! What Slack makes of a typed text, undone (docs.slack.dev/messaging/formatting-message-text): `<...>` and the three
//! entities. The result depends on the text alone, never on a cache, so a command means the same each time.

/// A text as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The text, without a mention of the bot at its start.
    pub text: String,
    /// Whether it began with a mention of the bot.
    pub mentioned: bool,
}

/// Undoes markup. `me` is the bot's user id; a mention of it at the start is cut.
pub fn undo(text: &str, me: &str) -> Undone {
    let text = text.trim();
    let (mentioned, rest) = match cut_mention(text, me) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    Undone { text: plain(rest), mentioned }
}

/// What follows `<@ME>` or `<@ME|name>`, a colon or comma included.
fn cut_mention<'a>(text: &'a str, me: &str) -> Option<&'a str> {
    let inner = text.strip_prefix("<@")?.strip_prefix(me).filter(|_| !me.is_empty())?;
    let rest = match inner.strip_prefix('|') {
        Some(named) => named.split_once('>')?.1,
        None => inner.strip_prefix('>')?,
    };
    Some(rest.strip_prefix([':', ',']).unwrap_or(rest).trim_start())
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        entities(&rest[..at], &mut out);
        let inside = &rest[at + 1..];
        // Slack writes a typed `<` as an entity, so a bare one opens markup; where it does not, it stays.
        match inside.find(['<', '>', '\n']).filter(|end| inside.as_bytes()[*end] == b'>') {
            Some(end) => {
                entities(&marked(&inside[..end]), &mut out);
                rest = &inside[end + 1..];
            }
            None => {
                out.push('<');
                rest = inside;
            }
        }
    }
    entities(rest, &mut out);
    out
}

/// What stood where Slack wrote `<inside>`.
fn marked(inside: &str) -> String {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (inside, None),
    };
    let with = |sign: char, id: &str| {
        let shown = label.unwrap_or(id);
        if shown.starts_with(sign) { shown.to_owned() } else { format!("{sign}{shown}") }
    };
    if let Some(id) = target.strip_prefix('@') {
        return with('@', id);
    }
    if let Some(id) = target.strip_prefix('#') {
        return with('#', id);
    }
    if let Some(command) = target.strip_prefix('!') {
        return match command.split_once('^') {
            // Groups and dates carry what is shown.
            Some((_, id)) => label.map_or_else(|| id.to_owned(), str::to_owned),
            None => with('@', command),
        };
    }
    // Of a link what the person sees: `host` of `<http://host|host>`.
    label.unwrap_or_else(|| target.strip_prefix("mailto:").unwrap_or(target)).to_owned()
}

/// The three entities, each once: `&amp;lt;` is `&lt;`.
fn entities(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
        match known.iter().find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, sign)) => {
                out.push(*sign);
                rest = &rest[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(wire: &str) -> String {
        undo(wire, "U0BOT").text
    }

    #[test]
    fn links_entities_and_mentions_read_as_they_were_typed() {
        for (wire, typed) in [
            ("!ping <http://web1.example.org|web1.example.org>", "!ping web1.example.org"),
            ("!get <https://example.org/a?b=1&amp;c=2>", "!get https://example.org/a?b=1&c=2"),
            ("mail <mailto:a@example.org|a@example.org>", "mail a@example.org"),
            ("mail <mailto:a@example.org>", "mail a@example.org"),
            ("!echo a &lt; b &amp;&amp; c &gt; d &amp;lt;", "!echo a < b && c > d &lt;"),
            ("<@U0BOB> in <#C0OPS|ops> and <#C0OPS>", "@U0BOB in #ops and #C0OPS"),
            ("<@U0BOB|bob> <!here> <!channel|channel>", "@bob @here @channel"),
            ("<!subteam^S0SRE|@sre> <!date^1760000000^{date}|today>", "@sre today"),
            ("`a &lt;b&gt; \u{201c}c\u{201d}` *bold*", "`a <b> \u{201c}c\u{201d}` *bold*"),
            ("a < b and <never closed\n> c", "a < b and <never closed\n> c"),
            ("&nbsp; &", "&nbsp; &"),
        ] {
            assert_eq!(text(wire), typed, "{wire}");
        }
    }

    #[test]
    fn a_mention_of_the_bot_at_the_start_addresses_it_and_goes() {
        for wire in
            ["<@U0BOT> run date", "<@U0BOT>: run date", "<@U0BOT|chatops>, run date", "  <@U0BOT>run date"]
        {
            let undone = undo(wire, "U0BOT");
            assert_eq!((undone.text.as_str(), undone.mentioned), ("run date", true), "{wire}");
        }
        for wire in ["thanks to <@U0BOT>", "<@U0BOTTLE> run date", "<@U0BOB> run date"] {
            assert!(!undo(wire, "U0BOT").mentioned, "{wire}");
        }
        assert!(!undo("<@> x", "").mentioned);
    }
}
