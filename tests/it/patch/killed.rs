//! A kill before any step leaves the old tree, the new tree, or a journal that
//! completes to either.

use happy::patch::{Disk, PatchError, Plan};

use super::applying::Bench;

const FILES: &[(&str, &str)] = &[
    ("a", "one\n"),
    ("dir/b", "two\n"),
    ("dir/c", "three\n"),
    ("x", "file\n"),
    ("m.sh", "m\n"),
    ("r", "r\n"),
];

const EDITS: &str = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"one\",\"replace\":\"1\"}\n{\"type\":\"delete\",\"path\":\"dir/b\"}\n{\"type\":\"delete\",\"path\":\"dir/c\"}\n{\"type\":\"delete\",\"path\":\"x\"}\n{\"type\":\"create\",\"path\":\"x/y\",\"content\":\"y\\n\"}\n{\"type\":\"mode\",\"path\":\"m.sh\",\"mode\":\"755\"}\n{\"type\":\"rename\",\"path\":\"r\",\"to\":\"new/r\"}\n";

type State = std::collections::BTreeMap<String, (Vec<u8>, u32)>;

/// The two states between which everything must end.
fn ends() -> (State, State, Plan, usize) {
    let bench = Bench::new(FILES);
    let (old, plan) = (bench.state(), bench.plan(EDITS));
    let applier = bench.applier();
    applier.apply(&plan).expect("it applies");
    (old, bench.state(), plan, applier.disk().steps())
}

fn killed_at(step: usize, plan: &Plan) -> Bench {
    let bench = Bench::new(FILES);
    let applier = bench.applier().with_disk(Disk::dying_after(step));
    assert!(
        applier.apply(plan).is_err(),
        "step {step} was to be the last"
    );
    bench
}

#[test]
fn a_kill_at_every_step_of_applying_can_be_completed_or_taken_back() {
    let (old, new, plan, steps) = ends();
    assert!(steps > 60, "only {steps} steps are swept");
    let mut journals = 0;
    for step in 0..steps {
        let bench = killed_at(step, &plan);
        match bench.applier().unfinished().expect("readable") {
            None => {
                let state = bench.state();
                assert!(
                    state == old || state == new,
                    "step {step}: neither old nor new"
                );
            }
            Some(id) => {
                journals += 1;
                assert!(
                    matches!(bench.applier().apply(&plan), Err(PatchError::Unfinished(found)) if found == id)
                );
                assert!(matches!(
                    bench.applier().undo(),
                    Err(PatchError::Unfinished(_))
                ));
                bench
                    .applier()
                    .resume()
                    .unwrap_or_else(|error| panic!("step {step}: {error}"));
                assert_eq!(bench.state(), new, "step {step}, completed");
                bench
                    .applier()
                    .undo()
                    .unwrap_or_else(|error| panic!("step {step}: {error}"));
                assert_eq!(bench.state(), old, "step {step}, completed and undone");

                let bench = killed_at(step, &plan);
                let ended = bench
                    .applier()
                    .abort()
                    .unwrap_or_else(|error| panic!("step {step}: {error}"));
                assert_eq!(ended.kept, []);
                assert_eq!(bench.state(), old, "step {step}, taken back");
                assert_eq!(bench.applier().unfinished().expect("readable"), None);
                bench
                    .applier()
                    .apply(&plan)
                    .expect("it can be applied anew");
            }
        }
    }
    assert!(journals > 30, "only {journals} kills left a journal");
}

#[test]
fn a_kill_at_every_step_of_recovery_can_be_recovered_from() {
    let (old, new, plan, steps) = ends();
    // Killed half-way, then killed again at every step of either way out.
    for first in (0..steps).filter(|step| step % 7 == 3) {
        for resume in [true, false] {
            for second in 0.. {
                let bench = killed_at(first, &plan);
                if bench.applier().unfinished().expect("readable").is_none() {
                    break;
                }
                let dying = bench.applier().with_disk(Disk::dying_after(second));
                let ended = if resume {
                    dying.resume()
                } else {
                    dying.abort()
                };
                if ended.is_ok() {
                    break;
                }
                if bench.applier().unfinished().expect("readable").is_some() {
                    let about = format!("steps {first} and {second}, resume {resume}");
                    bench
                        .applier()
                        .abort()
                        .unwrap_or_else(|error| panic!("{about}: {error}"));
                    assert_eq!(bench.state(), old, "{about}");
                } else {
                    let state = bench.state();
                    assert!(state == old || state == new, "steps {first} and {second}");
                }
            }
        }
    }
}

