//! Newer, older, foreign and misplaced things under the folder.

use std::fs;
use std::path::Path;

use happy::index::{Error, FORMAT_VERSION, Mode, Owner, Store, Warning};
use xxhash_rust::xxh3::xxh3_64;

use super::{WAIT, add_facts, day, facts, has_snapshot, open, owner, publish};

fn set_format(root: &Path, version: u32) {
    let line = format!("happy-index {version}");
    let line = format!("{line} {:016x}\n", xxh3_64(line.as_bytes()));
    fs::write(root.join("format"), line).expect("writable");
}

fn tree(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let content = fs::read(&path).expect("readable");
                found.push((path.display().to_string(), content));
            }
        }
    }
    found.sort();
    found
}

/// Whoever changes these bytes changes the format: FORMAT.md and
/// `FORMAT_VERSION` change with them.
#[test]
fn the_bytes_of_this_format_do_not_change() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    publish(&store, 7, day(1)).expect("published");
    add_facts(&store, 0..3, day(1)).expect("written");
    let sums: Vec<_> = tree(dir.path())
        .into_iter()
        .filter(|(path, _)| !path.ends_with("lock"))
        .map(|(path, bytes)| {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            format!("{name} {} {:016x}", bytes.len(), xxh3_64(&bytes))
        })
        .collect();
    let expected = [
        "0707070707070707070707070707070707070707 3040 938ff1931e2ec988",
        "0000000000000001.pack 1504 5e7759faf26048dc",
        "format 31 c8144ce618553a02",
    ];
    assert_eq!(FORMAT_VERSION, 1);
    assert_eq!(sums, expected);
}

#[test]
fn in_memory_mode_the_folder_is_read_and_not_touched() {
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 7, day(1)).expect("published");
    let before = tree(dir.path());
    let store = Store::open(dir.path(), owner(), Mode::Memory).expect("opened");
    publish(&store, 8, day(1)).expect("published");
    publish(&store, 7, day(1)).expect("published");
    add_facts(&store, 0..3, day(1)).expect("written");
    assert!(has_snapshot(&store, 7) && has_snapshot(&store, 8));
    assert_eq!(facts(&store), [0, 1, 2]);
    assert_eq!(store.snapshots().expect("listed").len(), 2);
    assert!(store.warnings().is_empty(), "it was asked for");
    assert!(tree(dir.path()) == before);
    let none = dir.path().join("none");
    let store = Store::open(&none, owner(), Mode::Memory).expect("opened");
    publish(&store, 8, day(1)).expect("published");
    assert!(has_snapshot(&store, 8) && !none.exists());
}

#[test]
fn an_index_of_a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    publish(&store, 7, day(1)).expect("published");
    set_format(dir.path(), FORMAT_VERSION + 1);
    let before = tree(dir.path());
    let refused = Store::open(dir.path(), owner(), Mode::Disk);
    let error = refused.expect_err("newer");
    assert!(matches!(error, Error::NewerFormat { found, .. } if found == FORMAT_VERSION + 1));
    assert!(!error.is_rebuildable());
    assert!(
        error.to_string().contains("newer than this program's"),
        "{error}"
    );
    // One that was open before the other program came does not write either.
    assert!(matches!(
        store.write(WAIT, day(1)),
        Err(Error::NewerFormat { .. })
    ));
    assert_eq!(tree(dir.path()).len(), before.len());
    set_format(dir.path(), FORMAT_VERSION);
    assert!(has_snapshot(&open(dir.path()), 7));
}

#[test]
fn an_index_of_an_older_format_is_put_aside_and_goes_after_a_week() {
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 7, day(1)).expect("published");
    let mut log = open(dir.path()).run_log("r", "log").expect("opened");
    log.append(b"{}\n").expect("written");
    set_format(dir.path(), 0);
    let store = open(dir.path());
    assert!(!has_snapshot(&store, 7), "an older format is not read");
    assert!(store.snapshots().expect("listed").is_empty());
    publish(&store, 8, day(1)).expect("published");
    assert_eq!(
        store.warnings(),
        [Warning::Upgraded {
            from: 0,
            to: FORMAT_VERSION
        }]
    );
    assert!(has_snapshot(&store, 8) && !has_snapshot(&store, 7));
    assert!(dir.path().join("old-0-0/commits").is_dir());
    assert!(
        store.read_run("r", "log").expect("no error").is_some(),
        "runs are kept"
    );
    let wanted = happy::index::Wanted {
        reach: &|_| happy::index::Reach::Reached,
        fingerprints: &[],
        blob: &|_| true,
    };
    let policy = happy::index::GcPolicy::default();
    let made = fs::metadata(dir.path().join("old-0-0"))
        .expect("a folder")
        .modified()
        .expect("a time");
    let week = std::time::Duration::from_hours(7 * 24);
    let early = store
        .write(WAIT, made + week / 2)
        .expect("the lock is free");
    early.gc(&policy, &wanted).expect("done");
    drop(early);
    assert!(dir.path().join("old-0-0/commits").is_dir());
    let late = store.write(WAIT, made + week).expect("the lock is free");
    assert!(late.gc(&policy, &wanted).expect("done").freed > 0);
    assert!(!dir.path().join("old-0-0").exists());
}

#[test]
fn a_second_upgrade_finds_room_beside_the_first() {
    let dir = tempfile::tempdir().expect("a folder");
    for round in 0..3 {
        publish(&open(dir.path()), 7, day(1)).expect("published");
        set_format(dir.path(), 0);
        publish(&open(dir.path()), 8, day(1)).expect("published");
        assert!(dir.path().join(format!("old-0-{round}/commits")).is_dir());
        assert!(has_snapshot(&open(dir.path()), 8) && !has_snapshot(&open(dir.path()), 7));
    }
}

