//! The graph of a snapshot in petgraph's terms, on the mapped file in place.
//!
//! petgraph's algorithms (breadth and depth first, components, shortest paths,
//! page rank) run on [`Adjacency`] as on any graph of theirs.

use petgraph::visit::{
    Data, GraphBase, GraphProp, GraphRef, IntoNeighbors, IntoNeighborsDirected,
    IntoNodeIdentifiers, NodeCount, NodeIndexable, VisitMap, Visitable,
};

use super::Snapshot;
use crate::graph::EdgeKind;

pub use petgraph::Direction;

/// The edges of some kinds of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Adjacency<'s> {
    snapshot: &'s Snapshot,
    kinds: &'s [EdgeKind],
    inferred: bool,
}

impl<'s> Adjacency<'s> {
    /// The edges of `kinds`; without `inferred`, those that scope or type decides.
    pub fn new(snapshot: &'s Snapshot, kinds: &'s [EdgeKind], inferred: bool) -> Self {
        Self {
            snapshot,
            kinds,
            inferred,
        }
    }

    /// The neighbours of `node`. A damaged run has none: whoever must know
    /// asks the snapshot itself.
    fn run(self, node: u32, direction: Direction) -> Neighbors<'s> {
        Neighbors {
            graph: self,
            node,
            direction,
            kind: 0,
            at: 0,
            current: Run::Empty,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Run<'s> {
    Empty,
    Out(&'s [super::records::EdgeRec]),
    In(&'s [super::records::BackRec]),
}

/// The neighbours of a node, each as often as there are edges.
#[derive(Clone, Debug)]
pub struct Neighbors<'s> {
    graph: Adjacency<'s>,
    node: u32,
    direction: Direction,
    kind: usize,
    at: usize,
    current: Run<'s>,
}

impl Iterator for Neighbors<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let snapshot = self.graph.snapshot;
        loop {
            let found = match self.current {
                Run::Empty => None,
                Run::Out(edges) => edges.get(self.at).map(|edge| (edge.target, *edge)),
                Run::In(back) => back.get(self.at).map(|record| {
                    let edge = if self.graph.inferred {
                        super::records::EdgeRec::default()
                    } else {
                        snapshot.edge(record.edge).copied().unwrap_or_default()
                    };
                    (record.source, edge)
                }),
            };
            if let Some((node, edge)) = found {
                self.at += 1;
                let is_inferred = edge.column & super::records::edge_flag::INFERRED != 0;
                if (self.graph.inferred || !is_inferred) && node < snapshot.nodes() {
                    return Some(node);
                }
                continue;
            }
            let kind = *self.graph.kinds.get(self.kind)?;
            self.kind += 1;
            self.at = 0;
            self.current = match self.direction {
                Direction::Outgoing => snapshot
                    .edges_from(kind, self.node)
                    .map_or(Run::Empty, Run::Out),
                Direction::Incoming => snapshot
                    .edges_to(kind, self.node)
                    .map_or(Run::Empty, Run::In),
            };
        }
    }
}

/// A bit per node.
#[derive(Clone, Debug, Default)]
pub struct Visited(Vec<u64>);

impl Visited {
    /// For so many nodes.
    pub fn new(nodes: u32) -> Self {
        Self(vec![0; (nodes as usize).div_ceil(64)])
    }
}

impl VisitMap<u32> for Visited {
    fn visit(&mut self, node: u32) -> bool {
        let Some(word) = self.0.get_mut(node as usize / 64) else {
            return false;
        };
        let bit = 1 << (node % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn is_visited(&self, node: &u32) -> bool {
        self.0
            .get(*node as usize / 64)
            .is_some_and(|word| word & (1 << (node % 64)) != 0)
    }

    fn unvisit(&mut self, node: u32) -> bool {
        let Some(word) = self.0.get_mut(node as usize / 64) else {
            return false;
        };
        let bit = 1 << (node % 64);
        let known = *word & bit != 0;
        *word &= !bit;
        known
    }
}

impl GraphBase for Adjacency<'_> {
    type NodeId = u32;
    type EdgeId = u32;
}

impl GraphRef for Adjacency<'_> {}

impl GraphProp for Adjacency<'_> {
    type EdgeType = petgraph::Directed;
}

impl Data for Adjacency<'_> {
    type NodeWeight = ();
    type EdgeWeight = ();
}

impl NodeCount for Adjacency<'_> {
    fn node_count(&self) -> usize {
        self.snapshot.nodes() as usize
    }
}

impl NodeIndexable for Adjacency<'_> {
    fn node_bound(&self) -> usize {
        self.snapshot.nodes() as usize
    }

    fn to_index(&self, node: u32) -> usize {
        node as usize
    }

    fn from_index(&self, index: usize) -> u32 {
        index as u32
    }
}

impl Visitable for Adjacency<'_> {
    type Map = Visited;

    fn visit_map(&self) -> Visited {
        Visited::new(self.snapshot.nodes())
    }

    fn reset_map(&self, map: &mut Visited) {
        *map = self.visit_map();
    }
}

impl<'s> IntoNeighbors for Adjacency<'s> {
    type Neighbors = Neighbors<'s>;

    fn neighbors(self, node: u32) -> Neighbors<'s> {
        self.run(node, Direction::Outgoing)
    }
}

impl<'s> IntoNeighborsDirected for Adjacency<'s> {
    type NeighborsDirected = Neighbors<'s>;

    fn neighbors_directed(self, node: u32, direction: Direction) -> Neighbors<'s> {
        self.run(node, direction)
    }
}

impl IntoNodeIdentifiers for Adjacency<'_> {
    type NodeIdentifiers = std::ops::Range<u32>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        0..self.snapshot.nodes()
    }
}
