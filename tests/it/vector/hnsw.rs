//! The graph of near neighbours against the exact scan.

use std::fs;

use happy::vector::hnsw::{EFFORT, Graph, Saved};
use happy::vector::quantise::Rows;
use happy::vector::scan::{Near, top_k};
use happy::vector::{EmbedderId, Error};

use super::{clustered, rows_of};

fn id() -> EmbedderId {
    EmbedderId {
        model: "test".to_owned(),
        hash: "0123".to_owned(),
        dims: 64,
    }
}

fn recall(vectors: &[Vec<f32>], rows: &Rows, search: impl Fn(&[f32]) -> Vec<Near>) -> f64 {
    let (mut hits, mut wanted) = (0, 0);
    for query in vectors.iter().step_by(29) {
        let exact = top_k(query, rows.view(), 10).expect("the query is fine");
        let found = search(query);
        hits += exact
            .iter()
            .filter(|near| found.iter().any(|other| other.row == near.row))
            .count();
        wanted += exact.len();
    }
    f64::from(hits as u32) / f64::from(wanted as u32)
}

#[test]
fn recall_at_ten_is_at_least_0_95_and_saving_keeps_it() {
    let vectors = clustered(2_000, 64);
    let rows = rows_of(&vectors);
    let graph = Graph::build(rows.view());
    assert_eq!(graph.len(), vectors.len());
    let search = |query: &[f32]| graph.search(query, 10, EFFORT).expect("the query is fine");
    let built = recall(&vectors, &rows, search);
    assert!(built >= 0.95, "recall@10 is {built}");

    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("graph");
    graph.save(&target, &id()).expect("the graph is written");
    let mut saved = Saved::open(&target, &id()).expect("the graph is whole");
    let loaded = saved.load().expect("the graph loads");
    assert_eq!(loaded.len(), graph.len());
    for query in vectors.iter().step_by(211) {
        let before = graph.search(query, 10, EFFORT).expect("the query is fine");
        let after = loaded.search(query, 10, EFFORT).expect("the query is fine");
        assert_eq!(before, after);
    }
}

#[test]
fn its_scores_are_those_of_the_exact_scan() {
    let vectors = clustered(300, 64);
    let rows = rows_of(&vectors);
    let graph = Graph::build(rows.view());
    let exact = top_k(&vectors[5], rows.view(), 300).expect("the query is fine");
    for near in graph
        .search(&vectors[5], 10, EFFORT)
        .expect("the query is fine")
    {
        let same = exact
            .iter()
            .find(|other| other.row == near.row)
            .expect("every row is there");
        assert!((same.score - near.score).abs() < 1e-5);
    }
}

#[test]
fn vectors_that_point_apart_are_no_panic() {
    let mut vectors = clustered(200, 64);
    let opposite: Vec<Vec<f32>> = vectors
        .iter()
        .map(|v| v.iter().map(|x| -x).collect())
        .collect();
    vectors.extend(opposite);
    vectors.push(vec![0.0; 64]);
    let rows = rows_of(&vectors);
    let graph = Graph::build(rows.view());
    let found = graph
        .search(&vectors[0], 400, 400)
        .expect("the query is fine");
    assert!(found[0].score > 0.99);
    assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(graph.search(&vec![0.0; 64], 5, EFFORT).is_ok());
}

#[test]
fn an_empty_graph_is_saved_loaded_and_answers_nothing() {
    let graph = Graph::build(Rows::new(64).view());
    assert!(
        graph
            .search(&[0.5; 64], 10, EFFORT)
            .expect("fine")
            .is_empty()
    );
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("graph");
    graph.save(&target, &id()).expect("the graph is written");
    let mut saved = Saved::open(&target, &id()).expect("the graph is whole");
    let loaded = saved.load().expect("the graph loads");
    assert!(
        loaded
            .search(&[0.5; 64], 10, EFFORT)
            .expect("fine")
            .is_empty()
    );
}

#[test]
fn a_bad_query_is_an_error() {
    let graph = Graph::build(rows_of(&clustered(20, 64)).view());
    assert!(matches!(
        graph.search(&[0.5; 63], 1, EFFORT),
        Err(Error::Length {
            expected: 64,
            found: 63
        })
    ));
    assert!(matches!(
        graph.search(&[f32::NAN; 64], 1, EFFORT),
        Err(Error::NotFinite(_))
    ));
    assert!(
        graph
            .search(&[0.5; 64], 0, EFFORT)
            .expect("fine")
            .is_empty()
    );
}

#[test]
fn a_graph_of_another_embedder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("graph");
    Graph::build(rows_of(&clustered(20, 64)).view())
        .save(&target, &id())
        .expect("the graph is written");
    let other = EmbedderId {
        hash: "4567".to_owned(),
        ..id()
    };
    assert!(matches!(
        Saved::open(&target, &other),
        Err(Error::Mismatch { .. })
    ));
}

#[test]
fn every_cut_and_every_flipped_bit_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("graph");
    Graph::build(rows_of(&clustered(50, 64)).view())
        .save(&target, &id())
        .expect("the graph is written");
    let mut names: Vec<_> = fs::read_dir(&target)
        .expect("the folder is readable")
        .map(|entry| entry.expect("an entry is readable").path())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3);
    for path in names {
        let whole = fs::read(&path).expect("the file is readable");
        for at in (0..whole.len()).step_by(whole.len() / 20 + 1) {
            fs::write(&path, &whole[..at]).expect("the file is writable");
            assert!(
                Saved::open(&target, &id()).is_err(),
                "{} cut at {at}",
                path.display()
            );
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            fs::write(&path, &flipped).expect("the file is writable");
            assert!(
                Saved::open(&target, &id()).is_err(),
                "{} flipped at {at}",
                path.display()
            );
        }
        fs::write(&path, &whole).expect("the file is writable");
    }
    assert!(Saved::open(&target, &id()).is_ok());
}

#[test]
fn saving_replaces_what_was_there_and_says_where_it_cannot() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("graph");
    for count in [30, 60] {
        Graph::build(rows_of(&clustered(count, 64)).view())
            .save(&target, &id())
            .expect("the graph is written");
        let mut saved = Saved::open(&target, &id()).expect("the graph is whole");
        assert_eq!(saved.load().expect("the graph loads").len(), count);
    }
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);

    let file = folder.path().join("file");
    fs::write(&file, "").expect("writable");
    let error = Graph::build(rows_of(&clustered(10, 64)).view())
        .save(&file.join("graph"), &id())
        .expect_err("a file is no folder");
    assert!(matches!(error, Error::Io { .. }));
}
