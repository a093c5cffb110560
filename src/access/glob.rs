//! Patterns with `*`, matched in time linear in text times pattern, without backtracking over more than one star.

/// What a star stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Star {
    /// Any characters.
    Anything,
    /// Letters, digits and `. _ : @ % + = -`: nothing that separates list items, words of a command or folders,
    /// so that `web-*` allows neither `web-1,db-1` nor `web-1; halt`. Two stars stand for anything.
    Word,
}

/// Whether the whole of `text` is what `pattern` describes.
pub(super) fn matches(pattern: &str, text: &str, star: Star) -> bool {
    // Most patterns differ from most texts before the first star.
    let Some((before, _)) = pattern.split_once('*') else { return pattern == text };
    if !text.starts_with(before) {
        return false;
    }
    let pattern: Vec<Step> = steps(pattern, star);
    let text: Vec<char> = text.chars().collect();
    // Positions in the text that the pattern can have reached so far.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for step in pattern {
        reached = advance(step, &text, &reached);
        if !reached.contains(&true) {
            return false;
        }
    }
    reached[text.len()]
}

#[derive(Debug, Clone, Copy)]
enum Step {
    One(char),
    Run(Star),
}

fn steps(pattern: &str, star: Star) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '*' {
            steps.push(Step::One(letter));
            continue;
        }
        let mut kind = star;
        while letters.next_if_eq(&'*').is_some() {
            kind = Star::Anything;
        }
        steps.push(Step::Run(kind));
    }
    steps
}

fn advance(step: Step, text: &[char], reached: &[bool]) -> Vec<bool> {
    let mut next = vec![false; reached.len()];
    match step {
        Step::One(letter) => {
            for (at, found) in text.iter().enumerate() {
                next[at + 1] = reached[at] && *found == letter;
            }
        }
        Step::Run(star) => {
            next[0] = reached[0];
            for (at, found) in text.iter().enumerate() {
                next[at + 1] = reached[at + 1] || (next[at] && fits(star, *found));
            }
        }
    }
    next
}

fn fits(star: Star, letter: char) -> bool {
    star == Star::Anything || letter.is_alphanumeric() || "._:@%+=-".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run() {
        for (pattern, text) in
            [("*", ""), ("*", "a.b"), ("a*", "a"), ("a*c", "abc"), ("*.b", "a.b"), ("a", "a")]
        {
            assert!(matches(pattern, text, Star::Anything), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a", ""), ("a*", "ba"), ("a*c", "acb"), ("deploy.*", "deploy"), ("a", "A")]
        {
            assert!(!matches(pattern, text, Star::Anything), "{pattern} {text}");
        }
    }

    #[test]
    fn a_star_in_a_value_stops_at_what_separates() {
        assert!(matches("web-*", "web-12.example.org:22", Star::Word));
        for text in
            ["web-1,db-1", "web-1 db-1", "web-1;halt", "web-$(id)", "web-1\n", "web-../x", "web-1\u{0}"]
        {
            assert!(!matches("web-*", text, Star::Word), "{text:?}");
        }
        assert!(matches("say **", "say any, thing; at all", Star::Word));
    }

    #[test]
    fn many_stars_stay_quick() {
        let start = std::time::Instant::now();
        assert!(!matches(&"*a".repeat(100), &"a".repeat(5_000).replace("aaaa", "aab "), Star::Word));
        assert!(start.elapsed().as_secs() < 5);
    }
}
