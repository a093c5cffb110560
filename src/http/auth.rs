//! Who may call: holders of tokens, and the bot's own user, whose token is a file that only that user can read.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::warn;

use super::Site;
use super::caller::{Caller, Scope};
use super::problem::Problem;
use super::tokens::Bad;
use crate::model::Secret;
use crate::net::{World, same};

/// The header in which the command line names its Unix user, for the history. Counts only beside `var/token`.
pub const USER: &str = "chatops-user";

/// The bearer token in `var/token`, good for everything.
#[derive(Debug, Clone)]
pub struct Token(Secret);

impl From<Secret> for Token {
    fn from(token: Secret) -> Self {
        Self(token)
    }
}

impl Token {
    /// Reads `var/token`, or writes a new one there (mode 0600).
    pub fn load_or_create(file: &Path, world: &World) -> std::io::Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) if text.trim().len() >= 32 => return Ok(Self(Secret::new(text.trim()))),
            Ok(_) => std::fs::remove_file(file)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let hex = crate::model::hex::encode(&world.random::<32>());
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        writeln!(out, "{hex}")?;
        Ok(Self(Secret::new(hex)))
    }

    /// Reads `var/token`.
    pub fn load(file: &Path) -> std::io::Result<Self> {
        Ok(Self(Secret::new(std::fs::read_to_string(file)?.trim())))
    }

    /// The token itself, to be sent as `Authorization: Bearer ...`.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn is(&self, given: &str) -> bool {
        same(given, self.0.expose())
    }
}

/// Lets a request pass whose token may do what needs `scope`.
pub(super) async fn require(
    State((site, scope)): State<(Site, Scope)>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller(&site, scope, &request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Who sends a request, if they may.
fn caller(site: &Site, scope: Scope, request: &Request) -> Result<Caller, Problem> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let given = text("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    let Some(given) = given else {
        let detail = "send `Authorization: Bearer` with a token, or with the content of var/token";
        return Err(refused(StatusCode::UNAUTHORIZED, detail));
    };
    let caller = known(site, given, request)?;
    if !caller.may(scope) {
        let detail = format!("the token `{}` lacks the scope `{scope}`", caller.person().id());
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(caller)
}

/// Whose token it is; what is wrong counts against the address it comes from.
pub(super) fn known(site: &Site, given: &str, request: &Request) -> Result<Caller, Problem> {
    if site.token.is(given) {
        let user = request.headers().get(USER).and_then(|value| value.to_str().ok());
        return Ok(Caller::Local(user.map(str::to_owned)));
    }
    let caller = site.tokens.caller(given, site.bot.store(), site.world.now());
    caller.map_err(|bad| failed(site, &bad, request))
}

/// A good token always passes: an address that guesses cannot shut others out who come through the same proxy.
pub(super) fn failed(site: &Site, bad: &Bad, request: &Request) -> Problem {
    let now = site.world.now();
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let wait = address.and_then(|address| site.failures.count(address, now));
    match (wait, bad) {
        (Some(wait), _) => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens from this address").again(wait)
        }
        (None, Bad::Expired(name)) => {
            warn!(?address, token = name, "an expired token was used");
            let detail = format!("the token `{name}` has expired: `chatops token create` makes another");
            refused(StatusCode::UNAUTHORIZED, &detail)
        }
        (None, Bad::Unknown) => {
            warn!(?address, "a wrong token was sent");
            refused(StatusCode::UNAUTHORIZED, "nobody knows this token, or it was revoked")
        }
    }
}

fn refused(status: StatusCode, detail: &str) -> Problem {
    Problem::new(status, detail).header(header::WWW_AUTHENTICATE, "Bearer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_made_once_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        let first = Token::load_or_create(&file, &World::real()).unwrap();
        let second = Token::load_or_create(&file, &World::real()).unwrap();
        assert_eq!(first.expose(), second.expose());
        assert!(first.is(second.expose()) && !first.is("guess"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
