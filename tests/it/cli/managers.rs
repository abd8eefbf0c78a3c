//! Beside the managers of hooks that people have, as they are installed: each
//! test says that it skips where `tools/python-env.sh` did not run.

use std::path::PathBuf;

use super::World;
use super::hooks::{LOOK, pushing, sandboxed};

/// A program that `tools/python-env.sh` installs.
pub(super) fn tool(name: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = root.join("target/tools/python/bin").join(name);
    if !found.exists() {
        skip(name);
        return None;
    }
    Some(found)
}

#[expect(clippy::print_stderr, reason = "a skip says why")]
fn skip(name: &str) {
    eprintln!("skipped: no `{name}`; `tools/python-env.sh` installs it");
}

/// A script that finds the tools, and tells `$RAN` to the hooks of others.
pub(super) fn with(tool: &std::path::Path, script: &str) -> String {
    let folder = tool.parent().expect("a folder").display();
    format!("export PATH=\"$PATH:{folder}\" RAN=\"$ROOT/ran\" NO_COLOR=1; {script}")
}

const PRE_COMMIT: &str = "repos:
- repo: local
  hooks:
  - id: mark
    name: mark
    entry: sh -c 'echo theirs >> \"$RAN\"'
    language: system
    always_run: true
    pass_filenames: false
    stages: [pre-push, post-commit]
";

const LEFTHOOK: &str = "pre-push:
  jobs:
    - name: mark
      run: echo theirs >> \"$RAN\"
post-commit:
  jobs:
    - name: mark
      run: echo theirs >> \"$RAN\"
";

/// Hooks of a manager stand; ours come beside them and go again.
fn beside(world: &World, tool: &std::path::Path, install: &str) {
    world.repo(&with(tool, install)).ok();
    let before = world.repo(LOOK).stdout;
    assert!(before.contains("pre-push"), "{before}");
    let said = world.repo("happy hook install").ok();
    let beside: Vec<_> = said
        .lines()
        .iter()
        .filter(|record| record["others"] == true && record["changed"] == true)
        .map(|record| record["event"].as_str().expect("an event").to_owned())
        .collect();
    assert_eq!(beside, ["post-commit", "pre-push"], "{said:?}");
    // The manager's hook runs after a commit, and before a push after ours.
    world
        .repo(&with(
            tool,
            "sed -i 's/return a + 1/return 1 + a/' lib.py && git commit -qam same && cat \"$RAN\" | sort | uniq -c",
        ))
        .ok();
    let said = world
        .repo(&with(tool, "git push origin main; wc -l < \"$RAN\""))
        .ok();
    assert!(said.stdout.contains('2'), "{said:?}");
    assert!(said.stderr.contains("happy: `main`: 1 commit"), "{said:?}");
    world
        .repo(&with(
            tool,
            "sed -i 's/return 1 + a/return 2 + a/' lib.py && git commit -qam break",
        ))
        .ok();
    if sandboxed(world) {
        let said = world.repo(&with(tool, "git push origin main"));
        assert_ne!(said.code, 0, "{said:?}");
        assert!(said.stderr.contains("test_lib.Lib.test_low"), "{said:?}");
    }
    world.repo("happy hook uninstall").ok();
    let hooks = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("config"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let after = world.repo(LOOK).stdout;
    assert_eq!(hooks(&after), hooks(&before));
}

/// The project that [`pushing`] makes, without our hooks.
fn project(config: &str, text: &str) -> World {
    let world = pushing();
    world.repo("happy hook uninstall").ok();
    world.write(config, text.as_bytes());
    world
        .repo("git add -A && git commit -qm config && git push -q origin main")
        .ok();
    world
}

#[test]
fn beside_pre_commit_all_hooks_run_and_come_back_byte_for_byte() {
    let Some(tool) = tool("pre-commit") else {
        return;
    };
    let world = project(".pre-commit-config.yaml", PRE_COMMIT);
    beside(
        &world,
        &tool,
        "pre-commit install -t pre-push -t post-commit",
    );
}

#[test]
fn beside_lefthook_all_hooks_run_and_come_back_byte_for_byte() {
    let Some(tool) = tool("lefthook") else {
        return;
    };
    let world = project("lefthook.yml", LEFTHOOK);
    beside(&world, &tool, "lefthook install");
}

/// A push that breaks a test, through a manager that runs our ready entry.
fn ready(world: &World, tool: &std::path::Path, install: &str) {
    world.repo(&with(tool, install)).ok();
    world
        .repo(&with(
            tool,
            "sed -i 's/return a + 1/return 1 + a/' lib.py && git commit -qam same",
        ))
        .ok();
    let said = world.repo(&with(tool, "git push origin main")).ok();
    let text = format!("{}{}", said.stdout, said.stderr);
    assert!(text.contains("happy: `main`: 1 commit"), "{text}");
    if !sandboxed(world) {
        return;
    }
    world
        .repo(&with(
            tool,
            "sed -i 's/return 1 + a/return 2 + a/' lib.py && git commit -qam break",
        ))
        .ok();
    let said = world.repo(&with(tool, "git push origin main"));
    assert_ne!(said.code, 0, "{said:?}");
    let text = format!("{}{}", said.stdout, said.stderr);
    assert!(text.contains("test_lib.Lib.test_low"), "{text}");
    assert!(text.contains("the push is stopped"), "{text}");
}

#[test]
fn pre_commit_runs_our_ready_entries() {
    let Some(tool) = tool("pre-commit") else {
        return;
    };
    let world = pushing();
    world.repo("happy hook uninstall").ok();
    let entries = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
    let made = world.sh(&format!(
        "git init -q entries && cp '{entries}' entries && cd entries && git add -A && git commit -qm one && git rev-parse HEAD"
    ));
    let revision = made.ok().stdout;
    let config = format!(
        "repos:\n- repo: ../entries\n  rev: {}\n  hooks:\n  - id: happy-warm\n  - id: happy-push\n",
        revision.trim()
    );
    world.write(".pre-commit-config.yaml", config.as_bytes());
    world
        .repo("git add -A && git commit -qm config && git push -q origin main")
        .ok();
    let tried = world.repo(&with(
        &tool,
        "pre-commit try-repo ../entries happy-warm --hook-stage post-commit",
    ));
    assert!(tried.ok().stdout.contains("Passed"));
    ready(
        &world,
        &tool,
        "pre-commit install -t pre-push -t post-commit -t post-checkout -t post-merge -t post-rewrite",
    );
}

#[test]
fn lefthook_runs_our_ready_entry() {
    let Some(tool) = tool("lefthook") else {
        return;
    };
    let world = pushing();
    world.repo("happy hook uninstall").ok();
    let entry = concat!(env!("CARGO_MANIFEST_DIR"), "/hooks/lefthook.yml");
    world
        .repo(&format!(
            "cp '{entry}' happy.yml && printf 'extends:\\n  - happy.yml\\n' > lefthook.yml"
        ))
        .ok();
    world
        .repo("git add -A && git commit -qm config && git push -q origin main")
        .ok();
    ready(&world, &tool, "lefthook install");
}
