//! What each opcode does.

use super::used::Used;
use super::{End, Host};
use crate::decode::{Argument, BytesAt, Decoder, Instruction};
use crate::error::{Error, ErrorKind};
use crate::graph::{Global, Graph, Make, Node, NodeId};
use crate::limits::Budget;
use crate::memo::Memo;
use crate::opcode::Opcode;
use crate::text;

pub(super) struct Machine<'a> {
    pub(super) graph: &'a mut Graph,
    pub(super) budget: &'a mut Budget,
    pub(super) buffer: u32,
    pub(super) decoder: Decoder<'a>,
    pub(super) stack: Vec<NodeId>,
    /// The height of the stack at each mark.
    pub(super) marks: Vec<usize>,
    pub(super) memo: Memo,
    /// The nodes that calls and states have read.
    pub(super) used: Used,
    /// The number of `NEXT_BUFFER`s so far.
    pub(super) buffers: u32,
    pub(super) singles: Singles,
    /// The current opcode and its offset, for errors.
    pub(super) offset: usize,
    pub(super) opcode: Opcode,
}

/// Singletons of Python.
#[derive(Default)]
pub(super) struct Singles {
    pub(super) none: Option<NodeId>,
    pub(super) no: Option<NodeId>,
    pub(super) yes: Option<NodeId>,
    pub(super) empty: Option<NodeId>,
}

