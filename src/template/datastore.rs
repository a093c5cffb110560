//! The key-value datastore as templates see it: `st2kv.system.a.b`, `st2kv.user.x`, `st2kv("system.a.b")`.
//!
//! A dotted path is one key, looked up when its end is used. A missing key is empty text; a secret shows as stars, and
//! only the filter `decrypt_kv` gives its text.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::limits::failed;

/// What stands where a secret is not asked for by `decrypt_kv`.
const HIDDEN: &str = "********";

/// Whose key is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    System,
    /// The person's for whom something is rendered.
    User,
}

/// What the datastore has under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Text.
    Text(String),
    /// A secret.
    Secret,
}

/// The datastore, for one person. Asked while a template renders: must answer at once.
pub trait Datastore: Send + Sync {
    /// What is under a key.
    fn look_up(&self, whose: Whose, key: &str) -> Option<Kept>;

    /// Whether a key begins with `prefix` and goes on.
    fn goes_on(&self, whose: Whose, prefix: &str) -> bool;

    /// The text under a key, of a secret too; `None` without such a key.
    ///
    /// # Errors
    /// Why a secret cannot be opened.
    fn reveal(&self, whose: Whose, key: &str) -> Option<Result<String, String>>;
}

/// `st2kv`.
pub(super) struct Root(pub(super) Arc<dyn Datastore>);

