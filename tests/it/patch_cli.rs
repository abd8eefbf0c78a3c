//! `happy patch`, through the program.

use super::shell::Shell;

const SOURCE: &str = "import os\n\n\ndef one(a):\n    return a + 1\n\n\ndef two(a):\n    return one(a) + 1\n\n\nclass Box:\n    def size(self):\n        return two(3)\n";

fn shell() -> Shell {
    Shell::new(&[("src/a.py", SOURCE), ("src/b.py", "B = 1\n")])
}

const DIFF: &str = "--- a/src/b.py\n+++ b/src/b.py\n@@ -1 +1,2 @@\n-B = 1\n+B = 2\n+C = 3\n";

#[test]
fn each_form_changes_the_working_tree() {
    let forms = [
        DIFF,
        "*** Begin Patch\n*** Update File: src/b.py\n@@\n-B = 1\n+B = 2\n+C = 3\n*** End Patch\n",
        "src/b.py\n<<<<<<< SEARCH\nB = 1\n=======\nB = 2\nC = 3\n>>>>>>> REPLACE\n",
        "{\"type\":\"edit\",\"path\":\"src/b.py\",\"search\":\"B = 1\",\"replace\":\"B = 2\\nC = 3\"}\n",
    ];
    for form in forms {
        let shell = shell();
        let ran = shell.happy_with(&["patch"], form.as_bytes()).exits(0);
        assert_eq!(shell.read("src/b.py"), "B = 2\nC = 3\n", "{form}");
        let record = &ran.of("patched")[0];
        assert_eq!(record["path"], "src/b.py");
        assert_eq!(record["change"], "modified");
        assert_eq!(
            (record["added"].as_u64(), record["removed"].as_u64()),
            (Some(2), Some(1))
        );
        assert_eq!(record["applied"], true);
    }
}

#[test]
fn check_and_stdout_touch_nothing() {
    let shell = shell();
    let checked = shell
        .happy_with(&["patch", "--check", "-"], DIFF.as_bytes())
        .exits(0);
    assert_eq!(checked.of("patched")[0]["applied"], false);
    let printed = shell
        .happy_with(&["patch", "--stdout"], DIFF.as_bytes())
        .exits(0);
    assert!(
        printed
            .stdout
            .starts_with("diff --git a/src/b.py b/src/b.py\n"),
        "{}",
        printed.stdout
    );
    assert_eq!(shell.git(&["status", "--porcelain"]), "");
    // What is printed is what applies.
    shell
        .happy_with(&["patch"], printed.stdout.as_bytes())
        .exits(0);
    assert_eq!(shell.read("src/b.py"), "B = 2\nC = 3\n");
}

#[test]
fn an_edit_of_a_symbol_finds_it_in_the_index() {
    let shell = shell();
    let edit = "{\"type\":\"edit\",\"symbol\":\"Box.size\",\"body\":\"def size(self):\\n    return two(4)\"}\n\
                {\"type\":\"edit\",\"symbol\":\"src/a.py::one\",\"search\":\"a + 1\",\"replace\":\"a + 2\"}\n";
    shell.happy_with(&["patch"], edit.as_bytes()).exits(0);
    let wanted = SOURCE
        .replacen("a + 1", "a + 2", 1)
        .replace("two(3)", "two(4)");
    assert_eq!(shell.read("src/a.py"), wanted);
}

#[test]
fn an_edit_of_a_symbol_sees_edits_that_are_not_committed() {
    let shell = shell();
    shell.write(
        "src/a.py",
        &SOURCE.replace("import os\n", "import os\nimport re\n"),
    );
    let edit = "{\"type\":\"edit\",\"symbol\":\"two\",\"search\":\"+ 1\",\"replace\":\"+ 9\"}\n";
    shell.happy_with(&["patch"], edit.as_bytes()).exits(0);
    assert!(shell.read("src/a.py").contains("return one(a) + 9"));
    assert!(shell.read("src/a.py").contains("return a + 1"));
}

#[test]
fn an_ambiguous_symbol_is_rejected_with_its_names() {
    let shell = Shell::new(&[
        ("a.py", "def f():\n    pass\n"),
        ("b.py", "def f():\n    pass\n"),
    ]);
    let edit =
        "{\"type\":\"edit\",\"symbol\":\"f\",\"search\":\"pass\",\"replace\":\"return 1\"}\n";
    let ran = shell.happy_with(&["patch"], edit.as_bytes()).exits(1);
    let reason = ran.of("rejection")[0]["reason"]
        .as_str()
        .expect("a reason")
        .to_owned();
    assert!(
        reason.contains("a.py::f") && reason.contains("b.py::f"),
        "{reason}"
    );
}

