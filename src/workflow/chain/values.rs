//! Rendering in chains: Jinja, strict, and what is rendered is always text.

use serde_json::{Value, json};

use super::{ChainRun, Names};
use crate::template::{TemplateError, Undefined};

impl ChainRun {
    /// The names an expression sees: parameters, results by node, variables and published values, the later
    /// ones hiding the earlier.
    pub(super) fn seen(&self) -> Names {
        let mut seen = self.state.inputs.clone();
        for (name, value) in &self.around.stored {
            seen.insert(name.clone(), value.clone());
        }
        let results: Names =
            self.state.steps.iter().map(|step| (step.node.clone(), step.result.clone())).collect();
        seen.extend(results.clone());
        seen.extend(self.state.vars.clone());
        seen.insert("__results".to_owned(), Value::Object(results));
        seen
    }

    /// Renders parameters of an action: they see the context of the execution and of the pack too.
    pub(super) fn parameters(&self, name: &str, parameters: &Names) -> Result<Names, TemplateError> {
        let mut seen = self.seen();
        seen.insert("action_context".to_owned(), Value::Object(self.around.action_context.clone()));
        seen.insert("config_context".to_owned(), Value::Object(self.around.config_context.clone()));
        self.render(name, parameters, seen)
    }

    /// Renders a mapping of templates.
    pub(super) fn render(&self, name: &str, values: &Names, seen: Names) -> Result<Names, TemplateError> {
        let values = Value::Object(values.clone());
        let rendered =
            self.around.templates.render_leaves(name, &values, &Value::Object(seen), Undefined::Strict)?;
        Ok(rendered.as_object().cloned().unwrap_or_default())
    }

    /// Renders one text.
    pub(super) fn text(&self, name: &str, text: &str) -> Result<String, TemplateError> {
        let rendered = self.around.templates.render_leaves(
            name,
            &json!(text),
            &Value::Object(self.seen()),
            Undefined::Strict,
        )?;
        Ok(rendered.as_str().unwrap_or(text).to_owned())
    }
}
