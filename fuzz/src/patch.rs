//! The forms of a patch: any input is an answer or an error, and the diff of a
//! plan makes the same plan.

use happy::patch::{
    Context, File, FileMode, Form, Memory, NoSymbols, Options, Plan, RepoPath, parse, parse_as,
};

fn base() -> Memory {
    let mut base = Memory::default();
    let files: [(&[u8], &[u8]); 4] = [
        (b"a", b"one\ntwo\nthree\n"),
        (b"b", b"x\r\ny\r\n"),
        (b"d/e", b"last"),
        (b"f", b""),
    ];
    for (path, bytes) in files {
        let path = RepoPath::new(path).expect("the path is safe");
        base.insert(
            path,
            File {
                bytes: bytes.into(),
                mode: FileMode::Regular,
            },
        );
    }
    base
}

/// Reads the input as that form.
pub fn fuzz(form: Form, input: &[u8]) {
    let Ok(edits) = parse_as(form, input) else {
        return;
    };
    let base = base();
    let context = Context {
        base: &base,
        current: None,
        symbols: &NoSymbols,
        syntax: None,
    };
    for reverse in [false, true] {
        let options = Options {
            reverse,
            ..Options::default()
        };
        let Ok(plan) = Plan::new(&edits, &context, &options) else {
            continue;
        };
        if plan.changes.is_empty() {
            continue;
        }
        let again = parse(&plan.diff()).expect("our own diff is one");
        let again = Plan::new(&again, &context, &Options::default()).expect("our own diff applies");
        assert_eq!(again.changes, plan.changes);
    }
}
