//! Scenarios of much: long output, many rooms.

use super::Who;
use super::list::Verdict;
use super::stage::Stage;
use crate::support::{SOON, within};

/// Lines of `flood`, and what each ends with.
const ROWS: usize = 2000;
const TAIL: &str = "-abcdefghijklmnopqrstuvwxyz0123456789";

/// The numbers of the rows in a text, in order; only whole ones count.
fn rows(text: &str, word: &str) -> Vec<usize> {
    let number = |rest: &str| rest.split_once(TAIL).filter(|(number, _)| number.len() == 5)?.0.parse().ok();
    text.split(&format!("{word}-")).skip(1).filter_map(number).collect()
}

fn all() -> Vec<usize> {
    (1..=ROWS).collect()
}

/// The rows that are on display by now, and those in a file.
fn arrived(stage: &Stage, word: &str) -> (Vec<usize>, Vec<usize>) {
    let shown = stage.platform.shown();
    let texts: String = shown.iter().map(|shown| format!("{}\n", shown.text)).collect();
    let files = shown.iter().flat_map(|shown| &shown.files);
    let files: String = files.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
    (rows(&texts, word), rows(&files, word))
}

pub(super) fn flood(stage: &Stage) -> Verdict {
    let word = stage.word();
    stage.command(Who::Bob, stage.main(), &format!("flood {word}"));
    let mut asked = 0;
    let whole = within(SOON * 2, || {
        let (texts, files) = arrived(stage, &word);
        if texts == all() || files == all() {
            return Some(());
        }
        if stage.count("say \"more\"") > asked {
            asked += 1;
            stage.command(Who::Bob, stage.main(), "more");
        }
        None
    });
    let (texts, files) = arrived(stage, &word);
    assert!(whole.is_some(), "{} rows shown, {} in files, of {ROWS}", texts.len(), files.len());
    if asked > 0 { Verdict::Degrades } else { Verdict::Holds }
}

/// The picture of `draw`: the signature of PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A result that carries a picture.
pub(super) fn picture(stage: &Stage) -> Verdict {
    let word = stage.word();
    stage.command(Who::Alice, stage.main(), &format!("draw {word}"));
    stage.sees(&format!("{word} drawn"));
    stage.fence();
    let shown = stage.platform.shown();
    let mut files = shown.iter().flat_map(|shown| &shown.files).filter(|(name, _)| name == "dot.png");
    let Some((_, bytes)) = files.next() else {
        stage.sees("dot.png: a file of 8 bytes");
        return Verdict::Degrades;
    };
    // What a page gives is compared as text.
    let text = String::from_utf8_lossy(PNG);
    assert!(bytes == PNG || *bytes == text.as_bytes(), "{bytes:?}");
    assert!(files.next().is_none(), "once");
    Verdict::Holds
}

/// The stage was set with the bot in that many rooms.
pub(super) fn crowd(stage: &Stage) -> Verdict {
    let crowd = stage.platform.crowd(254);
    let (_, word) = stage.echo(Who::Bob, stage.main());
    stage.once(&word);
    let limited: usize =
        [" 429 ", "rate limit", "ratelimited"].iter().map(|part| stage.bot.logged(part)).sum();
    assert_eq!(limited, 0, "the service complained");
    if crowd { Verdict::Holds } else { Verdict::Degrades }
}
