//! How many tokens a text is, roughly: for reserving before a call, and for
//! servers that do not say.

use super::Request;

/// About how many tokens `text` has, rather too many than too few: code has
/// three to four bytes a token in the tokenizers of today, other scripts about
/// two letters.
pub fn estimate(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let other = text.chars().filter(|c| !c.is_ascii()).count() as u64;
    (ascii * 2).div_ceil(7) + other
}

/// About how many tokens the prompt of a request has.
pub fn estimate_request(request: &Request) -> u64 {
    let each = |content: &String| estimate(content) + 4;
    request
        .messages
        .iter()
        .map(|message| each(&message.content))
        .sum::<u64>()
        + 3
}
