//! Sorting by a small number first: one pass puts each record into its group,
//! and only what shares a group is compared.

/// Sorts `records` by `group` (each less than `groups`), then by `key`.
/// Records that are equal by both come in any order.
pub fn sort_grouped<T: Copy, K: Ord>(
    records: &mut Vec<T>,
    groups: usize,
    group: impl Fn(&T) -> u32,
    key: impl Fn(&T) -> K,
) {
    if groups > records.len().saturating_mul(8) {
        records.sort_unstable_by_key(|record| (group(record), key(record)));
        return;
    }
    let mut ends = vec![0_u32; groups + 1];
    for record in records.iter() {
        ends[group(record) as usize + 1] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        sum += *end;
        *end = sum;
    }
    // Each end becomes the place of its group's next record, and at last the
    // beginning of the next group.
    let mut places = ends;
    let mut sorted = records.clone();
    for record in records.iter() {
        let place = &mut places[group(record) as usize];
        sorted[*place as usize] = *record;
        *place += 1;
    }
    let mut start = 0;
    for end in &places[..groups] {
        let run = &mut sorted[start..*end as usize];
        if run.len() > 1 {
            run.sort_unstable_by_key(&key);
        }
        start = *end as usize;
    }
    *records = sorted;
}
