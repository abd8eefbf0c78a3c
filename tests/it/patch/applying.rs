//! Applying to a worktree: all or nothing, undone on request, others' work kept.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use happy::patch::{Applier, Context, NoSymbols, Options, PatchError, Plan, Worktree, parse};

use super::support::{on_disk, path, tree, write_tree};

/// A worktree on disk and its folder for journals.
pub(super) struct Bench {
    home: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        // In memory where that can be: the sweeps wait for the disk thousands of times.
        let memory = std::path::Path::new("/dev/shm");
        let home = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let home = home.expect("a folder");
        for folder in ["work", "happy"] {
            std::fs::create_dir(home.path().join(folder)).expect("made");
        }
        write_tree(&home.path().join("work"), &tree(files));
        Self { home }
    }

    pub(super) fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    pub(super) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    pub(super) fn worktree(&self) -> Worktree {
        Worktree::new(self.work(), false)
    }

    pub(super) fn happy(&self) -> PathBuf {
        self.home.path().join("happy")
    }

    pub(super) fn applier(&self) -> Applier {
        Applier::new(self.worktree(), &self.happy())
    }

    pub(super) fn plan(&self, input: &str) -> Plan {
        let worktree = self.worktree();
        let context = Context {
            base: &worktree,
            current: None,
            symbols: &NoSymbols,
            syntax: None,
        };
        let edits = parse(input.as_bytes()).expect("it parses");
        Plan::new(&edits, &context, &Options::default()).expect("it plans")
    }

    pub(super) fn state(&self) -> std::collections::BTreeMap<String, (Vec<u8>, u32)> {
        on_disk(&self.work())
    }
}

const EDITS: &str = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"one\",\"replace\":\"1\"}\n{\"type\":\"create\",\"path\":\"new/deep/b\",\"content\":\"b\\n\"}\n{\"type\":\"delete\",\"path\":\"old/c\"}\n{\"type\":\"rename\",\"path\":\"d\",\"to\":\"moved/d\"}\n{\"type\":\"mode\",\"path\":\"e.sh\",\"mode\":\"755\"}\n";

fn bench() -> Bench {
    Bench::new(&[
        ("a", "one\n"),
        ("old/c", "c\n"),
        ("d", "d\n"),
        ("e.sh", "e\n"),
        ("other", "o\n"),
    ])
}

#[test]
fn a_plan_is_applied_and_undone() {
    let bench = bench();
    let before = bench.state();
    let applied = bench
        .applier()
        .apply(&bench.plan(EDITS))
        .expect("it applies");
    assert_eq!(applied.id, "000001");
    let after = bench.state();
    let names: Vec<_> = after.keys().map(String::as_str).collect();
    assert_eq!(names, ["a", "e.sh", "moved/d", "new/deep/b", "other"]);
    assert_eq!(after["a"].0, b"1\n");
    assert_eq!(after["e.sh"].1, 0o755);
    assert!(!bench.work().join("old").exists(), "an emptied folder goes");
    bench.applier().undo().expect("it is undone");
    assert_eq!(bench.state(), before);
    assert!(!bench.work().join("new").exists());
    assert!(matches!(
        bench.applier().undo(),
        Err(PatchError::NothingToUndo)
    ));
}

#[test]
fn undo_goes_back_step_by_step() {
    let bench = Bench::new(&[("a", "0\n")]);
    let mut states = vec![bench.state()];
    for number in 0..3 {
        let input = format!(
            "{{\"type\":\"edit\",\"path\":\"a\",\"search\":\"{number}\",\"replace\":\"{}\"}}\n",
            number + 1
        );
        bench
            .applier()
            .apply(&bench.plan(&input))
            .expect("it applies");
        states.push(bench.state());
    }
    for state in states.iter().rev().skip(1) {
        bench.applier().undo().expect("it is undone");
        assert_eq!(&bench.state(), state);
    }
}

#[test]
fn undo_is_refused_when_a_file_changed_since() {
    let bench = bench();
    bench
        .applier()
        .apply(&bench.plan(EDITS))
        .expect("it applies");
    std::fs::write(bench.work().join("moved/d"), "mine\n").expect("written");
    let state = bench.state();
    match bench.applier().undo() {
        Err(PatchError::Changed(paths)) => assert_eq!(paths, [path("moved/d")]),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.state(), state);
}

#[test]
fn a_file_changed_after_planning_stops_everything() {
    let bench = bench();
    let plan = bench.plan(EDITS);
    for (name, content) in [
        ("a", Some("mine\n")),
        ("new/deep/b", Some("mine\n")),
        ("old/c", None),
    ] {
        let bench = Bench::new(&[
            ("a", "one\n"),
            ("old/c", "c\n"),
            ("d", "d\n"),
            ("e.sh", "e\n"),
        ]);
        let target = bench.work().join(name);
        match content {
            Some(content) => {
                std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
                std::fs::write(&target, content).expect("written");
            }
            None => std::fs::remove_file(&target).expect("removed"),
        }
        let state = bench.state();
        match bench.applier().apply(&plan) {
            Err(PatchError::Changed(paths)) => assert_eq!(paths, [path(name)]),
            other => panic!("{other:?}"),
        }
        assert_eq!(bench.state(), state);
        assert_eq!(bench.applier().unfinished().expect("readable"), None);
    }
}

#[test]
fn a_mode_changed_after_planning_is_a_change() {
    let bench = Bench::new(&[("a", "one\n")]);
    let plan =
        bench.plan("{\"type\":\"edit\",\"path\":\"a\",\"search\":\"one\",\"replace\":\"1\"}\n");
    std::fs::set_permissions(
        bench.work().join("a"),
        std::fs::Permissions::from_mode(0o755),
    )
    .expect("set");
    assert!(matches!(
        bench.applier().apply(&plan),
        Err(PatchError::Changed(_))
    ));
}

