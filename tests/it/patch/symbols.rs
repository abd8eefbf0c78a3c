//! Edits scoped to a symbol, and the count of syntax errors.

use std::ops::Range;

use happy::patch::{
    Context, Memory, Options, PatchError, Plan, Reason, RepoPath, SymbolFault, SymbolSpan,
    SymbolSpans, SyntaxChange, SyntaxCheck, Tolerated, content_hash, parse,
};

use super::support::{path, rejection, text, tree};

/// Symbols by name: file, span, hash.
struct Known(Vec<(&'static str, SymbolSpan)>);

impl SymbolSpans for Known {
    fn resolve(&self, symbol: &str) -> Result<SymbolSpan, SymbolFault> {
        let found: Vec<_> = self
            .0
            .iter()
            .filter(|(name, _)| name.ends_with(symbol))
            .collect();
        match found.as_slice() {
            [] => Err(SymbolFault::Unknown),
            [(_, span)] => Ok(span.clone()),
            several => Err(SymbolFault::Ambiguous(
                several.iter().map(|(name, _)| (*name).to_owned()).collect(),
            )),
        }
    }
}

const SOURCE: &str = "class A:\n    def f(self):\n        x = 1\n        return x\n\n    def g(self):\n        x = 1\n        return x\n";

fn span_of(part: &str, nth: usize) -> Range<usize> {
    let start = SOURCE.match_indices(part).nth(nth).expect("it is there").0;
    start..start + part.len()
}

fn known() -> Known {
    let f = span_of("def f(self):\n        x = 1\n        return x", 0);
    let g = span_of("def g(self):\n        x = 1\n        return x", 0);
    let symbol = |span: Range<usize>| SymbolSpan {
        path: path("a.py"),
        hash: content_hash(&SOURCE.as_bytes()[span.clone()]),
        span,
    };
    Known(vec![("a.py::A.f", symbol(f)), ("a.py::A.g", symbol(g))])
}

fn planned(base: &Memory, symbols: &dyn SymbolSpans, input: &str) -> Result<Plan, PatchError> {
    let context = Context {
        base,
        current: None,
        symbols,
        syntax: None,
    };
    Plan::new(&parse(input.as_bytes())?, &context, &Options::default())
}

fn result(input: &str) -> String {
    let mut base = tree(&[("a.py", SOURCE)]);
    let plan = planned(&base, &known(), input).unwrap_or_else(|error| panic!("{error}\n{input}"));
    base.apply(&plan);
    text(&base, "a.py")
}

#[test]
fn a_search_is_unique_within_its_symbol() {
    let base = tree(&[("a.py", SOURCE)]);
    let by_path =
        "{\"type\":\"edit\",\"path\":\"a.py\",\"search\":\"x = 1\",\"replace\":\"x = 2\"}\n";
    assert_eq!(
        rejection(planned(&base, &known(), by_path)),
        Reason::Ambiguous(vec![3, 7])
    );
    let by_symbol =
        "{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"x = 1\",\"replace\":\"x = 2\"}\n";
    let wanted = SOURCE
        .replacen("x = 1", "x = @", 1)
        .replace("x = 1", "x = 2")
        .replace('@', "1");
    assert_eq!(result(by_symbol), wanted);
}

#[test]
fn a_search_in_a_symbol_may_be_shifted() {
    let input = "{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"def g(self):\\n    x = 1\\n\",\"replace\":\"def g(self, y):\\n    x = y\\n\"}\n";
    assert!(result(input).ends_with("    def g(self, y):\n        x = y\n        return x\n"));
}

#[test]
fn a_body_is_indented_as_the_symbol_is() {
    let wanted = SOURCE.replace(
        "def f(self):\n        x = 1\n        return x",
        "def f(self):\n        return 2",
    );
    for body in [
        "def f(self):\\n        return 2",
        "def f(self):\\n    return 2\\n",
        "    def f(self):\\n        return 2\\n",
    ] {
        let input = format!("{{\"type\":\"edit\",\"symbol\":\"A.f\",\"body\":\"{body}\"}}\n");
        assert_eq!(result(&input), wanted, "{body}");
    }
}

#[test]
fn symbols_are_found_after_earlier_edits_moved_them() {
    let input = "{\"type\":\"edit\",\"path\":\"a.py\",\"search\":\"class A:\\n\",\"replace\":\"import os\\n\\nclass A:\\n\"}\n{\"type\":\"edit\",\"symbol\":\"A.f\",\"body\":\"def f(self):\\n        return 2\"}\n{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"x = 1\",\"replace\":\"x = 3\"}\n{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"x = 3\",\"replace\":\"x = 4\"}\n";
    assert_eq!(
        result(input),
        "import os\n\nclass A:\n    def f(self):\n        return 2\n\n    def g(self):\n        x = 4\n        return x\n"
    );
}

#[test]
fn symbols_follow_a_file_that_was_renamed() {
    let mut base = tree(&[("a.py", SOURCE)]);
    let input = "{\"type\":\"rename\",\"path\":\"a.py\",\"to\":\"b.py\"}\n{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"x = 1\",\"replace\":\"x = 2\"}\n";
    let plan = planned(&base, &known(), input).expect("it applies");
    base.apply(&plan);
    assert!(text(&base, "b.py").contains("x = 2"));
}

#[test]
fn a_symbol_that_an_earlier_edit_cut_into_is_rejected() {
    let base = tree(&[("a.py", SOURCE)]);
    let input = "{\"type\":\"edit\",\"path\":\"a.py\",\"search\":\"return x\\n\\n    def g(self)\",\"replace\":\"return x\\n\\n    def h(self)\"}\n{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"x = 1\",\"replace\":\"x = 2\"}\n";
    assert_eq!(
        rejection(planned(&base, &known(), input)),
        Reason::SymbolCut
    );
}

#[test]
fn unknown_ambiguous_and_stale_symbols_are_rejected() {
    let base = tree(&[("a.py", SOURCE)]);
    let input =
        |name: &str| format!("{{\"type\":\"edit\",\"symbol\":\"{name}\",\"body\":\"x\"}}\n");
    assert_eq!(
        rejection(planned(&base, &known(), &input("nope"))),
        Reason::UnknownSymbol
    );
    let mut double = known();
    double.0.push(("b.py::A.f", double.0[0].1.clone()));
    assert_eq!(
        rejection(planned(&base, &double, &input("A.f"))),
        Reason::AmbiguousSymbol(vec!["a.py::A.f".into(), "b.py::A.f".into()])
    );
    let changed = tree(&[("a.py", &SOURCE.replace("x = 1", "x = 7"))]);
    assert_eq!(
        rejection(planned(&changed, &known(), &input("A.f"))),
        Reason::StaleSymbol
    );
    let short = tree(&[("a.py", "x\n")]);
    assert_eq!(
        rejection(planned(&short, &known(), &input("A.f"))),
        Reason::StaleSymbol
    );
    let hashed = "{\"type\":\"edit\",\"symbol\":\"A.f\",\"body\":\"x\",\"hash\":\"0000000\"}\n";
    assert!(matches!(
        rejection(planned(&base, &known(), hashed)),
        Reason::HashDiffers { .. }
    ));
}

#[test]
fn a_symbol_in_a_protected_file_is_refused() {
    let mut base = Memory::default();
    base.insert(path("Jenkinsfile"), super::support::file(b"x"));
    let span = SymbolSpan {
        path: path("Jenkinsfile"),
        span: 0..1,
        hash: content_hash(b"x"),
    };
    let input = "{\"type\":\"edit\",\"symbol\":\"x\",\"body\":\"y\"}\n";
    let refused = planned(&base, &Known(vec![("x", span)]), input);
    assert!(
        matches!(refused, Err(PatchError::Refused(_))),
        "{refused:?}"
    );
}

/// Counts brackets without a partner.
struct Brackets;

impl SyntaxCheck for Brackets {
    fn errors(&self, path: &RepoPath, content: &[u8]) -> Option<usize> {
        let count = |sign| content.split(|byte| *byte == sign).count();
        path.as_bytes()
            .ends_with(b".py")
            .then(|| count(b'(').abs_diff(count(b')')))
    }
}

#[test]
fn new_syntax_errors_are_reported_and_refused_when_strict() {
    let base = tree(&[("a.py", "f(1\n"), ("b.txt", "x\n")]);
    let context = Context {
        base: &base,
        current: None,
        symbols: &known(),
        syntax: Some(&Brackets),
    };
    let plan = |input: &str, strict| {
        let options = Options {
            strict,
            ..Options::default()
        };
        Plan::new(
            &parse(input.as_bytes()).expect("it parses"),
            &context,
            &options,
        )
    };
    let worse = "{\"type\":\"edit\",\"path\":\"a.py\",\"search\":\"1\",\"replace\":\"((1\"}\n";
    let change = SyntaxChange {
        path: path("a.py"),
        before: 1,
        after: 3,
    };
    assert_eq!(
        plan(worse, false).expect("it is only reported").syntax,
        std::slice::from_ref(&change)
    );
    assert!(matches!(plan(worse, true), Err(PatchError::Syntax(all)) if all == [change]));
    for fine in [
        "{\"type\":\"edit\",\"path\":\"a.py\",\"search\":\"1\",\"replace\":\"2\"}\n",
        "{\"type\":\"edit\",\"path\":\"a.py\",\"search\":\"1\",\"replace\":\"1)\"}\n",
        "{\"type\":\"edit\",\"path\":\"b.txt\",\"search\":\"x\",\"replace\":\"((\"}\n",
    ] {
        assert_eq!(plan(fine, true).expect("it is no worse").syntax, []);
    }
}

#[test]
fn an_empty_note_list_means_that_nothing_was_tolerated() {
    let base = tree(&[("a.py", SOURCE)]);
    let exact =
        "{\"type\":\"edit\",\"symbol\":\"A.f\",\"body\":\"def f(self):\\n        return 2\"}\n";
    assert_eq!(
        planned(&base, &known(), exact).expect("it applies").notes,
        []
    );
    let shifted =
        "{\"type\":\"edit\",\"symbol\":\"A.f\",\"body\":\"def f(self):\\n    return 2\"}\n";
    let notes = planned(&base, &known(), shifted).expect("it applies").notes;
    assert_eq!(notes[0].what, Tolerated::Indentation);
}

#[test]
fn a_symbol_stays_whole_when_its_first_line_was_shifted() {
    let input = concat!(
        "{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"def g(self):\\n    x = 1\\n\",",
        "\"replace\":\"def g(self, y):\\n    x = y\\n\"}\n",
        "{\"type\":\"edit\",\"symbol\":\"A.g\",\"search\":\"return x\",\"replace\":\"return y\"}\n",
    );
    assert!(result(input).ends_with("    def g(self, y):\n        x = y\n        return y\n"));
}
