//! The working tree as it is, held against what `git add -A` would make of it.

use happy::git::{Error, Mode, Origin, Repo, StatCache};

use super::fixture::Fixture;

/// Asserts that the files seen are those a temporary index would hold after
/// `git add -A`, which is Git's own opinion of the state of the working tree.
fn assert_as_git_sees_it(fixture: &Fixture, repo: &Repo, folder: &str) {
    let lines: Vec<String> = repo
        .worktree()
        .expect("the working tree is readable")
        .files()
        .iter()
        .map(|file| {
            let mode = match file.mode {
                Mode::File => "100644",
                Mode::Executable => "100755",
                Mode::Symlink => "120000",
                Mode::Submodule => "160000",
            };
            format!("{mode} {} {}", file.id, String::from_utf8_lossy(&file.path))
        })
        .collect();
    let format = "%(objectmode) %(objectname) %(path)";
    let expected = fixture.sh(&format!(
        "cd {folder} && cp -p \"$(git rev-parse --git-path index)\" ../copy && export GIT_INDEX_FILE=$PWD/../copy \
         && git add -A && git -c core.quotePath=false ls-files --format='{format}'"
    ));
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn a_clean_checkout_is_clean_against_its_commit() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    let worktree = repo.worktree().expect("worktree");
    let head = repo.resolve("HEAD").expect("head");
    assert!(worktree.is_clean_against(head).expect("compared"));
    assert!(
        !worktree
            .is_clean_against(repo.resolve("v1").expect("v1"))
            .expect("compared")
    );
    assert_eq!(worktree.files(), repo.files(head).expect("files").files);
    assert_as_git_sees_it(&fixture, &repo, "repo");
}

#[test]
fn edits_deletions_and_new_files_are_seen_without_any_git_command() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    let before = repo.worktree().expect("worktree").id();
    fixture.sh(
        "cd repo && echo 'a = 2' >a.py && rm src/d.py && mkdir -p new/deep && echo n >new/deep/n.py && chmod -x run \
         && rm link && echo text >link",
    );
    let worktree = repo.worktree().expect("worktree");
    assert_ne!(worktree.id(), before);
    assert!(
        !worktree
            .is_clean_against(repo.resolve("HEAD").expect("head"))
            .expect("compared")
    );
    let at = worktree
        .files()
        .iter()
        .position(|file| file.path == b"a.py")
        .expect("a.py is there");
    assert_eq!(worktree.origin(at), Origin::Local { size: 6 });
    assert_eq!(worktree.read(at).expect("read"), b"a = 2\n");
    assert_as_git_sees_it(&fixture, &repo, "repo");
    fixture.sh("cd repo && git checkout -q . && rm -r new");
    assert_eq!(repo.worktree().expect("worktree").id(), before);
}

#[test]
fn a_change_of_equal_size_in_the_same_instant_is_seen() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    fixture
        .sh("cd repo && for n in 1 2 3 4 5 6 7 8; do echo $n >r$n; git add r$n; echo 9 >r$n; done");
    assert_as_git_sees_it(&fixture, &repo, "repo");
    // Only the racy rule is left to doubt a file whose stat data are all as they were.
    fixture.sh(
        "cd repo && git config core.trustCTime false && touch -d @1700000000 a.py \
         && { git update-index --refresh >/dev/null || true; } && printf 'a = 7\\n' >a.py && touch -d @1700000000 a.py \
         && touch -d @1700000000 .git/index",
    );
    let worktree = repo.worktree().expect("worktree");
    let at = worktree
        .files()
        .iter()
        .position(|file| file.path == b"a.py")
        .expect("a.py is there");
    assert_eq!(worktree.read(at).expect("read"), b"a = 7\n");
}

#[test]
fn ignored_files_are_left_out_and_tracked_ones_are_not() {
    let fixture = Fixture::new("ignores");
    let repo = fixture.repo("repo");
    assert_as_git_sees_it(&fixture, &repo, "repo");
    fixture.sh("cd repo && git init -q nested && touch nested/n");
    let worktree = repo.worktree().expect("worktree");
    assert_eq!(worktree.nested(), [b"nested"]);
    assert!(
        worktree
            .files()
            .iter()
            .all(|file| !file.path.starts_with(b"nested/"))
    );
}

