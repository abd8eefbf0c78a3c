//! The index on disk: whole, damaged, interrupted, shared.

mod crash;
mod damage;
mod faults;
mod format;
mod gc;
mod publish;
mod round_trip;
mod shared;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use happy::index::sim::SimIo;
use happy::index::{
    Error, Identity, Kind, Mode, Owner, Segment, SegmentBuilder, Store, StoreIo, Writer,
};

/// Longer than any test holds a lock.
const WAIT: Duration = Duration::from_secs(30);
const ROOT: &str = "/happy";
const FINGERPRINT: u64 = 5;

fn owner() -> Owner {
    Owner {
        repository: b"a repository".to_vec(),
        ..Owner::default()
    }
}

/// The time that writers are told: `days` after the simulated disk began.
fn day(days: u64) -> SystemTime {
    happy::index::sim::BEGIN + Duration::from_secs(days * 24 * 60 * 60)
}

fn open(root: &Path) -> Store {
    Store::open(root, owner(), Mode::Disk).expect("the index opens")
}

fn try_open(disk: &Arc<SimIo>) -> Result<Store, Error> {
    let io: Arc<dyn StoreIo> = Arc::<SimIo>::clone(disk);
    Store::open_on(io, Path::new(ROOT), owner(), Mode::Disk)
}

fn identity(commit: u8) -> Identity {
    owner().identity(&[commit; 20], &[8; 20], 42)
}

/// The elements of the snapshot of a commit, told from those of any other.
fn numbers(commit: u8) -> Vec<u32> {
    (0..700)
        .map(|number| number * 1000 + u32::from(commit))
        .collect()
}

fn publish(store: &Store, commit: u8, now: SystemTime) -> Result<(), Error> {
    let numbers = numbers(commit);
    let mut builder = SegmentBuilder::new(Kind::Snapshot, identity(commit));
    builder.array(3, &numbers).bytes(1, b"text".as_slice());
    store
        .write(WAIT, now)?
        .publish(&[commit; 20], &builder)
        .map(drop)
}

/// Whether there is a snapshot of a commit, which then must be right.
fn has_snapshot(store: &Store, commit: u8) -> bool {
    let Some(found) = store
        .snapshot(&[commit; 20])
        .expect("no snapshot is damaged")
    else {
        return false;
    };
    found.verify().expect("a snapshot in its place is whole");
    assert_eq!(found.array::<u32>(3).expect("an array"), numbers(commit));
    true
}

fn publish_worktree(writer: &Writer<'_>, state: u8) -> Result<Segment, Error> {
    let numbers = numbers(state);
    let identity = owner().identity(&[], &[state; 20], 42);
    let mut builder = SegmentBuilder::new(Kind::Snapshot, identity);
    builder.array(3, &numbers);
    writer.publish_worktree("../a worktree", &[state; 20], &builder)
}

/// Whether there is a snapshot of a worktree's state, which then must be right.
fn has_worktree_state(store: &Store, state: u8) -> bool {
    let found = store
        .worktree("../a worktree", &[state; 20])
        .expect("no state is damaged");
    found.is_some_and(|found| {
        found.verify().expect("a snapshot in its place is whole");
        found.array::<u32>(3).expect("an array") == numbers(state)
    })
}

fn blob(number: u8) -> [u8; 20] {
    let mut id = [number; 20];
    id[19] = 1;
    id
}

fn record(number: u8) -> Vec<u8> {
    vec![number; 3 + usize::from(number) * 5]
}

fn add_facts(store: &Store, blobs: std::ops::Range<u8>, now: SystemTime) -> Result<(), Error> {
    let writer = store.write(WAIT, now)?;
    let pack = writer.pack(FINGERPRINT);
    blobs
        .into_iter()
        .try_for_each(|number| pack.add(&blob(number), &record(number)))?;
    pack.finish().map(drop)
}

/// Which blobs have facts, which then must be right.
fn facts(store: &Store) -> Vec<u8> {
    let packs = store.packs(FINGERPRINT).expect("the packs open");
    let found = (0..=255)
        .filter(|number| {
            packs.get(&blob(*number)).is_some_and(|found| {
                assert_eq!(found, record(*number));
                true
            })
        })
        .collect();
    let damaged = packs.damaged();
    assert!(damaged.is_empty(), "{damaged:?}");
    found
}
