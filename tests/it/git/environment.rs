//! The variables that Git sets for its hooks, and where a search ends.

use happy::git::{Error, Repo};

use super::fixture::Fixture;

#[test]
fn outside_a_repository_the_error_says_how_far_the_search_went() {
    let fixture = Fixture::new("simple");
    fixture.sh("mkdir -p plain/deep");
    let ceiling = fixture.path().display().to_string();
    let error = fixture
        .discover("plain/deep", &[("GIT_CEILING_DIRECTORIES", &ceiling)])
        .expect_err("none here");
    let expected = format!(
        "not a git repository (or any parent up to {ceiling}/plain): `{ceiling}/plain/deep`"
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_ceiling_stops_the_search_below_it_but_not_at_the_start() {
    let fixture = Fixture::new("simple");
    let repo = fixture.path().join("repo").display().to_string();
    let ceiling = [("GIT_CEILING_DIRECTORIES", repo.as_str())];
    assert!(matches!(
        fixture.discover("repo/src", &ceiling),
        Err(Error::NotARepository { .. })
    ));
    assert!(fixture.discover("repo", &ceiling).is_ok());
}

#[test]
fn a_hook_finds_the_repository_it_runs_for() {
    let fixture = Fixture::new("linked");
    // Each hook writes down the variables and the folder it was given.
    for hook in ["pre-commit", "post-commit", "post-checkout"] {
        fixture.sh(&format!(
            "printf '#!/bin/sh\\npwd >\"{0}/{hook}.pwd\"\\nenv | grep ^GIT_ >\"{0}/{hook}.env\"\\n' >repo/.git/hooks/{hook} \
             && chmod +x repo/.git/hooks/{hook}",
            fixture.path().display()
        ));
    }
    for folder in ["repo", "linked"] {
        fixture.sh(&format!(
            "cd {folder}/src && echo z >>b.py && git commit -qam hooked && git checkout -q --detach HEAD~0"
        ));
        for hook in ["pre-commit", "post-commit", "post-checkout"] {
            let vars = fixture.sh(&format!("cat {hook}.env"));
            let vars: Vec<(&str, &str)> = vars
                .lines()
                .filter_map(|line| line.split_once('='))
                .collect();
            let pwd = fixture.sh(&format!("cat {hook}.pwd"));
            let relative = pwd
                .strip_prefix(&format!("{}/", fixture.path().display()))
                .expect("below")
                .to_owned();
            let repo = fixture.discover(&relative, &vars).expect(hook);
            assert_eq!(
                repo.work_dir(),
                Some(fixture.path().join(folder).as_path()),
                "{hook} in {folder}: {vars:?}"
            );
            assert_eq!(
                repo.happy_dir(),
                fixture.path().join("repo/.git/happy"),
                "{hook} in {folder}"
            );
            let worktree = repo.worktree().expect("worktree");
            assert!(
                worktree
                    .is_clean_against(repo.resolve("HEAD").expect("head"))
                    .expect("compared")
            );
        }
    }
}

#[test]
fn objects_in_quarantine_are_read_before_the_push_is_accepted() {
    let fixture = Fixture::new("linked");
    fixture.sh(&format!(
        "printf '#!/bin/sh\\ncat >\"{0}/refs\"; env | grep ^GIT_ >\"{0}/env\"; cp -r \"$GIT_OBJECT_DIRECTORY\" \"{0}/quarantine\"; exit 1\\n' \
         >bare.git/hooks/pre-receive && chmod +x bare.git/hooks/pre-receive \
         && cd repo && git commit -q --allow-empty -m pushed && {{ git push -q ../bare.git main 2>/dev/null || true; }}",
        fixture.path().display()
    ));
    let vars = fixture.sh("cat env");
    let given = |name: &str| {
        vars.lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
            .expect("Git sets it")
            .to_owned()
    };
    let (quarantine, alternates) = (
        fixture.path().join("quarantine"),
        given("GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    );
    let quarantine = quarantine.display().to_string();
    let environment = [
        ("GIT_DIR", "."),
        ("GIT_OBJECT_DIRECTORY", quarantine.as_str()),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates.as_str()),
    ];
    let repo = fixture.discover("bare.git", &environment).expect("opens");
    let pushed = fixture.sh("cut -d' ' -f2 refs");
    let commit = repo.resolve(&pushed).expect("in quarantine");
    assert_eq!(repo.files(commit).expect("files").files.len(), 5);
    assert_eq!(repo.resolve(&pushed[..10]).expect("short"), commit);
    assert_eq!(
        repo.resolve("main").expect("the old one"),
        fixture.repo("bare.git").resolve("HEAD").expect("head")
    );
    let other = fixture.path().join("repo");
    let hook = fixture.environment(&environment);
    assert_eq!(
        Repo::discover(&other, &hook.without_repository())
            .expect("another")
            .work_dir(),
        Some(other.as_path())
    );
    assert!(matches!(
        fixture.repo("bare.git").resolve(&pushed),
        Err(Error::UnknownRevision { .. })
    ));
}

#[test]
fn git_dir_and_git_work_tree_are_taken_at_their_word() {
    let fixture = Fixture::new("simple");
    fixture.sh("mkdir other && echo o >other/o.py && cp repo/.git/index spare");
    let (git_dir, tree) = (
        fixture.path().join("repo/.git"),
        fixture.path().join("other"),
    );
    let (git_dir, tree) = (git_dir.display().to_string(), tree.display().to_string());
    let repo = fixture
        .discover("other", &[("GIT_DIR", &git_dir), ("GIT_WORK_TREE", &tree)])
        .expect("opens");
    assert_eq!(repo.worktree().expect("worktree").files().len(), 1);
    let repo = fixture
        .discover("other", &[("GIT_DIR", &git_dir)])
        .expect("opens");
    assert_eq!(repo.work_dir(), Some(fixture.path().join("repo").as_path()));
    let index = fixture.path().join("spare").display().to_string();
    assert_eq!(
        fixture
            .discover("repo", &[("GIT_INDEX_FILE", &index)])
            .expect("opens")
            .index_path(),
        fixture.path().join("spare")
    );
    assert!(matches!(
        fixture.discover("repo", &[("GIT_DIR", "/nowhere")]),
        Err(Error::BrokenLink { .. })
    ));
}

#[test]
fn an_alias_run_at_the_root_says_where_the_caller_stood() {
    let fixture = Fixture::new("simple");
    assert_eq!(
        fixture
            .discover("repo", &[("GIT_PREFIX", "src/")])
            .expect("opens")
            .prefix(),
        b"src"
    );
    assert_eq!(
        fixture
            .discover("repo/src", &[("GIT_PREFIX", "")])
            .expect("opens")
            .prefix(),
        b"src"
    );
    assert_eq!(
        fixture
            .discover("repo", &[("GIT_PREFIX", "../..")])
            .expect("opens")
            .prefix(),
        b""
    );
}

#[test]
fn a_repository_cannot_pass_its_settings_for_the_users() {
    let fixture = Fixture::new("simple");
    fixture.sh(
        "mkdir home && git config -f home/.gitconfig happy.maxFileSize 1 && git config -f home/.gitconfig happy.a u \
         && git -C repo config happy.maxFileSize 2 && git -C repo config happy.indexDir /tmp/evil",
    );
    let repo = fixture.repo("repo");
    assert_eq!(repo.setting("maxFileSize").as_deref(), Some("2"));
    assert_eq!(repo.user_setting("maxFileSize").as_deref(), Some("1"));
    assert_eq!(repo.setting("a").as_deref(), Some("u"));
    assert_eq!(repo.user_setting("indexDir"), None);
}
