//! The text behind a handle: measured for the root, read by sub-agents.

use super::Error;
use super::workplace::Workplace;
use crate::graph::EdgeKind;
use crate::lang::DefKind;
use crate::patch::content_hash;
use crate::query;

/// What is known of a symbol's text without showing it.
pub(super) struct Measure {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) tokens: u64,
    pub(super) hash: String,
}

/// Where a symbol's text begins and ends, in whole lines.
fn span(place: &dyn Workplace, node: u32) -> Result<(Vec<u8>, usize, usize, u32), Error> {
    let record = *place.snapshot().symbol(node)?;
    let bytes = place.read(record.file)?;
    if record.kind == DefKind::File as u32 {
        let end = bytes.len();
        return Ok((bytes, 0, end, 1));
    }
    let start = (record.start as usize).min(bytes.len());
    let end = (record.end as usize).clamp(start, bytes.len());
    let start = bytes[..start]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    Ok((bytes, start, end, record.start_line.max(1)))
}

/// Measures a symbol's text.
pub(super) fn measure(place: &dyn Workplace, node: u32) -> Result<Measure, Error> {
    let (bytes, start, end, first) = span(place, node)?;
    let text = &bytes[start..end];
    let lines = memchr::memchr_iter(b'\n', text.trim_ascii_end()).count() as u32;
    Ok(Measure {
        first,
        last: first + lines,
        tokens: (text.len() as u64).div_ceil(4),
        hash: content_hash(text)[..12].to_owned(),
    })
}

/// A symbol's text.
pub(super) fn text(place: &dyn Workplace, node: u32) -> Result<String, Error> {
    let (bytes, start, end, _) = span(place, node)?;
    Ok(String::from_utf8_lossy(&bytes[start..end]).into_owned())
}

/// Lines of the file that a symbol stands in, numbered as in the file.
pub(super) fn lines(
    place: &dyn Workplace,
    node: u32,
    range: Option<(u32, u32)>,
) -> Result<String, Error> {
    let (first, last) = if let Some(range) = range {
        range
    } else {
        let known = measure(place, node)?;
        (known.first, known.last)
    };
    let bytes = place.read(place.snapshot().symbol(node)?.file)?;
    let text = String::from_utf8_lossy(&bytes);
    let skip = first.saturating_sub(1) as usize;
    let take = (last + 1).saturating_sub(first.max(1)) as usize;
    let wanted: Vec<&str> = text.lines().skip(skip).take(take).collect();
    Ok(wanted.join("\n"))
}

/// Most neighbours of a kind that a sub-agent is told of.
const NEIGHBOURS: usize = 12;

/// The file that a symbol stands in.
pub(super) fn path(place: &dyn Workplace, node: u32) -> Result<String, Error> {
    let snapshot = place.snapshot();
    let file = snapshot.symbol(node)?.file as usize;
    let path = match snapshot.files()?.get(file) {
        Some(file) => snapshot.text(file.path)?,
        None => b"",
    };
    Ok(String::from_utf8_lossy(path).into_owned())
}

/// What a sub-agent reads of a handle: its source, and what stands around it.
/// `vouch` is shown the source and the line that it begins on, and may refuse it.
pub(super) fn dossier(
    place: &dyn Workplace,
    node: u32,
    vouch: &dyn Fn(u32, &str) -> Result<(), Error>,
) -> Result<String, Error> {
    let snapshot = place.snapshot();
    let symbol = query::symbol(snapshot, node)?;
    let name = symbol.symbol.lossy().into_owned();
    if snapshot.is_external(node) {
        return Ok(format!("## {name}\n\nIt stands outside the repository.\n"));
    }
    let known = measure(place, node)?;
    let body = text(place, node)?;
    vouch(known.first, &body)?;
    let mut out = format!(
        "## {name} ({}, lines {}-{})\n\n```\n{}\n```\n",
        symbol.kind,
        known.first,
        known.last,
        body.trim_end()
    );
    let mut callers = Vec::new();
    for back in snapshot.edges_to(EdgeKind::Calls, node)? {
        callers.push(back.source);
    }
    let mut callees = Vec::new();
    for edge in snapshot.edges_from(EdgeKind::Calls, node)? {
        callees.push(edge.target);
    }
    for (title, mut nodes) in [("Called by", callers), ("Calls", callees)] {
        nodes.sort_unstable();
        nodes.dedup();
        nodes.retain(|other| *other != node);
        if nodes.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{title}:\n"));
        for other in nodes.iter().take(NEIGHBOURS) {
            let symbol = query::symbol(snapshot, *other)?;
            let signature = symbol.signature.map(|text| text.lossy().into_owned());
            out.push_str(&format!(
                "- {} {}\n",
                symbol.symbol.lossy(),
                signature.unwrap_or_default()
            ));
        }
        if nodes.len() > NEIGHBOURS {
            out.push_str(&format!("- and {} more\n", nodes.len() - NEIGHBOURS));
        }
    }
    Ok(out)
}
