//! The rules of the ranking, one by one.

use happy::query::{Group, SearchOptions, Subject, search};
use happy::record::Record;
use happy::vector::StaticEmbedder;

use super::{ask, options, snapshot};

const LOAD: &str =
    "def load_settings(path):\n    \"\"\"Read settings.\"\"\"\n    return open(path).read()\n";

fn place(hits: &[String], wanted: &str) -> usize {
    hits.iter()
        .position(|hit| hit == wanted)
        .unwrap_or_else(|| panic!("{wanted} is not in {hits:?}"))
}

#[test]
fn an_older_version_comes_after_the_newest_unless_it_is_asked_for() {
    let snapshot = snapshot(&[("api/v3/load.py", LOAD), ("api/v10/load.py", LOAD)]);
    let (old, new) = (
        "api/v3/load.py::load_settings",
        "api/v10/load.py::load_settings",
    );
    for query in ["read settings from a path", "load_settings"] {
        let hits = ask(&snapshot, query, &options());
        assert!(place(&hits, new) < place(&hits, old), "{query}: {hits:?}");
    }
    let hits = ask(&snapshot, "read settings v3", &options());
    assert!(place(&hits, old) < place(&hits, new), "{hits:?}");
}

#[test]
fn code_for_another_platform_comes_later_unless_it_is_asked_for() {
    let snapshot = snapshot(&[("src/a_windows/load.py", LOAD), ("src/unix/load.py", LOAD)]);
    let (windows, unix) = (
        "src/a_windows/load.py::load_settings",
        "src/unix/load.py::load_settings",
    );
    let hits = ask(&snapshot, "read settings from a path", &options());
    assert!(place(&hits, unix) < place(&hits, windows), "{hits:?}");
    let hits = ask(
        &snapshot,
        "read settings from a path on windows",
        &options(),
    );
    assert!(place(&hits, windows) < place(&hits, unix), "{hits:?}");
}

#[test]
fn a_symbol_is_named_the_way_documentation_writes_it() {
    let text = "class Pool:\n    def connect(self, host):\n        return host\n\nclass Other:\n    def connect(self, host):\n        return host\n";
    let snapshot = snapshot(&[("src/pool.py", text), ("src/net/wire.py", LOAD)]);
    for query in [
        "wrong result of Pool#connect",
        "wrong result of Pool.connect(host)",
        "wrong result of `Pool.connect()`",
    ] {
        let hits = ask(&snapshot, query, &options());
        assert_eq!(hits[0], "src/pool.py::Pool.connect", "{query}");
    }
    let hits = ask(&snapshot, "what happens in net/wire.py", &options());
    assert!(hits[0].starts_with("src/net/wire.py"), "{hits:?}");
}

#[test]
fn a_part_of_a_name_and_a_name_in_words_find_the_symbol() {
    let text = "function fetchRequestHandler(options) {\n  return options;\n}\nfunction other(handler) {\n  return handler;\n}\n";
    let snapshot = snapshot(&[("src/fetch.js", text), ("src/load.py", LOAD)]);
    for query in [
        "fetchRequest",
        "requesthandler",
        "fetch request handler",
        "FETCH_REQUEST_HANDLER",
    ] {
        let hits = ask(&snapshot, query, &options());
        assert_eq!(hits[0], "src/fetch.js::fetchRequestHandler", "{query}");
    }
}

#[test]
fn what_differs_in_case_comes_right_after_the_exact_name() {
    let text = "def Depends(x):\n    return x\n\n\ndef depends(x):\n    return x\n\n\ndef uses(x):\n    \"\"\"Depends on what depends needs.\"\"\"\n    return Depends(depends(x))\n";
    let snapshot = snapshot(&[("src/a.py", text)]);
    let hits = ask(&snapshot, "Depends", &options());
    assert_eq!(hits[..2], ["src/a.py::Depends", "src/a.py::depends"]);
}

#[test]
fn the_name_of_the_project_in_a_question_is_no_symbol() {
    let app = "class Acme:\n    def run(self):\n        pass\n";
    let loop_ = "def wait_for_events(timeout):\n    \"\"\"Block until an event arrives or the timeout is over.\"\"\"\n    return timeout\n";
    let snapshot = snapshot(&[("acme/app.py", app), ("acme/events.py", loop_)]);
    let hits = ask(
        &snapshot,
        "how does aCme block until an event arrives",
        &options(),
    );
    assert_eq!(hits[0], "acme/events.py::wait_for_events", "{hits:?}");
}

#[test]
fn in_a_group_the_lead_of_an_exact_name_counts_once() {
    let many = "class A:\n    class Codec:\n        pass\n\nclass B:\n    class Codec:\n        pass\n\nclass C:\n    class Codec:\n        pass\n";
    let options = SearchOptions {
        group: Group::File,
        ..options()
    };
    let embedder = StaticEmbedder::new().expect("the table is sound");
    let subject = Subject::Query("Codec".to_owned());
    let hits = search(
        &snapshot(&[("src/a.py", many)]),
        &subject,
        &options,
        &embedder,
    );
    match &hits.expect("an answer")[..] {
        [Record::Hit { score, .. }] => assert!((10.0..11.0).contains(score), "{score}"),
        other => panic!("not one hit: {other:?}"),
    }
}

#[test]
fn a_query_in_chinese_finds_code_documented_in_chinese() {
    let text = "def login(user):\n    # 用户登录\n    return user\n\n\ndef logout(user):\n    return user\n";
    let hits = ask(&snapshot(&[("src/a.py", text)]), "用户登录", &options());
    assert_eq!(hits[0], "src/a.py::login");
}

/// The hits of `--like` for the symbol of that name.
fn like(files: &[(&str, &str)], name: &str) -> Vec<String> {
    let snapshot = snapshot(files);
    let nodes = snapshot
        .by_name(name.as_bytes())
        .expect("is sound")
        .to_vec();
    let embedder = StaticEmbedder::new().expect("the table is sound");
    search(&snapshot, &Subject::Like(nodes), &options(), &embedder)
        .expect("an answer")
        .into_iter()
        .map(|record| match record {
            Record::Hit { symbol, .. } => symbol.symbol.lossy().into_owned(),
            other => panic!("not a hit: {other:?}"),
        })
        .collect()
}

#[test]
fn similar_code_is_found_across_languages_and_is_not_part_of_the_symbol() {
    let go = "package pool\n\n// splitWords splits a text into lower-case words.\nfunc splitWords(text string) []string {\n\treturn strings.Fields(strings.ToLower(text))\n}\n\nfunc closeSocket(socket Socket) {\n\tsocket.Shutdown()\n}\n";
    let python = "def split_words(text):\n    \"\"\"Split a text into words in lower case.\"\"\"\n    def lower(word):\n        return word.lower()\n    return [lower(word) for word in text.split()]\n";
    let hits = like(&[("a/words.go", go), ("b/words.py", python)], "split_words");
    assert_eq!(hits[0], "a/words.go::splitWords", "{hits:?}");
    assert!(
        hits.iter().all(|hit| !hit.contains("split_words")),
        "{hits:?}"
    );
}
