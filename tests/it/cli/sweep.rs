//! The snapshot of a tiny repository, damaged at each byte and at each length:
//! the answer is right or there is none.

use happy::index::{Segment, Snapshot};
use happy::query::{self, CallOptions};
use happy::record::Record;

use super::World;

fn ask(bytes: Vec<u8>) -> Result<Vec<Record>, happy::index::Error> {
    let snapshot = Snapshot::new(Segment::from_vec(bytes)?)?;
    let found = query::find(&snapshot, b"helper")?;
    let mut records = Vec::new();
    let options = CallOptions {
        transitive: true,
        all: true,
        ..CallOptions::default()
    };
    query::callers(&snapshot, &found.nodes, options, |record| {
        records.push(record);
        true
    })?;
    Ok(records)
}

fn intact() -> Vec<u8> {
    let world = World::small();
    world.repo("happy index").ok();
    std::fs::read(world.snapshot()).expect("the snapshot is readable")
}

#[test]
fn a_flipped_byte_gives_the_right_answer_or_an_error() {
    let intact = intact();
    let right = ask(intact.clone()).expect("it is sound");
    assert!(right.len() >= 2, "{right:?}");
    let mut noticed = 0;
    for at in 0..intact.len() {
        for flip in [0x01, 0x80, 0xFF] {
            let mut bytes = intact.clone();
            bytes[at] ^= flip;
            match ask(bytes) {
                Ok(answer) => assert_eq!(answer, right, "byte {at}, flip {flip:#x}"),
                Err(error) => {
                    assert!(error.is_rebuildable() || at < 64, "byte {at}: {error}");
                    noticed += 1;
                }
            }
        }
    }
    assert!(noticed > intact.len(), "most flips matter: {noticed}");
}

#[test]
fn a_snapshot_of_any_other_length_is_an_error() {
    let intact = intact();
    for length in 0..intact.len() {
        assert!(ask(intact[..length].to_vec()).is_err(), "length {length}");
    }
    let mut longer = intact;
    longer.push(0);
    assert!(ask(longer).is_err(), "one more byte");
}
