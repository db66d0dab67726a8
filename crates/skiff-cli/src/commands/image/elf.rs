//! What an executable needs: an image has nothing but it and the model, so no dynamic linker and no libraries.

/// The processor of a statically linked executable of Linux, by the name that images have for it; or what is wrong.
pub fn architecture(program: &[u8]) -> Result<&'static str, String> {
    let number = |offset: usize, size: usize| -> Option<u64> {
        let bytes = program.get(offset..offset.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    };
    // 64 bits, little-endian: what is built for.
    if program.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("it is no executable of 64-bit Linux".to_owned());
    }
    let damaged = || "its program headers are damaged".to_owned();
    let at = |offset, size| number(offset, size).ok_or_else(damaged);
    let index = |value: u64| usize::try_from(value).map_err(|_| damaged());
    let (table, size, count) = (index(at(32, 8)?)?, index(at(54, 2)?)?, index(at(56, 2)?)?);
    for header in 0..count {
        let offset = header.checked_mul(size).and_then(|offset| offset.checked_add(table)).ok_or_else(damaged)?;
        // `PT_INTERP`: the dynamic linker.
        if at(offset, 4)? == 3 {
            let (begin, length) = (index(at(offset + 8, 8)?)?, index(at(offset + 32, 8)?)?);
            let linker = begin.checked_add(length).and_then(|end| program.get(begin..end)).ok_or_else(damaged)?;
            let linker = String::from_utf8_lossy(linker.strip_suffix(b"\0").unwrap_or(linker)).into_owned();
            return Err(format!("it is linked dynamically, by `{linker}`"));
        }
    }
    match at(18, 2)? {
        62 => Ok("amd64"),
        183 => Ok("arm64"),
        243 => Ok("riscv64"),
        other => Err(format!("its processor, number {other}, is not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header, and one program header of a type.
    fn program(kind: u32, machine: u16) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes[64..68].copy_from_slice(&kind.to_le_bytes());
        bytes[72] = 120;
        bytes[96] = 4;
        bytes.extend(b"/ld\0");
        bytes
    }

    #[test]
    fn static_executables_have_no_linker() {
        assert_eq!(architecture(&program(1, 62)), Ok("amd64"));
        assert_eq!(architecture(&program(1, 183)), Ok("arm64"));
        assert_eq!(architecture(&program(3, 62)), Err("it is linked dynamically, by `/ld`".to_owned()));
        assert!(architecture(&program(1, 3)).is_err());
    }

    #[test]
    fn what_is_no_executable() {
        for bytes in [&b""[..], b"#!/bin/sh", &program(1, 62)[..66], &program(3, 62)[..122], &[0x7f; 200]] {
            assert!(architecture(bytes).is_err());
        }
        let mut wild = program(1, 62);
        wild[32..40].fill(0xff);
        assert!(architecture(&wild).is_err());
    }
}
