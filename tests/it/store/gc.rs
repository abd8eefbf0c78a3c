//! What is let go, and what stays.

use std::sync::Arc;
use std::time::Duration;

use happy::index::sim::SimIo;
use happy::index::{GcPolicy, GcReport, Reach, Store, StoreIo, Wanted};

use super::{
    FINGERPRINT, ROOT, WAIT, add_facts, blob, day, facts, has_snapshot, publish, try_open,
};

fn begun(commits: u8) -> (Arc<SimIo>, Store) {
    let disk = Arc::new(SimIo::new());
    let store = try_open(&disk).expect("opened");
    for commit in 1..=commits {
        publish(&store, commit, day(1)).expect("published");
    }
    (disk, store)
}

fn kept(store: &Store) -> Vec<u8> {
    (0..20)
        .filter(|commit| has_snapshot(store, *commit))
        .collect()
}

/// Commit 2 is reached, commit 5 is gone.
fn reach(commit: &[u8]) -> Reach {
    match commit[0] {
        2 => Reach::Reached,
        5 => Reach::Gone,
        _ => Reach::Unreached,
    }
}

fn gc(store: &Store, policy: &GcPolicy, fingerprints: &[u64], days: u64) -> GcReport {
    let wanted = Wanted {
        reach: &reach,
        fingerprints,
        blob: &|_| true,
    };
    let writer = store.write(WAIT, day(days)).expect("the lock is free");
    writer.gc(policy, &wanted).expect("done")
}

#[test]
fn by_count_the_oldest_go_first_and_what_a_ref_reaches_last() {
    let (_, store) = begun(6);
    let policy = GcPolicy {
        max_snapshots: 4,
        ..GcPolicy::default()
    };
    let report = gc(&store, &policy, &[], 1);
    // 5 is gone from the repository; of the others 1 is the oldest unreached.
    assert_eq!(kept(&store), [2, 3, 4, 6]);
    assert_eq!(report.snapshots, 2);
    let policy = GcPolicy {
        max_snapshots: 1,
        ..GcPolicy::default()
    };
    gc(&store, &policy, &[], 1);
    assert_eq!(kept(&store), [2]);
}

#[test]
fn by_size_as_many_stay_as_fit_and_at_least_one() {
    let (_, store) = begun(4);
    let len = store.snapshots().expect("listed")[0].len;
    gc(
        &store,
        &GcPolicy {
            max_bytes: 3 * len,
            ..GcPolicy::default()
        },
        &[],
        1,
    );
    assert_eq!(kept(&store), [2, 3, 4]);
    gc(
        &store,
        &GcPolicy {
            max_bytes: 2 * len - 1,
            ..GcPolicy::default()
        },
        &[],
        1,
    );
    assert_eq!(kept(&store), [2]);
    gc(
        &store,
        &GcPolicy {
            max_bytes: 0,
            ..GcPolicy::default()
        },
        &[],
        1,
    );
    assert_eq!(kept(&store), [2]);
}

#[test]
fn what_was_let_go_leaves_the_disk_after_the_grace_period() {
    let (disk, store) = begun(3);
    let policy = GcPolicy {
        max_snapshots: 1,
        grace: Duration::from_hours(1),
        ..GcPolicy::default()
    };
    let first = gc(&store, &policy, &[], 1);
    assert!(first.bytes > 0 && first.freed == 0, "{first:?}");
    let trash = std::path::Path::new(ROOT).join("trash");
    assert_eq!(disk.list(&trash).expect("a folder").len(), 2);
    let second = gc(&store, &policy, &[], 2);
    assert_eq!(disk.list(&trash).expect("a folder").len(), 0);
    assert_eq!(second.snapshots, 0);
    let at_once = GcPolicy {
        max_snapshots: 0,
        grace: Duration::ZERO,
        ..GcPolicy::default()
    };
    let third = gc(&store, &at_once, &[], 2);
    assert!(third.freed > 0 && third.freed == third.bytes, "{third:?}");
    assert!(kept(&store).is_empty());
}

#[test]
fn facts_of_other_fingerprints_go_after_a_week() {
    let (disk, store) = begun(1);
    add_facts(&store, 0..5, day(1)).expect("written");
    gc(&store, &GcPolicy::default(), &[99], 3);
    assert_eq!(facts(&store).len(), 5);
    let report = gc(&store, &GcPolicy::default(), &[99], 9);
    assert_eq!(report.packs, 1);
    assert!(facts(&store).is_empty());
    assert!(
        disk.list(&std::path::Path::new(ROOT).join("facts"))
            .expect("a folder")
            .is_empty()
    );
}

#[test]
fn packs_become_one_without_the_unwanted_and_the_same_bytes_each_time() {
    let merged = |order: [std::ops::Range<u8>; 3]| {
        let (disk, store) = begun(0);
        for blobs in order {
            add_facts(&store, blobs, day(1)).expect("written");
        }
        let wanted = Wanted {
            reach: &reach,
            fingerprints: &[FINGERPRINT],
            blob: &|id| id != blob(3),
        };
        let writer = store.write(WAIT, day(1)).expect("the lock is free");
        assert_eq!(
            writer
                .gc(&GcPolicy::default(), &wanted)
                .expect("done")
                .packs,
            3
        );
        // Once merged there is nothing to do.
        assert_eq!(
            writer
                .gc(&GcPolicy::default(), &wanted)
                .expect("done")
                .packs,
            0
        );
        drop(writer);
        assert_eq!(facts(&store), [0, 1, 2, 4, 5, 6, 7, 8]);
        let path = std::path::Path::new(ROOT).join("facts/0000000000000005/0000000000000004.pack");
        disk.read(&path).expect("readable").to_vec()
    };
    assert_eq!(merged([0..4, 2..6, 6..9]), merged([6..9, 0..4, 4..6]));
}

#[test]
fn many_runs_leave_few_packs_and_copy_each_record_seldom() {
    let (disk, store) = begun(0);
    let mut written = 0;
    for blob in 0..200 {
        add_facts(&store, blob..blob + 1, day(1)).expect("written");
        let before = store.packs(FINGERPRINT).expect("opened").records();
        let sizes = store.packs(FINGERPRINT).expect("opened").len();
        store
            .write(WAIT, day(1))
            .expect("free")
            .consolidate(FINGERPRINT)
            .expect("done");
        let packs = store.packs(FINGERPRINT).expect("opened");
        assert!(packs.len() <= 9, "{}", packs.len());
        written += if packs.len() < sizes { before } else { 0 };
    }
    assert_eq!(facts(&store), (0..200).collect::<Vec<_>>());
    // Each merge copies a part of the records; all merges together copy each
    // record a few times.
    assert!(written < 200 * 100, "{written}");
    assert!(disk.operations() > 0);
}
