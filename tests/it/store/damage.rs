//! Damaged and hostile files: an error or a miss, never a panic, never a wrong
//! answer.

use std::sync::Arc;

use happy::index::{Bytes, Error, FactsPacks, Kind, Segment, SegmentBuilder, StoreIo};

use super::{
    FINGERPRINT, WAIT, add_facts, blob, day, facts, identity, numbers, open, owner, publish, record,
};

fn small() -> Vec<u8> {
    let numbers: Vec<u32> = (0..40).collect();
    let mut builder = SegmentBuilder::new(Kind::Snapshot, identity(7));
    builder
        .array(3, &numbers)
        .bytes(1, b"text".as_slice())
        .bytes(2, b"".as_slice());
    builder.to_segment().expect("built").as_bytes().to_vec()
}

fn parse(bytes: Vec<u8>) -> Result<Segment, Error> {
    Segment::from_bytes(Arc::new(Bytes::from(bytes)), "segment".as_ref())
}

/// Reads all that can be read, by every road.
fn read_all(segment: &Segment) {
    for section in segment.sections() {
        let id = section.id;
        let bytes = segment.bytes(id).expect("a listed section has its bytes");
        assert_eq!(bytes.len() as u64, section.len);
        let _ = segment
            .array::<u32>(id)
            .map(|numbers| numbers.iter().copied().max());
        let _ = segment
            .array::<u64>(id)
            .map(|numbers| numbers.iter().copied().max());
        if let Ok(checked) = segment.checked::<u8>(id) {
            let _ = checked.all();
            let _ = checked.get(checked.len());
        }
        let _ = segment.verify_section(id);
    }
    let _ = segment.verify();
    let _ = segment.expect(Kind::Snapshot, &identity(7));
}

#[test]
fn every_flipped_bit_of_a_segment_is_noticed() {
    let sound = small();
    parse(sound.clone())
        .expect("sound")
        .verify()
        .expect("sound");
    for at in 0..sound.len() {
        for bit in 0..8 {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << bit;
            let noticed = parse(bytes).and_then(|segment| {
                read_all(&segment);
                segment.verify()
            });
            let error = noticed.expect_err("the flip is noticed");
            assert!(error.is_rebuildable(), "byte {at}, bit {bit}: {error:?}");
        }
    }
}

#[test]
fn a_checked_read_never_shows_a_flipped_bit() {
    let numbers = numbers(7);
    let mut builder = SegmentBuilder::new(Kind::Snapshot, identity(7));
    builder.array(3, &numbers);
    let sound = builder.to_segment().expect("built");
    let offset = sound.sections()[0].offset as usize;
    for at in (0..numbers.len() * 4).step_by(37) {
        let mut bytes = sound.as_bytes().to_vec();
        bytes[offset + at] ^= 0x10;
        let segment = parse(bytes).expect("the header is sound");
        let checked = segment.checked::<u32>(3).expect("an array");
        let shown: Vec<_> = (0..numbers.len())
            .filter(|n| checked.get(*n).is_ok())
            .collect();
        assert!(shown.iter().all(|n| n * 4 / 4096 != at / 4096), "byte {at}");
        assert!(checked.all().is_err());
    }
}

#[test]
fn a_segment_of_any_other_length_is_an_error() {
    let sound = small();
    for len in 0..sound.len() {
        let error = parse(sound[..len].to_vec()).expect_err("too short");
        assert!(
            matches!(error, Error::Truncated { found, .. } if found == len as u64),
            "{error:?}"
        );
    }
    for more in 1..20 {
        let longer = [sound.as_slice(), &vec![0; more]].concat();
        assert!(matches!(parse(longer), Err(Error::Corrupt { .. })));
    }
}

#[test]
fn a_hundred_thousand_mutated_segments_cause_no_panic() {
    let sound = small();
    let mut state = 0x1234_5678_9abc_def0_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut opened = 0;
    for round in 0..100_000 {
        let mut bytes = sound.clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(5) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at..].iter_mut().take(8).for_each(|byte| *byte = 0xff),
                2 => bytes.truncate(at.max(1)),
                3 => bytes.extend(std::iter::repeat_n(0, random(64))),
                _ => bytes.rotate_left(at / 64),
            }
        }
        // Half of them carry a right checksum, as a hostile writer's would.
        if round % 2 == 0 {
            reseal(&mut bytes);
        }
        if let Ok(segment) = parse(bytes) {
            opened += 1;
            read_all(&segment);
        }
    }
    assert!(
        opened > 1000,
        "most mutations must get past the header: {opened}"
    );
}

