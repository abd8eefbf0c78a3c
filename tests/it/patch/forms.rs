//! Each form says the same change its own way; all of them mean the same.

use happy::patch::{Form, Options, Reason, Tolerated, parse, parse_as};

use super::support::{after, plan, plan_with, rejection, text, tree};

const BEFORE: &str = "def greet():\n    print(\"hello\")\n    return 1\n";
const AFTER: &str = "def greet():\n    print(\"goodbye\")\n    return 1\n";

#[test]
fn all_four_forms_make_the_same_change() {
    let base = tree(&[("src/a.py", BEFORE)]);
    let unified = "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,3 +1,3 @@\n def greet():\n-    print(\"hello\")\n+    print(\"goodbye\")\n     return 1\n";
    let envelope = "*** Begin Patch\n*** Update File: src/a.py\n@@ def greet():\n-    print(\"hello\")\n+    print(\"goodbye\")\n*** End Patch\n";
    let blocks = "src/a.py\n<<<<<<< SEARCH\n    print(\"hello\")\n=======\n    print(\"goodbye\")\n>>>>>>> REPLACE\n";
    let record =
        "{\"type\":\"edit\",\"path\":\"src/a.py\",\"search\":\"hello\",\"replace\":\"goodbye\"}\n";
    for input in [unified, envelope, blocks, record] {
        assert_eq!(after(&base, input, "src/a.py"), AFTER, "{input}");
    }
}

#[test]
fn one_input_may_mix_all_forms_with_prose_between() {
    let base = tree(&[
        ("a.py", BEFORE),
        ("b.py", BEFORE),
        ("c.py", BEFORE),
        ("d.py", BEFORE),
    ]);
    let input = "First the diff:\n\n```diff\n--- a/a.py\n+++ b/a.py\n@@ -2 +2 @@ def greet():\n-    print(\"hello\")\n+    print(\"goodbye\")\n```\n\nThen:\n*** Begin Patch\n*** Update File: b.py\n-    print(\"hello\")\n+    print(\"goodbye\")\n*** Add File: new.txt\n+one\n*** End Patch\n\n### `c.py`\n```python\n<<<<<<< SEARCH\n    print(\"hello\")\n=======\n    print(\"goodbye\")\n>>>>>>> REPLACE\n```\n{\"type\":\"edit\",\"path\":\"d.py\",\"search\":\"hello\",\"replace\":\"goodbye\"}\nDone.\n";
    let forms: Vec<_> = parse(input.as_bytes())
        .expect("it parses")
        .iter()
        .map(|edit| edit.form)
        .collect();
    assert_eq!(
        forms,
        [
            Form::Unified,
            Form::Envelope,
            Form::Envelope,
            Form::Blocks,
            Form::Record
        ]
    );
    // The unified hunk has no context: Git itself would not place it.
    let input = input
        .replace(
            "@@ -2 +2 @@ def greet():\n",
            "@@ -1,3 +1,3 @@\n def greet():\n",
        )
        .replace(
            "+    print(\"goodbye\")\n```\n\nThen",
            "+    print(\"goodbye\")\n     return 1\n```\n\nThen",
        );
    let planned = plan(&base, &input).expect("it applies");
    let mut result = base.clone();
    result.apply(&planned);
    for name in ["a.py", "b.py", "c.py", "d.py"] {
        assert_eq!(text(&result, name), AFTER, "{name}");
    }
    assert_eq!(text(&result, "new.txt"), "one\n");
}

#[test]
fn a_hunk_found_elsewhere_is_placed_there_and_reported() {
    let base = tree(&[("a", "x\ny\nz\none\ntwo\nthree\nfour\n")]);
    let input = "--- a/a\n+++ b/a\n@@ -2,3 +2,3 @@\n one\n-two\n+TWO\n three\n";
    let planned = plan(&base, input).expect("it applies");
    assert_eq!(planned.notes.len(), 1);
    assert_eq!(
        planned.notes[0].what,
        Tolerated::Offset { hunk: 1, offset: 2 }
    );
    assert_eq!(after(&base, input, "a"), "x\ny\nz\none\nTWO\nthree\nfour\n");
}

