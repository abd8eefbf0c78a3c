//! A snapshot with other edges: what an imported index makes of it.

use zerocopy::{FromBytes, Immutable, KnownLayout};

use super::Snapshot;
use super::encode::{Sections, connect};
use super::error::Error;
use super::records::{EdgeRec, MetaRec, UnresolvedRec, section};

/// The sections of `snapshot` with these edges in the place of its own, a list
/// for each kind of [`super::STORED`], and these undecided sites.
pub fn overlaid(
    snapshot: &Snapshot,
    mut by_kind: Vec<Vec<EdgeRec>>,
    mut unresolved: Vec<UnresolvedRec>,
) -> Result<Sections, Error> {
    let mut out = Sections {
        meta: MetaRec { ..*snapshot.meta() },
        text: copy(snapshot, section::TEXT)?,
        files: copy(snapshot, section::FILES)?,
        blobs: copy(snapshot, section::BLOBS)?,
        symbols: copy(snapshot, section::SYMBOLS)?,
        names: copy(snapshot, section::NAMES)?,
        name_lists: copy(snapshot, section::NAME_LISTS)?,
        externals: copy(snapshot, section::EXTERNALS)?,
        terms: copy(snapshot, section::TERMS)?,
        term_ends: copy(snapshot, section::TERM_ENDS)?,
        postings: copy(snapshot, section::POSTINGS)?,
        doc_lengths: copy(snapshot, section::DOC_LENGTHS)?,
        embedder: copy(snapshot, section::EMBEDDER)?,
        vector_symbols: copy(snapshot, section::VECTOR_SYMBOLS)?,
        vector_scales: copy(snapshot, section::VECTOR_SCALES)?,
        vectors: copy(snapshot, section::VECTORS)?,
        languages: if snapshot.segment().has(section::LANGUAGES) {
            copy(snapshot, section::LANGUAGES)?
        } else {
            Vec::new()
        },
        ..Sections::default()
    };
    for edges in &mut by_kind {
        edges.sort_unstable_by_key(|edge| {
            (edge.source, edge.target, edge.file, edge.line, edge.column)
        });
    }
    connect(&mut out, snapshot.nodes() as usize, &by_kind);
    unresolved.sort_unstable_by_key(|site| (site.name, site.source, site.line, site.column));
    out.unresolved = unresolved;
    out.ranks = super::rank::ranks(out.symbols.len(), out.edges.iter());
    Ok(out)
}

fn copy<T: FromBytes + Immutable + KnownLayout + Clone>(
    snapshot: &Snapshot,
    number: u32,
) -> Result<Vec<T>, Error> {
    Ok(snapshot.segment().checked::<T>(number)?.all()?.to_vec())
}
