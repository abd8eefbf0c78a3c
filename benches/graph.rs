//! How long transitive callers take in a large graph.
//!
//! `cargo bench --bench graph` makes a snapshot of 1,000,000 symbols and
//! 5,000,000 call edges in memory and asks, from many symbols, for the first
//! 1,000 that reach them: by our walk, with and without records, by petgraph's
//! breadth-first search on the snapshot in place, and on petgraph's own graph of
//! the same edges. `-- --nodes N --edges N` makes another graph. Medians of one
//! thread.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::error::Error;
use std::time::Instant;

use happy::graph::EdgeKind;
use happy::index::encode::Sections;
use happy::index::records::{BackRec, EdgeRec, FileRec, SymbolRec, TextRec};
use happy::index::{Adjacency, Identity, ObjectFormat, STORED, Snapshot};
use happy::query::{CallOptions, callers, reaching};
use petgraph::graph::DiGraph;
use petgraph::visit::{Bfs, Reversed};

/// Results asked for.
const RESULTS: usize = 1000;
/// Symbols asked about.
const QUESTIONS: usize = 200;

/// Numbers that are the same on every run and machine.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % u64::from(most)) as u32
    }
}

/// Call edges: most calls stay near, some go anywhere, a few symbols are
/// called by very many.
fn edges(nodes: u32, count: usize, random: &mut Random) -> Vec<(u32, u32)> {
    let mut edges: Vec<(u32, u32)> = (0..count)
        .map(|_| {
            let source = random.below(nodes);
            let target = match random.below(10) {
                0 => random.below(nodes / 1000 + 1),
                1..=3 => random.below(nodes),
                _ => (source + nodes - random.below(nodes.min(500))) % nodes,
            };
            (source, target)
        })
        .collect();
    edges.sort_unstable();
    edges
}

/// Where the run of each node ends, for each stored kind; only calls have edges.
fn ends(nodes: u32, keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut counts = vec![0_u32; nodes as usize];
    let mut total = 0;
    for key in keys {
        counts[key as usize] += 1;
        total += 1;
    }
    let mut all = Vec::with_capacity(counts.len() * STORED.len());
    let mut before = true;
    for kind in STORED {
        if kind == EdgeKind::Calls {
            let mut sum = 0;
            all.extend(counts.iter().map(|count| {
                sum += count;
                sum
            }));
            before = false;
        } else {
            let end = if before { 0 } else { total };
            all.extend(std::iter::repeat_n(end, counts.len()));
        }
    }
    all
}

fn snapshot(nodes: u32, pairs: &[(u32, u32)]) -> Result<Snapshot, Box<dyn Error>> {
    let mut out = Sections::default();
    out.meta.symbols = nodes;
    out.text.extend_from_slice(b"src/generated.py");
    out.files.push(FileRec {
        path: TextRec { at: 0, len: 16 },
        symbols_len: nodes,
        ..FileRec::default()
    });
    for at in 0..nodes {
        let name = format!("function_{at}");
        let text = TextRec {
            at: out.text.len() as u32,
            len: name.len() as u32,
        };
        out.text.extend_from_slice(name.as_bytes());
        out.symbols.push(SymbolRec {
            name: text,
            qualified: text,
            kind: 4,
            line: at + 1,
            start_line: at + 1,
            end_line: at + 1,
            ..SymbolRec::default()
        });
    }
    out.edges = pairs
        .iter()
        .map(|&(source, target)| EdgeRec {
            source,
            target,
            file: 0,
            line: source + 1,
            column: 5 << 2,
        })
        .collect();
    let mut back: Vec<(u32, u32, u32)> = pairs
        .iter()
        .enumerate()
        .map(|(at, &(source, target))| (target, at as u32, source))
        .collect();
    back.sort_unstable();
    out.forward = ends(nodes, pairs.iter().map(|pair| pair.0));
    out.backward = ends(nodes, back.iter().map(|record| record.0));
    out.back = back
        .iter()
        .map(|&(_, edge, source)| BackRec { source, edge })
        .collect();
    let identity = Identity {
        repository: b"bench".to_vec(),
        object_format: ObjectFormat::Sha1,
        commit: Vec::new(),
        tree: Vec::new(),
        fingerprint: 0,
    };
    let segment = Snapshot::builder(&out, identity).to_segment()?;
    Ok(Snapshot::new(segment)?)
}

/// The median microseconds for 1,000 results, over all questions, and how many
/// results they gave together.
fn measure(targets: &[u32], mut ask: impl FnMut(u32) -> usize) -> (f64, usize) {
    let mut times = Vec::with_capacity(targets.len());
    let mut all = 0;
    for target in targets {
        let begin = Instant::now();
        let found = ask(*target);
        let time = begin.elapsed().as_secs_f64() * 1e6;
        all += found;
        if found > 0 {
            times.push(time * RESULTS as f64 / found as f64);
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    (times.get(times.len() / 2).copied().unwrap_or(0.0), all)
}

fn row(what: &str, (median, all): (f64, usize)) {
    println!("{what:<58} {median:>8.1} µs {all:>9} results");
}

fn argument(name: &str, default: usize) -> usize {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    at.and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(default)
}

fn main() -> Result<(), Box<dyn Error>> {
    let nodes = argument("--nodes", 1_000_000) as u32;
    let count = argument("--edges", 5_000_000);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let pairs = edges(nodes, count, &mut random);
    let snapshot = snapshot(nodes, &pairs)?;
    let whole = DiGraph::<(), ()>::from_edges(pairs.iter().copied());
    let targets: Vec<u32> = (0..QUESTIONS).map(|_| random.below(nodes)).collect();
    println!(
        "{nodes} nodes, {count} edges; for {RESULTS} transitive callers, median of {QUESTIONS} symbols:"
    );
    let walk = |target| reaching(&snapshot, target, RESULTS).map_or(0, |found| found.len());
    // The first round reads checksums; a question of a warm process does not.
    measure(&targets, walk);
    row("our walk on the snapshot", measure(&targets, walk));
    let graph = Adjacency::new(&snapshot, &[EdgeKind::Calls], true);
    row(
        "petgraph's Bfs on the snapshot, in place",
        measure(&targets, |target| {
            let graph = Reversed(graph);
            let mut search = Bfs::new(graph, target);
            let mut found = 0;
            while found <= RESULTS && search.next(graph).is_some() {
                found += 1;
            }
            found.saturating_sub(1)
        }),
    );
    row(
        "petgraph's Bfs on its own graph in memory",
        measure(&targets, |target| {
            let graph = Reversed(&whole);
            let mut search = Bfs::new(graph, target.into());
            let mut found = 0;
            while found <= RESULTS && search.next(graph).is_some() {
                found += 1;
            }
            found.saturating_sub(1)
        }),
    );
    let options = CallOptions {
        transitive: true,
        ..CallOptions::default()
    };
    row(
        "the same with a record for each call site",
        measure(&targets, |target| {
            let mut found = 0;
            let all = callers(&snapshot, &[target], options, |_| {
                found += 1;
                found < RESULTS
            });
            if all.is_err() { 0 } else { found }
        }),
    );
    Ok(())
}
