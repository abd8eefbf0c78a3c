//! A snapshot, read in place.

use super::checked::Checked;
use super::encode::{STORED, Sections};
use super::error::Error;
use super::postings::Postings;
use super::records::{
    BackRec, EdgeRec, FileRec, MetaRec, NameRec, SymbolRec, TextRec, UnresolvedRec, section,
};
use super::{Identity, Kind, Segment, SegmentBuilder};
use crate::graph::EdgeKind;
use crate::vector::{EmbedderId, quantise::RowsView};

/// Everything that is known of one commit, or of one state of a worktree.
///
/// Cheap to clone and to share between threads. Each element is bounds-checked
/// and vouched for by a checksum when it is read.
#[derive(Clone, Debug)]
pub struct Snapshot {
    segment: Segment,
    meta: MetaRec,
}

impl Snapshot {
    /// Reads a segment as a snapshot.
    pub fn new(segment: Segment) -> Result<Self, Error> {
        let meta = *segment.checked::<MetaRec>(section::META)?.get(0)?;
        Ok(Self { segment, meta })
    }

    /// The sections of a snapshot, to be published.
    pub fn builder(sections: &Sections, identity: Identity) -> SegmentBuilder<'_> {
        let mut builder = SegmentBuilder::new(Kind::Snapshot, identity);
        builder
            .array(section::META, std::slice::from_ref(&sections.meta))
            .bytes(section::TEXT, sections.text.as_slice())
            .array(section::FILES, &sections.files)
            .bytes(section::BLOBS, sections.blobs.as_slice())
            .array(section::SYMBOLS, &sections.symbols)
            .array(section::NAMES, &sections.names)
            .array(section::NAME_LISTS, &sections.name_lists)
            .array(section::EDGES, &sections.edges)
            .array(section::FORWARD, &sections.forward)
            .array(section::BACK, &sections.back)
            .array(section::BACKWARD, &sections.backward)
            .array(section::UNRESOLVED, &sections.unresolved)
            .array(section::EXTERNALS, &sections.externals)
            .array(section::TERMS, &sections.terms)
            .array(section::TERM_ENDS, &sections.term_ends)
            .bytes(section::POSTINGS, sections.postings.as_slice())
            .array(section::DOC_LENGTHS, &sections.doc_lengths)
            .array(section::RANKS, &sections.ranks)
            .bytes(section::EMBEDDER, sections.embedder.as_slice())
            .array(section::VECTOR_SYMBOLS, &sections.vector_symbols)
            .array(section::VECTOR_SCALES, &sections.vector_scales)
            .array(section::VECTORS, &sections.vectors);
        if !sections.languages.is_empty() {
            builder.bytes(section::LANGUAGES, sections.languages.as_slice());
        }
        builder
    }

    /// The segment it lies in.
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Counts.
    pub fn meta(&self) -> &MetaRec {
        &self.meta
    }

    /// Number of nodes: symbols, then external symbols.
    pub fn nodes(&self) -> u32 {
        self.meta.symbols.saturating_add(self.meta.externals)
    }

    /// Whether a node is an external symbol.
    pub fn is_external(&self, node: u32) -> bool {
        node >= self.meta.symbols
    }

    /// Names of the added languages that a snapshot's files are in, whatever
    /// made it.
    pub fn added_languages(segment: &Segment) -> Vec<String> {
        if !segment.has(section::LANGUAGES) {
            return Vec::new();
        }
        let names = segment.checked::<u8>(section::LANGUAGES);
        let names = names.and_then(|names| Ok(names.all()?.to_vec()));
        let names = String::from_utf8_lossy(&names.unwrap_or_default()).into_owned();
        names.lines().map(str::to_owned).collect()
    }

    /// The files, by path.
    pub fn files(&self) -> Result<&[FileRec], Error> {
        self.segment.checked(section::FILES)?.all()
    }

    /// A file.
    pub fn file(&self, at: u32) -> Result<&FileRec, Error> {
        self.segment.checked(section::FILES)?.get(at as usize)
    }

    /// The object id of a file's blob.
    pub fn blob(&self, file: u32) -> Result<&[u8], Error> {
        let len = self.segment.identity().object_format.id_len();
        let at = file as usize * len;
        self.segment.checked(section::BLOBS)?.slice(at..at + len)
    }

    /// All symbols.
    pub fn symbols(&self) -> Result<&[SymbolRec], Error> {
        self.segment.checked(section::SYMBOLS)?.all()
    }

    /// A symbol.
    pub fn symbol(&self, at: u32) -> Result<&SymbolRec, Error> {
        self.segment.checked(section::SYMBOLS)?.get(at as usize)
    }

    /// A piece of text.
    pub fn text(&self, text: TextRec) -> Result<&[u8], Error> {
        let at = text.at as usize;
        self.segment
            .checked(section::TEXT)?
            .slice(at..at + text.len as usize)
    }

    /// The name of an external symbol.
    pub fn external(&self, node: u32) -> Result<&[u8], Error> {
        let at = node.saturating_sub(self.meta.symbols);
        let text = *self
            .segment
            .checked::<TextRec>(section::EXTERNALS)?
            .get(at as usize)?;
        self.text(text)
    }

    /// All names, in order.
    pub fn names(&self) -> Result<Checked<'_, NameRec>, Error> {
        self.segment.checked(section::NAMES)
    }

    /// The symbols of a name's record.
    pub fn named(&self, name: &NameRec) -> Result<&[u32], Error> {
        let at = name.list as usize;
        self.segment
            .checked(section::NAME_LISTS)?
            .slice(at..at + name.list_len as usize)
    }

    /// The position of the first name that is not less than `name`.
    pub fn name_position(&self, name: &[u8]) -> Result<usize, Error> {
        let names = self.names()?;
        let (mut low, mut high) = (0, names.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.text(names.get(middle)?.name)? < name {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The symbols of exactly that name.
    pub fn by_name(&self, name: &[u8]) -> Result<&[u32], Error> {
        let at = self.name_position(name)?;
        let names = self.names()?;
        if at < names.len() {
            let record = names.get(at)?;
            if self.text(record.name)? == name {
                return self.named(record);
            }
        }
        Ok(&[])
    }

    /// The edges of a kind that start at `node`.
    pub fn edges_from(&self, kind: EdgeKind, node: u32) -> Result<&[EdgeRec], Error> {
        let run = self.run(section::FORWARD, kind, node)?;
        self.segment.checked(section::EDGES)?.slice(run)
    }

    /// The edges of a kind that lead to `node`.
    pub fn edges_to(&self, kind: EdgeKind, node: u32) -> Result<&[BackRec], Error> {
        let run = self.run(section::BACKWARD, kind, node)?;
        self.segment.checked(section::BACK)?.slice(run)
    }

    /// All edges of a kind.
    pub fn edges(&self, kind: EdgeKind) -> Result<&[EdgeRec], Error> {
        let nodes = self.nodes();
        if nodes == 0 {
            return Ok(&[]);
        }
        let start = self.run(section::FORWARD, kind, 0)?.start;
        let end = self.run(section::FORWARD, kind, nodes - 1)?.end;
        self.segment.checked(section::EDGES)?.slice(start..end)
    }

    /// An edge.
    pub fn edge(&self, at: u32) -> Result<&EdgeRec, Error> {
        self.segment.checked(section::EDGES)?.get(at as usize)
    }

    /// The undecided call sites whose name has this hash.
    pub fn unresolved(&self, name: u64) -> Result<&[UnresolvedRec], Error> {
        let all: Checked<'_, UnresolvedRec> = self.segment.checked(section::UNRESOLVED)?;
        let bound = |after: bool| -> Result<usize, Error> {
            let (mut low, mut high) = (0, all.len());
            while low < high {
                let middle = low.midpoint(high);
                let found = all.get(middle)?.name;
                if found < name || (after && found == name) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            Ok(low)
        };
        all.slice(bound(false)?..bound(true)?)
    }

    /// Number of undecided call sites.
    pub fn unresolved_len(&self) -> Result<usize, Error> {
        Ok(self
            .segment
            .checked::<UnresolvedRec>(section::UNRESOLVED)?
            .len())
    }

    /// The postings of a word, by its hash.
    pub fn postings(&self, hash: u64) -> Result<Postings<'_>, Error> {
        let terms: Checked<'_, u64> = self.segment.checked(section::TERMS)?;
        let (mut low, mut high) = (0, terms.len());
        while low < high {
            let middle = low.midpoint(high);
            if *terms.get(middle)? < hash {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == terms.len() || *terms.get(low)? != hash {
            return Ok(Postings::new(&[]));
        }
        let ends: Checked<'_, u32> = self.segment.checked(section::TERM_ENDS)?;
        let start = if low == 0 { 0 } else { *ends.get(low - 1)? };
        let range = start as usize..*ends.get(low)? as usize;
        Ok(Postings::new(
            self.segment.checked(section::POSTINGS)?.slice(range)?,
        ))
    }

    /// The number of words of each symbol.
    pub fn doc_lengths(&self) -> Result<&[u32], Error> {
        self.segment.checked(section::DOC_LENGTHS)?.all()
    }

    /// The page rank of each symbol; 1 is the average.
    pub fn ranks(&self) -> Result<&[f32], Error> {
        self.segment.checked(section::RANKS)?.all()
    }

    /// The embedder that made the vectors.
    pub fn embedder(&self) -> Result<EmbedderId, Error> {
        let bytes: &[u8] = self.segment.checked(section::EMBEDDER)?.all()?;
        let text = String::from_utf8_lossy(bytes);
        let mut parts = text.split('\0').map(str::to_owned);
        Ok(EmbedderId {
            model: parts.next().unwrap_or_default(),
            hash: parts.next().unwrap_or_default(),
            dims: parts
                .next()
                .and_then(|dims| dims.parse().ok())
                .unwrap_or_default(),
        })
    }

    /// The vectors, and the symbol of each.
    pub fn vectors(&self) -> Result<(RowsView<'_>, &[u32]), Error> {
        let dims = self.embedder()?.dims;
        let codes = self.segment.checked(section::VECTORS)?.all()?;
        let scales = self.segment.checked(section::VECTOR_SCALES)?.all()?;
        let symbols: &[u32] = self.segment.checked(section::VECTOR_SYMBOLS)?.all()?;
        match RowsView::new(dims, codes, scales) {
            Ok(rows) if symbols.len() == rows.len() => Ok((rows, symbols)),
            _ => Err(self
                .segment
                .corrupt("the vectors' sections differ in length".to_owned())),
        }
    }

    fn run(&self, id: u32, kind: EdgeKind, node: u32) -> Result<std::ops::Range<usize>, Error> {
        let ends: Checked<'_, u32> = self.segment.checked(id)?;
        let kind = STORED
            .iter()
            .position(|stored| *stored == kind)
            .unwrap_or(STORED.len());
        let at = kind * self.nodes() as usize + node as usize;
        let start = if at == 0 {
            0
        } else {
            *ends.get(at - 1)? as usize
        };
        Ok(start..*ends.get(at)? as usize)
    }
}
