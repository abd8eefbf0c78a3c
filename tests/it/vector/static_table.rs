//! The default embedder.

use happy::vector::static_table::Table;
use happy::vector::{EMBEDDERS, Embedder, Error, StaticEmbedder, embedder};

use super::exact_cosine;

fn embedder_here() -> StaticEmbedder {
    StaticEmbedder::new().expect("the compiled table opens")
}

fn one(text: &str) -> Vec<f32> {
    let mut vectors = embedder_here().embed(&[text]).expect("it does not fail");
    vectors.remove(0)
}

#[test]
fn it_splits_text_as_its_training_did() {
    let embedder = embedder_here();
    let golden = include_str!("words.golden");
    assert!(golden.lines().count() >= 2_000);
    for line in golden.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        let text = row["text"].as_str().expect("a text");
        let expected: Vec<&str> = row["words"]
            .as_array()
            .expect("words")
            .iter()
            .map(|word| word.as_str().expect("a word"))
            .collect();
        assert_eq!(embedder.words_of(text), expected, "{text:?}");
    }
}

#[test]
fn the_recorded_hash_is_that_of_the_compiled_table() {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha256);
    hasher.update(StaticEmbedder::bytes());
    let digest = hasher.try_finalize().expect("no collision").to_string();
    let embedder = embedder_here();
    assert_eq!(embedder.id().hash, digest);
    assert!(StaticEmbedder::bytes().len() <= 11_000_000);
}

#[test]
fn every_word_of_the_table_is_found_and_finite() {
    let table = Table::parse(StaticEmbedder::bytes()).expect("the compiled table opens");
    table.check().expect("the compiled table is whole");
    assert_eq!(table.dims(), 256);
}

#[test]
fn a_question_is_nearer_to_the_code_it_means_than_to_other_code() {
    let question = one("check the password of a user who logs in");
    let meant = one(
        "def authenticate(self, request, credentials): account = self.accounts.verify_hash(credentials.secret)",
    );
    let others = [
        "fn multiply(a: &Matrix, b: &Matrix) -> Matrix { rows.dot(columns) }",
        "public void renderTexture(Canvas canvas, int width, int height) { canvas.draw(bitmap); }",
        "func (s *Server) Listen(addr string) error { return net.Listen(tcp, addr) }",
    ];
    for other in others {
        assert!(
            exact_cosine(&question, &meant) > exact_cosine(&question, &one(other)) + 0.05,
            "{other}"
        );
    }
}

#[test]
fn writing_style_does_not_matter() {
    let camel = one("parseHttpRequest");
    for same in [
        "parse_http_request",
        "ParseHTTPRequest",
        "parse http request",
        "PARSE-HTTP-REQUEST",
    ] {
        assert!(exact_cosine(&camel, &one(same)) > 0.9999, "{same}");
    }
}

#[test]
fn a_vector_has_length_one_and_does_not_depend_on_its_neighbours() {
    let embedder = embedder_here();
    let texts = ["read a file", "", "write a file write write", "read a file"];
    let vectors = embedder.embed(&texts).expect("it does not fail");
    assert_eq!(vectors.len(), texts.len());
    for (text, vector) in texts.iter().zip(&vectors) {
        assert_eq!(vector.len(), embedder.id().dims);
        assert_eq!(*vector, one(text));
        let norm = exact_cosine(vector, vector);
        assert!(
            text.is_empty() || (norm - 1.0).abs() < 1e-4,
            "{text}: {norm}"
        );
    }
    assert_eq!(vectors[0], vectors[3]);
}

#[test]
fn a_text_without_known_words_is_the_zero_vector() {
    for text in ["", " \n\t", "!?", "\u{1}\u{2}", "987654321987654321"] {
        assert!(one(text).iter().all(|&x| x == 0.0), "{text:?}");
    }
}

#[test]
fn long_and_strange_texts_are_no_panic() {
    let long = "parseRequest ".repeat(20_000);
    let run = "x".repeat(1_000_000);
    let chinese = "查询用户登录的代码".repeat(100);
    for text in [long.as_str(), &run, &chinese, "\u{0}é\u{10ffff}İ"] {
        let vector = one(text);
        assert!(vector.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn a_cut_or_foreign_table_is_an_error() {
    let whole = StaticEmbedder::bytes();
    for length in [0, 7, 8, 31, 32, 40, 1_000, whole.len() / 2, whole.len() - 1] {
        assert!(
            matches!(Table::parse(&whole[..length]), Err(Error::Table(_))),
            "cut at {length}"
        );
    }
    let mut longer = whole.to_vec();
    longer.push(0);
    assert!(matches!(Table::parse(&longer), Err(Error::Table(_))));
    assert!(matches!(
        Table::parse(b"not a table of any kind, but long enough"),
        Err(Error::Table(_))
    ));
}

#[test]
fn a_table_with_any_header_is_opened_safely_or_refused() {
    // Every field of the header in turn, with numbers that break arithmetic.
    let whole = &StaticEmbedder::bytes()[..4_096];
    for field in 0..5 {
        for value in [0_u32, 1, 2, 255, 65_535, 65_536, 1 << 31, u32::MAX] {
            let mut bytes = whole.to_vec();
            bytes[8 + field * 4..12 + field * 4].copy_from_slice(&value.to_le_bytes());
            if let Ok(table) = Table::parse(&bytes) {
                table.for_each_piece(b"anything", |id| assert!(id < table.words()));
            }
        }
    }
}

#[test]
fn a_damaged_table_is_found_by_the_full_check() {
    let mut bytes = StaticEmbedder::bytes().to_vec();
    // The first word's offset: past the slots, whose count stands in the header.
    let slots = u32::from_le_bytes([bytes[20], bytes[21], bytes[22], bytes[23]]) as usize;
    bytes[32 + slots * 2 + 7] = 0xff;
    let table = Table::parse(&bytes).expect("the lengths agree");
    assert!(matches!(table.check(), Err(Error::Table(_))));
    table.for_each_piece(b"anything", |id| assert!(id < table.words()));
}

#[test]
fn the_list_makes_each_embedder_by_its_name() {
    for kind in EMBEDDERS {
        let made = embedder(kind.name).expect("it is made");
        let vectors = made.embed(&["a text"]).expect("it embeds");
        assert_eq!(vectors[0].len(), made.id().dims);
    }
    let error = embedder("nonesuch").err().expect("there is none");
    assert_eq!(
        error.to_string(),
        "unknown embedder `nonesuch`; known: static"
    );
}
