//! Stopping at every operation, with every loss of what was not yet synced.

use std::path::Path;
use std::sync::Arc;

use happy::index::sim::{Loss, Plan, SimIo};
use happy::index::{Error, GcPolicy, Reach, Store, StoreIo, Wanted};

use super::{FINGERPRINT, ROOT, WAIT, add_facts, day, facts, has_snapshot, publish, try_open};

const LOSSES: [Loss; 10] = [
    Loss::Nothing,
    Loss::Everything,
    Loss::Data,
    Loss::DataToZeros,
    Loss::Entries,
    Loss::Random(1),
    Loss::Random(2),
    Loss::Random(3),
    Loss::Random(4),
    Loss::Random(5),
];

/// Stops `run` at each of its operations on a copy of `before`, takes what was
/// not synced, and has `check` judge what remains, whether `run` then succeeds,
/// and that no temporary file outlives it.
fn sweep(
    before: &SimIo,
    run: impl Fn(&Store) -> Result<(), Error>,
    check: impl Fn(&Store),
    after: impl Fn(&Store),
) -> u64 {
    for at in 1.. {
        let disk = Arc::new(before.fork(Plan::StopAt(at)));
        let done = try_open(&disk).and_then(|store| run(&store));
        if disk.operations() < at {
            done.expect("a run that nothing stops succeeds");
            assert!(at > 10, "the sweep met operations");
            return at;
        }
        for loss in LOSSES {
            let context = format!("stopped at {at}: {:?}; {loss:?}", disk.log().last());
            let next = Arc::new(disk.reboot(loss));
            let store = try_open(&next).unwrap_or_else(|error| panic!("{context}: {error}"));
            let checked = std::panic::AssertUnwindSafe(|| check(&store));
            assert!(std::panic::catch_unwind(checked).is_ok(), "{context}");
            run(&store).unwrap_or_else(|error| panic!("{context}: the next run fails: {error}"));
            let rested = std::panic::AssertUnwindSafe(|| after(&store));
            assert!(
                std::panic::catch_unwind(rested).is_ok(),
                "{context}: after the next run"
            );
            let left = next.list(&Path::new(ROOT).join("tmp")).expect("a folder");
            assert!(left.is_empty(), "{context}: {left:?}");
            // What a run that succeeded has said to be there outlives any loss.
            for loss in [Loss::Everything, Loss::Data, Loss::Random(at)] {
                let store = try_open(&Arc::new(next.reboot(loss))).expect("opened");
                let rested = std::panic::AssertUnwindSafe(|| after(&store));
                assert!(
                    std::panic::catch_unwind(rested).is_ok(),
                    "{context}: then {loss:?}"
                );
            }
        }
    }
    unreachable!("a run ends")
}

/// A disk with a snapshot of commit 1 and facts of blobs 0 to 5, all synced.
fn begun() -> SimIo {
    let disk = Arc::new(SimIo::new());
    let store = try_open(&disk).expect("opened");
    publish(&store, 1, day(1)).expect("published");
    add_facts(&store, 0..5, day(1)).expect("written");
    disk.reboot(Loss::Everything)
}

fn keep_all(_: &[u8]) -> bool {
    true
}

#[test]
fn a_first_publication_stopped_anywhere_leaves_nothing_or_all() {
    sweep(
        &SimIo::new(),
        |store| publish(store, 1, day(1)),
        |store| {
            has_snapshot(store, 1);
        },
        |store| assert!(has_snapshot(store, 1)),
    );
}

#[test]
fn a_publication_stopped_anywhere_leaves_the_others_as_they_were() {
    sweep(
        &begun(),
        |store| publish(store, 2, day(1)),
        |store| {
            assert!(has_snapshot(store, 1));
            assert_eq!(facts(store), [0, 1, 2, 3, 4]);
            has_snapshot(store, 2);
        },
        |store| assert!(has_snapshot(store, 1) && has_snapshot(store, 2)),
    );
}

