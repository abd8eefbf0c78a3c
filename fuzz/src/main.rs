//! All fuzz targets in one program, so that one link step serves them. Which
//! one runs, `HAPPY_FUZZ_TARGET` says; `tools/fuzz.sh` builds and starts it.
#![no_main]

mod index;
mod patch;

use std::io::BufReader;
use std::sync::OnceLock;

use happy::patch::Form;
use happy::sandbox::protocol::{FrameReader, FromSession, ToSession};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 16] = [
    ("patch_unified", |input| patch::fuzz(Form::Unified, input)),
    ("patch_envelope", |input| patch::fuzz(Form::Envelope, input)),
    ("patch_blocks", |input| patch::fuzz(Form::Blocks, input)),
    ("patch_records", |input| patch::fuzz(Form::Record, input)),
    ("index_segment", index::segment),
    ("index_snapshot", index::snapshot),
    ("facts", |input| {
        // A view wants its bytes aligned.
        let mut aligned = vec![0u64; input.len().div_ceil(8)];
        for (to, from) in aligned.iter_mut().zip(input.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..from.len()].copy_from_slice(from);
            *to = u64::from_le_bytes(bytes);
        }
        let bytes: Vec<u8> = aligned
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        if let Some(view) = happy::facts::View::read(&bytes) {
            for def in view.defs {
                let _ = view.name(def.name);
            }
            let _ = view.slots();
        }
    }),
    ("junit", |input| {
        let _ = happy::runner::junit_cases(&String::from_utf8_lossy(input));
    }),
    ("runner_output", |input| {
        let text = String::from_utf8_lossy(input);
        for mut parser in happy::runner::parsers() {
            for line in text.lines() {
                let _ = parser.failure(line);
                let _ = parser.line(line);
            }
            let _ = parser.end();
        }
    }),
    ("scip", happy::cmd::fuzz_places),
    ("session_frames", |input| {
        let mut reader = FrameReader::new(BufReader::with_capacity(16, input), 1 << 10, 1 << 16);
        while let Ok(Some(_)) = reader.read::<FromSession>() {}
        let mut reader = FrameReader::new(input, 1 << 10, 1 << 16);
        while let Ok(Some(_)) = reader.read::<ToSession>() {}
    }),
    ("events", |input| {
        let _ = happy::http::parsed(input);
    }),
    ("model_answers", happy::model::fuzz),
    ("settings", happy::cmd::fuzz_settings),
    ("connect_frames", happy::sandbox::e2b::fuzz_stream),
    ("connect_archive", happy::sandbox::e2b::fuzz_archive),
];

fn target() -> Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let name = std::env::var("HAPPY_FUZZ_TARGET").unwrap_or_default();
        let found = TARGETS.iter().find(|(known, _)| *known == name);
        found
            .unwrap_or_else(|| panic!("`HAPPY_FUZZ_TARGET` names no target: `{name}`"))
            .1
    })
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| target()(input));
