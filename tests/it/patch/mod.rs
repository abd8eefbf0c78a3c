//! `happy::patch`: reading, planning, checking and applying changes.

mod applying;
mod forms;
mod hostile;
mod kept;
mod killed;
mod parsers;
mod properties;
mod real_git;
mod support;
mod symbols;
mod three_way;
