//! Regular expressions, which Python compiles when a file is loaded.

use skiff_pickle::{Graph, Node, NodeId};

/// Bytes of a pattern. Python compiles a pattern of this length in less than two seconds, whatever it is, but for wide
/// ranges.
const LONGEST: usize = 64 << 10;
/// Characters in all ranges of a pattern together: where case is ignored, Python goes through each range character by
/// character, some ten million in a second.
const MOST_CHARACTERS: u32 = 16 << 20;
/// `IGNORECASE`, `LOCALE`, `MULTILINE`, `DOTALL`, `UNICODE`, `VERBOSE`, `ASCII`. The others print what they compile.
const FLAGS: i64 = 2 | 4 | 8 | 16 | 32 | 64 | 256;

/// Whether `re._compile(pattern, flags)` prints nothing and ends soon.
pub(super) fn is_quick(graph: &Graph, arguments: &[NodeId]) -> bool {
    let &[pattern, flags] = arguments else { return false };
    let Node::Int(flags) = *graph.node(flags) else { return false };
    if flags & !FLAGS != 0 {
        return false;
    }
    match graph.node(pattern) {
        Node::Str(span) if span.len <= LONGEST => {
            graph.text(*span).is_some_and(|text| characters(text) <= MOST_CHARACTERS)
        }
        // Ranges of bytes are short.
        Node::Bytes(span) | Node::ByteStr(span) => span.len <= LONGEST,
        Node::Object(_) => skiff_files::python_bytes(graph, pattern).is_some_and(|bytes| bytes.len() <= LONGEST),
        _ => false,
    }
}

/// How many characters the ranges of a pattern have, at most: what stands before a `-` is taken for 0.
fn characters(pattern: &str) -> u32 {
    let mut sum = 0_u32;
    for (at, _) in pattern.match_indices('-') {
        let rest = pattern.get(at.saturating_add(1)..).unwrap_or_default();
        sum = sum.saturating_add(last(rest));
    }
    sum
}

/// The character that ends a range, as a number.
fn last(rest: &str) -> u32 {
    let most = u32::from(char::MAX);
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), Some(kind)) => {
            let digits = match kind {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                // `\N{…}`
                'N' => return most,
                _ => return 512,
            };
            let hex: String = chars.take(digits).collect();
            u32::from_str_radix(&hex, 16).unwrap_or(most).min(most)
        }
        (Some(char), _) => u32::from(char),
        (None, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_counted() {
        assert_eq!(characters(r"(?u)\b\w\w+\b"), 0);
        assert_eq!(characters("[a-z]-"), u32::from(b'z'));
        assert_eq!(characters(r"[\u0100-\U0010ffff]"), 0x10_ffff);
        assert_eq!(characters(r"[-\uffff\xff-\N{BULLET}]"), 0xffff + u32::from(char::MAX));
        assert!(characters(&"[Ā-\u{10ffff}]".repeat(3_000)) > MOST_CHARACTERS);
    }
}
