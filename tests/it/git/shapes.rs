//! Bare, shallow, sparse, linked, detached, unborn and other repositories.

use happy::git::{Error, Head, Mode, ObjectFormat, Repo};

use super::fixture::Fixture;

fn paths(repo: &Repo) -> Vec<String> {
    let worktree = repo.worktree().expect("worktree");
    worktree
        .files()
        .iter()
        .map(|file| String::from_utf8_lossy(&file.path).into_owned())
        .collect()
}

#[test]
fn every_shape_reads_the_same_commit() {
    let fixture = Fixture::new("clones");
    let head = fixture.sh("git -C repo rev-parse HEAD");
    let all = ["a.py", "link", "run", "src/b.py", "src/d.py"];
    for folder in ["repo", "bare.git", "shallow", "sparse", "sparse_index"] {
        let repo = fixture.repo(folder);
        let commit = repo.resolve("HEAD").expect(folder);
        assert_eq!(commit.to_string(), head, "{folder}");
        let files = repo.files(commit).expect(folder).files;
        assert_eq!(files.len(), all.len(), "{folder}");
        for file in files {
            assert!(repo.blob(file.id).is_ok(), "{folder}");
        }
        assert_eq!(repo.is_shallow(), folder == "shallow");
        assert_eq!(repo.is_bare(), folder == "bare.git");
        if !repo.is_bare() {
            let worktree = repo.worktree().expect(folder);
            assert!(
                worktree.is_clean_against(commit).expect("compared"),
                "{folder}"
            );
            assert_eq!(paths(&repo), all, "{folder}");
        }
    }
}

#[test]
fn a_bare_repository_has_no_working_tree() {
    let fixture = Fixture::new("linked");
    let repo = fixture.repo("bare.git/refs");
    assert_eq!(repo.work_dir(), None);
    assert_eq!(repo.happy_dir(), fixture.path().join("bare.git/happy"));
    assert!(matches!(repo.worktree(), Err(Error::NoWorkTree { .. })));
}

#[test]
fn a_bare_repository_is_refused_where_it_must_be_named() {
    let fixture = Fixture::new("linked");
    fixture.sh("mkdir home && git config -f home/.gitconfig safe.bareRepository explicit");
    let error = fixture.discover("bare.git", &[]).expect_err("refused");
    assert!(matches!(error, Error::UnsafeBare { .. }), "{error:?}");
    assert!(fixture.discover("bare.git", &[("GIT_DIR", ".")]).is_ok());
    assert!(Repo::open(&fixture.path().join("bare.git"), &fixture.environment(&[])).is_ok());
    assert!(fixture.discover("repo", &[]).is_ok());
    assert!(fixture.discover("repo/.git/refs", &[]).is_ok());
}

#[test]
fn linked_worktrees_share_one_index_folder_and_no_head() {
    let fixture = Fixture::new("linked");
    let (main, linked) = (fixture.repo("repo"), fixture.repo("linked/src"));
    assert_eq!(linked.happy_dir(), main.happy_dir());
    assert_eq!(linked.happy_dir(), fixture.path().join("repo/.git/happy"));
    assert!(linked.is_linked_worktree() && !main.is_linked_worktree());
    assert_eq!(
        linked.work_dir(),
        Some(fixture.path().join("linked").as_path())
    );
    assert_eq!(
        linked.resolve("HEAD").expect("head"),
        main.resolve("v1").expect("v1")
    );
    assert_eq!(linked.prefix(), b"src");
    assert!(paths(&linked).contains(&"src/deep/c.py".to_owned()));
    // Named by its own folder under `.git/worktrees`, it is still the linked one.
    let named = Repo::open(linked.git_dir(), &fixture.environment(&[])).expect("opens");
    assert_eq!(named.work_dir(), linked.work_dir());
}

#[test]
fn a_sparse_checkout_lacks_nothing_and_shows_what_was_edited() {
    let fixture = Fixture::new("clones");
    fixture
        .sh("test ! -e sparse/src/d.py && test ! -e sparse_index/src && echo new >sparse/src/b.py");
    let repo = fixture.repo("sparse");
    let worktree = repo.worktree().expect("worktree");
    let at = |path: &[u8]| {
        worktree
            .files()
            .iter()
            .position(|file| file.path == path)
            .expect("is there")
    };
    assert_eq!(
        worktree.read(at(b"src/d.py")).expect("from the tree"),
        b"d = 1\n"
    );
    assert_eq!(
        worktree.read(at(b"src/b.py")).expect("from the disk"),
        b"new\n"
    );
}

#[test]
fn a_detached_head_is_a_commit_and_no_branch() {
    let fixture = Fixture::new("simple");
    fixture.sh("git -C repo checkout -q --detach v1");
    let repo = fixture.repo("repo");
    assert_eq!(
        repo.head().expect("head"),
        Head::Detached {
            commit: repo.resolve("v1").expect("v1")
        }
    );
}

