//! The command `git-happy`.

fn main() {}
