//! From records to objects of their classes.

use happy::record::{self, Record, Site};
use pyo3::prelude::*;

use crate::classes::{
    Callee, Caller, Dependency, Edge, Hit, Impacted, Reference, Source, Step, Symbol, Touched,
    Unresolved,
};
use crate::fields::Str;

/// A value of Python from a field's value of a record.
fn into<T: Into<U>, U>(value: T) -> U {
    value.into()
}

macro_rules! located {
    ($name:ident, $symbol:expr, { $( $field:ident: $value:expr, )* }) => {{
        let record::Symbol { symbol, kind, name, path, line, end_line, signature } = $symbol;
        $name {
            symbol: into(symbol),
            kind: into(kind),
            name: into(name),
            path: path.map(into),
            line,
            end_line,
            signature: signature.map(into),
            $( $field: $value, )*
        }
    }};
}

fn split(site: Option<Site>) -> (Option<Str>, Option<u32>, Option<u32>) {
    match site {
        Some(site) => (
            Some(into(site.site_path)),
            Some(site.site_line),
            Some(site.site_column),
        ),
        None => (None, None, None),
    }
}

/// A record of a question as an object of its class; the records of other
/// verbs have none.
pub fn object(py: Python<'_>, record: Record) -> PyResult<Option<Py<PyAny>>> {
    let object = match record {
        Record::Symbol { symbol, doc } => {
            Py::new(py, located!(Symbol, symbol, { doc: doc.map(into), }))?.into_any()
        }
        Record::Hit {
            symbol,
            rank,
            score,
            doc,
            others,
            shares,
            embedder,
        } => Py::new(
            py,
            located!(Hit, symbol, {
                rank: rank,
                score: into(score),
                doc: doc.map(into),
                others: others.into_iter().map(into).collect(),
                shares: into(shares),
                embedder: into(embedder),
            }),
        )?
        .into_any(),
        Record::Caller {
            symbol,
            calls,
            target,
            depth,
            site,
            confidence,
            explanation: _,
        } => Py::new(
            py,
            located!(Caller, symbol, {
                calls: into(calls),
                target: into(target),
                depth: depth,
                site_path: into(site.site_path),
                site_line: site.site_line,
                site_column: site.site_column,
                confidence: into(confidence),
            }),
        )?
        .into_any(),
        Record::Callee {
            symbol,
            caller,
            source,
            depth,
            site,
            confidence,
            explanation: _,
        } => Py::new(
            py,
            located!(Callee, symbol, {
                caller: into(caller),
                source: into(source),
                depth: depth,
                site_path: into(site.site_path),
                site_line: site.site_line,
                site_column: site.site_column,
                confidence: into(confidence),
            }),
        )?
        .into_any(),
        Record::Unresolved {
            symbol,
            name,
            site,
            reason,
            confidence,
            explanation: _,
        } => Py::new(
            py,
            Unresolved {
                symbol: into(symbol),
                name: into(name),
                site_path: into(site.site_path),
                site_line: site.site_line,
                site_column: site.site_column,
                reason: into(reason),
                confidence: into(confidence),
            },
        )?
        .into_any(),
        Record::Reference {
            symbol,
            target,
            edge,
            site,
            confidence,
            explanation: _,
        } => Py::new(
            py,
            located!(Reference, symbol, {
                target: into(target),
                edge: into(edge),
                site_path: into(site.site_path),
                site_line: site.site_line,
                site_column: site.site_column,
                confidence: into(confidence),
            }),
        )?
        .into_any(),
        Record::Dependency {
            symbol,
            of,
            edge,
            depth,
            site,
            confidence,
        } => Py::new(
            py,
            located!(Dependency, symbol, {
                of: into(of),
                edge: into(edge),
                depth: depth,
                site_path: into(site.site_path),
                site_line: site.site_line,
                site_column: site.site_column,
                confidence: into(confidence),
            }),
        )?
        .into_any(),
        Record::Source {
            symbol,
            start_line,
            text,
        } => Py::new(
            py,
            located!(Source, symbol, { start_line: start_line, text: into(text), }),
        )?
        .into_any(),
        Record::Step {
            index,
            symbol,
            site,
            confidence,
            explanation: _,
        } => {
            let (site_path, site_line, site_column) = split(site);
            Py::new(
                py,
                located!(Step, symbol, {
                    index: index,
                    site_path: site_path,
                    site_line: site_line,
                    site_column: site_column,
                    confidence: confidence.map(into),
                }),
            )?
            .into_any()
        }
        Record::Touched { symbol, change } => {
            Py::new(py, located!(Touched, symbol, { change: into(change), }))?.into_any()
        }
        Record::Impacted {
            symbol,
            test,
            depth,
            distance,
            of,
            edge,
            site,
            confidence,
            chain,
        } => {
            let (site_path, site_line, site_column) = split(site);
            Py::new(
                py,
                located!(Impacted, symbol, {
                    test: test,
                    depth: depth,
                    distance: into(distance),
                    of: into(of),
                    edge: into(edge),
                    site_path: site_path,
                    site_line: site_line,
                    site_column: site_column,
                    confidence: into(confidence),
                    chain: chain.into_iter().map(into).collect(),
                }),
            )?
            .into_any()
        }
        Record::Edge {
            kind,
            confidence,
            source,
            source_path,
            source_line,
            target,
            target_path,
            target_line,
            path,
            line,
            column,
        } => Py::new(
            py,
            Edge {
                kind: into(kind),
                confidence: into(confidence),
                source: into(source),
                source_path: into(source_path),
                source_line,
                target: into(target),
                target_path: target_path.map(into),
                target_line,
                path: into(path),
                line,
                column,
            },
        )?
        .into_any(),
        _ => return Ok(None),
    };
    Ok(Some(object))
}
