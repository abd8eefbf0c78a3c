//! Paths, modes and links that lead elsewhere: refused, with nothing touched.

use std::os::unix::fs::symlink;

use happy::patch::{
    Applier, Danger, Obstacle, Options, PatchError, PathFault, Plan, RepoPath, Tolerated, Worktree,
};

use super::support::{file, on_disk, path, plan, plan_with, tree};

const PATHS: &[(&str, PathFault)] = &[
    ("", PathFault::Empty),
    ("a//b", PathFault::Empty),
    ("a/", PathFault::Empty),
    ("/etc/passwd", PathFault::Absolute),
    ("\\windows\\x", PathFault::Absolute),
    ("C:/x", PathFault::Absolute),
    ("c:\\x", PathFault::Absolute),
    ("..", PathFault::Dots),
    ("../x", PathFault::Dots),
    ("a/../../x", PathFault::Dots),
    ("a/..", PathFault::Dots),
    ("./a", PathFault::Dots),
    ("a\\..\\..\\x", PathFault::Dots),
    (".git", PathFault::DotGit),
    (".git/hooks/pre-commit", PathFault::DotGit),
    (".GIT/config", PathFault::DotGit),
    (".Git/config", PathFault::DotGit),
    ("sub/.git/config", PathFault::DotGit),
    ("git~1/config", PathFault::DotGit),
    ("GIT~1", PathFault::DotGit),
    (".git /config", PathFault::DotGit),
    (".git./config", PathFault::DotGit),
    (".git. . /config", PathFault::DotGit),
    (".git::$INDEX_ALLOCATION/config", PathFault::DotGit),
    (".git:x", PathFault::DotGit),
    ("a\\.git\\config", PathFault::DotGit),
    (".g\u{200c}it/config", PathFault::DotGit),
    (".\u{feff}git/config", PathFault::DotGit),
    ("a\0b", PathFault::Nul),
    ("src/\u{202e}yp.a", PathFault::Hidden),
    ("a\u{e0041}b", PathFault::Hidden),
];

/// The same change of a path in every form that can write the path.
fn inputs(name: &str) -> Vec<String> {
    let json = serde_json::to_string(name).expect("a string is JSON");
    let mut inputs = vec![
        format!("{{\"type\":\"create\",\"path\":{json},\"content\":\"x\\n\"}}\n"),
        format!("{{\"type\":\"delete\",\"path\":{json}}}\n"),
        format!("{{\"type\":\"mode\",\"path\":{json},\"mode\":\"755\"}}\n"),
        format!("{{\"type\":\"edit\",\"path\":{json},\"search\":\"a\",\"replace\":\"b\"}}\n"),
        format!("{{\"type\":\"rename\",\"path\":{json},\"to\":\"fine\"}}\n"),
        format!("{{\"type\":\"rename\",\"path\":\"ok\",\"to\":{json}}}\n"),
    ];
    if !name.is_empty() && !name.contains('\0') && name.trim() == name {
        inputs.push(format!(
            "*** Begin Patch\n*** Add File: {name}\n+x\n*** End Patch\n"
        ));
        inputs.push(format!(
            "*** Begin Patch\n*** Update File: ok\n*** Move to: {name}\n*** End Patch\n"
        ));
        inputs.push(format!(
            "`{name}`\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n"
        ));
        if !name.ends_with('/') {
            inputs.push(format!("--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"));
            inputs.push(format!(
                "diff --git a/ok b/{name}\nsimilarity index 100%\nrename from ok\nrename to {name}\n"
            ));
            inputs.push(format!(
                "diff --git a/ok b/{name}\nsimilarity index 100%\ncopy from ok\ncopy to {name}\n"
            ));
        }
    }
    inputs
}