#[test]
fn replacing_a_snapshot_stopped_anywhere_leaves_a_whole_one() {
    sweep(
        &begun(),
        |store| publish(store, 1, day(1)),
        |store| assert!(has_snapshot(store, 1)),
        |store| assert!(has_snapshot(store, 1)),
    );
}

#[test]
fn writing_a_pack_stopped_anywhere_adds_nothing_or_all() {
    sweep(
        &begun(),
        |store| add_facts(store, 5..9, day(1)),
        |store| {
            let found = facts(store);
            let old: Vec<u8> = (0..5).collect();
            let new: Vec<u8> = (0..9).collect();
            assert!(found == old || found == new, "{found:?}");
        },
        |store| assert_eq!(facts(store), (0..9).collect::<Vec<_>>()),
    );
}

#[test]
fn what_is_written_relaxed_is_whole_or_absent_after_a_loss() {
    let before = begun();
    let run = |store: &Store| {
        let writer = store.write(WAIT, day(1))?;
        let pack = writer.pack(FINGERPRINT);
        (5..9).try_for_each(|number| pack.add(&super::blob(number), &super::record(number)))?;
        pack.finish_relaxed()?;
        super::publish_worktree(&writer, 3).map(drop)
    };
    for at in 1.. {
        let disk = Arc::new(before.fork(Plan::StopAt(at)));
        let done = try_open(&disk).and_then(|store| run(&store));
        for loss in LOSSES {
            let store = try_open(&Arc::new(disk.reboot(loss))).expect("opened");
            assert!(has_snapshot(&store, 1));
            let found = facts(&store).len();
            let state = super::has_worktree_state(&store, 3);
            assert!(
                [5, 9].contains(&found),
                "stopped at {at}, {loss:?}: {found}"
            );
            if done.is_ok() && loss == Loss::Nothing {
                assert!(
                    found == 9 && state,
                    "a process that ends takes nothing with it"
                );
            }
            run(&store).expect("the next run succeeds");
        }
        if disk.operations() < at {
            done.expect("a run that nothing stops succeeds");
            return;
        }
    }
}

#[test]
fn merging_packs_stopped_anywhere_loses_no_facts() {
    let disk = Arc::new(begun());
    let store = try_open(&disk).expect("opened");
    for first in (5..50).step_by(5) {
        add_facts(&store, first..first + 5, day(1)).expect("written");
    }
    let all: Vec<u8> = (0..50).collect();
    assert_eq!(store.packs(FINGERPRINT).expect("opened").len(), 10);
    sweep(
        &disk.reboot(Loss::Everything),
        |store| store.write(WAIT, day(1))?.consolidate(FINGERPRINT),
        |store| assert_eq!(facts(store), all),
        |store| {
            assert_eq!(facts(store), all);
            assert!(store.packs(FINGERPRINT).expect("opened").len() < 10);
        },
    );
}

#[test]
fn gc_stopped_anywhere_loses_nothing_it_was_to_keep() {
    let disk = Arc::new(begun());
    let store = try_open(&disk).expect("opened");
    for commit in 2..5 {
        publish(&store, commit, day(1)).expect("published");
    }
    add_facts(&store, 5..9, day(1)).expect("written");
    let policy = GcPolicy {
        max_snapshots: 2,
        ..GcPolicy::default()
    };
    let gc = |store: &Store, now| {
        let wanted = Wanted {
            reach: &|commit| {
                if commit[0] < 3 {
                    Reach::Reached
                } else {
                    Reach::Unreached
                }
            },
            fingerprints: &[FINGERPRINT],
            blob: &keep_all,
        };
        store.write(WAIT, now)?.gc(&policy, &wanted).map(drop)
    };
    let rested = |store: &Store| {
        let kept: Vec<_> = (1..5)
            .filter(|commit| has_snapshot(store, *commit))
            .collect();
        assert_eq!(kept, [1, 2]);
        assert_eq!(facts(store), (0..9).collect::<Vec<_>>());
        assert_eq!(store.packs(FINGERPRINT).expect("opened").len(), 1);
    };
    let kept = |store: &Store| {
        assert!(has_snapshot(store, 1) && has_snapshot(store, 2));
        assert_eq!(facts(store), (0..9).collect::<Vec<_>>());
    };
    let begun = disk.reboot(Loss::Everything);
    sweep(&begun, |store| gc(store, day(1)), kept, rested);
    // After the grace period the trash goes as well.
    let disk = Arc::new(begun.fork(Plan::Work));
    gc(&try_open(&disk).expect("opened"), day(1)).expect("done");
    assert!(
        !disk
            .list(&Path::new(ROOT).join("trash"))
            .expect("a folder")
            .is_empty()
    );
    sweep(
        &disk.reboot(Loss::Everything),
        |store| gc(store, day(2)),
        rested,
        rested,
    );
    let disk = Arc::new(disk.fork(Plan::Work));
    gc(&try_open(&disk).expect("opened"), day(2)).expect("done");
    assert!(
        disk.list(&Path::new(ROOT).join("trash"))
            .expect("a folder")
            .is_empty()
    );
}