/// Makes the header's checksum right again, and leaves the rest as it is.
fn reseal(bytes: &mut [u8]) {
    use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};
    let Some(count) = bytes.get(32..36) else {
        return;
    };
    let count = u32::from_le_bytes(count.try_into().expect("four bytes")) as usize;
    let Some(table) = bytes.get(152..152usize.saturating_add(count.saturating_mul(32))) else {
        return;
    };
    let sum = xxh3_64_with_seed(table, xxh3_64(&bytes[..144]));
    bytes[144..152].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn hostile_counts_and_offsets_are_refused_though_their_checksum_is_right() {
    let sound = small();
    let mut resealed = sound.clone();
    reseal(&mut resealed);
    assert_eq!(resealed, sound, "the test knows the layout");
    // Total length, offset of the checksums; then of the first section: size
    // of an element, offset, length.
    for at in [16, 24, 152 + 4, 152 + 8, 152 + 16] {
        for value in [
            0u64,
            1,
            7,
            1 << 31,
            1 << 62,
            1 << 63,
            u64::MAX,
            u64::MAX - 7,
        ] {
            let mut bytes = sound.clone();
            let width = if at == 156 { 4 } else { 8 };
            bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
            reseal(&mut bytes);
            if bytes == sound || (at == 156 && value == 1) {
                continue;
            }
            // A section that is a little shorter leaves no zeros behind it.
            let refused = parse(bytes).and_then(|segment| segment.verify());
            assert!(refused.is_err(), "{value:#x} at {at}: {refused:?}");
        }
    }
    for count in [4u32, 1025, u32::MAX] {
        let mut bytes = sound.clone();
        bytes[32..36].copy_from_slice(&count.to_le_bytes());
        reseal(&mut bytes);
        assert!(parse(bytes).is_err(), "{count} sections");
    }
}

/// A folder with one pack, and the pack's path.
fn packed() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    add_facts(&open(dir.path()), 0..12, day(1)).expect("written");
    let pack = dir
        .path()
        .join("facts/0000000000000005/0000000000000001.pack");
    assert!(pack.is_file());
    (dir, pack)
}

/// A folder that holds one pack. It is merged into a new one between being
/// listed and being read as often as `merges` says.
#[derive(Debug)]
struct OneFile {
    pack: Vec<u8>,
    merges: u64,
    listed: std::sync::atomic::AtomicU64,
}

impl OneFile {
    fn new(pack: Vec<u8>, merges: u64) -> Self {
        Self {
            pack,
            merges,
            listed: 0.into(),
        }
    }
}

