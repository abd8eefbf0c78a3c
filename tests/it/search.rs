//! Search, from sources to hits, in memory.

#[path = "search/edges.rs"]
mod edges;
#[path = "search/rules.rs"]
mod rules;

use std::time::Duration;

use happy::facts::{View, extract};
use happy::index::assemble::{Parsed, assemble};
use happy::index::encode::{FileEntry, encode};
use happy::index::words::{WordsView, gather};
use happy::index::{Identity, ObjectFormat, Snapshot};
use happy::lang::{detect, language};
use happy::query::{Group, SearchError, SearchOptions, Subject, search};
use happy::record::Record;
use happy::vector::{self, Embedder, EmbedderId, StaticEmbedder};

const AUTH: &str = r#"
class LoginController:
    """Checks who a user is."""

    def login(self, user, password):
        """Log a user in by name and password."""
        token = self.sessions.create(user)
        return token

    def logout(self, user):
        self.sessions.drop(user)


def parse_headers(text):
    """Split raw HTTP headers into pairs."""
    return [line.split(":") for line in text.splitlines()]
"#;
const TESTS: &str = "
def test_login():
    controller = LoginController()
    assert controller.login('user', 'password')
";

/// What a file's record holds: facts, and words with vectors.
fn record(path: &str, text: &str) -> (u8, Vec<u64>, Vec<u64>) {
    let aligned = |bytes: &[u8]| -> Vec<u64> {
        bytes
            .chunks(8)
            .map(|chunk| {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                u64::from_ne_bytes(word)
            })
            .collect()
    };
    let id = detect(path.as_bytes(), text.as_bytes()).expect("a known ending");
    let lang = language(id).expect("of the list");
    let mut parser = tree_sitter::Parser::new();
    let found = extract(&mut parser, text.as_bytes(), lang, Duration::from_secs(10))
        .expect("parses in time");
    let embedder = StaticEmbedder::new().expect("the table is sound");
    let words = gather(text.as_bytes(), &found.facts.view(), &embedder).expect("can be embedded");
    (id, aligned(&found.facts.to_bytes()), aligned(&words))
}

fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    use zerocopy::IntoBytes;
    let records: Vec<_> = files
        .iter()
        .map(|(path, text)| record(path, text))
        .collect();
    let entries: Vec<FileEntry<'_>> = files
        .iter()
        .zip(&records)
        .map(|((path, text), (id, facts, words))| {
            let facts = View::read(facts.as_bytes()).expect("own facts are sound");
            FileEntry {
                path: path.as_bytes(),
                blob: &[0; 20],
                language: *id,
                reason: 0,
                flags: if path.starts_with("tests/") { 4 } else { 0 },
                bytes: text.len() as u32,
                lines: text.lines().count() as u32,
                facts: Some(facts),
                words: WordsView::read(words.as_bytes(), facts.defs.len()),
            }
        })
        .collect();
    let parsed: Vec<Parsed<'_>> = entries
        .iter()
        .filter_map(|entry| {
            let (path, language) = (entry.path, entry.language);
            entry.facts.map(|facts| Parsed {
                path,
                language,
                facts,
            })
        })
        .collect();
    let linked = assemble(&parsed, &[]);
    let embedder = StaticEmbedder::new().expect("the table is sound");
    let sections = encode(&entries, &linked, 0, embedder.id());
    let identity = Identity {
        object_format: ObjectFormat::Sha1,
        repository: Vec::new(),
        commit: vec![1; 20],
        tree: vec![2; 20],
        fingerprint: 0,
    };
    let segment = Snapshot::builder(&sections, identity).to_segment();
    Snapshot::new(segment.expect("sections are sound")).expect("a snapshot")
}

fn sample() -> Snapshot {
    snapshot(&[("src/auth.py", AUTH), ("tests/test_auth.py", TESTS)])
}

fn options() -> SearchOptions {
    SearchOptions {
        limit: 10,
        ..SearchOptions::default()
    }
}

fn ask(snapshot: &Snapshot, query: &str, options: &SearchOptions) -> Vec<String> {
    let embedder = StaticEmbedder::new().expect("the table is sound");
    let subject = Subject::Query(query.to_owned());
    search(snapshot, &subject, options, &embedder)
        .expect("an answer")
        .into_iter()
        .map(|record| match record {
            Record::Hit { symbol, .. } => symbol.symbol.lossy().into_owned(),
            other => panic!("not a hit: {other:?}"),
        })
        .collect()
}

