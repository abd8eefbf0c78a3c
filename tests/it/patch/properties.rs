//! Random trees and edits: what is applied and reversed is what was there before.

use std::collections::BTreeMap;

use happy::patch::{Change, File, FileMode, Memory, Options, Plan, RepoPath};
use proptest::prelude::*;

use super::support::{assert_same, file, path, plan_with};

const NAMES: &[&str] = &[
    "a",
    "a/b",
    "d/e",
    "d/e/f",
    "d/g",
    "with space",
    "ends in space ",
    "quo\"te",
    "tab\tname",
    "caf\u{e9}",
    "z.py",
    "-rf",
    "b\\s",
];

/// A tree of raw contents.
pub(super) fn tree_of(files: &[(&str, &[u8])]) -> Memory {
    let mut tree = Memory::default();
    for (name, bytes) in files {
        tree.insert(path(name), file(bytes));
    }
    tree
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(
        &[
            "alpha",
            "beta",
            "gamma",
            "  delta",
            "",
            "}",
            "\tx",
            "+plus",
            "-minus",
            "--- a/x",
            "+++ b/x",
            "@@ -1 +1 @@",
            "\\ No newline at end of file",
            "\u{e9}",
            "diff --git a/a b/a",
            "lone\rreturn",
        ][..],
    );
    (
        prop::collection::vec(line, 0..14),
        0..4_u8,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(lines, ending, last, latin)| {
            let mut bytes = Vec::new();
            for (number, line) in lines.iter().enumerate() {
                bytes.extend_from_slice(line.as_bytes());
                let crlf = ending == 1 || (ending == 2 && number % 2 == 0);
                bytes.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
            }
            if latin {
                bytes.splice(0..0, *b"caf\xe9 ");
            }
            if last && bytes.ends_with(b"\n") {
                bytes.pop();
            }
            bytes
        })
}

fn a_file() -> impl Strategy<Value = File> {
    (content(), any::<bool>()).prop_map(|(bytes, executable)| File {
        bytes: bytes.into(),
        mode: if executable {
            FileMode::Executable
        } else {
            FileMode::Regular
        },
    })
}

/// A tree with no file above another.
fn possible(files: &BTreeMap<usize, File>) -> Memory {
    let mut tree = Memory::default();
    for (number, file) in files {
        let path = path(NAMES[*number]);
        let below = |other: &RepoPath| {
            other.ancestors().contains(&path) || path.ancestors().contains(other)
        };
        if !tree.files().keys().any(below) {
            tree.insert(path, file.clone());
        }
    }
    tree
}

/// A tree and what random edits make of it: files kept, changed a little, replaced,
/// moved, made and removed.
pub(super) fn trees() -> impl Strategy<Value = (Memory, Memory)> {
    let old = prop::collection::btree_map(0..NAMES.len(), a_file(), 0..6);
    let edits = prop::collection::vec(
        (
            0..NAMES.len(),
            0..NAMES.len(),
            0..6_u8,
            a_file(),
            any::<u64>(),
        ),
        1..6,
    );
    (old, edits).prop_map(|(old, edits)| {
        let mut new = old.clone();
        for (one, other, kind, file, seed) in edits {
            match kind {
                0 => drop(new.insert(one, file)),
                1 => drop(new.remove(&one)),
                2 => {
                    if let Some(moved) = new.remove(&one) {
                        new.insert(other, moved);
                    }
                }
                3 => {
                    if let Some(file) = new.get_mut(&one) {
                        file.mode = match file.mode {
                            FileMode::Regular => FileMode::Executable,
                            FileMode::Executable => FileMode::Regular,
                        };
                    }
                }
                _ => {
                    if let Some(file) = new.get_mut(&one) {
                        file.bytes = edited(&file.bytes, seed).into();
                    }
                }
            }
        }
        (possible(&old), possible(&new))
    })
}

/// A content with one line put in, taken out or changed.
fn edited(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let at = seed as usize % (lines.len() + 1);
    match seed >> 60 {
        0..=5 if at < lines.len() => drop(lines.remove(at)),
        6..=10 if at < lines.len() => lines[at].splice(0..0, *b"new ").for_each(drop),
        _ => lines.insert(at, format!("line {}\n", seed % 97).into_bytes()),
    }
    lines.concat()
}

