//! A disk that says no: full, failing, read-only.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use happy::index::sim::{Loss, Plan, SimIo};
use happy::index::{Error, GcPolicy, Kind, Reach, SegmentBuilder, Store, StoreIo, Wanted, Warning};

use super::{
    FINGERPRINT, ROOT, WAIT, add_facts, day, facts, has_snapshot, identity, numbers, publish,
    try_open,
};

fn begun() -> SimIo {
    let disk = Arc::new(SimIo::new());
    let store = try_open(&disk).expect("opened");
    publish(&store, 1, day(1)).expect("published");
    add_facts(&store, 0..5, day(1)).expect("written");
    add_facts(&store, 5..6, day(1)).expect("written");
    disk.reboot(Loss::Everything)
}

/// All that a writer does, in one.
fn work(store: &Store) -> Result<(), Error> {
    add_facts(store, 6..9, day(1))?;
    publish(store, 2, day(1))?;
    let wanted = Wanted {
        reach: &|_| Reach::Reached,
        fingerprints: &[FINGERPRINT],
        blob: &|_| true,
    };
    let writer = store.write(WAIT, day(1))?;
    writer.gc(&GcPolicy::default(), &wanted).map(drop)
}

fn old_state_is_readable(store: &Store) {
    assert!(has_snapshot(store, 1));
    let found = facts(store);
    assert!(found.starts_with(&[0, 1, 2, 3, 4, 5]), "{found:?}");
    has_snapshot(store, 2);
}

#[test]
fn a_fault_at_any_operation_leaves_the_old_state_and_no_rubbish() {
    for kind in [
        ErrorKind::StorageFull,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::Other,
    ] {
        for lasting in [false, true] {
            let mut failed = 0;
            for at in 1.. {
                let plan = if lasting {
                    Plan::FailFrom(at, kind)
                } else {
                    Plan::FailAt(at, kind)
                };
                let disk = Arc::new(begun().fork(plan));
                let done = try_open(&disk).and_then(|store| work(&store));
                failed += usize::from(done.is_err());
                let met = disk.operations() >= at;
                // What the same process, and the next, find.
                let next = Arc::new(disk.fork(Plan::Work));
                let store = try_open(&next).expect("opened");
                old_state_is_readable(&store);
                work(&store).expect("the next writer succeeds");
                assert!(has_snapshot(&store, 2));
                assert_eq!(facts(&store), (0..9).collect::<Vec<_>>());
                let left = next.list(&Path::new(ROOT).join("tmp")).expect("a folder");
                assert!(left.is_empty(), "{kind:?} at {at}: {left:?}");
                if !met {
                    break;
                }
            }
            // A read-only disk is worked on in memory when it is met at once.
            assert!(failed > 20, "{kind:?}, lasting {lasting}: {failed}");
        }
    }
}

#[test]
fn a_failed_write_removes_its_temporary_file_itself() {
    let begun = begun();
    let disk = Arc::new(begun.fork(Plan::Work));
    publish(&try_open(&disk).expect("opened"), 2, day(1)).expect("published");
    let log = disk.log();
    for (index, line) in log.iter().enumerate() {
        if ["append ", "write_at ", "sync ", "rename "]
            .iter()
            .all(|op| !line.starts_with(op))
        {
            continue;
        }
        let plan = Plan::FailAt(index as u64 + 1, ErrorKind::StorageFull);
        let disk = Arc::new(begun.fork(plan));
        let error = publish(&try_open(&disk).expect("opened"), 2, day(1)).expect_err("full");
        assert!(error.is_full(), "{line}: {error}");
        assert!(error.to_string().starts_with("cannot "), "{error}");
        assert!(
            disk.list(&Path::new(ROOT).join("tmp"))
                .expect("a folder")
                .is_empty(),
            "{line}"
        );
    }
}

#[test]
fn a_full_disk_is_answered_from_memory() {
    let disk = Arc::new(begun().fork(Plan::FailFrom(1, ErrorKind::StorageFull)));
    let store = try_open(&disk).expect("opened");
    let error = publish(&store, 2, day(1)).expect_err("full");
    assert!(
        error.is_full() && !error.is_read_only() && !error.is_rebuildable(),
        "{error}"
    );
    let numbers = numbers(2);
    let mut builder = SegmentBuilder::new(Kind::Snapshot, identity(2));
    builder.array(3, &numbers);
    let segment = builder.to_segment().expect("built");
    assert_eq!(segment.array::<u32>(3).expect("an array"), numbers);
}

