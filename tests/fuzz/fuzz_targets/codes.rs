//! Codes and links; the first byte chooses between a payload, a text and a hint.
#![no_main]

use kith_protocol::address::Hint;
use kith_protocol::invite::Invite;
use kith_protocol::limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&what, bytes)) = data.split_first() else { return };
    match what % 3 {
        0 => {
            if let Ok(invite) = Invite::from_bytes(bytes) {
                assert_eq!(invite.to_bytes(), bytes, "two payloads say the same");
                carried(&invite);
            }
        }
        1 => {
            if let Some(invite) = std::str::from_utf8(bytes).ok().and_then(|text| Invite::from_text(text).ok()) {
                carried(&invite);
            }
        }
        _ => {
            if let Ok(hint) = Hint::from_bytes(bytes) {
                assert_eq!(hint.to_bytes(), bytes, "two encodings of one hint");
                assert!(bytes.len() <= 99 && !hint.to_string().is_empty());
            }
        }
    }
});

fn carried(invite: &Invite) {
    assert!(invite.to_bytes().len() <= limits::INVITE_PAYLOAD);
    assert_eq!(Invite::from_text(&invite.to_code()).as_ref(), Ok(invite));
    assert_eq!(Invite::from_text(&invite.to_link("ana.example")).as_ref(), Ok(invite));
    let _ = invite.shared_secret().locator();
}
