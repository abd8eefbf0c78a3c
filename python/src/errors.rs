//! From what went wrong to an exception: the one table.
//!
//! An exception's text says what is wrong and what to do; its attributes
//! `code`, `exit_code`, `retryable` and `hint` are those of the command's
//! error record.

use happy::cmd::Error;
use happy::record::Record;
use happy::{git, index};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyKeyboardInterrupt, PyUserWarning};
use pyo3::prelude::*;

create_exception!(
    happy_core,
    HappyError,
    PyException,
    "What every exception of `happy` is. Attributes: `code` (a stable name), `exit_code` (the command's), `retryable`, `hint`."
);
create_exception!(
    happy_core,
    RepositoryError,
    HappyError,
    "The path is no repository, or Git's side of it cannot be read or is not to be trusted."
);
create_exception!(
    happy_core,
    RevisionNotFound,
    RepositoryError,
    "The revision is unknown or ambiguous."
);
create_exception!(
    happy_core,
    SymbolNotFound,
    HappyError,
    "Nothing bears that name. Attributes: `symbol` (what was asked for), `suggestions` (the nearest names)."
);
create_exception!(
    happy_core,
    IndexError,
    HappyError,
    "The index cannot be read or written."
);
create_exception!(
    happy_core,
    BusyError,
    IndexError,
    "Another process wrote the index for all of the time allowed; try again."
);
create_exception!(
    happy_core,
    UsageError,
    HappyError,
    "An argument has a value that makes no sense."
);
create_exception!(
    happy_core,
    ClosedError,
    HappyError,
    "The repository was closed before it was asked."
);
create_exception!(
    happy_core,
    InternalError,
    HappyError,
    "A fault of `happy` itself; please report it."
);
create_exception!(
    happy_core,
    HappyWarning,
    PyUserWarning,
    "The answer is right, and there is something to know about it."
);

/// A failure as an exception.
pub fn raise(py: Python<'_>, error: &Error) -> PyErr {
    if matches!(error, Error::Interrupted { .. }) {
        return PyKeyboardInterrupt::new_err("interrupted; what was indexed before is kept");
    }
    let Record::Error {
        code,
        exit,
        retryable,
        message,
        hint,
    } = error.record()
    else {
        return InternalError::new_err(error.to_string());
    };
    let hint = here(error).or(hint);
    let text = match &hint {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message,
    };
    let raised = kind(error, text);
    let told = (|| {
        tell(py, &raised, code, exit, retryable, hint.as_deref())?;
        let value = raised.value(py);
        if let Error::NoSymbol { text, nearest } = error {
            value.setattr("symbol", text)?;
            value.setattr("suggestions", nearest.clone())?;
        }
        Ok(())
    })();
    match told {
        Ok(()) => raised,
        Err(other) => other,
    }
}

fn tell(
    py: Python<'_>,
    raised: &PyErr,
    code: &str,
    exit: u8,
    retryable: bool,
    hint: Option<&str>,
) -> PyResult<()> {
    let value = raised.value(py);
    value.setattr("code", code)?;
    value.setattr("exit_code", exit)?;
    value.setattr("retryable", retryable)?;
    value.setattr("hint", hint)
}

/// An argument has a value that makes no sense.
pub fn usage(py: Python<'_>, text: impl Into<String>) -> PyErr {
    raise(py, &Error::Usage(text.into()))
}

/// A failure of this module alone.
fn own(raised: fn(String) -> PyErr, code: &str, exit: u8, message: &str, hint: &str) -> PyErr {
    let raised = raised(format!("{message}\nhint: {hint}"));
    let told = Python::attach(|py| tell(py, &raised, code, exit, false, Some(hint)));
    told.map_or_else(|other| other, |()| raised)
}

/// What to do, where that is another thing than on the command line.
fn here(error: &Error) -> Option<String> {
    let hint = match error {
        Error::Git(git::Error::NotARepository { .. }) => {
            "pass a folder of a Git repository; `git init` makes one"
        }
        Error::Git(git::Error::Unborn { .. }) => {
            "make a commit, or leave `at` out to ask about the working tree"
        }
        Error::Git(git::Error::CorruptIndex { .. }) => {
            "pass `at=\"HEAD\"` to ask about the commit, or repair it with `git reset`"
        }
        Error::Git(git::Error::NoWorkTree { .. }) => "name a revision with `at`",
        Error::Index(index::Error::NewerFormat { .. }) => {
            "upgrade `happyfastercode`, or name another folder with `index_dir`"
        }
        Error::Index(error) if error.is_full() => {
            "free some space, or name another folder with `index_dir`"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn kind(error: &Error, text: String) -> PyErr {
    match error {
        Error::Git(
            git::Error::UnknownRevision { .. }
            | git::Error::AmbiguousRevision { .. }
            | git::Error::Unborn { .. },
        ) => RevisionNotFound::new_err(text),
        Error::Git(_) => RepositoryError::new_err(text),
        Error::Index(index::Error::Busy { .. }) => BusyError::new_err(text),
        Error::Index(_) | Error::NoIndex { .. } | Error::Incomplete { .. } | Error::Vector(_) => {
            IndexError::new_err(text)
        }
        Error::NoSymbol { .. } => SymbolNotFound::new_err(text),
        Error::Usage(_) => UsageError::new_err(text),
        _ => HappyError::new_err(text),
    }
}

/// A panic as an exception.
pub fn panicked(payload: &(dyn std::any::Any + Send)) -> PyErr {
    let what = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    own(
        InternalError::new_err,
        "internal",
        101,
        &format!("a fault of happy itself: {what}"),
        "please report it, with the call that led to it",
    )
}

/// The repository was closed.
pub fn closed() -> PyErr {
    own(
        ClosedError::new_err,
        "closed",
        2,
        "the repository is closed",
        "open it again with `HappyRepo(path)`",
    )
}

/// Tells through Python's `warnings` what the command says on standard error.
pub fn warn(py: Python<'_>, texts: &[String]) -> PyResult<()> {
    for text in texts {
        let text = std::ffi::CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<HappyWarning>(), &text, 2)?;
    }
    Ok(())
}