impl Machine<'_> {
    pub(super) fn run(mut self, host: &mut dyn Host) -> Result<End, Error> {
        let mut steps = 0_u32;
        loop {
            // The clock is read rarely: it costs as much as dozens of opcodes.
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(4_096) {
                self.budget.time(self.offset)?;
            }
            let instruction = self.decoder.instruction()?;
            self.offset = instruction.offset;
            self.opcode = instruction.opcode;
            match instruction.opcode {
                Opcode::Stop => {
                    let root = self.pop()?;
                    let offset = self.decoder.offset();
                    let frame_left = self.decoder.frame_end().map_or(0, |end| end.saturating_sub(offset));
                    return Ok(End { root, offset, frame_left });
                }
                Opcode::Build => self.build(host)?,
                _ => self.step(instruction)?,
            }
        }
    }

    pub(super) fn step(&mut self, instruction: Instruction<'_>) -> Result<(), Error> {
        use Opcode as Op;
        match (instruction.opcode, instruction.argument) {
            // The stack.
            (Op::Mark, _) => self.marks.push(self.stack.len()),
            (Op::Pop, _) => {
                // On an empty stack `POP` removes the mark, as in CPython.
                if self.stack.len() > self.fence() {
                    self.stack.pop();
                } else if self.marks.pop().is_none() {
                    return Err(self.underflow());
                }
            }
            (Op::PopMark, _) => {
                let mark = self.pop_mark()?;
                self.stack.truncate(mark);
            }
            (Op::Dup, _) => {
                let top = self.top()?;
                self.stack.push(top);
            }

            // The memo.
            (Op::Get | Op::Put, Argument::Bytes(line)) => {
                let key = match text::integer(line.bytes, text::Base::Ten) {
                    Some(text::Integer::Small(key)) => u64::try_from(key).ok(),
                    _ => None,
                };
                let key = key.ok_or_else(|| self.bad_text("a key of the memo"))?;
                if self.opcode == Op::Get { self.get(key)? } else { self.put(key)? }
            }
            (Op::BinGet | Op::LongBinGet, Argument::Int(key)) => self.get(key.unsigned_abs())?,
            (Op::BinPut | Op::LongBinPut, Argument::Int(key)) => self.put(key.unsigned_abs())?,
            (Op::Memoize, _) => self.put(self.memo.len())?,

            // Values.
            (Op::None, _) => self.single(|singles| &mut singles.none, Node::None)?,
            (Op::NewTrue, _) => self.single(|singles| &mut singles.yes, Node::Bool(true))?,
            (Op::NewFalse, _) => self.single(|singles| &mut singles.no, Node::Bool(false))?,
            (Op::BinInt | Op::BinInt1 | Op::BinInt2, Argument::Int(value)) => self.push(Node::Int(value))?,
            (Op::Int, Argument::Bytes(BytesAt { bytes: b"00", .. })) => {
                self.single(|singles| &mut singles.no, Node::Bool(false))?;
            }
            (Op::Int, Argument::Bytes(BytesAt { bytes: b"01", .. })) => {
                self.single(|singles| &mut singles.yes, Node::Bool(true))?;
            }
            (Op::Int, Argument::Bytes(line)) => self.integer(line.bytes)?,
            (Op::Long, Argument::Bytes(line)) => self.integer(line.bytes.strip_suffix(b"L").unwrap_or(line.bytes))?,
            (Op::Long1 | Op::Long4, Argument::Bytes(part)) => self.long(part)?,
            (Op::Float, Argument::Bytes(line)) => {
                let value = text::float(line.bytes).ok_or_else(|| self.bad_text("a float"))?;
                self.push(Node::Float(value))?;
            }
            (Op::BinFloat, Argument::Float(value)) => self.push(Node::Float(value))?,
            (Op::String, Argument::Bytes(line)) => self.string(line)?,
            (Op::BinString | Op::ShortBinString, Argument::Bytes(part)) => {
                self.budget.array(size(part.bytes), self.offset)?;
                self.push(Node::ByteStr(self.span(part)))?;
            }
            (Op::Unicode, Argument::Bytes(line)) => self.unicode(line)?,
            (Op::BinUnicode | Op::ShortBinUnicode | Op::BinUnicode8, Argument::Bytes(part)) => {
                if !text::is_utf8_with_surrogates(part.bytes) {
                    return Err(self.bad_text("UTF-8"));
                }
                self.push(Node::Str(self.span(part)))?;
            }
            (Op::BinBytes | Op::ShortBinBytes | Op::BinBytes8, Argument::Bytes(part)) => {
                self.budget.array(size(part.bytes), self.offset)?;
                self.push(Node::Bytes(self.span(part)))?;
            }
            (Op::ByteArray8, Argument::Bytes(part)) => {
                self.budget.array(size(part.bytes), self.offset)?;
                self.push(Node::ByteArray(self.span(part)))?;
            }
            (Op::NextBuffer, _) => {
                let index = self.buffers;
                self.buffers = index.checked_add(1).ok_or_else(|| self.exceeded("buffers", u32::MAX.into()))?;
                self.push(Node::Buffer { index, readonly: false })?;
            }
            (Op::ReadonlyBuffer, _) => self.readonly_buffer()?,

            // Containers.
            (Op::EmptyTuple, _) => self.empty_tuple()?,
            (Op::Tuple1, _) => self.tuple(1)?,
            (Op::Tuple2, _) => self.tuple(2)?,
            (Op::Tuple3, _) => self.tuple(3)?,
            (Op::Tuple, _) => {
                let mark = self.pop_mark()?;
                if self.stack.len() == mark {
                    return self.empty_tuple();
                }
                let items = self.stack.drain(mark..).collect();
                self.push(Node::Tuple(items))?;
            }
            (Op::EmptyList, _) => self.push(Node::List(Vec::new()))?,
            (Op::List, _) => {
                let items = self.slice()?;
                self.push(Node::List(items))?;
            }
            (Op::Append, _) => {
                self.expect_values(2)?;
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            (Op::Appends, _) => {
                let items = self.slice()?;
                self.extend(items)?;
            }
            (Op::EmptyDict, _) => self.push(Node::Dict(Vec::new()))?,
            (Op::Dict, _) => {
                let items = self.pairs()?;
                self.push(Node::Dict(items))?;
            }
            (Op::SetItem, _) => {
                self.expect_values(3)?;
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![(key, value)])?;
            }
            (Op::SetItems, _) => {
                let items = self.pairs()?;
                self.set_items(items)?;
            }
            (Op::EmptySet, _) => self.push(Node::Set(Vec::new()))?,
            (Op::AddItems, _) => {
                let items = self.slice()?;
                self.add(items)?;
            }
            (Op::FrozenSet, _) => {
                let items = self.slice()?;
                self.push(Node::FrozenSet(items.into()))?;
            }

            // Names, and calls that are not made.
            (Op::Global, Argument::Pair(module, name)) => {
                let global = self.named(module, name)?;
                self.push(global)?;
            }
            (Op::StackGlobal, _) => {
                self.expect_values(2)?;
                let name = self.pop_text()?;
                let module = self.pop_text()?;
                self.push(Node::Global(Global { module, name }))?;
            }
            (Op::Ext1 | Op::Ext2 | Op::Ext4, Argument::Int(code)) => {
                let code = u32::try_from(code).ok().filter(|&code| code > 0);
                let code = code.ok_or_else(|| self.bad_text("a code of one or more"))?;
                self.push(Node::Extension(code))?;
            }
            (Op::PersId, Argument::Bytes(line)) => {
                if !line.bytes.is_ascii() {
                    return Err(self.bad_text("ASCII"));
                }
                let id = self.node(Node::Str(self.span(line)))?;
                self.push(Node::Persistent(id))?;
            }
            (Op::BinPersId, _) => {
                let id = self.pop()?;
                self.push(Node::Persistent(id))?;
            }
            (Op::Reduce, _) => self.call(Make::Reduce)?,
            (Op::NewObj, _) => self.call(Make::NewObj)?,
            (Op::NewObjEx, _) => {
                self.expect_values(3)?;
                let keywords = self.pop()?;
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.object(Make::NewObjEx, callable, arguments, Some(keywords))?;
            }
            (Op::Inst, Argument::Pair(module, name)) => {
                let global = self.named(module, name)?;
                let arguments = self.slice()?;
                let callable = self.node(global)?;
                let arguments = self.node(Node::Tuple(arguments.into()))?;
                self.object(Make::Inst, callable, arguments, None)?;
            }
            (Op::Obj, _) => {
                let mut arguments = self.slice()?.into_iter();
                let callable = arguments.next().ok_or_else(|| self.underflow())?;
                let arguments = self.node(Node::Tuple(arguments.collect()))?;
                self.object(Make::Obj, callable, arguments, None)?;
            }

            // Opcodes about the pickle itself.
            (Op::Proto, Argument::Int(protocol)) => {
                let protocol = u8::try_from(protocol).unwrap_or(u8::MAX);
                if protocol > 5 {
                    return Err(Error::new(self.offset, ErrorKind::UnknownProtocol(protocol)));
                }
            }
            (Op::Frame, _) => {}

            // `decode` gives each opcode the argument of its kind; `run` handles `STOP` and `BUILD`.
            (Op::Stop | Op::Build, _)
            | (Op::Get | Op::Put | Op::BinGet | Op::LongBinGet | Op::BinPut | Op::LongBinPut, _)
            | (Op::BinInt | Op::BinInt1 | Op::BinInt2 | Op::Int | Op::Long | Op::Long1 | Op::Long4, _)
            | (Op::Float | Op::BinFloat | Op::String | Op::BinString | Op::ShortBinString | Op::Unicode, _)
            | (Op::BinUnicode | Op::ShortBinUnicode | Op::BinUnicode8 | Op::ByteArray8, _)
            | (Op::BinBytes | Op::ShortBinBytes | Op::BinBytes8 | Op::Global | Op::Inst | Op::PersId, _)
            | (Op::Ext1 | Op::Ext2 | Op::Ext4 | Op::Proto, _) => {
                return Err(self.bad_text("an argument of its own kind"));
            }
        }
        Ok(())
    }

    // Values from texts.
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
