//! "Did you mean": the nearest of a few known words.

pub use crate::model::is_secret_word;

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

/// The known words as a sentence lists them: `` `a`, `b`, `c` ``, at most forty.
pub fn choices<'a>(known: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = known.into_iter().take(41).map(|word| format!("`{word}`")).collect();
    if words.len() == 41 {
        words[40] = "...".to_owned();
    }
    words.join(", ")
}

/// What helps a person who wrote `word` where only `known` ones are accepted.
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    match nearest(word, known.clone()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => Some(choices(known)).filter(|all| !all.is_empty()).map(|all| format!("accepted: {all}")),
    }
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
