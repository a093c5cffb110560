//! What the tests of runners share.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Input, Job, Outcome, Output, Settings};
use crate::net::World;

/// A job with a minute's time.
pub(super) fn job() -> Job {
    Job {
        id: 1,
        stop: CancellationToken::new(),
        limit: Duration::from_secs(60),
        output: Arc::new(Output::default()),
        world: World::real(),
        desk: None,
    }
}

/// Parameters and nothing else.
pub(super) fn input(parameters: Value) -> Input {
    let Value::Object(parameters) = parameters else { panic!("parameters are an object") };
    Input { parameters, ..Input::default() }
}

/// Runs `local-shell-cmd`.
pub(super) async fn local(parameters: Value, values: &[(String, String)], job: &Job) -> Outcome {
    let input = Input { values: values.to_vec(), ..input(parameters) };
    super::run("local-shell-cmd", input, job, &Settings::default()).await
}
