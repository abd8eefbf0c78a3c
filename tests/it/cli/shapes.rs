//! Repositories of every shape, and hostile ones, through the verbs.

use super::World;

const SHAPES: [(&str, &str); 5] = [
    ("sha1", "git init -q r"),
    ("sha256", "git init -q --object-format=sha256 r"),
    ("reftable", "git init -q --ref-format=reftable r"),
    ("separate", "git init -q --separate-git-dir=../gitdir r"),
    (
        "sub",
        "git init -q outer && git -C outer init -q sub && ln -s outer/sub r",
    ),
];

#[test]
fn every_shape_of_repository_answers_the_same() {
    for (name, init) in SHAPES {
        let world = World::new();
        let made = world.sh(&format!(
            "{init} && cd r && printf 'def f(): pass\\ndef g(): f()\\n' > a.py && git add -A && git commit -qm one"
        ));
        if made.code != 0 {
            println!("skipped {name}: this Git does not know it: {}", made.stderr);
            continue;
        }
        let said = world.sh("cd r && happy callers f && happy callers f --at HEAD && git checkout -q --detach && happy callers f --at main").ok();
        assert_eq!(said.symbols(), ["a.py::g"; 3], "{name}");
    }
}

#[test]
fn a_shallow_a_sparse_and_a_bare_clone_answer() {
    let world = World::small();
    for (clone, ask) in [
        (
            "git clone -q --depth 1 \"file://$PWD/repo\" c",
            "happy callers helper",
        ),
        (
            "git clone -q --sparse repo c",
            "happy callers helper --at HEAD",
        ),
        ("git clone -q --bare repo c", "happy callers helper"),
    ] {
        let said = world.sh(&format!(
            "{clone} && cd c && {ask}; code=$?; cd ..; rm -rf c; exit $code"
        ));
        assert_eq!(said.ok().symbols(), super::CALLERS_OF_HELPER, "{clone}");
    }
}

#[test]
fn what_is_not_downloaded_is_said_and_fetched_by_nobody() {
    let world = World::small();
    world.repo("git config uploadpack.allowFilter true").ok();
    world
        .sh("git clone -q --bare --filter=blob:none \"file://$PWD/repo\" part && mv repo gone")
        .ok();
    let ask = "cd part && happy index";
    let said = world.sh(ask).ok();
    assert!(
        said.stderr.contains("2 of 2 files are not downloaded"),
        "{said:?}"
    );
    assert!(world.sh(ask).ok().stderr.contains("2 of 2"), "each time");
    world
        .sh("cd part && happy --strict index")
        .fails(1, "not downloaded");
    world.sh("mv gone repo && cd part && git -c protocol.file.allow=always cat-file -p HEAD:main.py HEAD:lib/shapes.py > /dev/null; git cat-file -p HEAD:lib/shapes.py > /dev/null; git cat-file -p HEAD:main.py > /dev/null").ok();
    let said = world.sh("cd part && happy callers helper").ok();
    assert_eq!(
        said.symbols(),
        super::CALLERS_OF_HELPER,
        "what came is read"
    );
    assert!(said.stderr.is_empty(), "{said:?}");
}

#[test]
fn a_corrupt_object_spoils_its_file_alone() {
    let world = World::small();
    world
        .repo(
            "id=$(git rev-parse HEAD:main.py); file=.git/objects/${id:0:2}/${id:2}
             chmod u+w $file; cp $file ../kept; echo damage > $file",
        )
        .ok();
    let said = world.repo("happy callers helper --at HEAD").ok();
    assert_eq!(said.symbols(), ["lib/shapes.py::Shape.area"]);
    assert!(said.stderr.contains("cannot read `main.py`"), "{said:?}");
    world
        .repo("happy --strict callers helper --at HEAD")
        .fails(1, "main.py");
    world
        .repo("id=$(git rev-parse HEAD:main.py); cp ../kept .git/objects/${id:0:2}/${id:2}")
        .ok();
    let said = world.repo("happy callers helper --at HEAD").ok();
    assert_eq!(said.symbols(), super::CALLERS_OF_HELPER, "it is mended");
}

#[test]
fn a_corrupt_git_index_leaves_commits_to_be_asked() {
    let world = World::small();
    world.repo("echo damage > .git/index").ok();
    world.repo("happy callers helper").fails(3, "--at HEAD");
    let said = world.repo("happy callers helper --at HEAD").ok();
    assert_eq!(said.symbols(), super::CALLERS_OF_HELPER);
}

#[test]
fn a_lost_alternate_a_foreign_extension_and_a_vanished_commit_are_errors() {
    let world = World::small();
    world
        .sh("git clone -q --shared repo borrower && mv repo gone")
        .ok();
    world
        .sh("cd borrower && happy callers helper --at HEAD")
        .fails(3, "git fsck");
    world.sh("mv gone repo").ok();
    let gone = world
        .repo("git commit -q --allow-empty -m two && git rev-parse HEAD && happy -q index HEAD >&2 && git reset -q --hard HEAD~1 && git reflog expire --expire=now --all && git gc -q --prune=now")
        .ok();
    let revision = gone.stdout.trim().to_owned();
    world
        .repo(&format!("happy callers helper --at {revision}"))
        .fails(3, "unknown revision");
    world
        .repo("git config core.repositoryFormatVersion 1 && git config extensions.foo bar")
        .ok();
    world.repo("happy callers helper").fails(3, "foo");
}

#[test]
fn a_repository_of_somebody_else_is_refused() {
    if !super::is_root() {
        println!("skipped: only root can give a folder away");
        return;
    }
    let world = World::small();
    world.sh("chown -R 12345 repo").ok();
    world
        .repo("happy callers helper")
        .fails(9, "safe.directory");
}

#[test]
fn no_verb_runs_what_the_configuration_names() {
    let world = World::new();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/repos/hostile_config.sh"
    );
    world
        .sh(&format!("set -e; SCRIPT='{script}'; . '{script}'"))
        .ok();
    world
        .sh("cd repo && printf 'def f(): pass\\nf()\\n' > b.py")
        .ok();
    for verb in [
        "index",
        "index HEAD",
        "callers f",
        "callees b.py",
        "refs f",
        "deps b.py",
        "symbols",
        "show f",
        "show a.py --at HEAD",
        "path f f",
        "graph",
        "status",
        "status --coverage",
        "gc",
    ] {
        let said = world.sh(&format!("cd repo && happy {verb}"));
        assert!(said.code <= 1, "{verb}: {said:?}");
    }
    assert_eq!(world.sh("ls canary").ok().stdout, "", "nothing was run");
}

#[test]
fn a_submodule_is_not_entered() {
    let world = World::small();
    world
        .sh("git init -q outer && cd outer && git submodule -q add \"$PWD/../repo\" sub && printf 'def own(): pass\\nown()\\n' > own.py && git add -A && git commit -qm one")
        .ok();
    world.sh("cd outer && happy callers own").ok();
    world.sh("cd outer && happy symbols helper").fails(1, "");
    let said = world.sh("cd outer/sub && happy callers helper").ok();
    assert_eq!(said.symbols(), super::CALLERS_OF_HELPER);
}
