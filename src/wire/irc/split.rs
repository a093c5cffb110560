//! Cuts text into what fits a line of IRC.

/// Says how long the text of one `PRIVMSG` may be, as the others will receive it.
#[derive(Debug, Clone)]
pub struct Splitter {
    line: usize,
    prefix: usize,
}

impl Splitter {
    /// For lines of `line` bytes with CR LF, sent by `nick!user@host` of `prefix` bytes.
    pub fn new(line: usize, prefix: usize) -> Self {
        Self { line, prefix }
    }

    /// The bytes left for the text in `:prefix PRIVMSG target :text` CR LF.
    pub fn room(&self, target: &str) -> usize {
        let around = ":".len() + self.prefix + " PRIVMSG ".len() + target.len() + " :".len() + "\r\n".len();
        self.line.saturating_sub(around).max(40)
    }

    /// The pieces of one line of text: cut behind a blank where one is near, else between characters.
    /// Joined they are the text again.
    pub fn pieces<'a>(&self, target: &str, text: &'a str) -> Vec<&'a str> {
        pieces(text, self.room(target))
    }
}

/// A blank in the last half of the room is near enough to cut there.
const NEAR: usize = 2;

fn pieces(mut text: &str, room: usize) -> Vec<&str> {
    let mut out = Vec::new();
    while text.len() > room {
        let hard = text.floor_char_boundary(room);
        let soft = text[..hard].rfind(' ').filter(|at| *at >= room - room / NEAR);
        let (head, rest) = text.split_at(soft.map_or(hard, |at| at + 1));
        out.push(head);
        text = rest;
    }
    out.push(text);
    out
}

/// Text as one line that is safe to send: line ends, NUL and the CTCP mark become blanks, since each
/// could begin a command of its own.
pub fn sentence(text: &str) -> String {
    let unsafe_char = |c: char| matches!(c, '\r' | '\n' | '\0' | '\x01');
    text.trim_end_matches(unsafe_char).replace(unsafe_char, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_words() {
        assert_eq!(pieces("one two three four", 9), ["one two ", "three ", "four"]);
        assert_eq!(pieces("one two", 7), ["one two"]);
    }

    #[test]
    fn a_long_word_is_cut_between_characters() {
        let word = "é".repeat(300);
        let cut = pieces(&word, 101);
        assert!(cut.iter().all(|piece| piece.len() <= 101));
        assert_eq!(cut.concat(), word);
    }

    #[test]
    fn the_servers_prefix_counts() {
        let splitter = Splitter::new(512, "bot!bot@host.example.org".len());
        let line =
            format!(":bot!bot@host.example.org PRIVMSG #ops :{}\r\n", "x".repeat(splitter.room("#ops")));
        assert_eq!(line.len(), 512);
    }

    #[test]
    fn a_line_end_cannot_begin_a_command() {
        assert_eq!(sentence("hi\r\nQUIT :bye\0\x01"), "hi  QUIT :bye");
    }
}
