//! An answer to a letter that came through a mailbox.

use super::effect::Answer;
use crate::id::LetterId;
use crate::mailbox::SLIP;

/// An answer on its way to a mailbox of who sent the letter. It is worth what its receipt is worth, so it needs no seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerSlip {
    /// Which letter.
    pub letter: LetterId,
    /// What is said to it.
    pub answer: Answer,
}

impl AnswerSlip {
    /// Exactly [`SLIP`] bytes: letter id, length of the answer, answer, zeros.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut answer = self.answer.to_bytes();
        // No answer to a letter in a mailbox is longer.
        answer.truncate(SLIP - 17);
        let length = u8::try_from(answer.len()).unwrap_or_default();
        let mut bytes = [&self.letter.0[..], &[length], &answer].concat();
        bytes.resize(SLIP, 0);
        bytes
    }

    /// Reads exactly one slip.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (letter, rest) = bytes.split_first_chunk::<16>().filter(|_| bytes.len() == SLIP)?;
        let (length, rest) = rest.split_first()?;
        let (answer, zeros) = rest.split_at_checked(usize::from(*length))?;
        let answer = Answer::from_bytes(answer)?;
        zeros.iter().all(|zero| *zero == 0).then_some(Self { letter: LetterId(*letter), answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_from_its_slip() {
        for answer in [Answer::Later, Answer::KeysMissing, Answer::Handled([3; 32])] {
            let slip = AnswerSlip { letter: LetterId([1; 16]), answer };
            let bytes = slip.to_bytes();
            assert_eq!((bytes.len(), AnswerSlip::from_bytes(&bytes)), (SLIP, Some(slip)));
            let mut other = bytes.clone();
            other[SLIP - 1] = 1;
            assert_eq!(AnswerSlip::from_bytes(&other), None, "another spelling of the same slip");
            assert_eq!(AnswerSlip::from_bytes(&bytes[1..]), None);
        }
    }
}
