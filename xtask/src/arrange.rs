//! The order of a module's functions, chosen so that gzip finds alike ones near each other.
//!
//! gzip looks back 32 KiB and no further, and a large Rust program has the same code many times: one generic function for
//! many types. So the next function is always the one that shares most with what stands in those 32 KiB already. What is
//! shared is counted in runs of six bytes. The module does the same in any order; only its size over the wire differs.

use crate::Result;

/// How far gzip looks back, in bytes.
const WINDOW_SIZE: usize = 32 * 1024;
/// Bytes in a row that count as shared.
const RUN: usize = 6;
/// A run in more functions than this is found nearby in any order.
const OWNERS_MAX: usize = 64;

/// The module with its functions named after their places in a good order. wasm-opt's
/// `--reorder-functions-by-name` then puts them there.
///
/// # Errors
/// If these bytes are no module.
pub fn name_by_place(module: &[u8]) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: module, at: 8 };
    let mut kept = module.get(..8).ok_or("no WebAssembly module")?.to_vec();
    let (mut imported, mut bodies) = (0, Vec::new());
    while reader.at < module.len() {
        let start = reader.at;
        let (kind, content) = (reader.byte()?, reader.sized()?);
        let mut section = Reader { bytes: content, at: 0 };
        match kind {
            0 if section.sized()? == b"name" => continue,
            2 => imported = section.function_imports()?,
            10 => {
                for _ in 0..section.number()? {
                    bodies.push(section.sized()?);
                }
            }
            _ => {}
        }
        kept.extend_from_slice(&module[start..reader.at]);
    }
    let mut places: Vec<(usize, usize)> =
        order(&bodies).into_iter().enumerate().map(|(place, function)| (function, place)).collect();
    places.sort_unstable();
    let mut names = Vec::new();
    push_number(&mut names, places.len());
    for (function, place) in places {
        push_number(&mut names, imported + function);
        push_sized(&mut names, format!("{place:06}").as_bytes());
    }
    let mut content = Vec::new();
    push_sized(&mut content, b"name");
    content.push(1);
    push_sized(&mut content, &names);
    kept.push(0);
    push_sized(&mut kept, &content);
    Ok(kept)
}

/// The functions by number, in a good order.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let shared = Shared::new(bodies);
    // A long function shares more than a short one, but not in proportion: the exponent is between.
    let weight = |body: &&[u8]| (body.len() as u64).pow(3).isqrt().isqrt() + 20;
    let weights: Vec<u64> = bodies.iter().map(weight).collect();
    let mut score = vec![0_u64; bodies.len()];
    // How often each run stands in the window.
    let mut present = vec![0_u32; shared.owners.len()];
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::with_capacity(bodies.len());
    let (mut window_start, mut window_size) = (0, 0);
    while !left.is_empty() {
        let worth = |&function: &usize| (score[function] << 24) / weights[function];
        // The first of the best, so that functions that share nothing keep their order.
        let best = (0..left.len()).rev().max_by_key(|&at| worth(&left[at])).unwrap_or(0);
        let next = left.remove(best);
        order.push(next);
        window_size += bodies[next].len();
        for &run in &shared.runs[next] {
            present[run] += 1;
            if present[run] == 1 {
                shared.owners[run].iter().for_each(|&owner| score[owner] += 1);
            }
        }
        while window_size > WINDOW_SIZE && window_start + 1 < order.len() {
            let gone = order[window_start];
            window_start += 1;
            window_size -= bodies[gone].len();
            for &run in &shared.runs[gone] {
                present[run] -= 1;
                if present[run] == 0 {
                    shared.owners[run].iter().for_each(|&owner| score[owner] -= 1);
                }
            }
        }
    }
    order
}

/// Which runs of bytes stand in more than one function.
struct Shared {
    /// By run: the functions.
    owners: Vec<Vec<usize>>,
    /// By function: the runs.
    runs: Vec<Vec<usize>>,
}

impl Shared {
    fn new(bodies: &[&[u8]]) -> Self {
        let mut all: Vec<(&[u8], usize)> = Vec::new();
        for (function, body) in bodies.iter().enumerate() {
            all.extend(body.windows(RUN).map(|run| (run, function)));
        }
        all.sort_unstable();
        all.dedup();
        let mut shared = Self { owners: Vec::new(), runs: vec![Vec::new(); bodies.len()] };
        for alike in all.chunk_by(|a, b| a.0 == b.0) {
            if (2..=OWNERS_MAX).contains(&alike.len()) {
                for (_, function) in alike {
                    shared.runs[*function].push(shared.owners.len());
                }
                shared.owners.push(alike.iter().map(|(_, function)| *function).collect());
            }
        }
        shared
    }
}

/// Reads the binary format (WebAssembly core specification, chapter 5).
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).ok_or("the WebAssembly module is cut off")?;
        self.at += 1;
        Ok(*byte)
    }

    /// An unsigned LEB128.
    fn number(&mut self) -> Result<usize> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return usize::try_from(number).map_err(|error| error.to_string());
            }
            if shift > 28 {
                return Err("a number in the WebAssembly module is too long".to_owned());
            }
        }
    }

    /// A length and so many bytes.
    fn sized(&mut self) -> Result<&'a [u8]> {
        let length = self.number()?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or("the WebAssembly module is cut off")?;
        let found = &self.bytes[self.at..end];
        self.at = end;
        Ok(found)
    }

    /// How many functions a section of imports brings.
    fn function_imports(&mut self) -> Result<usize> {
        let mut functions = 0;
        for _ in 0..self.number()? {
            self.sized()?;
            self.sized()?;
            match self.byte()? {
                0 => {
                    self.number()?;
                    functions += 1;
                }
                other => return Err(format!("an import of kind {other} was not expected")),
            }
        }
        Ok(functions)
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn push_sized(bytes: &mut Vec<u8>, content: &[u8]) {
    push_number(bytes, content.len());
    bytes.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one imported function and these bodies; nothing else of it is looked at.
    fn module(bodies: &[&[u8]]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut import = vec![1, 1, b'a', 1, b'b', 0, 0];
        module.push(2);
        push_sized(&mut module, &std::mem::take(&mut import));
        let mut code = Vec::new();
        push_number(&mut code, bodies.len());
        bodies.iter().for_each(|body| push_sized(&mut code, body));
        module.push(10);
        push_sized(&mut module, &code);
        module
    }

    #[test]
    fn alike_functions_stand_together() {
        let other: Vec<u8> = (0..200).collect();
        let bodies = [b"the first of its kind".as_slice(), &other, b"the second of its kind"];
        assert_eq!(order(&bodies), [0, 2, 1]);
        let strangers = [b"abcdefgh".as_slice(), b"ijklmnop", b"qrstuvwx"];
        assert_eq!(order(&strangers), [0, 1, 2]);
    }

    #[test]
    fn every_function_is_named_after_its_place() {
        let bodies = [b"the first of its kind".as_slice(), b"stranger", b"the second of its kind"];
        let plain = module(&bodies);
        let named = name_by_place(&plain).expect("it is a module");
        let names = b"\0\x20\x04name\x01\x19\x03\x01\x06000000\x02\x06000002\x03\x06000001";
        assert_eq!(named, [plain.as_slice(), names.as_slice()].concat());
        assert_eq!(name_by_place(&named).expect("it still is"), named, "old names are replaced");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let whole = module(&[b"one", b"two"]);
        for end in (0..8).chain(9..whole.len()).filter(|end| *end != 17) {
            assert!(name_by_place(&whole[..end]).is_err(), "cut at {end}");
        }
    }
}