impl StoreIo for OneFile {
    fn read(&self, path: &std::path::Path) -> std::io::Result<Arc<Bytes>> {
        let newest = format!("{:016x}.pack", self.merges + 1);
        if path.file_name().is_none_or(|name| name != newest.as_str()) {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        Ok(Arc::new(Bytes::from(self.pack.clone())))
    }
    fn stat(&self, path: &std::path::Path) -> std::io::Result<happy::index::Entry> {
        Ok(happy::index::Entry {
            name: path.file_name().unwrap_or_default().to_owned(),
            len: 0,
            modified: day(1),
            kind: happy::index::EntryKind::Dir,
        })
    }
    fn list(&self, _: &std::path::Path) -> std::io::Result<Vec<happy::index::Entry>> {
        let number = self
            .listed
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            + 1;
        Ok(vec![happy::index::Entry {
            name: format!("{number:016x}.pack").into(),
            len: self.pack.len() as u64,
            modified: day(1),
            kind: happy::index::EntryKind::File,
        }])
    }
    fn create_dir(&self, _: &std::path::Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn create(&self, _: &std::path::Path) -> std::io::Result<Box<dyn happy::index::StoreFile>> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn append(&self, _: &std::path::Path) -> std::io::Result<Box<dyn happy::index::StoreFile>> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn rename(&self, _: &std::path::Path, _: &std::path::Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn sync_dir(&self, _: &std::path::Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn remove_file(&self, _: &std::path::Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn remove_dir(&self, _: &std::path::Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
    }
    fn lock(
        &self,
        _: &std::path::Path,
        _: std::time::Duration,
    ) -> Result<happy::index::LockGuard, Error> {
        unreachable!("a reader takes no lock")
    }
}

/// Opens a pack and reads all of it; the facts that are found must be right.
/// Returns how many were found, and whether damage was reported, before and
/// after a full check.
fn read_pack(bytes: Vec<u8>) -> (usize, bool, bool) {
    let expected = owner().identity(&[], &[], FINGERPRINT);
    let packs =
        FactsPacks::open(&OneFile::new(bytes, 0), "facts".as_ref(), &expected).expect("listed");
    let mut found = 0;
    for number in 0..20 {
        if let Some(facts) = packs.get(&blob(number)) {
            assert_eq!(facts, record(number));
            found += 1;
        }
    }
    let at_once = !packs.damaged().is_empty();
    packs.verify();
    (found, at_once, at_once || !packs.damaged().is_empty())
}

#[test]
fn packs_that_are_merged_while_they_are_opened_are_found_in_the_new_one() {
    let (_dir, path) = packed();
    let pack = std::fs::read(path).expect("readable");
    let expected = owner().identity(&[], &[], FINGERPRINT);
    for merges in 0..4 {
        let io = OneFile::new(pack.clone(), merges);
        let packs = FactsPacks::open(&io, "facts".as_ref(), &expected).expect("listed");
        assert_eq!(
            packs.get(&blob(4)),
            Some(record(4).as_slice()),
            "{merges} merges"
        );
    }
    // One that never comes to rest is no reason to wait for ever.
    let io = OneFile::new(pack, 1000);
    let packs = FactsPacks::open(&io, "facts".as_ref(), &expected).expect("listed");
    assert!(packs.is_empty() && packs.damaged().is_empty());
}

#[test]
fn every_flipped_bit_of_a_pack_loses_facts_at_most() {
    let (_dir, path) = packed();
    let sound = std::fs::read(path).expect("readable");
    assert_eq!(read_pack(sound.clone()), (12, false, false));
    for at in 0..sound.len() {
        for bit in [0, 3, 7] {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << bit;
            let (found, _, noticed) = read_pack(bytes);
            assert!(noticed, "byte {at}, bit {bit} is noticed by a full check");
            assert!(found <= 12);
        }
    }
}

#[test]
fn a_flipped_bit_of_a_record_is_reported_by_its_first_reader() {
    let (_dir, path) = packed();
    let sound = std::fs::read(path).expect("readable");
    let segment = parse(sound.clone()).expect("sound");
    let records = segment.sections()[0];
    let end = records.offset + u64::from(record(11).len() as u32);
    let mut reported = 0;
    for at in records.offset..end {
        let mut bytes = sound.clone();
        bytes[at as usize] ^= 4;
        let (found, at_once, _) = read_pack(bytes);
        // Between two records lies padding, which nobody reads.
        assert_eq!(found == 11, at_once, "byte {at}");
        reported += usize::from(at_once);
    }
    assert!(reported > 40, "{reported}");
}

#[test]
fn a_pack_of_any_other_length_has_no_facts() {
    let (_dir, path) = packed();
    let sound = std::fs::read(path).expect("readable");
    for len in 0..sound.len() {
        assert_eq!(
            read_pack(sound[..len].to_vec()),
            (0, true, true),
            "{len} bytes"
        );
    }
}

#[test]
fn a_damaged_pack_is_put_aside_and_its_sound_records_are_kept() {
    let (dir, path) = packed();
    let store = open(dir.path());
    add_facts(&store, 20..22, day(1)).expect("written");
    let mut bytes = std::fs::read(&path).expect("readable");
    let first = parse(bytes.clone()).expect("sound").sections()[0].offset as usize;
    bytes[first] ^= 1;
    std::fs::write(&path, bytes).expect("writable");
    let packs = store.packs(FINGERPRINT).expect("opened");
    let missing: Vec<_> = (0..12).filter(|n| packs.get(&blob(*n)).is_none()).collect();
    assert_eq!(missing, [0]);
    let writer = store.write(WAIT, day(1)).expect("the lock is free");
    assert_eq!(writer.repair(FINGERPRINT, &packs).expect("repaired"), 1);
    drop(writer);
    assert!(!path.exists());
    assert_eq!(
        std::fs::read_dir(dir.path().join("quarantine"))
            .expect("a folder")
            .count(),
        1
    );
    assert_eq!(facts(&store), (1..12).chain(20..22).collect::<Vec<_>>());
    assert!(format!("{:?}", store.warnings()).contains("does not match its checksum"));
}

#[test]
fn an_unreadable_pack_is_put_aside_and_the_others_are_used() {
    let (dir, path) = packed();
    let store = open(dir.path());
    add_facts(&store, 20..22, day(1)).expect("written");
    for len in [0, 20, 151] {
        let mut bytes = std::fs::read(&path).unwrap_or_default();
        bytes.truncate(len);
        std::fs::write(&path, bytes).expect("writable");
        let packs = store.packs(FINGERPRINT).expect("opened");
        let writer = store.write(WAIT, day(1)).expect("the lock is free");
        assert_eq!(writer.repair(FINGERPRINT, &packs).expect("repaired"), 1);
        assert!(!path.exists());
        drop(writer);
        assert_eq!(facts(&store), [20, 21]);
    }
}

#[test]
fn a_damaged_snapshot_is_an_error_until_it_is_published_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    publish(&store, 7, day(1)).expect("published");
    let path = store.snapshots().expect("listed")[0].path.clone();
    let len = std::fs::metadata(&path).expect("a file").len();
    for kept in [0, 100, len - 1] {
        let bytes = std::fs::read(&path).expect("readable");
        std::fs::write(&path, &bytes[..kept as usize]).expect("writable");
        let error = store.snapshot(&[7; 20]).expect_err("truncated");
        assert!(
            matches!(error, Error::Truncated { found, .. } if found == kept),
            "{error}"
        );
        publish(&store, 7, day(1)).expect("published again");
        assert!(super::has_snapshot(&store, 7));
        assert_eq!(store.warnings().len(), 1);
    }
    assert_eq!(
        std::fs::read_dir(dir.path().join("quarantine"))
            .expect("a folder")
            .count(),
        3
    );
}
