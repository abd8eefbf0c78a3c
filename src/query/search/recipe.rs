//! The constants of the ranking, in one place. `docs/search.md` says how they
//! were chosen.

macro_rules! recipe {
    ($($(#[$doc:meta])* $field:ident = $value:literal,)*) => {
        /// What the ranking weighs.
        #[derive(Clone, Debug)]
        pub struct Recipe {
            $($(#[$doc])* pub $field: f32,)*
        }

        impl Default for Recipe {
            fn default() -> Self {
                Self { $($field: $value,)* }
            }
        }

        impl Recipe {
            /// Sets the constant of that name; `false` where there is none.
            pub fn set(&mut self, name: &str, value: f32) -> bool {
                match name {
                    $(stringify!($field) => self.$field = value,)*
                    _ => return false,
                }
                true
            }
        }
    };
}

recipe! {
    /// Flattens the difference between neighbouring ranks.
    k = 10.0,
    /// How much of a signal is its score beside its best one, instead of its rank.
    raw = 0.5,
    /// The weight of words in the symbol.
    words = 1.0,
    /// The weight of words in the file.
    file = 0.5,
    /// The weight of meaning.
    meaning = 0.7,
    /// The weight of being named.
    name = 1.5,
    /// The weight of standing beside hits.
    structure = 0.3,
    /// What the second best symbol of a file adds to the file; each next one
    /// half of that.
    second = 0.15,
    /// What the file's meaning adds to a file in the list of files.
    file_meaning = 0.7,
    /// More for a path of whose file's name the query has every word.
    stem = 0.5,
    /// More for a symbol of whose name the query has every word.
    title = 0.2,
    /// The prior of tests.
    test = 0.35,
    /// The prior of other people's code.
    vendored = 0.4,
    /// The prior of what programs write.
    generated = 0.5,
    /// The prior of examples, benchmarks, documentation, and old ways kept alive.
    aside = 0.5,
    /// The prior of a version beside a newer one.
    older = 0.5,
    /// The prior of code for platforms that fewer people mean.
    platform = 0.7,
    /// How much page rank may move a score.
    rank = 0.05,
    /// The prior of variables.
    variable = 0.8,
    /// The prior of files.
    whole = 0.7,
    /// BM25: how soon more of the same word adds nothing.
    k1 = 1.2,
    /// BM25: how much longer texts must say more.
    b = 0.3,
    /// The weight of a word in a name, beside 1 in the text.
    in_name = 2.0,
    /// The weight of a word in what it stands in.
    in_container = 1.0,
    /// The weight of a word in a signature.
    in_signature = 0.5,
    /// The weight of a word in a doc comment.
    in_doc = 2.0,
    /// The weight of a word in a path.
    in_path = 2.0,
}
