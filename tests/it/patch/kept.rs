//! What a patch does not speak of stays: line endings, marks, encodings, last lines.

use happy::patch::{Reason, Tolerated};

use super::support::{after, file, path, plan, rejection, tree};

fn inputs() -> [&'static str; 4] {
    [
        "--- a/a\n+++ b/a\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n+2.5\n three\n",
        "*** Begin Patch\n*** Update File: a\n@@\n one\n-two\n+2\n+2.5\n three\n*** End Patch\n",
        "a\n<<<<<<< SEARCH\ntwo\nthree\n=======\n2\n2.5\nthree\n>>>>>>> REPLACE\n",
        "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"two\\nthree\",\"replace\":\"2\\n2.5\\nthree\"}\n",
    ]
}

#[test]
fn crlf_stays_crlf_in_every_form() {
    let base = tree(&[("a", "one\r\ntwo\r\nthree\r\nfour\r\n")]);
    for input in inputs() {
        assert_eq!(
            after(&base, input, "a"),
            "one\r\n2\r\n2.5\r\nthree\r\nfour\r\n",
            "{input}"
        );
    }
}

#[test]
fn a_patch_with_crlf_leaves_an_lf_file_lf() {
    let base = tree(&[("a", "one\ntwo\nthree\nfour\n")]);
    for input in &inputs()[..3] {
        let input = input.replace('\n', "\r\n");
        assert_eq!(
            after(&base, &input, "a"),
            "one\n2\n2.5\nthree\nfour\n",
            "{input}"
        );
    }
}

#[test]
fn mixed_endings_stay_where_nothing_changes() {
    let base = tree(&[("a", "zero\none\r\ntwo\r\nthree\nfour\r\n")]);
    for input in inputs() {
        // Git ties a hunk at line 1 to the first line.
        let input = input.replace("@@ -1,3 +1,4 @@", "@@ -2,3 +2,4 @@");
        let result = after(&base, &input, "a");
        assert!(result.starts_with("zero\none\r\n2"), "{input}: {result:?}");
        assert!(result.ends_with("three\nfour\r\n"), "{input}: {result:?}");
    }
}

#[test]
fn a_byte_order_mark_stays() {
    let base = tree(&[("a", "\u{feff}one\ntwo\nthree\nfour\n")]);
    for input in inputs() {
        assert_eq!(
            after(&base, input, "a"),
            "\u{feff}one\n2\n2.5\nthree\nfour\n",
            "{input}"
        );
    }
    let first = "a\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE\n";
    assert_eq!(after(&base, first, "a"), "\u{feff}1\ntwo\nthree\nfour\n");
}

#[test]
fn a_missing_last_newline_stays_missing() {
    let base = tree(&[("a", "one\ntwo\nthree")]);
    for input in &inputs()[1..] {
        assert_eq!(after(&base, input, "a"), "one\n2\n2.5\nthree", "{input}");
    }
    let strict = "--- a/a\n+++ b/a\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n+2.5\n three\n\\ No newline at end of file\n";
    assert_eq!(after(&base, strict, "a"), "one\n2\n2.5\nthree");
    // A diff says whether the last line ends; here it says the wrong thing.
    assert_eq!(rejection(plan(&base, inputs()[0])), Reason::NotFound);
}

#[test]
fn the_last_line_may_be_replaced_or_removed_where_no_newline_ends_it() {
    let base = tree(&[("a", "one\ntwo")]);
    let replace = "a\n<<<<<<< SEARCH\ntwo\n=======\n2\n3\n>>>>>>> REPLACE\n";
    assert_eq!(after(&base, replace, "a"), "one\n2\n3");
    let remove = "*** Begin Patch\n*** Update File: a\n@@\n one\n-two\n*** End Patch\n";
    assert_eq!(after(&base, remove, "a"), "one");
    let append = "*** Begin Patch\n*** Update File: a\n@@\n+three\n*** End Patch\n";
    assert_eq!(after(&base, append, "a"), "one\ntwo\nthree");
}

#[test]
fn a_diff_adds_and_removes_the_last_newline() {
    let without = tree(&[("a", "one")]);
    let add = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n\\ No newline at end of file\n+one\n";
    assert_eq!(after(&without, add, "a"), "one\n");
    let with = tree(&[("a", "one\n")]);
    let remove = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+one\n\\ No newline at end of file\n";
    assert_eq!(after(&with, remove, "a"), "one");
}

#[test]
fn bytes_that_are_no_utf8_stay() {
    let mut base = tree(&[]);
    base.insert(path("a"), file(b"caf\xe9\none\ntwo\nthree\n\xff\xfe\n"));
    let input = inputs()[2];
    let planned = plan(&base, input).expect("it applies");
    let bytes = &planned.changes[0].after.as_ref().expect("it stays").bytes;
    assert_eq!(&**bytes, b"caf\xe9\none\n2\n2.5\nthree\n\xff\xfe\n");
}

#[test]
fn utf16_and_binary_files_are_not_edited_but_may_move_and_go() {
    let mut base = tree(&[]);
    base.insert(path("u"), file(b"\xff\xfeo\0n\0e\0\n\0"));
    base.insert(path("b"), file(b"one\ntwo\0\nthree\n"));
    for name in ["u", "b"] {
        for input in inputs() {
            if name == "b" && input.starts_with("---") {
                continue;
            }
            let input = input
                .replace("a\n<", &format!("{name}\n<"))
                .replace("File: a", &format!("File: {name}"));
            let input = input
                .replace("\"a\"", &format!("\"{name}\""))
                .replace("/a\n", &format!("/{name}\n"));
            assert!(
                matches!(rejection(plan(&base, &input)), Reason::NotText(_)),
                "{name} {input}"
            );
        }
        let delete = format!("{{\"type\":\"delete\",\"path\":\"{name}\"}}\n");
        let rename = format!("{{\"type\":\"rename\",\"path\":\"{name}\",\"to\":\"x\"}}\n");
        let mut scratch = base.clone();
        for input in [delete, rename] {
            let planned = plan(&base, &input).expect("it applies");
            let folder = tempfile::tempdir().expect("a folder");
            super::support::git_check()
                .verify(&planned, &base, folder.path())
                .expect("Git takes it");
            scratch = base.clone();
            scratch.apply(&planned);
        }
        assert!(scratch.files().contains_key(&path("x")));
    }
}

#[test]
fn differing_line_endings_are_reported() {
    let base = tree(&[("a", "one\r\ntwo\r\nthree\r\n")]);
    for input in [inputs()[0], inputs()[2]] {
        let planned = plan(&base, input).expect("it applies");
        assert!(
            planned
                .notes
                .iter()
                .any(|note| note.what == Tolerated::LineEndings),
            "{input}"
        );
    }
}

#[test]
fn a_lone_carriage_return_is_content() {
    let base = tree(&[("a", "one\rtwo\nthree\n")]);
    let input = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"three\",\"replace\":\"3\"}\n";
    let planned = plan(&base, input).expect("it applies");
    let folder = tempfile::tempdir().expect("a folder");
    super::support::git_check()
        .verify(&planned, &base, folder.path())
        .expect("Git takes it");
    assert_eq!(after(&base, input, "a"), "one\rtwo\n3\n");
}
