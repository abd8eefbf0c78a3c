//! A base that is not the present state: carried over, merged, or rejected.

use happy::patch::{
    Context, Memory, NoSymbols, Options, PatchError, Plan, Reason, Tolerated, content_hash, parse,
};

use super::support::{plan_with, rejection, text, tree};

const INPUT: &str = "{\"type\":\"edit\",\"path\":\"a\",\"search\":\"two\",\"replace\":\"2\"}\n";
const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\n";

fn onto(base: &Memory, current: &Memory, input: &str, three_way: bool) -> Result<Plan, PatchError> {
    let context = Context {
        base,
        current: Some(current),
        symbols: &NoSymbols,
        syntax: None,
    };
    let options = Options {
        three_way,
        ..Options::default()
    };
    Plan::new(&parse(input.as_bytes())?, &context, &options)
}

#[test]
fn an_unchanged_file_takes_the_change() {
    let base = tree(&[("a", BASE), ("b", "x\n")]);
    let current = tree(&[("a", BASE), ("b", "changed\n")]);
    assert_eq!(
        onto(&base, &current, INPUT, false)
            .expect("it applies")
            .changes
            .len(),
        1
    );
}

#[test]
fn a_changed_file_is_rejected_or_merged() {
    let base = tree(&[("a", BASE)]);
    let current = tree(&[("a", &BASE.replace("six", "6"))]);
    assert_eq!(
        rejection(onto(&base, &current, INPUT, false)),
        Reason::ChangedSinceBase
    );
    let plan = onto(&base, &current, INPUT, true).expect("it merges");
    assert_eq!(plan.notes[0].what, Tolerated::Merged);
    let mut result = current.clone();
    result.apply(&plan);
    assert_eq!(text(&result, "a"), "one\n2\nthree\nfour\nfive\n6\n");
    assert_eq!(
        plan.changes[0].before.as_ref().expect("it was there"),
        &current.files()[&super::support::path("a")]
    );
}

#[test]
fn a_conflict_is_rejected_with_its_lines() {
    let base = tree(&[("a", BASE)]);
    let current = tree(&[("a", &BASE.replace("two", "zwei"))]);
    assert_eq!(
        rejection(onto(&base, &current, INPUT, true)),
        Reason::Conflict(vec![2])
    );
}

#[test]
fn a_change_that_is_there_already_is_noted() {
    let base = tree(&[("a", BASE)]);
    let current = tree(&[("a", &BASE.replace("two", "2"))]);
    let plan = onto(&base, &current, INPUT, false).expect("there is nothing to do");
    assert!(plan.changes.is_empty());
    assert_eq!(plan.notes[0].what, Tolerated::AlreadyThere);
}

#[test]
fn files_made_removed_and_moved_meanwhile_are_rejected() {
    let base = tree(&[("a", BASE)]);
    let create = "{\"type\":\"create\",\"path\":\"n\",\"content\":\"x\"}\n";
    let made = tree(&[("a", BASE), ("n", "other")]);
    assert_eq!(
        rejection(onto(&base, &made, create, true)),
        Reason::ChangedSinceBase
    );
    let gone = tree(&[]);
    assert_eq!(
        rejection(onto(&base, &gone, INPUT, true)),
        Reason::ChangedSinceBase
    );
    let rename = "{\"type\":\"rename\",\"path\":\"a\",\"to\":\"n\"}\n";
    assert_eq!(rejection(onto(&base, &made, rename, true)), Reason::Exists);
    let delete = "{\"type\":\"delete\",\"path\":\"a\"}\n";
    assert!(
        onto(&base, &gone, delete, true)
            .expect("it is gone already")
            .changes
            .is_empty()
    );
}

#[test]
fn a_rename_carries_changes_made_meanwhile_along() {
    let base = tree(&[("a", BASE)]);
    let mut current = tree(&[("a", &BASE.replace("six", "6"))]);
    let input = "*** Begin Patch\n*** Update File: a\n*** Move to: b\n-two\n+2\n*** End Patch\n";
    let plan = onto(&base, &current, input, true).expect("it merges");
    current.apply(&plan);
    assert_eq!(text(&current, "b"), "one\n2\nthree\nfour\nfive\n6\n");
    assert_eq!(current.files().len(), 1);
}

#[test]
fn a_diff_is_merged_by_the_blob_that_it_names() {
    let ours = BASE.replace("three", "3");
    let mut base = tree(&[("a", &ours)]);
    let id = content_hash(BASE.as_bytes());
    let input = format!(
        "diff --git a/a b/a\nindex {}..1111111 100644\n--- a/a\n+++ b/a\n@@ -3,4 +3,4 @@\n three\n four\n five\n-six\n+6\n",
        &id[..10]
    );
    let options = Options {
        three_way: true,
        ..Options::default()
    };
    assert_eq!(
        rejection(plan_with(&base, input.as_bytes(), &options)),
        Reason::NotFound
    );
    base.insert_blob(BASE.as_bytes());
    assert_eq!(
        rejection(plan_with(&base, input.as_bytes(), &Options::default())),
        Reason::NotFound
    );
    let plan = plan_with(&base, input.as_bytes(), &options).expect("it merges");
    let mut result = base.clone();
    result.apply(&plan);
    assert_eq!(text(&result, "a"), ours.replace("six", "6"));
}
