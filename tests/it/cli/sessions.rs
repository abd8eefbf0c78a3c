//! Whole shell sessions, written down in `tests/cmd/*.md` and run.
//!
//! A block ```` ```console ```` holds commands after `$ ` (continued after
//! `> `), what they print, what they say on standard error after `! `, and
//! `[exit N]` where that is not 0. A block ```` ```file PATH ```` is written
//! before the next command runs. All of a page share one world and the folder
//! they stand in. `UPDATE=1` writes what happened into the page.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::World;

struct Page<'t> {
    world: World,
    out: String,
    lines: std::iter::Peekable<std::str::Lines<'t>>,
}

/// The page as it would be if all it says were so.
fn play(text: &str, corpus: Option<&str>) -> String {
    let world = World::new();
    let mut page = Page {
        world,
        out: String::new(),
        lines: text.lines().peekable(),
    };
    page.note(&page.world.work());
    while let Some(line) = page.lines.next() {
        page.line(line);
        if line == "```console" {
            page.console(corpus);
        } else if let Some(path) = line.strip_prefix("```file ") {
            page.file(path);
        }
    }
    page.out
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn state(&self) -> PathBuf {
        self.world.root().join("home/.stands")
    }

    fn note(&self, folder: &Path) {
        let text = folder.to_string_lossy().into_owned();
        std::fs::write(self.state(), text).expect("a file can be written");
    }

    fn stands(&self) -> PathBuf {
        let text = std::fs::read_to_string(self.state()).expect("it was written");
        PathBuf::from(text.trim_end())
    }

    fn file(&mut self, path: &str) {
        let mut text = String::new();
        while let Some(line) = self.lines.next_if(|line| *line != "```") {
            text.push_str(line);
            text.push('\n');
            self.line(line);
        }
        let path = self.stands().join(path);
        let folder = path.parent().expect("it lies in a folder");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    fn console(&mut self, corpus: Option<&str>) {
        while let Some(line) = self.lines.next_if(|line| *line != "```") {
            let Some(first) = line.strip_prefix("$ ") else {
                continue; // What was printed when the page was written.
            };
            self.line(line);
            let mut script = first.to_owned();
            while let Some(more) = self.lines.next_if(|line| line.starts_with("> ")) {
                self.line(more);
                script.push('\n');
                script.push_str(&more[2..]);
            }
            self.command(&script, corpus);
        }
    }

    fn command(&mut self, script: &str, corpus: Option<&str>) {
        let wrapped = format!("{script}\n__code=$?; pwd -P > \"$ROOT/home/.stands\"; exit $__code");
        let mut wrapped_script = String::new();
        if let Some(corpus) = corpus {
            let _ = writeln!(wrapped_script, "CORPUS='{corpus}'");
        }
        wrapped_script.push_str(&wrapped);
        let said = self.world.run(&self.stands(), &wrapped_script);
        let root = self.world.root();
        for line in said.stdout.lines() {
            let line = settle(line, &root);
            self.line(&line);
        }
        for line in said.stderr.lines() {
            let line = settle(line, &root);
            self.line(format!("! {line}").trim_end());
        }
        if said.code != 0 {
            self.line(&format!("[exit {}]", said.code));
        }
    }
}

/// Replaces what differs from run to run.
fn settle(line: &str, root: &Path) -> String {
    let mut line = line.replace(&*root.to_string_lossy(), "[ROOT]");
    for key in ["\"milliseconds\":", "\"bytes\":", "indexed in "] {
        let Some(at) = line.find(key) else { continue };
        let start = at + key.len();
        let digits = line[start..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            line.replace_range(start..start + digits, "0");
        }
    }
    for unit in [" KiB", " MiB"] {
        let Some(end) = line.find(unit) else { continue };
        let digits = line[..end]
            .bytes()
            .rev()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        line.replace_range(end - digits..end, "N");
    }
    line
}

fn pages(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry is readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    found.sort();
    found
}

fn check(paths: &[PathBuf], corpus: Option<&str>) {
    let mut stale = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).expect("a page is UTF-8");
        let played = play(&text, corpus);
        if played == text {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &played).expect("a page can be written");
            continue;
        }
        let diff = similar::TextDiff::from_lines(&text, &played);
        stale.push(format!(
            "{}\n{}",
            path.display(),
            diff.unified_diff().context_radius(3)
        ));
    }
    assert!(
        stale.is_empty(),
        "what happened differs (run `UPDATE=1 cargo test` if it is right):\n{}",
        stale.join("\n")
    );
}

#[test]
fn every_session_goes_as_it_is_written() {
    let pages = pages("tests/cmd");
    assert!(pages.len() >= 6, "the sessions are there: {pages:?}");
    check(&pages, None);
}

#[test]
fn sessions_on_real_repositories_go_as_they_are_written() {
    let Ok(corpus) = std::env::var("HAPPY_CORPUS") else {
        println!("skipped: $HAPPY_CORPUS names no folder with repositories");
        return;
    };
    let pages: Vec<PathBuf> = pages("tests/cmd/corpus")
        .into_iter()
        .filter(|page| {
            let name = page.file_stem().unwrap_or_default();
            let there = Path::new(&corpus).join(name).is_dir();
            if !there {
                println!("skipped: no {} in {corpus}", name.display());
            }
            there
        })
        .collect();
    check(&pages, Some(&corpus));
}

#[test]
fn a_page_that_says_otherwise_is_noticed() {
    let page = "```console\n$ echo one; echo two >&2; false\nelse\n```\n";
    let played = play(page, None);
    assert_eq!(
        played,
        "```console\n$ echo one; echo two >&2; false\none\n! two\n[exit 1]\n```\n"
    );
}

#[test]
fn the_pages_for_users_go_as_they_are_written() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut pages = vec![docs.join("tutorial.md"), docs.join("ci.md")];
    // The sandboxed machine of a developer may lack a program of the cookbook.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = ["jq", "fzf"]
        .into_iter()
        .find(|program| std::env::split_paths(&path).all(|folder| !folder.join(program).is_file()));
    match missing {
        Some(program) => println!("skipped: the cookbook needs `{program}`"),
        None => pages.push(docs.join("cookbook.md")),
    }
    check(&pages, None);
}
