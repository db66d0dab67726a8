//! Bytes to opcodes, and to text.

use skiff_pickle::{Decoder, disassemble};

/// Each byte belongs to one instruction, the next one begins where the last one ended, and the disassembly has as many.
pub fn decode(bytes: &[u8]) -> bool {
    let mut decoder = Decoder::new(bytes, 0);
    let (mut count, mut end) = (0, 0);
    while let Some(Ok(instruction)) = decoder.next() {
        assert_eq!(instruction.offset, end, "bytes between instructions");
        assert_eq!(bytes.get(instruction.offset), Some(&instruction.opcode.byte()), "another opcode than the byte's");
        end = decoder.offset();
        assert!(instruction.offset < end && end <= bytes.len(), "an instruction without bytes of its own");
        count += 1;
    }
    let mut text = Vec::new();
    disassemble(bytes, &[], &mut text).expect("memory to write to");
    let text = String::from_utf8(text).expect("text");
    assert!(text.lines().count() >= count, "{count} instructions in {} lines", text.lines().count());
    count > 0
}
