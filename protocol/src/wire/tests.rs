use super::*;

crate::wire_map! {
    #[derive(Debug, PartialEq, Eq)]
    struct Sample {
        1 => id: [u8; 2],
        2 => count: Option<u32>,
        4 => list: Vec<u64>,
    }
}

fn sample() -> Sample {
    Sample { id: [9, 8], count: None, list: vec![1, 500] }
}

#[test]
fn a_value_comes_back_from_its_bytes() {
    assert_eq!(encode(&sample()), [0xa2, 0x01, 0x42, 9, 8, 0x04, 0x82, 0x01, 0x19, 0x01, 0xf4]);
    assert_eq!(decode::<Sample>(&encode(&sample())), Ok(sample()));
}

#[test]
fn every_other_spelling_is_refused() {
    let refused: &[(&str, &[u8], WireError)] = &[
        ("trailing byte", &[0xa1, 0x01, 0x42, 9, 8, 0], WireError::Trailing),
        ("cut", &[0xa1, 0x01, 0x42, 9], WireError::Truncated),
        ("duplicate key", &[0xa2, 0x01, 0x42, 9, 8, 0x01, 0x42, 9, 8], WireError::DuplicateKey),
        ("keys out of order", &[0xa2, 0x02, 0x05, 0x01, 0x42, 9, 8], WireError::KeyOrder),
        ("unknown key between", &[0xa2, 0x01, 0x42, 9, 8, 0x03, 0x01], WireError::UnknownKey(3)),
        ("unknown key after", &[0xa2, 0x01, 0x42, 9, 8, 0x05, 0x01], WireError::UnknownKey(5)),
        ("missing", &[0xa1, 0x02, 0x05], WireError::Missing(1)),
        ("long integer", &[0xa2, 0x01, 0x42, 9, 8, 0x02, 0x18, 0x05], WireError::NotShortest),
        ("long length", &[0xa1, 0x01, 0x58, 0x02, 9, 8], WireError::NotShortest),
        ("indefinite map", &[0xbf, 0x01, 0x42, 9, 8, 0xff], WireError::Indefinite),
        ("indefinite bytes", &[0xa1, 0x01, 0x5f, 0x42, 9, 8, 0xff], WireError::Indefinite),
        ("empty list written down", &[0xa2, 0x01, 0x42, 9, 8, 0x04, 0x80], WireError::OutOfRange("an empty field")),
        ("null", &[0xa2, 0x01, 0x42, 9, 8, 0x02, 0xf6], WireError::ForbiddenType),
        ("float", &[0xa2, 0x01, 0x42, 9, 8, 0x02, 0xf9, 0, 0], WireError::ForbiddenType),
        ("tag", &[0xc1, 0xa1, 0x01, 0x42, 9, 8], WireError::ForbiddenType),
        ("text key", &[0xa1, 0x61, b'a', 0x01], WireError::WrongType),
        ("wrong length", &[0xa1, 0x01, 0x43, 9, 8, 7], WireError::OutOfRange("the length of a byte string")),
    ];
    for (what, bytes, error) in refused {
        assert_eq!(decode::<Sample>(bytes).as_ref(), Err(error), "{what}");
    }
}

#[test]
fn hints_below_zero_are_skipped() {
    let with_hint = [0xa2, 0x01, 0x42, 9, 8, 0x20, 0x63, b'n', b'e', b'w'];
    assert_eq!(decode::<Sample>(&with_hint), Ok(Sample { id: [9, 8], count: None, list: vec![] }));
}

#[test]
fn nesting_and_lists_are_bounded() {
    let deep = [&[0x81; 64][..], &[0x01]].concat();
    assert_eq!(check(&deep), Err(WireError::TooLarge("the nesting")));
    assert_eq!(check(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(WireError::TooLarge("a list")));
    assert_eq!(check(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(WireError::Truncated));
}
