//! Every way to tamper with the log is found.

use crate::store::audit::{Flaw, Format, Head, Verdict, export, verify};
use crate::store::tests::{Home, at, entry};
use crate::store::{Change, Done, Keys, Reader, Search, What};

/// A log of `count` records, and its head.
async fn log(home: &Home, count: i64) -> Head {
    let store = home.open().unwrap();
    for number in 1..=count {
        let mut entry = entry(What::Answered, &format!("record {number}"));
        entry.at = at(number);
        store.write(Change::Audit(Box::new(entry))).await.unwrap();
    }
    store.close().await.unwrap();
    reader(home).heads().unwrap().remove(0)
}

fn reader(home: &Home) -> Reader {
    Reader::open_readonly(&home.path()).unwrap()
}

fn check(home: &Home, against: Option<&Head>) -> Verdict {
    verify(&reader(home), &home.keys(), against).unwrap()
}

fn flaws(verdict: &Verdict) -> Vec<(i64, Flaw)> {
    verdict.findings.iter().map(|finding| (finding.seq, finding.flaw)).collect()
}

#[tokio::test]
async fn an_untouched_log_is_whole_also_over_restarts() {
    let home = Home::new();
    let early = log(&home, 3).await;
    let late = log(&home, 4).await;
    assert_eq!((early.seq, late.seq), (3, 7));
    for head in [None, Some(&early), Some(&late)] {
        let verdict = check(&home, head);
        assert!(verdict.is_whole() && verdict.records == 7, "{verdict:?}");
        assert_eq!(verdict.heads, [late.to_string()]);
    }
    assert_eq!(late.to_string().parse::<Head>(), Ok(late));
}

#[tokio::test]
async fn each_edit_of_each_column_is_found() {
    let edits = [
        "at = at + 1",
        "what = 'refused'",
        "person = 'irc:bob'",
        "person = NULL",
        "place = ''",
        "subject = NULL",
        "body = body || ' '",
        "mac = upper(mac)",
        "body = NULL, at = at",
        "at = 'x'",
    ];
    for edit in edits {
        let home = Home::new();
        log(&home, 5).await;
        let changed = home.raw().execute(&format!("UPDATE OR IGNORE audit SET {edit} WHERE seq = 3"), []);
        if changed == Ok(0) || changed.is_err() {
            continue;
        }
        assert!(!check(&home, None).is_whole(), "{edit}");
    }
}

#[tokio::test]
async fn an_edited_record_is_named() {
    let home = Home::new();
    log(&home, 5).await;
    home.raw().execute("UPDATE audit SET person = 'irc:bob' WHERE seq = 3", []).unwrap();
    let verdict = check(&home, None);
    assert_eq!(flaws(&verdict), [(3, Flaw::Changed)]);
    assert_eq!(verdict.findings[0].to_string(), "record 1:3: changed, or moved from another place");
}

