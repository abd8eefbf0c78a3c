//! The outer form of a grammar's file, read without running anything.

/// What a WebAssembly module says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Names of what it exports.
    pub exports: Vec<String>,
    /// Bytes of memory that its data takes.
    pub memory: u32,
    /// Functions that it puts into the shared table.
    pub table: u32,
}

/// More memory than this is no grammar's: tables of the largest take 16 MB.
const MOST_MEMORY: u32 = 64 << 20;
/// More functions than this are no grammar's.
const MOST_TABLE: u32 = 1 << 16;
/// More exports than this are not looked at.
const MOST_EXPORTS: u32 = 1 << 12;

const MAGIC: &[u8] = b"\0asm";
const VERSION: &[u8] = &[1, 0, 0, 0];
const CUSTOM: u8 = 0;
const EXPORT: u8 = 7;
/// The subsection of `dylink.0` that says how much room the module wants.
const MEMORY_INFO: u8 = 1;

impl Shape {
    /// Reads the outer form of `wasm`; what is wrong with it completes the
    /// sentence "`grammar.wasm` …".
    pub fn of(wasm: &[u8]) -> Result<Self, String> {
        let cut = || "is cut off or damaged".to_owned();
        let Some(rest) = wasm.strip_prefix(MAGIC) else {
            return Err("is no WebAssembly module".to_owned());
        };
        let rest = rest
            .strip_prefix(VERSION)
            .ok_or("is no module of WebAssembly version 1; components are not read")?;
        let mut at = Bytes(rest);
        let mut shape = Self::default();
        let mut linked = false;
        let mut first = true;
        while !at.0.is_empty() {
            let id = at.byte().ok_or_else(cut)?;
            let len = at.number().ok_or_else(cut)?;
            let mut section = Bytes(at.take(len).ok_or_else(cut)?);
            match id {
                CUSTOM if first && section.name().ok_or_else(cut)? == b"dylink.0" => {
                    shape.read_link(&mut section).ok_or_else(cut)?;
                    linked = true;
                }
                EXPORT => shape.read_exports(&mut section).ok_or_else(cut)?,
                _ => {}
            }
            first = false;
        }
        if !linked {
            return Err(
                "is no grammar: it has no section `dylink.0`; `tree-sitter build --wasm` makes one"
                    .to_owned(),
            );
        }
        if shape.memory > MOST_MEMORY || shape.table > MOST_TABLE {
            return Err(format!(
                "wants {} MiB of memory and {} functions, which is more than a grammar may",
                shape.memory >> 20,
                shape.table
            ));
        }
        Ok(shape)
    }

    /// Names of the grammars among the exports.
    pub fn grammars(&self) -> Vec<&str> {
        let names = self.exports.iter();
        names
            .filter_map(|name| name.strip_prefix("tree_sitter_"))
            .filter(|name| !name.contains("_external_scanner_"))
            .collect()
    }

    fn read_link(&mut self, section: &mut Bytes<'_>) -> Option<()> {
        while !section.0.is_empty() {
            let kind = section.byte()?;
            let len = section.number()?;
            let mut inner = Bytes(section.take(len)?);
            if kind == MEMORY_INFO {
                self.memory = inner.number()?;
                let _alignment = inner.number()?;
                self.table = inner.number()?;
            }
        }
        Some(())
    }

    fn read_exports(&mut self, section: &mut Bytes<'_>) -> Option<()> {
        let count = section.number()?.min(MOST_EXPORTS);
        for _ in 0..count {
            let name = section.name()?;
            self.exports
                .push(String::from_utf8_lossy(name).into_owned());
            section.byte()?;
            section.number()?;
        }
        Some(())
    }
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, len: u32) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len as usize)?;
        self.0 = rest;
        Some(taken)
    }

    /// An unsigned LEB128 of 32 bits.
    fn number(&mut self) -> Option<u32> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).ok();
            }
        }
        None
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        let len = self.number()?;
        self.take(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with a `dylink.0` section and one export.
    fn module(memory: &[u8], table: &[u8]) -> Vec<u8> {
        let info = [memory, &[0], table, &[0]].concat();
        let mut link = [&[8_u8][..], b"dylink.0", &[MEMORY_INFO, info.len() as u8]].concat();
        link.extend(info);
        let export = [&[1_u8, 13][..], b"tree_sitter_x", &[0, 0]].concat();
        let mut wasm = [MAGIC, VERSION].concat();
        for (id, section) in [(CUSTOM, link), (EXPORT, export)] {
            wasm.push(id);
            wasm.push(section.len() as u8);
            wasm.extend(section);
        }
        wasm
    }

    #[test]
    fn room_and_exports_are_read() {
        let shape = Shape::of(&module(&[0x80, 0x01], &[3])).expect("it is a module");
        assert_eq!((shape.memory, shape.table), (128, 3));
        assert_eq!(shape.grammars(), ["x"]);
    }

    #[test]
    fn a_module_that_wants_too_much_is_refused() {
        let huge = module(&[0xff, 0xff, 0xff, 0xff, 0x0f], &[3]);
        assert!(Shape::of(&huge).expect_err("4 GiB").contains("more than"));
    }

    #[test]
    fn a_module_that_is_cut_anywhere_is_no_grammar() {
        let whole = module(&[1], &[1]);
        for len in 0..whole.len() {
            // Between two sections it is a module still, only without exports.
            if let Ok(shape) = Shape::of(&whole[..len]) {
                assert!(shape.exports.is_empty());
            }
        }
        assert!(Shape::of(b"#!/bin/sh").is_err());
        assert!(Shape::of(b"\0asm\x0d\0\x01\0").is_err());
    }
}
