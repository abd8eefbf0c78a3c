//! Embedders, and the search for near vectors.

mod hnsw;
mod scan;
mod static_table;

use happy::vector::quantise::Rows;

/// Numbers between -1 and 1 that are the same on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// A unit vector; those of one `centre` point about the same way.
    fn near(&mut self, centre: &[f32], spread: f32) -> Vec<f32> {
        let vector = centre.iter().map(|x| x + spread * self.next()).collect();
        unit(vector)
    }
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    for x in &mut vector {
        *x /= norm;
    }
    vector
}

/// `count` unit vectors around a few centres, as embeddings of code lie.
fn clustered(count: usize, dims: usize) -> Vec<Vec<f32>> {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let centres: Vec<Vec<f32>> = (0..40)
        .map(|_| random.near(&vec![0.0; dims], 1.0))
        .collect();
    (0..count)
        .map(|row| random.near(&centres[row % centres.len()], 0.1))
        .collect()
}

fn rows_of(vectors: &[Vec<f32>]) -> Rows {
    let mut rows = Rows::new(vectors[0].len());
    for vector in vectors {
        rows.push(vector)
            .expect("the vector is finite and of the right length");
    }
    rows
}

fn exact_cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}
