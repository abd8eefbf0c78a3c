//! What the fields of a record are, between Rust and Python.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use happy::record::{Confidence, Shares, Text};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyList, PyString};

use crate::errors;

/// A text of a record. In Python it is a `str`; bytes that are not UTF-8 stand
/// in it as surrogates, as they do in what `os.fsdecode` gives, so that a path
/// can be opened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Str(pub Vec<u8>);

/// A word of a fixed vocabulary: a kind, a confidence, a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word(pub &'static str);

/// A score; equal where its digits are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score(pub f32);

impl From<Text> for Str {
    fn from(text: Text) -> Self {
        Self(text.0)
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&'static str> for Word {
    fn from(word: &'static str) -> Self {
        Self(word)
    }
}

impl From<Confidence> for Word {
    fn from(confidence: Confidence) -> Self {
        Self(confidence.name())
    }
}

impl From<f32> for Score {
    fn from(score: f32) -> Self {
        Self(score)
    }
}

impl Score {
    /// The number whose shortest digits are those that JSON lines show.
    fn value(self) -> f64 {
        let digits = self.0.to_string();
        digits.parse().unwrap_or_else(|_| f64::from(self.0))
    }
}

/// The words that records use; a pickle names one of them.
const WORDS: [&str; 26] = [
    // Kinds of symbols.
    "file",
    "module",
    "class",
    "interface",
    "function",
    "method",
    "variable",
    "external",
    // How an edge was found.
    "exact",
    "inferred",
    "name",
    // Why a call could not be decided.
    "unknown_receiver",
    "unknown_name",
    "no_such_member",
    "too_many_targets",
    // Edges, and how a change reaches.
    "defines",
    "calls",
    "imports",
    "implements",
    "references",
    "overrides",
    "parameter",
    "touched",
    // Changes.
    "modified",
    "added",
    "deleted",
];

/// A type that stands in records.
pub trait Field: Sized {
    /// What an attribute gives.
    type Attribute<'py>: IntoPyObject<'py>;

    /// As an attribute.
    fn attribute<'py>(&self, py: Python<'py>) -> PyResult<Self::Attribute<'py>>;

    /// As a value of JSON; nothing where JSON lines leave it out.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>>;

    /// Into a dictionary that is to equal the line of JSON.
    fn put(&self, name: &str, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        match self.json(dict.py())? {
            Some(value) => dict.set_item(name, value),
            None => Ok(()),
        }
    }

    /// From what an attribute gave.
    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self>;

    /// Into a hash.
    fn mix(&self, hasher: &mut DefaultHasher);
}

impl Field for Str {
    type Attribute<'py> = Bound<'py, PyString>;

    fn attribute<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Ok(PyString::new(py, text)),
            Err(_) => Ok(PyBytes::new(py, &self.0)
                .call_method1("decode", ("utf-8", "surrogateescape"))?
                .cast_into()?),
        }
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return Ok(Some(PyString::new(py, text).into_any()));
        }
        let bytes = PyDict::new(py);
        bytes.set_item("bytes", STANDARD.encode(&self.0))?;
        Ok(Some(bytes.into_any()))
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text = value.cast::<PyString>()?;
        if let Ok(text) = text.to_str() {
            return Ok(Self(text.as_bytes().to_vec()));
        }
        let bytes = text.call_method1("encode", ("utf-8", "surrogateescape"))?;
        Ok(Self(bytes.cast::<PyBytes>()?.as_bytes().to_vec()))
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}

impl Field for Word {
    type Attribute<'py> = Bound<'py, PyString>;

    fn attribute<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        Ok(PyString::intern(py, self.0))
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Some(PyString::intern(py, self.0).into_any()))
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text = value.cast::<PyString>()?.to_str()?;
        let known = WORDS.iter().find(|word| **word == text);
        known.map(|word| Self(word)).ok_or_else(|| {
            errors::usage(
                value.py(),
                format!("`{text}` is no word that a record can have"),
            )
        })
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}

impl Field for u32 {
    type Attribute<'py> = Self;

    fn attribute(&self, _: Python<'_>) -> PyResult<Self> {
        Ok(*self)
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Some(self.into_pyobject(py)?.into_any()))
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        value.extract()
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}

impl Field for bool {
    type Attribute<'py> = Self;

    fn attribute(&self, _: Python<'_>) -> PyResult<Self> {
        Ok(*self)
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Some(self.into_pyobject(py)?.to_owned().into_any()))
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        value.extract()
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}

impl Field for Score {
    type Attribute<'py> = f64;

    fn attribute(&self, _: Python<'_>) -> PyResult<f64> {
        Ok(self.value())
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(Some(PyFloat::new(py, self.value()).into_any()))
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(value.extract()?))
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        self.0.to_bits().hash(hasher);
    }
}

/// What each signal of a search gave, where that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts(pub Option<Shares>);

impl From<Option<Shares>> for Parts {
    fn from(shares: Option<Shares>) -> Self {
        Self(shares)
    }
}

impl Parts {
    fn named(self) -> Option<[(&'static str, Score); 6]> {
        self.0.map(|shares| {
            [
                ("named", Score(shares.named)),
                ("words", Score(shares.words)),
                ("file", Score(shares.file)),
                ("meaning", Score(shares.meaning)),
                ("structure", Score(shares.structure)),
                ("prior", Score(shares.prior)),
            ]
        })
    }
}

impl Field for Parts {
    type Attribute<'py> = Option<BTreeMap<&'static str, f64>>;

    fn attribute(&self, _: Python<'_>) -> PyResult<Option<BTreeMap<&'static str, f64>>> {
        let parts = self.named();
        Ok(parts.map(|parts| parts.map(|(name, score)| (name, score.value())).into()))
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let parts = self.attribute(py)?;
        parts
            .map(|parts| Ok(parts.into_pyobject(py)?.into_any()))
            .transpose()
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if value.is_none() {
            return Ok(Self(None));
        }
        let part = |name: &str| value.get_item(name)?.extract();
        Ok(Self(Some(Shares {
            named: part("named")?,
            words: part("words")?,
            file: part("file")?,
            meaning: part("meaning")?,
            structure: part("structure")?,
            prior: part("prior")?,
        })))
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        for (_, score) in self.named().iter().flatten() {
            score.mix(hasher);
        }
    }
}

impl<T: Field> Field for Option<T> {
    type Attribute<'py> = Option<T::Attribute<'py>>;

    fn attribute<'py>(&self, py: Python<'py>) -> PyResult<Option<T::Attribute<'py>>> {
        self.as_ref().map(|value| value.attribute(py)).transpose()
    }

    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.as_ref().map_or(Ok(None), |value| value.json(py))
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        (!value.is_none()).then(|| T::take(value)).transpose()
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        self.is_some().hash(hasher);
        if let Some(value) = self {
            value.mix(hasher);
        }
    }
}

impl Field for Vec<Str> {
    type Attribute<'py> = Vec<Bound<'py, PyString>>;

    fn attribute<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyString>>> {
        self.iter().map(|text| text.attribute(py)).collect()
    }

    /// Left out where it is empty.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.is_empty() {
            return Ok(None);
        }
        let list = PyList::empty(py);
        for text in self {
            list.append(text.json(py)?)?;
        }
        Ok(Some(list.into_any()))
    }

    fn take(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        value.try_iter()?.map(|text| Str::take(&text?)).collect()
    }

    fn mix(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}
