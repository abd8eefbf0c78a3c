//! One page that draws the graph: data, style and script in one file, which
//! asks no network for anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{COLOURS, Graph};
use crate::cmd::context::{Context, Opened};
use crate::cmd::error::Error;

const PAGE: &str = include_str!("page.html");

/// Lines and bytes of a symbol's source that the page shows, and bytes of all.
const MAX_LINES: usize = 14;
const MAX_BYTES: usize = 900;
const MAX_SOURCE: usize = 16 << 20;

/// Writes the page; it begins with the symbols that were asked for, or with
/// the one that most depends on.
pub fn write(
    context: &Context,
    opened: &Opened,
    graph: &Graph,
    asked: &[u32],
) -> Result<String, Error> {
    let mut paths: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for node in &graph.nodes {
        if let Some(path) = &node.symbol.path {
            let next = paths.len();
            paths.entry(path.0.clone()).or_insert(next);
        }
    }
    let mut listed: Vec<(&usize, String)> = paths
        .iter()
        .map(|(path, at)| (at, String::from_utf8_lossy(path).into_owned()))
        .collect();
    listed.sort();
    let kinds: Vec<&str> = COLOURS.iter().map(|(kind, _)| *kind).collect();
    let mut sources = Sources::default();
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let symbol = &node.symbol;
        let kind = kinds.iter().position(|kind| *kind == symbol.kind);
        nodes.push(json!([
            kind.unwrap_or(0),
            symbol.name.lossy(),
            symbol.symbol.lossy(),
            symbol.path.as_ref().map(|path| paths[&path.0]),
            symbol.line,
            sources.of(opened, node.node)?,
        ]));
    }
    if sources.full {
        context.warn("the page would be too large: it has the source of some symbols only");
    }
    let mut edge_kinds: Vec<&str> = Vec::new();
    let mut edges = Vec::with_capacity(graph.edges.len());
    for edge in &graph.edges {
        let kind = edge_kinds.iter().position(|kind| *kind == edge.kind);
        let kind = kind.unwrap_or_else(|| {
            edge_kinds.push(edge.kind);
            edge_kinds.len() - 1
        });
        edges.push(json!([
            edge.source,
            edge.target,
            kind,
            edge.confidence.name(),
            edge.sites,
            edge.site.site_line,
        ]));
    }
    let data = json!({
        "revision": opened.name,
        "kinds": COLOURS.map(|(kind, colour)| [kind, colour]),
        "edgeKinds": edge_kinds,
        "paths": listed.into_iter().map(|(_, path)| path).collect::<Vec<_>>(),
        "start": start(opened, graph, asked)?,
        "nodes": nodes,
        "edges": edges,
    });
    Ok(PAGE.replacen("\"DATA\"", &script_safe(&data), 1))
}

/// Places of the nodes that the page begins with.
fn start(opened: &Opened, graph: &Graph, asked: &[u32]) -> Result<Vec<usize>, Error> {
    let places = graph.nodes.iter().enumerate();
    if !asked.is_empty() {
        let wanted = places.filter(|(_, node)| asked.contains(&node.node));
        return Ok(wanted.map(|(place, _)| place).collect());
    }
    let ranks = opened.snapshot.ranks()?;
    let rank = |node: u32| ranks.get(node as usize).copied().unwrap_or_default();
    let best = places
        .filter(|(_, node)| !matches!(node.symbol.kind, "file" | "external"))
        .max_by(|(_, one), (_, other)| rank(one.node).total_cmp(&rank(other.node)));
    Ok(best.map(|(place, _)| place).into_iter().collect())
}

/// JSON that may stand in a script element.
fn script_safe(data: &Value) -> String {
    data.to_string().replace('<', "\\u003c")
}

/// Reads each file once, and stops at a size.
#[derive(Default)]
struct Sources {
    file: Option<(u32, Vec<u8>)>,
    bytes: usize,
    full: bool,
}

impl Sources {
    /// The first lines of a symbol.
    fn of(&mut self, opened: &Opened, node: u32) -> Result<Option<String>, Error> {
        if opened.snapshot.is_external(node) {
            return Ok(None);
        }
        let record = *opened.snapshot.symbol(node)?;
        if record.parent == node {
            return Ok(None);
        }
        if self.bytes > MAX_SOURCE {
            self.full = true;
            return Ok(None);
        }
        if self
            .file
            .as_ref()
            .is_none_or(|(file, _)| *file != record.file)
        {
            // A file that cannot be read now is shown without its source.
            let bytes = opened.read(record.file).unwrap_or_default();
            self.file = Some((record.file, bytes));
        }
        let Some((_, bytes)) = &self.file else {
            return Ok(None);
        };
        let start = (record.start as usize).min(bytes.len());
        let end = (record.end as usize).clamp(start, bytes.len());
        let start = memchr::memrchr(b'\n', &bytes[..start]).map_or(0, |at| at + 1);
        let cut = end.min(start + MAX_BYTES);
        let text = String::from_utf8_lossy(&bytes[start..cut]).into_owned();
        let mut shown: Vec<&str> = text.lines().take(MAX_LINES).collect();
        if shown.len() < text.lines().count() || cut < end {
            shown.push("…");
        }
        let shown = shown.join("\n");
        self.bytes += shown.len();
        Ok(Some(shown))
    }
}
