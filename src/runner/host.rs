//! Names of machines in a list of hosts: `web1`, `web1:2222`, `deploy@web1`, `[2001:db8::1]:22`.

use std::fmt;

use serde_json::Value;

/// One machine. Its parts are safe as arguments of programs: no blanks, no shell text, no leading dash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// As given: the key of its result.
    shown: String,
    /// Name or address, without brackets.
    pub(super) name: String,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The longest name of a host: DNS allows 253 characters.
const LONGEST: usize = 255;

impl Host {
    /// Reads one name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "`{}` is not a host: accepted are `host`, `host:port`, `user@host` and `[address]:port`",
                text.escape_debug()
            )
        };
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, text),
        };
        let (name, port) = split_port(rest).ok_or_else(bad)?;
        let good_user = user.is_none_or(is_user);
        if text.len() > LONGEST || !good_user || !is_name(name) {
            return Err(bad());
        }
        let user = user.map(str::to_owned);
        Ok(Self { shown: text.to_owned(), name: name.to_owned(), user, port })
    }

    /// Whether it is this machine, reached by its loopback name, as nobody in particular.
    pub(super) fn is_here(&self) -> bool {
        let here = ["localhost", "127.0.0.1", "::1"].contains(&self.name.as_str());
        here && self.user.is_none() && self.port.is_none()
    }
}

/// Name and port. More than one colon without brackets is an IPv6 address.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (name, port) = rest.split_once(']')?;
        let port = if port.is_empty() { None } else { Some(number(port.strip_prefix(':')?)?) };
        return name.contains(':').then_some((name, port));
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Some((text, None)),
        Some((name, port)) => {
            (!name.is_empty()).then_some(()).and_then(|()| number(port)).map(|port| (name, Some(port)))
        }
        None => Some((text, None)),
    }
}

fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:%".contains(&byte);
    name.bytes().next().is_some_and(|first| first != b'-' && first != b'%') && name.bytes().all(fits)
}

/// Whether it may stand as a user's name on a command line.
pub(super) fn is_user(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@".contains(&byte);
    name.bytes().next().is_some_and(|first| first != b'-') && name.bytes().all(fits)
}

/// The machines of a `hosts` parameter: text parted by commas or blanks, or a list. In the order
/// given, each once.
pub(super) fn list(hosts: &Value) -> Result<Vec<Host>, String> {
    let texts: Vec<String> = match hosts {
        Value::Array(items) => items.iter().map(super::parameter::text).collect(),
        other => super::parameter::text(other)
            .split([',', ' ', '\t', '\n'])
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let mut hosts: Vec<Host> = Vec::new();
    for text in &texts {
        let host = Host::parse(text.trim())?;
        if !hosts.iter().any(|known| known.shown == host.shown) {
            hosts.push(host);
        }
    }
    if hosts.is_empty() {
        return Err("no host is named".to_owned());
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_ports_users_and_addresses_are_read() {
        let read = |text: &str| {
            let host = Host::parse(text).unwrap();
            (host.user.unwrap_or_default(), host.name, host.port.unwrap_or_default())
        };
        let is = |user: &str, name: &str, port| (user.to_owned(), name.to_owned(), port);
        assert_eq!(read("web1"), is("", "web1", 0));
        assert_eq!(read("web1:2222"), is("", "web1", 2222));
        assert_eq!(read("deploy@web-1.example.org:22"), is("deploy", "web-1.example.org", 22));
        assert_eq!(read("me@corp@web1"), is("me@corp", "web1", 0));
        assert_eq!(read("[2001:db8::1]:2222"), is("", "2001:db8::1", 2222));
        assert_eq!(read("2001:db8::1"), is("", "2001:db8::1", 0));
        assert_eq!(read("root@[fe80::1%eth0]"), is("root", "fe80::1%eth0", 0));
    }

    #[test]
    fn what_could_be_an_option_or_shell_text_is_refused() {
        for text in [
            "-oProxyCommand=id",
            "",
            "a b",
            "a;id",
            "$(id)",
            "`id`",
            "a|b",
            "a&b",
            "a\nb",
            "a\0",
            "a'b",
            "a\"b",
            "-l@host",
            "root@-oX",
            "a:",
            ":22",
            "a:0",
            "a:+22",
            "a:99999",
            "a/b",
            "a\\b",
            "[::1",
            "[::1]22",
            "@a",
            "a@",
            "[web1]:22",
            "%h",
            "h\u{f6}st",
        ] {
            assert!(Host::parse(text).is_err(), "{text:?}");
        }
        assert!(Host::parse(&"a".repeat(300)).is_err());
        let error = Host::parse("-oProxyCommand=x\n").unwrap_err();
        assert!(error.starts_with("`-oProxyCommand=x\\n` is not a host"), "{error}");
    }

    #[test]
    fn a_list_keeps_its_order_and_names_each_host_once() {
        let names = |value| -> Vec<String> { list(&value).unwrap().iter().map(Host::to_string).collect() };
        assert_eq!(names(json!("b, a,,c b\n")), ["b", "a", "c"]);
        assert_eq!(names(json!(["b", " a "])), ["b", "a"]);
        assert!(list(&json!(" , ")).is_err());
    }

    #[test]
    fn only_the_bare_loopback_names_are_here() {
        let here = |text: &str| Host::parse(text).unwrap().is_here();
        assert!(here("localhost") && here("127.0.0.1") && here("::1") && here("[::1]"));
        assert!(!here("localhost:22") && !here("root@localhost") && !here("127.0.0.2"));
    }
}
