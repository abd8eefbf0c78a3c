//! Where the exact scan and the graph of near neighbours cross.
//!
//! `cargo bench --bench vector` prints, for several counts of vectors, the time
//! of building, saving and loading the graph, of one exact scan and of one
//! search in the graph, the graph's recall@10 against the scan, and after how
//! many questions of one process a saved graph has paid for its loading. Then
//! the speed of the default embedder. `-- --min N`
//! begins and `--max N` stops at N vectors.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::time::Instant;

use happy::vector::hnsw::{EFFORT, Graph, Saved};
use happy::vector::quantise::Rows;
use happy::vector::scan::top_k;
use happy::vector::{Embedder, StaticEmbedder};

/// Numbers that are the same on every run and machine.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }
}

/// Texts shaped like definitions: a few of the subjects that a project has,
/// each with its own words and some that all share.
fn texts(count: usize, random: &mut Random) -> Vec<String> {
    const SUBJECTS: [[&str; 10]; 12] = [
        [
            "parse", "token", "lexer", "grammar", "node", "syntax", "tree", "literal", "operator",
            "span",
        ],
        [
            "login",
            "user",
            "password",
            "session",
            "auth",
            "cookie",
            "role",
            "permission",
            "verify",
            "hash",
        ],
        [
            "socket", "connect", "timeout", "retry", "packet", "listen", "stream", "buffer",
            "peer", "host",
        ],
        [
            "matrix", "vector", "multiply", "inverse", "eigen", "norm", "dense", "sparse", "solve",
            "rank",
        ],
        [
            "query",
            "table",
            "column",
            "row",
            "index",
            "join",
            "where",
            "insert",
            "transaction",
            "cursor",
        ],
        [
            "render", "shader", "texture", "mesh", "camera", "light", "pixel", "frame", "viewport",
            "color",
        ],
        [
            "compress",
            "archive",
            "block",
            "dictionary",
            "window",
            "huffman",
            "encode",
            "decode",
            "stream",
            "checksum",
        ],
        [
            "thread", "lock", "mutex", "queue", "worker", "task", "schedule", "wait", "signal",
            "pool",
        ],
        [
            "file",
            "path",
            "directory",
            "open",
            "read",
            "write",
            "rename",
            "delete",
            "permission",
            "link",
        ],
        [
            "test", "assert", "mock", "fixture", "expect", "case", "suite", "runner", "report",
            "failure",
        ],
        [
            "date", "time", "zone", "format", "parse", "duration", "calendar", "month", "leap",
            "epoch",
        ],
        [
            "route",
            "request",
            "response",
            "header",
            "middleware",
            "handler",
            "status",
            "json",
            "body",
            "url",
        ],
    ];
    const SHARED: [&str; 24] = [
        "get", "set", "value", "name", "list", "map", "find", "add", "remove", "new", "default",
        "option", "error", "result", "size", "count", "key", "item", "string", "number", "config",
        "state", "update", "check",
    ];
    (0..count)
        .map(|_| {
            let subject = SUBJECTS[random.below(SUBJECTS.len())];
            let other = SUBJECTS[random.below(SUBJECTS.len())];
            let mut text = String::from("fn ");
            for at in 0..24 + random.below(24) {
                let word = match random.below(10) {
                    0..5 => subject[random.below(10)],
                    5 => other[random.below(10)],
                    _ => SHARED[random.below(SHARED.len())],
                };
                text.push_str(word);
                text.push(if at % 3 == 0 { '_' } else { ' ' });
            }
            text
        })
        .collect()
}

fn embed(embedder: &StaticEmbedder, texts: &[String]) -> Vec<Vec<f32>> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    embedder
        .embed(&texts)
        .expect("the static embedder does not fail")
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok())
            .unwrap_or(otherwise)
    };
    let (least, most) = (number("--min", 0), number("--max", 100_000));
    let embedder = StaticEmbedder::new().expect("the compiled table opens");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);

    let chunks = texts(50_000, &mut random);
    let bytes: usize = chunks.iter().map(String::len).sum();
    let start = Instant::now();
    let vectors = embed(&embedder, &chunks);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "embedding: {:.0} chunks/s of {} bytes on one core, {} dimensions, {}",
        chunks.len() as f64 / seconds,
        bytes / chunks.len(),
        embedder.id().dims,
        embedder.id(),
    );
    drop(vectors);

    let queries = embed(&embedder, &texts(200, &mut random));
    println!(
        "vectors | build ms | save ms | check+load ms | scan ms | graph ms | recall@10 | questions until loading pays"
    );
    for count in [1_000, 5_000, 20_000, 50_000, 100_000, 300_000, 1_000_000] {
        if count < least || count > most {
            continue;
        }
        let mut rows = Rows::new(embedder.id().dims);
        let mut left = count;
        while left > 0 {
            let part = left.min(20_000);
            for vector in embed(&embedder, &texts(part, &mut random)) {
                rows.push(&vector).expect("an embedding is finite");
            }
            left -= part;
        }
        measure(&embedder, &rows, &queries);
    }
}

fn measure(embedder: &StaticEmbedder, rows: &Rows, queries: &[Vec<f32>]) {
    let start = Instant::now();
    let exact: Vec<_> = queries
        .iter()
        .map(|query| top_k(query, rows.view(), 10).expect("a query is finite"))
        .collect();
    let scan = milliseconds(start) / queries.len() as f64;

    let start = Instant::now();
    let graph = Graph::build(rows.view());
    let build = milliseconds(start);

    let folder = std::env::temp_dir().join(format!("happy-bench-vector-{}", std::process::id()));
    let start = Instant::now();
    graph
        .save(&folder, embedder.id())
        .expect("the graph is written");
    let save = milliseconds(start);
    drop(graph);

    let start = Instant::now();
    let mut saved = Saved::open(&folder, embedder.id()).expect("the graph is whole");
    let graph = saved.load().expect("the graph loads");
    let load = milliseconds(start);

    let start = Instant::now();
    let found: Vec<_> = queries
        .iter()
        .map(|query| graph.search(query, 10, EFFORT).expect("a query is finite"))
        .collect();
    let search = milliseconds(start) / queries.len() as f64;

    let hits: usize = exact
        .iter()
        .zip(&found)
        .map(|(exact, found)| {
            // A hit as near as the tenth counts, whichever of equals it is.
            let least = exact.last().map_or(f32::NEG_INFINITY, |near| near.score);
            found
                .iter()
                .filter(|near| near.score >= least - 1e-6)
                .count()
        })
        .sum();
    let wanted: usize = exact.iter().map(Vec::len).sum();
    let pays = if scan > search {
        format!("{:.0}", load / (scan - search))
    } else {
        "never".to_owned()
    };
    println!(
        "{} | {build:.0} | {save:.0} | {load:.1} | {scan:.3} | {search:.3} | {:.3} | {pays}",
        rows.view().len(),
        hits as f64 / wanted as f64,
    );
    drop(graph);
    drop(saved);
    let _ = std::fs::remove_dir_all(folder);
}
