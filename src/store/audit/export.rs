//! The audit log as JSON lines or CSV.

use std::io::Write;

use serde_json::json;

use super::super::{Reader, StoreError};
use super::record::Record;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
    /// RFC 4180, with a header.
    Csv,
}

/// The columns of the CSV form, and the keys of the JSON form.
const COLUMNS: [&str; 10] =
    ["strand", "seq", "time", "at", "what", "person", "place", "subject", "body", "mac"];

/// Writes the whole log, in chain order; returns how many records. Rows that no record can be are left out:
/// `verify` tells of them.
///
/// # Errors
/// Those of the database, and [`StoreError::Io`] from `out`.
pub fn export(reader: &Reader, format: Format, out: &mut impl Write) -> Result<u64, StoreError> {
    let failed = |error: std::io::Error| StoreError::io("cannot write the export", &error);
    if format == Format::Csv {
        write!(out, "{}\r\n", COLUMNS.join(",")).map_err(failed)?;
    }
    let mut count = 0;
    reader.audit_rows(|row| {
        let Some(record) = row else { return Ok(()) };
        count += 1;
        let line = match format {
            Format::JsonLines => json_line(&record),
            Format::Csv => csv_line(&record),
        };
        out.write_all(line.as_bytes()).map_err(failed)
    })?;
    out.flush().map_err(failed)?;
    Ok(count)
}

/// The body stands there byte for byte as it is stored, so that a MAC can be checked from the line; as a
/// string if it is not JSON any more.
fn json_line(record: &Record) -> String {
    let whole = json!({
        "strand": record.strand, "seq": record.seq, "time": record.at.to_string(), "at": record.at,
        "what": record.what, "person": record.person, "place": record.place, "subject": record.subject,
    });
    let mut line = whole.to_string();
    line.pop();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&record.body).is_ok();
    let body = match is_json && !record.body.contains(['\n', '\r']) {
        true => record.body.clone(),
        false => json!(record.body).to_string(),
    };
    line + ",\"body\":" + &body + ",\"mac\":" + &json!(record.mac).to_string() + "}\n"
}

fn csv_line(record: &Record) -> String {
    let or_empty = |field: &Option<String>| cell(field.as_deref().unwrap_or_default());
    let cells = [
        record.strand.to_string(),
        record.seq.to_string(),
        cell(&record.at.to_string()),
        record.at.as_micros().to_string(),
        cell(&record.what),
        or_empty(&record.person),
        or_empty(&record.place),
        or_empty(&record.subject),
        cell(&record.body),
        cell(&record.mac),
    ];
    cells.join(",") + "\r\n"
}

/// Quoted always. What a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises
/// against CSV injection.
fn cell(text: &str) -> String {
    let formula = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells_are_quoted_and_never_formulas() {
        assert_eq!(cell("say \"hi\", twice\n"), "\"say \"\"hi\"\", twice\n\"");
        assert_eq!(cell("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(cell(" @x"), "\"' @x\"");
        assert_eq!(cell("plain"), "\"plain\"");
    }
}
