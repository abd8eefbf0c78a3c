//! Repositories that are damaged, lie or attack.

use happy::git::{Error, SkipReason, exec::Git};

use super::fixture::Fixture;

#[test]
fn an_object_of_a_lost_alternate_is_missing() {
    let fixture = Fixture::new("broken");
    fixture.sh("mv repo gone");
    let repo = fixture.repo("borrower");
    let error = repo.resolve("HEAD").expect_err("missing");
    assert!(matches!(error, Error::MissingObject { .. }), "{error:?}");
}

#[test]
fn a_corrupt_blob_spoils_that_file_alone() {
    let fixture = Fixture::new("broken");
    let repo = fixture.repo("corrupt");
    let files = repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("files")
        .files;
    let bad: Vec<_> = files
        .iter()
        .filter(|file| repo.blob(file.id).is_err())
        .collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].path, b"src/b.py");
    let error = repo.blob(bad[0].id).expect_err("corrupt");
    assert!(
        matches!(error, Error::CorruptObject { id, .. } if id == bad[0].id),
        "{error:?}"
    );
}

#[test]
fn a_missing_folder_is_named_and_the_rest_is_listed() {
    let fixture = Fixture::new("broken");
    let repo = fixture.repo("corrupt");
    let listing = repo.files(repo.resolve("v1").expect("v1")).expect("files");
    assert_eq!(listing.files.len(), 4);
    assert_eq!(listing.skipped.len(), 1);
    assert_eq!(listing.skipped[0].path, b"src/deep");
    assert!(matches!(
        listing.skipped[0].reason,
        SkipReason::MissingTree(_)
    ));
}

#[test]
fn names_that_no_checkout_may_write_are_left_out_with_the_reason() {
    let fixture = Fixture::new("hostile_tree");
    let repo = fixture.repo("repo");
    let listing = repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("files");
    let kept: Vec<&[u8]> = listing
        .files
        .iter()
        .map(|file| file.path.as_slice())
        .collect();
    assert_eq!(kept, [b".gitignore".as_slice(), b"a", b"good.py"]);
    let unsafe_names = listing
        .skipped
        .iter()
        .filter(|skipped| skipped.reason == SkipReason::UnsafeName);
    assert_eq!(unsafe_names.count(), 8);
    let twice: Vec<_> = listing
        .skipped
        .iter()
        .filter(|skipped| skipped.reason == SkipReason::Duplicate)
        .collect();
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].path, b"a");
}

#[test]
fn a_tree_that_claims_more_than_there_can_be_is_refused() {
    let fixture = Fixture::new("bombs");
    let repo = fixture.repo("repo");
    let error = repo
        .files(repo.resolve("wide").expect("wide"))
        .expect_err("ten million files");
    assert!(error.to_string().contains("claims more than"), "{error}");
    let error = repo.diff_trees(
        repo.resolve("small").expect("small"),
        repo.resolve("wide").expect("wide"),
    );
    assert!(
        error
            .expect_err("ten million changes")
            .to_string()
            .contains("claims more than")
    );
    let listing = repo
        .files(repo.resolve("deep").expect("deep"))
        .expect("the rest is listed");
    assert_eq!(listing.files.len(), 1);
    assert_eq!(listing.files[0].path, b"top");
    assert_eq!(listing.skipped.len(), 1);
    assert_eq!(listing.skipped[0].reason, SkipReason::TooDeep);
}

#[test]
fn a_damaged_index_is_an_error_at_every_byte_and_never_a_panic() {
    let fixture = Fixture::new("simple");
    let path = fixture.path().join("repo/.git/index");
    let intact = std::fs::read(&path).expect("the index");
    let repo = fixture.repo("repo");
    let expected = repo.worktree().expect("worktree").id();
    for at in 0..intact.len() {
        let mut bytes = intact.clone();
        bytes[at] ^= 0x41;
        std::fs::write(&path, &bytes).expect("written");
        let error = repo.worktree().err().expect("a flipped byte is noticed");
        assert!(
            matches!(error, Error::CorruptIndex { .. }),
            "byte {at}: {error:?}"
        );
        std::fs::write(&path, &intact[..at]).expect("written");
        let error = repo.worktree().err().expect("a lost end is noticed");
        assert!(
            matches!(error, Error::CorruptIndex { .. }),
            "length {at}: {error:?}"
        );
    }
    assert!(
        repo.resolve("HEAD").is_ok(),
        "commits do not need the index"
    );
    std::fs::write(&path, &intact).expect("written");
    assert_eq!(repo.worktree().expect("worktree").id(), expected);
}