/// A tree with some lines put in elsewhere, so that hunks have to move.
pub(super) fn perturbed(tree: &Memory, seed: u64) -> Memory {
    let mut moved = Memory::default();
    for (number, (path, file)) in tree.files().iter().enumerate() {
        let mut file = file.clone();
        let seed = seed.rotate_left(number as u32 * 7);
        if seed.is_multiple_of(3) {
            file.bytes = edited(&edited(&file.bytes, seed), seed.rotate_left(13)).into();
        }
        moved.insert(path.clone(), file);
    }
    moved
}

/// The plan that leads from one tree to the other.
pub(super) fn difference(old: &Memory, new: &Memory) -> Plan {
    let paths: std::collections::BTreeSet<_> = old
        .files()
        .keys()
        .chain(new.files().keys())
        .cloned()
        .collect();
    let changes = paths.into_iter().map(|path| Change {
        before: old.files().get(&path).cloned(),
        after: new.files().get(&path).cloned(),
        from: None,
        path,
    });
    Plan {
        changes: changes
            .filter(|change| change.before != change.after)
            .collect(),
        ..Plan::default()
    }
}

fn applied(base: &Memory, input: &[u8], reverse: bool) -> Memory {
    let options = Options {
        reverse,
        ..Options::default()
    };
    let plan = plan_with(base, input, &options);
    let plan = plan.unwrap_or_else(|error| {
        panic!(
            "reverse {reverse}: {error}\n{}",
            String::from_utf8_lossy(input)
        )
    });
    let mut result = base.clone();
    result.apply(&plan);
    result
}

/// One file whose lines are all different, and a region of it to replace.
#[derive(Clone, Debug)]
struct Region {
    lines: Vec<String>,
    start: usize,
    end: usize,
    new: Vec<String>,
    crlf: bool,
    unended: bool,
    mark: bool,
}

impl Region {
    fn bytes(&self, lines: &[String]) -> Vec<u8> {
        let ending = if self.crlf { "\r\n" } else { "\n" };
        let mut text = String::from(if self.mark { "\u{feff}" } else { "" });
        text.push_str(&lines.join(ending));
        if !self.unended && !lines.is_empty() {
            text.push_str(ending);
        }
        text.into_bytes()
    }

    fn before(&self) -> Memory {
        tree_of(&[("f", &self.bytes(&self.lines))])
    }

    fn after(&self) -> Memory {
        let lines = [
            &self.lines[..self.start],
            &self.new,
            &self.lines[self.end..],
        ]
        .concat();
        tree_of(&[("f", &self.bytes(&lines))])
    }
}

fn region() -> impl Strategy<Value = Region> {
    (
        1..10_usize,
        any::<[u8; 2]>(),
        1..4_usize,
        any::<[bool; 3]>(),
    )
        .prop_map(|(count, [a, b], new, [crlf, unended, mark])| {
            let start = usize::from(a) % count;
            let end = start + 1 + usize::from(b) % (count - start);
            // One line without an ending says nothing of how lines end.
            let crlf = crlf && !(unended && (count == 1 || count - (end - start) + new == 1));
            Region {
                lines: (0..count)
                    .map(|n| format!("{:1$}line {n}", "", n % 3))
                    .collect(),
                start,
                end,
                new: (0..new)
                    .map(|n| format!("{:1$}made {n}", "", n % 2))
                    .collect(),
                crlf,
                unended,
                mark,
            }
        })
}

