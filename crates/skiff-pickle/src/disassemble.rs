//! Pickles as text, one opcode per line, as `python -m pickletools` prints them.

use std::fmt::Write as _;
use std::io;
use std::ops::Range;

use crate::decode::{Argument, BytesAt, Decoder, Instruction};
use crate::error::Error;
use crate::opcode::Opcode;

/// Prints every opcode of the pickles in `bytes`, one pickle after the other, with offset, argument, and open
/// marks as indentation.
///
/// `gaps`, in order, are bytes between opcodes (joblib's arrays): they are mentioned and skipped. Long arguments are
/// truncated. Bytes that are not opcodes end the text with a line about them, and are returned as the error.
///
/// # Errors
/// Errors of `out`.
pub fn disassemble(bytes: &[u8], gaps: &[Range<usize>], out: &mut dyn io::Write) -> io::Result<Option<Error>> {
    let mut decoder = Decoder::new(bytes, 0);
    let mut gaps = gaps.iter().peekable();
    let mut marks = Marks::default();
    let mut protocol = 0;
    let mut line = String::new();
    while decoder.offset() < bytes.len() {
        while let Some(gap) = gaps.next_if(|gap| gap.start <= decoder.offset()) {
            if gap.start == decoder.offset() && gap.end > gap.start {
                writeln!(out, "{:5}: {} bytes of content", gap.start, gap.len())?;
                decoder.go_on_at(gap.end);
            }
        }
        if decoder.offset() >= bytes.len() {
            break;
        }
        let instruction = match decoder.instruction() {
            Ok(instruction) => instruction,
            Err(error) => {
                writeln!(out, "{:5}: {}", error.offset, error.kind)?;
                return Ok(Some(error));
            }
        };
        let mark = marks.step(&instruction);
        line.clear();
        print(&mut line, &instruction, marks.before.min(DEEPEST), mark, marks.memoized);
        writeln!(out, "{line}")?;
        protocol = protocol.max(instruction.opcode.protocol());
        if instruction.opcode == Opcode::Stop {
            writeln!(out, "highest protocol among opcodes = {protocol}")?;
            protocol = 0;
            marks = Marks::default();
        }
    }
    Ok(None)
}

/// The deepest indentation: the output for a file of only marks would be quadratic.
const DEEPEST: usize = 40;

/// How many characters of an argument are printed.
const LONGEST: usize = 100;

/// The part of the pickle machine that determines which mark an opcode takes.
#[derive(Default)]
struct Marks {
    /// For each open mark, its offset and the number of values above it.
    open: Vec<(usize, u64)>,
    /// The number of values below all marks.
    ground: u64,
    /// The number of memo entries, if each key is used once.
    memo: u64,
    /// How many marks were open before the last step, less those that it took.
    before: usize,
    /// The memo key that the last step used.
    memoized: Option<u64>,
}

impl Marks {
    /// Executes a step; returns the offset of the mark that the opcode took.
    fn step(&mut self, instruction: &Instruction<'_>) -> Option<usize> {
        let opcode = instruction.opcode;
        self.memoized = None;
        match opcode {
            Opcode::Memoize => {
                self.memoized = Some(self.memo);
                self.memo = self.memo.saturating_add(1);
            }
            Opcode::Put | Opcode::BinPut | Opcode::LongBinPut => self.memo = self.memo.saturating_add(1),
            _ => {}
        }
        let pops_mark = opcode == Opcode::Pop && matches!(self.open.last(), Some((_, 0)));
        let taken = if opcode.takes_mark() || pops_mark { self.open.pop().map(|(offset, _)| offset) } else { None };
        self.before = self.open.len();
        if opcode == Opcode::Mark {
            self.open.push((instruction.offset, 0));
            return None;
        }
        let values = |slots: &str| slots.split(' ').filter(|slot| !matches!(*slot, "" | "mark" | "slice")).count();
        // `OBJ`'s class is above the mark, and was removed with it.
        let before = match opcode {
            Opcode::Obj => 0,
            Opcode::Pop if pops_mark => 0,
            _ => values(opcode.before()),
        };
        let after = values(opcode.after());
        let count = self.open.last_mut().map_or(&mut self.ground, |(_, count)| count);
        let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        *count = count.saturating_sub(many(before)).saturating_add(many(after));
        taken
    }
}