#[test]
fn a_hunk_that_fits_in_two_other_places_is_rejected() {
    let base = tree(&[("a", "0\none\ntwo\nthree\n1\none\ntwo\nthree\n2\n")]);
    let input = "--- a/a\n+++ b/a\n@@ -4,3 +4,3 @@\n one\n-two\n+TWO\n three\n";
    assert_eq!(rejection(plan(&base, input)), Reason::Ambiguous(vec![2, 6]));
}

#[test]
fn fuzz_is_used_only_when_it_is_asked_for() {
    let base = tree(&[("a", "zero\nONE\ntwo\nthree\nfour\nfive\n")]);
    let input = "--- a/a\n+++ b/a\n@@ -2,4 +2,4 @@\n one\n two\n-three\n+3\n four\n";
    assert_eq!(rejection(plan(&base, input)), Reason::NotFound);
    let options = Options {
        fuzz: 1,
        ..Options::default()
    };
    let planned = plan_with(&base, input.as_bytes(), &options).expect("it applies with fuzz");
    assert_eq!(planned.notes[0].what, Tolerated::Fuzz { hunk: 1, lines: 1 });
    assert_eq!(
        &*planned.changes[0].after.as_ref().expect("it stays").bytes,
        b"zero\nONE\ntwo\n3\nfour\nfive\n"
    );
}

#[test]
fn a_rejection_names_the_hunk_and_the_nearest_lines() {
    let base = tree(&[("a.py", "import os\n\ndef f():\n    return old(1)\n")]);
    let input = "--- a/a.py\n+++ b/a.py\n@@ -3,2 +3,2 @@\n def f():\n-    return old(2)\n+    return new(2)\n";
    let Err(happy::patch::PatchError::Rejected(all)) = plan(&base, input) else {
        panic!("it must be rejected")
    };
    assert_eq!(
        (all[0].hunk, all[0].input_line, &all[0].reason),
        (Some(1), 3, &Reason::NotFound)
    );
    let nearest = all[0].nearest.as_ref().expect("something comes near");
    assert_eq!(nearest.line, 3);
    assert_eq!(nearest.text, b"def f():\n    return old(1)\n");
}

#[test]
fn every_rejection_of_an_input_is_reported_at_once() {
    let base = tree(&[("a", "one\n"), ("b", "two\n")]);
    let input = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"x\",\"replace\":\"y\"}\n{\"type\":\"edit\",\"path\":\"b\",\"search\":\"x\",\"replace\":\"y\"}\n{\"type\":\"delete\",\"path\":\"c\"}\n";
    let Err(happy::patch::PatchError::Rejected(all)) = plan(&base, input) else {
        panic!("it must be rejected")
    };
    let reasons: Vec<_> = all.iter().map(|r| r.reason.clone()).collect();
    assert_eq!(
        reasons,
        [Reason::NotFound, Reason::NotFound, Reason::Missing]
    );
}

#[test]
fn a_search_text_in_two_places_is_rejected_with_their_lines() {
    let base = tree(&[("a", "x = 1\ny = 2\nx = 1\n")]);
    let input = "a\n<<<<<<< SEARCH\nx = 1\n=======\nx = 3\n>>>>>>> REPLACE\n";
    assert_eq!(rejection(plan(&base, input)), Reason::Ambiguous(vec![1, 3]));
}

#[test]
fn overlapping_places_count_as_two() {
    let base = tree(&[("a", "aaa\n")]);
    let input = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"aa\",\"replace\":\"b\"}\n";
    assert_eq!(rejection(plan(&base, input)), Reason::Ambiguous(vec![1, 1]));
}

#[test]
fn a_block_matches_whole_lines_only() {
    let base = tree(&[("a", "foo bar\nbar\n")]);
    let input = "a\n<<<<<<< SEARCH\nbar\n=======\nbaz\n>>>>>>> REPLACE\n";
    assert_eq!(after(&base, input, "a"), "foo bar\nbaz\n");
}