#[test]
fn permission_bits_that_git_does_not_keep_are_kept() {
    let bench = Bench::new(&[("a", "one\n"), ("b", "one\n")]);
    std::fs::set_permissions(
        bench.work().join("a"),
        std::fs::Permissions::from_mode(0o640),
    )
    .expect("set");
    std::fs::set_permissions(
        bench.work().join("b"),
        std::fs::Permissions::from_mode(0o600),
    )
    .expect("set");
    let input = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"one\",\"replace\":\"1\"}\n{\"type\":\"mode\",\"path\":\"b\",\"mode\":\"755\"}\n";
    bench
        .applier()
        .apply(&bench.plan(input))
        .expect("it applies");
    let mode = |name: &str| {
        bench
            .work()
            .join(name)
            .metadata()
            .expect("it is there")
            .mode()
            & 0o7777
    };
    assert_eq!((mode("a"), mode("b")), (0o640, 0o700));
    bench.applier().undo().expect("it is undone");
    assert_eq!((mode("a"), mode("b")), (0o640, 0o600));
}

#[test]
fn a_deleted_file_comes_back_with_its_permission_bits() {
    let bench = Bench::new(&[("a", "one\n")]);
    std::fs::set_permissions(
        bench.work().join("a"),
        std::fs::Permissions::from_mode(0o600),
    )
    .expect("set");
    let before = bench.state();
    bench
        .applier()
        .apply(&bench.plan("{\"type\":\"delete\",\"path\":\"a\"}\n"))
        .expect("it applies");
    assert!(bench.state().is_empty());
    bench.applier().undo().expect("it is undone");
    assert_eq!(bench.state(), before);
}

#[test]
fn a_file_becomes_a_folder_and_back() {
    let bench = Bench::new(&[("x", "file\n")]);
    let before = bench.state();
    let input = "{\"type\":\"delete\",\"path\":\"x\"}\n{\"type\":\"create\",\"path\":\"x/y/z\",\"content\":\"deep\\n\"}\n";
    bench
        .applier()
        .apply(&bench.plan(input))
        .expect("it applies");
    assert_eq!(bench.state().keys().collect::<Vec<_>>(), ["x/y/z"]);
    let back = "{\"type\":\"create\",\"path\":\"x\",\"content\":\"file\\n\"}\n{\"type\":\"delete\",\"path\":\"x/y/z\"}\n";
    bench
        .applier()
        .apply(&bench.plan(back))
        .expect("it applies");
    assert_eq!(bench.state(), before);
    bench.applier().undo().expect("undone");
    bench.applier().undo().expect("undone");
    assert_eq!(bench.state(), before);
}

#[test]
fn two_files_change_places() {
    let bench = Bench::new(&[("a", "A\n"), ("b", "B\n")]);
    let input = "diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\ndiff --git a/b b/a\nsimilarity index 100%\nrename from b\nrename to a\n";
    bench
        .applier()
        .apply(&bench.plan(input))
        .expect("it applies");
    assert_eq!(bench.state()["a"].0, b"B\n");
    assert_eq!(bench.state()["b"].0, b"A\n");
}

#[test]
fn only_one_process_applies_at_a_time() {
    let bench = bench();
    let plan = bench.plan(EDITS);
    std::fs::create_dir_all(bench.happy().join("ops")).expect("made");
    let held = std::fs::File::create(bench.happy().join("ops/lock")).expect("made");
    held.lock().expect("locked");
    assert!(matches!(
        bench.applier().apply(&plan),
        Err(PatchError::Busy)
    ));
    drop(held);
    bench.applier().apply(&plan).expect("it applies");
}

#[test]
fn a_damaged_journal_is_named_and_not_believed() {
    let bench = bench();
    bench
        .applier()
        .apply(&bench.plan(EDITS))
        .expect("it applies");
    let state = bench.state();
    let folder = bench.happy().join("ops/000001");
    for name in ["plan", "0.old"] {
        let file = folder.join(name);
        let good = std::fs::read(&file).expect("read");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&file, &bad).expect("written");
            assert!(
                matches!(bench.applier().undo(), Err(PatchError::Journal { .. })),
                "{name} {at}"
            );
            std::fs::write(&file, &good[..at]).expect("written");
            assert!(
                matches!(bench.applier().undo(), Err(PatchError::Journal { .. })),
                "{name} cut at {at}"
            );
        }
        std::fs::write(&file, &good).expect("written");
    }
    assert_eq!(bench.state(), state);
    bench.applier().undo().expect("the mended journal serves");
}

#[test]
fn a_link_put_where_a_temporary_file_might_go_is_not_followed() {
    // The names are random; what can be tested is that none is used twice.
    let bench = Bench::new(&[("a", "0\n")]);
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..20 {
        bench
            .applier()
            .apply(&bench.plan("{\"type\":\"create\",\"path\":\"b\",\"content\":\"x\"}\n"))
            .expect("applies");
        let ops = on_disk(&bench.happy());
        let (_, (plan, _)) = ops
            .iter()
            .rfind(|(name, _)| name.ends_with("/plan"))
            .expect("a plan is there");
        let plan: serde_json::Value =
            serde_json::from_slice(plan.split(|b| *b == b'\n').next().expect("a line"))
                .expect("JSON");
        assert!(names.insert(plan["files"][0]["temp"].to_string()));
        bench.applier().undo().expect("undone");
    }
}
