//! What all formats write: nodes, and edges that stand for all sites of one
//! kind between the same two nodes.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::graph::EdgeKind;
use crate::index::{Error, Snapshot};
use crate::query;
use crate::record::{Confidence, Site, Symbol};

/// Some nodes of a snapshot, in its order.
pub struct Scope {
    list: Vec<u32>,
    set: FxHashSet<u32>,
}

impl Scope {
    /// Every symbol, and what stands outside the repository and has an edge.
    pub fn all(snapshot: &Snapshot, kinds: &[EdgeKind]) -> Result<Self, Error> {
        let mut set: FxHashSet<u32> = (0..snapshot.meta().symbols).collect();
        query::each_edge(snapshot, kinds, |_, edge| {
            set.insert(edge.target);
            Ok(true)
        })?;
        Ok(Self::of(set))
    }

    fn of(set: FxHashSet<u32>) -> Self {
        let mut list: Vec<u32> = set.iter().copied().collect();
        list.sort_unstable();
        Self { list, set }
    }

    /// The nodes that are at most `depth` edges of `kinds` away from `start`,
    /// in either direction.
    pub fn around(
        snapshot: &Snapshot,
        start: &[u32],
        kinds: &[EdgeKind],
        depth: u32,
    ) -> Result<Self, Error> {
        let mut set: FxHashSet<u32> = start.iter().copied().collect();
        let mut level = start.to_vec();
        let mut children: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        if kinds.contains(&EdgeKind::Defines) && depth > 0 {
            for node in 0..snapshot.meta().symbols {
                let parent = snapshot.symbol(node)?.parent;
                if parent != node {
                    children.entry(parent).or_default().push(node);
                }
            }
        }
        for _ in 0..depth {
            let mut next = Vec::new();
            let mut reach = |node: u32| {
                if set.insert(node) {
                    next.push(node);
                }
            };
            for &node in &level {
                for &kind in kinds {
                    if kind == EdgeKind::Defines {
                        if !snapshot.is_external(node) {
                            reach(snapshot.symbol(node)?.parent);
                        }
                        children
                            .get(&node)
                            .into_iter()
                            .flatten()
                            .for_each(|child| reach(*child));
                        continue;
                    }
                    if !snapshot.is_external(node) {
                        for edge in snapshot.edges_from(kind, node)? {
                            reach(edge.target);
                        }
                    }
                    for back in snapshot.edges_to(kind, node)? {
                        reach(back.source);
                    }
                }
            }
            level = next;
        }
        Ok(Self::of(set))
    }

    /// The nodes.
    pub fn nodes(&self) -> &[u32] {
        &self.list
    }

    /// Whether it is one of them.
    pub fn holds(&self, node: u32) -> bool {
        self.set.contains(&node)
    }
}

/// A node.
pub struct Node {
    /// Its number in the snapshot; formats name it by its place in the graph.
    pub node: u32,
    /// The symbol.
    pub symbol: Symbol,
}

/// An edge.
pub struct Edge {
    /// Place of the node where it starts.
    pub source: usize,
    /// Place of the node where it leads.
    pub target: usize,
    /// `calls`, `imports` …
    pub kind: &'static str,
    /// How the surest of its sites was found.
    pub confidence: Confidence,
    /// How many sites it has.
    pub sites: u32,
    /// The first of them.
    pub site: Site,
}

/// Nodes and edges.
pub struct Graph {
    /// Nodes, in the snapshot's order.
    pub nodes: Vec<Node>,
    /// Edges, by kind.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// What `scope` holds of a snapshot.
    pub fn new(snapshot: &Snapshot, scope: &Scope, kinds: &[EdgeKind]) -> Result<Self, Error> {
        let list = scope.nodes();
        let mut nodes = Vec::with_capacity(list.len());
        let mut places = FxHashMap::default();
        for (place, &node) in list.iter().enumerate() {
            places.insert(node, place);
            let symbol = query::symbol(snapshot, node)?;
            nodes.push(Node { node, symbol });
        }
        let mut edges: Vec<Edge> = Vec::new();
        let mut known: FxHashMap<(EdgeKind, u32, u32), usize> = FxHashMap::default();
        query::each_edge(snapshot, kinds, |kind, edge| {
            let (Some(&source), Some(&target)) =
                (places.get(&edge.source), places.get(&edge.target))
            else {
                return Ok(true);
            };
            let confidence = match kind {
                EdgeKind::Defines => Confidence::Exact,
                _ => query::confidence(edge),
            };
            let place = *known
                .entry((kind, edge.source, edge.target))
                .or_insert(edges.len());
            if let Some(edge) = edges.get_mut(place) {
                edge.sites += 1;
                edge.confidence = edge.confidence.min(confidence);
            } else {
                edges.push(Edge {
                    source,
                    target,
                    kind: query::edge_name(kind),
                    confidence,
                    sites: 1,
                    site: query::site(snapshot, edge)?,
                });
            }
            Ok(true)
        })?;
        Ok(Self { nodes, edges })
    }
}

/// Colours of the kinds of symbols, as the pictures share them.
pub const COLOURS: [(&str, &str); 8] = [
    ("file", "#d9d9d9"),
    ("module", "#c7c7e8"),
    ("class", "#ffd89c"),
    ("interface", "#ffc0c0"),
    ("function", "#b5d8f7"),
    ("method", "#bfe8c3"),
    ("variable", "#e8c7ea"),
    ("external", "#ffffff"),
];

/// The colour of a kind of symbol.
pub fn colour(kind: &str) -> &'static str {
    COLOURS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or("#ffffff", |(_, colour)| colour)
}

/// The name that people read in a picture: a file's path, otherwise the name.
pub fn label(symbol: &Symbol) -> String {
    match symbol.kind {
        "file" | "external" => symbol.symbol.lossy().into_owned(),
        _ => symbol.name.lossy().into_owned(),
    }
}
