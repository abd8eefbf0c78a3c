//! `happy hook`, with the hooks run by Git itself.

use std::time::{Duration, Instant};

use super::{Said, World};

/// The folder of hooks: names, modes, links and bytes.
pub(super) const LOOK: &str = "cd .git/hooks && for f in $(ls -A | grep -v sample); do echo \"$f $(stat -c %A%N $f) $(cat $f | sha256sum)\"; done; sha256sum ../config";

fn hooks(said: &Said, key: &str) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    said.lines()
        .iter()
        .map(|record| (text(&record["event"]), text(&record[key])))
        .collect()
}

#[test]
fn hooks_go_in_and_out_of_an_empty_folder() {
    let world = World::small();
    let before = world.repo(LOOK).stdout;
    let said = world.repo("happy hook install").ok();
    assert!(
        hooks(&said, "state")
            .iter()
            .all(|(_, state)| state == "file"),
        "{said:?}"
    );
    assert_eq!(said.lines().len(), 5);
    let again = world.repo("happy hook install").ok();
    assert!(
        again
            .lines()
            .iter()
            .all(|record| record["changed"] == false),
        "{again:?}"
    );
    let status = world.repo("happy hook status --format text").ok().stdout;
    assert!(status.starts_with("post-commit   file"), "{status}");
    world.repo("happy hook uninstall").ok();
    assert_eq!(world.repo(LOOK).stdout, before);
}

/// Hooks of others: each a way of standing there, and what shows that it ran.
const OTHERS: &str = r#"
cd .git/hooks
printf '#!/bin/sh\necho shell >> "$ROOT/ran"\nexit 0\n' > post-commit && chmod 755 post-commit
printf '#!/usr/bin/env python3\nimport os\nopen(os.environ["ROOT"]+"/ran","a").write("python\\n")\n' > post-checkout && chmod 700 post-checkout
printf '#!/bin/bash -e\nwhile read line; do echo "linked $line" >> "$ROOT/ran"; done\n' > "$ROOT/elsewhere.sh" && chmod 755 "$ROOT/elsewhere.sh"
ln -s "$ROOT/elsewhere.sh" pre-push
printf '#!/bin/sh\necho disabled >> "$ROOT/ran"\n' > post-merge && chmod 644 post-merge
printf '#!/bin/sh' > post-rewrite && chmod 755 post-rewrite
"#;

