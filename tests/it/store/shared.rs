//! Several threads and processes on one folder.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use happy::index::{Error, Locking, Mapping, Mode, RealIo, Store, Warning};

use super::{WAIT, add_facts, day, facts, has_snapshot, open, owner, publish};

/// The test binary, running one of the tests below as another process.
fn child(role: &str, root: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test binary"));
    command
        .args(["--exact", role, "--nocapture", "--include-ignored"])
        .env("HAPPY_TEST_ROOT", root)
        .stdout(Stdio::piped());
    command
}

/// The folder that this process, a child, is to work on.
fn told() -> Option<std::path::PathBuf> {
    std::env::var_os("HAPPY_TEST_ROOT").map(Into::into)
}

/// Publishes commits 0 to 20 over and over; each publication is whole.
fn write_for(root: &Path, time: Duration) -> usize {
    let since = Instant::now();
    let store = open(root);
    let mut written = 0;
    while since.elapsed() < time {
        let commit = (written % 20) as u8;
        publish(&store, commit, day(1)).expect("published");
        add_facts(&store, commit..commit + 1, day(1)).expect("written");
        let writer = store.write(WAIT, day(1)).expect("the lock comes free");
        writer.consolidate(super::FINGERPRINT).expect("merged");
        written += 1;
    }
    written
}

#[test]
#[ignore = "the part of another process; started by two_writers_and_eight_readers_never_see_half_a_file"]
fn child_that_writes() {
    if let Some(root) = told() {
        assert!(write_for(&root, Duration::from_millis(1500)) > 0);
    }
}

#[test]
#[ignore = "the part of another process; started by a_killed_holder_leaves_no_lock"]
fn child_that_holds_the_lock() {
    let Some(root) = told() else { return };
    let store = open(&root);
    let _writer = store.write(WAIT, day(1)).expect("the lock is free");
    say("locked");
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
#[ignore = "the part of another process; started by a_mapping_that_is_cut_short_ends_the_process_with_a_sentence"]
fn child_that_reads_a_cut_file() {
    let Some(root) = told() else { return };
    happy::index::exit_when_a_mapping_is_cut();
    let found = open(&root)
        .snapshot(&[1; 20])
        .expect("no error")
        .expect("found");
    let path = found.origin().to_owned();
    let file = std::fs::File::options()
        .write(true)
        .open(path)
        .expect("opened");
    file.set_len(0).expect("cut");
    let _ = found.verify();
    say("still alive");
}

#[cfg(target_os = "linux")]
#[test]
fn a_mapping_that_is_cut_short_ends_the_process_with_a_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 1, day(1)).expect("published");
    let mut child = child("store::shared::child_that_reads_a_cut_file", dir.path());
    child.stderr(Stdio::piped());
    let output = child.output().expect("ended");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(
        said.contains("error: an index file was cut short"),
        "{said}"
    );
    assert!(said.contains("hint: run again with `--no-mmap`"), "{said}");
}

#[expect(clippy::print_stdout, reason = "the parent process waits for the line")]
fn say(line: &str) {
    println!("\n{line}");
}

#[test]
fn two_writers_and_eight_readers_never_see_half_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 0, day(1)).expect("published");
    add_facts(&open(dir.path()), 0..1, day(1)).expect("written");
    let done = AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    let other = child("store::shared::child_that_writes", dir.path())
        .spawn()
        .expect("started");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let store = open(dir.path());
                    assert!(
                        has_snapshot(&store, 0),
                        "a published snapshot never goes away"
                    );
                    for commit in 1..20 {
                        has_snapshot(&store, commit);
                    }
                    assert!(facts(&store).contains(&0), "merged facts never go away");
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let writer = scope.spawn(|| write_for(dir.path(), Duration::from_millis(1500)));
        let written = writer.join();
        let output = other.wait_with_output().expect("ended");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        done.store(true, Ordering::Relaxed);
        assert!(written.expect("the writer succeeds") > 0);
        assert!(
            said.contains("1 passed"),
            "the other process writes too: {said}"
        );
    });
    assert!(reads.load(Ordering::Relaxed) >= 8);
    let store = open(dir.path());
    for snapshot in store.snapshots().expect("listed") {
        assert!(has_snapshot(&store, snapshot.id[0]));
    }
    assert!(!facts(&store).is_empty());
    assert_eq!(
        std::fs::read_dir(dir.path().join("tmp"))
            .expect("a folder")
            .count(),
        0
    );
}

