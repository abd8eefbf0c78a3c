//! Index files: any bytes are an error or answers, never a panic.

use std::sync::OnceLock;

use happy::graph::EdgeKind;
use happy::index::{Segment, SegmentBuilder, Snapshot};

/// A file of any bytes. The header has a checksum, so most end there.
pub fn segment(input: &[u8]) {
    if let Ok(segment) = Segment::from_vec(input.to_vec()) {
        for section in segment.sections() {
            let _ = segment.bytes(section.id);
            let _ = segment.array::<u32>(section.id).map(<[u32]>::len);
            let _ = segment
                .checked::<u8>(section.id)
                .map(|checked| checked.all().is_ok());
            let _ = segment.verify_section(section.id);
        }
        let _ = segment.verify();
        if let Ok(snapshot) = Snapshot::new(segment) {
            ask(&snapshot);
        }
    }
}

/// A sound snapshot, which `HAPPY_FUZZ_SNAPSHOT` names.
fn base() -> Option<&'static Segment> {
    static BASE: OnceLock<Option<Segment>> = OnceLock::new();
    BASE.get_or_init(|| {
        let path = std::env::var_os("HAPPY_FUZZ_SNAPSHOT")?;
        let bytes = std::fs::read(path).expect("the snapshot can be read");
        Some(Segment::from_vec(bytes).expect("the snapshot is sound"))
    })
    .as_ref()
}

/// A snapshot whose sections are changed and whose checksums are right: each
/// six bytes say which section, where (3 bytes), and what to put there or, with
/// an odd last byte, where to cut.
pub fn snapshot(input: &[u8]) {
    let Some(base) = base() else {
        panic!("`HAPPY_FUZZ_SNAPSHOT` names no snapshot")
    };
    let sections = base.sections();
    let mut contents: Vec<Vec<u8>> = sections
        .iter()
        .map(|section| base.bytes(section.id).expect("a sound section").to_vec())
        .collect();
    for change in input.chunks_exact(6).take(64) {
        let at = change[0] as usize % contents.len();
        let bytes = &mut contents[at];
        let place = u32::from_le_bytes([change[1], change[2], change[3], 0]) as usize;
        if bytes.is_empty() {
            continue;
        }
        let place = place % bytes.len();
        if change[5] & 1 == 1 && change[5] > 0xf0 {
            bytes.truncate(place);
        } else {
            bytes[place] = change[4];
        }
    }
    let mut builder = SegmentBuilder::new(base.kind(), base.identity().clone());
    for (section, bytes) in sections.iter().zip(contents) {
        builder.bytes(section.id, bytes);
    }
    let built = builder.to_segment().expect("sections make a segment");
    segment(built.as_bytes());
}

/// Asks all that a snapshot answers.
fn ask(snapshot: &Snapshot) {
    let _ = snapshot.files().map(<[_]>::len);
    let nodes = snapshot.nodes().min(200);
    for at in 0..nodes {
        let _ = snapshot.file(at);
        let _ = snapshot.blob(at);
        if let Ok(symbol) = snapshot.symbol(at) {
            let _ = snapshot.text(symbol.name);
        }
        let _ = snapshot.external(at);
        for kind in [
            EdgeKind::Defines,
            EdgeKind::Calls,
            EdgeKind::Imports,
            EdgeKind::Implements,
            EdgeKind::References,
            EdgeKind::Overrides,
        ] {
            let _ = snapshot.edges_from(kind, at).map(<[_]>::len);
            let _ = snapshot.edges_to(kind, at).map(<[_]>::len);
        }
        let _ = snapshot.unresolved(u64::from(at)).map(<[_]>::len);
        let _ = snapshot.edge(at);
    }
    let _ = snapshot.symbols().map(<[_]>::len);
    if let Ok(names) = snapshot.names() {
        for at in 0..names.len().min(200) {
            if let Ok(name) = names.get(at) {
                let _ = snapshot.named(name).map(<[_]>::len);
            }
        }
    }
    // The numbers of some section are the words' hashes.
    for section in snapshot.segment().sections() {
        let Ok(hashes) = snapshot.segment().array::<u64>(section.id) else {
            continue;
        };
        for hash in hashes.iter().take(50) {
            let _ = snapshot.unresolved(*hash).map(<[_]>::len);
            let _ = snapshot
                .postings(*hash)
                .map(|found| found.take(1000).count());
        }
    }
    for name in [&b"main"[..], b"a", b"", b"\xff"] {
        let _ = snapshot.by_name(name).map(<[_]>::len);
        let _ = snapshot.name_position(name);
    }
    let _ = snapshot.doc_lengths().map(<[_]>::len);
    let _ = snapshot.ranks().map(<[_]>::len);
    let _ = snapshot.embedder();
    let _ = snapshot.vectors().map(|(_, symbols)| symbols.len());
}
