//! The table of the pickle machine's opcodes, protocols 0 to 5: written once; everything else is derived from it.

/// The argument after an opcode's byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Nothing.
    None,
    /// One unsigned byte.
    UInt1,
    /// Two bytes, unsigned, little-endian.
    UInt2,
    /// Four bytes, signed, little-endian.
    Int4,
    /// Four bytes, unsigned, little-endian.
    UInt4,
    /// Eight bytes, unsigned, little-endian.
    UInt8,
    /// Eight bytes, IEEE 754, big-endian: the only big-endian argument there is.
    Float8,
    /// Text up to a newline.
    Line,
    /// Two texts, each up to a newline.
    TwoLines,
    /// A length of one byte, and that many bytes.
    Bytes1,
    /// A length of four bytes, unsigned, and that many bytes.
    Bytes4,
    /// A length of four bytes, signed and not negative, and that many bytes.
    SignedBytes4,
    /// A length of eight bytes, unsigned, and that many bytes.
    Bytes8,
}

macro_rules! opcodes {
    ($(#[doc = $doc:literal] $variant:ident $name:ident $byte:literal $protocol:literal $argument:ident
       [$before:literal => $after:literal];)*) => {
        /// An opcode of the pickle machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Opcode {
            $(#[doc = $doc] $variant,)*
        }

        impl Opcode {
            /// Every opcode, in the order of the protocols that introduced them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The opcode with this byte.
            #[inline]
            pub fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its byte.
            pub fn byte(self) -> u8 {
                match self { $(Self::$variant => $byte,)* }
            }

            /// CPython's name for it, as `pickletools` prints it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($name),)* }
            }

            /// The protocol that introduced it.
            pub fn protocol(self) -> u8 {
                match self { $(Self::$variant => $protocol,)* }
            }

            /// Its argument.
            #[inline]
            pub fn argument(self) -> ArgumentKind {
                match self { $(Self::$variant => ArgumentKind::$argument,)* }
            }

            /// The values that it takes from the stack, the top last; `slice` is everything after a `mark`.
            pub fn before(self) -> &'static str {
                match self { $(Self::$variant => $before,)* }
            }

            /// The values that replace [`Opcode::before`].
            pub fn after(self) -> &'static str {
                match self { $(Self::$variant => $after,)* }
            }

            /// A description.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii(),)* }
            }
        }
    };
}

