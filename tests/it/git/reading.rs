//! Revisions, trees, blobs and differences of an ordinary repository.

use happy::git::{Change, Error, Head, Mode, ObjectFormat, ObjectId};

use super::fixture::Fixture;

fn paths(files: &[happy::git::TreeFile]) -> Vec<String> {
    files
        .iter()
        .map(|file| String::from_utf8_lossy(&file.path).into_owned())
        .collect()
}

#[test]
fn a_revision_resolves_as_git_resolves_it() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    for name in [
        "HEAD",
        "@",
        "main",
        "refs/heads/main",
        "v1",
        "side",
        "HEAD~1",
        "main^",
        "v1^{commit}",
    ] {
        let expected = fixture.sh(&format!("git -C repo rev-parse '{name}^{{commit}}'"));
        assert_eq!(
            repo.resolve(name).expect(name).to_string(),
            expected,
            "{name}"
        );
        let id: ObjectId = expected.parse().expect("an id");
        assert_eq!(repo.resolve(&expected).expect("full"), id);
        assert_eq!(repo.resolve(&expected[..12]).expect("short"), id);
    }
    let head = Head::Branch {
        name: "refs/heads/main".into(),
        commit: repo.resolve("main").expect("main"),
    };
    assert_eq!(repo.head().expect("head"), head);
}

#[test]
fn a_name_that_is_not_there_is_an_unknown_revision() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    for name in [
        "nope",
        "",
        "HEAD~9",
        "-n",
        "--all",
        "0000000000000000000000000000000000000000",
        "a\0b",
    ] {
        let error = repo.resolve(name).expect_err(name);
        assert!(
            matches!(error, Error::UnknownRevision { .. }),
            "{name:?}: {error:?}"
        );
    }
    let error = repo.resolve("HEAD^{tree}").expect_err("a tree");
    assert!(matches!(error, Error::WrongKind { .. }), "{error:?}");
}

#[test]
fn a_range_names_both_ends() {
    let fixture = Fixture::new("simple");
    fixture.sh("cd repo && git checkout -q side && git commit -q --allow-empty -m three && git checkout -q main");
    let repo = fixture.repo("repo");
    let at = |name: &str| repo.resolve(name).expect(name);
    let range = |text: &str| {
        repo.resolve_range(text)
            .map(|range| (range.base, range.tip))
            .expect(text)
    };
    assert_eq!(range("v1..main"), (at("v1"), at("main")));
    assert_eq!(range("v1.."), (at("v1"), at("main")));
    assert_eq!(range("side...main"), (at("v1"), at("main")));
    assert_eq!(range("main"), (at("main~1"), at("main")));
}

#[test]
fn the_files_of_a_commit_are_what_ls_tree_lists() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo/src");
    let listing = repo.files(repo.resolve("v1").expect("v1")).expect("files");
    let lines: Vec<String> = listing
        .files
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
    assert_eq!(
        lines.join("\n"),
        fixture.sh(&format!("git -C repo ls-tree -r --format='{format}' v1"))
    );
    assert!(listing.skipped.is_empty());
    assert_eq!(
        paths(&listing.files),
        ["a.py", "link", "run", "src/b.py", "src/deep/c.py"]
    );
}

#[test]
fn a_blob_is_read_by_its_id() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    let id = fixture
        .sh("git -C repo rev-parse HEAD:src/b.py")
        .parse()
        .expect("an id");
    assert_eq!(repo.blob(id).expect("blob"), b"b = 2\n");
    assert_eq!(repo.blob_header(id).expect("header"), 6);
    assert_eq!(ObjectId::of_blob(ObjectFormat::Sha1, b"b = 2\n"), Some(id));
    let commit = repo.resolve("HEAD").expect("head");
    assert!(matches!(repo.blob(commit), Err(Error::WrongKind { .. })));
}

#[test]
fn a_difference_of_trees_names_each_change_once() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    let changes = repo
        .diff_trees(
            repo.resolve("v1").expect("v1"),
            repo.resolve("main").expect("main"),
        )
        .expect("diff");
    let lines: Vec<String> = changes
        .iter()
        .map(|change| {
            let letter = match change {
                Change::Added { .. } => 'A',
                Change::Deleted { .. } => 'D',
                Change::Modified { .. } => 'M',
            };
            format!("{letter}\t{}", String::from_utf8_lossy(change.path()))
        })
        .collect();
    assert_eq!(
        lines.join("\n"),
        fixture.sh("git -C repo diff --name-status --no-renames v1 main")
    );
}

#[test]
fn a_file_that_became_a_folder_is_a_deletion_and_an_addition() {
    let fixture = Fixture::new("simple");
    fixture.sh("cd repo && git rm -q a.py && mkdir a.py && echo x >a.py/x && git add -A && git commit -qm three");
    let repo = fixture.repo("repo");
    let changes = repo
        .diff_trees(
            repo.resolve("HEAD~1").expect("old"),
            repo.resolve("HEAD").expect("new"),
        )
        .expect("diff");
    assert!(
        matches!(&changes[0], Change::Deleted { path, .. } if path == b"a.py"),
        "{changes:?}"
    );
    assert!(
        matches!(&changes[1], Change::Added { path, .. } if path == b"a.py/x"),
        "{changes:?}"
    );
    assert_eq!(changes.len(), 2);
}

#[test]
fn objects_stay_readable_while_git_repacks_them() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    let commit = repo.resolve("HEAD").expect("head");
    let files = repo.files(commit).expect("files").files;
    fixture.sh("cd repo && git gc -q --prune=now");
    assert_eq!(repo.files(commit).expect("files").files, files);
    fixture.sh("cd repo && echo m >m && git add m && git commit -qm m && git repack -adq && echo n >n && git add n && git commit -qm n");
    for file in repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("files")
        .files
    {
        assert!(repo.blob(file.id).is_ok());
    }
}

#[test]
fn many_threads_read_at_once() {
    let fixture = Fixture::new("simple");
    let repo = fixture.repo("repo");
    let files = repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("files")
        .files;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for file in files.iter().cycle().take(500) {
                    let bytes = repo.blob(file.id).expect("blob");
                    assert_eq!(ObjectId::of_blob(ObjectFormat::Sha1, &bytes), Some(file.id));
                }
            });
        }
    });
}

#[test]
fn a_repository_is_shared_between_threads_and_a_handle_is_sent() {
    fn shared<T: Send + Sync + Clone>() {}
    fn sent<T: Send>() {}
    shared::<happy::git::Repo>();
    sent::<happy::git::Objects>();
    sent::<happy::git::Worktree>();
}
