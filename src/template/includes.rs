//! Which templates a template names: what is not there would only show when somebody is answered.

use super::Templates;
use super::lexer::{Kind, Piece, cut};

/// Statements that name another template.
const NAMING: [&str; 4] = ["include", "import", "from", "extends"];

impl Templates {
    /// The first template that `source` includes, imports or extends, itself or through others, and that is not
    /// there. Names that are computed, and those that may be missing, do not count.
    pub fn missing(&self, source: &str) -> Option<String> {
        let mut seen = Vec::new();
        let mut open = named_in(source);
        while let Some(name) = open.pop() {
            if seen.contains(&name) {
                continue;
            }
            match self.source(&name) {
                Some(text) => open.extend(named_in(text)),
                None => return Some(name),
            }
            seen.push(name);
        }
        None
    }
}

fn named_in(source: &str) -> Vec<String> {
    let tags = cut(source).unwrap_or_default().into_iter().filter_map(|piece| match piece {
        Piece::Tag(tokens) => Some(tokens),
        Piece::Raw(..) => None,
    });
    let named = tags.filter_map(|tokens| {
        let words = tokens.iter().map(|token| (token.kind, &source[token.start..token.end]));
        let mut words = words.skip_while(|(_, word)| matches!(*word, "-" | "+"));
        let (_, statement) = words.next()?;
        let (kind, name) = words.next()?;
        let may_be_missing = words.any(|(_, word)| word == "missing");
        (NAMING.contains(&statement) && kind == Kind::Text && !may_be_missing).then(|| unquoted(name))
    });
    named.collect()
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Options;

    #[test]
    fn what_is_included_and_not_there_is_named_also_through_others() {
        let named = [("a.j2", "{%- import 'b.j2' as b %}"), ("b.j2", "{% include \"gone.j2\" %}")];
        let templates = named.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let templates = Templates::new(Options { templates, ..Options::default() });
        assert_eq!(templates.missing("x {% include 'a.j2' %}").as_deref(), Some("gone.j2"));
        for fine in [
            "{% include 'hosts.j2' %}",
            "{% include 'no.j2' ignore missing %}",
            "{% include name %}",
            "{% raw %}{% include 'no.j2' %}{% endraw %}",
            "{{ include }} {% if 'no.j2' %}{% endif %}",
        ] {
            assert_eq!(templates.missing(fine), None, "{fine}");
        }
    }
}
