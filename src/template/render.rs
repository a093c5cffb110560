//! Rendering: one door for every template of the bot.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{Environment, Error, UndefinedBehavior, Value};

use super::datastore::{self, Datastore};
use super::error::TemplateError;
use super::globals;
use super::limits::{Bounded, Limits};
use super::prepare::Prepared;
use super::{env, list, place};
use crate::model::Secret;

/// The name of the template that shows a result when an alias has no `result.format`.
pub const DEFAULT_RESULT: &str = "default_result.j2";

/// Templates that are there without a file; the home's own take precedence.
const BUILT_IN: [(&str, &str); 4] = [
    (DEFAULT_RESULT, include_str!("../../templates/default_result.j2")),
    ("hosts.j2", include_str!("../../templates/hosts.j2")),
    ("http.j2", include_str!("../../templates/http.j2")),
    ("stackstorm_result.j2", include_str!("../../templates/stackstorm_result.j2")),
];

/// What a name that is not there gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// An error: acknowledgements, extras, parameters.
    Strict,
    /// Nothing is printed; an attribute of it is still an error: results.
    Lenient,
}

/// What templates are made with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Templates that others include, import or extend: name, such as `host.j2`, to text.
    pub templates: BTreeMap<String, String>,
    /// What one rendering may cost.
    pub limits: Limits,
    /// StackStorm's key file (its JSON text) for the filter `decrypt_kv`.
    pub secret_key: Option<Secret>,
}

/// The bot's template environment. Cheap to clone.
#[derive(Clone)]
pub struct Templates {
    shared: Arc<Shared>,
    /// What `st2kv` stands for; without it, what the context has of that name.
    datastore: Option<Arc<dyn Datastore>>,
}

struct Shared {
    strict: Environment<'static>,
    lenient: Environment<'static>,
    named: Arc<BTreeMap<String, String>>,
    limits: Limits,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Templates {
    /// Makes the environment. A named template that does not compile fails where it is used; see
    /// [`problems`](Self::problems).
    pub fn new(options: Options) -> Self {
        let mut named: BTreeMap<String, String> =
            BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        named.extend(options.templates);
        let named = Arc::new(named);
        let make = |behavior| env::make(&named, options.limits, options.secret_key.as_ref(), behavior);
        let strict = make(UndefinedBehavior::Strict);
        let lenient = make(UndefinedBehavior::Lenient);
        let shared = Arc::new(Shared { strict, lenient, named, limits: options.limits });
        Self { shared, datastore: None }
    }

    /// The same environment in which `st2kv` is this.
    #[must_use]
    pub fn with_datastore(&self, datastore: Arc<dyn Datastore>) -> Self {
        Self { shared: self.shared.clone(), datastore: Some(datastore) }
    }

    /// The text of a named template.
    pub fn source(&self, name: &str) -> Option<&str> {
        self.shared.named.get(name).map(String::as_str)
    }

    /// The names of all named templates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shared.named.keys().map(String::as_str)
    }

    /// The named templates that do not compile.
    pub fn problems(&self) -> Vec<TemplateError> {
        let named = self.shared.named.iter();
        named.filter_map(|(name, source)| self.check(name, source).err()).collect()
    }

    /// Renders `source`, called `name` in errors, with the keys of `context` as variables.
    pub fn render(
        &self,
        name: &str,
        source: &str,
        context: &serde_json::Value,
        mode: Undefined,
    ) -> Result<String, TemplateError> {
        self.run(name, source, self.root(context), self.env(mode))
    }

