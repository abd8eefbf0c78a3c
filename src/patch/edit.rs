//! What every input form becomes: a list of edits, in the order they were written.

/// The notation an edit was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A unified diff, Git's or plain.
    Unified,
    /// The `*** Begin Patch` … `*** End Patch` envelope.
    Envelope,
    /// `<<<<<<< SEARCH` … `>>>>>>> REPLACE` blocks under a path line.
    Blocks,
    /// One JSON record per line.
    Record,
}

impl Form {
    /// The form's name in messages and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unified => "unified",
            Self::Envelope => "envelope",
            Self::Blocks => "blocks",
            Self::Record => "record",
        }
    }
}

/// One change to one file, as the input asks for it: nothing is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The notation it was written in.
    pub form: Form,
    /// The 1-based line of the input where it begins.
    pub line: usize,
    /// What it changes.
    pub target: Target,
    /// How it changes it.
    pub action: Action,
}

/// What an edit changes. Paths are the input's bytes, not yet known to be safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, by its path in the repository.
    Path(Vec<u8>),
    /// A symbol, to be resolved to a span of a file.
    Symbol(String),
}

/// How an edit changes its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make a file that does not exist yet.
    Create {
        /// The whole file.
        content: Vec<u8>,
        /// Its Git mode, ordinary when absent.
        mode: Option<u32>,
    },
    /// Remove a file.
    Delete {
        /// The content it must have, where the form says it.
        content: Option<Vec<u8>>,
        /// The content hash it must have.
        hash: Option<String>,
    },
    /// Move a file.
    Rename {
        /// Its new path.
        to: Vec<u8>,
    },
    /// Set the mode bits of a file.
    SetMode {
        /// The new Git mode.
        mode: u32,
    },
    /// Replace a text that stands exactly once in the target.
    Replace {
        /// The text to find.
        search: Vec<u8>,
        /// The text to put there.
        replace: Vec<u8>,
        /// Whether the text consists of whole lines.
        whole_lines: bool,
        /// The content hash the target must have.
        hash: Option<String>,
    },
    /// Replace the whole symbol.
    Body {
        /// The symbol's new text.
        body: Vec<u8>,
        /// The content hash the symbol must have.
        hash: Option<String>,
    },
    /// Apply one file section of a unified diff.
    Diff(FileDiff),
    /// Apply the chunks of an `*** Update File` section.
    Chunks {
        /// The chunks, in the order of the file.
        chunks: Vec<Chunk>,
        /// The file's new path, if it moves.
        move_to: Option<Vec<u8>>,
    },
}

/// What a file section of a unified diff does to the file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffKind {
    /// The file stays where it is.
    Modify,
    /// The file is new.
    Create,
    /// The file goes.
    Delete,
    /// The file moves.
    Rename,
    /// The file is a copy of another.
    Copy,
}

/// One file section of a unified diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff {
    /// What happens to the file as a whole.
    pub kind: DiffKind,
    /// Where its content comes from.
    pub from: Vec<u8>,
    /// Where it goes.
    pub to: Vec<u8>,
    /// The mode it has before, where the diff says it.
    pub old_mode: Option<u32>,
    /// The mode it has afterwards, where the diff says it.
    pub new_mode: Option<u32>,
    /// The blob id (or a prefix of it) of the content before.
    pub old_blob: Option<String>,
    /// The blob id (or a prefix of it) of the content afterwards.
    pub new_blob: Option<String>,
    /// The changed regions, in the order of the file.
    pub hunks: Vec<Hunk>,
}

/// One hunk of a unified diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The 1-based line of the input where it begins.
    pub line: usize,
    /// The first old line as the header counts it.
    pub old_start: usize,
    /// The first new line as the header counts it.
    pub new_start: usize,
    /// Its lines.
    pub lines: Vec<HunkLine>,
}

/// One chunk of an `*** Update File` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The 1-based line of the input where it begins.
    pub line: usize,
    /// The `@@` lines above it, outermost first.
    pub anchors: Vec<Vec<u8>>,
    /// Its lines.
    pub lines: Vec<HunkLine>,
    /// Whether it must end where the file ends.
    pub at_end: bool,
}

/// Which side of a change a line stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// On both.
    Both,
    /// Before only.
    Old,
    /// Afterwards only.
    New,
}

/// One line of a hunk or chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunkLine {
    /// Which side it stands on.
    pub side: Side,
    /// Its bytes, with the line ending unless the file ends without one.
    pub text: Vec<u8>,
}

impl HunkLine {
    /// Whether the line is part of the text before the change.
    pub fn is_old(&self) -> bool {
        self.side != Side::New
    }

    /// Whether the line is part of the text after the change.
    pub fn is_new(&self) -> bool {
        self.side != Side::Old
    }
}