/// `st2kv.system.a`, which may go on.
pub(super) struct Path {
    from: Arc<dyn Datastore>,
    whose: Whose,
    path: String,
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("st2kv")
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Object for Root {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let whose = match key.as_str()? {
            "system" => Whose::System,
            "user" => Whose::User,
            _ => return None,
        };
        Some(Value::from_object(Path { from: self.0.clone(), whose, path: String::new() }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    /// `st2kv("system.a.b")`: a first word other than `system` and `user` begins a key of the person.
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (name, options): (&str, Kwargs) = minijinja::value::from_args(args)?;
        let decrypt: Option<bool> = options.get("decrypt")?;
        let default: Option<Value> = options.get("default")?;
        options.assert_all_used()?;
        let (whose, key) = split(name);
        let found = match decrypt == Some(true) {
            true => self.0.reveal(whose, key).transpose().map_err(failed)?,
            false => self.0.look_up(whose, key).map(plain),
        };
        match (found, default) {
            (Some(text), _) => Ok(Value::from(text)),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(failed(format!("the datastore has no key `{name}`"))),
        }
    }
}

/// Whose key `st2kv("...")` names: the part before the first dot may say it.
pub fn split(name: &str) -> (Whose, &str) {
    match name.split_once('.') {
        Some(("system", key)) => (Whose::System, key),
        Some(("user", key)) => (Whose::User, key),
        _ => (Whose::User, name),
    }
}

fn plain(kept: Kept) -> String {
    match kept {
        Kept::Text(text) => text,
        Kept::Secret => HIDDEN.to_owned(),
    }
}

impl Path {
    fn shown(&self) -> String {
        self.from.look_up(self.whose, &self.path).map(plain).unwrap_or_default()
    }

    /// The text, of a secret too.
    pub(super) fn reveal(&self) -> Result<String, Error> {
        let missing = || failed(format!("the datastore has no key `{}`", self.path));
        self.from.reveal(self.whose, &self.path).ok_or_else(missing)?.map_err(failed)
    }
}

impl Object for Path {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    /// A key that cannot go on is its text at once, so that comparisons and filters see text.
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let step = key.as_str()?;
        let path = if self.path.is_empty() { step.to_owned() } else { format!("{}.{step}", self.path) };
        match self.from.look_up(self.whose, &path) {
            Some(Kept::Text(text)) if !self.from.goes_on(self.whose, &format!("{path}.")) => {
                Some(Value::from(text))
            }
            _ => Some(Value::from_object(Self { from: self.from.clone(), whose: self.whose, path })),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.shown().is_empty()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// A value that a path stands for is its text.
pub(super) fn settled(value: Value) -> Value {
    match value.downcast_object_ref::<Path>() {
        Some(path) => Value::from(path.shown()),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::template::{Templates, Undefined};

    struct Shelf(BTreeMap<&'static str, (&'static str, bool)>);

    impl Shelf {
        fn find(&self, whose: Whose, key: &str) -> Option<(&'static str, bool)> {
            let word = if whose == Whose::System { "system" } else { "user" };
            self.0.get(format!("{word}.{key}").as_str()).copied()
        }
    }

    impl Datastore for Shelf {
        fn look_up(&self, whose: Whose, key: &str) -> Option<Kept> {
            let (text, secret) = self.find(whose, key)?;
            Some(if secret { Kept::Secret } else { Kept::Text(text.to_owned()) })
        }

        fn goes_on(&self, whose: Whose, prefix: &str) -> bool {
            let word = if whose == Whose::System { "system" } else { "user" };
            self.0.keys().any(|key| key.starts_with(&format!("{word}.{prefix}")))
        }

        fn reveal(&self, whose: Whose, key: &str) -> Option<Result<String, String>> {
            self.find(whose, key).map(|(text, _)| Ok(text.to_owned()))
        }
    }

    fn render(source: &str) -> Result<String, String> {
        let shelf = BTreeMap::from([
            ("system.a.b", ("deep", false)),
            ("system.a", ("7", false)),
            ("system.pw", ("hunter2", true)),
            ("system.json", ("{\"x\": [1, 2]}", false)),
            ("user.x", ("mine", false)),
        ]);
        let templates = Templates::default().with_datastore(Arc::new(Shelf(shelf)));
        templates.render("t", source, &json!({"n": 1}), Undefined::Strict).map_err(|error| error.message)
    }

    #[test]
    fn a_dotted_path_is_one_key_and_a_missing_one_is_empty() {
        assert_eq!(
            render("{{ st2kv.system.a.b }} {{ st2kv.system.a }} {{ st2kv.user.x }}").unwrap(),
            "deep 7 mine"
        );
        assert_eq!(
            render("[{{ st2kv.system.none }}{{ st2kv.system.no.such.key }}{{ st2kv.user.a }}]").unwrap(),
            "[]"
        );
        assert_eq!(render("{{ st2kv.system['a.b'] }}").unwrap(), "deep");
        assert_eq!(render("{% if st2kv.system.none %}yes{% else %}no{% endif %}").unwrap(), "no");
    }

    #[test]
    fn filters_and_comparisons_see_text() {
        assert_eq!(render("{{ (st2kv.system.a | int) + 1 }}").unwrap(), "8");
        assert_eq!(render("{{ (st2kv.system.json | from_json_string).x[1] }}").unwrap(), "2");
        assert_eq!(render("{{ st2kv.user.x == 'mine' }} {{ st2kv.user.x | upper }}").unwrap(), "True MINE");
    }

    #[test]
    fn a_secret_is_shown_only_when_it_is_asked_for() {
        assert_eq!(render("{{ st2kv.system.pw }}").unwrap(), HIDDEN);
        assert_eq!(render("{{ st2kv.system.pw | decrypt_kv }}").unwrap(), "hunter2");
        assert_eq!(render("{{ st2kv('system.pw') }}").unwrap(), HIDDEN);
        assert_eq!(render("{{ st2kv('system.pw', decrypt=true) }}").unwrap(), "hunter2");
        assert!(render("{{ st2kv.system.none | decrypt_kv }}").unwrap_err().contains("no key `none`"));
    }

    #[test]
    fn a_call_names_a_key_and_misses_it_aloud() {
        assert_eq!(
            render("{{ st2kv('system.a.b') }} {{ st2kv('x') }} {{ st2kv('user.x') }}").unwrap(),
            "deep mine mine"
        );
        assert_eq!(render("{{ st2kv('none', default='d') }}").unwrap(), "d");
        assert!(render("{{ st2kv('none') }}").unwrap_err().contains("no key `none`"));
    }
}
