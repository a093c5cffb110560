//! The values for one execution: templates are rendered with the keys of whoever asked, secrets told apart.

use serde_json::{Map, Value};

use super::check::is_template;
use super::{Item, PackConfig};
use crate::action::{HIDDEN, Render};

impl PackConfig {
    /// The values with templates rendered: always text, null where it is empty. Of a secret item a key of the datastore
    /// is opened. Beside them the texts that may be shown to nobody.
    ///
    /// # Errors
    /// Which item's template failed, and why.
    pub fn render(
        &self,
        by: &dyn Render,
        context: &Value,
    ) -> Result<(Map<String, Value>, Vec<String>), String> {
        let mut run = Run { by, context, secrets: Vec::new() };
        let mut values = Map::new();
        for (name, value) in &self.values {
            let value = run.value(self.schema.item(name), value, name, false)?;
            values.insert(name.clone(), value);
        }
        Ok((values, run.secrets))
    }
}

struct Run<'a> {
    by: &'a dyn Render,
    context: &'a Value,
    secrets: Vec<String>,
}

impl Run<'_> {
    fn value(
        &mut self,
        item: Option<&Item>,
        value: &Value,
        path: &str,
        secret: bool,
    ) -> Result<Value, String> {
        let secret = secret || item.is_some_and(|item| item.secret);
        let done = match value {
            Value::String(text) if is_template(text) => self.text(text, path, secret)?,
            Value::Object(map) => {
                let mut done = Map::new();
                for (name, value) in map {
                    let inner = item.and_then(|item| item.property(name));
                    done.insert(name.clone(), self.value(inner, value, &format!("{path}.{name}"), secret)?);
                }
                Value::Object(done)
            }
            Value::Array(items) => {
                let each = items.iter().enumerate();
                let each = each.map(|(at, value)| {
                    let inner = item.and_then(|item| item.element(at));
                    self.value(inner, value, &format!("{path}[{at}]"), secret)
                });
                Value::Array(each.collect::<Result<_, _>>()?)
            }
            plain => plain.clone(),
        };
        if let (true, Value::String(text)) = (secret, &done) {
            self.secrets.push(text.clone());
        }
        Ok(done)
    }

    fn text(&self, text: &str, path: &str, secret: bool) -> Result<Value, String> {
        let render = |source: &str| {
            self.by.render(path, source, self.context).map_err(|why| format!("`{path}` of the config: {why}"))
        };
        let opened = lone(text).filter(|_| secret && !text.contains("decrypt_kv"));
        let rendered = match opened.map(|inner| render(&format!("{{{{ {inner} | decrypt_kv }}}}"))) {
            Some(Ok(opened)) => opened,
            // A key that is not secret is taken as it is.
            failed => match (render(text)?, failed) {
                (hidden, Some(Err(why))) if hidden == HIDDEN => return Err(why),
                (plain, _) => plain,
            },
        };
        Ok(if rendered.is_empty() { Value::Null } else { Value::String(rendered) })
    }
}

/// The expression of a text that is nothing but one.
fn lone(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("}}")).then_some(inner.trim())
}
