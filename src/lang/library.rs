//! What a language's standard library holds: its types, what they extend, and
//! what their members give. The text is made by a program (`tools/jdk`).

/// A type of a standard library.
#[derive(Debug, PartialEq, Eq)]
pub struct LibraryType<'a> {
    /// Its full name: package, `::`, and the type inside it.
    pub name: String,
    /// The full names of the types that it extends.
    pub bases: Vec<String>,
    /// The method that a function given for it is, if one can be.
    pub function: Option<&'a str>,
    /// Members, and what each gives.
    pub gives: Vec<(&'a str, Given)>,
}

/// What a member gives.
#[derive(Debug, PartialEq, Eq)]
pub struct Given {
    /// The full name of the type.
    pub name: String,
    /// Whether the type has arguments that the receiver or the call decides.
    pub open: bool,
}

/// The types that `text` lists: lines `package a.b`, and for each type of that
/// package `Name : bases @function | member=type`.
pub fn types(text: &str) -> Vec<LibraryType<'_>> {
    let mut known = std::collections::HashSet::new();
    let mut package = "";
    for line in text.lines() {
        match line.strip_prefix("package ") {
            Some(name) => package = name,
            None => {
                known.insert((package, line.split(' ').next().unwrap_or_default()));
            }
        }
    }
    let first = "java.lang";
    let full = |package: &str, name: &str| {
        let simple = name.trim_end_matches("[]");
        if simple.contains("::") {
            return name.to_owned();
        }
        let own = known.contains(&(package, simple));
        format!("{}::{name}", if own { package } else { first })
    };
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("package ") {
            package = name;
            continue;
        }
        let (head, members) = line.split_once(" | ").unwrap_or((line, ""));
        let (name, bases) = head.split_once(" :").unwrap_or((head, ""));
        let gives = members.split(' ').filter_map(|member| {
            let (name, given) = member.split_once('=')?;
            let open = given.starts_with('~');
            let name_of_type = full(package, given.trim_start_matches('~'));
            let given = Given {
                name: name_of_type,
                open,
            };
            Some((name, given))
        });
        found.push(LibraryType {
            name: format!("{package}::{name}"),
            bases: bases
                .split(' ')
                .filter(|base| !base.is_empty() && !base.starts_with('@'))
                .map(|base| full(package, base))
                .collect(),
            function: bases.split(' ').find_map(|word| word.strip_prefix('@')),
            gives: gives.collect(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_of_its_own_package_or_of_the_first() {
        let text = "package java.lang\nObject :  | toString=String\nString :  | chars=char[]\n\
            package java.util\nList : Collection java.io::Closeable | iterator=~Iterator of=Object\n\
            Iterator :  | \nCollection :  @only | ";
        let found = types(text);
        let names: Vec<&str> = found.iter().map(|known| known.name.as_str()).collect();
        assert_eq!(
            names[..3],
            ["java.lang::Object", "java.lang::String", "java.util::List"]
        );
        assert_eq!(found[1].gives[0].1.name, "java.lang::char[]");
        assert_eq!(
            found[2].bases,
            ["java.util::Collection", "java.io::Closeable"]
        );
        let iterator = &found[2].gives[0].1;
        assert_eq!(
            (iterator.name.as_str(), iterator.open),
            ("java.util::Iterator", true)
        );
        assert_eq!(found[2].gives[1].1.name, "java.lang::Object");
        assert_eq!((found[2].function, found[4].function), (None, Some("only")));
    }
}
