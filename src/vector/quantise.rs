//! Vectors as bytes: each number an `i8`, each vector with its own scale.
//!
//! A vector of 256 numbers takes 260 bytes instead of 1,024; the cosine changes
//! by less than 0.01 (a test measures it).

use super::Error;

/// Brings `vector` into `codes` (of the same length) and returns the scale:
/// number i is about `codes[i] * scale`. The zero vector has scale 0.
pub fn quantise(vector: &[f32], codes: &mut [i8]) -> f32 {
    let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    if largest <= f32::MIN_POSITIVE {
        codes.fill(0);
        return 0.0;
    }
    let inverse = 127.0 / largest;
    for (code, &x) in codes.iter_mut().zip(vector) {
        // Half away from zero, without a call to the rounding function.
        *code = (x * inverse + 0.5_f32.copysign(x)) as i8;
    }
    largest / 127.0
}

/// The sum of products. Cannot overflow below 130,000 dimensions.
pub(super) fn dot(query: &[i16], row: &[i8]) -> i32 {
    query
        .iter()
        .zip(row)
        .map(|(&q, &r)| i32::from(q) * i32::from(r))
        .sum()
}

/// The cosine from the sum of products of two quantised unit vectors.
pub(super) fn cosine(dot: i32, one: f32, other: f32) -> f32 {
    dot as f32 * (one * other)
}

/// A query, quantised once and widened so that the scan need not.
pub(super) struct Query {
    pub(super) codes: Vec<i16>,
    pub(super) scale: f32,
}

impl Query {
    /// Checks length and numbers: a query may come from an endpoint.
    pub(super) fn new(vector: &[f32], dims: usize) -> Result<Self, Error> {
        check(vector, dims, 0)?;
        let mut codes = vec![0; dims];
        let scale = quantise(vector, &mut codes);
        Ok(Self {
            codes: codes.into_iter().map(i16::from).collect(),
            scale,
        })
    }
}

/// An error where a vector has another length or a number that is not finite.
fn check(vector: &[f32], dims: usize, at: usize) -> Result<(), Error> {
    if vector.len() != dims {
        return Err(Error::Length {
            expected: dims,
            found: vector.len(),
        });
    }
    if vector.iter().all(|x| x.is_finite()) {
        Ok(())
    } else {
        Err(Error::NotFinite(at))
    }
}

/// Quantised vectors that are being gathered.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    dims: usize,
    codes: Vec<i8>,
    scales: Vec<f32>,
}

impl Rows {
    /// No rows yet, of `dims` numbers each.
    pub fn new(dims: usize) -> Self {
        Self {
            dims,
            ..Self::default()
        }
    }

    /// Adds a vector as the next row.
    pub fn push(&mut self, vector: &[f32]) -> Result<(), Error> {
        check(vector, self.dims, self.scales.len())?;
        let start = self.codes.len();
        self.codes.resize(start + self.dims, 0);
        let scale = quantise(vector, &mut self.codes[start..]);
        self.scales.push(scale);
        Ok(())
    }

    /// The rows to search in, or to write.
    pub fn view(&self) -> RowsView<'_> {
        RowsView {
            dims: self.dims,
            codes: &self.codes,
            scales: &self.scales,
        }
    }
}

/// Quantised vectors that lie in memory, such as in a mapped file.
#[derive(Clone, Copy, Debug)]
pub struct RowsView<'a> {
    dims: usize,
    codes: &'a [i8],
    scales: &'a [f32],
}

impl<'a> RowsView<'a> {
    /// Rows of `dims` numbers, one after the other, and a scale for each.
    pub fn new(dims: usize, codes: &'a [i8], scales: &'a [f32]) -> Result<Self, Error> {
        match scales.len().checked_mul(dims) {
            Some(expected) if expected == codes.len() => Ok(Self {
                dims,
                codes,
                scales,
            }),
            expected => Err(Error::Length {
                expected: expected.unwrap_or(usize::MAX),
                found: codes.len(),
            }),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// How many numbers a row has.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// All codes, row after row.
    pub fn codes(&self) -> &'a [i8] {
        self.codes
    }

    /// The scale of each row.
    pub fn scales(&self) -> &'a [f32] {
        self.scales
    }

    /// One row and its scale; `None` past the end.
    pub fn get(&self, row: usize) -> Option<(&'a [i8], f32)> {
        let scale = *self.scales.get(row)?;
        Some((&self.codes[row * self.dims..(row + 1) * self.dims], scale))
    }

    /// One row as numbers again, for a search by what is already indexed.
    pub fn vector(&self, row: usize) -> Option<Vec<f32>> {
        let (codes, scale) = self.get(row)?;
        Some(codes.iter().map(|&code| f32::from(code) * scale).collect())
    }
}
