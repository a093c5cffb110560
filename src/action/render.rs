//! What this room needs of the template engine.

use serde_json::Value;

/// The template engine, as parameters need it. Errors are the engine's own words, fit for a person.
pub trait Render {
    /// Renders `source`, called `name` in errors. An undefined variable is an error.
    fn render(&self, name: &str, source: &str, context: &Value) -> Result<String, String>;

    /// The same, but what each output (`{{ ... }}`) would print goes through `out`, and what that
    /// returns is printed instead. Literal text does not go through it.
    fn render_with(
        &self,
        name: &str,
        source: &str,
        context: &Value,
        out: &mut dyn FnMut(&str) -> String,
    ) -> Result<String, String>;
}
