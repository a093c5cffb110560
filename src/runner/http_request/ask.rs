//! The request: method, header fields, query, body.

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::{Map, Value};

use super::HttpRequest;
use crate::runner::parameter::text;

impl HttpRequest {
    /// The request as the parameters say.
    pub(super) fn request(&self, client: &Client, url: Url) -> Result<RequestBuilder, String> {
        let mut request = client.request(self.method()?, url);
        if !self.params.is_empty() {
            request = request.query(&pairs(&self.params));
        }
        for (name, value) in &self.headers {
            request = request.header(field_name(name)?, field_value(name, &text(value))?);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
            request = request.header(COOKIE, field_value("cookies", &cookies.join("; "))?);
        }
        if let Some((user, password)) = self.credentials()? {
            request = request.basic_auth(user, Some(password));
        }
        self.with_body(request)
    }

    fn method(&self) -> Result<Method, String> {
        let sends = !self.body.is_null() || self.file_content.is_some();
        let default = if sends { "POST" } else { "GET" };
        let word = self.method.as_deref().filter(|word| !word.is_empty()).unwrap_or(default);
        let method = word.to_ascii_uppercase().parse();
        method.map_err(|_| format!("`{}` is not an HTTP method", word.escape_debug()))
    }

    fn credentials(&self) -> Result<Option<(String, String)>, String> {
        if let Some(user) = self.username.clone().filter(|user| !user.is_empty()) {
            let password = self.password.as_ref().map_or("", |secret| secret.expose());
            return Ok(Some((user, password.to_owned())));
        }
        match &self.auth {
            Value::Null => Ok(None),
            Value::Array(both) if both.len() == 2 => Ok(Some((text(&both[0]), text(&both[1])))),
            Value::Object(both) if both.contains_key("username") => {
                let part = |name| both.get(name).map(text).unwrap_or_default();
                Ok(Some((part("username"), part("password"))))
            }
            Value::String(both) if both.contains(':') => {
                Ok(both.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned())))
            }
            _ => Err("`auth` needs `username` and `password`".to_owned()),
        }
    }

    fn with_body(&self, request: RequestBuilder) -> Result<RequestBuilder, String> {
        if let Some(content) = &self.file_content {
            return self.with_file(request, content.clone());
        }
        let typed = self.header("content-type");
        match &self.body {
            Value::Null => Ok(request),
            Value::String(body) => Ok(request.body(body.clone())),
            Value::Object(fields) if typed.is_some_and(is_form) => Ok(request.body(form(fields))),
            body if typed.is_some() => Ok(request.body(body.to_string())),
            body => Ok(request.header(CONTENT_TYPE, "application/json").body(body.to_string())),
        }
    }

    fn with_file(&self, request: RequestBuilder, content: String) -> Result<RequestBuilder, String> {
        let mut part =
            Part::text(content).file_name(self.file_name.clone().unwrap_or_else(|| "file".to_owned()));
        if let Some(kind) = &self.file_content_type {
            part = part
                .mime_str(kind)
                .map_err(|_| format!("`{}` is not a content type", kind.escape_debug()))?;
        }
        let mut form = Form::new().part("file", part);
        if let Value::Object(fields) = &self.body {
            for (name, value) in fields {
                form = form.text(name.clone(), text(value));
            }
        }
        Ok(request.multipart(form))
    }

    fn header(&self, wanted: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).and_then(|(_, value)| value.as_str())
    }
}

fn is_form(kind: &str) -> bool {
    kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
}

fn form(fields: &Map<String, Value>) -> String {
    let mut url = Url::parse("http://example.org").expect("a constant address");
    url.query_pairs_mut().extend_pairs(pairs(fields));
    url.query().unwrap_or_default().to_owned()
}

/// Names and values; a list gives its name several times.
fn pairs(fields: &Map<String, Value>) -> Vec<(String, String)> {
    let several = |(name, value): (&String, &Value)| match value {
        Value::Array(items) => items.iter().map(|item| (name.clone(), text(item))).collect(),
        value => vec![(name.clone(), text(value))],
    };
    fields.iter().flat_map(several).collect()
}

fn field_name(name: &str) -> Result<HeaderName, String> {
    name.parse().map_err(|_| format!("`{}` is not the name of a header field", name.escape_debug()))
}

/// The value is not repeated in the error: it may be a secret.
fn field_value(name: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(value)
        .map_err(|_| format!("the value for `{name}` holds a line break or a control character"))
}
