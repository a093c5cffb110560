//! Colours, for the services that have them.

use super::Tone;

impl Tone {
    /// Its colour where a service has colours: red, green and blue.
    pub const fn colour(self) -> u32 {
        match self {
            Self::Plain => 0x8a_93_9b,
            Self::Working => 0x2f_81_f7,
            Self::Good => 0x2e_b6_7d,
            Self::Warning => 0xec_b2_2e,
            Self::Bad => 0xe0_1e_5a,
        }
    }

    /// The same as `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:06x}", self.colour())
    }
}

/// The colour that an alias writes in `extra`, as Slack reads it: `good`, `warning`, `danger`, or three or six hex
/// digits that may lack their `#`. Anything else stays as it is.
pub fn as_slack_reads(text: &str) -> String {
    match text {
        "good" => Tone::Good.hex(),
        "warning" => Tone::Warning.hex(),
        "danger" => Tone::Bad.hex(),
        text if matches!(text.len(), 3 | 6) && text.chars().all(|c| c.is_ascii_hexdigit()) => {
            format!("#{text}")
        }
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_slack_reads_them() {
        let read = ["good", "warning", "danger", "36a64f", "abc", "#36a64f", "blue", ""].map(as_slack_reads);
        assert_eq!(read, ["#2eb67d", "#ecb22e", "#e01e5a", "#36a64f", "#abc", "#36a64f", "blue", ""]);
    }
}
