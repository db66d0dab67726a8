//! numpy's short names of types: `<f8`, `|b1`, `<M8[25s]`, `float64`.

use super::DType;

/// The byte order of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endian {
    /// The lowest byte first.
    Little,
    /// The highest byte first.
    Big,
}

impl Endian {
    /// This machine's.
    pub const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

/// The unit of a `datetime64` or `timedelta64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeUnit {
    /// numpy's name: `Y`, `M`, `W`, `D`, `h`, `m`, `s`, `ms`, `us`, `ns`, `ps`, `fs`, `as`, or `generic`.
    pub name: &'static str,
    /// The multiple: 25 in `M8[25s]`.
    pub count: u32,
}

const UNITS: [&str; 14] = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "generic"];

impl TimeUnit {
    /// A type without a unit.
    pub const GENERIC: Self = Self { name: "generic", count: 1 };

    /// The unit with this numpy name; `None` if there is none.
    pub fn new(name: &str, count: u32) -> Option<Self> {
        let name = UNITS.into_iter().find(|unit| *unit == name)?;
        Some(Self { name, count })
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('[')?.strip_suffix(']')?;
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, name) = text.split_at(digits);
        Self::new(name, if count.is_empty() { 1 } else { count.parse().ok()? })
    }

    fn suffix(self) -> String {
        match (self.name, self.count) {
            ("generic", _) => String::new(),
            (name, 1) => format!("[{name}]"),
            (name, count) => format!("[{count}{name}]"),
        }
    }
}