#[test]
fn a_rejection_shows_the_nearest_lines_and_touches_nothing() {
    let shell = shell();
    let patch = format!(
        "{DIFF}--- a/src/a.py\n+++ b/src/a.py\n@@ -8,2 +8,2 @@\n def two(a):\n-    return one(a) + 7\n+    return one(a) + 8\n"
    );
    let ran = shell.happy_with(&["patch"], patch.as_bytes()).exits(1);
    let rejections = ran.of("rejection");
    assert_eq!(rejections.len(), 1, "{}", ran.stdout);
    assert_eq!(rejections[0]["path"], "src/a.py");
    assert_eq!(rejections[0]["hunk"], 1);
    assert!(
        rejections[0]["nearest"]
            .as_str()
            .expect("near")
            .contains("one(a) + 1"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.contains("\"code\":\"does_not_apply\""),
        "{}",
        ran.stderr
    );
    assert_eq!(shell.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_shifted_hunk_applies_with_a_note() {
    let shell = shell();
    shell.write("src/a.py", &format!("# one\n# two\n{SOURCE}"));
    let patch = "--- a/src/a.py\n+++ b/src/a.py\n@@ -8,4 +8,4 @@\n def two(a):\n-    return one(a) + 1\n+    return one(a) + 8\n \n \n";
    let ran = shell.happy_with(&["patch"], patch.as_bytes()).exits(0);
    let note = ran.of("patch_note")[0]["note"]
        .as_str()
        .expect("a note")
        .to_owned();
    assert!(note.contains("+2 lines"), "{note}");
}

#[test]
fn dangerous_paths_are_refused_whole() {
    for path in [
        "../out.py",
        ".git/hooks/pre-commit",
        "/etc/passwd",
        ".github/workflows/x.yml",
    ] {
        let shell = shell();
        let patch = format!("{DIFF}*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch\n");
        let ran = shell.happy_with(&["patch"], patch.as_bytes()).exits(9);
        assert_eq!(ran.of("refusal")[0]["path"], path, "{}", ran.stdout);
        assert_eq!(shell.git(&["status", "--porcelain"]), "", "{path}");
    }
}

#[test]
fn a_protected_path_is_changed_where_it_is_allowed() {
    let shell = shell();
    let patch = "*** Begin Patch\n*** Add File: .github/workflows/x.yml\n+x\n*** End Patch\n";
    shell
        .happy_with(&["patch", "--allow", ".github/**"], patch.as_bytes())
        .exits(0);
    assert_eq!(shell.read(".github/workflows/x.yml"), "x\n");
}

#[test]
fn undo_takes_the_last_change_back() {
    let shell = shell();
    shell.happy_with(&["patch"], DIFF.as_bytes()).exits(0);
    let ran = shell.happy(&["patch", "--undo"]).exits(0);
    assert_eq!(ran.of("recovered")[0]["action"], "undone");
    assert_eq!(shell.read("src/b.py"), "B = 1\n");
    let again = shell.happy(&["patch", "--continue"]).exits(1);
    assert!(
        again.stderr.contains("no unfinished change"),
        "{}",
        again.stderr
    );
}

#[test]
fn reverse_takes_a_diff_back() {
    let shell = shell();
    shell.happy_with(&["patch"], DIFF.as_bytes()).exits(0);
    shell
        .happy_with(&["patch", "--reverse"], DIFF.as_bytes())
        .exits(0);
    assert_eq!(shell.read("src/b.py"), "B = 1\n");
}

#[test]
fn strict_refuses_new_syntax_errors_that_are_told_otherwise() {
    let shell = shell();
    let broken = "{\"type\":\"edit\",\"symbol\":\"one\",\"search\":\"return a + 1\",\"replace\":\"return (a +\"}\n";
    let strict = shell
        .happy_with(&["patch", "--strict"], broken.as_bytes())
        .exits(1);
    assert_eq!(strict.of("syntax_errors")[0]["before"], 0);
    assert_eq!(shell.read("src/a.py"), SOURCE);
    let told = shell.happy_with(&["patch"], broken.as_bytes()).exits(0);
    assert!(told.of("syntax_errors")[0]["after"].as_u64() > Some(0));
}

#[test]
fn a_patch_for_an_older_revision_is_merged_or_rejected() {
    let shell = shell();
    shell.write("src/b.py", "# new\nB = 1\n");
    shell.commit("second");
    let rejected = shell
        .happy_with(&["patch", "--base", "HEAD~1"], DIFF.as_bytes())
        .exits(1);
    assert!(
        rejected.stdout.contains("changed since the base"),
        "{}",
        rejected.stdout
    );
    let merged = shell.happy_with(&["patch", "--base", "HEAD~1", "--3way"], DIFF.as_bytes());
    // The lines touch, so this one is a conflict; with a line between they merge.
    assert_eq!(merged.code, 1, "{}", merged.stdout);
    shell.write("src/a.py", &SOURCE.replace("two(3)", "two(5)"));
    let edit =
        "{\"type\":\"edit\",\"symbol\":\"one\",\"search\":\"a + 1\",\"replace\":\"a + 2\"}\n";
    shell
        .happy_with(&["patch", "--base", "HEAD~1", "--3way"], edit.as_bytes())
        .exits(0);
    let text = shell.read("src/a.py");
    assert!(text.contains("two(5)") && text.contains("a + 2"), "{text}");
}

#[test]
fn unreadable_input_is_a_usage_error() {
    let shell = shell();
    let ran = shell.happy_with(&["patch"], b"hello\n").exits(2);
    assert!(ran.stderr.contains("no edit found"), "{}", ran.stderr);
    shell.happy(&["patch", "no/such/file"]).exits(5);
}
