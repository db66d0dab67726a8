//! Parquet's own structures, walked before they are read: the reader allocates what a list or a page says of itself.
//!
//! The fields are those of the Parquet format, each of its type and in ascending order, so that the reader sees the same
//! structures as this walk does: it goes by a field's number and believes its type.

use crate::Error;

/// A type of Thrift's compact protocol.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    Bool,
    Byte,
    I32,
    I64,
    Binary,
    /// A struct with these fields.
    Struct(&'static [(u16, Type)]),
    /// A list of structs with these fields.
    Structs(&'static [(u16, Type)]),
}

const EMPTY: Type = Type::Struct(&[]);
const TIME_UNIT: Type = Type::Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]);
const TIME: Type = Type::Struct(&[(1, Type::Bool), (2, TIME_UNIT)]);
/// A union.
const LOGICAL_TYPE: Type = Type::Struct(&[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Type::Struct(&[(1, Type::I32), (2, Type::I32)])),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Type::Struct(&[(1, Type::Byte), (2, Type::Bool)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
]);
const SCHEMA_ELEMENT: &[(u16, Type)] = &[
    (1, Type::I32),
    (2, Type::I32),
    (3, Type::I32),
    (4, Type::Binary),
    (5, Type::I32),
    (6, Type::I32),
    (7, Type::I32),
    (8, Type::I32),
    (9, Type::I32),
    (10, LOGICAL_TYPE),
];
/// The beginning of `FileMetaData`, up to the list of row groups.
const FOOTER: &[(u16, Type)] = &[(1, Type::I32), (2, Type::Structs(SCHEMA_ELEMENT)), (3, Type::I64)];
const ROW_GROUPS: u16 = 4;

const STATISTICS: Type = Type::Struct(&[
    (1, Type::Binary),
    (2, Type::Binary),
    (3, Type::I64),
    (4, Type::I64),
    (5, Type::Binary),
    (6, Type::Binary),
    (7, Type::Bool),
    (8, Type::Bool),
    (9, Type::I64),
]);
const PAGE_HEADER: &[(u16, Type)] = &[
    (1, Type::I32),
    (2, Type::I32),
    (3, Type::I32),
    (4, Type::I32),
    (5, Type::Struct(&[(1, Type::I32), (2, Type::I32), (3, Type::I32), (4, Type::I32), (5, STATISTICS)])),
    (6, EMPTY),
    (7, Type::Struct(&[(1, Type::I32), (2, Type::I32), (3, Type::Bool)])),
    (
        8,
        Type::Struct(&[
            (1, Type::I32),
            (2, Type::I32),
            (3, Type::I32),
            (4, Type::I32),
            (5, Type::I32),
            (6, Type::I32),
            (7, Type::Bool),
            (8, STATISTICS),
        ]),
    ),
];

/// What a page says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageHeader {
    /// The length of the header itself.
    pub length: usize,
    pub compressed: u64,
    pub uncompressed: u64,
    /// The bytes at its beginning that are never compressed.
    pub levels: u64,
    /// Whether the rest is compressed by the column's codec.
    pub is_compressed: bool,
    /// Whether it is a dictionary.
    pub is_dictionary: bool,
    pub values: u64,
    /// Parquet's number of the encoding of its values.
    pub encoding: i64,
}

fn damaged(what: &str) -> Error {
    Error::new(format!("the file is damaged: {what}"))
}

/// How deep structures of a footer may be nested.
const MOST_DEEP: usize = 32;

/// Checks that no list in the footer of a file is longer than the bytes that follow, known to the format or not: the reader
/// steps over what it does not know, element by element, and takes bools in lists for ones without a byte.
pub fn check_lists(bytes: &[u8]) -> Result<(), Error> {
    Walk { bytes, at: 0 }.skip(STRUCT, MOST_DEEP)
}

/// Checks the footer of a file: its row groups are no more than there are bytes for, nor is any list in it.
pub fn check_footer(bytes: &[u8]) -> Result<(), Error> {
    check_lists(bytes)?;
    let mut walk = Walk { bytes, at: 0 };
    let mut last = 0;
    while let Some((id, code)) = walk.field(last)? {
        last = id;
        if id == ROW_GROUPS {
            let count = walk.list(code)?;
            return match count <= bytes.len() - walk.at {
                true => Ok(()),
                false => Err(damaged("it has more row groups than bytes")),
            };
        }
        walk.value(FOOTER, id, code, &mut |_, _| ())?;
    }
    Err(damaged("its footer has no row groups"))
}

