//! Output records: one JSON line each.