    /// Renders every text of `value` that is a template; all else stays as it is, keys included.
    /// `__context` is the whole context. With an empty context nothing is rendered, as in StackStorm.
    ///
    /// `{"n": 3, "who": "{{ user }}"}` gives `{"n": 3, "who": "ann"}`.
    pub fn render_leaves(
        &self,
        name: &str,
        value: &serde_json::Value,
        context: &serde_json::Value,
        mode: Undefined,
    ) -> Result<serde_json::Value, TemplateError> {
        if context.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(value.clone());
        }
        let mut context = context.clone();
        context["__context"] = context.clone();
        self.leaves(name, value, &self.root(&context), self.env(mode))
    }

    fn leaves(
        &self,
        name: &str,
        value: &serde_json::Value,
        root: &Value,
        env: &Environment<'static>,
    ) -> Result<serde_json::Value, TemplateError> {
        use serde_json::Value as Json;
        match value {
            Json::String(text) if is_template(text) => {
                self.run(name, text, root.clone(), env).map(Json::String)
            }
            Json::Array(items) => {
                let items = items.iter().map(|item| self.leaves(name, item, root, env));
                items.collect::<Result<_, _>>().map(Json::Array)
            }
            Json::Object(map) => {
                let entries =
                    map.iter().map(|(key, value)| Ok((key.clone(), self.leaves(name, value, root, env)?)));
                entries.collect::<Result<_, _>>().map(Json::Object)
            }
            other => Ok(other.clone()),
        }
    }

    /// Renders `source`; whatever comes from an expression is given to `place`, and what it returns
    /// is written instead, also inside included templates, blocks and loops. A string literal in an
    /// expression is given too. What is captured first (`set` blocks, macros, `call`, `filter`) is one
    /// value, its own literal text included, when it is printed at last.
    pub fn render_with(
        &self,
        name: &str,
        source: &str,
        context: &serde_json::Value,
        mode: Undefined,
        place: &mut dyn FnMut(&str) -> String,
    ) -> Result<String, TemplateError> {
        let most = self.shared.limits.output;
        let prepared = Prepared::new(source);
        let rendered = place::render(self.env(mode), name, &prepared.text, self.root(context), place, most);
        rendered.map_err(|error| self.explain(&error, name, source))
    }

    /// The text of a finished execution, by the default template; `execution` as in section `execution`
    /// of `docs/templates.md`.
    pub fn default_result(&self, execution: &serde_json::Value) -> Result<String, TemplateError> {
        let source = self.shared.named.get(DEFAULT_RESULT).map_or("", String::as_str);
        let context = serde_json::json!({ "execution": execution });
        self.render(DEFAULT_RESULT, source, &context, Undefined::Lenient)
    }

    /// Compiles `source` without rendering it; gives the variables it looks up, sorted, without the
    /// ones that are always there.
    pub fn check(&self, name: &str, source: &str) -> Result<Vec<String>, TemplateError> {
        self.looked_up(name, source, Depth::Names)
    }

    /// The same with what is looked up in them, where that is written plainly: `event.labels.env`.
    pub fn paths(&self, name: &str, source: &str) -> Result<Vec<String>, TemplateError> {
        self.looked_up(name, source, Depth::Paths)
    }

    fn looked_up(&self, name: &str, source: &str, depth: Depth) -> Result<Vec<String>, TemplateError> {
        let env = &self.shared.strict;
        let explain = |error: Error| self.explain(&error, name, source);
        let prepared = Prepared::new(source);
        let template = env.template_from_named_str(name, &prepared.text).map_err(explain)?;
        let known: Vec<&str> = env.globals().map(|(name, _)| name).collect();
        let mut names: Vec<String> =
            template.undeclared_variables(depth == Depth::Paths).into_iter().collect();
        names.retain(|name| !name.split('.').next().is_some_and(|first| known.contains(&first)));
        names.sort();
        Ok(names)
    }

    /// The variables of a template; `st2kv` can be called too.
    fn root(&self, context: &serde_json::Value) -> Value {
        let own = self.datastore.as_ref();
        let nothing = serde_json::Map::new();
        let map = match context {
            serde_json::Value::Object(map) => map,
            serde_json::Value::Null if own.is_some() => &nothing,
            other => return list::from_json(other),
        };
        let given = map.iter().filter(|(key, _)| own.is_none() || *key != "st2kv").map(|(key, value)| {
            let value = match (key.as_str(), value) {
                ("st2kv", serde_json::Value::Object(_)) => globals::Datastore::wrap(value),
                _ => list::from_json(value),
            };
            (key.as_str(), value)
        });
        let own = own.map(|own| ("st2kv", Value::from_object(datastore::Root(own.clone()))));
        Value::from_pairs(given.chain(own))
    }

    fn env(&self, mode: Undefined) -> &Environment<'static> {
        match mode {
            Undefined::Strict => &self.shared.strict,
            Undefined::Lenient => &self.shared.lenient,
        }
    }

    fn run(
        &self,
        name: &str,
        source: &str,
        root: Value,
        env: &Environment<'static>,
    ) -> Result<String, TemplateError> {
        let explain = |error: Error| self.explain(&error, name, source);
        let prepared = Prepared::new(source);
        let template = env.template_from_named_str(name, &prepared.text).map_err(explain)?;
        let mut out = Bounded { text: Vec::new(), most: self.shared.limits.output };
        template.render_captured_to(root, &mut out).map_err(explain)?;
        String::from_utf8(out.text).map_err(|_| TemplateError::whole(name, "the output is not UTF-8"))
    }

    fn explain(&self, error: &Error, name: &str, source: &str) -> TemplateError {
        TemplateError::of(error, name, |found, offset| {
            let text = if found == name { source } else { self.shared.named.get(found)? };
            Some((text.to_owned(), Prepared::new(text).original(offset)))
        })
    }
}

/// How much of a lookup is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// `event`.
    Names,
    /// `event.labels.env`.
    Paths,
}

/// Whether a text can change by rendering.
fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}
