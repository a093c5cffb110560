//! Tables in fixed-width text.

/// Columns are two blanks apart, the head is underlined; no blanks at the ends of lines.
pub(crate) fn align(head: &[String], rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    let cell = |row: &[String], at: usize| -> String {
        row.get(at).map(|cell| super::clean::one_line(cell)).unwrap_or_default()
    };
    let widest = |at: usize| {
        let cells = rows.iter().map(|row| width(&cell(row, at))).chain([width(&cell(head, at))]);
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let line = |row: &[String]| {
        let cells = widths.iter().enumerate().map(|(at, wide)| {
            let cell = cell(row, at);
            let missing = wide - width(&cell);
            format!("{cell}{}", " ".repeat(missing))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rule: Vec<String> = widths.iter().map(|wide| "-".repeat(*wide)).collect();
    let mut lines = Vec::new();
    if !head.is_empty() {
        lines.extend([line(head), line(&rule)]);
    }
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

/// Columns of a terminal: none for combining marks, two for East Asian wide characters and emoji.
fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn char_width(c: char) -> usize {
    match c as u32 {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0x20d0..=0x20ff => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_with_wide_characters() {
        let cells = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let rows = [cells(&["web1", "ok"]), cells(&["日本", "down", "x"])];
        assert_eq!(
            align(&cells(&["host", "state"]), &rows),
            "host  state\n----  -----  -\nweb1  ok\n日本  down   x"
        );
    }
}