#[test]
fn a_uniform_shift_of_indentation_is_tolerated_and_reported() {
    let base = tree(&[(
        "a.py",
        "class A:\n    def f(self):\n        if x:\n            y()\n\n        z()\n",
    )]);
    let input = "a.py\n<<<<<<< SEARCH\nif x:\n    y()\n\nz()\n=======\nif x:\n    y(1)\n\n    w()\nz()\n>>>>>>> REPLACE\n";
    let planned = plan(&base, input).expect("it applies");
    assert_eq!(planned.notes[0].what, Tolerated::Indentation);
    assert_eq!(
        after(&base, input, "a.py"),
        "class A:\n    def f(self):\n        if x:\n            y(1)\n\n            w()\n        z()\n"
    );
}

#[test]
fn a_shift_that_is_not_uniform_is_rejected() {
    let base = tree(&[("a.py", "  if x:\n   y()\n")]);
    let input = "a.py\n<<<<<<< SEARCH\nif x:\n  y()\n=======\npass\n>>>>>>> REPLACE\n";
    assert_eq!(rejection(plan(&base, input)), Reason::NotFound);
}

#[test]
fn a_replacement_that_cannot_be_shifted_is_rejected() {
    let base = tree(&[("a.py", "if x:\n    y()\n")]);
    let input = "a.py\n<<<<<<< SEARCH\n    if x:\n        y()\n=======\n    if x:\n  z()\n>>>>>>> REPLACE\n";
    assert_eq!(rejection(plan(&base, input)), Reason::Unshiftable);
}

#[test]
fn later_blocks_use_the_path_of_the_one_before() {
    let base = tree(&[("src/a.rs", "one\ntwo\n")]);
    let input = "**src/a.rs**\n```rust\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE\n```\nand also this one:\n```rust\n<<<<<<< SEARCH\ntwo\n=======\n2\n>>>>>>> REPLACE\n```\n";
    assert_eq!(after(&base, input, "src/a.rs"), "1\n2\n");
}

#[test]
fn a_block_with_longer_markers_may_hold_a_divider() {
    let base = tree(&[("a.rst", "Title\n=======\n\ntext\n")]);
    let input =
        "a.rst\n<<<<<<<< SEARCH\nTitle\n=======\n========\nOther\n=======\n>>>>>>>> REPLACE\n";
    assert_eq!(after(&base, input, "a.rst"), "Other\n=======\n\ntext\n");
    let short = "a.rst\n<<<<<<< SEARCH\nTitle\n=======\n=======\nOther\n=======\n>>>>>>> REPLACE\n";
    assert!(parse(short.as_bytes()).is_err());
}

#[test]
fn an_empty_search_makes_a_new_file() {
    let base = tree(&[("a", "x\n")]);
    let input = "new/b.txt\n<<<<<<< SEARCH\n=======\nhello\n>>>>>>> REPLACE\n";
    assert_eq!(after(&base, input, "new/b.txt"), "hello\n");
    let existing = input.replace("new/b.txt", "a");
    assert_eq!(rejection(plan(&base, &existing)), Reason::Exists);
}

#[test]
fn an_anchor_decides_between_equal_bodies() {
    let base = tree(&[(
        "a.py",
        "def one():\n    return 0\n\ndef two():\n    return 0\n\ndef three():\n    return 0\n",
    )]);
    let input = |name: &str| {
        format!(
            "*** Begin Patch\n*** Update File: a.py\n@@ def {name}():\n-    return 0\n+    return 9\n*** End Patch\n"
        )
    };
    for (name, at) in [("one", 0), ("two", 1), ("three", 2)] {
        let result = after(&base, &input(name), "a.py");
        let returns: Vec<_> = result
            .lines()
            .filter(|line| line.contains("return"))
            .collect();
        assert_eq!(
            returns.iter().position(|line| line.ends_with('9')),
            Some(at),
            "{name}"
        );
    }
    let unanchored = input("one").replace("@@ def one():\n", "@@\n");
    assert_eq!(
        rejection(plan(&base, &unanchored)),
        Reason::Ambiguous(vec![2, 5, 8])
    );
    assert!(matches!(
        rejection(plan(&base, &input("four"))),
        Reason::AnchorNotFound(_)
    ));
}

