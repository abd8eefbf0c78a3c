//! The exact scan over quantised vectors.

use happy::vector::Error;
use happy::vector::quantise::{Rows, RowsView};
use happy::vector::scan::{top_k, top_k_where};

use super::{clustered, exact_cosine, rows_of, unit};

#[test]
fn a_quantised_cosine_is_within_a_hundredth_of_the_true_one() {
    let vectors = clustered(500, 256);
    let rows = rows_of(&vectors);
    let found = top_k(&vectors[0], rows.view(), vectors.len()).expect("the query is fine");
    assert_eq!(found.len(), vectors.len());
    for near in found {
        let exact = exact_cosine(&vectors[0], &vectors[near.row]);
        assert!(
            (near.score - exact).abs() < 0.01,
            "row {}: {} for {exact}",
            near.row,
            near.score
        );
    }
}

#[test]
fn the_nearest_rows_come_first_and_are_those_of_a_full_sort() {
    let vectors = clustered(2_000, 64);
    let rows = rows_of(&vectors);
    let all = top_k(&vectors[7], rows.view(), 2_000).expect("the query is fine");
    assert!(all.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert_eq!(all[0].row, 7);
    for k in [1, 3, 10, 500] {
        let some = top_k(&vectors[7], rows.view(), k).expect("the query is fine");
        assert_eq!(some, all[..k]);
    }
}

#[test]
fn equal_scores_come_in_the_order_of_the_rows() {
    let one = unit(vec![1.0, 2.0, 3.0, 4.0]);
    let rows = rows_of(&vec![one.clone(); 100]);
    let found = top_k(&one, rows.view(), 5).expect("the query is fine");
    let order: Vec<usize> = found.iter().map(|near| near.row).collect();
    assert_eq!(order, [0, 1, 2, 3, 4]);
}

#[test]
fn a_scan_in_blocks_on_several_threads_gives_what_one_pass_gives() {
    let vectors = clustered(1_000, 8);
    // Every vector many times, so that ties run across the blocks.
    let many: Vec<Vec<f32>> = vectors.iter().cycle().take(100_000).cloned().collect();
    let rows = rows_of(&many);
    let found = top_k(&vectors[3], rows.view(), 250).expect("the query is fine");
    let ties: Vec<usize> = found.iter().take(100).map(|near| near.row).collect();
    let expected: Vec<usize> = (0..100).map(|turn| 3 + turn * 1_000).collect();
    assert_eq!(ties, expected);
    assert!(
        found
            .windows(2)
            .all(|p| p[0].score > p[1].score || p[0].row < p[1].row)
    );
}

#[test]
fn a_filter_leaves_out_rows_and_not_places() {
    let vectors = clustered(1_000, 32);
    let rows = rows_of(&vectors);
    let found =
        top_k_where(&vectors[0], rows.view(), 10, |row| row % 2 == 1).expect("the query is fine");
    assert_eq!(found.len(), 10);
    assert!(found.iter().all(|near| near.row % 2 == 1));
}

#[test]
fn a_vector_that_points_away_scores_below_zero() {
    let rows = rows_of(&[vec![1.0, 0.0], vec![-1.0, 0.0]]);
    let found = top_k(&[1.0, 0.0], rows.view(), 2).expect("the query is fine");
    assert!(found[0].score > 0.99);
    assert!(found[1].score < -0.99);
}

#[test]
fn the_zero_vector_is_near_to_nothing_and_no_error() {
    let rows = rows_of(&[vec![1.0, 0.0], vec![0.0, 0.0]]);
    let from_zero = top_k(&[0.0, 0.0], rows.view(), 2).expect("the zero vector is a vector");
    assert!(from_zero.iter().all(|near| near.score == 0.0));
    let to_zero = top_k(&[1.0, 0.0], rows.view(), 2).expect("the query is fine");
    assert_eq!((to_zero[1].row, to_zero[1].score), (1, 0.0));
}

#[test]
fn bad_vectors_are_errors() {
    let rows = rows_of(&[vec![1.0, 0.0]]);
    let short = top_k(&[1.0], rows.view(), 1);
    assert!(matches!(
        short,
        Err(Error::Length {
            expected: 2,
            found: 1
        })
    ));
    let nan = top_k(&[f32::NAN, 0.0], rows.view(), 1);
    assert!(matches!(nan, Err(Error::NotFinite(_))));
    let mut rows = Rows::new(2);
    rows.push(&[1.0, 0.0]).expect("a fine vector");
    assert!(matches!(
        rows.push(&[f32::INFINITY, 0.0]),
        Err(Error::NotFinite(1))
    ));
    assert!(matches!(rows.push(&[0.0; 3]), Err(Error::Length { .. })));
    assert_eq!(rows.view().len(), 1);
    assert!(RowsView::new(2, &[1, 2, 3], &[1.0]).is_err());
    assert!(RowsView::new(usize::MAX, &[1, 2, 3], &[1.0, 2.0]).is_err());
}

#[test]
fn a_damaged_scale_is_passed_over() {
    let codes = [127, 0, 127, 0, 127, 0];
    let scales = [f32::NAN, 1.0 / 127.0, f32::NAN];
    let rows = RowsView::new(2, &codes, &scales).expect("the lengths agree");
    let found = top_k(&[1.0, 0.0], rows, 3).expect("the query is fine");
    assert_eq!(found.iter().map(|near| near.row).collect::<Vec<_>>(), [1]);
}

#[test]
fn nothing_asked_or_nothing_there_is_an_empty_answer() {
    let rows = rows_of(&[vec![1.0, 0.0]]);
    assert!(top_k(&[1.0, 0.0], rows.view(), 0).expect("fine").is_empty());
    assert!(
        top_k(&[1.0, 0.0], Rows::new(2).view(), 9)
            .expect("fine")
            .is_empty()
    );
    assert!(top_k(&[], Rows::new(0).view(), 9).expect("fine").is_empty());
}

#[test]
fn a_row_can_be_searched_for_again() {
    let vectors = clustered(50, 256);
    let rows = rows_of(&vectors);
    let like = rows.view().vector(17).expect("row 17 is there");
    let found = top_k(&like, rows.view(), 1).expect("the query is fine");
    assert_eq!(found[0].row, 17);
    assert!(rows.view().vector(50).is_none());
}
