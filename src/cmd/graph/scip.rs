//! A SCIP index: documents with the occurrences of symbols.
//!
//! Every node is a symbol, every site of an edge an occurrence of its target.
//! A definition's enclosing range says where it begins and ends, so that a
//! reader can tell in which symbol an occurrence stands.

use ::scip::symbol::format_symbol;
use ::scip::types::{
    Descriptor, Document, Index, Metadata, Occurrence, Package, PositionEncoding, Relationship,
    Symbol, SymbolInformation, SymbolRole, TextEncoding, ToolInfo, descriptor,
    symbol_information::Kind,
};
use protobuf::Message;
use rustc_hash::{FxHashMap, FxHashSet};

use super::model::Scope;
use crate::cmd::context::Opened;
use crate::cmd::error::Error;
use crate::graph::EdgeKind;
use crate::index::{self, Snapshot};
use crate::lang::languages;
use crate::query;

/// Writes the index of what `scope` holds.
pub fn write(opened: &Opened, scope: &Scope, kinds: &[EdgeKind]) -> Result<Vec<u8>, Error> {
    let snapshot = &opened.snapshot;
    let mut names: FxHashMap<u32, String> = FxHashMap::default();
    for &node in scope.nodes() {
        names.insert(node, symbol_of(snapshot, node)?);
    }
    // Sites by file, each once: two kinds of edges may share one.
    let mut sites: FxHashMap<u32, Vec<Place>> = FxHashMap::default();
    let mut seen: FxHashSet<(u32, Place)> = FxHashSet::default();
    let mut relations: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    query::each_edge(snapshot, kinds, |kind, edge| {
        if !scope.holds(edge.source) || !scope.holds(edge.target) || kind == EdgeKind::Defines {
            return Ok(true);
        }
        if matches!(kind, EdgeKind::Implements | EdgeKind::Overrides) {
            let known = relations.entry(edge.source).or_default();
            if !known.contains(&edge.target) {
                known.push(edge.target);
            }
        }
        let place = Place {
            line: edge.line,
            column: edge.column >> 2,
            target: edge.target,
            import: kind == EdgeKind::Imports,
        };
        let key = Place {
            import: false,
            ..place
        };
        if seen.insert((edge.file, key)) {
            sites.entry(edge.file).or_default().push(place);
        }
        Ok(true)
    })?;
    let mut index = Index {
        metadata: Some(metadata()).into(),
        ..Index::default()
    };
    for file in 0..snapshot.files()?.len() as u32 {
        let places = sites.remove(&file).unwrap_or_default();
        let document = document(opened, file, &names, places, &relations)?;
        index.documents.extend(document);
    }
    for node in snapshot.meta().symbols..snapshot.nodes() {
        if let Some(name) = names.get(&node) {
            let shown = query::symbol(snapshot, node)?.name.lossy().into_owned();
            index.external_symbols.push(SymbolInformation {
                symbol: name.clone(),
                display_name: shown,
                ..SymbolInformation::default()
            });
        }
    }
    index.write_to_bytes().map_err(|error| Error::Stream {
        action: "write the index",
        source: std::io::Error::other(error),
    })
}

/// Where an edge stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    line: u32,
    column: u32,
    target: u32,
    import: bool,
}

fn metadata() -> Metadata {
    Metadata {
        tool_info: Some(ToolInfo {
            name: "happy".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..ToolInfo::default()
        })
        .into(),
        // Where the repository lies is nobody's business but its reader's.
        project_root: "file:///".to_owned(),
        text_document_encoding: TextEncoding::UTF8.into(),
        ..Metadata::default()
    }
}

fn document(
    opened: &Opened,
    file: u32,
    names: &FxHashMap<u32, String>,
    places: Vec<Place>,
    relations: &FxHashMap<u32, Vec<u32>>,
) -> Result<Option<Document>, Error> {
    let snapshot = &opened.snapshot;
    let record = *snapshot.file(file)?;
    let nodes = record.symbols..record.symbols.saturating_add(record.symbols_len);
    let here: Vec<u32> = nodes.filter(|node| names.contains_key(node)).collect();
    if here.is_empty() && places.is_empty() {
        return Ok(None);
    }
    // A file that cannot be read now still has its symbols.
    let lines = Lines::new(opened.read(file).unwrap_or_default());
    let mut document = Document {
        relative_path: String::from_utf8_lossy(snapshot.text(record.path)?).into_owned(),
        language: languages()
            .get(usize::from(record.language))
            .map_or(String::new(), |spec| spec.name.to_owned()),
        position_encoding: PositionEncoding::UTF8CodeUnitOffsetFromLineStart.into(),
        ..Document::default()
    };
    for node in here {
        let symbol = *snapshot.symbol(node)?;
        let shown = query::symbol(snapshot, node)?;
        let mut information = SymbolInformation {
            symbol: names[&node].clone(),
            kind: kind(shown.kind).into(),
            display_name: shown.name.lossy().into_owned(),
            ..SymbolInformation::default()
        };
        if symbol.parent != node
            && let Some(parent) = names.get(&symbol.parent)
        {
            information.enclosing_symbol.clone_from(parent);
        }
        let doc = snapshot.text(symbol.doc)?;
        if !doc.is_empty() {
            information
                .documentation
                .push(String::from_utf8_lossy(doc).into_owned());
        }
        for target in relations.get(&node).into_iter().flatten() {
            information.relationships.push(Relationship {
                symbol: names[target].clone(),
                is_implementation: true,
                ..Relationship::default()
            });
        }
        document.symbols.push(information);
        let (line, column) = (symbol.line.max(1), symbol.column.max(1));
        let end = lines.last_column(symbol.end_line.max(1));
        document.occurrences.push(Occurrence {
            range: if symbol.parent == node {
                vec![0, 0, 0]
            } else {
                lines.range(line, column)
            },
            symbol: names[&node].clone(),
            symbol_roles: SymbolRole::Definition as i32,
            enclosing_range: vec![
                symbol.start_line.max(1) as i32 - 1,
                0,
                symbol.end_line.max(1) as i32 - 1,
                end,
            ],
            ..Occurrence::default()
        });
    }
    for place in places {
        document.occurrences.push(Occurrence {
            range: lines.range(place.line.max(1), place.column.max(1)),
            symbol: names[&place.target].clone(),
            symbol_roles: if place.import {
                SymbolRole::Import as i32
            } else {
                0
            },
            ..Occurrence::default()
        });
    }
    document.occurrences.sort_by(|one, other| {
        (&one.range, &one.symbol, one.symbol_roles).cmp(&(
            &other.range,
            &other.symbol,
            other.symbol_roles,
        ))
    });
    Ok(Some(document))
}

