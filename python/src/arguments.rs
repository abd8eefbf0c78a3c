//! What Python passes, as the questions take it.

use happy::cmd::embed::Asked;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::errors;
use crate::fields::{Field, Str};

/// The bytes of a `str`, of `bytes`, or of a path object.
fn text(value: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    if value.is_instance_of::<PyString>() {
        return Ok(Some(Str::take(value)?.0));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    if value.hasattr("__fspath__")? {
        return text(&value.call_method0("__fspath__")?);
    }
    Ok(None)
}

/// A path, from `str`, `bytes` or a path object.
pub fn path(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    text(value)?.ok_or_else(|| {
        PyTypeError::new_err(format!(
            "a path is a str, bytes or os.PathLike, not {}",
            type_name(value)
        ))
    })
}

/// The symbols that are asked about: a name or a path, an object that an
/// answer held, or several of either.
pub fn symbols(value: &Bound<'_, PyAny>) -> PyResult<Vec<Asked>> {
    if let Some(one) = symbol(value)? {
        return Ok(vec![one]);
    }
    let wrong = |value: &Bound<'_, PyAny>| {
        PyTypeError::new_err(format!(
            "a symbol is a str, a path, an object of an answer, or a list of these, not {}",
            type_name(value)
        ))
    };
    let Ok(several) = value.try_iter() else {
        return Err(wrong(value));
    };
    let mut found = Vec::new();
    for item in several {
        let item = item?;
        found.push(symbol(&item)?.ok_or_else(|| wrong(&item))?);
    }
    Ok(found)
}

fn symbol(value: &Bound<'_, PyAny>) -> PyResult<Option<Asked>> {
    if let Some(text) = text(value)? {
        return Ok(Some(Asked { text, typed: true }));
    }
    // What an answer says is from the root of the repository.
    match value.getattr_opt("symbol")? {
        Some(symbol) if symbol.is_instance_of::<PyString>() => Ok(Some(Asked {
            text: Str::take(&symbol)?.0,
            typed: false,
        })),
        _ => Ok(None),
    }
}

/// A word or several.
pub fn words(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    if let Ok(word) = value.extract() {
        return Ok(vec![word]);
    }
    value.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "`{name}` is a str or a list of str, not {}",
            type_name(value)
        ))
    })
}

/// A count from 0; what is larger than any answer is no limit.
pub fn count(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<u32> {
    let Some(value) = value else {
        return Ok(0);
    };
    match value.extract::<i64>() {
        Ok(count) if count >= 0 => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
        Ok(count) => Err(errors::usage(
            value.py(),
            format!("`{name}` is {count}; it has to be 0 or more"),
        )),
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => {
            if value.lt(0)? {
                return Err(errors::usage(
                    value.py(),
                    format!("`{name}` is less than 0; it has to be 0 or more"),
                ));
            }
            Ok(u32::MAX)
        }
        Err(_) => Err(PyTypeError::new_err(format!(
            "`{name}` is an int, not {}",
            type_name(value)
        ))),
    }
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    let name = value.get_type().name();
    name.map_or_else(|_| "this".to_owned(), |name| format!("`{name}`"))
}
