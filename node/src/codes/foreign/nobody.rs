//! Texts that are plainly of no person: they would become somebody with a Wi-Fi password for a name.

use super::strip_scheme;

/// Lines with something on them that a text about one person may have: a signature under a mail has fewer.
pub(super) const MOST_LINES: usize = 12;

/// What a text is, if it is of no person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nobody {
    /// A Wi-Fi network, with its password as a rule.
    Wifi,
    /// A key for signing in somewhere.
    SignIn,
    /// An event or a calendar (RFC 5545).
    Event,
    /// A place on earth (RFC 5870).
    Place,
    /// A text message that is to be sent.
    Message,
    /// A payment.
    Payment,
    /// A file of many lines.
    File,
    /// A text without any letter, such as a number.
    NoLetter,
}

impl Nobody {
    /// The same in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Wifi => "this is the code of a Wi-Fi network, not of a person",
            Self::SignIn => "this is the code of a key for signing in, not of a person",
            Self::Event => "this is the code of an event, not of a person",
            Self::Place => "this is the code of a place, not of a person",
            Self::Message => "this is the code of a text message, not of a person",
            Self::Payment => "this is the code of a payment, not of a person",
            Self::File => "this text has too many lines for that of a person",
            Self::NoLetter => "this text has no letter, so it names nobody",
        }
    }

    /// True if the text says what it is by its beginning.
    pub const fn is_named(self) -> bool {
        !matches!(self, Self::File | Self::NoLetter)
    }
}

/// How codes of things begin, in any case. White space after it makes a sentence of it: "Bitcoin: the man at the stand".
const SCHEMES: [(&str, Nobody); 27] = [
    ("wifi:", Nobody::Wifi),
    ("dpp:", Nobody::Wifi),
    ("otpauth://", Nobody::SignIn),
    ("otpauth-migration://", Nobody::SignIn),
    ("fido:/", Nobody::SignIn),
    ("begin:vevent", Nobody::Event),
    ("begin:vcalendar", Nobody::Event),
    ("begin:vtodo", Nobody::Event),
    ("geo:", Nobody::Place),
    ("sms:", Nobody::Message),
    ("smsto:", Nobody::Message),
    ("mms:", Nobody::Message),
    ("mmsto:", Nobody::Message),
    ("upi:", Nobody::Payment),
    ("payto:", Nobody::Payment),
    ("bitcoin:", Nobody::Payment),
    ("bitcoincash:", Nobody::Payment),
    ("ethereum:", Nobody::Payment),
    ("lightning:", Nobody::Payment),
    ("litecoin:", Nobody::Payment),
    ("dogecoin:", Nobody::Payment),
    ("monero:", Nobody::Payment),
    ("pix:", Nobody::Payment),
    ("bezahlcode:", Nobody::Payment),
    ("bank://", Nobody::Payment),
    ("spd*", Nobody::Payment),
    (EMV, Nobody::Payment),
];

/// The first field of a code of EMV's, for payments.
const EMV: &str = "000201";

/// What one may find behind the scheme of a Wi-Fi network, by WPA3 and by DPP.
const WIFI_FIELDS: [&str; 10] = ["T:", "S:", "P:", "H:", "R:", "C:", "K:", "M:", "V:", "I:"];

/// Whether the last field is the checksum: number 63, four characters.
fn is_checked(text: &str) -> bool {
    let end = text.trim_end().len().checked_sub(8).and_then(|from| text.trim_end().get(from..));
    end.is_some_and(|end| end.starts_with("6304") && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// First lines of bills: the code of the European Payments Council, and that of a Swiss bill.
const BILLS: [&str; 2] = ["BCD", "SPC"];

/// The code of a thing, which says so.
pub(super) fn thing(text: &str) -> Option<Nobody> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().trim_end();
    // The second line says by which version of the rules; that of a card would say who it is.
    let version = lines.next().unwrap_or_default().trim();
    if BILLS.contains(&first) && version.len() >= 3 && version.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Nobody::Payment);
    }
    SCHEMES.iter().find(|(scheme, thing)| begins(text, scheme, *thing)).map(|(_, thing)| *thing)
}

fn begins(text: &str, scheme: &str, thing: Nobody) -> bool {
    let Some(rest) = strip_scheme(text, scheme) else { return false };
    match thing {
        // A line of its own.
        Nobody::Event => rest.is_empty() || rest.starts_with(['\r', '\n']),
        // Some who write these by hand put blanks between the fields.
        Nobody::Wifi => WIFI_FIELDS.iter().any(|field| strip_scheme(rest.trim_start(), field).is_some()),
        // A number of a badge may begin like this too; the code of a payment ends in its checksum.
        Nobody::Payment if scheme == EMV => is_checked(rest),
        _ => !rest.is_empty() && !rest.starts_with(char::is_whitespace),
    }
}

/// A text that nothing else was made of, and which no person wrote about one.
pub(super) fn text(text: &str) -> Option<Nobody> {
    // A damaged card is of somebody all the same.
    if strip_scheme(text, "begin:vcard").is_some() {
        return None;
    }
    if text.lines().filter(|line| !line.trim().is_empty()).nth(MOST_LINES).is_some() {
        return Some(Nobody::File);
    }
    (!text.is_empty() && !text.contains(char::is_alphabetic)).then_some(Nobody::NoLetter)
}