#[test]
fn a_kill_at_every_step_of_undoing_can_be_completed_or_taken_back() {
    let (old, new, plan, _) = ends();
    for step in 0.. {
        let bench = Bench::new(FILES);
        bench.applier().apply(&plan).expect("it applies");
        if bench
            .applier()
            .with_disk(Disk::dying_after(step))
            .undo()
            .is_ok()
        {
            assert!(step > 60, "only {step} steps are swept");
            assert_eq!(bench.state(), old);
            break;
        }
        if bench.applier().unfinished().expect("readable").is_some() {
            bench
                .applier()
                .resume()
                .unwrap_or_else(|error| panic!("step {step}: {error}"));
            assert_eq!(bench.state(), old, "step {step}");
            assert!(
                matches!(bench.applier().undo(), Err(PatchError::NothingToUndo)),
                "step {step}"
            );
        } else {
            let state = bench.state();
            assert!(state == old || state == new, "step {step}");
            // Whichever it is, the journals agree with it.
            assert_eq!(bench.applier().undo().is_ok(), state == new, "step {step}");
            assert_eq!(bench.state(), old, "step {step}");
        }
    }
}

#[test]
fn an_abort_keeps_what_somebody_else_wrote_meanwhile() {
    let (_, _, plan, steps) = ends();
    let mut kept = 0;
    for step in 0..steps {
        let bench = killed_at(step, &plan);
        if bench.applier().unfinished().expect("readable").is_none() {
            continue;
        }
        std::fs::write(bench.work().join("a"), "mine\n").expect("written");
        assert!(
            matches!(bench.applier().resume(), Err(PatchError::Changed(_))),
            "step {step}"
        );
        let ended = bench
            .applier()
            .abort()
            .unwrap_or_else(|error| panic!("step {step}: {error}"));
        assert_eq!(ended.kept, [super::support::path("a")]);
        assert_eq!(bench.state()["a"].0, b"mine\n");
        kept += 1;
    }
    assert!(kept > 30);
}

#[test]
fn a_disk_that_is_full_at_any_step_leaves_the_old_tree() {
    let (old, new, plan, steps) = ends();
    for step in 0..steps {
        let bench = Bench::new(FILES);
        let applier = bench.applier().with_disk(Disk::failing_once(step));
        let error = applier.apply(&plan).expect_err("a step failed");
        assert!(
            matches!(error, PatchError::Io { .. }),
            "step {step}: {error}"
        );
        // Only the very last steps, when all files are in place, leave work to resume.
        if bench.applier().unfinished().expect("readable").is_some() {
            assert_eq!(bench.state(), new, "step {step}");
            bench
                .applier()
                .abort()
                .unwrap_or_else(|error| panic!("step {step}: {error}"));
        }
        if bench.state() != old {
            assert_eq!(bench.state(), new, "step {step}");
            bench
                .applier()
                .undo()
                .unwrap_or_else(|error| panic!("step {step}: {error}"));
            assert_eq!(bench.state(), old, "step {step}");
        }
    }
}

#[test]
fn what_another_process_writes_at_any_step_is_never_lost() {
    let (old, new, plan, steps) = ends();
    let (mut stopped, mut went_on) = (0, 0);
    for step in 0..steps {
        let bench = Bench::new(FILES);
        let work = bench.work();
        let disk = Disk::default().watched(move |number| {
            if number == step {
                std::fs::write(work.join("other"), "mine\n").expect("written");
                std::fs::rename(work.join("other"), work.join("a")).expect("renamed");
            }
        });
        let result = bench.applier().with_disk(disk).apply(&plan);
        let mut wanted = match &result {
            Ok(_) => new.clone(),
            Err(PatchError::Changed(paths)) => {
                assert_eq!(paths.as_slice(), [super::support::path("a")], "step {step}");
                old.clone()
            }
            Err(error) => panic!("step {step}: {error}"),
        };
        wanted.insert("a".into(), (b"mine\n".to_vec(), 0o644));
        assert_eq!(bench.state(), wanted, "step {step}: {result:?}");
        assert_eq!(bench.applier().unfinished().expect("readable"), None);
        stopped += usize::from(result.is_err());
        went_on += usize::from(result.is_ok());
    }
    assert!(
        stopped > 30 && went_on > 3,
        "{stopped} stopped, {went_on} went on"
    );
}