#[test]
fn what_lies_behind_a_symbolic_link_is_not_there() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    fixture.sh(
        "mkdir outside && echo secret >outside/b.py && cd repo && mv src old && ln -s ../outside src \
         && ln -s loop loop && ln -s /etc/passwd passwd && mkfifo pipe",
    );
    assert_as_git_sees_it(&fixture, &repo, "repo");
    for path in [
        "src/b.py",
        "src/../a.py",
        "/etc/passwd",
        ".git/config",
        "a/.GIT/x",
        "pipe",
        "",
        "src/",
        "../x",
    ] {
        let error = repo.read_worktree_file(path.as_bytes()).expect_err(path);
        assert!(
            matches!(error, Error::UnsafePath { .. }),
            "{path}: {error:?}"
        );
    }
    assert_eq!(
        repo.read_worktree_file(b"passwd").expect("the link's text"),
        b"/etc/passwd"
    );
    assert_eq!(
        repo.read_worktree_file(b"loop").expect("the link's text"),
        b"loop"
    );
}

#[test]
fn line_ends_are_compared_as_git_stores_them() {
    let fixture = Fixture::new("line_ends");
    let repo = fixture.repo("repo");
    fixture
        .sh("cd repo && touch -d @1600000001 *.txt *.bin *.c && printf 'x\\r\\ny\\r\\n' >new.txt");
    assert_as_git_sees_it(&fixture, &repo, "repo");
    let worktree = repo.worktree().expect("worktree");
    let at = worktree
        .files()
        .iter()
        .position(|file| file.path == b"new.txt")
        .expect("new.txt is there");
    assert_eq!(worktree.read(at).expect("read"), b"x\ny\n");
}

#[test]
fn a_path_is_any_bytes() {
    let fixture = Fixture::new("odd_paths");
    let repo = fixture.repo("repo");
    let head = repo.resolve("HEAD").expect("head");
    let files = repo.files(head).expect("files").files;
    let names: Vec<&[u8]> = files.iter().map(|file| file.path.as_slice()).collect();
    let long = [
        b"long/".as_slice(),
        &[b"d".repeat(200), b"/".to_vec()].concat().repeat(19),
        b"f",
    ]
    .concat();
    let expected: [&[u8]; 9] = [
        b"\"quote\"",
        b"-rf",
        b"Foo.py",
        b"a\nb.py",
        b"caf\xe9.py",
        b"foo.py",
        &long,
        b"tab\there",
        b"\xff",
    ];
    assert_eq!(names, expected);
    let worktree = repo.worktree().expect("worktree");
    assert_eq!(worktree.files(), files);
    assert!(worktree.is_clean_against(head).expect("compared"));
    for file in &files {
        assert_eq!(repo.read_worktree_file(&file.path).expect("read"), b"x\n");
    }
}

#[test]
fn attributes_say_what_is_generated_and_vendored() {
    let fixture = Fixture::new("attributes");
    let repo = fixture.repo("repo");
    let files = repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("files")
        .files;
    let attributes = repo.attributes(&files);
    for file in &files {
        let path = String::from_utf8_lossy(&file.path).into_owned();
        let of = attributes.of(&file.path);
        let git = fixture.sh(&format!(
            "git -C repo check-attr linguist-generated linguist-vendored text -- '{path}' | sed 's/.*: //' | tr '\\n' ' '"
        ));
        let word = |value: Option<bool>| {
            value.map_or("unspecified", |set| if set { "set" } else { "unset" })
        };
        let text = format!("{:?}", of.text).to_lowercase();
        let ours = format!("{} {} {text}", word(of.generated), word(of.vendored));
        assert_eq!(
            ours,
            git.trim_end()
                .replace("true", "set")
                .replace("false", "unset"),
            "{path}"
        );
    }
}

#[test]
fn a_file_that_changes_after_it_was_looked_at_is_not_taken_for_what_it_was() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    fixture.sh("cd repo && echo 'a = 2' >a.py");
    let worktree = repo.worktree().expect("worktree");
    assert_eq!(worktree.read(0).expect("read"), b"a = 2\n");
    fixture.sh("cd repo && echo 'a = 3' >a.py");
    assert!(matches!(worktree.read(0), Err(Error::Unstable { .. })));
}

#[test]
fn a_huge_file_is_known_by_its_stat_data_alone() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    fixture.sh("cd repo && truncate -s 3G huge.bin");
    let start = std::time::Instant::now();
    let worktree = repo.worktree().expect("worktree");
    assert!(
        start.elapsed().as_secs() < 2,
        "nobody reads three gigabytes"
    );
    let at = worktree
        .files()
        .iter()
        .position(|file| file.path == b"huge.bin")
        .expect("is there");
    assert_eq!(worktree.origin(at), Origin::Local { size: 3 << 30 });
    let before = worktree.id();
    fixture.sh("cd repo && touch -d @1600000000 huge.bin");
    assert_ne!(repo.worktree().expect("worktree").id(), before);
}

