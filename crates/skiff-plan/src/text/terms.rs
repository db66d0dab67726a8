//! Terms by their number, and numbers by their term.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

/// A vocabulary, or a set of stop words: different terms, numbered from 0.
#[derive(Clone)]
pub struct Terms {
    /// All terms, one after the other.
    text: String,
    /// Where each term ends.
    ends: Vec<usize>,
    /// The numbers, by the hash of their terms.
    numbers: HashTable<u32>,
    /// Seeded randomly in each process, so that no file can cause collisions.
    hasher: DefaultHashBuilder,
}

/// The same terms in the same order.
impl PartialEq for Terms {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|number| self.get(number) == other.get(number))
    }
}

impl Terms {
    /// Terms in the order of their numbers; the index of a repeated term as an error.
    ///
    /// # Errors
    /// When a term occurs twice, or there are 2³² or more.
    pub fn new<'t>(terms: impl ExactSizeIterator<Item = &'t str> + Clone) -> Result<Self, usize> {
        let mut new = Self::with_capacity(terms.clone().map(str::len).sum(), terms.len());
        for (index, term) in terms.enumerate() {
            if !new.push(term).ok_or(index)? {
                return Err(index);
            }
        }
        Ok(new)
    }

    /// As [`Terms::new`]; of a repeated term the first number is found.
    ///
    /// # Errors
    /// When there are 2³² or more.
    pub fn with_repeats<'t>(terms: impl ExactSizeIterator<Item = &'t str> + Clone) -> Result<Self, usize> {
        let mut new = Self::with_capacity(terms.clone().map(str::len).sum(), terms.len());
        for (index, term) in terms.enumerate() {
            new.push(term).ok_or(index)?;
        }
        Ok(new)
    }

    fn with_capacity(bytes: usize, terms: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ends: Vec::with_capacity(terms),
            numbers: HashTable::with_capacity(terms),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Adds a term, and returns whether it is the first of its text; `None` where numbers have run out.
    fn push(&mut self, term: &str) -> Option<bool> {
        let number = u32::try_from(self.ends.len()).ok()?;
        let hash = self.hash(term);
        self.text.push_str(term);
        self.ends.push(self.text.len());
        let Self { text, ends, numbers, hasher } = self;
        let term_of = |number: &u32| term_at(text, ends, *number);
        let entry = numbers.entry(hash, |number| term_of(number) == term, |number| hash_of(hasher, term_of(number)));
        let hashbrown::hash_table::Entry::Vacant(place) = entry else { return Some(false) };
        place.insert(number);
        Some(true)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of `term`.
    #[inline]
    pub fn find(&self, term: &str) -> Option<u32> {
        self.numbers.find(self.hash(term), |&number| term_at(&self.text, &self.ends, number) == term).copied()
    }

    /// The term numbered `index`.
    pub fn get(&self, index: usize) -> Option<&str> {
        (index < self.len()).then(|| term_at(&self.text, &self.ends, u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// All terms in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }

    fn hash(&self, term: &str) -> u64 {
        hash_of(&self.hasher, term)
    }
}

fn term_at<'t>(text: &'t str, ends: &[usize], number: u32) -> &'t str {
    let index = number as usize;
    let start = if index == 0 { 0 } else { ends[index - 1] };
    &text[start..ends[index]]
}

fn hash_of(builder: &DefaultHashBuilder, term: &str) -> u64 {
    let mut hasher = builder.build_hasher();
    hasher.write(term.as_bytes());
    hasher.finish()
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Terms;

    #[test]
    fn terms_are_found_by_number_and_by_name() {
        let names: Vec<String> = (0..3000).map(|index| format!("{index:b}")).collect();
        let terms = Terms::new(names.iter().map(String::as_str)).expect("no duplicate terms");
        for (index, name) in names.iter().enumerate() {
            assert_eq!(terms.find(name), u32::try_from(index).ok());
            assert_eq!(terms.get(index), Some(name.as_str()));
        }
        assert_eq!((terms.find("2"), terms.get(3000)), (None, None));
        assert_eq!(Terms::new(["a", "", "a"].into_iter()).err(), Some(2));
        let repeats = Terms::with_repeats(["a", "", "a"].into_iter()).expect("few terms");
        assert_eq!((repeats.len(), repeats.find("a"), repeats.get(2)), (3, Some(0), Some("a")));
    }
}
