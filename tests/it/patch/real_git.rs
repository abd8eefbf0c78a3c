//! Real diffs of real Git, and Git's own application of them, as the oracle.

use happy::patch::{FileMode, Memory, Options, PatchError, parse};
use proptest::prelude::*;

use super::properties::{perturbed, tree_of, trees};
use super::support::{assert_same, file, git, git_check, path, plan_with, tree, write_tree};

/// A repository whose objects hold any number of trees.
struct Repository {
    home: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        assert!(git(home.path(), &["init", "-q"], b"").status.success());
        Self { home }
    }

    /// Stores a tree and gives its id.
    fn store(&self, tree: &Memory) -> String {
        for entry in std::fs::read_dir(self.home.path()).expect("readable") {
            let entry = entry.expect("readable");
            if entry.file_name() != ".git" {
                let target = entry.path();
                if target.is_dir() {
                    std::fs::remove_dir_all(target).expect("removed");
                } else {
                    std::fs::remove_file(target).expect("removed");
                }
            }
        }
        write_tree(self.home.path(), tree);
        assert!(
            git(self.home.path(), &["add", "-A", "-f"], b"")
                .status
                .success()
        );
        let id = git(self.home.path(), &["write-tree"], b"");
        String::from_utf8(id.stdout)
            .expect("an id")
            .trim()
            .to_owned()
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
        let output = git(self.home.path(), arguments, input);
        output.status.success().then_some(output.stdout)
    }

    /// The index as a tree.
    fn index(&self) -> Memory {
        let listed = self.run(&["ls-files", "-s", "-z"], b"").expect("listed");
        let mut tree = Memory::default();
        for entry in listed
            .split(|byte| *byte == 0)
            .filter(|entry| !entry.is_empty())
        {
            let tab = entry.iter().position(|byte| *byte == b'\t').expect("a tab");
            let head = String::from_utf8_lossy(&entry[..tab]).into_owned();
            let (mode, id) = head.split_once(' ').expect("a mode");
            let bytes = self
                .run(&["cat-file", "blob", &id[..40]], b"")
                .expect("a blob");
            let mut found = file(&bytes);
            if mode == "100755" {
                found.mode = FileMode::Executable;
            }
            tree.insert(
                happy::patch::RepoPath::new(&entry[tab + 1..]).expect("safe"),
                found,
            );
        }
        tree
    }
}

/// The options of `git diff` that change how a diff is written.
const WAYS: &[&[&str]] = &[
    &[],
    &["-M"],
    &["-M20%", "--full-index"],
    &["-C", "--find-copies-harder"],
    &["-U1"],
    &["-U10", "--patience"],
    &["-B", "-M"],
    &["--no-prefix"],
    &["--src-prefix=old/", "--dst-prefix=new/"],
    &["-D"],
];

fn applied(base: &Memory, input: &[u8], options: &Options) -> Result<Memory, PatchError> {
    let plan = plan_with(base, input, options)?;
    let mut result = base.clone();
    result.apply(&plan);
    Ok(result)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_of_git_gives_the_bytes_that_git_apply_gives((old, new) in trees(), way in 0..WAYS.len()) {
        let repository = Repository::new();
        let (old_id, new_id) = (repository.store(&old), repository.store(&new));
        let mut arguments = vec!["diff-tree", "-p", "-r", "--text"];
        arguments.extend(WAYS[way]);
        arguments.extend([old_id.as_str(), new_id.as_str()]);
        let diff = repository.run(&arguments, b"").expect("git diffs");
        let about = format!("{:?}\n{}", WAYS[way], String::from_utf8_lossy(&diff));
        // `-D` leaves out what a deleted file held, so that no one can apply it.
        prop_assume!(!diff.is_empty() && (WAYS[way] != ["-D"] || !about.contains("deleted file")));
        let ours = applied(&old, &diff, &Options::default());
        let ours = ours.unwrap_or_else(|error| panic!("{error}\n{about}"));
        assert_same(&ours, &new, &about);
        let strip = if WAYS[way] == ["--no-prefix"] { "-p0" } else { "-p1" };
        repository.run(&["read-tree", &old_id], b"").expect("read");
        repository.run(&["apply", "--cached", strip], &diff).expect("git applies its own diff");
        assert_same(&ours, &repository.index(), &about);
        if !about.contains("copy from") {
            let back = applied(&new, &diff, &Options { reverse: true, ..Options::default() });
            let back = back.unwrap_or_else(|error| panic!("reverse: {error}\n{about}"));
            assert_same(&back, &old, &about);
        }
    }

    #[test]
    fn what_we_place_elsewhere_git_places_there_too((old, new) in trees(), seed in any::<u64>()) {
        let repository = Repository::new();
        let (old_id, new_id) = (repository.store(&old), repository.store(&new));
        let diff = repository.run(&["diff-tree", "-p", "-r", &old_id, &new_id], b"").expect("git diffs");
        prop_assume!(!diff.is_empty());
        let moved = perturbed(&old, seed);
        repository.store(&moved);
        let ours = applied(&moved, &diff, &Options::default());
        let theirs = repository.run(&["apply", "--cached"], &diff);
        let about = String::from_utf8_lossy(&diff).into_owned();
        if let Ok(ours) = ours {
            assert!(theirs.is_some(), "git does not place what we place\n{about}");
            assert_same(&ours, &repository.index(), &about);
        }
    }

    #[test]
    fn git_makes_of_our_diff_what_we_planned((old, new) in trees()) {
        let plan = super::properties::difference(&old, &new);
        prop_assume!(!plan.changes.is_empty());
        let scratch = tempfile::tempdir().expect("a folder");
        let checked = git_check().verify(&plan, &old, scratch.path());
        checked.unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&plan.diff())));
    }
}

