//! Approximate search through a graph of near neighbours, by `hnsw_rs`.
//!
//! Worth its cost where one process asks many questions of many vectors: the
//! exact scan needs no building and no loading. `benches/vector.rs` prints
//! where they cross and with what recall.
//!
//! The graph holds quantised rows, each followed by the four bytes of its
//! scale, so that its scores are those of the exact scan. The
//! graph itself is not the same from build to build, since `hnsw_rs` draws its
//! levels at random and inserts from several threads.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::api::AnnT;
use hnsw_rs::hnsw::Hnsw;
use hnsw_rs::hnswio::{HnswIo, ReloadOptions};
use xxhash_rust::xxh3::xxh3_64;

use super::quantise::{RowsView, cosine, quantise};
use super::scan::Near;
use super::{EmbedderId, Error, check_same};

/// Links of a node above the lowest layer; the lowest has twice as many.
const LINKS: usize = 16;
/// Candidates kept while a node is inserted.
const BUILD_EFFORT: usize = 160;
/// Candidates kept while searching, at least: recall@10 stays above 0.95 on
/// embeddings of code (a test and the bench hold that).
pub const EFFORT: usize = 96;
const LAYERS: usize = 16;
const SCALE_BYTES: usize = 4;
const BASENAME: &str = "near";
const MANIFEST: &str = "near.manifest";
const FORMAT: &str = "happy-hnsw 1";

/// From here the cosine is taken away: rounding can bring a cosine past 1, and
/// `hnsw_rs` demands distances that are not negative.
const FARTHEST: f32 = 2.0;

/// 2 − cosine of two rows that carry their scale; no panic where vectors point
/// apart.
#[derive(Clone, Copy, Default)]
struct CosineDistance;

fn split(row: &[i8]) -> (&[i8], f32) {
    let (codes, tail) = row.split_at(row.len().saturating_sub(SCALE_BYTES));
    match tail {
        &[a, b, c, d] => (
            codes,
            f32::from_le_bytes([a as u8, b as u8, c as u8, d as u8]),
        ),
        _ => (codes, 0.0),
    }
}

impl Distance<i8> for CosineDistance {
    fn eval(&self, one: &[i8], other: &[i8]) -> f32 {
        let ((one, one_scale), (other, other_scale)) = (split(one), split(other));
        let dot = one
            .iter()
            .zip(other)
            .map(|(&a, &b)| i32::from(a) * i32::from(b))
            .sum();
        (FARTHEST - cosine(dot, one_scale, other_scale)).max(0.0)
    }
}

fn with_scale(codes: &[i8], scale: f32) -> Vec<i8> {
    let mut row = Vec::with_capacity(codes.len() + SCALE_BYTES);
    row.extend_from_slice(codes);
    row.extend(scale.to_le_bytes().map(|byte| byte as i8));
    row
}

/// A graph of near neighbours, built or loaded.
pub struct Graph<'a> {
    hnsw: Hnsw<'a, i8, CosineDistance>,
    dims: usize,
}

impl Graph<'static> {
    /// Builds it on all threads of the current `rayon` pool.
    pub fn build(rows: RowsView<'_>) -> Self {
        let mut hnsw = Hnsw::new(
            LINKS,
            rows.len().max(1),
            LAYERS,
            BUILD_EFFORT,
            CosineDistance,
        );
        let data: Vec<Vec<i8>> = (0..rows.len())
            .filter_map(|row| rows.get(row))
            .map(|(codes, scale)| with_scale(codes, scale))
            .collect();
        let numbered: Vec<(&[i8], usize)> = data
            .iter()
            .enumerate()
            .map(|(row, data)| (data.as_slice(), row))
            .collect();
        hnsw.parallel_insert_slice(&numbered);
        hnsw.set_searching_mode(true);
        Self {
            hnsw,
            dims: rows.dims(),
        }
    }
}

impl Graph<'_> {
    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.hnsw.get_nb_point()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About the `k` rows nearest to `query`, best first. `effort` is how many
    /// candidates are kept on the way ([`EFFORT`] is a good number); more is
    /// slower and misses less.
    pub fn search(&self, query: &[f32], k: usize, effort: usize) -> Result<Vec<Near>, Error> {
        if query.len() != self.dims {
            return Err(Error::Length {
                expected: self.dims,
                found: query.len(),
            });
        }
        if query.iter().any(|x| !x.is_finite()) {
            return Err(Error::NotFinite(0));
        }
        if k == 0 || self.is_empty() {
            return Ok(Vec::new());
        }
        let mut codes = vec![0; self.dims];
        let scale = quantise(query, &mut codes);
        let query = with_scale(&codes, scale);
        let mut found: Vec<Near> = self
            .hnsw
            .search(&query, k, effort.max(k))
            .into_iter()
            .map(|near| Near {
                row: near.d_id,
                score: FARTHEST - near.distance,
            })
            .collect();
        found.sort_unstable_by(Near::rank);
        Ok(found)
    }

    /// Writes it as the folder `target`, in place of what is there. `id` says
    /// what made the vectors; loading asks for the same.
    pub fn save(&self, target: &Path, id: &EmbedderId) -> Result<(), Error> {
        let beside = sibling(target, "part");
        remove(&beside)?;
        fs::create_dir_all(&beside).map_err(io(&beside))?;
        // `hnsw_rs` panics where it cannot create a file: find out before.
        let manifest = beside.join(MANIFEST);
        fs::write(&manifest, "").map_err(io(&manifest))?;
        if !self.is_empty() {
            let dumped = guarded(|| self.hnsw.file_dump(&beside, BASENAME));
            match dumped {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    return Err(Error::Graph(format!("it cannot be written: {error}")));
                }
                Err(_) => return Err(Error::Graph("it cannot be written".to_owned())),
            }
        }
        let sums = sums(&beside, self.is_empty())?;
        let text = manifest_text(id, self.len(), &sums);
        fs::write(&manifest, text).map_err(io(&manifest))?;
        let old = sibling(target, "old");
        remove(&old)?;
        if target.exists() {
            fs::rename(target, &old).map_err(io(target))?;
        }
        fs::rename(&beside, target).map_err(io(target))?;
        remove(&old)
    }
}

