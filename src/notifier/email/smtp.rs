//! The dialogue with the mail server, and what its answers mean: 4xx may pass, 5xx is final.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, Identity, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

use super::guard::Guarded;
use super::{Cover, Email};
use crate::model::SendError;
use crate::net::{World, base64, tls};
use crate::notifier::{later, refused};
use crate::text::clean::one_line;

/// The server may take this long to say good-bye; the mail is taken by then.
const FAREWELL: Duration = Duration::from_secs(2);
/// This many characters of an answer are kept.
const KEPT: usize = 300;
/// What passwords are sent by, best first.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// How TLS is spoken; `None` without TLS.
///
/// # Errors
/// A file cannot be read or does not hold what it should.
pub(super) fn parameters(email: &Email) -> Result<Option<TlsParameters>, String> {
    if email.cover() == Cover::Plain {
        return Ok(None);
    }
    let mut builder = TlsParametersBuilder::new(email.host.clone())
        .dangerous_accept_invalid_certs(email.insecure_skip_verify)
        .dangerous_accept_invalid_hostnames(email.insecure_skip_verify);
    for certificate in email.ca_file.iter().map(|file| tls::certificates(file)) {
        for one in certificate? {
            let one = Certificate::from_der(one.to_vec()).map_err(|error| cause(&error))?;
            builder = builder.add_root_certificate(one);
        }
    }
    if let Some(file) = &email.client_certificate {
        let bad = |why: String| format!("`{}` cannot prove who we are: {why}", file.display());
        let own = tls::certificates(file)?.remove(0);
        let pem = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
        // The crate takes what it calls PEM for the certificate's own bytes.
        let identity = Identity::from_pem(&own, &pem).map_err(|error| bad(cause(&error)))?;
        builder = builder.identify_with(identity);
    }
    builder.build().map(Some).map_err(|error| format!("TLS cannot be set up: {}", cause(&error)))
}

/// Hands a mail over and gives the server's answer.
///
/// # Errors
/// The server cannot be reached, hangs, or does not take it.
pub(super) async fn send(
    email: &Email,
    world: &World,
    envelope: &Envelope,
    mail: &[u8],
) -> Result<String, SendError> {
    let server = format!("{}:{}", email.host, email.port());
    let handed = world.timeout(email.timeout, hand_over(email, world, envelope, mail)).await;
    match handed {
        Ok(Ok((mut connection, answer))) => {
            let _ = world.timeout(FAREWELL, connection.quit()).await;
            Ok(shortened(email, &answer))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(later(format!("`{server}` did not take the mail within {:?}", email.timeout))),
    }
}

async fn hand_over(
    email: &Email,
    world: &World,
    envelope: &Envelope,
    mail: &[u8],
) -> Result<(AsyncSmtpConnection, String), SendError> {
    let mut connection = connect(email, world).await?;
    if let Some((user, password)) = email.login().map_err(refused)? {
        let credentials = Credentials::new(user.to_owned(), password.expose().to_owned());
        let login = connection.auth(&MECHANISMS, &credentials).await;
        login.map_err(|error| explain(email, "the login is not taken", &error))?;
    }
    let taken = connection.send(envelope, mail).await;
    let taken = taken.map_err(|error| explain(email, "the mail is not taken", &error))?;
    let answer = format!("{} {}", taken.code(), taken.message().collect::<Vec<_>>().join(" "));
    Ok((connection, answer))
}

async fn connect(email: &Email, world: &World) -> Result<AsyncSmtpConnection, SendError> {
    let hello = email.hello.clone().map(ClientId::Domain).unwrap_or_default();
    let limit = email.connect_timeout;
    let late = || later(format!("no greeting from `{}:{}` within {limit:?}", email.host, email.port()));
    let address = (email.host.trim_matches(['[', ']']), email.port());
    match (email.cover(), parameters(email).map_err(refused)?) {
        (Cover::Starttls, Some(parameters)) => {
            let opened = world.timeout(limit, greeted(email, &hello)).await.map_err(|_| late())?;
            let (mut connection, open) = opened?;
            let covered = connection.starttls(parameters, &hello).await;
            covered.map_err(|error| explain(email, "no TLS", &error))?;
            open.store(true, Ordering::Relaxed);
            Ok(connection)
        }
        (_, parameters) => {
            let opening = AsyncSmtpConnection::connect_tokio1(address, Some(limit), &hello, parameters, None);
            let opened = world.timeout(limit, opening).await.map_err(|_| late())?;
            opened.map_err(|error| explain(email, "no connection", &error))
        }
    }
}

/// A plain connection that can turn to TLS, and what opens its guard then.
async fn greeted(
    email: &Email,
    hello: &ClientId,
) -> Result<(AsyncSmtpConnection, Arc<AtomicBool>), SendError> {
    let address = (email.host.trim_matches(['[', ']']), email.port());
    let tcp = TcpStream::connect(address).await;
    let tcp =
        tcp.map_err(|error| later(format!("no connection to `{}:{}`: {error}", email.host, email.port())))?;
    let (guarded, open) = Guarded::new(tcp);
    let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(guarded), hello).await;
    Ok((greeted.map_err(|error| explain(email, "no connection", &error))?, open))
}

/// What went wrong: the server's own words where it spoke.
fn explain(email: &Email, what: &str, error: &Error) -> SendError {
    let said = match error.status() {
        Some(code) => format!("{code} {}", cause(error)),
        None => cause(error),
    };
    let why = format!("{what} by `{}:{}`: {}", email.host, email.port(), shortened(email, &said));
    // What we cannot do with this server at all: no STARTTLS, no login, no such addresses.
    if error.is_permanent() || error.is_client() { refused(why) } else { later(why) }
}

/// The innermost reason.
fn cause(error: &Error) -> String {
    let Some(mut innermost) = error.source() else { return error.to_string() };
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// One short line without the password, in whatever form the server gives it back.
fn shortened(email: &Email, text: &str) -> String {
    let mut text = text.to_owned();
    if let Ok(Some((user, password))) = email.login() {
        let plain = base64(format!("\0{user}\0{}", password.expose()).as_bytes());
        for secret in [plain, base64(password.expose().as_bytes()), password.expose().to_owned()] {
            text = text.replace(&secret, "***");
        }
    }
    one_line(text.trim()).chars().take(KEPT).collect()
}