#[tokio::test]
async fn deleted_swapped_and_inserted_records_are_found() {
    let tampered = [
        ("DELETE FROM audit WHERE seq = 3", vec![(4, Flaw::Missing)]),
        ("DELETE FROM audit WHERE seq < 3", vec![(3, Flaw::Beginning)]),
        (
            "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 99",
            vec![(2, Flaw::Changed), (3, Flaw::Changed), (4, Flaw::Changed)],
        ),
        (
            "INSERT INTO audit SELECT strand, 6, at, what, person, place, subject, body, mac FROM audit WHERE seq = 5",
            vec![(6, Flaw::Changed)],
        ),
        (
            "UPDATE audit SET seq = seq + 1 WHERE seq = 5; INSERT INTO audit SELECT strand, 5, at, what, person, place, subject, body, mac FROM audit WHERE seq = 4",
            vec![(5, Flaw::Changed), (6, Flaw::Changed)],
        ),
        ("UPDATE audit SET strand = 2 WHERE seq = 5", vec![(5, Flaw::Beginning), (5, Flaw::Cut)]),
        ("UPDATE audit SET seq = 'x' WHERE seq = 2", vec![(0, Flaw::Foreign), (3, Flaw::Missing)]),
    ];
    for (sql, expected) in tampered {
        let home = Home::new();
        log(&home, 5).await;
        home.raw().execute_batch(sql).unwrap();
        let mut found = flaws(&check(&home, None));
        found.sort_by_key(|(seq, _)| *seq);
        assert_eq!(found, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_cut_tail_shows_against_an_older_head_even_if_the_kept_head_is_forged() {
    let home = Home::new();
    let head = log(&home, 5).await;
    home.raw().execute("DELETE FROM audit WHERE seq > 3", []).unwrap();
    assert_eq!(flaws(&check(&home, None)), [(5, Flaw::Cut)]);
    let forge = "UPDATE strand SET seq = 3, mac = (SELECT mac FROM audit WHERE seq = 3)";
    home.raw().execute(forge, []).unwrap();
    assert!(check(&home, None).is_whole());
    assert_eq!(flaws(&check(&home, Some(&head))), [(5, Flaw::Cut)]);
    log(&home, 5).await;
    assert_eq!(flaws(&check(&home, Some(&head))), [(5, Flaw::Other)]);
}

#[tokio::test]
async fn a_removed_strand_shows_against_its_head() {
    let home = Home::new();
    let head = log(&home, 2).await;
    home.raw().execute_batch("DELETE FROM audit; DELETE FROM strand").unwrap();
    assert!(check(&home, None).is_whole());
    assert_eq!(flaws(&check(&home, Some(&head))), [(2, Flaw::Cut)]);
}

#[tokio::test]
async fn a_tail_cut_while_the_bot_is_down_leaves_a_gap() {
    let home = Home::new();
    log(&home, 5).await;
    home.raw().execute("DELETE FROM audit WHERE seq > 3", []).unwrap();
    log(&home, 1).await;
    assert_eq!(flaws(&check(&home, None)), [(6, Flaw::Missing)]);
}

#[tokio::test]
async fn a_log_made_with_another_key_is_not_whole() {
    let (home, other) = (Home::new(), Home::new());
    log(&home, 2).await;
    let keys: Keys = other.keys();
    assert_eq!(verify(&reader(&home), &keys, None).unwrap().flaws, 2);
}

#[tokio::test]
async fn trimming_keeps_the_log_whole_and_hides_nothing_more() {
    let home = Home::new();
    let head = log(&home, 5).await;
    let trim = |before| Change::Trim { history_before: at(0), audit_before: at(before), at: at(50) };
    let store = home.open().unwrap();
    assert_eq!(store.write(trim(4)).await, Ok(Done::Trimmed(3)));
    drop(store);
    assert!(check(&home, Some(&head)).is_whole(), "{:?}", check(&home, Some(&head)));
    let gone = Head { seq: 2, ..head.clone() };
    assert!(check(&home, Some(&gone)).is_whole(), "a head that was trimmed since");
    home.raw().execute("DELETE FROM audit WHERE seq = 4", []).unwrap();
    assert_eq!(flaws(&check(&home, None)), [(5, Flaw::Beginning)]);

    let home = Home::new();
    log(&home, 5).await;
    let store = home.open().unwrap();
    store.write(trim(4)).await.unwrap();
    store.write(trim(99)).await.unwrap();
    drop(store);
    let verdict = check(&home, None);
    assert!(verdict.is_whole() && verdict.records == 1, "{verdict:?}");
    home.raw().execute("UPDATE audit SET body = replace(body, 'last_seq', 'lost_seq')", []).unwrap();
    assert!(!check(&home, None).is_whole());
}

#[tokio::test]
async fn records_are_searched_and_exported() {
    let home = Home::new();
    log(&home, 3).await;
    let found = |search: Search| -> Vec<i64> {
        reader(&home).audit(&search).unwrap().iter().map(|record| record.seq).collect()
    };
    let all = Search { limit: 9, ..Search::default() };
    assert_eq!(found(all.clone()), [3, 2, 1]);
    assert_eq!(found(Search { text: Some("record 2".into()), ..all.clone() }), [2]);
    assert_eq!(found(Search { from: Some(at(2)), until: Some(at(3)), ..all.clone() }), [2]);
    assert!(found(Search { what: Some(What::Refused), ..all.clone() }).is_empty());
    assert_eq!(found(Search { place: Some("#OPS".into()), ..all.clone() }), found(all.clone()));
    assert!(found(Search { place: Some("#o_s".into()), ..all.clone() }).is_empty());
    assert!(found(Search { person: Some("irc:bob".parse().unwrap()), ..all }).is_empty());

    let mut lines = Vec::new();
    assert_eq!(export(&reader(&home), Format::JsonLines, &mut lines), Ok(3));
    let lines = String::from_utf8(lines).unwrap();
    let second: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&second["seq"], &second["body"]["text"]), (&2.into(), &"record 2".into()));
    let mut table = Vec::new();
    export(&reader(&home), Format::Csv, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    assert!(table.starts_with("strand,seq,time,at,what,person,place,subject,body,mac\r\n1,1,"), "{table}");
    assert!(table.contains(r#""{""text"":""record 2""}""#), "{table}");
}