#[test]
fn what_another_process_writes_just_before_a_kill_is_never_lost() {
    let (old, _, plan, steps) = ends();
    let mut journals = 0;
    for step in 0..steps {
        for later in 1..4 {
            let bench = Bench::new(FILES);
            let work = bench.work();
            let disk = Disk::dying_after(step + later).watched(move |number| {
                if number == step {
                    for name in ["a", "dir/b"] {
                        std::fs::create_dir_all(work.join("dir")).expect("made");
                        std::fs::write(work.join("other"), "mine\n").expect("written");
                        std::fs::rename(work.join("other"), work.join(name)).expect("renamed");
                    }
                }
            });
            let _ = bench.applier().with_disk(disk).apply(&plan);
            if bench.applier().unfinished().expect("readable").is_none() {
                continue;
            }
            journals += 1;
            let about = format!("steps {step} and {later}");
            let resumed = bench.applier().resume();
            assert!(
                matches!(resumed, Err(PatchError::Changed(_))),
                "{about}: {resumed:?}"
            );
            let ended = bench.applier().abort();
            let ended = ended.unwrap_or_else(|error| panic!("{about}: {error}"));
            assert_eq!(
                ended.kept,
                ["a", "dir/b"].map(super::support::path),
                "{about}"
            );
            let mut wanted = old.clone();
            wanted.insert("a".into(), (b"mine\n".to_vec(), 0o644));
            wanted.insert("dir/b".into(), (b"mine\n".to_vec(), 0o644));
            assert_eq!(bench.state(), wanted, "{about}");
        }
    }
    assert!(journals > 60, "only {journals} kills left a journal");
}

/// What the child of the next test runs: it applies and undoes until it is killed.
#[test]
#[ignore = "the child of `a_killed_process_leaves_what_can_be_recovered`"]
fn child_that_is_killed() {
    let home = std::env::var_os("HAPPY_KILLED_CHILD").expect("the parent names a folder");
    let home = std::path::PathBuf::from(home);
    let worktree = || happy::patch::Worktree::new(home.join("work"), false);
    let context = |base| happy::patch::Context {
        base,
        current: None,
        symbols: &happy::patch::NoSymbols,
        syntax: None,
    };
    let edits = happy::patch::parse(EDITS.as_bytes()).expect("it parses");
    let base = worktree();
    let plan =
        Plan::new(&edits, &context(&base), &happy::patch::Options::default()).expect("it plans");
    let applier = happy::patch::Applier::new(worktree(), &home.join("happy"));
    loop {
        applier.apply(&plan).expect("it applies");
        applier.undo().expect("it is undone");
    }
}

#[test]
fn a_killed_process_leaves_what_can_be_recovered() {
    let (old, new, ..) = ends();
    let mut journals = 0;
    for round in 0..24_u64 {
        let bench = Bench::new(FILES);
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "patch::killed::child_that_is_killed",
                "--ignored",
                "-q",
            ])
            .env("HAPPY_KILLED_CHILD", bench.home())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the child runs");
        let start = std::time::Instant::now();
        while !bench.happy().join("ops/lock").exists() {
            assert!(start.elapsed().as_secs() < 20, "the child does not begin");
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_micros(round * 997));
        child.kill().expect("killed");
        assert!(
            !child.wait().expect("ended").success(),
            "it ended by itself"
        );
        if bench.applier().unfinished().expect("readable").is_some() {
            journals += 1;
            let applier = bench.applier();
            if round % 2 == 0 {
                applier.resume()
            } else {
                applier.abort()
            }
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
        let state = bench.state();
        assert!(
            state == old || state == new,
            "round {round}: {:?}",
            state.keys()
        );
    }
    assert!(journals > 0, "no kill met an application at work");
}

#[test]
fn a_damaged_journal_of_a_cut_short_run_can_only_be_dropped() {
    let (_, _, plan, steps) = ends();
    let bench = killed_at(steps / 2, &plan);
    let id = bench
        .applier()
        .unfinished()
        .expect("readable")
        .expect("cut short");
    let state = bench.state();
    std::fs::write(bench.happy().join("ops").join(&id).join("plan"), "{}\n").expect("written");
    let ways = [bench.applier().resume(), bench.applier().abort()];
    for ended in ways {
        assert!(
            matches!(ended, Err(PatchError::Journal { .. })),
            "{ended:?}"
        );
    }
    assert_eq!(bench.applier().discard().expect("it is dropped"), id);
    assert_eq!(bench.state(), state, "the files stay as they are");
    assert_eq!(bench.applier().unfinished().expect("readable"), None);
    assert!(matches!(
        bench.applier().discard(),
        Err(PatchError::NothingUnfinished)
    ));
}
