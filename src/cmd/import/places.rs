//! Places of a SCIP document as ours: lines from 1, byte columns from 1.

use scip::types::occurrence::Typed_range;
use scip::types::{Document, Occurrence, PositionEncoding};

/// The text of a file by line.
pub struct Lines<'a> {
    bytes: &'a [u8],
    starts: Vec<usize>,
    encoding: PositionEncoding,
}

/// Where an occurrence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, 1-based.
    pub line: u32,
    /// Byte column, 1-based.
    pub column: u32,
    /// Byte of the file where it begins.
    pub start: usize,
    /// Byte after its last.
    pub end: usize,
}

impl<'a> Lines<'a> {
    /// Of a file as `document` counts it.
    pub fn new(bytes: &'a [u8], document: &Document) -> Self {
        let ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
        Self {
            bytes,
            starts: std::iter::once(0).chain(ends).collect(),
            encoding: document.position_encoding.enum_value_or_default(),
        }
    }

    /// Where an occurrence of one line stands; nothing where the file has no
    /// such place.
    pub fn place(&self, occurrence: &Occurrence) -> Option<Place> {
        let (line, from, to) = match (&occurrence.typed_range, &occurrence.range[..]) {
            (Some(Typed_range::SingleLineRange(range)), _) => {
                (range.line, range.start_character, range.end_character)
            }
            (None, [line, from, to]) => (*line, *from, *to),
            (None, [line, from, last, to]) if line == last => (*line, *from, *to),
            _ => return None,
        };
        let line = usize::try_from(line).ok()?;
        let start = *self.starts.get(line)?;
        let end = self
            .starts
            .get(line + 1)
            .copied()
            .unwrap_or(self.bytes.len());
        let text = &self.bytes[start..end];
        let (from, to) = (self.byte(text, from)?, self.byte(text, to)?);
        (from <= to).then(|| Place {
            line: line as u32 + 1,
            column: from as u32 + 1,
            start: start + from,
            end: start + to,
        })
    }

    /// The text of a place.
    pub fn text(&self, place: &Place) -> &'a [u8] {
        &self.bytes[place.start..place.end]
    }

    /// The byte of a line at which a character of the document's encoding begins.
    fn byte(&self, line: &[u8], character: i32) -> Option<usize> {
        let wanted = usize::try_from(character).ok()?;
        let width = |c: char| match self.encoding {
            PositionEncoding::UTF8CodeUnitOffsetFromLineStart => c.len_utf8(),
            PositionEncoding::UTF32CodeUnitOffsetFromLineStart => 1,
            // What says nothing counts as editors do.
            _ => c.len_utf16(),
        };
        if line.is_ascii() {
            return (wanted <= line.len()).then_some(wanted);
        }
        let text = std::str::from_utf8(line).ok()?;
        let mut count = 0;
        for (at, c) in text.char_indices() {
            if count >= wanted {
                return (count == wanted).then_some(at);
            }
            count += width(c);
        }
        (count == wanted).then_some(text.len())
    }
}

/// Places of a SCIP index in a text, for fuzzing.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    use protobuf::Message as _;
    let Ok(index) = scip::types::Index::parse_from_bytes(bytes) else {
        return;
    };
    for document in &index.documents {
        let text = "a\n\u{e4}\u{1f600}b\r\n\nlast".as_bytes();
        let lines = Lines::new(text, document);
        for occurrence in &document.occurrences {
            if let Some(place) = lines.place(occurrence) {
                let _ = lines.text(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_the_document_says() {
        let text = "a\nmïn = \"𝄞\" + x\n".as_bytes();
        let wanted = text
            .iter()
            .position(|byte| *byte == b'x')
            .expect("it is there");
        for (encoding, column) in [
            (PositionEncoding::UTF8CodeUnitOffsetFromLineStart, 16),
            (PositionEncoding::UTF16CodeUnitOffsetFromLineStart, 13),
            (PositionEncoding::UTF32CodeUnitOffsetFromLineStart, 12),
        ] {
            let document = Document {
                position_encoding: encoding.into(),
                ..Document::default()
            };
            let occurrence = Occurrence {
                range: vec![1, column, column + 1],
                ..Occurrence::default()
            };
            let place = Lines::new(text, &document)
                .place(&occurrence)
                .expect("it is there");
            assert_eq!((place.line, place.start), (2, wanted), "{encoding:?}");
        }
    }

    #[test]
    fn places_that_the_file_has_not_are_none() {
        let lines = Lines::new(b"ab\n", &Document::default());
        for range in [
            vec![],
            vec![9, 0, 1],
            vec![0, -1, 1],
            vec![0, 2, 1],
            vec![0, 0, 99],
            vec![0, 1, 2, 1],
        ] {
            let occurrence = Occurrence {
                range,
                ..Occurrence::default()
            };
            assert_eq!(lines.place(&occurrence), None, "{:?}", occurrence.range);
        }
    }
}