#[test]
fn nested_anchors_lead_inwards() {
    let base = tree(&[(
        "a.py",
        "class A:\n    def f(self):\n        return 0\n\nclass B:\n    def f(self):\n        return 0\n",
    )]);
    let input = "*** Begin Patch\n*** Update File: a.py\n@@ class B:\n@@     def f(self):\n-        return 0\n+        return 1\n*** End Patch\n";
    assert!(after(&base, input, "a.py").ends_with("return 1\n"));
}

#[test]
fn an_envelope_adds_moves_and_deletes() {
    let base = tree(&[("old.txt", "one\ntwo\n"), ("gone.txt", "x\n")]);
    let input = "*** Begin Patch\n*** Add File: dir/new.txt\n+hello\n+\n+world\n*** Update File: old.txt\n*** Move to: moved/to.txt\n@@\n one\n-two\n+2\n*** Delete File: gone.txt\n*** End Patch";
    let planned = plan(&base, input).expect("it applies");
    let mut result = base.clone();
    result.apply(&planned);
    let names: Vec<_> = result.files().keys().map(ToString::to_string).collect();
    assert_eq!(names, ["dir/new.txt", "moved/to.txt"]);
    assert_eq!(text(&result, "dir/new.txt"), "hello\n\nworld\n");
    assert_eq!(text(&result, "moved/to.txt"), "one\n2\n");
    let diff = String::from_utf8(planned.diff()).expect("the diff is text");
    assert!(
        diff.contains("rename from old.txt\nrename to moved/to.txt\n"),
        "{diff}"
    );
}

#[test]
fn end_of_file_ties_a_chunk_to_the_end() {
    let base = tree(&[("a", "x\ny\nx\n")]);
    let input = "*** Begin Patch\n*** Update File: a\n@@\n-x\n+z\n*** End of File\n*** End Patch\n";
    assert_eq!(after(&base, input, "a"), "x\ny\nz\n");
}

#[test]
fn lines_that_are_only_added_go_below_the_anchor_or_to_the_end() {
    let base = tree(&[("a", "one\ntwo\n")]);
    let below = "*** Begin Patch\n*** Update File: a\n@@ one\n+1.5\n*** End Patch\n";
    assert_eq!(after(&base, below, "a"), "one\n1.5\ntwo\n");
    let end = "*** Begin Patch\n*** Update File: a\n@@\n+three\n*** End Patch\n";
    assert_eq!(after(&base, end, "a"), "one\ntwo\nthree\n");
}

#[test]
fn a_record_carries_bytes_that_are_no_text() {
    let mut base = tree(&[]);
    base.insert(
        super::support::path("a"),
        super::support::file(b"caf\xe9 = 1\n"),
    );
    // base64 of "caf\xe9" and of "th\xe9"
    let input = "{\"type\":\"edit\",\"path\":{\"bytes\":\"YQ==\"},\"search\":{\"bytes\":\"Y2Fm6Q==\"},\"replace\":{\"bytes\":\"dGjp\"}}\n";
    let planned = plan(&base, input).expect("it applies");
    assert_eq!(
        &*planned.changes[0].after.as_ref().expect("it stays").bytes,
        b"th\xe9 = 1\n"
    );
}

#[test]
fn records_create_rename_delete_and_set_modes() {
    let base = tree(&[("a", "1\n"), ("b", "2\n"), ("c.sh", "3\n")]);
    let input = "{\"type\":\"create\",\"path\":\"new.sh\",\"content\":\"x\\n\",\"mode\":\"100755\"}\n{\"type\":\"rename\",\"path\":\"a\",\"to\":\"d/a\"}\n{\"type\":\"delete\",\"path\":\"b\"}\n{\"type\":\"mode\",\"path\":\"c.sh\",\"mode\":\"755\"}\n";
    let diff = String::from_utf8(plan(&base, input).expect("it applies").diff()).expect("text");
    for line in [
        "new file mode 100755",
        "rename from a",
        "deleted file mode 100644",
        "new mode 100755",
    ] {
        assert!(diff.contains(line), "{line} is missing in\n{diff}");
    }
}