/// A saved graph that was checked and can be loaded. It outlives the graph,
/// which reads its vectors from the mapped file.
pub struct Saved {
    files: HnswIo,
    dims: usize,
    rows: usize,
}

impl Saved {
    /// Opens the folder that [`Graph::save`] wrote: the same embedder, the same
    /// number of rows, not a bit changed. (`hnsw_rs` would panic on a damaged
    /// file, so all of it is read and checked here.)
    pub fn open(folder: &Path, id: &EmbedderId) -> Result<Self, Error> {
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(io(&path))?;
        let (found, rows, recorded) = parse_manifest(&text)?;
        check_same(id, &found)?;
        if sums(folder, rows == 0)? != recorded {
            return Err(Error::Graph(
                "its checksum does not match; build it again".to_owned(),
            ));
        }
        let mut files = HnswIo::new(folder, BASENAME);
        files.set_options(ReloadOptions::new(true));
        Ok(Self {
            files,
            dims: id.dims,
            rows,
        })
    }

    /// Loads the links and maps the vectors.
    pub fn load(&mut self) -> Result<Graph<'_>, Error> {
        let dims = self.dims;
        if self.rows == 0 {
            let hnsw = Hnsw::new(LINKS, 1, LAYERS, BUILD_EFFORT, CosineDistance);
            return Ok(Graph { hnsw, dims });
        }
        let rows = self.rows;
        let files = &mut self.files;
        let loaded = guarded(move || files.load_hnsw::<i8, CosineDistance>());
        let mut hnsw = match loaded {
            Ok(Ok(hnsw)) => hnsw,
            Ok(Err(error)) => return Err(Error::Graph(error.to_string())),
            Err(_) => return Err(Error::Graph("it cannot be read; build it again".to_owned())),
        };
        if hnsw.get_nb_point() != rows {
            return Err(Error::Graph(
                "it has another number of rows than it says".to_owned(),
            ));
        }
        hnsw.set_searching_mode(true);
        Ok(Graph { hnsw, dims })
    }
}

/// Runs what may panic in `hnsw_rs`.
fn guarded<R>(work: impl FnOnce() -> R) -> std::thread::Result<R> {
    catch_unwind(AssertUnwindSafe(work))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

fn sibling(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(folder)(error)),
        _ => Ok(()),
    }
}

/// Length and checksum of the two files; none for an empty graph.
fn sums(folder: &Path, empty: bool) -> Result<Vec<(u64, u64)>, Error> {
    let mut sums = Vec::new();
    for suffix in ["graph", "data"] {
        if !empty {
            let path = folder.join(format!("{BASENAME}.hnsw.{suffix}"));
            let bytes = fs::read(&path).map_err(io(&path))?;
            sums.push((bytes.len() as u64, xxh3_64(&bytes)));
        }
    }
    Ok(sums)
}

fn manifest_text(id: &EmbedderId, rows: usize, sums: &[(u64, u64)]) -> String {
    let mut lines = vec![
        FORMAT.to_owned(),
        id.model.clone(),
        id.hash.clone(),
        id.dims.to_string(),
        rows.to_string(),
    ];
    lines.extend(
        sums.iter()
            .map(|(length, sum)| format!("{length} {sum:016x}")),
    );
    lines.join("\n") + "\n"
}

type Manifest = (EmbedderId, usize, Vec<(u64, u64)>);

fn parse_manifest(text: &str) -> Result<Manifest, Error> {
    let damaged = || Error::Graph("its manifest is damaged or of another version".to_owned());
    let mut lines = text.lines();
    if lines.next() != Some(FORMAT) {
        return Err(damaged());
    }
    let mut line = || lines.next().ok_or_else(damaged);
    let id = EmbedderId {
        model: line()?.to_owned(),
        hash: line()?.to_owned(),
        dims: line()?.parse().map_err(|_| damaged())?,
    };
    let rows = line()?.parse().map_err(|_| damaged())?;
    let sums = lines
        .map(|line| {
            let (length, sum) = line.split_once(' ')?;
            Some((length.parse().ok()?, u64::from_str_radix(sum, 16).ok()?))
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(damaged)?;
    Ok((id, rows, sums))
}
