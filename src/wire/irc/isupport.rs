//! What a server says about itself in numeric 005 (<https://modern.ircdocs.horse/#feature-advertisement>).

/// How a server folds the case of nicks and channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CaseMapping {
    /// `a-z` only.
    Ascii,
    /// `[]\~` are the upper case of `{}|^`.
    #[default]
    Rfc1459,
    /// As rfc1459 without `~`.
    Rfc1459Strict,
}

/// A server's parameters; the defaults are the protocol's.
#[derive(Debug, Clone)]
pub(super) struct Isupport {
    case: CaseMapping,
    channel_types: String,
    status_signs: String,
    /// The longest nick, in bytes.
    pub(super) nick_length: Option<usize>,
    /// The longest line with CR LF, in bytes.
    pub(super) line_length: usize,
    /// How many channels one JOIN may name.
    pub(super) join_targets: usize,
    /// Whether WHO takes the extended form that tells accounts.
    pub(super) whox: bool,
}

impl Default for Isupport {
    fn default() -> Self {
        Self {
            case: CaseMapping::default(),
            channel_types: "#&".to_owned(),
            status_signs: String::new(),
            nick_length: None,
            line_length: 512,
            join_targets: 4,
            whox: false,
        }
    }
}

impl Isupport {
    /// Reads the arguments of one 005, its own nick first and the closing sentence last.
    pub(super) fn read(&mut self, arguments: &[String]) {
        let tokens = arguments.get(1..arguments.len().saturating_sub(1)).unwrap_or_default();
        for token in tokens {
            let (key, value) = token.split_once('=').unwrap_or((token, ""));
            self.set(key, value);
        }
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "CASEMAPPING" => {
                self.case = match value {
                    "ascii" => CaseMapping::Ascii,
                    "strict-rfc1459" | "rfc1459-strict" => CaseMapping::Rfc1459Strict,
                    _ => CaseMapping::Rfc1459,
                }
            }
            "CHANTYPES" => value.clone_into(&mut self.channel_types),
            "PREFIX" => {
                let signs = value.rsplit_once(')').map_or("", |(_, signs)| signs);
                signs.clone_into(&mut self.status_signs);
            }
            "NICKLEN" => self.nick_length = value.parse().ok(),
            "LINELEN" => self.line_length = value.parse().unwrap_or(512).clamp(512, 8192),
            "TARGMAX" => self.join_targets = join_targets(value),
            "WHOX" => self.whox = true,
            _ => {}
        }
    }

    /// The lower-case form by which names are compared.
    pub(super) fn fold(&self, name: &str) -> String {
        name.chars().map(|c| self.fold_char(c)).collect()
    }

    /// Whether two names are the same to the server.
    pub(super) fn same(&self, one: &str, other: &str) -> bool {
        one.len() == other.len()
            && one.chars().map(|c| self.fold_char(c)).eq(other.chars().map(|c| self.fold_char(c)))
    }

    fn fold_char(&self, c: char) -> char {
        match (self.case, c) {
            (CaseMapping::Ascii, c) => c.to_ascii_lowercase(),
            (_, '[') => '{',
            (_, ']') => '}',
            (_, '\\') => '|',
            (CaseMapping::Rfc1459, '~') => '^',
            (_, c) => c.to_ascii_lowercase(),
        }
    }

    /// Whether `target` is a channel.
    pub(super) fn is_channel(&self, target: &str) -> bool {
        target.starts_with(|c| self.channel_types.contains(c))
    }

    /// Whether `target` is the part of a channel with some status, such as `@#ops`.
    pub(super) fn is_status_message(&self, target: &str) -> bool {
        !self.is_channel(target) && target.starts_with(|c| self.status_signs.contains(c))
    }

    /// A nick cut to what the server takes.
    pub(super) fn cut_nick<'a>(&self, nick: &'a str) -> &'a str {
        let most = self.nick_length.unwrap_or(nick.len()).min(nick.len());
        &nick[..nick.floor_char_boundary(most)]
    }
}

/// `PRIVMSG:4,JOIN:` means that JOIN has no limit; 20 names are a line's worth.
fn join_targets(value: &str) -> usize {
    let limit = value.split(',').find_map(|item| item.strip_prefix("JOIN:"));
    limit.map_or(4, |limit| limit.parse().unwrap_or(20)).clamp(1, 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tokens: &str) -> Isupport {
        let line = format!("bot {tokens} sentence");
        let arguments: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let mut isupport = Isupport::default();
        isupport.read(&arguments);
        isupport
    }

    #[test]
    fn names_are_folded_as_the_server_says() {
        assert_eq!(Isupport::default().fold("Bot[A]~"), "bot{a}^");
        assert_eq!(read("CASEMAPPING=strict-rfc1459").fold("Bot[A]~"), "bot{a}~");
        let ascii = read("CASEMAPPING=ascii NICKLEN=5");
        assert_eq!(ascii.fold("Bot[A]"), "bot[a]");
        assert!(ascii.same("Bot[", "bot["));
        assert!(!ascii.same("Bot[", "bot{"));
    }

    #[test]
    fn limits_are_read() {
        let isupport = read("NICKLEN=5 TARGMAX=PRIVMSG:4,JOIN: LINELEN=2048 WHOX CHANTYPES=# PREFIX=(ov)@+");
        assert_eq!((isupport.nick_length, isupport.join_targets, isupport.line_length), (Some(5), 20, 2048));
        assert!(isupport.whox);
        assert_eq!(isupport.cut_nick("chatops"), "chato");
        assert!(isupport.is_channel("#a") && !isupport.is_channel("&a"));
        assert!(isupport.is_status_message("@#a") && !isupport.is_status_message("#a"));
    }
}