#[test]
fn an_index_without_a_checksum_is_read_with_care() {
    let fixture = Fixture::new("simple");
    let path = fixture.path().join("repo/.git/index");
    fixture.sh("cd repo && git config index.skipHash true && git read-tree HEAD && git update-index --refresh -q");
    let intact = std::fs::read(&path).expect("the index");
    assert!(intact.ends_with(&[0; 20]), "no checksum protects it");
    let repo = fixture.repo("repo");
    for at in 0..intact.len() {
        for flip in [0x01, 0x82] {
            let mut bytes = intact.clone();
            bytes[at] ^= flip;
            std::fs::write(&path, &bytes).expect("written");
            match repo.worktree() {
                Ok(worktree) => assert!(worktree.files().is_sorted_by(|a, b| a.path < b.path)),
                Err(error) => assert!(
                    matches!(error, Error::CorruptIndex { .. }),
                    "byte {at}: {error:?}"
                ),
            }
        }
    }
}

#[test]
fn an_index_cannot_name_what_lies_outside_or_in_the_repository_itself() {
    let fixture = Fixture::new("simple");
    fixture.sh(
        "echo secret >x && cd repo && mkdir -p aa && echo 1 >aa/x && echo 2 >zgit && git config index.skipHash true \
         && git add -A && mkdir -p zgit.d && git commit -qm three",
    );
    let path = fixture.path().join("repo/.git/index");
    let mut bytes = std::fs::read(&path).expect("the index");
    for (from, to) in [(b"aa/x".as_slice(), b"../x".as_slice()), (b"zgit", b".git")] {
        let at = bytes
            .windows(from.len())
            .position(|window| window == from)
            .expect("the name is there");
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    std::fs::write(&path, &bytes).expect("written");
    let worktree = fixture.repo("repo").worktree().expect("worktree");
    let outside = |path: &[u8]| {
        path.split(|byte| *byte == b'/')
            .any(|part| matches!(part, b".." | b".git"))
    };
    assert!(worktree.files().iter().all(|file| !outside(&file.path)));
    assert!(
        worktree.files().iter().any(|file| file.path == b"aa/x"),
        "what lies there is seen all the same"
    );
}

#[test]
fn a_damaged_pack_spoils_objects_and_never_panics() {
    let fixture = Fixture::new("simple");
    fixture.sh("cd repo && git gc -q && chmod u+w .git/objects/pack/*");
    let head = fixture
        .sh("git -C repo rev-parse HEAD")
        .parse()
        .expect("an id");
    for suffix in ["pack", "idx"] {
        let path = fixture
            .path()
            .join("repo")
            .join(fixture.sh(&format!("cd repo && ls .git/objects/pack/*.{suffix}")));
        let intact = std::fs::read(&path).expect("the file");
        let mut spoilt = 0;
        for at in (0..intact.len()).step_by(3) {
            let mut bytes = intact.clone();
            bytes[at] ^= 0x55;
            std::fs::write(&path, &bytes).expect("written");
            let repo = fixture.repo("repo");
            let Ok(listing) = repo.files(head) else {
                spoilt += 1;
                continue;
            };
            let bad = listing
                .files
                .iter()
                .filter(|file| repo.blob(file.id).is_err())
                .count();
            spoilt += bad + listing.skipped.len();
        }
        assert!(spoilt > 0, "{suffix}: damage is noticed");
        std::fs::write(&path, &intact).expect("written");
    }
    assert_eq!(
        fixture.repo("repo").files(head).expect("files").files.len(),
        5
    );
}

#[test]
fn nothing_that_the_configuration_names_is_executed() {
    let fixture = Fixture::new("hostile_config");
    fixture.sh("rm -rf canary/* && cd repo && touch -d @1600000000 a.py b.md && echo new >new.py");
    let canary = || fixture.sh("ls canary");
    let repo = fixture.repo("repo");
    let head = repo.resolve("HEAD").expect("head");
    repo.resolve("HEAD~9").expect_err("unknown");
    repo.worktree()
        .expect("worktree")
        .is_clean_against(head)
        .expect("compared");
    assert_eq!(canary(), "", "reading");

    let patch = b"--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
    let index = fixture.path().join("temporary-index");
    let run = |args: &[&str]| {
        Git::new(&repo)
            .args(args)
            .index(&index)
            .stdin(patch)
            .output()
            .expect("git runs")
    };
    assert!(run(&["read-tree", "HEAD"]).success());
    assert!(run(&["status", "--porcelain"]).success());
    assert!(run(&["apply", "--cached", "-"]).success());
    assert!(run(&["apply", "-"]).success());
    assert!(run(&["add", "a.py", "b.md", "new.py"]).success());
    assert!(run(&["diff", "HEAD"]).success());
    assert!(run(&["log", "-p", "--stat"]).success());
    assert!(run(&["show", "HEAD"]).success());
    assert!(run(&["apply", "--3way", "-R", "-"]).success());
    assert!(run(&["checkout-index", "-f", "-a"]).success());
    assert!(run(&["update-ref", "refs/heads/other", "HEAD"]).success());
    assert!(run(&["hash-object", "-w", "b.md"]).success());
    run(&["commit", "-m", "x"]);
    run(&["fetch", "origin"]);
    run(&["cat-file", "-p", "1234567890123456789012345678901234567890"]);
    run(&["gc", "--auto"]);
    assert_eq!(canary(), "", "running git");
}

#[test]
fn the_canary_sings_when_git_runs_unguarded() {
    let fixture = Fixture::new("hostile_config");
    fixture.sh("rm -rf canary/* && cd repo && echo new >>a.py && { git add a.py >/dev/null 2>&1 || true; }");
    assert!(
        fixture.sh("ls canary").contains("clean"),
        "the fixture's traps are armed"
    );
}

#[test]
fn an_extension_that_is_not_known_is_refused() {
    let fixture = Fixture::new("simple");
    let refused = |key: &str, value: &str, version: &str| {
        fixture.sh(&format!(
            "cd repo/.git && cp config saved && git config -f config core.repositoryFormatVersion {version} \
             && git config -f config {key} {value}"
        ));
        let result = fixture.discover("repo", &[]);
        fixture.sh("cd repo/.git && mv saved config");
        result.err().map(|error| error.to_string())
    };
    let message = "repository uses extension `foo`, which is not known here";
    assert_eq!(
        refused("extensions.foo", "1", "1").as_deref(),
        Some(message)
    );
    assert!(refused("extensions.objectFormat", "md5", "1").is_some());
    assert!(refused("extensions.refStorage", "sql", "1").is_some());
    assert!(
        refused("extensions.refStorage", "reftable", "0").is_some(),
        "needs version 1"
    );
    assert!(refused("core.bare", "false", "2").is_some_and(|text| text.contains("version 2")));
    assert_eq!(refused("extensions.noop", "1", "1"), None);
    assert_eq!(
        refused("extensions.foo", "1", "0"),
        None,
        "version 0 ignores what it does not know, as Git does"
    );
}

#[test]
fn a_broken_configuration_is_an_error_that_names_the_file() {
    let fixture = Fixture::new("simple");
    for text in [
        "[core\n",
        "[core]\nbare = maybe\n",
        "[core]\nrepositoryformatversion = x\n",
        "\0\0",
    ] {
        std::fs::write(fixture.path().join("repo/.git/config"), text).expect("written");
        let error = fixture.discover("repo", &[]).expect_err(text);
        assert!(
            matches!(&error, Error::Config { path, .. } if path.ends_with("config")),
            "{text:?}: {error:?}"
        );
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn a_repository_of_somebody_else_is_refused_unless_listed_safe() {
    let fixture = Fixture::new("simple");
    if fixture.sh("id -u") != "0" {
        eprintln!("skipped: only root can give a folder to somebody else");
        return;
    }
    for part in ["repo", "repo/.git"] {
        fixture.sh(&format!("chown 12345 {part}"));
        let error = fixture.discover("repo/src", &[]).expect_err("refused");
        assert!(
            matches!(
                error,
                Error::ForeignOwner {
                    owner: 12345,
                    user: 0,
                    ..
                }
            ),
            "{part}: {error:?}"
        );
        assert!(
            fixture
                .discover("repo/src", &[("SUDO_UID", "12345")])
                .is_ok()
        );
        assert!(
            fixture
                .discover("repo/src", &[("SUDO_UID", "12346")])
                .is_err()
        );
        fixture.sh(&format!("chown 0 {part}"));
    }
    fixture.sh("chown 12345 repo && mkdir home");
    let root = fixture.path();
    let listed = |values: &[&str]| {
        fixture.sh("rm -f home/.gitconfig");
        for value in values {
            fixture.sh(&format!(
                "git config -f home/.gitconfig --add safe.directory '{value}'"
            ));
        }
        fixture.discover("repo", &[]).is_ok()
    };
    let own = root.join("repo").display().to_string();
    assert!(listed(&[&own]));
    assert!(listed(&["*"]));
    assert!(listed(&[&format!("{}/*", root.display())]));
    assert!(listed(&["~/../repo"]));
    assert!(
        !listed(&["*", ""]),
        "an empty value takes back those before it"
    );
    assert!(!listed(&[&root.display().to_string()]));
    fixture.sh("rm home/.gitconfig && git -C repo config safe.directory '*' || git config -f repo/.git/config safe.directory '*'");
    assert!(
        fixture.discover("repo", &[]).is_err(),
        "the repository itself cannot say that it is safe"
    );
    let named = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
    ];
    assert!(fixture.discover("repo", &named).is_ok());
}
