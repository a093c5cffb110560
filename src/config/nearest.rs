//! "Did you mean": the nearest of a few known words.

/// The known word most like `word`, if any is near enough to be a slip: at most a third of its
/// letters differ. Bounded: words over 64 characters are not compared.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length == 0 || length > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    let scored = known
        .into_iter()
        .filter(|candidate| candidate.len() <= 256)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate));
    let (distance, candidate) = scored.min_by_key(|(distance, _)| *distance)?;
    let allowed = (length.max(candidate.chars().count()) / 3).max(1);
    (distance <= allowed).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        assert_eq!(nearest("chanels", ["channels", "token"]), Some("channels"));
        assert_eq!(nearest("Tokne", ["channels", "token"]), Some("token"));
    }

    #[test]
    fn another_word_finds_nothing() {
        assert_eq!(nearest("purple", ["channels", "token"]), None);
        assert_eq!(nearest("", ["a"]), None);
    }
}