/// The header at the beginning of some bytes.
pub fn page_header(bytes: &[u8]) -> Result<PageHeader, Error> {
    let mut walk = Walk { bytes, at: 0 };
    let mut header = PageHeader {
        length: 0,
        compressed: 0,
        uncompressed: 0,
        levels: 0,
        is_compressed: true,
        is_dictionary: false,
        values: 0,
        encoding: 0,
    };
    // Those that are required are negative until they are found.
    let (mut kind, mut numbers, mut levels) = (-1, [-1; 2], [0; 2]);
    let mut last = 0;
    while let Some((id, code)) = walk.field(last)? {
        last = id;
        walk.value(PAGE_HEADER, id, code, &mut |path, number| match path {
            [1] => kind = number,
            [2] => numbers[0] = number,
            [3] => numbers[1] = number,
            [5 | 7 | 8, 1] => header.values = u64::try_from(number).unwrap_or(u64::MAX),
            [5 | 7, 2] | [8, 4] => header.encoding = number,
            [8, 5] => levels[0] = number,
            [8, 6] => levels[1] = number,
            [8, 7] => header.is_compressed = number == 1,
            _ => (),
        })?;
    }
    let size = |number: i64| u64::try_from(number).map_err(|_| damaged("a page has no or a negative length"));
    (header.uncompressed, header.compressed) = (size(numbers[0])?, size(numbers[1])?);
    header.levels = size(levels[0])?.saturating_add(size(levels[1])?);
    header.is_dictionary = kind == 2;
    header.length = walk.at;
    Ok(header)
}

