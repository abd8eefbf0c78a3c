//! The world at fault: full disks, rivals, kills, signals, closed pipes.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{CALLERS_OF_HELPER, World, is_root};

/// A repository that takes a while to index.
fn large() -> World {
    let world = World::small();
    let mut text = String::new();
    for number in 0..1500 {
        text.push_str(&format!(
            "class C{number}:\n    def m(self):\n        return helper{number}()\n\n\ndef helper{number}():\n    return C{number}().m()\n\n\n"
        ));
    }
    for number in 0..40 {
        world.write(
            &format!("big/m{number}.py"),
            format!("# {number}\n{text}").as_bytes(),
        );
    }
    world.repo("git add -A && git commit -qm large").ok();
    world
}

#[test]
fn a_full_disk_is_an_answer_from_memory_or_a_clear_error() {
    if !is_root() {
        println!("skipped: only root can mount a small file system");
        return;
    }
    let world = large();
    let said = world.repo(
        "mkdir ../small && mount -t tmpfs -o size=256k tmpfs ../small || exit 77
         happy --index-dir ../small/index callers helper; code=$?
         left=$(find ../small -path '*tmp/*' | wc -l); umount ../small
         echo \"left $left\" >&2; exit $code",
    );
    if said.code == 77 {
        println!("skipped: no file system can be mounted here");
        return;
    }
    assert!(said.stderr.contains("left 0"), "no rubbish stays: {said:?}");
    match said.code {
        0 => assert_eq!(said.symbols(), CALLERS_OF_HELPER, "{said:?}"),
        _ => drop(said.fails(5, "No space left")),
    }
}

#[test]
fn two_indexers_and_eight_readers_at_once_all_answer_right() {
    let world = World::small();
    let said = world.repo(
        "for n in 1 2; do happy -q index > /dev/null || echo \"index $?\" & done
         for n in 1 2 3 4 5 6 7 8; do
             (happy -q callers helper | wc -l) &
         done; wait",
    );
    let said = said.ok();
    let lines: Vec<&str> = said.stdout.split_whitespace().collect();
    assert_eq!(lines, ["2"; 8], "{said:?}");
}

#[test]
fn whoever_waits_too_long_for_another_writer_says_so() {
    let world = World::small();
    world.repo("happy -q index").ok();
    let said = world.repo(
        "echo '# edit' >> main.py
         exec 9<> .git/happy/lock; flock -x 9
         happy --lock-timeout 1 callers helper",
    );
    said.fails(6, "another process");
}

#[test]
fn an_indexer_that_is_killed_leaves_what_the_next_one_mends() {
    let world = large();
    let right = world
        .repo("happy --index-dir ../whole callers helper7 --all")
        .ok()
        .stdout;
    for milliseconds in [5, 20, 60, 120, 250, 500] {
        world.repo("rm -rf .git/happy").ok();
        world.repo(&format!(
            "happy -q --jobs 1 index > /dev/null & pid=$!
             sleep {}; kill -9 $pid 2> /dev/null; wait $pid",
            f64::from(milliseconds) / 1000.0
        ));
        let said = world.repo("happy -q callers helper7 --all").ok();
        assert_eq!(said.stdout, right, "killed after {milliseconds} ms");
        let left = world.repo("ls -A .git/happy/tmp").ok();
        assert_eq!(left.stdout, "", "killed after {milliseconds} ms");
    }
}

#[test]
fn a_signal_while_indexing_ends_it_tidily() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let world = large();
        let mut interrupted = false;
        for attempt in 1..=20 {
            world.repo("rm -rf .git/happy").ok();
            let mut child = world
                .command(&world.work().join("repo"), "exec happy --jobs 1 index")
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it starts");
            let begun = Instant::now();
            // What a signal before that leaves behind, the next writer removes.
            while !world.index().join("format").exists()
                && begun.elapsed() < Duration::from_secs(10)
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(2 * attempt));
            world.sh(&format!("kill -{signal} {}", child.id()));
            let status = child.wait().expect("it ends");
            if status.success() {
                continue; // It was quicker than the signal.
            }
            let ended = status
                .code()
                .or_else(|| status.signal().map(|number| 128 + number));
            assert_eq!(ended, Some(code), "{signal}: {status:?}");
            assert_eq!(world.repo("ls -A .git/happy/tmp").ok().stdout, "");
            interrupted = true;
            break;
        }
        assert!(interrupted, "no SIG{signal} came while it indexed");
        assert_eq!(
            world.repo("happy callers helper").ok().symbols(),
            CALLERS_OF_HELPER
        );
    }
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let world = large();
    let said = world
        .repo("happy graph | head -1 > /dev/null; echo ${PIPESTATUS[0]}")
        .ok();
    assert_eq!(said.stdout.trim(), "0", "{said:?}");
    assert!(said.stderr.is_empty(), "{said:?}");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let world = World::small();
    world
        .repo("happy graph > /dev/full")
        .fails(5, "cannot write output");
}

#[test]
fn few_open_files_suffice() {
    let world = large();
    let said = world.repo("ulimit -n 32; happy callers helper");
    assert_eq!(said.ok().symbols(), CALLERS_OF_HELPER);
}

#[test]
fn dates_in_the_future_and_edits_in_the_same_instant_do_not_mislead() {
    let world = World::small();
    world.repo("happy -q index").ok();
    let said = world
        .repo(
            "touch -d 2038-01-01 main.py; happy -q callers helper | wc -l
             printf 'from lib.shapes import helper\\nhelper()\\nhelper()\\n' > main.py
             touch -d 2038-01-01 main.py; happy -q callers helper | wc -l",
        )
        .ok();
    let counts: Vec<&str> = said.stdout.split_whitespace().collect();
    assert_eq!(counts, ["2", "3"]);
}
