//! A string at the beginning of a pickle that its loaders put on the stack and take off again: it is no part of the object.
//!
//! Written by [`Out::with_comment`](crate::Out::with_comment).

use crate::opcode::Opcode;

/// The comment of the pickle at the beginning of `bytes`, if there is one and it is UTF-8.
pub fn comment(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(&[Opcode::Proto.byte()])?.get(1..)?;
    let rest = rest.strip_prefix(&[Opcode::BinUnicode.byte()])?;
    let (length, rest) = rest.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let is_dropped = rest.first() == Some(&Opcode::Pop.byte());
    is_dropped.then(|| std::str::from_utf8(text).ok()).flatten()
}

/// The opcodes of a comment, which each protocol has; `None` if it is too long for them.
pub(crate) fn opcodes(text: &str) -> Option<Vec<u8>> {
    let length = u32::try_from(text.len()).ok()?.to_le_bytes();
    Some([&[Opcode::BinUnicode.byte()], &length[..], text.as_bytes(), &[Opcode::Pop.byte()]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bytes, Graph, Limits, Node, Out, isomorphic, read, write};

    fn written(text: &str, protocol: u8) -> Vec<u8> {
        let mut graph = Graph::new();
        let root = graph.push(Node::Int(7));
        graph.set_root(root);
        let mut bytes = Vec::new();
        write(&graph, root, protocol, &mut Out::new(&mut bytes).with_comment(Some(text)), &mut ()).unwrap();
        let again = read(&Bytes::from(bytes.clone()), &Limits::default()).unwrap();
        assert!(isomorphic(&graph, &again), "the comment is no part of the object");
        bytes
    }

    #[test]
    fn a_comment_is_found_and_is_not_the_object() {
        for protocol in 2..=5 {
            for text in ["", "a", "äöü", &"x".repeat(100_000)] {
                assert_eq!(comment(&written(text, protocol)), Some(text));
            }
        }
    }

    #[test]
    fn what_is_no_comment() {
        let bytes = written("text", 4);
        for end in 0..bytes.len() - 3 {
            assert_eq!(comment(&bytes[..end]), None);
        }
        // The string is the object itself.
        assert_eq!(comment(b"\x80\x04X\x01\x00\x00\x00a."), None);
        assert_eq!(comment(b"\x80\x04X\x01\x00\x00\x00\xff0K\x01."), None);
        assert_eq!(comment(b"\x80\x04X\xff\xff\xff\xffa0K\x01."), None);
    }
}
