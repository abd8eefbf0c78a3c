//! A worktree stays as it is, whatever runs in its view.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use happy::sandbox::TreeView;

use super::{everywhere, open_folder, python, run, shown, stdout};

/// Everything of a folder: path → (mode, bytes or link).
fn state(root: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("readable").flatten() {
            let path = entry.path();
            let meta = path.symlink_metadata().expect("there");
            let bytes = if meta.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else if meta.is_symlink() {
                path.read_link()
                    .expect("a link")
                    .to_string_lossy()
                    .into_owned()
                    .into_bytes()
            } else {
                std::fs::read(&path).expect("readable")
            };
            found.insert(path, (meta.permissions().mode(), bytes));
        }
    }
    found
}

fn worktree() -> tempfile::TempDir {
    let folder = open_folder();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("src/a.py", "A = 1\n");
    write("src/b.py", "B = 2\n");
    write(".git/config", "[core]\n");
    write("vendor/.git/config", "[core]\n");
    write(".env", "TOKEN=secret\n");
    write("deep/er/.env.local", "TOKEN=secret\n");
    write(".env.example", "TOKEN=\n");
    std::os::unix::fs::symlink("src/a.py", folder.path().join("link")).expect("linked");
    std::os::unix::fs::symlink("/etc/shadow", folder.path().join("shadow")).expect("linked");
    std::os::unix::fs::symlink("/tmp", folder.path().join("out")).expect("linked");
    folder
}

const WORK: &str = "
import os, pathlib
def seen(p):
    try: return pathlib.Path(p).read_text().strip()
    except OSError: return '-'
print([seen(p) for p in ('src/a.py', 'src/b.py', 'link', 'added/c.py', '.env.example')])
print([seen(p) for p in ('.git/config', 'vendor/.git/config', '.env', 'deep/er/.env.local', 'shadow')])
print(sorted(os.listdir('.')))
pathlib.Path('src/a.py').write_text('changed')
os.remove('link'); os.mkdir('new'); pathlib.Path('new/x').write_text('x')
os.rename('new/x', 'src/y')
pathlib.Path('.git').mkdir(); pathlib.Path('.git/hooks').write_text('evil')
os.chmod('.env.example', 0o777)
print(seen('src/a.py'), seen('src/y'))
";

#[test]
fn the_worktree_is_byte_identical_afterwards() {
    for chosen in everywhere() {
        for overlay in [true, false] {
            if overlay && !chosen.overlay {
                println!(
                    "skip {}: no overlay file system here",
                    chosen.sandbox.name()
                );
                continue;
            }
            let tree = worktree();
            let scratch = open_folder();
            let before = state(tree.path());
            let view = TreeView::new(tree.path(), scratch.path(), overlay).expect("a view");
            assert_eq!(view.is_overlay(), overlay);
            view.write(Path::new("added/c.py"), b"C = 3\n", false)
                .expect("written");
            view.write(Path::new("src/b.py"), b"B = 0\n", true)
                .expect("written");
            let Some(policy) = python(WORK) else { return };
            let policy = policy.mount(view.mount("/work")).cwd("/work");
            let outcome = run(&chosen, &policy);
            assert!(outcome.success(), "{}", shown(&chosen, &outcome));
            assert_eq!(
                stdout(&outcome),
                "['A = 1', 'B = 0', 'A = 1', 'C = 3', 'TOKEN=']\n\
                 ['-', '-', '-', '-', '-']\n\
                 ['.env.example', 'added', 'deep', 'link', 'out', 'shadow', 'src', 'vendor']\n\
                 changed x\n",
                "{}",
                shown(&chosen, &outcome)
            );
            assert_eq!(state(tree.path()), before, "{}", chosen.sandbox.name());
        }
    }
}

#[test]
fn a_removed_file_is_gone_in_the_view_alone() {
    for chosen in everywhere() {
        let tree = worktree();
        let scratch = open_folder();
        let view = chosen
            .tree_view(tree.path(), scratch.path())
            .expect("a view");
        view.remove(Path::new("src/b.py")).expect("removed");
        let Some(policy) = python("import os; print(os.listdir('src'))") else {
            return;
        };
        let outcome = run(&chosen, &policy.mount(view.mount("/work")).cwd("/work"));
        assert_eq!(
            stdout(&outcome),
            "['a.py']\n",
            "{}",
            shown(&chosen, &outcome)
        );
        assert!(tree.path().join("src/b.py").exists());
    }
}

#[test]
fn a_path_that_leaves_the_tree_is_refused_and_nothing_is_written() {
    let tree = worktree();
    let target = open_folder();
    std::os::unix::fs::symlink(target.path(), tree.path().join("escape")).expect("linked");
    for overlay in [true, false] {
        let scratch = open_folder();
        let view = TreeView::new(tree.path(), scratch.path(), overlay).expect("a view");
        let paths = [
            "../x",
            "/x",
            ".git/hooks/x",
            ".GIT/x",
            "a/.git/x",
            "escape/x",
            "a/../../x",
            "",
        ];
        for path in paths {
            let result = view.write(Path::new(path), b"x", true);
            assert!(result.is_err(), "`{path}` was written");
            assert!(
                view.remove(Path::new(path)).is_err(),
                "`{path}` was removed"
            );
        }
        // A link itself is replaced, never followed.
        view.write(Path::new("shadow"), b"x", false)
            .expect("the link is replaced");
        view.write(Path::new("escape"), b"x", false)
            .expect("the link is replaced");
    }
    assert_eq!(
        std::fs::read_dir(target.path()).expect("readable").count(),
        0
    );
    assert!(tree.path().join("shadow").is_symlink());
}