#[cfg(unix)]
#[test]
fn a_log_is_not_written_through_a_link() {
    for linked in ["runs", "runs/r", "runs/r/log"] {
        let dir = tempfile::tempdir().expect("a folder");
        let home = dir.path().join("home");
        fs::create_dir_all(home.join("r")).expect("made");
        fs::write(home.join("log"), "canary").expect("written");
        let root = dir.path().join("happy");
        let link = root.join(linked);
        fs::create_dir_all(link.parent().expect("a folder")).expect("made");
        let target = if linked == "runs/r/log" {
            home.join("log")
        } else {
            home.clone()
        };
        std::os::unix::fs::symlink(target, &link).expect("linked");
        let refused = open(&root).run_log("r", "log");
        assert!(refused.is_err(), "{linked}");
        assert_eq!(fs::read(home.join("log")).expect("still there"), b"canary");
        assert_eq!(fs::read_dir(home.join("r")).expect("a folder").count(), 0);
    }
}

#[test]
fn a_damaged_format_file_is_written_again() {
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 7, day(1)).expect("published");
    let format = dir.path().join("format");
    let sound = fs::read(&format).expect("readable");
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 8;
        fs::write(&format, bytes).expect("writable");
        let store = open(dir.path());
        assert!(has_snapshot(&store, 7), "byte {at}");
        drop(store.write(WAIT, day(1)).expect("the lock is free"));
        assert_eq!(fs::read(&format).expect("readable"), sound, "byte {at}");
    }
}

#[test]
fn an_index_copied_from_another_repository_is_foreign() {
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 7, day(1)).expect("published");
    add_facts(&open(dir.path()), 0..3, day(1)).expect("written");
    let other = Owner {
        repository: b"another repository".to_vec(),
        ..Owner::default()
    };
    let store = Store::open(dir.path(), other, Mode::Disk).expect("opened");
    let error = store.snapshot(&[7; 20]).expect_err("foreign");
    assert!(
        matches!(
            error,
            Error::Foreign {
                what: "repository",
                ..
            }
        ),
        "{error}"
    );
    assert!(error.is_rebuildable());
    let packs = store.packs(super::FINGERPRINT).expect("opened");
    assert!(packs.get(&super::blob(1)).is_none());
    assert_eq!(packs.damaged().len(), 1);
}

#[test]
fn a_snapshot_renamed_to_another_commit_is_foreign() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    publish(&store, 7, day(1)).expect("published");
    let commits = dir.path().join("commits");
    fs::rename(commits.join("07".repeat(20)), commits.join("09".repeat(20))).expect("renamed");
    let error = store.snapshot(&[9; 20]).expect_err("foreign");
    assert!(
        matches!(error, Error::Foreign { what: "commit", .. }),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn no_folder_of_the_index_is_reached_through_a_link() {
    for name in [
        "",
        "tmp",
        "commits",
        "facts",
        "worktree",
        "vectors",
        "trash",
        "quarantine",
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let home = dir.path().join("home");
        fs::create_dir(&home).expect("made");
        fs::write(home.join("1-1.tmp"), "canary").expect("written");
        fs::write(home.join("000000000001-0-x"), "canary").expect("written");
        let root = dir.path().join("happy");
        if name.is_empty() {
            std::os::unix::fs::symlink(&home, &root).expect("linked");
        } else {
            fs::create_dir(&root).expect("made");
            std::os::unix::fs::symlink(&home, root.join(name)).expect("linked");
        }
        let refused =
            Store::open(&root, owner(), Mode::Disk).and_then(|store| publish(&store, 7, day(1000)));
        assert!(
            matches!(refused, Err(Error::Refused { .. })),
            "{name}: {refused:?}"
        );
        assert_eq!(fs::read_dir(&home).expect("a folder").count(), 2, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_or_folder_in_the_place_of_a_file_is_an_error_and_blocks_nobody() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    publish(&store, 7, day(1)).expect("published");
    let path = dir.path().join("commits").join("09".repeat(20));
    fs::create_dir(&path).expect("made");
    assert!(
        store
            .snapshot(&[9; 20])
            .expect_err("no file")
            .is_rebuildable()
    );
    fs::remove_dir(&path).expect("removed");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .expect("made");
    assert!(
        store
            .snapshot(&[9; 20])
            .expect_err("no file")
            .is_rebuildable()
    );
    assert_eq!(
        store.snapshots().expect("listed").len(),
        1,
        "a pipe is no snapshot"
    );
    publish(&store, 9, day(1)).expect("the pipe is put aside");
    assert!(has_snapshot(&store, 9));
}

#[test]
fn files_that_are_not_ours_stay_where_they_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    publish(&store, 7, day(1)).expect("published");
    for path in ["tmp/notes", "commits/README", "facts/notes", "trash-notes"] {
        fs::create_dir_all(dir.path().join(path).parent().expect("a folder")).expect("made");
        fs::write(dir.path().join(path), "canary").expect("written");
    }
    fs::write(dir.path().join("tmp/12-0.tmp"), "left by a dead writer").expect("written");
    publish(&store, 8, day(1)).expect("published");
    assert!(!dir.path().join("tmp/12-0.tmp").exists());
    for path in ["tmp/notes", "commits/README", "facts/notes", "trash-notes"] {
        assert_eq!(
            fs::read(dir.path().join(path)).expect("still there"),
            b"canary"
        );
    }
    assert_eq!(store.snapshots().expect("listed").len(), 2);
    assert!(facts(&store).is_empty());
}
