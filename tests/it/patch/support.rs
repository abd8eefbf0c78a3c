//! What the patch tests share: trees in memory and on disk, plans, a real Git.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use happy::patch::{
    Context, File, FileMode, Memory, NoSymbols, Options, PatchError, Plan, Reason, RepoPath, parse,
};

/// A path that is known to be safe.
pub(super) fn path(text: &str) -> RepoPath {
    RepoPath::new(text.as_bytes()).expect("the test's path is safe")
}

/// An ordinary file.
pub(super) fn file(bytes: &[u8]) -> File {
    File {
        bytes: bytes.into(),
        mode: FileMode::Regular,
    }
}

/// A tree of ordinary files.
pub(super) fn tree(files: &[(&str, &str)]) -> Memory {
    let mut memory = Memory::default();
    for (name, text) in files {
        memory.insert(path(name), file(text.as_bytes()));
    }
    memory
}

/// Plans an input against a tree.
pub(super) fn plan_with(
    base: &Memory,
    input: &[u8],
    options: &Options,
) -> Result<Plan, PatchError> {
    let edits = parse(input)?;
    let context = Context {
        base,
        current: None,
        symbols: &NoSymbols,
        syntax: None,
    };
    Plan::new(&edits, &context, options)
}

/// Plans an input against a tree with no options.
pub(super) fn plan(base: &Memory, input: &str) -> Result<Plan, PatchError> {
    plan_with(base, input.as_bytes(), &Options::default())
}

/// What one file holds after an input was applied.
pub(super) fn after(base: &Memory, input: &str, name: &str) -> String {
    let plan = plan(base, input).unwrap_or_else(|error| panic!("{error}\n{input}"));
    let mut tree = base.clone();
    tree.apply(&plan);
    text(&tree, name)
}

/// A file as text.
pub(super) fn text(tree: &Memory, name: &str) -> String {
    let file = tree
        .files()
        .get(&path(name))
        .unwrap_or_else(|| panic!("{name} is missing"));
    String::from_utf8_lossy(&file.bytes).into_owned()
}

/// The reason of the only rejection.
pub(super) fn rejection(result: Result<Plan, PatchError>) -> Reason {
    match result {
        Err(PatchError::Rejected(mut all)) if all.len() == 1 => all.remove(0).reason,
        other => panic!("expected one rejection, got {other:?}"),
    }
}

/// All files below a folder, `.git` and our temporaries included, as a map.
pub(super) fn on_disk(root: &Path) -> BTreeMap<String, (Vec<u8>, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is readable") {
            let entry = entry.expect("the entry is readable").path();
            let meta = entry.symlink_metadata().expect("the entry has metadata");
            let name = entry
                .strip_prefix(root)
                .expect("it lies below")
                .to_string_lossy()
                .into_owned();
            if meta.is_dir() {
                folders.push(entry);
            } else if meta.is_symlink() {
                let target = std::fs::read_link(&entry).expect("the link is readable");
                found.insert(
                    name,
                    (
                        target.to_string_lossy().into_owned().into_bytes(),
                        0o120_000,
                    ),
                );
            } else {
                let bytes = std::fs::read(&entry).expect("the file is readable");
                found.insert(name, (bytes, meta.mode() & 0o777));
            }
        }
    }
    found
}

/// Writes a tree to a folder.
pub(super) fn write_tree(root: &Path, tree: &Memory) {
    use std::os::unix::fs::PermissionsExt as _;
    for (name, file) in tree.files() {
        let target = root.join(name.to_path());
        std::fs::create_dir_all(target.parent().expect("it has a folder"))
            .expect("the folder is made");
        std::fs::write(&target, &file.bytes).expect("the file is written");
        let bits = if file.mode == FileMode::Executable {
            0o755
        } else {
            0o644
        };
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(bits))
            .expect("the mode is set");
    }
}

/// Runs Git in a folder, apart from the machine's configuration.
pub(super) fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    use std::io::Write as _;
    let mut child = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "core.autocrlf=false",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("git ends");
    let _ = writer.join();
    output
}

/// The check that has Git apply a plan.
pub(super) fn git_check() -> happy::patch::GitCheck {
    happy::patch::GitCheck::new("git", std::env::var_os("PATH").unwrap_or_default())
}

/// Whether two trees hold the same, as a readable difference if not.
pub(super) fn assert_same(left: &Memory, right: &Memory, about: &str) {
    let show = |tree: &Memory| -> Vec<String> {
        let lines = tree.files().iter();
        lines
            .map(|(path, file)| {
                format!(
                    "{path} {} {:?}",
                    file.mode.octal(),
                    String::from_utf8_lossy(&file.bytes)
                )
            })
            .collect()
    };
    assert!(
        left.files() == right.files(),
        "{about}\nleft:  {:#?}\nright: {:#?}",
        show(left),
        show(right)
    );
}
