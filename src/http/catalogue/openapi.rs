//! The OpenAPI 3.1 document, <https://spec.openapis.org/oas/v3.1.0>.

use serde_json::{Map, Value, json};

use super::{Call, JSON, ROOT, calls};

/// How a problem document is called in a head, RFC 9457.
const PROBLEM: &str = "application/problem+json";

/// The largest id: what is exact in JSON everywhere.
const LARGEST_ID: i64 = (1 << 53) - 1;

/// The whole document.
pub(crate) fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for call in calls() {
        let path = paths.entry(call.path).or_insert_with(|| json!({}));
        path[call.method.as_str().to_lowercase()] = operation(&call);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "chatops", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "MIT OR Apache-2.0"},
            "description": "Look at a running bot, tell it of events, and change what it does.",
        },
        "servers": [{"url": ROOT}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "from `chatops token create`"}},
            "schemas": {"Problem": problem()},
        },
    })
}

/// RFC 9457, and the part of the request that it is about.
fn problem() -> Value {
    json!({
        "type": "object", "required": ["title", "status", "detail"], "additionalProperties": false,
        "properties": {
            "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
            "field": {"type": "string", "description": "the part of the request that is wrong"},
        },
    })
}

fn operation(call: &Call) -> Value {
    let mut operation = json!({
        "operationId": id(call), "summary": call.summary, "tags": [call.tag()],
        "description": format!("Needs a token with the scope `{}`.", call.scope),
        "parameters": parameters(call), "responses": responses(call),
    });
    if let Some(body) = &call.body {
        let content = json!({JSON: {"schema": (body.schema)()}});
        operation["requestBody"] = json!({"required": !body.optional, "content": content});
    }
    operation
}

/// `get_deliveries_id`.
fn id(call: &Call) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let path: String = call.path.replace(['{', '}'], "").chars().map(word).collect();
    format!("{}{path}", call.method.as_str().to_lowercase())
}

fn parameters(call: &Call) -> Vec<Value> {
    let in_path = call.parameters().map(|name| {
        let schema = match name {
            "id" => json!({"type": "integer", "minimum": 1, "maximum": LARGEST_ID}),
            // A word without a dot may be a call of its own.
            "alias" | "action" => json!({"type": "string", "pattern": r"^[^.]+\..+$"}),
            _ => json!({"type": "string", "minLength": 1}),
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    });
    let mut all: Vec<Value> = in_path.collect();
    for query in &call.query {
        let schema = query();
        let needed = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, own) in schema["properties"].as_object().into_iter().flatten() {
            all.push(parameter(name, own, needed.iter().any(|one| one == name)));
        }
    }
    all
}

fn parameter(name: &str, own: &Value, required: bool) -> Value {
    let mut schema = own.clone();
    let description = schema.as_object_mut().and_then(|map| map.shift_remove("description"));
    // An option that is not given is left out: there is no null behind `?`.
    let kinds = schema.get_mut("type").and_then(Value::as_array_mut);
    let only = kinds.and_then(|kinds| {
        kinds.retain(|kind| kind != "null");
        if let [only] = &kinds[..] { Some(only.clone()) } else { None }
    });
    if let Some(only) = only {
        schema["type"] = only;
    }
    if let Some(map) = schema.as_object_mut() {
        map.shift_remove("default");
    }
    let mut parameter = json!({"name": name, "in": "query", "required": required, "schema": schema});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    parameter
}

fn responses(call: &Call) -> Value {
    let mut all: Map<String, Value> = Map::new();
    for answer in &call.answers {
        let one = all.entry(answer.status.to_string()).or_insert_with(|| json!({"description": "done"}));
        if answer.status != 204 {
            one["content"][answer.kind] = json!({"schema": (answer.schema)()});
        }
    }
    for status in call.refusals() {
        let content = json!({PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}});
        all.insert(status.to_string(), json!({"description": meaning(status), "content": content}));
    }
    Value::Object(all)
}

/// What a refusal means, in words.
pub(super) fn meaning(status: u16) -> &'static str {
    match status {
        400 => "the request is not as it should be; `field` names the part",
        401 => "no token, or one that is unknown, revoked or expired",
        403 => "the token's scopes do not suffice, or its holder may not",
        404 => "there is no such thing",
        408 => "the body did not come in time",
        409 => "it contradicts what is there",
        413 => "the body is too large",
        415 => "the body is no JSON by its content type",
        422 => "the values are not accepted",
        429 => "too many wrong tokens from this address; `Retry-After` says when to come again",
        503 => "not now; `Retry-After` says when to come again, and nothing was kept",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_stands_in_the_document_with_its_parameters_and_refusals() {
        let document = document();
        for call in calls() {
            let one = &document["paths"][call.path][call.method.as_str().to_lowercase()];
            assert_eq!(one["summary"], call.summary, "{}", call.path);
            for status in call.refusals() {
                assert!(one["responses"][status.to_string()].is_object(), "{} {status}", call.path);
            }
            let named =
                |name: &str| one["parameters"].as_array().unwrap().iter().any(|it| it["name"] == name);
            assert!(call.parameters().all(named), "{}", call.path);
        }
        assert!(!document.to_string().contains("#/$defs"), "schemas refer to nothing outside");
    }

    #[test]
    fn whatever_is_taken_or_given_in_json_says_what_it_holds() {
        let says = |schema: &Value| {
            let fields = schema["properties"].as_object().is_some_and(|all| !all.is_empty());
            fields
                || ["anyOf", "oneOf", "items"]
                    .iter()
                    .any(|one| schema[one].is_object() || schema[one].is_array())
        };
        for call in calls() {
            let shown = format!("{} {}", call.method, call.path);
            let taken = call.body.iter().map(|body| (body.schema)());
            let of_json = |answer: &&super::super::Answer| answer.kind == JSON && answer.status != 204;
            let given = call.answers.iter().filter(of_json).map(|answer| (answer.schema)());
            for schema in taken.chain(given) {
                assert!(says(&schema), "{shown}: {schema}");
            }
        }
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let mut ids: Vec<String> = calls().iter().map(id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
