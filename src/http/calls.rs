//! Requests that chat services make of the bot: buttons, slash commands. No token of ours: the adapter, which knows the
//! service's own proof, judges them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Site;
use super::problem::{BODY_WITHIN, Problem};
use crate::adapter::{Call, Returned};
use crate::model::{AdapterName, Timestamp};

/// Requests of one adapter in a second; more than people press. Strangers may send them too.
const MOST: u32 = 100;

/// The span in which they are counted.
const SPAN: Duration = Duration::from_secs(1);

/// How many requests each adapter had lately. Adapters come from the configuration, so they are few.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<BTreeMap<AdapterName, (Timestamp, u32)>>);

impl Rates {
    /// Counts one; whether it is one too many.
    fn exceeded(&self, adapter: &AdapterName, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = all.entry(adapter.clone()).or_insert((now, 0));
        if now.since(*since) >= SPAN {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count > MOST
    }
}

/// Hands a request to the adapter that it names.
pub(super) async fn take(
    State(site): State<Site>,
    Path((adapter, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let nowhere = || Problem::missing(format!("there is no adapter `{adapter}`"));
    let name = AdapterName::new(&adapter).map_err(|_| nowhere())?;
    if !site.bot.has_adapter(&name) {
        return Err(nowhere());
    }
    if site.rates.exceeded(&name, site.world.now()) {
        let why = format!("more than {MOST} requests a second");
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, why).again(SPAN));
    }
    let (parts, body) = request.into_parts();
    let body = whole(&site, Request::from_parts(parts.clone(), body)).await?;
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let call = Call { method: parts.method.as_str(), path: &path, header: &header, body: &body };
    site.bot.call(&name, &call).map(answer).ok_or_else(nowhere)
}

/// The whole body, as far as it is allowed, within a limit.
async fn whole(site: &Site, request: Request) -> Result<Bytes, Problem> {
    match site.world.timeout(BODY_WITHIN, Bytes::from_request(request, site)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(rejection)) => Err(Problem::new(rejection.status(), rejection.body_text())),
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
    }
}

fn answer(returned: Returned) -> Response {
    let status = StatusCode::from_u16(returned.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match returned.body.is_empty() {
        true => status.into_response(),
        false => (status, [(header::CONTENT_TYPE, "application/json")], returned.body).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_adapter_that_is_flooded_does_not_disturb_another() {
        let rates = Rates::default();
        let (one, other) = (AdapterName::new("one").unwrap(), AdapterName::new("other").unwrap());
        let now = Timestamp::from_micros(0);
        assert!((0..MOST).all(|_| !rates.exceeded(&one, now)));
        assert!(rates.exceeded(&one, now) && !rates.exceeded(&other, now));
        assert!(!rates.exceeded(&one, now.plus(SPAN)));
    }
}