/// The lines of a file.
struct Lines {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Lines {
    fn new(bytes: Vec<u8>) -> Self {
        let ends = memchr::memchr_iter(b'\n', &bytes).map(|at| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self { bytes, starts }
    }

    fn line(&self, line: u32) -> &[u8] {
        let at = line as usize - 1;
        let start = self.starts.get(at).copied().unwrap_or(self.bytes.len());
        let end = self.starts.get(at + 1).copied().unwrap_or(self.bytes.len());
        self.bytes[start..end].trim_ascii_end()
    }

    fn last_column(&self, line: u32) -> i32 {
        self.line(line).len() as i32
    }

    /// The range of the word that begins at a place; one byte where none does.
    fn range(&self, line: u32, column: u32) -> Vec<i32> {
        let rest = self
            .line(line)
            .get(column as usize - 1..)
            .unwrap_or_default();
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let length = rest.iter().take_while(|byte| word(byte)).count().max(1);
        let start = column as i32 - 1;
        vec![line as i32 - 1, start, start + length as i32]
    }
}

fn kind(name: &str) -> Kind {
    match name {
        "file" => Kind::File,
        "module" => Kind::Module,
        "class" => Kind::Class,
        "interface" => Kind::Interface,
        "function" => Kind::Function,
        "method" => Kind::Method,
        _ => Kind::Variable,
    }
}

/// The symbol of a node: the file is its namespace, then its containers.
fn symbol_of(snapshot: &Snapshot, node: u32) -> Result<String, index::Error> {
    if snapshot.is_external(node) {
        return Ok(external(&String::from_utf8_lossy(snapshot.external(node)?)));
    }
    let mut descriptors = Vec::new();
    let mut at = node;
    loop {
        let record = snapshot.symbol(at)?;
        if record.parent == at {
            let path = snapshot.text(snapshot.file(record.file)?.path)?;
            descriptors.push(described(path, descriptor::Suffix::Namespace, ""));
            break;
        }
        let qualified = snapshot.text(record.qualified)?;
        let parent = snapshot.symbol(record.parent)?;
        let outer = snapshot.text(parent.qualified)?;
        // What the container's name does not say, a number that tells
        // namesakes apart included.
        let own = match qualified.strip_prefix(outer) {
            Some(rest) if !outer.is_empty() => rest.strip_prefix(b".").unwrap_or(rest),
            _ => qualified,
        };
        let plain = own.iter().rposition(|byte| *byte == b'#');
        let (name, number) = match plain {
            Some(at) => (&own[..at], &own[at + 1..]),
            None => (own, &[][..]),
        };
        let number = String::from_utf8_lossy(number).into_owned();
        descriptors.push(match query::kind_name(record.kind) {
            "function" | "method" if number.is_empty() => {
                described(name, descriptor::Suffix::Method, "")
            }
            "function" | "method" => {
                described(name, descriptor::Suffix::Method, &format!("+{number}"))
            }
            "class" | "interface" => described(own, descriptor::Suffix::Type, ""),
            "module" => described(own, descriptor::Suffix::Namespace, ""),
            _ => described(own, descriptor::Suffix::Term, ""),
        });
        at = record.parent;
    }
    descriptors.reverse();
    Ok(format_symbol(Symbol {
        scheme: "happy".to_owned(),
        descriptors,
        ..Symbol::default()
    }))
}

fn described(name: &[u8], suffix: descriptor::Suffix, disambiguator: &str) -> Descriptor {
    // The grammar has no empty names.
    let name = if name.is_empty() { b"_" } else { name };
    Descriptor {
        name: String::from_utf8_lossy(name).into_owned(),
        disambiguator: disambiguator.to_owned(),
        suffix: suffix.into(),
        ..Descriptor::default()
    }
}

/// `pypi:requests::get` as a symbol of the package `requests`.
fn external(text: &str) -> String {
    let (manager, rest) = text.split_once(':').unwrap_or(("", text));
    let (package, name) = rest
        .trim_start_matches(':')
        .split_once("::")
        .unwrap_or((rest, ""));
    let spaces = |text: &str| text.replace(' ', "  ");
    let mut descriptors = vec![described(
        package.as_bytes(),
        descriptor::Suffix::Namespace,
        "",
    )];
    if !name.is_empty() {
        descriptors.push(described(name.as_bytes(), descriptor::Suffix::Term, ""));
    }
    format_symbol(Symbol {
        scheme: "happy".to_owned(),
        package: Some(Package {
            manager: spaces(manager),
            name: spaces(package),
            ..Package::default()
        })
        .into(),
        descriptors,
        ..Symbol::default()
    })
}
