//! The encoding of single values: the shortest opcode of the protocol.

use super::WriteError;
use super::writer::{FRAME_SIZE, LEAST_FRAME, Writer};
use crate::graph::{Global, NodeId};
use crate::names::python3_name;
use crate::opcode::Opcode;

impl<'a> Writer<'a, '_> {
    pub(super) fn int(&mut self, value: i64) {
        if let Ok(value) = u8::try_from(value) {
            self.op(Opcode::BinInt1);
            self.frame.push(value);
        } else if let Ok(value) = u16::try_from(value) {
            self.op(Opcode::BinInt2);
            self.frame.extend(value.to_le_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.op(Opcode::BinInt);
            self.frame.extend(value.to_le_bytes());
        } else {
            let bytes = value.to_le_bytes();
            let length = crate::text::shortest(&bytes);
            self.op(Opcode::Long1);
            self.frame.extend(u8::try_from(length));
            self.frame.extend_from_slice(bytes.get(..length).unwrap_or_default());
        }
    }

    pub(super) fn long(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if let Ok(length) = u8::try_from(bytes.len()) {
            return self.large(Opcode::Long1, &[length], bytes);
        }
        let length = i32::try_from(bytes.len()).map_err(|_| WriteError::TooLong(id))?;
        self.large(Opcode::Long4, &length.to_le_bytes(), bytes)
    }

    pub(super) fn bytes(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if self.protocol < 3 {
            return self.bytes_as_text(id, bytes);
        }
        self.counted(id, bytes, [Some(Opcode::ShortBinBytes), Some(Opcode::BinBytes), Some(Opcode::BinBytes8)])
    }

    /// `_codecs.encode(text, 'latin1')`: Python 2 and 3 both return bytes.
    pub(super) fn bytes_as_text(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if bytes.is_empty() {
            self.python2_global("__builtin__", "builtins", "bytes");
            self.op(Opcode::EmptyTuple);
        } else {
            self.python2_global("_codecs", "_codecs", "encode");
            let text: String = bytes.iter().copied().map(char::from).collect();
            self.text(id, text.as_bytes())?;
            self.text(id, b"latin1")?;
            self.op(Opcode::Tuple2);
        }
        self.op(Opcode::Reduce);
        Ok(())
    }

    pub(super) fn bytearray(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if self.protocol >= 5 {
            return self.counted(id, bytes, [None, None, Some(Opcode::ByteArray8)]);
        }
        if self.protocol == 4 {
            self.stack_global("builtins", "bytearray")?;
        } else {
            self.python2_global("__builtin__", "builtins", "bytearray");
        }
        if bytes.is_empty() {
            self.op(Opcode::EmptyTuple);
        } else {
            self.bytes(id, bytes)?;
            self.op(Opcode::Tuple1);
        }
        self.op(Opcode::Reduce);
        Ok(())
    }

    pub(super) fn text(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        let short = (self.protocol >= 4).then_some(Opcode::ShortBinUnicode);
        self.counted(id, bytes, [short, Some(Opcode::BinUnicode), Some(Opcode::BinUnicode8)])
    }

    pub(super) fn byte_str(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if let Ok(length) = u8::try_from(bytes.len()) {
            return self.large(Opcode::ShortBinString, &[length], bytes);
        }
        let length = i32::try_from(bytes.len()).map_err(|_| WriteError::TooLong(id))?;
        self.large(Opcode::BinString, &length.to_le_bytes(), bytes)
    }

    /// Writes bytes with the shortest of the opcodes with lengths of one, four and eight bytes.
    pub(super) fn counted(&mut self, id: NodeId, bytes: &[u8], opcodes: [Option<Opcode>; 3]) -> Result<(), WriteError> {
        let [one, four, eight] = opcodes;
        if let (Some(opcode), Ok(length)) = (one, u8::try_from(bytes.len())) {
            return self.large(opcode, &[length], bytes);
        }
        if let (Some(opcode), Ok(length)) = (four, u32::try_from(bytes.len())) {
            return self.large(opcode, &length.to_le_bytes(), bytes);
        }
        match (eight, u64::try_from(bytes.len())) {
            (Some(opcode), Ok(length)) if opcode.protocol() <= self.protocol => {
                self.large(opcode, &length.to_le_bytes(), bytes)
            }
            _ => Err(WriteError::TooLong(id)),
        }
    }

    /// Writes an opcode, a length and bytes; long bytes are written outside of the frame, without copying.
    pub(super) fn large(&mut self, opcode: Opcode, length: &[u8], bytes: &[u8]) -> Result<(), WriteError> {
        if bytes.len() >= FRAME_SIZE {
            self.end_frame()?;
            self.out.write(&[opcode.byte()])?;
            self.out.write(length)?;
            return self.out.write(bytes);
        }
        self.op(opcode);
        self.frame.extend_from_slice(length);
        self.frame.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn extension(&mut self, id: NodeId, code: u32) -> Result<(), WriteError> {
        let code = i32::try_from(code).ok().filter(|&code| code > 0).ok_or(WriteError::TooLong(id))?;
        if let Ok(code) = u8::try_from(code) {
            self.op(Opcode::Ext1);
            self.frame.push(code);
        } else if let Ok(code) = u16::try_from(code) {
            self.op(Opcode::Ext2);
            self.frame.extend(code.to_le_bytes());
        } else {
            self.op(Opcode::Ext4);
            self.frame.extend(code.to_le_bytes());
        }
        Ok(())
    }

    // Names.

    pub(super) fn global(&mut self, id: NodeId, global: Global) -> Result<(), WriteError> {
        let graph = self.graph;
        let module = graph.text(global.module).ok_or(WriteError::BadName(id))?;
        let name = graph.text(global.name).ok_or(WriteError::BadName(id))?;
        if self.protocol >= 4 {
            let (module, name) = python3_name(module, name);
            return self.stack_global(module, name);
        }
        if module.contains('\n') || name.contains('\n') {
            return Err(WriteError::BadName(id));
        }
        // Python 2 needs ASCII; Python 3 writes ASCII too in its protocols.
        if self.protocol < 3 && !(module.is_ascii() && name.is_ascii()) {
            return Err(WriteError::BadName(id));
        }
        let (module, name) = if self.protocol == 3 { python3_name(module, name) } else { (module, name) };
        // Below protocol 4 only `getattr` can resolve dotted names.
        let dots = name.bytes().filter(|&byte| byte == b'.').count();
        for _ in 0..dots {
            self.python2_global("__builtin__", "builtins", "getattr");
        }
        let mut parts = name.split('.');
        self.lines(module, parts.next().unwrap_or_default());
        for part in parts {
            self.text(id, part.as_bytes())?;
            self.op(Opcode::Tuple2);
            self.op(Opcode::Reduce);
        }
        Ok(())
    }

    pub(super) fn stack_global(&mut self, module: &'a str, name: &str) -> Result<(), WriteError> {
        let long = || WriteError::Host("a name is longer than a pickle can hold".into());
        match self.modules.get(module) {
            Some(&place) => self.get(place),
            None => {
                self.name(module).ok_or_else(long)?;
                let place = self.put()?;
                self.modules.insert(module, place);
            }
        }
        self.name(name).ok_or_else(long)?;
        self.op(Opcode::StackGlobal);
        Ok(())
    }

    pub(super) fn name(&mut self, name: &str) -> Option<()> {
        match u8::try_from(name.len()) {
            Ok(length) => self.frame.extend([Opcode::ShortBinUnicode.byte(), length]),
            Err(_) => {
                let length = u32::try_from(name.len()).ok()?;
                self.op(Opcode::BinUnicode);
                self.frame.extend(length.to_le_bytes());
            }
        }
        self.frame.extend_from_slice(name.as_bytes());
        Some(())
    }

    /// A name that the writer itself adds, below protocol 4: protocol 2 is for Python 2, whose modules have other names.
    pub(super) fn python2_global(&mut self, python2: &str, python3: &str, name: &str) {
        self.lines(if self.protocol < 3 { python2 } else { python3 }, name);
    }

    pub(super) fn lines(&mut self, module: &str, name: &str) {
        self.op(Opcode::Global);
        self.frame.extend_from_slice(module.as_bytes());
        self.frame.push(b'\n');
        self.frame.extend_from_slice(name.as_bytes());
        self.frame.push(b'\n');
    }

    // Memo, opcodes, frames.

    /// Stores the top value in the memo with the next key.
    pub(super) fn put(&mut self) -> Result<u32, WriteError> {
        let place = self.memo;
        self.memo = place.checked_add(1).ok_or(WriteError::Entangled)?;
        if self.protocol >= 4 {
            self.op(Opcode::Memoize);
        } else if let Ok(short) = u8::try_from(place) {
            self.op(Opcode::BinPut);
            self.frame.push(short);
        } else {
            self.op(Opcode::LongBinPut);
            self.frame.extend(place.to_le_bytes());
        }
        Ok(place)
    }

    pub(super) fn get(&mut self, place: u32) {
        if let Ok(short) = u8::try_from(place) {
            self.op(Opcode::BinGet);
            self.frame.push(short);
        } else {
            self.op(Opcode::LongBinGet);
            self.frame.extend(place.to_le_bytes());
        }
    }

    pub(super) fn op(&mut self, opcode: Opcode) {
        self.frame.push(opcode.byte());
    }

    pub(super) fn end_frame(&mut self) -> Result<(), WriteError> {
        if self.protocol >= 4 && self.frame.len() >= LEAST_FRAME {
            let length = u64::try_from(self.frame.len()).unwrap_or(u64::MAX);
            self.out.write(&[Opcode::Frame.byte()])?;
            self.out.write(&length.to_le_bytes())?;
        }
        self.out.write(&self.frame)?;
        self.frame.clear();
        Ok(())
    }

    pub(super) fn not_in_protocol(&self, node: NodeId) -> WriteError {
        WriteError::NotInProtocol { node, protocol: self.protocol, found: self.graph.node(node).kind() }
    }
}