#[test]
fn words_are_split_at_case_and_brought_to_their_stem() {
    let mut found = Vec::new();
    happy::text::words(b"HTTPServer parse_headers2 routing x 12345", |_, word| {
        found.push(String::from_utf8_lossy(word).into_owned());
    });
    let stem = |word: &str| {
        let mut found = Vec::new();
        happy::text::words(word.as_bytes(), |_, word| found.push(word.to_vec()));
        found
    };
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(found[0], "http");
    assert_eq!(stem("routes"), stem("routing"));
    assert_eq!(stem("dependencies"), stem("dependency"));
    assert_ne!(stem("class"), stem("clas"));
}

#[test]
fn a_name_finds_its_symbol_first() {
    let snapshot = sample();
    let first = |query| ask(&snapshot, query, &options())[0].clone();
    assert_eq!(first("parse_headers"), "src/auth.py::parse_headers");
    assert_eq!(first("LoginController"), "src/auth.py::LoginController");
    assert_eq!(first("logincontroller"), "src/auth.py::LoginController");
    assert_eq!(
        first("LoginController.logout"),
        "src/auth.py::LoginController.logout"
    );
}

#[test]
fn a_question_finds_the_definition_before_its_test() {
    let hits = ask(
        &sample(),
        "where does a user log in with a password",
        &options(),
    );
    assert_eq!(hits[0], "src/auth.py::LoginController.login");
    let test = hits
        .iter()
        .position(|hit| hit == "tests/test_auth.py::test_login");
    assert!(test.is_some_and(|at| at > 0), "{hits:?}");
}

#[test]
fn a_group_has_one_hit_for_each_file() {
    let options = SearchOptions {
        group: Group::File,
        ..options()
    };
    let hits = ask(&sample(), "login", &options);
    assert_eq!(hits.len(), 2, "{hits:?}");
    assert!(hits[0].starts_with("src/auth.py"));
}

#[test]
fn filters_leave_out_what_they_say() {
    let snapshot = sample();
    let only = SearchOptions {
        path: Some(b"tests".to_vec()),
        ..options()
    };
    assert!(
        ask(&snapshot, "login", &only)
            .iter()
            .all(|hit| hit.starts_with("tests/"))
    );
    let only = SearchOptions {
        kinds: vec!["method".to_owned()],
        ..options()
    };
    let hits = ask(&snapshot, "login user", &only);
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.contains("LoginController.")));
}

#[test]
fn odd_queries_are_answered() {
    let snapshot = sample();
    let long = "login ".repeat(20_000);
    for query in [
        "",
        "   ",
        "!!!",
        "用户登录",
        "\u{1}\u{7f}\0",
        "a",
        long.as_str(),
    ] {
        let _ = ask(&snapshot, query, &options());
    }
    assert!(ask(&snapshot, "!!!", &options()).is_empty());
    assert!(!ask(&snapshot, &long, &options()).is_empty());
    let empty = self::snapshot(&[]);
    assert!(ask(&empty, "login", &options()).is_empty());
    let line = self::snapshot(&[("a.py", "x = 1\n")]);
    assert!(!ask(&line, "x", &options()).is_empty());
}

struct Other(EmbedderId);

impl Embedder for Other {
    fn id(&self) -> &EmbedderId {
        &self.0
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, vector::Error> {
        Ok(vec![vec![0.0; self.0.dims]; texts.len()])
    }
}

#[test]
fn another_embedder_than_that_of_the_index_is_refused() {
    let other = Other(EmbedderId {
        model: "other".to_owned(),
        hash: String::new(),
        dims: 256,
    });
    let subject = Subject::Query("login".to_owned());
    let answer = search(&sample(), &subject, &options(), &other);
    assert!(matches!(
        answer,
        Err(SearchError::Vector(vector::Error::Mismatch { .. }))
    ));
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let bytes = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
            .install(|| sample().segment().as_bytes().to_vec())
    };
    assert_eq!(bytes(1), bytes(4));
}

#[test]
fn a_cut_record_is_no_words() {
    use zerocopy::IntoBytes;
    let (_, facts, words) = record("auth.py", AUTH);
    let defs = View::read(facts.as_bytes())
        .expect("own facts are sound")
        .defs
        .len();
    let whole = words.as_bytes();
    assert!(WordsView::read(whole, defs).is_some());
    for len in 0..whole.len() - 8 {
        assert!(
            WordsView::read(&whole[..len], defs).is_none(),
            "{len} bytes"
        );
    }
    assert!(WordsView::read(whole, 1).is_none());
}
