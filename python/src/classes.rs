//! The answers' classes: one for each record of `happy`, with its fields.
#![expect(
    clippy::too_many_arguments,
    reason = "a class is made of all of its fields, for pickling"
)]
#![expect(clippy::struct_field_names, reason = "the fields of the records")]

use std::hash::{DefaultHasher, Hasher};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::fields::{Field, Parts, Score, Str, Word};

macro_rules! records {
    ($(
        $(#[$about:meta])*
        $name:ident = $tag:literal {
            $( $(#[$doc:meta])* $field:ident: $type:ty, )*
        }
    )*) => {$(
        $(#[$about])*
        #[pyclass(frozen, module = "happy_core", skip_from_py_object)]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( pub(crate) $field: $type, )*
        }

        #[pymethods]
        impl $name {
            /// Every field, in the order in which they are listed
            #[new]
            fn new($( $field: &Bound<'_, PyAny>, )*) -> PyResult<Self> {
                Ok(Self { $( $field: <$type as Field>::take($field)?, )* })
            }

            $(
                $(#[$doc])*
                #[getter]
                fn $field<'py>(
                    &self,
                    py: Python<'py>,
                ) -> PyResult<<$type as Field>::Attribute<'py>> {
                    self.$field.attribute(py)
                }
            )*

            /// The type's name in records
            #[classattr]
            fn r#type() -> &'static str {
                $tag
            }

            /// The fields' names, for `match`
            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Py<PyTuple>> {
                Ok(PyTuple::new(py, [$( stringify!($field), )*])?.unbind())
            }

            /// The record as the dictionary that the command prints as JSON
            fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                let dict = PyDict::new(py);
                dict.set_item("type", $tag)?;
                $( self.$field.put(stringify!($field), &dict)?; )*
                Ok(dict)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let mut parts = Vec::new();
                $( part(py, stringify!($field), &self.$field, &mut parts)?; )*
                Ok(format!("{}({})", stringify!($name), parts.join(", ")))
            }

            fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
                other.cast::<Self>().is_ok_and(|other| self == other.get())
            }

            fn __hash__(&self) -> u64 {
                let mut hasher = DefaultHasher::new();
                hasher.write($tag.as_bytes());
                $( self.$field.mix(&mut hasher); )*
                hasher.finish()
            }

            fn __reduce__<'py>(
                &self,
                py: Python<'py>,
            ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
                let fields = [
                    $( self.$field.attribute(py)?.into_bound_py_any(py)?, )*
                ];
                Ok((py.get_type::<Self>(), PyTuple::new(py, fields)?))
            }
        }
    )*};
}

/// `name=value`, left out where it is `None`.
fn part<T: Field>(py: Python<'_>, name: &str, field: &T, parts: &mut Vec<String>) -> PyResult<()> {
    let value = field.attribute(py)?.into_bound_py_any(py)?;
    if !value.is_none() {
        let text: Bound<'_, PyString> = value.repr()?;
        parts.push(format!("{name}={}", text.to_string_lossy()));
    }
    Ok(())
}