#[test]
fn a_killed_holder_leaves_no_lock() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut holder = child("store::shared::child_that_holds_the_lock", dir.path())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(holder.stdout.take().expect("piped")).lines();
    assert!(
        lines.any(|line| line.expect("readable") == "locked"),
        "the child has the lock"
    );
    let store = open(dir.path());
    let busy = store
        .write(Duration::from_millis(120), day(1))
        .expect_err("the child has it");
    let Error::Busy { pid, waited } = busy else {
        panic!("{busy}")
    };
    assert_eq!(pid, Some(holder.id()));
    assert!(waited >= Duration::from_millis(120) && waited < Duration::from_secs(20));
    assert!(
        busy.to_string().contains(&format!("(pid {})", holder.id())),
        "{busy}"
    );
    // Readers need no lock.
    assert!(!has_snapshot(&store, 1));
    holder.kill().expect("killed");
    holder.wait().expect("ended");
    publish(&store, 1, day(1)).expect("the lock is free at once");
    assert!(has_snapshot(&store, 1));
}

#[test]
fn a_writer_killed_at_any_moment_leaves_whole_files() {
    let dir = tempfile::tempdir().expect("a folder");
    publish(&open(dir.path()), 0, day(1)).expect("published");
    add_facts(&open(dir.path()), 0..1, day(1)).expect("written");
    for round in 0..12 {
        let mut writer = child("store::shared::child_that_writes", dir.path())
            .spawn()
            .expect("started");
        std::thread::sleep(Duration::from_millis(40 + round * 7));
        writer.kill().expect("killed");
        writer.wait().expect("ended");
        let store = open(dir.path());
        assert!(has_snapshot(&store, 0));
        assert!(facts(&store).contains(&0));
        for snapshot in store.snapshots().expect("listed") {
            assert!(has_snapshot(&store, snapshot.id[0]));
        }
        drop(store.write(WAIT, day(1)).expect("the lock is free"));
        let left = std::fs::read_dir(dir.path().join("tmp"))
            .expect("a folder")
            .count();
        assert_eq!(left, 0);
    }
    assert!(
        open(dir.path()).snapshots().expect("listed").len() > 1,
        "the writers had time"
    );
}

#[test]
fn the_second_writer_waits_until_the_first_is_done() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let first = store.write(WAIT, day(1)).expect("the lock is free");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| publish(&open(dir.path()), 1, day(1)));
        std::thread::sleep(Duration::from_millis(50));
        assert!(!second.is_finished());
        assert!(!has_snapshot(&store, 1));
        drop(first);
        second.join().expect("no panic").expect("published");
    });
    assert!(has_snapshot(&store, 1));
}

#[test]
fn where_locks_are_unsupported_a_file_stands_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let io = RealIo {
        mapping: Mapping::Auto,
        locking: Locking::File,
    };
    let open = || {
        Store::open_on(std::sync::Arc::new(io), dir.path(), owner(), Mode::Disk).expect("opened")
    };
    let store = open();
    let held = store.write(WAIT, day(1)).expect("the lock is free");
    assert_eq!(
        store.warnings(),
        [Warning::NoLocks {
            path: dir.path().to_owned()
        }]
    );
    let other = open();
    let busy = other
        .write(Duration::from_millis(30), day(1))
        .expect_err("held");
    assert!(matches!(busy, Error::Busy { pid: Some(pid), .. } if pid == std::process::id()));
    drop(held);
    publish(&other, 1, day(1)).expect("published");
    assert!(!dir.path().join("lock.held").exists());
    // One left by a process that is gone is no obstacle.
    let mut gone = Command::new("true").spawn().expect("started");
    gone.wait().expect("ended");
    let machine = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let left = format!("{} {machine}\n", gone.id());
    std::fs::write(dir.path().join("lock.held"), left).expect("written");
    publish(&other, 2, day(1)).expect("published");
    // One of another machine may be alive.
    std::fs::write(dir.path().join("lock.held"), "1 another-machine\n").expect("written");
    assert!(matches!(
        other.write(Duration::from_millis(30), day(1)),
        Err(Error::Busy { .. })
    ));
}
