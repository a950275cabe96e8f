//! In the product a read beside the footprint is an alarm, as whatever else must not be.

use passcom_domain::ballot::{Ballot, Key};
use passcom_domain::entry::Entry;
use passcom_domain::fixtures::*;
use passcom_domain::question::Question;
use passcom_domain::rows::{Footprint, Rows};

fn commit() -> Entry {
    let (saga, hash) = (SAGA, HASH);
    Question::Commit {
        saga,
        hash,
        exchanged: None,
    }
    .into()
}

fn promise() -> Entry {
    let promise = Question::Promise {
        key: Key::Saga(SAGA),
        acceptors: acceptors(),
        ballot: Ballot(3),
    };
    promise.into()
}

fn footprint(entries: &[Entry]) -> Footprint {
    let mut footprint = Footprint::default();
    for entry in entries {
        entry.footprint(company("a"), &mut footprint);
    }
    footprint
}

#[test]
fn what_was_not_loaded_is_not_taken_for_what_does_not_exist() {
    let mut rows = Rows::new(company("a"), &footprint(&[commit()]));
    promise().post(&mut rows);
    let register = "register Saga(00000000-0000-0000-0000-000000000001)";
    let expected = format!("{register} is read and was not loaded: the footprint does not name it");
    assert_eq!(rows.take_alarms(), [expected]);
    assert_eq!(rows.take_alarms(), [""; 0], "it is told once");
}

#[test]
fn what_was_loaded_and_does_not_exist_is_no_alarm() {
    let entries = [promise(), Entry::Finish { saga: SAGA }];
    let mut rows = Rows::new(company("a"), &footprint(&entries));
    for entry in entries {
        entry.post(&mut rows);
    }
    assert_eq!(rows.take_alarms(), [""; 0]);
}