#[test]
fn a_content_hash_that_differs_is_a_rejection() {
    let base = tree(&[("a", "1\n")]);
    let hash = happy::patch::content_hash(b"1\n");
    let input = |hash: &str| {
        format!(
            "{{\"type\":\"edit\",\"path\":\"a\",\"search\":\"1\",\"replace\":\"2\",\"hash\":\"{hash}\"}}\n"
        )
    };
    assert_eq!(after(&base, &input(&hash), "a"), "2\n");
    assert_eq!(after(&base, &input(&hash[..7]), "a"), "2\n");
    assert!(matches!(
        rejection(plan(&base, &input("0123456789"))),
        Reason::HashDiffers { wanted, found } if wanted == "0123456789" && found == hash
    ));
}

#[test]
fn what_looks_like_a_broken_edit_is_an_error_with_its_line() {
    let cases = [
        ("x\n{\"type\":\"edit\",\"path\":\"a\"\n", 2),
        (
            "{\"type\":\"edit\",\"path\":\"a\",\"serch\":\"x\",\"replace\":\"y\"}\n",
            1,
        ),
        ("{\"type\":\"unknown\"}\n", 1),
        ("*** Begin Patch\n*** Add File: a\n+x\n", 1),
        ("*** Update File: a\n", 1),
        (
            "*** Begin Patch\n*** Update File: a\nnot a line\n*** End Patch\n",
            3,
        ),
        ("a\n<<<<<<< SEARCH\nx\n=======\ny\n", 2),
        ("a\n<<<<<<< SEARCH\nx\n>>>>>>> REPLACE\n", 4),
        ("<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n", 1),
        (">>>>>>> REPLACE\n", 1),
        ("@@ -1 +1 @@\n-a\n+b\n", 1),
        ("--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-a\n+b\n", 6),
        ("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n+c\n", 6),
        ("--- a/a\n+++ b/a\n", 3),
        ("diff --git a/a b/a\nGIT binary patch\nliteral 1\n", 2),
        (
            "diff --git a/a b/a\nindex 1..2\nBinary files a/a and b/a differ\n",
            3,
        ),
        ("diff --git a/a b/b\nold mode 100644\nnew mode 100755\n", 1),
        (
            "diff --git a/a b/a\n--- a/a\n+++ b/.git/config\n@@ -1 +1 @@\n-a\n+b\n",
            1,
        ),
        ("just prose\n", 1),
        ("", 1),
    ];
    for (input, line) in cases {
        let error = parse(input.as_bytes()).expect_err(input);
        assert_eq!(error.line, line, "{input:?}: {error}");
    }
}

#[test]
fn a_parser_asked_for_one_form_reads_no_other() {
    let record = b"{\"type\":\"delete\",\"path\":\"a\"}\n";
    assert_eq!(parse_as(Form::Record, record).expect("it is one").len(), 1);
    for form in [Form::Unified, Form::Envelope, Form::Blocks] {
        assert!(parse_as(form, record).is_err(), "{form:?}");
    }
}

#[test]
fn a_second_edit_sees_what_the_first_one_made() {
    let base = tree(&[("a", "1\n")]);
    let input = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"1\",\"replace\":\"2\"}\n{\"type\":\"rename\",\"path\":\"a\",\"to\":\"b\"}\n{\"type\":\"edit\",\"path\":\"b\",\"search\":\"2\",\"replace\":\"3\"}\n";
    assert_eq!(after(&base, input, "b"), "3\n");
}

#[test]
fn chunks_may_touch_but_not_overlap() {
    let base = tree(&[("a", "one\ntwo\nthree\n")]);
    let envelope =
        |chunks: &str| format!("*** Begin Patch\n*** Update File: a\n{chunks}*** End Patch\n");
    let touching = envelope("@@\n-two\n+2\n@@ one\n+1.5\n");
    assert_eq!(after(&base, &touching, "a"), "one\n1.5\n2\nthree\n");
    let inside = envelope("@@\n one\n-two\n+2\n three\n@@ one\n+1.5\n");
    assert_eq!(rejection(plan(&base, &inside)), Reason::Overlaps);
    let base = tree(&[("a", "one\ntwo\nthree")]);
    let last = envelope("@@\n-two\n+2\n@@\n-three\n");
    assert_eq!(rejection(plan(&base, &last)), Reason::Overlaps);
    let one_chunk = envelope("@@\n-two\n-three\n+2\n");
    assert_eq!(after(&base, &one_chunk, "a"), "one\n2");
}
