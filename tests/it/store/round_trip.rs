//! What goes in comes out, and the same goes in as the same bytes.

use std::collections::BTreeMap;

use happy::index::{Identity, Kind, ObjectFormat, Segment, SegmentBuilder};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Content {
    Bytes(Vec<u8>),
    Words(Vec<u32>),
    Longs(Vec<u64>),
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        vec(any::<u8>(), 0..9000).prop_map(Content::Bytes),
        vec(any::<u32>(), 0..3000).prop_map(Content::Words),
        vec(any::<u64>(), 0..1500).prop_map(Content::Longs),
    ]
}

fn identity() -> impl Strategy<Value = Identity> {
    let id = || vec(any::<u8>(), 0..=32);
    (id(), any::<bool>(), id(), id(), any::<u64>()).prop_map(
        |(repository, sha256, commit, tree, fingerprint)| {
            let object_format = if sha256 {
                ObjectFormat::Sha256
            } else {
                ObjectFormat::Sha1
            };
            Identity {
                repository,
                object_format,
                commit,
                tree,
                fingerprint,
            }
        },
    )
}

fn build<'a>(
    identity: &Identity,
    sections: impl Iterator<Item = (&'a u32, &'a Content)>,
) -> Segment {
    let mut builder = SegmentBuilder::new(Kind::Snapshot, identity.clone());
    for (id, content) in sections {
        match content {
            Content::Bytes(bytes) => builder.bytes(*id, bytes.as_slice()),
            Content::Words(words) => builder.array(*id, words),
            Content::Longs(longs) => builder.array(*id, longs),
        };
    }
    builder.to_segment().expect("built")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sections_come_out_as_they_went_in(
        identity in identity(),
        sections in btree_map(any::<u32>(), content(), 0..8),
    ) {
        let segment = build(&identity, sections.iter());
        segment.verify().expect("sound");
        prop_assert_eq!(segment.identity(), &identity);
        prop_assert_eq!(segment.sections().len(), sections.len());
        for (id, content) in &sections {
            match content {
                Content::Bytes(bytes) => {
                    prop_assert_eq!(segment.bytes(*id).expect("bytes"), bytes);
                    prop_assert_eq!(segment.checked::<u8>(*id).expect("bytes").all().expect("sound"), bytes);
                }
                Content::Words(words) => {
                    prop_assert_eq!(segment.array::<u32>(*id).expect("an array"), words);
                    let checked = segment.checked::<u32>(*id).expect("an array");
                    for (at, word) in words.iter().enumerate().step_by(101) {
                        prop_assert_eq!(checked.get(at).expect("sound"), word);
                    }
                }
                Content::Longs(longs) => {
                    prop_assert_eq!(segment.array::<u64>(*id).expect("an array"), longs);
                    let half = longs.len() / 2;
                    let checked = segment.checked::<u64>(*id).expect("an array");
                    prop_assert_eq!(checked.slice(half..longs.len()).expect("sound"), &longs[half..]);
                }
            }
        }
    }

    #[test]
    fn the_order_of_adding_does_not_change_a_byte(
        identity in identity(),
        sections in btree_map(any::<u32>(), content(), 0..8),
    ) {
        let ascending = build(&identity, sections.iter());
        let descending = build(&identity, sections.iter().rev());
        prop_assert!(ascending.as_bytes() == descending.as_bytes());
    }
}

#[test]
fn two_sections_of_one_number_or_an_id_too_long_are_refused() {
    let mut builder = SegmentBuilder::new(Kind::Snapshot, Identity::default());
    builder.bytes(1, b"a".as_slice()).bytes(1, b"b".as_slice());
    assert!(builder.to_segment().is_err());
    let identity = Identity {
        commit: vec![0; 33],
        ..Identity::default()
    };
    assert!(
        SegmentBuilder::new(Kind::Snapshot, identity)
            .to_segment()
            .is_err()
    );
}

#[test]
fn a_segment_can_have_no_section() {
    let segment = build(&Identity::default(), BTreeMap::new().iter());
    segment.verify().expect("sound");
    assert!(segment.sections().is_empty() && !segment.has(0));
}
