//! Conditions: one expression of the template language that holds or does not. What is not there is false.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

use super::error::TemplateError;
use super::limits::Limits;
use super::prepare::Prepared;
use super::{env, list};

/// What one condition may cost: it is asked while others wait.
const LIMITS: Limits = Limits { fuel: 20_000, output: 0 };

/// The longest condition, in bytes.
const LONGEST: usize = 4_096;

/// Stands around an expression so that it is prepared as in a template.
const OPEN: &str = "{{ ";
const CLOSE: &str = " }}";

/// Reads and asks conditions.
pub struct Conditions {
    env: Environment<'static>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self { env: env::make(&Arc::new(BTreeMap::new()), LIMITS, None, UndefinedBehavior::Chainable) }
    }
}

impl Conditions {
    /// Whether `source`, called `name` in errors, is one expression over the names in `sample`.
    ///
    /// # Errors
    /// It is not, or it names a filter that is not there; the error says where.
    pub fn check(&self, name: &str, source: &str, sample: &serde_json::Value) -> Result<(), TemplateError> {
        if source.len() > LONGEST {
            let long = format!("{} bytes, at most {LONGEST} are accepted", source.len());
            return Err(TemplateError::whole(name, long));
        }
        let prepared = prepared(source);
        let inner = inner(&prepared).unwrap_or(source);
        let compiled = self.env.compile_expression(inner);
        let compiled = compiled.map_err(|error| explain(&error, name, source, &prepared))?;
        let known: Vec<&str> =
            sample.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let always: Vec<&str> = self.env.globals().map(|(name, _)| name).collect();
        let mut strange: Vec<String> = compiled.undeclared_variables(false).into_iter().collect();
        strange.retain(|word| !known.contains(&word.as_str()) && !always.contains(&word.as_str()));
        strange.sort();
        if let Some(word) = strange.first() {
            let at = source.find(word.as_str()).unwrap_or(0);
            let known = known.join("`, `");
            return Err(TemplateError::at(name, source, at, format!("there is no `{word}`, only `{known}`")));
        }
        // Filters and tests are looked for only when they are used.
        match compiled.eval(list::from_json(sample)) {
            Err(error) if is_unknown(&error) => Err(explain(&error, name, source, &prepared)),
            _ => Ok(()),
        }
    }

    /// Whether `source` holds in `context`. What is not there is false.
    ///
    /// # Errors
    /// It cannot be asked: it does too much work, or compares what cannot be compared.
    pub fn holds(
        &self,
        name: &str,
        source: &str,
        context: &serde_json::Value,
    ) -> Result<bool, TemplateError> {
        let prepared = prepared(source);
        let inner = inner(&prepared).unwrap_or(source);
        let compiled = self.env.compile_expression(inner);
        match compiled.and_then(|it| it.eval(list::from_json(context))) {
            Ok(value) => Ok(value.is_true()),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(explain(&error, name, source, &prepared)),
        }
    }
}

fn prepared(source: &str) -> Prepared {
    Prepared::new(&format!("{OPEN}{source}{CLOSE}"))
}

fn inner(prepared: &Prepared) -> Option<&str> {
    prepared.text.strip_prefix(OPEN)?.strip_suffix(CLOSE)
}

/// Whether a filter, test or function is not there, whatever the event.
fn is_unknown(error: &Error) -> bool {
    let kinds = [ErrorKind::UnknownFilter, ErrorKind::UnknownTest, ErrorKind::UnknownFunction];
    any(error, |it| kinds.contains(&it.kind()))
}

/// Whether something was used that the event has not.
fn is_absent(error: &Error) -> bool {
    let of_nothing =
        |it: &Error| it.detail().is_some_and(|detail| detail.contains("undefined has no method"));
    any(error, |it| {
        it.kind() == ErrorKind::UndefinedError || it.kind() == ErrorKind::UnknownMethod && of_nothing(it)
    })
}

/// Whether an error or one of its causes is such.
fn any(error: &Error, is: impl Fn(&Error) -> bool) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(source) = next {
        if source.downcast_ref::<Error>().is_some_and(&is) {
            return true;
        }
        next = source.source();
    }
    false
}

fn explain(error: &Error, name: &str, source: &str, prepared: &Prepared) -> TemplateError {
    let offset = error.range().map_or(0, |range| range.start);
    let at = prepared.original(offset + OPEN.len()).saturating_sub(OPEN.len()).min(source.len());
    let message = TemplateError::of(error, name, |_, _| None).message;
    TemplateError::at(name, source, at, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(source: &str) -> bool {
        let context =
            json!({"level": 3, "WARNING": 2, "changed": true, "labels": {"host": "web-1", "n": "7"}});
        Conditions::default().holds("match", source, &context).unwrap()
    }

    #[test]
    fn a_condition_is_one_expression_and_what_is_missing_is_false() {
        assert!(holds("level >= WARNING and changed"));
        assert!(holds("labels.host == 'web-1' and labels.n | int > 3"));
        assert!(holds("'web' in labels.host or labels.none.deeper == 'x'"));
        assert!(holds("not labels.none"));
        for missing in [
            "labels.none",
            "labels.none == 'x'",
            "labels.none.deeper",
            "labels.none in ['a', 'b']",
            "labels.none.lower() == 'x'",
            "labels['no-ne'] and changed",
            "labels.none | int > 3",
            "'x' in labels.none",
        ] {
            assert!(!holds(missing), "{missing}");
        }
    }

    #[test]
    fn a_broken_one_is_refused_with_its_place() {
        let conditions = Conditions::default();
        let check =
            |source: &str| conditions.check("match", source, &json!({"level": 1, "labels": {}})).unwrap_err();
        let error = check("level >= ");
        assert_eq!(error.line, Some(1), "{error}");
        assert!(error.to_string().contains("1 | level >= "), "{error}");
        assert!(check("levl > 2").to_string().contains("there is no `levl`, only `level`, `labels`"));
        let error = check("level > 2 }} {{ labels").to_string();
        assert!(error.contains("match:1"), "{error}");
        assert!(check(&"(".repeat(5_000)).to_string().contains("at most"));
        assert!(check("labels.a | nofilter").to_string().contains("nofilter"));
        assert!(conditions.check("match", "labels.a * 2 ~ 'x' == 'ax'", &json!({"labels": {}})).is_ok());
    }

    #[test]
    fn a_hostile_one_ends() {
        let conditions = Conditions::default();
        for source in [
            "range(100000) | sum > 1",
            "('x' * 900000000) == 'y'",
            "range(9999) | map('string') | join | length > 1",
        ] {
            let began = std::time::Instant::now();
            let _ = conditions.holds("match", source, &json!({}));
            assert!(began.elapsed().as_millis() < 1_000, "{source}");
        }
        assert!(conditions.holds("match", "('x' * 900000000) == 'y'", &json!({})).is_err());
    }
}
