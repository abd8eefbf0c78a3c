//! What is published is found again.

use happy::index::{Error, Kind, Mode, SegmentBuilder, Store, Warning};

use super::{WAIT, day, has_snapshot, identity, numbers, open, owner, publish};

#[test]
fn a_published_snapshot_is_found_by_its_commit() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("deep/happy");
    let store = open(&root);
    assert!(!has_snapshot(&store, 7));
    publish(&store, 7, day(1)).expect("published");
    let store = open(&root);
    assert!(has_snapshot(&store, 7));
    assert!(!has_snapshot(&store, 8));
    let found = store.snapshot(&[7; 20]).expect("no error").expect("found");
    assert_eq!(found.identity(), &identity(7));
    assert_eq!(found.kind(), Kind::Snapshot);
    assert_eq!(found.bytes(1).expect("bytes"), b"text");
    assert_eq!(found.array::<u32>(3).expect("an array"), numbers(7));
    let checked = found.checked::<u32>(3).expect("an array");
    assert_eq!(checked.get(699).expect("sound"), &699_007);
    assert_eq!(checked.slice(1..3).expect("sound"), &[1007, 2007]);
    assert!(checked.get(700).is_err());
    assert!(checked.slice(699..701).is_err());
    assert!(matches!(found.array::<u64>(3), Err(Error::Corrupt { .. })));
    assert!(matches!(found.array::<u32>(2), Err(Error::Corrupt { .. })));
    let listed = store.snapshots().expect("listed");
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].id.as_slice(), listed[0].len),
        ([7; 20].as_slice(), found.as_bytes().len() as u64)
    );
    assert_eq!(store.warnings(), Vec::<Warning>::new());
}

#[test]
fn a_snapshot_read_without_mapping_is_the_same() {
    use happy::index::{Locking, Mapping, RealIo};
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 7, day(1)).expect("published");
    let io = RealIo {
        mapping: Mapping::Never,
        locking: Locking::Kernel,
    };
    let store = Store::open_on(std::sync::Arc::new(io), dir.path(), owner(), Mode::Disk);
    assert!(has_snapshot(&store.expect("opened"), 7));
}

#[test]
fn a_reader_keeps_the_snapshot_it_has_open_when_a_writer_replaces_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    publish(&store, 7, day(1)).expect("published");
    let old = store.snapshot(&[7; 20]).expect("no error").expect("found");
    let mut builder = SegmentBuilder::new(Kind::Snapshot, identity(7));
    builder.array(3, &[1u32, 2, 3]);
    let writer = store.write(WAIT, day(1)).expect("the lock is free");
    let new = writer.publish(&[7; 20], &builder).expect("published");
    assert_eq!(new.array::<u32>(3).expect("an array"), [1, 2, 3]);
    assert_eq!(old.array::<u32>(3).expect("an array"), numbers(7));
    old.verify().expect("the old file is whole");
}

#[test]
fn a_snapshot_of_another_commit_is_not_published_under_this_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let builder = SegmentBuilder::new(Kind::Snapshot, identity(9));
    let writer = store.write(WAIT, day(1)).expect("the lock is free");
    let refused = writer.publish(&[7; 20], &builder);
    assert!(
        matches!(refused, Err(Error::Foreign { what: "commit", .. })),
        "{refused:?}"
    );
    assert!(!has_snapshot(&store, 7));
}

#[test]
fn facts_added_from_many_threads_are_found_by_their_blob() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let writer = store.write(WAIT, day(1)).expect("the lock is free");
    let pack = writer.pack(5);
    let id = |thread: u8, number: u8| {
        let mut id = [number; 20];
        id[1] = thread;
        id
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let pack = &pack;
            scope.spawn(move || {
                for number in 0..200u8 {
                    let record = vec![thread ^ number; usize::from(number)];
                    pack.add(&id(thread, number), &record).expect("added");
                }
            });
        }
    });
    pack.finish().expect("finished").expect("not empty");
    let packs = store.packs(5).expect("opened");
    assert_eq!((packs.len(), packs.records()), (1, 800));
    for thread in 0..4 {
        for number in 0..200u8 {
            let record = packs.get(&id(thread, number)).expect("found");
            assert_eq!(record, vec![thread ^ number; usize::from(number)]);
            assert_eq!(record.as_ptr().addr() % 8, 0);
        }
    }
    assert!(packs.get(&[201; 20]).is_none());
    assert!(packs.get(&[1; 32]).is_none());
    assert!(packs.get(&[]).is_none());
    assert!(store.packs(6).expect("opened").is_empty());
    assert!(packs.damaged().is_empty());
}

#[test]
fn a_pack_without_records_leaves_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let writer = store.write(WAIT, day(1)).expect("the lock is free");
    assert!(writer.pack(5).finish().expect("finished").is_none());
    let dropped = writer.pack(5);
    dropped.add(&[1; 20], b"facts").expect("added");
    drop(dropped);
    assert!(store.packs(5).expect("opened").is_empty());
    assert_eq!(
        std::fs::read_dir(dir.path().join("tmp"))
            .expect("a folder")
            .count(),
        0
    );
}

#[test]
fn only_the_newest_states_of_a_worktree_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    for state in 1..=5u8 {
        let writer = store.write(WAIT, day(1)).expect("the lock is free");
        super::publish_worktree(&writer, state).expect("published");
        std::thread::sleep(std::time::Duration::from_millis(15));
    }
    let states: Vec<_> = store
        .worktree_states("../a worktree")
        .expect("listed")
        .into_iter()
        .map(|s| s.id[0])
        .collect();
    assert_eq!(states, [5, 4, 3]);
    assert!(super::has_worktree_state(&store, 4));
    assert!(!super::has_worktree_state(&store, 1));
    assert!(
        store
            .worktree("another", &[4; 20])
            .expect("no error")
            .is_none()
    );
}

#[test]
fn vectors_are_found_by_their_model() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let mut builder = SegmentBuilder::new(Kind::Vectors, owner().identity(&[], &[], 42));
    builder.array(1, &[1.5f32, 2.5]);
    let writer = store.write(WAIT, day(1)).expect("the lock is free");
    writer
        .publish_vectors("https://host/v1 model:2", &builder)
        .expect("published");
    let found = store
        .vectors("https://host/v1 model:2")
        .expect("no error")
        .expect("found");
    assert_eq!(found.array::<f32>(1).expect("an array"), [1.5, 2.5]);
    assert!(
        store
            .vectors("https://host/v1 model:3")
            .expect("no error")
            .is_none()
    );
}

#[test]
fn a_log_of_a_run_grows_by_lines() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    assert!(
        store
            .read_run("r1", "log.jsonl")
            .expect("no error")
            .is_none()
    );
    for line in ["{}\n", "[]\n"] {
        let mut log = store.run_log("r1", "log.jsonl").expect("opened");
        log.append(line.as_bytes()).expect("written");
        log.sync().expect("synced");
    }
    let found = store
        .read_run("r1", "log.jsonl")
        .expect("no error")
        .expect("found");
    assert_eq!(&**found, b"{}\n[]\n");
    assert_eq!(store.runs().expect("listed").len(), 1);
}
