//! The command `happy`.

fn main() {}