records! {
    /// A symbol of the repository
    Symbol = "symbol" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// The first lines of its doc comment
        doc: Option<Str>,
    }

    /// A symbol that a search found
    Hit = "hit" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// Its place in the answer, from 1
        rank: u32,
        /// How good it is; comparable within one answer only
        score: Score,
        /// The first line of its doc comment
        doc: Option<Str>,
        /// With `group="file"`: other symbols of the file, best first
        others: Vec<Str>,
        /// With `explain=True`: what each signal gave
        shares: Parts,
        /// What turned texts into vectors
        embedder: Str,
    }

    /// A call site that reaches what was asked for; the symbol is who calls
    Caller = "caller" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// What it calls, directly
        calls: Str,
        /// Which of the symbols that were asked for this answers
        target: Str,
        /// Calls between caller and target: 1 for a direct one
        depth: u32,
        /// The file of the site
        site_path: Str,
        /// The line of the site, from 1
        site_line: u32,
        /// The column of the site, in bytes, from 1
        site_column: u32,
        /// How the edge was found: `exact` or `inferred`
        confidence: Word,
    }

    /// A call site inside what was asked for; the symbol is who is called
    Callee = "callee" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// Who calls it, directly
        caller: Str,
        /// Which of the symbols that were asked for this answers
        source: Str,
        /// Calls between source and callee: 1 for a direct one
        depth: u32,
        /// The file of the site
        site_path: Str,
        /// The line of the site, from 1
        site_line: u32,
        /// The column of the site, in bytes, from 1
        site_column: u32,
        /// How the edge was found: `exact` or `inferred`
        confidence: Word,
    }

    /// A call site that bears the name asked for and could not be decided
    Unresolved = "unresolved" {
        /// The symbol that the site stands in
        symbol: Str,
        /// The name that is called
        name: Str,
        /// The file of the site
        site_path: Str,
        /// The line of the site, from 1
        site_line: u32,
        /// The column of the site, in bytes, from 1
        site_column: u32,
        /// Why: `unknown_receiver`, `unknown_name`, `no_such_member` or `too_many_targets`
        reason: Word,
        /// Always `name`
        confidence: Word,
    }

    /// A mention of a symbol; the symbol is where it stands
    Reference = "reference" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// The symbol that is mentioned
        target: Str,
        /// `calls`, `references`, `imports`, `implements` or `overrides`
        edge: Word,
        /// The file of the site
        site_path: Str,
        /// The line of the site, from 1
        site_line: u32,
        /// The column of the site, in bytes, from 1
        site_column: u32,
        /// How the edge was found: `exact` or `inferred`
        confidence: Word,
    }

    /// Something that is depended on, or that depends
    Dependency = "dependency" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// The other end: what was asked for, or what lies between
        of: Str,
        /// `imports`, `calls`, `references` or `implements`
        edge: Word,
        /// Steps from what was asked for
        depth: u32,
        /// The file of the site
        site_path: Str,
        /// The line of the site, from 1
        site_line: u32,
        /// The column of the site, in bytes, from 1
        site_column: u32,
        /// How the edge was found: `exact` or `inferred`; of several, the surest is given
        confidence: Word,
    }

    /// The source of a symbol, in whole lines
    Source = "source" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// The first line of the text
        start_line: u32,
        /// The text
        text: Str,
    }

    /// One call on a path
    Step = "step" {
        /// Which call, from 1; 0 is the start
        index: u32,
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// The file of the site, if there is one
        site_path: Option<Str>,
        /// The line of the site, from 1
        site_line: Option<u32>,
        /// The column of the site, in bytes, from 1
        site_column: Option<u32>,
        /// How the edge was found; `None` at the start
        confidence: Option<Word>,
    }

    /// A symbol that a change touches
    Touched = "touched" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// `modified`, `added` or `deleted`
        change: Word,
    }

    /// A symbol that a change reaches
    Impacted = "impacted" {
        /// Stable name, `path::Container.name`: every question accepts it
        symbol: Str,
        /// `file`, `module`, `class`, `interface`, `function`, `method`, `variable` or `external`
        kind: Word,
        /// The name alone
        name: Str,
        /// The file, from the root of the repository; `None` outside of it
        path: Option<Str>,
        /// Line of the name, from 1; 1 for a file
        line: Option<u32>,
        /// The last line
        end_line: Option<u32>,
        /// The signature, on one line
        signature: Option<Str>,
        /// Whether it is a test
        test: bool,
        /// Steps from the touched symbol; 0 for a touched test
        depth: u32,
        /// How far that is: a plain call is 1, a step that is less sure is more
        distance: Score,
        /// The touched symbol
        of: Str,
        /// How it depends on the next symbol of the chain
        edge: Word,
        /// The file of the site, if there is one
        site_path: Option<Str>,
        /// The line of the site, from 1
        site_line: Option<u32>,
        /// The column of the site, in bytes, from 1
        site_column: Option<u32>,
        /// How the edge was found: `exact`, `inferred` or `name`
        confidence: Word,
        /// From the symbol to the touched one, both included
        chain: Vec<Str>,
    }

    /// An edge of the graph
    Edge = "edge" {
        /// `defines`, `calls`, `imports`, `implements`, `references` or `overrides`
        kind: Word,
        /// How the edge was found: `exact` or `inferred`
        confidence: Word,
        /// The symbol it starts at
        source: Str,
        /// Its file
        source_path: Str,
        /// Line of its name; 0 for a file's top level
        source_line: u32,
        /// The symbol it leads to
        target: Str,
        /// Its file; `None` for an external symbol
        target_path: Option<Str>,
        /// Line of its name; 0 for a file
        target_line: Option<u32>,
        /// The file of the site
        path: Str,
        /// Line of the site
        line: u32,
        /// Column of the site, in bytes
        column: u32,
    }
}