#[test]
fn an_upgrade_stopped_anywhere_ends_in_the_new_format() {
    let begun = begun();
    let format = Path::new(ROOT).join("format");
    begun.remove_file(&format).expect("removed");
    let line = "happy-index 0";
    let sum = xxhash_rust::xxh3::xxh3_64(line.as_bytes());
    let mut file = begun.create(&format).expect("created");
    file.append(format!("{line} {sum:016x}\n").as_bytes())
        .expect("written");
    sweep(
        &begun.reboot(Loss::Nothing),
        |store| publish(store, 2, day(1)),
        |store| {
            assert!(!has_snapshot(store, 1), "the older format is not read");
            has_snapshot(store, 2);
        },
        |store| assert!(has_snapshot(store, 2) && !has_snapshot(store, 1)),
    );
}

#[test]
fn repairing_a_pack_stopped_anywhere_keeps_its_sound_records() {
    let begun = begun();
    let path = Path::new(ROOT).join("facts/0000000000000005/0000000000000001.pack");
    let mut bytes = begun.read(&path).expect("readable").to_vec();
    bytes[152 + 4 * 32] ^= 1;
    begun.remove_file(&path).expect("removed");
    begun
        .create(&path)
        .expect("created")
        .append(&bytes)
        .expect("written");
    let found = |store: &Store| {
        let packs = store.packs(FINGERPRINT).expect("opened");
        (0..5)
            .filter(|number| packs.get(&super::blob(*number)).is_some())
            .collect::<Vec<_>>()
    };
    sweep(
        &begun.reboot(Loss::Nothing),
        |store| {
            let packs = store.packs(FINGERPRINT)?;
            packs.verify();
            store
                .write(WAIT, day(1))?
                .repair(FINGERPRINT, &packs)
                .map(drop)
        },
        |store| assert_eq!(found(store), [1, 2, 3, 4]),
        |store| assert_eq!(facts(store), [1, 2, 3, 4]),
    );
}

#[test]
fn the_simulated_disk_catches_a_writer_that_does_not_sync() {
    let write = |sync: bool| {
        let disk = SimIo::new();
        let mut file = disk.create("/new".as_ref()).expect("created");
        file.append(b"content").expect("written");
        if sync {
            file.sync().expect("synced");
        }
        disk.rename("/new".as_ref(), "/file".as_ref())
            .expect("renamed");
        disk
    };
    let content = |disk: &SimIo| disk.read("/file".as_ref()).map(|bytes| bytes.to_vec()).ok();
    assert_eq!(content(&write(false).reboot(Loss::Data)), Some(Vec::new()));
    assert_eq!(
        content(&write(false).reboot(Loss::DataToZeros)),
        Some(vec![0; 7])
    );
    assert_eq!(
        content(&write(true).reboot(Loss::Data)),
        Some(b"content".to_vec())
    );
    assert_eq!(content(&write(true).reboot(Loss::Everything)), None);
    let synced = write(true);
    synced.sync_dir("/".as_ref()).expect("synced");
    assert_eq!(
        content(&synced.reboot(Loss::Everything)),
        Some(b"content".to_vec())
    );
}
