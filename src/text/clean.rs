//! What must not pass: control characters and terminal codes on the way out, typographic disguises on
//! the way in. Pure functions.

/// Text without C0 and C1 control characters, terminal codes, and marks that change the direction of
/// reading; line breaks and tabs stay. `\r\n` and a lone `\r` become line breaks.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(c),
            '\x1b' => skip_escape(&mut chars),
            '\u{9b}' => skip_sequence(&mut chars),
            c if c.is_control() || is_direction(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// The same on one line: for names, titles, IRC lines. Breaks and tabs become a blank.
pub fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// What follows an ESC: a CSI sequence, a string up to BEL or ST, or one character.
fn skip_escape(chars: &mut Chars<'_>) {
    match chars.next_if(|c| ('\x20'..='\x7e').contains(c)) {
        Some('[') => skip_sequence(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
        Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => {
            chars.next_if(|c| ('\x20'..='\x7e').contains(c));
        }
        _ => {}
    }
}

/// Parameters and the final byte of a CSI sequence.
fn skip_sequence(chars: &mut Chars<'_>) {
    while chars.next_if(|c| ('\x20'..='\x3f').contains(c)).is_some() {}
    chars.next_if(|c| ('\x40'..='\x7e').contains(c));
}

/// A terminal string: up to BEL, ST, or the end of the line, so that a cut one eats no more than that.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\x07' | '\u{9c}' => return,
            '\x1b' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// Marks that turn the reading direction: a name could be shown as another.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Output of a command as text: terminal codes cut, and what a carriage return overwrote left out,
/// so that a progress bar is its last state.
pub fn output(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let shown = text.split('\n').map(|line| {
        let line = line.trim_end_matches('\r');
        line.rsplit_once('\r').map_or(line, |(_, last)| last)
    });
    printable(&shown.collect::<Vec<_>>().join("\n"))
}

/// What a person typed, as a command is read: typographic quotes become straight, odd blanks become
/// blanks, invisible characters and controls go. Inside backticks only controls go.
pub fn typed(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len());
    let pieces: Vec<&str> = text.split('`').collect();
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            out.push('`');
        }
        // A backtick that is never closed opens nothing.
        let in_code = index % 2 == 1 && index + 1 < pieces.len();
        if in_code { out.push_str(piece) } else { out.extend(piece.chars().filter_map(straight)) }
    }
    out
}

fn straight(c: char) -> Option<char> {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => Some('\''),
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' => Some('"'),
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' => None,
        '\u{2028}' | '\u{2029}' => Some('\n'),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_terminal_codes_go() {
        assert_eq!(printable("a\x1b[31mred\x1b[0m\x00\x07b\u{202e}c"), "aredbc");
        assert_eq!(printable("\x1b]0;title\x07x\x1b]8;;http://e\x1b\\y\u{9b}1mz"), "xyz");
        assert_eq!(printable("\x1b]0;never ended\nnext"), "\nnext");
        assert_eq!(printable("a\r\nb\rc\td"), "a\nb\nc\td");
        assert_eq!(one_line("a\r\nQUIT\x00"), "a QUIT");
    }

    #[test]
    fn a_progress_bar_is_its_last_state() {
        assert_eq!(output("10%\r50%\r100%\r\ndone\r\n"), "100%\ndone\n");
    }

    #[test]
    fn typography_is_undone_outside_code() {
        assert_eq!(typed("say \u{201c}it\u{2019}s\u{a0}on\u{201d}\u{200b}"), "say \"it's on\"");
        assert_eq!(
            typed("run `echo \u{201c}x\u{201d}` \u{2018}y\u{2019}"),
            "run `echo \u{201c}x\u{201d}` 'y'"
        );
        assert_eq!(typed("a ` b \u{201c}c\u{201d}"), "a ` b \"c\"");
    }
}
