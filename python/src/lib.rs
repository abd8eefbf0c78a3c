//! The Python module `happy_core`.
