//! The memory of who asked what: every answer has its record, and no record can be changed unseen.

use rusqlite::Connection;
use serde_json::Value;

use crate::support::bot::Home;
use crate::support::homes;

/// A home whose log knows `echo one`, `whoami` and something nobody understood.
fn with_some_history() -> Home {
    let home = homes::small();
    assert_eq!(home.chat("echo one\nwhoami\nfrobnicate\n").code, Some(1));
    home
}

fn exported(home: &Home) -> Vec<Value> {
    let ran = home.run(&["audit", "export"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Does something to the database behind the bot's back; whether `audit verify` finds it.
fn found_after(home: &Home, change: &str) -> bool {
    let database = Connection::open(home.database()).unwrap();
    assert!(database.execute(change, []).unwrap() > 0, "{change}");
    drop(database);
    let ran = home.run(&["audit", "verify"]);
    assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    ran.code == Some(1)
}

#[test]
fn every_kind_of_answer_has_its_record() {
    let records = exported(&with_some_history());
    for (what, text) in [
        ("asked", "echo one"),
        ("finished", "default.echo"),
        ("answered", "whoami"),
        ("unmatched", "frobnicate"),
    ] {
        let found = records.iter().any(|record| record["what"] == what && record.to_string().contains(text));
        assert!(found, "{what}: {records:?}");
    }
}

#[test]
fn an_untouched_log_verifies() {
    let ran = with_some_history().run(&["audit", "verify"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_changed_record_is_found() {
    let change = "UPDATE audit SET body = replace(body, 'echo one', 'echo two') WHERE what = 'asked'";
    assert!(found_after(&with_some_history(), change));
}

#[test]
fn a_change_in_any_column_is_found() {
    let home = with_some_history();
    let database = Connection::open(home.database()).unwrap();
    let mut asked = database.prepare("SELECT name FROM pragma_table_info('audit')").unwrap();
    let columns: Vec<String> =
        asked.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    drop(asked);
    drop(database);
    assert!(columns.len() > 3, "{columns:?}");
    for column in columns {
        let home = with_some_history();
        let change = format!(
            "UPDATE audit SET {column} = CASE typeof({column}) WHEN 'integer' THEN {column} + 1000 WHEN 'blob' \
             THEN zeroblob(length({column})) ELSE coalesce({column}, '') || 'x' END \
             WHERE rowid = (SELECT min(rowid) FROM audit)"
        );
        assert!(found_after(&home, &change), "{column}");
    }
}

#[test]
fn what_a_spreadsheet_would_compute_stays_text_in_csv() {
    let home = homes::small();
    home.chat("=HYPERLINK(1)\n@SUM(1)\n+1\n-1\n");
    let csv = home.run(&["audit", "export", "--format", "csv"]).stdout;
    for formula in ["=HYPERLINK", "@SUM", "+1", "-1"] {
        assert!(!csv.contains(&format!(",{formula}")) && !csv.contains(&format!(",\"{formula}")), "{csv}");
    }
}

#[test]
fn a_deleted_record_is_found() {
    assert!(found_after(&with_some_history(), "DELETE FROM audit WHERE what = 'asked'"));
}

#[test]
fn swapped_records_are_found() {
    let home = with_some_history();
    let database = Connection::open(home.database()).unwrap();
    let swap = "UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 END WHERE seq IN (2, 3)";
    assert_eq!(database.execute(swap, []).unwrap(), 2);
    drop(database);
    assert!(found_after(&home, "UPDATE audit SET seq = -seq WHERE seq < 0"));
}

#[test]
fn a_cut_tail_is_found_against_an_older_head() {
    let home = with_some_history();
    let told = home.run(&["audit", "export"]).stderr;
    let head =
        told.lines().find_map(|line| line.strip_prefix("head ")).expect("export tells the head").to_owned();
    assert_eq!(home.run(&["audit", "verify", "--head", &head]).code, Some(0));
    let database = Connection::open(home.database()).unwrap();
    database.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", []).unwrap();
    drop(database);
    let ran = home.run(&["audit", "verify", "--head", &head]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[test]
fn a_search_finds_a_person_and_csv_has_a_head() {
    let home = with_some_history();
    let ran = home.run(&["audit", "search", "echo one"]);
    assert_eq!((ran.code, ran.stdout.contains("echo one")), (Some(0), true), "{ran:?}");
    let csv = home.run(&["audit", "export", "--format", "csv"]);
    assert_eq!(csv.code, Some(0), "{csv:?}");
    assert!(csv.stdout.lines().next().unwrap().contains("what"), "{csv:?}");
}

#[test]
fn a_secret_is_nowhere_but_where_it_is_used() {
    let action = "name: login\nrunner_type: local-shell-cmd\nparameters:\n  password: { type: string, secret: true }\n  \
                  cmd: { default: 'echo \"it has ${#P} letters\"', immutable: true }\n  env: { default: { P: '{{ password }}' } }\n";
    let alias = "name: login\naction_ref: default.login\nformats: [\"log in with {{password}}\"]\n";
    let home = homes::small().file("actions/login.yaml", action).file("aliases/login.yaml", alias);
    let ran = home.chat("log in with swordfish-9\n");
    assert!(ran.stdout.contains("it has 11 letters"), "{ran:?}");
    assert!(!format!("{ran:?}").contains("swordfish-9"), "{ran:?}");
    assert!(!format!("{:?}", exported(&home)).contains("swordfish-9"));
    for file in std::fs::read_dir(home.path().join("var")).unwrap() {
        let bytes = std::fs::read(file.as_ref().unwrap().path()).unwrap();
        let leaks = bytes.windows(11).any(|window| window == b"swordfish-9");
        assert!(!leaks, "{:?}", file.unwrap().path());
    }
}