#[test]
fn an_unborn_branch_has_a_working_tree_and_no_commit() {
    let fixture = Fixture::new("unborn");
    let repo = fixture.repo("repo");
    assert_eq!(
        repo.head().expect("head"),
        Head::Unborn {
            name: "refs/heads/main".into()
        }
    );
    for name in ["HEAD", "@", "HEAD~1"] {
        let error = repo.resolve(name).expect_err(name);
        assert_eq!(error.to_string(), "branch `main` has no commits yet");
    }
    assert!(matches!(
        repo.resolve("other"),
        Err(Error::UnknownRevision { .. })
    ));
    assert_eq!(paths(&repo), ["x.py"]);
}

#[test]
fn a_submodule_is_one_entry_and_is_not_entered() {
    let fixture = Fixture::new("submodule");
    let repo = fixture.repo("super");
    let files = repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("files")
        .files;
    let modes: Vec<_> = files
        .iter()
        .map(|file| (file.path.as_slice(), file.mode))
        .collect();
    assert_eq!(
        modes,
        [(&b".gitmodules"[..], Mode::File), (b"sub", Mode::Submodule)]
    );
    assert_eq!(repo.worktree().expect("worktree").files(), files);
    let sub = fixture.repo("super/sub/src");
    assert_eq!(sub.resolve("HEAD").expect("head"), files[1].id);
    assert_eq!(paths(&sub), ["a.py", "link", "run", "src/b.py", "src/d.py"]);
    assert_eq!(
        sub.work_dir(),
        Some(fixture.path().join("super/sub").as_path())
    );
    assert!(sub.git_dir().ends_with("super/.git/modules/sub"));
}

#[test]
fn a_git_file_leads_to_the_repository() {
    let fixture = Fixture::new("separate");
    let repo = fixture.repo("repo");
    assert_eq!(repo.git_dir(), fixture.path().join("elsewhere"));
    assert_eq!(paths(&repo), ["y.py"]);
    for text in [
        "nonsense",
        "gitdir: nowhere",
        "gitdir: ..",
        "",
        "gitdir: /dev/null",
    ] {
        std::fs::write(fixture.path().join("repo/.git"), text).expect("written");
        let error = fixture.discover("repo", &[]).expect_err(text);
        assert!(
            matches!(error, Error::BrokenLink { .. }),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn ids_of_32_bytes_work_throughout() {
    let fixture = Fixture::new("sha256");
    let repo = fixture.repo("repo");
    assert_eq!(repo.object_format(), ObjectFormat::Sha256);
    let head = fixture.sh("git -C repo rev-parse HEAD");
    assert_eq!(repo.resolve("v1").expect("v1").to_string(), head);
    assert_eq!(repo.resolve(&head[..9]).expect("short").to_string(), head);
    let files = repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("files")
        .files;
    assert_eq!(repo.blob(files[0].id).expect("blob"), b"a = 1\n");
    assert_eq!(repo.worktree().expect("worktree").files(), files);
    std::fs::write(fixture.path().join("repo/src/a.py"), "a = 2\n").expect("written");
    assert_eq!(
        repo.worktree().expect("worktree").files()[0].id.to_string(),
        fixture.sh("git -C repo hash-object src/a.py")
    );
}

#[test]
fn references_in_a_reftable_resolve_by_the_git_program() {
    let fixture = Fixture::new("reftable");
    let repo = fixture.repo("repo");
    for name in ["HEAD", "main", "side", "v1", "HEAD~1", "@"] {
        let expected = fixture.sh(&format!("git -C repo rev-parse '{name}^{{commit}}'"));
        assert_eq!(
            repo.resolve(name).expect(name).to_string(),
            expected,
            "{name}"
        );
        assert_eq!(
            repo.resolve(&expected[..8]).expect("short").to_string(),
            expected
        );
    }
    let main = repo.resolve("main").expect("main");
    assert_eq!(
        repo.head().expect("head"),
        Head::Branch {
            name: "refs/heads/main".into(),
            commit: main
        }
    );
    assert_eq!(
        repo.resolve_range("side...main").expect("range").base,
        repo.resolve("v1").expect("v1")
    );
    assert!(
        repo.worktree()
            .expect("worktree")
            .is_clean_against(main)
            .expect("compared")
    );
    for name in ["nope", "--all", "-h", "HEAD\nmain", ""] {
        assert!(
            matches!(repo.resolve(name), Err(Error::UnknownRevision { .. })),
            "{name:?}"
        );
    }
    let unborn = fixture.repo("unborn");
    assert_eq!(
        unborn.head().expect("head"),
        Head::Unborn {
            name: "refs/heads/main".into()
        }
    );
    assert!(matches!(unborn.resolve("HEAD"), Err(Error::Unborn { .. })));
}

#[test]
fn an_absent_object_of_a_partial_clone_is_missing_and_is_not_fetched() {
    let fixture = Fixture::new("clones");
    let repo = fixture.repo("partial");
    assert!(repo.is_partial());
    let files = repo
        .files(repo.resolve("HEAD").expect("head"))
        .expect("trees are here")
        .files;
    for file in &files {
        let error = repo.blob(file.id).expect_err("not here");
        assert!(
            matches!(error, Error::MissingObject { id } if id == file.id),
            "{error:?}"
        );
    }
    let log = fixture
        .sh("git -C partial cat-file --batch-check --batch-all-objects | grep -c blob || true");
    assert_eq!(log, "0");
}
