//! Ten thousand schedules of many people: what is due, what comes next and what one person has are found by index.

use super::*;
use crate::model::{Errand, Missed, Schedule};
use crate::store::Reader;
use crate::store::reader::{COME, COMING, NEXT, OF_OWNER, RESTING};

/// So many schedules.
const MANY: usize = 10_000;

/// 200 people with 50 each; every hundredth is paused, the others are due one a second from 1,001 s on.
fn full() -> Home {
    let home = Home::new();
    drop(home.open().unwrap());
    let irc = AdapterName::new("irc").unwrap();
    let mut raw = home.raw();
    let transaction = raw.transaction().unwrap();
    for id in 1..=i64::try_from(MANY).unwrap() {
        let schedule = Schedule {
            id,
            owner: format!("irc:p{}", id % 200).parse().unwrap(),
            owner_name: "p".to_owned(),
            place: Place::room(irc.clone(), "#ops"),
            room_name: None,
            when: "every day at 09:00".to_owned(),
            zone: "UTC".to_owned(),
            anchor: at(0),
            errand: Errand::Run,
            line: "report".to_owned(),
            missed: Missed::Skip,
            due: (id % 100 != 0).then(|| at(1_000 + id)),
            made: at(0),
            last: None,
            rests: None,
        };
        let sql = "INSERT INTO schedule (id, owner, due, body) VALUES (?1, ?2, ?3, ?4)";
        let due = schedule.due.map(Timestamp::as_micros);
        let body = serde_json::to_string(&schedule).unwrap();
        transaction.execute(sql, rusqlite::params![id, schedule.owner.to_string(), due, body]).unwrap();
    }
    transaction.commit().unwrap();
    home
}

/// How often the database steps for a query, and how it goes about it.
fn work(connection: &rusqlite::Connection, sql: &str, values: &[rusqlite::types::Value]) -> (i32, String) {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let lines =
        statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
    let plan = lines.collect::<Result<Vec<_>, _>>().unwrap().join("; ");
    let mut statement = connection.prepare(sql).unwrap();
    let found = statement.query_map(rusqlite::params_from_iter(values), |_| Ok(())).unwrap().count();
    assert!(found > 0, "{sql}");
    (statement.get_status(rusqlite::StatementStatus::VmStep), plan)
}

#[test]
fn what_is_due_of_ten_thousand_is_found_by_index() {
    let home = full();
    let raw = home.raw();
    let (now, limit) = (1_003_000_000_i64.into(), 100_i64.into());
    for (sql, values, index) in [
        (COME, vec![now, limit], "INDEX schedule_due"),
        (NEXT, vec![], "INDEX schedule_due"),
        (COMING, vec![51_i64.into()], "INDEX schedule_due"),
        (OF_OWNER, vec!["irc:p7".to_owned().into(), 51_i64.into()], "INDEX schedule_owner"),
    ] {
        let (steps, plan) = work(&raw, sql, &values);
        assert!(plan.contains(index), "{sql}: {plan}");
        assert!(sql == OF_OWNER || !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        // Each of them would be some ten thousands of steps if all were read.
        assert!(steps < 2_500, "{steps} steps for {sql}");
    }
    // The whole list is read once and sorted by nobody.
    let all: Vec<rusqlite::types::Value> = vec![i64::MAX.into()];
    for sql in [COMING, RESTING] {
        let (steps, plan) = work(&raw, sql, &all);
        assert!(
            !plan.contains("TEMP B-TREE") && usize::try_from(steps).unwrap() < 20 * MANY,
            "{steps} steps, {plan}"
        );
    }
}

#[test]
fn ten_thousand_are_listed_in_order_and_as_many_as_wanted() {
    let home = full();
    let reader = Reader::open_readonly(&home.path()).unwrap();
    let due = reader.schedules_due(at(1_003), 100).unwrap();
    assert_eq!(due.iter().map(|it| it.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(reader.next_schedule().unwrap(), Some(at(1_001)));
    let all = reader.schedules(None, usize::MAX).unwrap();
    assert_eq!(all.len(), MANY);
    let paused = all.iter().position(|it| it.due.is_none()).unwrap();
    assert_eq!(paused, MANY - MANY / 100, "paused ones come last");
    assert!(all[..paused].is_sorted_by_key(|it| it.due) && all[paused..].is_sorted_by_key(|it| it.id));
    let some = reader.schedules(None, paused + 2).unwrap();
    assert_eq!(some[..], all[..paused + 2]);
    assert_eq!(reader.schedules(None, 3).unwrap()[..], all[..3]);
    let owner = all[0].owner.clone();
    let own = reader.schedules(Some(&owner), usize::MAX).unwrap();
    assert_eq!(own.len(), 50);
    assert!(own.iter().all(|it| it.owner == owner));
}
