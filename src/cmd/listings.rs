//! Records about hooks, settings and differences of tests, as text for people.

use std::io;

use super::text::{BOLD, DIM, GREEN, MAGENTA, Pen, RED, YELLOW, printable};
use crate::record::{Language, Record};

/// Writes such a record; of another, nothing.
pub(super) fn write(pen: &mut Pen<'_>, record: &Record) -> io::Result<()> {
    match record {
        Record::Hook {
            event,
            state,
            path,
            others,
            changed,
            hint,
        } => {
            let style = match *state {
                "absent" => DIM,
                "outdated" => YELLOW,
                _ => GREEN,
            };
            write!(pen.out, "{event:<14}")?;
            pen.put(style, &format!("{state:<11}"))?;
            pen.put(MAGENTA, &printable(&path.lossy()))?;
            if *others {
                write!(pen.out, "  beside another hook")?;
            }
            if *changed {
                pen.put(BOLD, "  changed")?;
            }
            told(pen, hint.as_deref())
        }
        Record::Setting {
            key,
            value,
            origin,
            place,
            used,
            reason,
        } => {
            if let Some(origin) = origin {
                let place = place.as_ref().map(|place| place.lossy().into_owned());
                let place = place.map(|place| format!(":{place}")).unwrap_or_default();
                pen.put(DIM, &printable(&format!("{origin}{place}  ")))?;
            }
            pen.put(
                if *used { BOLD } else { DIM },
                &format!("{}=", printable(key)),
            )?;
            write!(pen.out, "{}", printable(value))?;
            if let Some(reason) = reason {
                pen.put(YELLOW, &format!("  ({reason})"))?;
            }
            Ok(())
        }
        Record::Trust {
            path,
            trusted,
            keys,
        } => {
            pen.put(
                if *trusted { GREEN } else { YELLOW },
                if *trusted {
                    "trusted    "
                } else {
                    "untrusted  "
                },
            )?;
            pen.put(MAGENTA, &printable(&path.lossy()))?;
            write!(pen.out, "  {}", printable(&keys.join(", ")))
        }
        Record::TestChange {
            name,
            before,
            after,
            verdict,
            ..
        } => {
            let style = match *verdict {
                "broken" => RED,
                "fixed" => GREEN,
                _ => YELLOW,
            };
            pen.put(style, &format!("{verdict:<10}"))?;
            write!(pen.out, "{}", printable(name))?;
            let before = before.unwrap_or("absent");
            let after = after.unwrap_or("absent");
            pen.put(DIM, &format!("  {before} -> {after}"))
        }
        Record::Language(language) => list_language(pen, language),
        Record::LanguageCheck(check) => {
            pen.put(
                if check.works { GREEN } else { RED },
                if check.works { "ok     " } else { "wrong  " },
            )?;
            write!(pen.out, "{:<9}{}", check.check, printable(&check.detail))?;
            told(pen, check.hint.as_deref())
        }
        Record::LanguageChange(change) => {
            write!(pen.out, "{} ", change.change)?;
            pen.put(BOLD, &change.name)?;
            pen.put(DIM, &format!("  {}", printable(&change.path.lossy())))
        }
        _ => Ok(()),
    }
}

fn list_language(pen: &mut Pen<'_>, language: &Language) -> io::Result<()> {
    pen.put(BOLD, &format!("{:<14}", printable(&language.name)))?;
    write!(pen.out, "{:<9}", language.source)?;
    let version = language.version.as_deref().unwrap_or("-");
    let abi = language.abi.map(|abi| format!("abi {abi}"));
    write!(
        pen.out,
        "{:<9}{:<8}",
        printable(version),
        abi.unwrap_or_default()
    )?;
    let endings = language.extensions.iter().map(|name| format!(".{name}"));
    let names: Vec<String> = endings.chain(language.filenames.iter().cloned()).collect();
    write!(pen.out, "{}", printable(&names.join(" ")))?;
    match &language.problem {
        Some(problem) => {
            writeln!(pen.out)?;
            pen.put(YELLOW, &format!("       {}", printable(problem)))
        }
        None => Ok(()),
    }
}

fn told(pen: &mut Pen<'_>, hint: Option<&str>) -> io::Result<()> {
    if let Some(hint) = hint {
        writeln!(pen.out)?;
        pen.put(DIM, &format!("       hint: {hint}"))?;
    }
    Ok(())
}