#[test]
fn git_finds_a_plan_that_is_not_what_its_diff_says() {
    let base = tree(&[("a", "one\n")]);
    let mut plan = super::support::plan(
        &base,
        "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"one\",\"replace\":\"two\"}\n",
    )
    .expect("it applies");
    let scratch = tempfile::tempdir().expect("a folder");
    git_check()
        .verify(&plan, &base, scratch.path())
        .expect("Git agrees");
    // A deleted file that is not deleted: what Git makes of it is another tree.
    plan.changes.push(happy::patch::Change {
        path: path("b"),
        from: None,
        before: Some(file(b"")),
        after: Some(file(b"")),
    });
    plan.changes.push(plan.changes[0].clone());
    assert!(matches!(
        git_check().verify(&plan, &base, scratch.path()),
        Err(PatchError::Git(_))
    ));
    let left = std::fs::read_dir(scratch.path()).expect("readable").count();
    assert_eq!(left, 0, "the scratch repositories are gone");
}

#[test]
fn no_program_of_a_hostile_configuration_runs() {
    let home = tempfile::tempdir().expect("a folder");
    let canary = home.path().join("canary");
    let command = format!("touch {}", canary.display());
    let work = home.path().join("work");
    std::fs::create_dir(&work).expect("made");
    assert!(git(&work, &["init", "-q"], b"").status.success());
    for key in [
        "core.fsmonitor",
        "core.hooksPath",
        "diff.external",
        "filter.x.clean",
        "filter.x.smudge",
    ] {
        assert!(git(&work, &["config", key, &command], b"").status.success());
    }
    std::fs::write(work.join(".gitattributes"), "* filter=x\n").expect("written");
    std::fs::write(work.join("a"), "one\n").expect("written");
    // The scratch folder lies inside the hostile repository, as `.git/happy` does.
    let scratch = work.join(".git/happy");
    std::fs::create_dir(&scratch).expect("made");
    let worktree = happy::patch::Worktree::new(&work, false);
    let context = happy::patch::Context {
        base: &worktree,
        current: None,
        symbols: &happy::patch::NoSymbols,
        syntax: None,
    };
    let edits =
        parse(b"{\"type\":\"edit\",\"path\":\"a\",\"search\":\"one\",\"replace\":\"two\"}\n")
            .expect("parses");
    let plan = happy::patch::Plan::new(&edits, &context, &Options::default()).expect("plans");
    git_check()
        .verify(&plan, &worktree, &scratch)
        .expect("Git agrees");
    happy::patch::Applier::new(worktree, &scratch)
        .apply(&plan)
        .expect("it applies");
    assert_eq!(std::fs::read(work.join("a")).expect("read"), b"two\n");
    assert!(!canary.exists());
}

#[test]
fn a_missing_git_is_an_error_that_says_so() {
    let base = tree_of(&[("a", b"one\n")]);
    let plan =
        super::support::plan(&base, "{\"type\":\"delete\",\"path\":\"a\"}\n").expect("plans");
    let scratch = tempfile::tempdir().expect("a folder");
    let check = happy::patch::GitCheck::new("git", "/nowhere");
    let error = check
        .verify(&plan, &base, scratch.path())
        .expect_err("there is no git");
    assert!(
        matches!(&error, PatchError::Io { doing, .. } if doing == "run git"),
        "{error}"
    );
}