opcodes! {
    /// Puts a mark on the stack.
    Mark MARK b'(' 0 None ["" => "mark"];
    /// Ends the pickle; its value is on top of the stack.
    Stop STOP b'.' 0 None ["any" => ""];
    /// Drops the top value or mark.
    Pop POP b'0' 0 None ["any" => ""];
    /// Duplicates the top value.
    Dup DUP b'2' 0 None ["any" => "any any"];
    /// A float, in decimal.
    Float FLOAT b'F' 0 Line ["" => "float"];
    /// An integer or a bool (`00`, `01`), in decimal.
    Int INT b'I' 0 Line ["" => "int_or_bool"];
    /// An integer, in decimal, with Python 2's `L`.
    Long LONG b'L' 0 Line ["" => "int"];
    /// `None`.
    None NONE b'N' 0 None ["" => "none"];
    /// A persistent id, as text.
    PersId PERSID b'P' 0 Line ["" => "any"];
    /// Calls the value below with the tuple on top.
    Reduce REDUCE b'R' 0 None ["any any" => "any"];
    /// A Python 2 `str`, as Python writes it in source.
    String STRING b'S' 0 Line ["" => "bytes_or_str"];
    /// A string in the `raw-unicode-escape` encoding.
    Unicode UNICODE b'V' 0 Line ["" => "str"];
    /// Appends to the list below.
    Append APPEND b'a' 0 None ["list any" => "list"];
    /// Sets the state on top in the object below.
    Build BUILD b'b' 0 None ["any any" => "any"];
    /// A name in a module.
    Global GLOBAL b'c' 0 TwoLines ["" => "any"];
    /// A dict of everything after the mark.
    Dict DICT b'd' 0 None ["mark slice" => "dict"];
    /// The value of the memo with a decimal key.
    Get GET b'g' 0 Line ["" => "any"];
    /// An instance of the class named, made with everything after the mark.
    Inst INST b'i' 0 TwoLines ["mark slice" => "any"];
    /// A list of everything after the mark.
    List LIST b'l' 0 None ["mark slice" => "list"];
    /// Stores the top value in the memo, with a decimal key.
    Put PUT b'p' 0 Line ["any" => "any"];
    /// Sets a key of the dict below.
    SetItem SETITEM b's' 0 None ["dict any any" => "dict"];
    /// A tuple of everything after the mark.
    Tuple TUPLE b't' 0 None ["mark slice" => "tuple"];

    /// Drops everything down to the mark.
    PopMark POP_MARK b'1' 1 None ["mark slice" => ""];
    /// A float of eight bytes, big-endian.
    BinFloat BINFLOAT b'G' 1 Float8 ["" => "float"];
    /// A signed integer of four bytes.
    BinInt BININT b'J' 1 Int4 ["" => "int"];
    /// An unsigned integer of one byte.
    BinInt1 BININT1 b'K' 1 UInt1 ["" => "int"];
    /// An unsigned integer of two bytes.
    BinInt2 BININT2 b'M' 1 UInt2 ["" => "int"];
    /// A persistent id: the top value.
    BinPersId BINPERSID b'Q' 1 None ["any" => "any"];
    /// A Python 2 `str` with a length of four bytes.
    BinString BINSTRING b'T' 1 SignedBytes4 ["" => "bytes_or_str"];
    /// A Python 2 `str` with a length of one byte.
    ShortBinString SHORT_BINSTRING b'U' 1 Bytes1 ["" => "bytes_or_str"];
    /// A string in UTF-8 with a length of four bytes.
    BinUnicode BINUNICODE b'X' 1 Bytes4 ["" => "str"];
    /// Appends everything after the mark to the list below.
    Appends APPENDS b'e' 1 None ["list mark slice" => "list"];
    /// The value of the memo with a key of one byte.
    BinGet BINGET b'h' 1 UInt1 ["" => "any"];
    /// The value of the memo with a key of four bytes.
    LongBinGet LONG_BINGET b'j' 1 UInt4 ["" => "any"];
    /// An instance of the class right after the mark, made with everything after that.
    Obj OBJ b'o' 1 None ["mark any slice" => "any"];
    /// Stores the top value in the memo, with a key of one byte.
    BinPut BINPUT b'q' 1 UInt1 ["any" => "any"];
    /// Stores the top value in the memo, with a key of four bytes.
    LongBinPut LONG_BINPUT b'r' 1 UInt4 ["any" => "any"];
    /// Sets the keys after the mark of the dict below.
    SetItems SETITEMS b'u' 1 None ["dict mark slice" => "dict"];
    /// An empty tuple.
    EmptyTuple EMPTY_TUPLE b')' 1 None ["" => "tuple"];
    /// An empty list.
    EmptyList EMPTY_LIST b']' 1 None ["" => "list"];
    /// An empty dict.
    EmptyDict EMPTY_DICT b'}' 1 None ["" => "dict"];

    /// The protocol of the pickle.
    Proto PROTO b'\x80' 2 UInt1 ["" => ""];
    /// An object of the class below, made by `__new__` with the tuple on top.
    NewObj NEWOBJ b'\x81' 2 None ["any any" => "any"];
    /// An entry of the extension registry, of one byte.
    Ext1 EXT1 b'\x82' 2 UInt1 ["" => "any"];
    /// An entry of the extension registry, of two bytes.
    Ext2 EXT2 b'\x83' 2 UInt2 ["" => "any"];
    /// An entry of the extension registry, of four bytes.
    Ext4 EXT4 b'\x84' 2 Int4 ["" => "any"];
    /// A tuple of the top value.
    Tuple1 TUPLE1 b'\x85' 2 None ["any" => "tuple"];
    /// A tuple of the two values on top.
    Tuple2 TUPLE2 b'\x86' 2 None ["any any" => "tuple"];
    /// A tuple of the three values on top.
    Tuple3 TUPLE3 b'\x87' 2 None ["any any any" => "tuple"];
    /// `True`.
    NewTrue NEWTRUE b'\x88' 2 None ["" => "bool"];
    /// `False`.
    NewFalse NEWFALSE b'\x89' 2 None ["" => "bool"];
    /// An integer in two's complement, with a length of one byte.
    Long1 LONG1 b'\x8a' 2 Bytes1 ["" => "int"];
    /// An integer in two's complement, with a length of four bytes.
    Long4 LONG4 b'\x8b' 2 SignedBytes4 ["" => "int"];

    /// Bytes with a length of four bytes.
    BinBytes BINBYTES b'B' 3 Bytes4 ["" => "bytes"];
    /// Bytes with a length of one byte.
    ShortBinBytes SHORT_BINBYTES b'C' 3 Bytes1 ["" => "bytes"];

    /// A string in UTF-8 with a length of one byte.
    ShortBinUnicode SHORT_BINUNICODE b'\x8c' 4 Bytes1 ["" => "str"];
    /// A string in UTF-8 with a length of eight bytes.
    BinUnicode8 BINUNICODE8 b'\x8d' 4 Bytes8 ["" => "str"];
    /// Bytes with a length of eight bytes.
    BinBytes8 BINBYTES8 b'\x8e' 4 Bytes8 ["" => "bytes"];
    /// An empty set.
    EmptySet EMPTY_SET b'\x8f' 4 None ["" => "set"];
    /// Adds everything after the mark to the set below.
    AddItems ADDITEMS b'\x90' 4 None ["set mark slice" => "set"];
    /// A frozenset of everything after the mark.
    FrozenSet FROZENSET b'\x91' 4 None ["mark slice" => "frozenset"];
    /// An object made by `__new__` with positional arguments and, on top, keyword arguments.
    NewObjEx NEWOBJ_EX b'\x92' 4 None ["any any any" => "any"];
    /// A name in a module, both from the stack.
    StackGlobal STACK_GLOBAL b'\x93' 4 None ["str str" => "any"];
    /// Stores the top value in the memo, with the next key.
    Memoize MEMOIZE b'\x94' 4 None ["any" => "any"];
    /// A frame: the number of following bytes that can be read at once.
    Frame FRAME b'\x95' 4 UInt8 ["" => ""];

    /// A bytearray with a length of eight bytes.
    ByteArray8 BYTEARRAY8 b'\x96' 5 Bytes8 ["" => "bytearray"];
    /// The next out-of-band buffer.
    NextBuffer NEXT_BUFFER b'\x97' 5 None ["" => "buffer"];
    /// Makes the buffer on top read-only.
    ReadonlyBuffer READONLY_BUFFER b'\x98' 5 None ["buffer" => "buffer"];
}

impl Opcode {
    /// Whether it takes everything down to the last mark.
    pub fn takes_mark(self) -> bool {
        self.before().split(' ').any(|slot| slot == "mark")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_names_are_unique_and_lead_back() {
        for (index, &opcode) in Opcode::ALL.iter().enumerate() {
            assert_eq!(Opcode::from_byte(opcode.byte()), Some(opcode));
            assert!(!opcode.doc().is_empty() && opcode.protocol() <= 5);
            for &other in &Opcode::ALL[..index] {
                assert_ne!(opcode.name(), other.name());
                assert_ne!(opcode.byte(), other.byte());
            }
        }
        assert_eq!(Opcode::ALL.len(), 68);
    }
}