fn dangers(result: Result<Plan, PatchError>) -> Vec<Danger> {
    match result {
        Err(PatchError::Refused(all)) => all.into_iter().map(|refusal| refusal.danger).collect(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn a_path_that_leads_elsewhere_is_refused_in_every_form() {
    let base = tree(&[("ok", "a\n")]);
    for (name, fault) in PATHS {
        assert_eq!(RepoPath::new(name.as_bytes()), Err(*fault), "{name:?}");
        for input in inputs(name) {
            assert_eq!(
                dangers(plan(&base, &input)),
                [Danger::Path(*fault)],
                "{input}"
            );
        }
    }
}

#[test]
fn names_that_only_look_dangerous_are_taken() {
    let names: &[&[u8]] = &[
        b".gitignore",
        b"..a",
        b"a..b",
        b"git~2x",
        b".github/x",
        b"with space",
        b"ends in space ",
        b"tab\there",
        b"new\nline",
        b"quote\"",
        b"caf\xe9",
        b"-rf",
        b"a:b",
        b"x/git",
        b"nul",
        b"...",
        b"back\\slash",
    ];
    for name in names {
        assert!(RepoPath::new(name).is_ok(), "{}", name.escape_ascii());
    }
    assert_eq!(RepoPath::new(&[b'a'; 5000]), Err(PathFault::TooLong));
}

#[test]
fn one_dangerous_edit_refuses_the_whole_patch() {
    let base = tree(&[("ok", "a\n")]);
    let input = "{\"type\":\"edit\",\"path\":\"ok\",\"search\":\"a\",\"replace\":\"b\"}\n{\"type\":\"create\",\"path\":\"../x\",\"content\":\"\"}\n";
    assert_eq!(dangers(plan(&base, input)), [Danger::Path(PathFault::Dots)]);
}

#[test]
fn modes_of_links_submodules_and_setuid_are_refused() {
    let base = tree(&[("ok", "a\n")]);
    for mode in [
        "120000", "160000", "104755", "102755", "101755", "040000", "020666", "4755",
    ] {
        let bits = u32::from_str_radix(mode, 8).expect("octal");
        let bits = if bits <= 0o7777 {
            bits | 0o100_000
        } else {
            bits
        };
        let mut inputs = vec![
            format!(
                "{{\"type\":\"create\",\"path\":\"new\",\"content\":\"ok\",\"mode\":\"{mode}\"}}\n"
            ),
            format!("{{\"type\":\"mode\",\"path\":\"ok\",\"mode\":\"{mode}\"}}\n"),
        ];
        if mode.len() == 6 {
            inputs.push(format!("diff --git a/l b/l\nnew file mode {mode}\nindex 0000000..1111111\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n"));
            inputs.push(format!(
                "diff --git a/ok b/ok\nold mode 100644\nnew mode {mode}\n"
            ));
            inputs.push(format!("diff --git a/ok b/ok\nindex 0000000..1111111 {mode}\n--- a/ok\n+++ b/ok\n@@ -1 +1 @@\n-a\n+b\n"));
            inputs.push(format!("diff --git a/ok b/ok\ndeleted file mode {mode}\n--- a/ok\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"));
        }
        for input in inputs {
            assert_eq!(
                dangers(plan(&base, &input)),
                [Danger::Mode(bits)],
                "{input}"
            );
        }
    }
}

#[test]
fn hooks_ci_and_lockfiles_need_to_be_allowed() {
    let protected = [
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/ci.yml",
        ".gitlab-ci.yml",
        ".husky/pre-commit",
        ".pre-commit-config.yaml",
        ".gitmodules",
        ".gitattributes",
        "sub/.gitattributes",
        "Cargo.lock",
        "web/package-lock.json",
        "go.sum",
        "Jenkinsfile",
        ".circleci/config.yml",
        "uv.lock",
    ];
    for name in protected {
        for input in inputs(name) {
            assert_eq!(
                dangers(plan(&tree(&[("ok", "a\n")]), &input)),
                [Danger::Protected],
                "{input}"
            );
        }
        let options = Options {
            allow: vec![name.into()],
            ..Options::default()
        };
        let create = &inputs(name)[0];
        assert!(
            plan_with(&tree(&[]), create.as_bytes(), &options).is_ok(),
            "{name}"
        );
    }
    let options = Options {
        allow: vec!["*.lock".into()],
        ..Options::default()
    };
    let create = |name: &str| inputs(name)[0].clone().into_bytes();
    assert!(plan_with(&tree(&[]), &create("Cargo.lock"), &options).is_ok());
    assert!(
        plan_with(&tree(&[]), &create("sub/Cargo.lock"), &options).is_err(),
        "`*` stops at `/`"
    );
    assert!(plan_with(&tree(&[]), &create("go.sum"), &options).is_err());
    let broken = Options {
        allow: vec!["[".into()],
        ..Options::default()
    };
    assert!(matches!(
        plan_with(&tree(&[]), &create("x"), &broken),
        Err(PatchError::Pattern(_))
    ));
}

#[test]
fn allowing_a_pattern_never_allows_a_dangerous_path() {
    let options = Options {
        allow: vec!["**".into()],
        ..Options::default()
    };
    let input = &inputs(".git/hooks/pre-commit")[0];
    assert_eq!(
        dangers(plan_with(&tree(&[]), input.as_bytes(), &options)),
        [Danger::Path(PathFault::DotGit)]
    );
}

#[test]
fn obstacles_in_the_base_are_refused() {
    for by in [Obstacle::Symlink, Obstacle::Repository, Obstacle::Special] {
        let mut base = tree(&[("ok", "a\n")]);
        base.insert_obstacle(path("x"), by);
        for name in ["x", "x/inner", "x/deep/inner"] {
            for input in inputs(name) {
                assert_eq!(
                    dangers(plan(&base, &input)),
                    [Danger::Through { at: path("x"), by }],
                    "{input}"
                );
            }
        }
    }
}

/// A worktree with links out of it, and a folder outside that holds a canary.
struct Trap {
    home: tempfile::TempDir,
}

impl Trap {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        for folder in ["work/dir", "outside", "happy", "work/nested/.git"] {
            std::fs::create_dir_all(home.path().join(folder)).expect("made");
        }
        std::fs::write(home.path().join("outside/canary"), "a\n").expect("written");
        std::fs::write(home.path().join("work/ok"), "a\n").expect("written");
        std::fs::write(home.path().join("work/nested/x"), "a\n").expect("written");
        symlink(
            home.path().join("outside"),
            home.path().join("work/linkdir"),
        )
        .expect("linked");
        symlink(
            home.path().join("outside/canary"),
            home.path().join("work/linkfile"),
        )
        .expect("linked");
        symlink("nowhere", home.path().join("work/dangling")).expect("linked");
        symlink("loop", home.path().join("work/loop")).expect("linked");
        Self { home }
    }

    fn worktree(&self) -> Worktree {
        Worktree::new(self.home.path().join("work"), false)
    }

    fn plan(&self, input: &str) -> Result<Plan, PatchError> {
        let worktree = self.worktree();
        let context = happy::patch::Context {
            base: &worktree,
            current: None,
            symbols: &happy::patch::NoSymbols,
            syntax: None,
        };
        Plan::new(
            &happy::patch::parse(input.as_bytes())?,
            &context,
            &Options::default(),
        )
    }
}

#[test]
fn links_on_disk_are_never_written_through() {
    let trap = Trap::new();
    let before = on_disk(trap.home.path());
    let cases = [
        ("linkdir/new", "linkdir", Obstacle::Symlink),
        ("linkdir/canary", "linkdir", Obstacle::Symlink),
        ("linkfile", "linkfile", Obstacle::Symlink),
        ("dangling", "dangling", Obstacle::Symlink),
        ("dangling/x", "dangling", Obstacle::Symlink),
        ("loop", "loop", Obstacle::Symlink),
        ("loop/x", "loop", Obstacle::Symlink),
        ("nested/x", "nested", Obstacle::Repository),
        ("nested/new/deep", "nested", Obstacle::Repository),
    ];
    for (name, at, by) in cases {
        for input in inputs(name) {
            assert_eq!(
                dangers(trap.plan(&input)),
                [Danger::Through { at: path(at), by }],
                "{input}"
            );
        }
    }
    assert_eq!(on_disk(trap.home.path()), before);
}

#[test]
fn git_itself_refuses_what_passes_a_link() {
    let mut clear = tree(&[]);
    clear.insert(path("ok"), file(b"a\n"));
    let input = "{\"type\":\"create\",\"path\":\"link/x\",\"content\":\"x\\n\"}\n";
    let planned = plan(&clear, input).expect("nothing is in the way yet");
    let scratch = tempfile::tempdir().expect("a folder");
    let check = super::support::git_check();
    check
        .verify(&planned, &clear, scratch.path())
        .expect("Git takes it without the link");
    clear.insert_obstacle(path("link"), Obstacle::Symlink);
    let error = check
        .verify(&planned, &clear, scratch.path())
        .expect_err("Git refuses");
    assert!(
        matches!(&error, PatchError::Git(message) if message.contains("link")),
        "{error}"
    );
}

#[test]
fn a_folder_swapped_for_a_link_after_planning_is_not_followed() {
    let trap = Trap::new();
    let planned = trap
        .plan("{\"type\":\"create\",\"path\":\"dir/x\",\"content\":\"x\\n\"}\n{\"type\":\"edit\",\"path\":\"ok\",\"search\":\"a\",\"replace\":\"b\"}\n")
        .expect("it plans");
    let work = trap.home.path().join("work");
    std::fs::remove_dir(work.join("dir")).expect("removed");
    symlink(trap.home.path().join("outside"), work.join("dir")).expect("linked");
    let before = on_disk(&work);
    let applier = Applier::new(trap.worktree(), &trap.home.path().join("happy"));
    let error = applier.apply(&planned).expect_err("refused");
    assert!(matches!(error, PatchError::Refused(_)), "{error}");
    assert_eq!(on_disk(&work), before);
    assert_eq!(applier.unfinished().expect("readable"), None);
    let outside: Vec<_> = on_disk(&trap.home.path().join("outside"))
        .into_keys()
        .collect();
    assert_eq!(outside, ["canary"]);
}

#[test]
fn a_file_swapped_for_a_link_after_planning_is_not_followed() {
    let trap = Trap::new();
    let planned = trap
        .plan("{\"type\":\"edit\",\"path\":\"ok\",\"search\":\"a\",\"replace\":\"b\"}\n")
        .expect("it plans");
    let work = trap.home.path().join("work");
    std::fs::remove_file(work.join("ok")).expect("removed");
    symlink(trap.home.path().join("outside/canary"), work.join("ok")).expect("linked");
    let applier = Applier::new(trap.worktree(), &trap.home.path().join("happy"));
    assert!(applier.apply(&planned).is_err());
    assert_eq!(
        std::fs::read(trap.home.path().join("outside/canary")).expect("read"),
        b"a\n"
    );
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let trap = Trap::new();
    let fifo = trap.home.path().join("work/pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("a pipe is made");
    let input = "{\"type\":\"edit\",\"path\":\"pipe\",\"search\":\"a\",\"replace\":\"b\"}\n";
    assert_eq!(
        dangers(trap.plan(input)),
        [Danger::Through {
            at: path("pipe"),
            by: Obstacle::Special
        }]
    );
}

#[test]
fn names_that_differ_in_case_are_noted_or_refused() {
    let input = "{\"type\":\"create\",\"path\":\"src/foo.py\",\"content\":\"x\\n\"}\n";
    let base = tree(&[("src/Foo.py", "a\n")]);
    let planned = plan(&base, input).expect("it applies here");
    assert_eq!(
        planned.notes[0].what,
        Tolerated::CaseTwin(path("src/Foo.py"))
    );
    let folder = plan(&tree(&[("SRC/x", "a\n")]), input).expect("it applies here");
    assert_eq!(folder.notes[0].what, Tolerated::CaseTwin(path("SRC")));
    let two = "{\"type\":\"create\",\"path\":\"A\",\"content\":\"\"}\n{\"type\":\"create\",\"path\":\"a\",\"content\":\"\"}\n";
    let planned = plan(&tree(&[]), two).expect("it applies here");
    assert_eq!(planned.notes[0].what, Tolerated::CaseTwin(path("A")));
    let rename = "{\"type\":\"rename\",\"path\":\"src/Foo.py\",\"to\":\"src/foo.py\"}\n";
    assert_eq!(plan(&base, rename).expect("it applies").notes, []);

    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join("src")).expect("made");
    std::fs::write(home.path().join("src/Foo.py"), "a\n").expect("written");
    let worktree = Worktree::new(home.path(), true);
    let context = happy::patch::Context {
        base: &worktree,
        current: None,
        symbols: &happy::patch::NoSymbols,
        syntax: None,
    };
    let edits = happy::patch::parse(input.as_bytes()).expect("it parses");
    let result = Plan::new(&edits, &context, &Options::default());
    assert_eq!(dangers(result), [Danger::CaseTwin(path("src/Foo.py"))]);
}

#[test]
fn lines_that_read_otherwise_than_they_run_are_refused() {
    let trojan = "if access != \"user\u{202e} \u{2066}// only admins\u{2069} \u{2066}\" {\n";
    let tag = "# fine\u{e0072}\u{e006d}\n";
    let base = tree(&[("ok", "a\n"), ("known", trojan)]);
    for (text, letter) in [(trojan, '\u{202e}'), (tag, '\u{e0072}')] {
        let json = serde_json::to_string(text).expect("JSON");
        let create = format!("{{\"type\":\"create\",\"path\":\"new\",\"content\":{json}}}\n");
        let edit = format!("ok\n<<<<<<< SEARCH\na\n=======\na\n{text}>>>>>>> REPLACE\n");
        for (input, line) in [(create, 1), (edit, 2)] {
            let refused = dangers(plan(&base, &input));
            assert_eq!(refused, [Danger::Hidden { line, letter }], "{input:?}");
            let options = Options {
                allow: vec!["*".into()],
                ..Options::default()
            };
            assert!(plan_with(&base, input.as_bytes(), &options).is_ok());
        }
    }
    // What was there before is nobody's doing now.
    let beside = "*** Begin Patch\n*** Update File: known\n@@\n+fine\n*** End Patch\n";
    assert!(plan(&base, beside).is_ok());
    let moved = "{\"type\":\"rename\",\"path\":\"known\",\"to\":\"other\"}\n";
    assert!(plan(&base, moved).is_ok());
    let letters =
        "{\"type\":\"create\",\"path\":\"new\",\"content\":\"سلام \u{200c} שלום ‘quoted’ €\"}\n";
    assert!(
        plan(&base, letters).is_ok(),
        "right-to-left letters are only letters"
    );
}
