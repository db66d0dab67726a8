//! The blocks of a PEM text: `openssl` puts a key's parameters before the key, and certificates are often concatenated.

use zeroize::Zeroizing;

/// One block: its label, and the DER in it.
pub(crate) struct Block {
    pub label: String,
    /// `None` if the block is damaged, or encrypted in the format before PKCS#8.
    pub der: Option<Zeroizing<Vec<u8>>>,
}

/// Every block of `text`, without the text between them. It takes one pass.
pub(crate) fn blocks(text: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(start) = find(rest, b"-----BEGIN ") {
        let block = rest.get(start..).unwrap_or_default();
        let Some(end) = find(block, b"-----END ") else { break };
        let tail = block.get(end..).unwrap_or_default();
        // Skip the dashes that begin the last line to find those that end it.
        let Some(close) = tail.get(9..).and_then(|tail| find(tail, b"-----")) else { break };
        let length = end.saturating_add(9).saturating_add(close).saturating_add(5);
        let whole = block.get(..length).unwrap_or_default();
        let label = whole.get(11..).and_then(|label| find(label, b"-----").and_then(|end| label.get(..end)));
        blocks.push(Block {
            label: String::from_utf8_lossy(label.unwrap_or_default()).into_owned(),
            der: der::pem::decode_vec(whole).ok().map(|(_, der)| Zeroizing::new(der)),
        });
        rest = block.get(length..).unwrap_or_default();
    }
    blocks
}

/// Certificates in PEM, one after the other.
pub(crate) const CERTIFICATE: &str = "CERTIFICATE";

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_words() {
        let text = b"Bag Attributes\n-----BEGIN A B-----\nAAEC\n-----END A B-----\nwords\n-----BEGIN C-----\n!\n-----END C-----";
        let blocks = blocks(text);
        assert_eq!(blocks.len(), 2);
        assert_eq!(
            (blocks[0].label.as_str(), blocks[0].der.as_deref().map(Vec::as_slice)),
            ("A B", Some(&[0, 1, 2][..]))
        );
        assert_eq!(blocks[1].label, "C");
        assert!(blocks[1].der.is_none());
    }

    #[test]
    fn half_a_block_is_none() {
        for text in ["-----BEGIN A-----\nAAEC\n", "-----BEGIN A-----\nAAEC\n-----END A", "-----BEGIN ", ""] {
            assert!(blocks(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