#[test]
fn a_sync_that_fails_publishes_nothing() {
    let begun = begun();
    let disk = Arc::new(begun.fork(Plan::Work));
    add_facts(&try_open(&disk).expect("opened"), 6..9, day(1)).expect("written");
    let sync = disk
        .log()
        .iter()
        .rposition(|line| line.starts_with("sync "))
        .expect("synced");
    let disk = Arc::new(begun.fork(Plan::FailAt(sync as u64 + 1, ErrorKind::Other)));
    let store = try_open(&disk).expect("opened");
    let error = add_facts(&store, 6..9, day(1)).expect_err("not synced");
    assert!(matches!(error, Error::Io { action: "sync", .. }), "{error}");
    assert_eq!(facts(&store), (0..6).collect::<Vec<_>>());
}

#[test]
fn a_read_only_folder_is_used_and_new_work_is_kept_in_memory() {
    for kind in [ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied] {
        for disk in [begun(), SimIo::new()] {
            let empty = disk.list(ROOT.as_ref()).is_err();
            let disk = Arc::new(disk.fork(Plan::FailFrom(1, kind)));
            let store = try_open(&disk).expect("opened");
            publish(&store, 2, day(1)).expect("published in memory");
            add_facts(&store, 6..9, day(1)).expect("written in memory");
            assert!(has_snapshot(&store, 2));
            assert_eq!(has_snapshot(&store, 1), !empty);
            assert_eq!(
                facts(&store),
                if empty {
                    vec![6, 7, 8]
                } else {
                    (0..9).collect()
                }
            );
            assert_eq!(store.warnings(), [Warning::NotSaved { path: ROOT.into() }]);
            assert!(store.warnings().is_empty(), "said once");
            let next = Arc::new(disk.fork(Plan::Work));
            assert!(
                !has_snapshot(&try_open(&next).expect("opened"), 2),
                "nothing was written"
            );
        }
    }
}

#[test]
fn a_damaged_snapshot_in_a_read_only_folder_is_replaced_in_memory() {
    let disk = begun();
    let commit = "01".repeat(20);
    let path = Path::new(ROOT).join("commits").join(commit);
    disk.remove_file(&path).expect("removed");
    disk.create(&path)
        .expect("created")
        .append(b"\x89happy")
        .expect("written");
    let disk = Arc::new(disk.fork(Plan::FailFrom(1, ErrorKind::ReadOnlyFilesystem)));
    let store = try_open(&disk).expect("opened");
    assert!(matches!(
        store.snapshot(&[1; 20]),
        Err(Error::Truncated { found: 6, .. })
    ));
    publish(&store, 1, day(1)).expect("published in memory");
    assert!(has_snapshot(&store, 1));
    let said = format!("{:?}", store.warnings());
    assert!(
        said.contains("NotSaved") && said.contains("Damaged"),
        "{said}"
    );
    assert_eq!(
        disk.fork(Plan::Work).stat(&path).expect("still there").len,
        6
    );
}

#[test]
fn a_damaged_pack_in_a_read_only_folder_is_repaired_in_memory() {
    let disk = begun();
    let path = Path::new(ROOT).join("facts/0000000000000005/0000000000000002.pack");
    disk.remove_file(&path).expect("removed");
    disk.create(&path).expect("created");
    let disk = Arc::new(disk.fork(Plan::FailFrom(1, ErrorKind::ReadOnlyFilesystem)));
    let store = try_open(&disk).expect("opened");
    let packs = store.packs(FINGERPRINT).expect("opened");
    let writer = store.write(WAIT, day(1)).expect("in memory");
    assert_eq!(writer.repair(FINGERPRINT, &packs).expect("repaired"), 1);
    drop(writer);
    add_facts(&store, 5..6, day(1)).expect("written in memory");
    assert_eq!(facts(&store), (0..6).collect::<Vec<_>>());
}
