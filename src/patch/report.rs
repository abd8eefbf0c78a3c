//! What came of a patch: notes on what was tolerated, rejections, refusals.

use super::{Form, Obstacle, PathFault, RepoPath};

/// The place in the file that comes nearest to a text that was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The 1-based line where it begins.
    pub line: usize,
    /// The lines that stand there.
    pub text: Vec<u8>,
}

/// Why an edit does not apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The text it looks for is not there.
    #[error("the text to change was not found")]
    NotFound,
    /// The text stands in several places, whose lines are listed.
    #[error("the text to change stands in several places (lines {})", list(.0))]
    Ambiguous(Vec<usize>),
    /// The file and the text are so large and alike that the search was given up.
    #[error("the search for the text to change was given up: too many places are alike")]
    TooCostly,
    /// The `@@` line it stands under is missing.
    #[error("the `@@` line was not found: {0}")]
    AnchorNotFound(String),
    /// The `@@` line stands in several places.
    #[error("the `@@` line stands in several places (lines {})", list(.1))]
    AnchorAmbiguous(String, Vec<usize>),
    /// An earlier change of the same file covers the place.
    #[error("an earlier change of this patch covers the same lines")]
    Overlaps,
    /// The indentation differs, and the new text cannot be shifted with it.
    #[error("the text is indented differently, and its replacement cannot be shifted with it")]
    Unshiftable,
    /// There is no such file.
    #[error("the file does not exist")]
    Missing,
    /// The file to be made is there already.
    #[error("the file exists already")]
    Exists,
    /// A folder stands where the file should.
    #[error("the path is a folder")]
    IsFolder,
    /// A file stands where a folder should.
    #[error("`{0}` is a file, not a folder")]
    UnderFile(RepoPath),
    /// The content is no text.
    #[error("{0}")]
    NotText(&'static str),
    /// The content hash differs from the one the edit was made for.
    #[error("the content has changed: its hash is {found}, not {wanted}")]
    HashDiffers {
        /// The hash that the edit names.
        wanted: String,
        /// The hash of the content.
        found: String,
    },
    /// The file is not the one that the edit deletes.
    #[error("the content differs from what is to be deleted")]
    ContentDiffers,
    /// The symbol is not known.
    #[error("no symbol of this name")]
    UnknownSymbol,
    /// The name stands for several symbols.
    #[error("the name stands for several symbols: {}", .0.join(", "))]
    AmbiguousSymbol(Vec<String>),
    /// The symbol's place is out of date.
    #[error("the symbol moved or changed since it was indexed")]
    StaleSymbol,
    /// An earlier edit of the same input cut into the symbol.
    #[error("an earlier edit of this patch changed where the symbol begins or ends")]
    SymbolCut,
    /// The file differs from the base that the patch was made for.
    #[error("the file changed since the base revision")]
    ChangedSinceBase,
    /// Both sides changed the same lines (1-based lines of the present file).
    #[error("both sides changed the same lines (lines {})", list(.0))]
    Conflict(Vec<usize>),
    /// The form does not say what was there before.
    #[error("{0} cannot be reversed: the form does not say what was there before")]
    NotReversible(&'static str),
}

fn list(lines: &[usize]) -> String {
    let shown: Vec<_> = lines.iter().take(10).map(ToString::to_string).collect();
    let more = if lines.len() > 10 { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// An edit that does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The file it would change; the symbol's name where that is all there is.
    pub path: Vec<u8>,
    /// The notation it is written in.
    pub form: Form,
    /// The 1-based line of the input where the edit, hunk or chunk begins.
    pub input_line: usize,
    /// The 1-based number of the hunk or chunk in its file section.
    pub hunk: Option<usize>,
    /// Why it does not apply.
    pub reason: Reason,
    /// The place that comes nearest.
    pub nearest: Option<Nearest>,
}

/// Why a patch is refused for safety, whatever it would do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Danger {
    /// The path leaves the repository or enters `.git`.
    #[error("{0}")]
    Path(#[from] PathFault),
    /// Something at or above the path must not be written through.
    #[error("`{at}` is {by}")]
    Through {
        /// The path or the folder above it.
        at: RepoPath,
        /// What it is.
        by: Obstacle,
    },
    /// A mode that is neither 100644 nor 100755.
    #[error("mode {0:o} is not that of an ordinary file")]
    Mode(u32),
    /// A hook, CI, Git or lockfile.
    #[error("the path is protected")]
    Protected,
    /// A new line has a character that makes it read otherwise than it runs.
    #[error("line {line} would have the invisible or direction-changing character U+{:04X}", u32::from(*.letter))]
    Hidden {
        /// The 1-based line afterwards.
        line: usize,
        /// The character.
        letter: char,
    },
    /// The same file under a name that differs in case.
    #[error("this file system takes it for `{0}`")]
    CaseTwin(RepoPath),
}

/// A change that is refused for safety.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The path as the input wrote it.
    pub path: Vec<u8>,
    /// The 1-based line of the input where the edit begins.
    pub input_line: usize,
    /// Why.
    pub danger: Danger,
}

/// Something that was tolerated, and that the reader should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub path: RepoPath,
    /// The 1-based line of the input where the edit, hunk or chunk begins.
    pub input_line: usize,
    /// What was tolerated.
    pub what: Tolerated,
}

/// What was tolerated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Tolerated {
    /// A hunk stands some lines from where its header says.
    #[error("hunk {hunk} applied at {offset:+} lines")]
    Offset {
        /// The 1-based number of the hunk.
        hunk: usize,
        /// How far down (or, if negative, up).
        offset: isize,
    },
    /// Outer context lines of a hunk do not match.
    #[error("hunk {hunk} applied without {lines} lines of context")]
    Fuzz {
        /// The 1-based number of the hunk.
        hunk: usize,
        /// How many lines were left out at either end.
        lines: usize,
    },
    /// The text stands there with another indentation.
    #[error("the indentation differs throughout; the new text was shifted with it")]
    Indentation,
    /// The file has other line endings than the patch; the file's were kept.
    #[error("the line endings differ; the file's were kept")]
    LineEndings,
    /// The file differs from the base, and the changes were merged.
    #[error("merged with changes made since the base")]
    Merged,
    /// The change is there already.
    #[error("the change is there already")]
    AlreadyThere,
    /// The edit leaves the file as it was.
    #[error("nothing changes")]
    Nothing,
    /// Another path differs in case only.
    #[error("`{0}` differs only in case, which some file systems do not tell apart")]
    CaseTwin(RepoPath),
}

/// Files in which the patch leaves more syntax errors than it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxChange {
    /// The file.
    pub path: RepoPath,
    /// Errors before.
    pub before: usize,
    /// Errors afterwards.
    pub after: usize,
}
