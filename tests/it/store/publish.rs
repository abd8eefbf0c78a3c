//! What is published is found again.

use std::path::Path;
use std::time::{Duration, SystemTime};

use happy::index::{Error, Kind, Mode, Owner, SegmentBuilder, Store, Warning};

pub(super) const WAIT: Duration = Duration::from_secs(10);

pub(super) fn owner() -> Owner {
    Owner {
        repository: b"a repository".to_vec(),
        ..Owner::default()
    }
}

pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn open(root: &Path) -> Store {
    Store::open(root, owner(), Mode::Disk).expect("the index opens")
}

#[test]
fn a_published_snapshot_is_found_by_its_commit() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("happy");
    let store = open(&root);
    let commit = [7; 20];
    assert!(store.snapshot(&commit).expect("no error").is_none());
    let numbers: Vec<u32> = (0..5000).collect();
    let mut builder = SegmentBuilder::new(Kind::Snapshot, owner().identity(&commit, &[8; 20], 42));
    builder.array(3, &numbers).bytes(1, b"text".as_slice());
    let writer = store.write(WAIT, now()).expect("the lock is free");
    writer.publish(&commit, &builder).expect("published");
    drop(writer);
    let found = open(&root)
        .snapshot(&commit)
        .expect("no error")
        .expect("found");
    assert_eq!(found.array::<u32>(3).expect("an array"), numbers);
    assert_eq!(
        found
            .checked::<u32>(3)
            .expect("an array")
            .get(4999)
            .expect("sound"),
        &4999
    );
    assert_eq!(found.bytes(1).expect("bytes"), b"text");
    assert_eq!(found.identity().fingerprint, 42);
    found.verify().expect("sound");
    assert!(matches!(found.array::<u64>(3), Err(Error::Corrupt { .. })));
    assert!(store.snapshot(&[9; 20]).expect("no error").is_none());
    assert_eq!(store.warnings(), Vec::<Warning>::new());
}

#[test]
fn facts_are_found_by_their_blob_in_the_pack_of_their_fingerprint() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let writer = store.write(WAIT, now()).expect("the lock is free");
    let pack = writer.pack(5);
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            let pack = &pack;
            scope.spawn(move || {
                for number in 0..200u8 {
                    let mut id = [number; 20];
                    id[1] = thread;
                    let record = vec![thread ^ number; usize::from(number)];
                    pack.add(&id, &record).expect("added");
                }
            });
        }
    });
    pack.finish().expect("finished").expect("not empty");
    let packs = store.packs(5).expect("opened");
    assert_eq!((packs.len(), packs.records()), (1, 800));
    for thread in 0..4u8 {
        for number in 0..200u8 {
            let mut id = [number; 20];
            id[1] = thread;
            let record = packs.get(&id).expect("found");
            assert_eq!(record, vec![thread ^ number; usize::from(number)]);
            assert_eq!(record.as_ptr().addr() % 8, 0);
        }
    }
    assert!(packs.get(&[201; 20]).is_none());
    assert!(packs.get(&[1; 32]).is_none());
    assert!(store.packs(6).expect("opened").is_empty());
    assert!(packs.damaged().is_empty());
}
