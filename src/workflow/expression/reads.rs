//! The variables that a text names, found by their looks: `ctx().x`, `ctx(x)`, `ctx("x")`. For Jinja,
//! and for YAQL that does not parse.

use std::sync::LazyLock;

use regex::Regex;

/// A variable that a text names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The variable.
    pub(super) name: String,
    /// `ctx().x`, not `ctx(x)`.
    pub(super) by_point: bool,
}

static LOOKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"\bctx\(\s*(?:\)\s*\.\s*(?P<point>\w+)(?P<call>\s*\()?|(?P<quote>['"]?)(?P<word>\w+)['"]?\s*\))"#,
    )
    .expect("it is a constant")
});

/// The variables, in the order found. A method of the context is none.
pub(super) fn textual(source: &str) -> Vec<Named> {
    LOOKS
        .captures_iter(source)
        .filter_map(|found| {
            if let Some(word) = found.name("word") {
                return Some(Named { name: word.as_str().to_owned(), by_point: false });
            }
            let point = found.name("point").filter(|_| found.name("call").is_none())?;
            Some(Named { name: point.as_str().to_owned(), by_point: true })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_by_their_looks() {
        let names = |source: &str| textual(source).into_iter().map(|read| read.name).collect::<Vec<_>>();
        assert_eq!(names("ctx().a.b + ctx(c) ~ ctx('d') | x(ctx( \"e\" ))"), ["a", "c", "d", "e"]);
        assert_eq!(names("ctx().get('x') ~ myctx().y ~ ctx()['z']"), [""; 0]);
    }
}
