//! Schemas and values as packs have them.

use serde_json::json;

use super::*;
use crate::action::Render;

const SCHEMA: &str = "\
url: {type: string, required: true, description: where it is}
token: {type: string, secret: true, required: true}
verify: {type: boolean, default: true}
retries: {type: integer, default: 3, minimum: 0}
region: {type: string, enum: [eu, us], default: eu}
proxy:
  type: object
  properties:
    port: {type: integer, default: 3128}
    auth:
      type: object
      properties:
        user: {type: string, default: bot}
        password: {type: string, secret: true}
hosts:
  type: array
  items:
    type: object
    properties:
      name: {type: string, required: true}
      port: {type: integer, default: 22}
    additionalProperties: false
labels:
  type: object
  patternProperties: {'^x-': {type: string}}
  additionalProperties: {type: integer}
";

fn schema() -> Schema {
    Schema::load(Path::new("config.schema.yaml"), SCHEMA).unwrap()
}

fn read(text: &str) -> Result<PackConfig, Vec<String>> {
    let read = PackConfig::read(Some(schema()), Path::new("configs/acme.yaml"), Some(text));
    read.map(|(config, _)| config).map_err(|errors| errors.iter().map(ConfigError::headline).collect())
}

#[test]
fn defaults_are_filled_in_at_every_depth() {
    let config =
        read("url: https://example.org\ntoken: abc\nhosts: [{name: a}, {name: b, port: 2}]\n").unwrap();
    let wanted = json!({
        "url": "https://example.org", "token": "abc", "verify": true, "retries": 3, "region": "eu",
        "proxy": {"port": 3128, "auth": {"user": "bot"}},
        "hosts": [{"name": "a", "port": 22}, {"name": "b", "port": 2}],
        "labels": null,
    });
    let mut wanted = wanted.as_object().unwrap().clone();
    wanted.remove("labels");
    assert_eq!(config.values, wanted);
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let text = "url: 5\nverify: maybe\nretries: -1\nregion: asia\nproxy: {auth: {user: [x]}}\nhosts:\n  - port: 1\n    nmae: x\n\
                labels: {x-a: 1, b: c}\nurll: x\n";
    let wanted = [
        "configs/acme.yaml:1:6: url: text is expected, a number was found",
        "configs/acme.yaml:2:9: verify: `true` or `false` is expected, text was found",
        "configs/acme.yaml:3:10: retries: `-1` does not fit: minimum 0",
        "configs/acme.yaml:4:9: region: `\"asia\"` is not among `eu`, `us`",
        "configs/acme.yaml:5:22: proxy.auth.user: text is expected, a list was found",
        "configs/acme.yaml:8:5: hosts[0]: unknown key `nmae`",
        "configs/acme.yaml:7:5: hosts[0].name: `hosts[0].name` is required",
        "configs/acme.yaml:9:21: labels.b: a whole number is expected, text was found",
        "configs/acme.yaml:9:15: labels.x-a: text is expected, a number was found",
        "configs/acme.yaml:10:1: unknown key `urll`",
        "configs/acme.yaml:1:1: token: `token` is required",
    ];
    assert_eq!(read(text).unwrap_err(), wanted);
}

#[test]
fn without_a_file_what_is_required_is_a_warning() {
    let (config, problems) = PackConfig::read(Some(schema()), Path::new("configs/acme.yaml"), None).unwrap();
    assert_eq!(config.values["retries"], json!(3));
    let heads: Vec<_> = problems.iter().map(|problem| problem.error().headline()).collect();
    assert_eq!(
        heads,
        [
            "configs/acme.yaml:1:1: url: `url` is required",
            "configs/acme.yaml:1:1: token: `token` is required"
        ]
    );
    assert!(problems.iter().all(|problem| !problem.is_fatal()));
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let config = read("url: u\ntoken: abc\nproxy: {auth: {password: hunter2}}\n").unwrap();
    let shown = Value::Object(config.masked()).to_string();
    assert!(!shown.contains("abc") && !shown.contains("hunter2") && shown.contains("3128"), "{shown}");
}

#[test]
fn a_schema_with_a_mistake_names_it() {
    let errors = Schema::load(
        Path::new("s.yaml"),
        "a: {type: strng}\nb: {secrt: true}\nc: {patternProperties: {'(': {}}}\n",
    );
    let heads: Vec<_> =
        errors.unwrap_err().iter().map(|error| (error.headline(), error.help.clone())).collect();
    assert_eq!(
        heads[0],
        (
            "s.yaml:1:11: a.type: there is no type `strng`".to_owned(),
            Some("did you mean `string`?".to_owned())
        )
    );
    assert_eq!(heads[1].1.as_deref(), Some("did you mean `secret`?"));
    assert!(heads[2].0.contains("is no regular expression"), "{heads:?}");
}

/// Renders `{{ plain }}`, `{{ sealed }}` and what is missing.
struct Fake;

impl Render for Fake {
    fn render(&self, _: &str, source: &str, _: &Value) -> Result<String, String> {
        Ok(match source {
            "{{ plain }}" => "text".to_owned(),
            "{{ sealed }}" | "{{ lost }}" => HIDDEN.to_owned(),
            "{{ sealed | decrypt_kv }}" => "hunter2".to_owned(),
            "{{ none }}" => String::new(),
            other => return Err(format!("cannot: {other}")),
        })
    }

    fn render_with(
        &self,
        _: &str,
        _: &str,
        _: &Value,
        _: &mut dyn FnMut(&str) -> String,
    ) -> Result<String, String> {
        Err("nobody asks for it".to_owned())
    }
}

#[test]
fn a_secret_item_opens_its_key_and_others_do_not() {
    let of = |url: &str, token: &str| {
        let config = read(&format!("url: '{url}'\ntoken: '{token}'\n")).unwrap();
        config
            .render(&Fake, &Value::Null)
            .map(|(values, secrets)| (values["url"].clone(), values["token"].clone(), secrets))
    };
    let found = of("{{ plain }}", "{{ sealed }}").unwrap();
    assert_eq!(found, (json!("text"), json!("hunter2"), vec!["hunter2".to_owned()]));
    let found = of("{{ sealed }}", "{{ plain }}").unwrap();
    assert_eq!(found, (json!(HIDDEN), json!("text"), vec!["text".to_owned()]));
    assert_eq!(of("{{ none }}", "abc").unwrap().0, Value::Null);
    assert!(of("u", "{{ lost }}").unwrap_err().starts_with("`token` of the config: cannot"));
}