#[test]
fn a_commit_equals_the_working_tree_whatever_the_index_says() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    let head = repo.resolve("HEAD").expect("head");
    for staged in [
        "git rm -q --cached a.py",
        "git reset -q",
        "rm .git/index",
        "git add -N .",
        "git read-tree v1",
    ] {
        fixture.sh(&format!("cd repo && {staged}"));
        assert!(
            repo.worktree()
                .expect("worktree")
                .is_clean_against(head)
                .expect("compared"),
            "{staged}"
        );
        assert!(
            !repo
                .worktree()
                .expect("worktree")
                .is_clean_against(repo.resolve("v1").expect("v1"))
                .expect("compared")
        );
    }
}

#[test]
fn what_was_read_once_is_known_by_its_stat_data_and_changes_are_still_seen() {
    let fixture = Fixture::new("simple");
    fixture.sh("cd repo && echo 'a = 2' >a.py && echo u >untracked.py && sleep 3");
    let repo = fixture.repo("repo");
    let first = repo.worktree().expect("worktree");
    let bytes = first.stat_cache().to_bytes();
    let known = StatCache::from_bytes(&bytes);
    assert_eq!(&known, first.stat_cache());
    assert!(known.len() >= 2, "{known:?}");
    let second = repo.worktree_with(&known).expect("worktree");
    assert_eq!((second.files(), second.id()), (first.files(), first.id()));
    assert_eq!(second.stat_cache(), &known);
    // A cache that lies shows that it is asked.
    let at = second
        .files()
        .iter()
        .position(|file| file.path == b"untracked.py")
        .expect("is there");
    let (truth, lie) = (second.files()[at].id, repo.resolve("HEAD").expect("head"));
    let mut lying = bytes[..bytes.len() - 16].to_vec();
    let place = lying
        .windows(20)
        .position(|window| window == truth.as_bytes())
        .expect("the id is kept");
    lying[place..place + 20].copy_from_slice(lie.as_bytes());
    let checksum = xxhash_rust::xxh3::xxh3_128(&lying);
    lying.extend_from_slice(&checksum.to_le_bytes());
    let deceived = repo
        .worktree_with(&StatCache::from_bytes(&lying))
        .expect("worktree");
    assert_eq!(deceived.files()[at].id, lie);
    assert!(
        matches!(deceived.read(at), Err(Error::Unstable { .. })),
        "what is read is held against its id"
    );
    let path = fixture.path().join("repo/untracked.py");
    std::fs::write(&path, "v\n").expect("written");
    let third = repo.worktree_with(&known).expect("worktree");
    let at = third
        .files()
        .iter()
        .position(|file| file.path == b"untracked.py")
        .expect("is there");
    assert_eq!(third.read(at).expect("read"), b"v\n");
    assert_eq!(
        third.stat_cache().len(),
        known.len() - 1,
        "a file just written is not trusted to its stat data"
    );
    // Other rules of conversion make other ids.
    fixture
        .sh("cd repo && echo '*.py ident' >.gitattributes && sed -i 's/.*/$Id: x$/' untracked.py");
    assert_as_git_sees_it(&fixture, &repo, "repo");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(StatCache::from_bytes(&damaged).is_empty());
        assert!(StatCache::from_bytes(&bytes[..at]).is_empty());
    }
}

#[test]
fn a_path_longer_than_the_system_takes_at_once_is_walked_step_by_step() {
    let fixture = Fixture::new("unborn");
    fixture.sh(
        "mkdir outside && echo secret >outside/f && cd repo && ln -s ../outside link && python3 -c '
import os
for _ in range(25):
    os.mkdir(\"0\" * 200)
    os.chdir(\"0\" * 200)
os.symlink(\".\", \"loop\")
with open(\"f\", \"w\") as file:
    file.write(\"deep\\n\")
'",
    );
    let repo = fixture.repo("repo");
    let worktree = repo.worktree().expect("worktree");
    assert_eq!(worktree.unreadable(), []);
    let files = worktree.files();
    assert_eq!(files.len(), 4);
    assert_eq!(files[0].path.len(), 25 * 201 + 1);
    assert_eq!(worktree.read(0).expect("read"), b"deep\n");
    let behind = [&files[1].path, b"/f".as_slice()].concat();
    assert!(matches!(
        repo.read_worktree_file(&behind),
        Err(Error::UnsafePath { .. })
    ));
}