#[test]
fn hooks_of_others_still_run_and_come_back_byte_for_byte() {
    let world = World::small();
    world.repo(OTHERS).ok();
    let before = world.repo(LOOK).stdout;
    let said = world.repo("happy hook install").ok();
    let states: Vec<String> = hooks(&said, "state")
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    assert_eq!(
        states,
        ["block", "wrapped", "wrapped", "wrapped", "wrapped"]
    );
    assert!(
        said.lines().iter().all(|record| record["others"] == true),
        "{said:?}"
    );
    world
        .repo("git init -q --bare ../there.git && git remote add origin ../there.git")
        .ok();
    let ran = world.repo(
        "export HAPPY_HOOKS=off; git commit -q --allow-empty -m two && git checkout -q -b other && git push -q origin HEAD; git commit -q --amend --allow-empty -m three; git merge -q main; cat \"$ROOT/ran\"",
    );
    let head = world.repo("git rev-parse origin/other").stdout;
    let expected = format!(
        "shell\npython\nlinked refs/heads/other {0} refs/heads/other {1}\nshell\n",
        head.trim(),
        "0".repeat(40)
    );
    // The push sends the branch by the name HEAD has.
    assert_eq!(
        ran.stdout.replace("linked HEAD", "linked refs/heads/other"),
        expected,
        "{ran:?}"
    );
    world.repo("happy hook uninstall").ok();
    let after = world.repo(LOOK).stdout;
    let hooks = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("config"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(hooks(&after), hooks(&before));
}

#[test]
fn an_outdated_block_is_brought_up_to_date_and_others_lines_stay() {
    let world = World::small();
    world
        .repo("printf '#!/bin/sh\\necho mine\\n' > .git/hooks/post-merge && chmod 755 .git/hooks/post-merge && happy hook install && sed -i 's/never waits/old/' .git/hooks/post-merge && echo 'echo later' >> .git/hooks/post-merge")
        .ok();
    let status = world.repo("happy hook status").ok();
    assert!(
        hooks(&status, "state").contains(&("post-merge".into(), "outdated".into())),
        "{status:?}"
    );
    world.repo("happy hook install").ok();
    let text = world
        .repo("happy hook uninstall >&2; cat .git/hooks/post-merge")
        .stdout;
    assert_eq!(text, "#!/bin/sh\necho mine\necho later\n");
}

#[test]
fn the_folder_that_git_is_told_of_is_used_unless_others_share_it() {
    let world = World::small();
    world.repo("git config core.hooksPath .githooks").ok();
    let said = world.repo("happy hook install --only post-commit").ok();
    assert!(said.stderr.contains("lies in the working tree"), "{said:?}");
    assert!(
        world
            .repo("test -x .githooks/post-commit && test ! -e .git/hooks/post-commit")
            .ok()
            .stdout
            .is_empty()
    );
    world
        .repo("happy hook uninstall && git config core.hooksPath ../shared")
        .ok();
    world.repo("happy hook install").fails(2, "pass `--shared`");
    world
        .repo("ln -s ../../shared .hooks && git config core.hooksPath .hooks/../.hooks")
        .ok();
    world
        .repo("mkdir -p ../../shared; happy hook install")
        .fails(2, "outside this repository");
    world
        .repo("git config core.hooksPath ../shared && happy hook install --shared")
        .ok();
    world.repo("test -x ../shared/pre-push").ok();
}

/// A Git that says it is a later one.
const LATER: &str = r#"mkdir -p "$ROOT/later" && printf '#!/bin/sh\n[ "$1" = version ] && { echo "git version 2.54.1"; exit; }\nexec %s "$@"\n' "$(command -v git)" > "$ROOT/later/git" && chmod 755 "$ROOT/later/git"; export PATH="$ROOT/later:$PATH"; "#;

#[test]
fn where_git_knows_configured_hooks_they_stand_in_its_configuration() {
    let world = World::small();
    // No end of line at the end of the file, as an editor may leave it.
    world
        .repo("printf '[user]\\n\\tname = me' >> .git/config")
        .ok();
    let before = world.repo(LOOK).stdout;
    let said = world.repo(&format!("{LATER} happy hook install")).ok();
    assert!(
        hooks(&said, "state")
            .iter()
            .all(|(_, state)| state == "configured"),
        "{said:?}"
    );
    let asked = world.repo("git config hook.happy-pre-push.event; git config user.name; ls .git/hooks | grep -v sample").stdout;
    assert_eq!(asked, "pre-push\nme\n");
    // What Git does with the command: a shell, and the hook's arguments behind it.
    let run = world.repo("echo | sh -c \"$(git config hook.happy-post-commit.command) \\\"\\$@\\\"\" hook a b; echo $?");
    assert_eq!(run.stdout, "0\n", "{run:?}");
    world
        .repo(&format!(
            "{LATER} happy hook uninstall --only post-merge,pre-push"
        ))
        .ok();
    assert_eq!(world.repo("git config hook.happy-pre-push.event").code, 1);
    world.repo(&format!("{LATER} happy hook uninstall")).ok();
    assert_eq!(world.repo(LOOK).stdout, before);
    world
        .repo(&format!(
            "touch .git/config.lock; {LATER} happy hook install"
        ))
        .fails(5, "config.lock");
}

fn indexed(world: &World, within: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < within {
        if world.snapshot().exists() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn a_commit_is_indexed_in_the_background() {
    let world = World::small();
    world.repo("happy hook install").ok();
    assert!(!world.snapshot().exists());
    world
        .repo("echo 'def more(): pass' >> main.py; git commit -qam two")
        .ok();
    assert!(
        indexed(&world, Duration::from_secs(30)),
        "no snapshot of HEAD came"
    );
    world
        .repo("echo 'def yet(): pass' >> main.py; git commit -q --amend -am three")
        .ok();
    assert!(indexed(&world, Duration::from_secs(30)));
    let listed = world
        .repo("happy --no-auto-index callers helper --at HEAD")
        .ok();
    assert_eq!(listed.lines().len(), 2);
}

#[test]
fn a_hook_that_cannot_do_its_work_hinders_nothing() {
    let world = World::small();
    world.repo("happy hook install").ok();
    // An index folder that is a file, a program that is gone, a budget that is nonsense.
    world
        .repo("rm -rf .git/happy; touch .git/happy; git commit -q --allow-empty -m two")
        .ok();
    world
        .repo("PATH=/usr/bin:/bin git commit -q --allow-empty -m three")
        .ok();
    world
        .repo("git config happy.hook.budget soon; git commit -q --allow-empty -m four")
        .ok();
    world.repo("happy hook run post-commit </dev/null").ok();
    world
        .repo("happy hook run no-such-event")
        .fails(2, "post-commit");
}

/// A project with a test, and somewhere to push to.
pub(super) fn pushing() -> World {
    let world = World::with(&[
        (
            "lib.py",
            "def low(a):\n    return a + 1\n\n\ndef other(a):\n    return a\n",
        ),
        (
            "test_lib.py",
            "import unittest\n\nfrom lib import low, other\n\n\nclass Lib(unittest.TestCase):\n    def test_low(self):\n        self.assertEqual(low(1), 2)\n\n    def test_other(self):\n        self.assertEqual(other(1), 1)\n",
        ),
    ]);
    world
        .repo("git init -q --bare ../there.git && git remote add origin ../there.git && git push -q -u origin main && happy hook install --only pre-push")
        .ok();
    world
}

pub(super) fn sandboxed(world: &World) -> bool {
    let said = world.repo("happy doctor");
    let works = said
        .lines()
        .iter()
        .any(|check| check["check"] == "sandbox" && check["works"] == true);
    if !works {
        eprint_skip("no sandbox works here");
    }
    works
}

#[expect(clippy::print_stderr, reason = "a skip says why")]
fn eprint_skip(why: &str) {
    eprintln!("skip: {why}");
}

#[test]
fn a_push_that_breaks_a_test_is_stopped_and_the_test_is_named() {
    let world = pushing();
    if !sandboxed(&world) {
        return;
    }
    world
        .repo("sed -i 's/a + 1/a + 2/' lib.py && git commit -qam break")
        .ok();
    // What is pushed counts, not what lies in the working tree.
    world
        .repo("git checkout -q -b mend && sed -i 's/a + 2/a + 1/' lib.py")
        .ok();
    let said = world.repo("git push origin main");
    assert_ne!(said.code, 0, "{said:?}");
    let lines: Vec<&str> = said
        .stderr
        .lines()
        .filter(|line| line.starts_with("happy: "))
        .collect();
    assert_eq!(lines.len(), 5, "{said:?}");
    assert!(lines[0].contains("`main`: 1 commit,"), "{lines:?}");
    assert!(lines[2].contains("0 passed, 1 failed"), "{lines:?}");
    assert!(lines[3].contains("test_lib.Lib.test_low"), "{lines:?}");
    assert!(lines[4].contains("the push is stopped"), "{lines:?}");
    assert_eq!(
        world
            .repo("git -C ../there.git log --oneline main")
            .stdout
            .lines()
            .count(),
        1
    );
    world.repo("git push -q --no-verify origin main").ok();
}

#[test]
fn a_harmless_push_passes_and_so_does_one_whose_tests_failed_before() {
    let world = pushing();
    if !sandboxed(&world) {
        return;
    }
    world
        .repo("sed -i 's/return a + 1/return 1 + a/' lib.py && git commit -qam same")
        .ok();
    let said = world.repo("git push origin main").ok();
    assert!(said.stderr.contains("1 passed, 0 failed"), "{said:?}");
    world.repo("sed -i 's/1 + a/3 + a/' lib.py && git commit -qam break && git push -q --no-verify origin main").ok();
    world
        .repo("sed -i 's/3 + a/4 + a/' lib.py && git commit -qam 'still broken'")
        .ok();
    let said = world.repo("git push origin main").ok();
    assert!(said.stderr.contains("failed before, too"), "{said:?}");
    // A new branch is compared with what the remote has.
    world.repo("git checkout -q -b new && echo '# more' >> README.md && git add -A && git commit -qm docs").ok();
    let said = world.repo("git push origin new").ok();
    assert!(said.stderr.contains("nothing to run"), "{said:?}");
    let said = world.repo("git push origin :new").ok();
    assert!(!said.stderr.contains("happy:"), "{said:?}");
}

#[test]
fn a_check_that_fails_itself_lets_the_push_go_on_unless_told_otherwise() {
    let world = pushing();
    world.repo("sed -i 's/a + 1/a + 2/' lib.py && git commit -qam break && git config happy.test.runner none").ok();
    world.repo("git config happy.hook.failClosed true").ok();
    let said = world.repo("git push origin main");
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("failClosed"), "{said:?}");
    world.repo("git config --unset happy.hook.failClosed").ok();
    let said = world.repo("git push origin main").ok();
    assert!(said.stderr.contains("goes on unchecked"), "{said:?}");
}

#[test]
fn a_push_runs_the_nearest_tests_and_says_what_it_left_out() {
    let world = pushing();
    if !sandboxed(&world) {
        return;
    }
    world.write(
        "test_far.py",
        b"import unittest\n\nfrom lib import low\n\n\ndef one():\n    return low(1)\n\n\ndef two():\n    return one()\n\n\nclass Far(unittest.TestCase):\n    def test_far(self):\n        self.assertEqual(two(), 2)\n",
    );
    world
        .repo("git add -A && git commit -qm far && git push -q --no-verify origin main && git config happy.test.within 1")
        .ok();
    world
        .repo("sed -i 's/return a + 1/return 1 + a/' lib.py && git commit -qam same")
        .ok();
    let said = world.repo("git push origin main").ok();
    assert!(said.stderr.contains("1 passed, 0 failed"), "{said:?}");
    assert!(
        said.stderr.contains(
            "left out: 1 test farther than 1 calls; next is `test_far.py::Far.test_far`, reached only through two < one < low"
        ),
        "{said:?}"
    );
    // Without the limit both run, the nearest first.
    world.repo("git config happy.test.within 0 && sed -i 's/return 1 + a/return 2 + a/' lib.py && git commit -qam break").ok();
    let said = world.repo("git push origin main");
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("0 passed, 2 failed"), "{said:?}");
}
