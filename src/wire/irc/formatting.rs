//! Colours and faces of IRC text (<https://modern.ircdocs.horse/formatting>).

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// Bold, italics, underline, strikethrough, monospace, reverse, reset.
const TOGGLES: [char; 7] = ['\x02', '\x1d', '\x1f', '\x1e', '\x11', '\x16', '\x0f'];
const COLOUR: char = '\x03';
const HEX_COLOUR: char = '\x04';

/// The text without its formatting.
pub(super) fn strip(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| TOGGLES.contains(&c) || c == COLOUR || c == HEX_COLOUR) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            COLOUR => skip_colour(&mut chars, 2, |c| c.is_ascii_digit()),
            HEX_COLOUR => skip_colour(&mut chars, 6, |c| c.is_ascii_hexdigit()),
            c if TOGGLES.contains(&c) => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Skips `fg[,bg]`; a comma without digits behind it is text.
fn skip_colour(chars: &mut Peekable<Chars<'_>>, most: usize, digit: fn(char) -> bool) {
    if skip_digits(chars, most, digit) == 0 {
        return;
    }
    let mut ahead = chars.clone();
    if ahead.next() == Some(',') && skip_digits(&mut ahead, most, digit) > 0 {
        *chars = ahead;
    }
}

fn skip_digits(chars: &mut Peekable<Chars<'_>>, most: usize, digit: fn(char) -> bool) -> usize {
    (0..most).take_while(|_| chars.next_if(|c| digit(*c)).is_some()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_faces_are_cut() {
        for (given, plain) in [
            ("plain", "plain"),
            ("\x02bold\x02 \x1ditalic\x0f", "bold italic"),
            ("\x0304red\x03 \x034,12both\x03", "red both"),
            ("\x03041 apple", "1 apple"),
            ("\x033,x", ",x"),
            ("\x04ff0000hex", "hex"),
            ("a\x03", "a"),
        ] {
            assert_eq!(strip(given), plain, "{given:?}");
        }
    }
}