fn print(line: &mut String, instruction: &Instruction<'_>, depth: usize, mark: Option<usize>, memoized: Option<u64>) {
    let opcode = instruction.opcode;
    let code = match opcode.byte() {
        byte @ b' '..=b'~' => char::from(byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    };
    let indent = " ".repeat(depth.saturating_mul(4));
    // Writing to a `String` cannot fail.
    let _ = write!(line, "{:5}: {code:<4} {indent}{}", instruction.offset, opcode.name());
    let has_argument = !matches!(instruction.argument, Argument::None);
    if !has_argument && mark.is_none() && memoized.is_none() {
        return;
    }
    line.push_str(&" ".repeat(10usize.saturating_sub(opcode.name().len())));
    match instruction.argument {
        Argument::None => {}
        Argument::Int(value) => _ = write!(line, " {value}"),
        Argument::Size(value) => _ = write!(line, " {value}"),
        Argument::Float(value) => _ = write!(line, " {value:?}"),
        Argument::Bytes(part) => {
            line.push(' ');
            print_part(line, opcode, part);
        }
        Argument::Pair(module, name) => {
            line.push_str(" '");
            escape(line, module.bytes, Style::Text);
            line.push(' ');
            escape(line, name.bytes, Style::Text);
            line.push('\'');
        }
    }
    if let Some(place) = memoized {
        let _ = write!(line, " (as {place})");
    }
    if let Some(mark) = mark {
        let _ = write!(line, " (MARK at {mark})");
    }
}

fn print_part(line: &mut String, opcode: Opcode, part: BytesAt<'_>) {
    match opcode {
        // Already in Python's notation.
        Opcode::Int | Opcode::Long | Opcode::Float | Opcode::Get | Opcode::Put | Opcode::String => {
            escape(line, part.bytes, Style::Source);
            cut(line, part.bytes.len(), LONGEST);
        }
        Opcode::Long1 | Opcode::Long4 => match crate::text::small(part.bytes) {
            Some(value) => _ = write!(line, "{value}"),
            None => {
                line.push_str("0x");
                // The highest bytes come last in the file and first in print.
                for byte in part.bytes.iter().rev().take(LONGEST / 2) {
                    let _ = write!(line, "{byte:02x}");
                }
                cut(line, part.bytes.len(), LONGEST / 2);
            }
        },
        _ => {
            let style = match opcode {
                Opcode::Unicode => Style::Source,
                Opcode::BinUnicode | Opcode::ShortBinUnicode | Opcode::BinUnicode8 | Opcode::PersId => Style::Text,
                _ => Style::Bytes,
            };
            let prefix = match opcode {
                Opcode::ByteArray8 => "bytearray(b",
                Opcode::BinBytes | Opcode::ShortBinBytes | Opcode::BinBytes8 => "b",
                _ => "",
            };
            line.push_str(prefix);
            line.push('\'');
            escape(line, part.bytes, style);
            line.push('\'');
            if opcode == Opcode::ByteArray8 {
                line.push(')');
            }
            cut(line, part.bytes.len(), LONGEST);
        }
    }
}

/// The encoding of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Anything.
    Bytes,
    /// UTF-8.
    Text,
    /// UTF-8 with its own escapes.
    Source,
}

/// Prints what can be printed, up to [`LONGEST`] bytes of it, and escapes the rest, so that no file can control a terminal.
fn escape(line: &mut String, bytes: &[u8], style: Style) {
    let head = bytes.get(..LONGEST).unwrap_or(bytes);
    let mut rest = head;
    while !rest.is_empty() {
        let (valid, broken) = match std::str::from_utf8(rest) {
            Ok(valid) if style != Style::Bytes => (valid, 0),
            Err(error) if style != Style::Bytes => {
                let (valid, after) = rest.split_at(error.valid_up_to());
                (std::str::from_utf8(valid).unwrap_or_default(), error.error_len().unwrap_or(after.len()))
            }
            _ => ("", rest.len()),
        };
        for char in valid.chars() {
            match char {
                '\\' | '\'' if style != Style::Source => line.extend(['\\', char]),
                char if char.is_control() || is_format(char) => line.extend(char.escape_unicode()),
                char => line.push(char),
            }
        }
        let (bytes, after) = rest.get(valid.len()..).unwrap_or_default().split_at(broken);
        for &byte in bytes {
            match byte {
                b'\\' | b'\'' => line.extend(['\\', char::from(byte)]),
                b' '..=b'~' => line.push(char::from(byte)),
                byte => _ = write!(line, "\\x{byte:02x}"),
            }
        }
        rest = after;
    }
}

/// Bidirectional control characters, and invisible characters.
fn is_format(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn cut(line: &mut String, len: usize, shown: usize) {
    if len > shown {
        let _ = write!(line, "… ({len} bytes)");
    }
}
