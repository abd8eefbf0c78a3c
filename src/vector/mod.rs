//! What text means: embedders turn text into vectors, the rest finds near ones.
//!
//! This layer knows texts and numbers. It must not know files, symbols, Git or
//! how vectors are stored: a caller hands it rows and gets row numbers back.
//! Scores are cosines. Order is deterministic: equal scores come in the order
//! of the rows.

pub mod endpoint;
pub mod hnsw;
pub mod quantise;
pub mod scan;
pub mod static_table;

pub use static_table::StaticEmbedder;

/// What made a vector. Vectors of two embedders whose ids differ must never be
/// compared; an index records the id and refuses another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmbedderId {
    /// The model's name, such as `happy-static-1`.
    pub model: String,
    /// What tells two versions of that name apart: the SHA-256 of a table, or
    /// what an endpoint says of itself; empty where nothing does.
    pub hash: String,
    /// How many numbers a vector has.
    pub dims: usize,
}

impl std::fmt::Display for EmbedderId {
    /// `model@hash/dims`, the hash shortened for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = self.hash.get(..12).unwrap_or(&self.hash);
        if short.is_empty() {
            write!(f, "{}/{}", self.model, self.dims)
        } else {
            write!(f, "{}@{short}/{}", self.model, self.dims)
        }
    }
}

/// Why vectors could not be made, kept or searched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table of word vectors is cut, foreign or inconsistent.
    #[error("the embedding table is unusable: {0}")]
    Table(&'static str),
    /// No embedder of that name is in [`EMBEDDERS`].
    #[error("unknown embedder `{name}`; known: {known}")]
    UnknownEmbedder {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Vectors of another embedder than the one asked for.
    #[error("the vectors were made by {found}, not by {wanted}")]
    Mismatch {
        /// What the caller has.
        wanted: Box<EmbedderId>,
        /// What made the vectors.
        found: Box<EmbedderId>,
    },
    /// A server gave no vectors, or none that can be used.
    #[error("no embeddings: {0}")]
    Endpoint(String),
    /// A vector or buffer has the wrong length.
    #[error("expected {expected} numbers, found {found}")]
    Length {
        /// What the embedder's dimension asks for.
        expected: usize,
        /// What came.
        found: usize,
    },
    /// A vector holds a NaN or an infinity.
    #[error("vector {0} holds a number that is not finite")]
    NotFinite(usize),
    /// A saved graph of near neighbours is damaged, foreign or out of date.
    #[error("the graph of near neighbours is unusable: {0}")]
    Graph(String),
    /// Reading or writing a saved graph failed.
    #[error("cannot access `{}`", path.display())]
    Io {
        /// The file or folder.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Turns texts into vectors.
pub trait Embedder: Send + Sync {
    /// What makes these vectors.
    fn id(&self) -> &EmbedderId;

    /// One vector per text, in order, each of length 1 and of
    /// [`EmbedderId::dims`] numbers. A text in which the embedder knows nothing
    /// is the zero vector, whose cosine to everything is 0.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error>;

    /// The same in parts as they come, each with the number of its first text:
    /// what an earlier part cost is not lost where a later one fails. An error of
    /// `done` ends it.
    fn embed_each(&self, texts: &[&str], done: &mut Done<'_>) -> Result<(), Error> {
        done(0, self.embed(texts)?)
    }
}

/// Takes a part of the vectors, and the number of the first text they are for.
pub type Done<'a> = dyn FnMut(usize, Vec<Vec<f32>>) -> Result<(), Error> + Send + 'a;

/// One entry of [`EMBEDDERS`].
pub struct Kind {
    /// The name by which settings choose it.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// Makes one.
    pub make: fn() -> Result<Box<dyn Embedder>, Error>,
}

/// Every embedder there is; the first is the default.
pub const EMBEDDERS: &[Kind] = &[Kind {
    name: "static",
    about: "a table of word vectors inside the binary: offline, no key",
    make: || Ok(Box::new(StaticEmbedder::new()?)),
}];

/// The embedder of that name.
pub fn embedder(name: &str) -> Result<Box<dyn Embedder>, Error> {
    match EMBEDDERS.iter().find(|kind| kind.name == name) {
        Some(kind) => (kind.make)(),
        None => Err(Error::UnknownEmbedder {
            name: name.to_owned(),
            known: EMBEDDERS
                .iter()
                .map(|k| k.name)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// An error where vectors made by `found` would be compared with `wanted`'s.
pub fn check_same(wanted: &EmbedderId, found: &EmbedderId) -> Result<(), Error> {
    if wanted == found {
        return Ok(());
    }
    Err(Error::Mismatch {
        wanted: Box::new(wanted.clone()),
        found: Box::new(found.clone()),
    })
}