fn there_and_back(region: &Region, input: &str) {
    let there = applied(&region.before(), input.as_bytes(), false);
    assert_same(&there, &region.after(), input);
    assert_same(
        &applied(&there, input.as_bytes(), true),
        &region.before(),
        input,
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_of_ours_applied_and_reversed_is_the_identity((old, new) in trees()) {
        let diff = difference(&old, &new).diff();
        prop_assume!(!diff.is_empty());
        let there = applied(&old, &diff, false);
        assert_same(&there, &new, &String::from_utf8_lossy(&diff));
        assert_same(&applied(&there, &diff, true), &old, &String::from_utf8_lossy(&diff));
    }

    #[test]
    fn a_plan_reversed_is_the_way_back((old, new) in trees()) {
        let diff = difference(&old, &new).diff();
        prop_assume!(!diff.is_empty());
        let plan = plan_with(&old, &diff, &Options::default()).expect("it applies");
        let mut tree = old.clone();
        tree.apply(&plan);
        tree.apply(&plan.reversed());
        assert_same(&tree, &old, "reversed");
    }

    #[test]
    fn an_envelope_applied_and_reversed_is_the_identity(region in region(), around in 0..3_usize, moves in any::<bool>()) {
        let from = region.start.saturating_sub(around);
        let to = (region.end + around).min(region.lines.len());
        let mut body = String::new();
        let mut push = |sign: char, lines: &[String]| {
            for line in lines {
                body.push(sign);
                body.push_str(line);
                body.push('\n');
            }
        };
        push(' ', &region.lines[from..region.start]);
        push('-', &region.lines[region.start..region.end]);
        push('+', &region.new);
        push(' ', &region.lines[region.end..to]);
        let input = format!("*** Begin Patch\n*** Update File: f\n@@\n{body}*** End Patch\n");
        there_and_back(&region, &input);
        if moves {
            let input = input.replace("@@\n", "*** Move to: d/g\n@@\n");
            let there = applied(&region.before(), input.as_bytes(), false);
            assert_eq!(there.files()[&path("d/g")], region.after().files()[&path("f")]);
            assert_same(&applied(&there, input.as_bytes(), true), &region.before(), &input);
        }
    }

    #[test]
    fn a_block_applied_and_reversed_is_the_identity(region in region()) {
        let search = region.lines[region.start..region.end].join("\n");
        let replace = region.new.join("\n");
        let input = format!("f\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n");
        there_and_back(&region, &input);
    }

    #[test]
    fn a_record_applied_and_reversed_is_the_identity(region in region()) {
        let search = serde_json::to_string(&region.lines[region.start..region.end].join("\n")).expect("JSON");
        let replace = serde_json::to_string(&region.new.join("\n")).expect("JSON");
        // `line 1` is the beginning of `line 10` only where there are ten lines.
        let input = format!("{{\"type\":\"edit\",\"path\":\"f\",\"search\":{search},\"replace\":{replace}}}\n");
        there_and_back(&region, &input);
    }

    #[test]
    fn creations_and_renames_reverse_in_every_form(bytes in content()) {
        let text = String::from_utf8_lossy(&bytes).replace('\r', "").trim_end().to_owned() + "\n";
        let base = tree_of(&[("x", b"x\n")]);
        let plus: String = text.split_inclusive('\n').flat_map(|line| ["+", line]).collect();
        let json = serde_json::to_string(&text).expect("JSON");
        for input in [
            format!("*** Begin Patch\n*** Add File: new\n{plus}*** End Patch\n"),
            format!("new\n<<<<<<<< SEARCH\n========\n{text}>>>>>>>> REPLACE\n"),
            format!("{{\"type\":\"create\",\"path\":\"new\",\"content\":{json}}}\n{{\"type\":\"rename\",\"path\":\"x\",\"to\":\"y\"}}\n"),
        ] {
            let there = applied(&base, input.as_bytes(), false);
            assert_eq!(&*there.files()[&path("new")].bytes, text.as_bytes());
            assert_same(&applied(&there, input.as_bytes(), true), &base, &input);
        }
    }
}

#[test]
fn what_a_form_does_not_say_cannot_be_reversed() {
    let base = tree_of(&[("a", b"x\n")]);
    for input in [
        "{\"type\":\"delete\",\"path\":\"a\"}\n",
        "{\"type\":\"mode\",\"path\":\"a\",\"mode\":\"755\"}\n",
        "{\"type\":\"edit\",\"symbol\":\"a\",\"body\":\"x\"}\n",
        "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"x\",\"replace\":\"\"}\n",
        "*** Begin Patch\n*** Delete File: a\n*** End Patch\n",
        "diff --git a/a b/b\ncopy from a\ncopy to b\n",
    ] {
        let options = Options {
            reverse: true,
            ..Options::default()
        };
        let reason = super::support::rejection(plan_with(&base, input.as_bytes(), &options));
        assert!(
            matches!(reason, happy::patch::Reason::NotReversible(_)),
            "{input}: {reason:?}"
        );
    }
}