/// Reads `f8`, `<f8`, `|O`, `U12`, `M8[ns]`; `None` for names that numpy does not write.
pub(crate) fn parse(code: &str) -> Option<DType> {
    let (endian, code) = match code.chars().next()? {
        '<' | '=' | '|' => (Endian::Little, code.get(1..)?),
        '>' => (Endian::Big, code.get(1..)?),
        _ => (Endian::Little, code),
    };
    if code == "?" {
        return Some(DType::Bool);
    }
    let kind = code.chars().next().filter(char::is_ascii)?;
    let (digits, unit) = match code.get(1..)?.find('[') {
        Some(at) if matches!(kind, 'M' | 'm') => code.get(1..)?.split_at(at),
        _ => (code.get(1..)?, ""),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = || digits.parse::<usize>().ok();
    let among = |sizes: &[usize]| size().filter(|size| sizes.contains(size));
    let length = || if digits.is_empty() { Some(0) } else { size() };
    let unit = || if unit.is_empty() { Some(TimeUnit::GENERIC) } else { TimeUnit::parse(unit) };
    Some(match kind {
        'b' => among(&[1]).map(|_| DType::Bool)?,
        'i' => DType::Int { size: among(&[1, 2, 4, 8])?, endian },
        'u' => DType::UInt { size: among(&[1, 2, 4, 8])?, endian },
        'f' => DType::Float { size: among(&[2, 4, 8, 10, 12, 16])?, endian },
        'c' => DType::Complex { size: among(&[8, 16, 20, 24, 32])?, endian },
        // `O4` is what 32-bit machines wrote.
        'O' if matches!(digits, "" | "4" | "8") => DType::Object,
        'S' | 'a' => DType::Bytes { len: length()? },
        'U' => DType::Str { chars: length()?, endian },
        'V' => DType::Void { len: length()? },
        'M' => among(&[8]).and_then(|_| Some(DType::DateTime { unit: unit()?, endian }))?,
        'm' => among(&[8]).and_then(|_| Some(DType::TimeDelta { unit: unit()?, endian }))?,
        _ => return None,
    })
}

/// Reads the names that are used as parameters: `float64`, `object`, `numpy.float32`'s name, a short code.
pub(crate) fn parse_name(name: &str) -> Option<DType> {
    let endian = Endian::Little;
    let bits =
        |prefix: &str| name.strip_prefix(prefix).and_then(|bits| bits.parse::<usize>().ok()).map(|bits| bits / 8);
    Some(match name {
        "bool" | "bool_" | "bool8" => DType::Bool,
        "object" | "object_" | "O" => DType::Object,
        "float" | "float_" | "double" | "d" => DType::Float { size: 8, endian },
        "single" | "f" => DType::Float { size: 4, endian },
        "int" | "int_" | "intp" | "long" | "longlong" | "l" => DType::Int { size: 8, endian },
        "str" | "str_" | "unicode" | "unicode_" | "U" => DType::Str { chars: 0, endian },
        "bytes" | "bytes_" | "string_" | "S" => DType::Bytes { len: 0 },
        _ => match (bits("float"), bits("int"), bits("uint"), bits("complex")) {
            (Some(size), ..) => parse(&format!("f{size}"))?,
            (_, Some(size), ..) => parse(&format!("i{size}"))?,
            (_, _, Some(size), _) => parse(&format!("u{size}"))?,
            (.., Some(size)) => parse(&format!("c{size}"))?,
            _ => parse(name)?,
        },
    })
}

/// numpy's `dtype.str`.
pub(crate) fn code(dtype: &DType) -> String {
    let sign = |endian: Endian, size: usize| match (size, endian) {
        (1, _) => '|',
        (_, Endian::Little) => '<',
        (_, Endian::Big) => '>',
    };
    match dtype {
        DType::Bool => "|b1".to_owned(),
        DType::Int { size, endian } => format!("{}i{size}", sign(*endian, *size)),
        DType::UInt { size, endian } => format!("{}u{size}", sign(*endian, *size)),
        DType::Float { size, endian } => format!("{}f{size}", sign(*endian, *size)),
        DType::Complex { size, endian } => format!("{}c{size}", sign(*endian, *size)),
        DType::Str { chars, endian } => format!("{}U{chars}", sign(*endian, 4)),
        DType::Bytes { len } => format!("|S{len}"),
        DType::Void { len } | DType::Struct { itemsize: len, .. } => format!("|V{len}"),
        DType::Object => "|O".to_owned(),
        DType::DateTime { unit, endian } => format!("{}M8{}", sign(*endian, 8), unit.suffix()),
        DType::TimeDelta { unit, endian } => format!("{}m8{}", sign(*endian, 8), unit.suffix()),
        DType::Sub { .. } => format!("|V{}", dtype.itemsize().unwrap_or_default()),
    }
}

/// numpy's `str(dtype)`: the long name where there is one.
pub(crate) fn name(dtype: &DType) -> String {
    match dtype {
        DType::Bool => "bool".to_owned(),
        DType::Int { size, endian: Endian::Little } => format!("int{}", size * 8),
        DType::UInt { size, endian: Endian::Little } => format!("uint{}", size * 8),
        DType::Float { size, endian: Endian::Little } => format!("float{}", size * 8),
        DType::Complex { size, endian: Endian::Little } => format!("complex{}", size * 8),
        DType::Object => "object".to_owned(),
        DType::DateTime { unit, endian: Endian::Little } => format!("datetime64{}", unit.suffix()),
        DType::TimeDelta { unit, endian: Endian::Little } => format!("timedelta64{}", unit.suffix()),
        DType::Struct { fields, .. } => format!("record of {} fields", fields.len()),
        DType::Sub { dtype, shape } => format!("{dtype} {shape:?}"),
        other => code(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive() {
        for text in [
            "|b1", "|i1", "<i8", ">u2", "<f2", "<f16", ">c16", "|O", "|S12", "<U3", "|V7", "<M8[ns]", "<m8[25s]", "<M8",
        ] {
            assert_eq!(parse(text).map(|dtype| code(&dtype)).as_deref(), Some(text));
        }
        assert_eq!(parse("O4"), Some(DType::Object));
        assert_eq!(parse("b1"), Some(DType::Bool));
        assert_eq!(parse_name("float32"), Some(DType::Float { size: 4, endian: Endian::Little }));
        for text in ["", "<", "f", "f3", "i16", "M8[xy]", "f8[ns]", "x8", "é8", "U99999999999999999999", "f8 "] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
