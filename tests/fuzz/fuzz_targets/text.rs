//! Text from outside: names, notes, codes' names, ids, recovery words.
#![no_main]

use kith_protocol::card::FieldKind;
use kith_protocol::id::{IdentityId, PersonId};
use kith_protocol::invite::{InviteError, code_name};
use kith_protocol::text::{Line, Name, Text, cut_at_grapheme};
use kith_protocol::wire;
use kith_protocol::words::RecoveryWords;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(line) = Name::new(&text) {
        assert_eq!(Name::new(line.as_str()).as_ref(), Ok(&line), "cleaning twice differs from cleaning once");
        assert_eq!(wire::decode::<Name>(&wire::encode(&line)), Ok(line));
    }
    if let Ok(note) = Text::<200>::new(&text) {
        assert_eq!(Text::new(note.as_str()).as_ref(), Ok(&note), "cleaning twice differs from cleaning once");
        assert!(note.is_empty() || wire::decode::<Text<200>>(&wire::encode(&note)) == Ok(note));
    }
    if let Some(cut) = Line::<24>::cut(&text) {
        assert!(cut.as_str().len() <= 24 && Line::new(cut.as_str()) == Ok(cut));
    }
    if let Some(name) = code_name(&text) {
        assert_eq!(code_name(name.as_str()), Some(name), "a name in a code changes when it is cut again");
    }
    assert!(text.starts_with(cut_at_grapheme(&text, 24)));
    if let Some(id) = IdentityId::from_text(&text) {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
    let _ = PersonId::from_text(&text).map(|id| id.short());
    let _ = FieldKind::from_name(&text);
    if let Ok(words) = RecoveryWords::parse(&text) {
        assert_eq!(RecoveryWords::parse(&words.words().join(" ")), Ok(words));
    }
    assert!(
        !matches!(kith_protocol::invite::Invite::from_text(&text), Err(InviteError::Damaged(_)) if text.is_empty())
    );
});