/// The numbers of types in Thrift's compact protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const STRUCT: u8 = 12;

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn byte(&mut self) -> Result<u8, Error> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| damaged("a structure ends early"))?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        // The tenth byte has one bit, or none.
        match self.byte()? {
            bit @ (0 | 1) => Ok(value | u64::from(bit) << 63),
            _ => Err(damaged("a number is too long")),
        }
    }

    /// The number and the type of the next field; `None` at the end of a struct.
    fn field(&mut self, last: u16) -> Result<Option<(u16, u8)>, Error> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let (delta, code) = (head >> 4, head & 0xf);
        match delta {
            // Writers number fields of these structures in steps of less than 16.
            0 => Err(damaged("the fields of a structure are out of order")),
            _ => Ok(Some((last.saturating_add(u16::from(delta)), code))),
        }
    }

    /// Steps over `length` bytes.
    fn step(&mut self, length: u64) -> Result<(), Error> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        self.at = end.filter(|&end| end <= self.bytes.len()).ok_or_else(|| damaged("a structure ends early"))?;
        Ok(())
    }

    /// Steps over a value of this type; each element of lists and maps has a byte at least.
    fn skip(&mut self, code: u8, depth: usize) -> Result<(), Error> {
        let Some(depth) = depth.checked_sub(1) else { return Err(damaged("its structures are nested too deep")) };
        match code {
            TRUE | FALSE => Ok(()),
            3 => self.step(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.step(8),
            8 => {
                let length = self.varint()?;
                self.step(length)
            }
            9..=11 => {
                let (count, kinds) = match code {
                    11 => match self.varint()? {
                        0 => (0, [STRUCT; 2]),
                        count => {
                            let kinds = self.byte()?;
                            (count, [kinds >> 4, kinds & 0xf])
                        }
                    },
                    _ => {
                        let head = self.byte()?;
                        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                        (count, [head & 0xf; 2])
                    }
                };
                if count > 0 && kinds.iter().any(|kind| [TRUE, FALSE].contains(kind)) {
                    return Err(damaged("its footer has a list of bools"));
                }
                if count > (self.bytes.len() - self.at) as u64 {
                    return Err(damaged("a list is longer than the file"));
                }
                let kinds = if code == 11 { &kinds[..] } else { &kinds[..1] };
                (0..count).try_for_each(|_| kinds.iter().try_for_each(|&kind| self.skip(kind, depth)))
            }
            STRUCT => loop {
                let head = self.byte()?;
                if head == 0 {
                    return Ok(());
                }
                if head >> 4 == 0 {
                    self.varint()?;
                }
                self.skip(head & 0xf, depth)?;
            },
            13 => self.step(16),
            _ => Err(damaged("a field has a type that Thrift does not have")),
        }
    }

    /// The length of a list of structs.
    fn list(&mut self, code: u8) -> Result<usize, Error> {
        if code != 9 {
            return Err(damaged("a field has another type than Parquet's"));
        }
        let head = self.byte()?;
        if head == 0 {
            return Ok(0);
        }
        if head & 0xf != 12 {
            return Err(damaged("a list has another type than Parquet's"));
        }
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        usize::try_from(count).map_err(Error::new)
    }

    /// Walks over the field `id` of a struct with these fields; `found` gets the path and the value of each number and bool.
    fn value(
        &mut self,
        fields: &[(u16, Type)],
        id: u16,
        code: u8,
        found: &mut dyn FnMut(&[u16], i64),
    ) -> Result<(), Error> {
        self.value_at(fields, &mut vec![id], code, found)
    }

    fn value_at(
        &mut self,
        fields: &[(u16, Type)],
        path: &mut Vec<u16>,
        code: u8,
        found: &mut dyn FnMut(&[u16], i64),
    ) -> Result<(), Error> {
        let id = path.last().copied().unwrap_or_default();
        let Some((_, expected)) = fields.iter().find(|(known, _)| *known == id) else {
            return Err(Error::new(format!("a structure has the field {id}, which is not known")));
        };
        match (*expected, code) {
            // A bool is in its type.
            (Type::Bool, 1 | 2) => found(path, i64::from(code == 1)),
            (Type::Byte, 3) => {
                self.byte()?;
            }
            (Type::I32, 5) | (Type::I64, 6) => {
                let value = self.varint()?;
                let number = i64::from_ne_bytes((value >> 1).to_ne_bytes()) ^ -i64::from(value & 1 == 1);
                found(path, number);
            }
            (Type::Binary, 8) => {
                let length = self.varint()?;
                self.step(length)?;
            }
            (Type::Struct(fields), 12) => self.walk_struct(fields, path, found)?,
            (Type::Structs(fields), 9) => {
                let count = self.list(code)?;
                if count > self.bytes.len() - self.at {
                    return Err(damaged("a list is longer than the file"));
                }
                for _ in 0..count {
                    self.walk_struct(fields, path, found)?;
                }
            }
            _ => return Err(damaged("a field has another type than Parquet's")),
        }
        Ok(())
    }

    /// The depth is that of the tables above.
    fn walk_struct(
        &mut self,
        fields: &'static [(u16, Type)],
        path: &mut Vec<u16>,
        found: &mut dyn FnMut(&[u16], i64),
    ) -> Result<(), Error> {
        let mut last = 0;
        while let Some((id, code)) = self.field(last)? {
            last = id;
            path.push(id);
            self.value_at(fields, path, code, found)?;
            path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_what_the_format_says() {
        // DATA_PAGE of 300 bytes, 200 compressed, with 100 values in PLAIN encoding.
        let page =
            [0x15, 0, 0x15, 0xd8, 0x04, 0x15, 0x90, 0x03, 0x2c, 0x15, 0xc8, 0x01, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0, 9];
        let header = page_header(&page).unwrap();
        assert_eq!((header.length, header.compressed, header.uncompressed), (20, 200, 300));
        assert_eq!((header.values, header.encoding, header.is_dictionary, header.levels), (100, 0, false, 0));
        for end in 0..20 {
            assert!(page_header(&page[..end]).is_err(), "{end}");
        }
        // A negative length, a field of another type, a field out of order, one that is not known.
        for page in [&[0x15, 0, 0x15, 1, 0x15, 2, 0][..], &[0x18, 0, 0], &[0x15, 0, 5, 2, 2, 0], &[0xf5, 0, 0]] {
            assert!(page_header(page).is_err(), "{page:?}");
        }
    }

    #[test]
    fn a_footer_does_not_promise_more_row_groups_than_it_has_bytes() {
        // Version 2, no schema, 0 rows, and a list of 1 and of 2³¹ - 1 row groups.
        let footer = |list: &[u8]| [&[0x15, 4, 0x19, 0x0c, 0x16, 0, 0x19][..], list, &[0, 0]].concat();
        assert_eq!(check_footer(&footer(&[0x1c])), Ok(()));
        assert!(check_footer(&footer(&[0xfc, 0xff, 0xff, 0xff, 0xff, 0x07])).is_err());
        assert!(check_footer(&[0x15, 4, 0]).is_err());
        // A row group with a list of 2³¹ - 1 bools, of bytes, and of as many lists, in a field that nobody knows; 3 bytes.
        let group = |list: &[u8]| footer(&[&[0x1c, 0xf9][..], list, &[0, 0]].concat());
        for kind in [0xf1, 0xf3, 0xf9] {
            assert!(check_footer(&group(&[kind, 0xff, 0xff, 0xff, 0xff, 0x07])).is_err(), "{kind:x}");
        }
        assert_eq!(check_footer(&group(&[0x33, 1, 2, 3])), Ok(()));
        // Lists within each other.
        assert!(check_footer(&group(&[0x19; 40])).is_err());
    }
}
