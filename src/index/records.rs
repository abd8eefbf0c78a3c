//! The fixed-size records of a snapshot. FORMAT.md gives their bytes.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Section numbers of a snapshot.
pub mod section {
    /// [`super::MetaRec`], one.
    pub const META: u32 = 1;
    /// All text, UTF-8 where the sources are.
    pub const TEXT: u32 = 2;
    /// [`super::FileRec`], by path.
    pub const FILES: u32 = 3;
    /// Object ids of the files, one after another.
    pub const BLOBS: u32 = 4;
    /// [`super::SymbolRec`], by file and place.
    pub const SYMBOLS: u32 = 5;
    /// [`super::NameRec`], by name.
    pub const NAMES: u32 = 6;
    /// Symbols by name; [`super::NameRec`] says where each name's are.
    pub const NAME_LISTS: u32 = 7;
    /// [`super::EdgeRec`], by kind and source.
    pub const EDGES: u32 = 8;
    /// Per kind and node, the end of its edges in [`EDGES`].
    pub const FORWARD: u32 = 9;
    /// [`super::BackRec`], by kind and target.
    pub const BACK: u32 = 10;
    /// Per kind and node, the end of its entries in [`BACK`].
    pub const BACKWARD: u32 = 11;
    /// [`super::UnresolvedRec`], by name.
    pub const UNRESOLVED: u32 = 12;
    /// [`super::TextRec`]: names of external symbols.
    pub const EXTERNALS: u32 = 13;
    /// Hashes of words, ascending.
    pub const TERMS: u32 = 14;
    /// Per word, the end of its postings in [`POSTINGS`].
    pub const TERM_ENDS: u32 = 15;
    /// Postings, as [`crate::index::postings`] packs them.
    pub const POSTINGS: u32 = 16;
    /// Per symbol, the number of its words.
    pub const DOC_LENGTHS: u32 = 17;
    /// Per symbol, its page rank.
    pub const RANKS: u32 = 18;
    /// What made the vectors: model, hash, dimensions, with zeros between.
    pub const EMBEDDER: u32 = 19;
    /// The symbol of each vector.
    pub const VECTOR_SYMBOLS: u32 = 20;
    /// The scale of each vector.
    pub const VECTOR_SCALES: u32 = 21;
    /// The vectors, a byte a number.
    pub const VECTORS: u32 = 22;
    /// Names of the languages of its files that a user added, a line each;
    /// absent where there are none.
    pub const LANGUAGES: u32 = 23;
}

/// Counts.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct MetaRec {
    /// Number of symbols.
    pub symbols: u32,
    /// Number of external symbols.
    pub externals: u32,
    /// Lines of parsed files.
    pub lines: u64,
    /// Bytes of parsed files.
    pub bytes: u64,
    /// Files of no language that is known.
    pub other_files: u32,
    /// Always 0.
    pub reserved: u32,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct TextRec {
    /// Where it starts.
    pub at: u32,
    /// Its length in bytes.
    pub len: u32,
}

/// A name that symbols bear.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct NameRec {
    /// The name.
    pub name: TextRec,
    /// Its first symbol in the lists.
    pub list: u32,
    /// Number of its symbols.
    pub list_len: u32,
}

/// A file.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FileRec {
    /// Its path.
    pub path: TextRec,
    /// Its first symbol: the file itself.
    pub symbols: u32,
    /// Number of its symbols.
    pub symbols_len: u32,
    /// Lines.
    pub lines: u32,
    /// Bytes.
    pub bytes: u32,
    /// Its language's id; 255 for none.
    pub language: u8,
    /// Why it was left out, as [`super::Reason`]; 0 if it was not.
    pub reason: u8,
    /// Bits of [`file_flag`].
    pub flags: u8,
    /// Always 0.
    pub reserved: u8,
}

/// Bits of [`FileRec::flags`].
pub mod file_flag {
    /// Written by a program.
    pub const GENERATED: u8 = 1;
    /// Somebody else's code, copied in.
    pub const VENDORED: u8 = 2;
    /// Tests.
    pub const TEST: u8 = 4;
}

/// A symbol.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct SymbolRec {
    /// Its name.
    pub name: TextRec,
    /// Its name with its containers', dots between; empty for a file.
    pub qualified: TextRec,
    /// Its signature.
    pub signature: TextRec,
    /// Its doc comment.
    pub doc: TextRec,
    /// Its file.
    pub file: u32,
    /// The symbol it stands in; itself for a file.
    pub parent: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// First line, 1-based.
    pub start_line: u32,
    /// Last line.
    pub end_line: u32,
    /// Line of the name; 0 for a file.
    pub line: u32,
    /// Byte column of the name, 1-based.
    pub column: u32,
    /// Its kind, as [`crate::lang::DefKind`] numbers them.
    pub kind: u32,
    /// Bits of [`crate::facts::format::def_flag`].
    pub flags: u32,
}

/// An edge.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct EdgeRec {
    /// The node it starts at: a symbol.
    pub source: u32,
    /// The node it leads to: a symbol, or an external one after them.
    pub target: u32,
    /// The file of the site.
    pub file: u32,
    /// Line of the site, 1-based.
    pub line: u32,
    /// Byte column of the site, 1-based, times 4, plus bits of [`edge_flag`].
    pub column: u32,
}

/// Low bits of [`EdgeRec::column`].
pub mod edge_flag {
    /// A flow of values decides it.
    pub const INFERRED: u32 = 1;
    /// No call is written at the site.
    pub const IMPLICIT: u32 = 2;
}

/// An edge, seen from its target.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct BackRec {
    /// The node that the edge starts at.
    pub source: u32,
    /// The edge.
    pub edge: u32,
}

/// A call site that could not be decided.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct UnresolvedRec {
    /// Hash of the name that is called.
    pub name: u64,
    /// The symbol that the site stands in.
    pub source: u32,
    /// The file.
    pub file: u32,
    /// Line, 1-based.
    pub line: u32,
    /// Byte column, 1-based, times 8, plus the reason.
    pub column: u32,
}
