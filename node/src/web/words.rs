//! Every sentence of ours that a page shows, in one place, ready to be translated.
//!
//! What the API says of the state of things (questions, provenance, where an introduction stands) comes in words from
//! there, since the command line shows it too.

use crate::api::Health;
use crate::api::model::{
    EventForm, EventState, MeetingForm, OutcomeForm, PurposeName, ReachForm, StepForm, StepsAhead, TierName, When,
};

/// The language of these words (BCP 47), and the direction in which it is written.
pub(super) const LANG: &str = "en";
pub(super) const DIR: &str = "ltr";

macro_rules! words {
    ($($name:ident = $text:literal;)*) => { $(pub(crate) const $name: &str = $text;)* };
}

mod own_node;

pub(crate) use own_node::*;

// The bar and what all pages have.
words! {
    PLACES = "Places";
    TODAY = "Today";
    PEOPLE = "People";
    QR = "QR";
    EXCHANGE = "Exchange";
    MORE = "More";
    UNTIL = "until";
    TYPE_A_NAME = "Type a name";
    CHOOSE = "Choose…";
    KEEP = "Keep";
    ADD = "Add";
    REMOVE = "Remove";
    NOTE = "Note";
    TROUBLE = "This did not work";
    NOTHING_LOST = "Nothing that you typed is lost. Change it and send it again.";
    TRY_AGAIN = "Send again";
    UNDO = "Undo";
    TOO_LATE = "It is too late: this has gone.";
    TOO_LATE_HINT = "There are ten seconds to undo something.";
    TO_TODAY = "To Today";
    NO_SUCH_PAGE = "There is no such page.";
    NO_SUCH_PAGE_HINT = "It may have moved, or what it showed is gone.";
    FORM_TOO_LARGE = "This is more than one form may hold.";
    FORM_TOO_LARGE_HINT = "Shorten the longest text.";
}

// Today.
words! {
    WELCOME = "Your card";
    WELCOME_WHY = "This is what people get when they scan your code. You can change it at any time.";
    WELCOME_TIERS = "Anyone with your code sees name, company and title. E-mail and phone go to your contacts only.";
    EMAIL_OR_PHONE = "E-mail or phone";
    MAKE_CARD = "Make my card";
    NOT_NOW = "Not now";
    TODAY_BEGIN = "Nothing due. Make your card, then show it to one person.";
    TODAY_NOTHING = "Nothing waits on you.";
    SHOW_MY_CODE = "Show my code";
    WAITS_ON_YOU = "Waits on you";
    LOOK_AT_IT = "Look at it";
    YES_MEANS = "Yes:";
    NO_MEANS = "No:";
    WORDS_WAIT = "Your recovery words still lie in a file on the machine of your node.";
    WORDS_WAIT_LINK = "Write them down";
}

// Codes.
words! {
    MY_CODE = "My code";
    CODES = "Codes that are out";
    CODES_WHAT = "Live and printed, and how often they were used";
    NO_CODES = "No code of yours is out.";
    CODE_OF = "Code of";
    LIVE_CODE = "live, for one person";
    PRINTED_CODE = "printed, for many";
    CODE_USED = "Scanned. Today says by whom.";
    CODE_OVER = "This code counts no more.";
    NO_ADDRESS = "This node has no address yet: who scans this cannot find it.";
    NEXT_PERSON = "Next person";
    SCAN_THEIRS = "Scan theirs";
    SAVE_PICTURE = "Save as picture";
    CODE_AS_TEXT = "The code as text";
    ANOTHER_CODE = "Another code";
    KIND = "Kind";
    LIVE_CHOICE = "Live: for one person, here and now";
    PRINTED_CHOICE = "Printed: badge, slide, footer";
    WHO_SCANS_SEES = "Who scans it sees";
    EVENT_OR_LABEL = "Event or label";
    FOR_WHOM = "For whom, in your words";
    MAKE_CODE = "Make this code";
    WITHDRAW = "Withdraw";
}

// Scanning.
words! {
    SCAN = "Scan";
    BY_PICTURE = "Take a picture of the code";
    PICTURE = "Picture";
    READ_PICTURE = "Read the picture";
    BY_TEXT = "Paste a code or link";
    CODE_OR_LINK = "Code, link or vCard";
    TAKE_IN = "Take in";
    BY_NAME = "No code at all";
    NO_PICTURE = "There was no picture.";
    NO_PICTURE_HINT = "Choose one, or paste the code as text.";
    KEEP_AND_NEXT = "Keep and scan the next";
    TAG = "Tag";
    HOT = "hot";
    WARM = "warm";
    LATER = "later";
    ALL_ABOUT = "All about";
}

// The live camera, and other ways.
words! {
    CAMERA_LOOKS = "Hold the code before the camera.";
    CAMERA_REFUSED = "The camera was refused. Allow it in the settings of the browser, or take a picture below.";
    CAMERA_NONE = "No camera could be opened. Take a picture below, or paste the code.";
    CAMERA_INSECURE = "The live camera needs https. Take a picture below: that works here too.";
    START_CAMERA = "Start the camera";
    PASTE = "Paste what you copied";
    AT_EVENT = "At";
    BY_OWN_CAMERA = "Their code may also open in the camera of your phone. If it shows a page, copy its link there and paste it here.";
    HAS_KITH = "Has Kith";
    HAS_NOT = "Has not";
    THEN_THEIRS = "Then take theirs";
    AS_VCARD = "As a contact";
    AS_LINK = "As a link";
    SAVES_MY_CARD = "Their camera keeps it as a contact. It works without network.";
    OPENS_MY_PAGE = "Opens your public card, where they can leave theirs.";
    ONLY_PUBLIC = "This shows your public card only.";
}

// A fair without network.
words! {
    FAIR = "Ready for a fair";
    FAIR_WHAT = "Codes and a queue on this device, for halls without network";
    FAIR_WHY = "Prepare this device while it has network. Then it shows 100 codes, each for one person, and keeps whom you meet until it reaches your node again.";
    FAIR_NEEDS_SCRIPT = "This needs JavaScript.";
    FAIR_IOS = "On an iPhone, add the app to the home screen first, and sign in there: it keeps nothing that the browser has. Open it once a week, or the system may clear it.";
    EVENT = "Event";
    PREPARE = "Prepare this device";
    PREPARING = "Preparing…";
    PREPARED = "This device is prepared for 14 days.";
    PREPARE_FAILED = "This did not work:";
    IS_READY = "Is it ready?";
    READY = "ready";
    NOT_READY = "not yet";
    READY_SECURE = "The page is secure.";
    READY_INSECURE = "Without https a browser keeps nothing. See “Getting in” for the ways to https.";
    READY_SHELL = "The app opens without network.";
    READY_NO_SHELL = "Not kept yet.";
    READY_CODES = "{n} codes are on this device.";
    READY_CAMERA = "Allowed.";
    READY_NO_CAMERA = "Not allowed yet. Open Scan once. A photo or a typed name works without.";
    READY_CLOCK = "{n} seconds apart from the node.";
    READY_NO_CLOCK = "Not compared yet.";
    READY_KEPT = "The browser keeps this until you delete it.";
    READY_NOT_KEPT = "The browser may clear this when it needs room.";
    READY_QUEUE = "{n} wait on this device.";
    OFFLINE = "Without network";
    OFFLINE_LOOK = "See the page that opens without network";
    CODES_LEFT = "{n} codes left";
    N_WAIT = "{n} wait on this device";
    N_WAIT_HERE = "{n} wait on this device to be sent.";
    SIGN_IN_TO_SEND = "Sign in to send them.";
    NO_NETWORK = "No network: what you keep waits here, and goes home by itself.";
    NETWORK = "Your node is reached.";
    UNNAMED = "somebody";
    VIA_CODE = "by code";
    VIA_PHOTO = "by photo";
    VIA_NAME = "by name";
    MEND = "Mend it";
    UNREADABLE = "No code could be read off the photo. Type a name.";
    NOT_KEPT = "This could not be kept:";
    SIGN_OUT_LOSES = "{n} wait on this device and could not be sent. Sign out all the same, and lose them?";
    DROP = "Drop it";
    READ_HERE = "The code is read.";
    READ_LATER = "This browser cannot read it; your node will. Type the name too, to be safe.";
    SOMETHING = "Take a photo of their code, or type a name.";
    KEPT_HERE = "Kept on this device.";
    I_MET = "Whom I met";
    PHOTO_OF_CODE = "Photo of their code";
    NAME = "Name";
    NEED = "They need";
    PROMISE = "I promised";
    TAGS = "Tags, with commas between";
}

/// What a device needs for a fair, line by line.
pub(super) const READY_LINES: Choices = &[
    ("ready-secure", "Secure page"),
    ("ready-shell", "Opens without network"),
    ("ready-codes", "Codes"),
    ("ready-camera", "Camera"),
    ("ready-clock", "Clock"),
    ("ready-kept", "Keeps what it has"),
    ("ready-queue", "Queue"),
];

// Following up.
words! {
    THEY_NEED = "They need";
    I_PROMISED = "I promised";
    NEXT_STEP = "Next step";
    WRITE_TO_THEM = "Write to them";
    DUE = "Until";
    NEXT_BY_ITSELF = "Left empty: write to them within a day.";
    NEXT_STEPS = "Next steps";
    ALL_STEPS = "All next steps";
    NONE_HERE = "Nothing here.";
    STEP_DONE = "Done";
    NO_STEP = "Nothing to do next.";
    CHANGE_STEP = "Change";
    SILENT = "Out of touch";
    WRITE_THANKS = "Write a thank-you";
    THANKS_SUBJECT = "Good to meet you";
    THANKS_DRAFT = "Draft";
    THANKS_HOW = "Change it as you like.";
    SEND_AS_LETTER = "Send to their node";
    BY_MAIL = "Open in mail";
    SHARE = "Share";
    AS_VCARD_FILE = "As vCard";
    EVENTS = "Events";
    EVENTS_WHAT = "Fairs and meetings; who was met where";
    NO_EVENTS = "Add the next event you will attend.";
    ADD_EVENT = "Add an event";
    CHANGE_EVENT = "Change this event";
    REMOVE_EVENT = "Remove this event";
    REMOVE_EVENT_MEANS = "Whom you met there stays.";
    FIRST_DAY = "First day";
    LAST_DAY = "Last day";
    PLACE = "Place";
    NOBODY_MET = "Nobody met here yet.";
}

// People.
words! {
    SEARCH = "Search";
    SEARCH_IN = "Name, company, tag, place, note";
    CONTACTS = "Contacts";
    OVERDUE = "Be in touch again";
    LATEST = "Latest first";
    NOBODY_YET = "Nobody yet. Scan a code, or write somebody down.";
    NOBODY_FITS = "Nobody fits.";
    EVERYBODY = "Everybody";
    WRITE_DOWN = "Write somebody down";
    WHERE_MET = "Where you met";
    LAST = "last";
    CONNECTED = "connected now";
    CONNECTED_HOW = "connected";
    EARLIER = "Earlier";
    FURTHER = "Further";
    FORKED = "Two key histories of this person contradict each other. Meet them and scan their code.";
    KEY_GIVEN_UP = "The key you know them by was given up: somebody else may have it, and nothing more is believed of it. Meet them and scan their code, or wait for a letter with their new key.";
    IS_BLOCKED = "Nothing of theirs reaches you.";
    TOUCH = "In touch today";
    INTRODUCE = "Introduce";
    THEIR_CARD = "Card";
    FOREIGN_CODE = "As it came, unconfirmed";
    NOTES = "Notes";
    VOUCHES = "What people say";
    SAID_OF_ME = "What others say of you";
    SAID_OF_ME_MEANS = "Each is shown only as far as both of you let it be. Taking it back keeps it from whoever has not seen it yet.";
    NOTHING_SAID = "Nobody has said anything yet.";
    RENEW = "Say it for longer";
    REVOKE = "Say it no more";
    INTRODUCTIONS = "Introductions";
    TIMELINE = "How you know each other";
    LETTERS_WAIT = "Letters that wait";
    WHAT_I_KEEP = "What you keep";
    ADD_TAG = "New tag";
    REMOVE_TAG = "Tag";
    PETNAME = "What you call them";
    OWN_NAME = "They call themselves";
    CADENCE = "Be in touch every … days (0 for never)";
    THEY_SEE = "What they see of you";
    OF_MY_CARD = "Of your card";
    CANNOT_UNSEE = "Showing less stops what comes. It cannot take back what they have.";
    PARTING = "Parting";
    BLOCK = "Block";
    UNBLOCK = "Block no more";
    FORGET = "Forget";
    FORGET_WHAT = "Forget";
    FORGET_MEANS = "Their card, your notes and what waits for them go. A contact is told to forget you too.";
    NO_KEEP = "No, keep";
}

// Letters from person to person, and people who are handed over.
words! {
    LETTERS = "Letters";
    LETTER_TEXT = "Your words (up to 2,000 characters)";
    SEND = "Send";
    ALL_LETTERS = "All letters";
    HAND_OVER = "Hand over";
    HAND_OVER_HOW = "A contact of yours gets the name, what this person gave to everybody, where you met, and your note. What a contact gave to you alone does not go along.";
    HAND_OVER_TO = "To whom";
    HAND_OVER_NOTE = "What to say of them";
}

// Vouching.
words! {
    VOUCH = "Vouch";
    VOUCH_FOR = "You vouch for";
    VOUCH_HOW = "Say what you saw yourself. They are asked before others see it.";
    BASIS = "They were my";
    VOUCH_WORDS = "In your words";
    SKILLS = "Good at (with commas between)";
    SINCE = "Since (year)";
    UNTIL_YEAR = "Until (year)";
    STRENGTH = "How strongly";
    STRENGTH_1 = "I would mention it";
    STRENGTH_2 = "I recommend them";
    STRENGTH_3 = "I put my name to it";
    INTEREST = "What you have to gain";
    INTEREST_WORDS = "If anything: what exactly";
    MAY_SEE = "Who may see it";
}

// Introductions.
words! {
    INTRODUCTION = "Introduction";
    EXCHANGE_EMPTY = "No introductions yet.";
    NEEDS_ME = "Needs you";
    WAITS_ON_OTHERS = "Waits on others";
    DONE = "Done";
    ASK = "Ask for an introduction";
    ASK_MEANS = "You write once; a contact passes it on with a word of theirs; the other is asked first.";
    SUGGEST = "Bring two people together";
    SUGGEST_MEANS = "Both are asked, and neither learns who the other is before both say yes.";
    YOU = "you";
    ASKER = "Asks";
    INTRODUCER = "Introduces";
    TARGET = "Is asked";
    PURPOSE = "What for";
    LOOKED_FOR = "Looked for";
    WHY_THEM = "Why them";
    THEIR_WORDS = "In the asker's words";
    INTRODUCER_SAYS = "The introducer says";
    HOW_KNOWN = "How the introducer knows the other";
    PUBLIC_CARD = "Public card";
    LOOK_AGAIN = "Look at it again on";
    PASS_TO = "Ask whom";
    MY_SENTENCE = "A sentence of yours: how you know them, what you think of it";
    PASS_ON = "Pass it on";
    FIRST_WORDS = "What the other is to read first";
    I_SHARE = "Of your card they get";
    SAY_YES = "Yes";
    SAY_NO = "No";
    BLURB = "What they are to read, forwarded as it is";
    BLURB_HOW = "Who you are, what you ask (a call of 15 minutes?), what they get from it.";
    ASK_AGAIN = "Ask again";
    WE_MET = "We met or talked";
    IT_WAS_USEFUL = "It was useful";
    THANKS = "Thanks, in your words";
    TELL_THEM = "Tell the introducer";
    GIVE_BACK = "Give it back to be said differently";
    WHAT_TO_CHANGE = "What to change";
    PUT_OFF = "Later";
    TAKE_BACK = "Take it back";
    ALL_INTRODUCTIONS = "All introductions";
    NO_CONTACTS_YET = "You have no contacts yet.";
    NO_CONTACTS = "An introduction needs a contact who knows both of you. You have none yet.";
    TWO_CONTACTS = "This needs two contacts.";
    INTRODUCE_ME_TO = "Introduce me to";
    ABOUT_EXAMPLE = "a welder in Ghent";
    VIA = "Through";
    OPEN_FOR = "Open for … days";
    WRITES_FIRST = "Who would write first";
    AND_WHOM = "To whom";
    SUGGEST_NOTE = "What you tell each about the other";
    SUGGEST_NOTE_OTHER = "Something else for the second, if you like";
}

// My card.
words! {
    MY_CARD = "My card";
    MY_CARD_WHAT = "What it says, and who sees it";
    CARD_TIERS = "Each line is for anyone with your code, for your contacts, or for people you name one by one.";
    WHO_SEES = "Who sees it";
    SAVE_CARD = "Save my card";
    PREVIEW = "As others see it";
    SEEN_BY_ANYONE = "As anyone sees it";
    SEEN_BY_CONTACTS = "As contacts see it";
    SEEN_BY_NAMED = "As named people see it";
    ONLY_NAME = "Nothing but the name.";
}

// The node.
words! {
    NODE = "My node";
    NODE_WHAT = "Health, recovery words, what it is";
    WORDS_HOW = "They are the only way back to your identity. Write all 24 on paper from recovery-words.txt in the home, then delete the file.";
    TAKE_BACKUP = "Take a backup";
    TAKE_BACKUP_MEANS = "One file with everything of yours. Your recovery words alone open it; keep it on another machine.";
    WORDS_DONE = "They are on paper: delete the file";
    DOCTOR = "Health";
    THIS_NODE = "This node";
    VERSION = "Version";
    HOME_FOLDER = "Home";
    IDENTITY = "Identity";
}

// The public page, for visitors.
words! {
    SAVE_CONTACT = "Save contact";
    LEAVE_CARD = "Leave me your card";
    LEAVE_BUTTON = "Leave my card";
    COMPANY = "Company";
    TITLE = "Title";
    EMAIL = "E-mail";
    PHONE = "Phone";
    MESSAGE = "Message";
    OPTIONAL = "All but your name is up to you.";
    HAVE_KITH = "You have Kith?";
    HAVE_KITH_HOW = "Copy this link, and paste it under Scan on your own node.";
    COPY_LINK = "Copy the link";
    COPIED = "Copied";
    COPY_MARKED = "Marked: copy it now";
    LEFT = "Left.";
    LEFT_LINK_WHAT = "Keep this link. With it you can see or delete what you left, at any time:";
    DELETE_LEFT = "Delete what I left";
    BACK_TO_CARD = "Back to the card";
    WHAT_YOU_LEFT = "What you left";
    DELETED = "Deleted.";
    NOTHING_LEFT = "Nothing is left here.";
    NOTHING_LEFT_HOW = "It was deleted, or its date has come.";
    NEEDS_NAME = "Name: this one is needed.";
    LEFT_TOO_OFTEN = "Too many cards were left from here. Wait, then send it again.";
    LEFT_FULL = "This page cannot take more cards today. Try again tomorrow.";
    LEFT_FAILED = "This could not be kept. Try again later.";
}

/// Choices with what programs call them.
type Choices = &'static [(&'static str, &'static str)];

/// Who sees a line of my card.
pub(super) const TIERS: Choices = &[("public", "anyone"), ("contacts", "my contacts"), ("named", "people I name")];
/// How much of my card somebody gets.
pub(super) const PARTS: Choices =
    &[("public", "what anyone sees"), ("contacts", "what my contacts see"), ("named", "what people I name see")];
pub(super) const BASES: Choices = &[
    ("client", "client"),
    ("supplier", "supplier"),
    ("colleague", "colleague"),
    ("partner", "partner"),
    ("mentor", "mentor"),
    ("met", "acquaintance: we met"),
    ("other", "something else"),
];
pub(super) const INTERESTS: Choices = &[
    ("none", "nothing"),
    ("family", "we are family"),
    ("financial", "money flows between us"),
    ("employer", "one of us works for the other"),
    ("other", "something else"),
];
pub(super) const REACHES: Choices =
    &[("us_two", "the two of us"), ("contacts", "contacts of either of us"), ("public", "anybody")];
pub(super) const PURPOSES: Choices = &[
    ("advice", "advice"),
    ("client", "to sell to them"),
    ("partner", "to do something together"),
    ("hiring", "to hire or be hired"),
    ("other", "something else"),
];

/// What was just done, by the key that a form hands on.
pub(super) fn said(key: &str) -> Option<&'static str> {
    Some(match key {
        "accepted" => "Done.",
        "ignored" => "Put aside.",
        "scanned" => "Your card is on its way.",
        "scanned_before" => "You scanned this code before.",
        "written_down" => "Written down, unconfirmed.",
        "kept" => "Kept.",
        "saved" => "Saved.",
        "step_done" => "Done.",
        "removed" => "Removed.",
        "undone" => "It stays.",
        "written" => "Written. It goes when their node can be reached.",
        "handed_over" => "Handed over.",
        "touched" => "Noted: in touch today.",
        "forgotten" => "Forgotten.",
        "vouched" => "Said. They are asked whether it may be shown.",
        "withdrawn" => "Withdrawn.",
        "words_done" => "The file with the words is gone.",
        "asked" => "Asked.",
        "suggested" => "Both are asked.",
        "mailbox_left" => "Given up. Your contacts learn where to leave letters now.",
        "event_mode_on" => "Turned on.",
        "event_mode_off" => "Turned off.",
        "mail_off" => "No mail is sent any more, and the password is forgotten.",
        "key_changed" => "You sign with a new key from now on. Your contacts are told.",
        "done_pass" => "Passed on.",
        "done_return" => "Given back.",
        "done_decline" => "You said no.",
        "done_later" => "Put off.",
        "done_accept" => "You said yes.",
        "done_withdraw" => "Taken back.",
        "done_edit" => "Asked again.",
        "done_outcome" => "Told.",
        _ => return None,
    })
}

/// What a field of a card or a form is called.
pub(super) fn field(name: &str) -> &str {
    match name {
        "name" => "Name",
        "org" => "Company",
        "title" => "Title",
        "role" => "What you do",
        "headline" => "In one sentence",
        "email" => "E-mail",
        "phone" => "Phone",
        "mobile" => "Mobile",
        "personal-email" => "Private e-mail",
        "city" => "City",
        "address" => "Address",
        "website" => "Web site",
        "booking" => "Booking page",
        "linkedin" => "LinkedIn",
        "profile" => "Another profile",
        "chat" => "Chat",
        "languages" => "Languages",
        "expertise" => "Expertise",
        "interests" => "Interests",
        "offer" => "You offer",
        "ask" => "You look for",
        "market" => "Market",
        "memberships" => "Memberships",
        "accomplishments" => "Accomplishments",
        "pronouns" => "Pronouns",
        "nickname" => "Nickname",
        "timezone" => "Time zone",
        "birthday" => "Birthday",
        "message" => MESSAGE,
        "text" => CODE_OR_LINK,
        "note" => NOTE,
        "event" => WHERE_MET,
        "need" => THEY_NEED,
        "promise" => I_PROMISED,
        "tag" => TAG,
        "tags" => TAGS,
        "next" => NEXT_STEP,
        "due" | "until" => DUE,
        "petname" => PETNAME,
        "cadence_days" => CADENCE,
        "why" => WHY_THEM,
        "blurb" => BLURB,
        "about" => INTRODUCE_ME_TO,
        "days" => OPEN_FOR,
        "words" => VOUCH_WORDS,
        "skills" => SKILLS,
        "since" => SINCE,
        "first" => FIRST_DAY,
        "last" => LAST_DAY,
        "place" => PLACE,
        "reach" => EMAIL_OR_PHONE,
        "password" => PASSWORD,
        "recovery_words" => KEY_WORDS,
        other => other,
    }
}

/// What a line of a card is called where others read it.
pub(super) fn line(name: &str) -> &str {
    match name {
        "role" => "Does",
        "offer" => "Offers",
        "ask" => "Looks for",
        "other" => "Other",
        name => field(name),
    }
}

/// Who gets what a visitor leaves, what for, and for how long.
pub(super) fn left_privacy(name: &str, until: &str) -> String {
    format!(
        "{name} gets this, on a node of their own, to know who you are and to answer you. Nobody else does. It is kept \
         until {until}, longer only if {name} keeps it. When you have sent it, you get a link that deletes it."
    )
}

/// How long what a visitor left is kept.
pub(super) fn left_until(name: &str, until: &str) -> String {
    format!("{name} has it now. It is kept until {until}, longer only if {name} keeps it.")
}

/// Where a line of a card leads, if it leads somewhere safe.
pub(super) fn link(field: &str, value: &str) -> Option<String> {
    let is_plain = value.chars().all(|c| !c.is_whitespace() && c != '"' && c != '<' && c != '>');
    match field {
        "email" | "personal-email" if is_plain && value.contains('@') && !value.contains(['?', '&', '%']) => {
            Some(format!("mailto:{value}"))
        }
        "phone" | "mobile" => {
            let digits: String = value.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            (digits.len() >= 3).then(|| format!("tel:{digits}"))
        }
        "website" | "booking" | "linkedin" | "profile" if is_plain => {
            let lower = value.to_ascii_lowercase();
            (lower.starts_with("https://") || lower.starts_with("http://")).then(|| value.to_owned())
        }
        _ => None,
    }
}

/// What a person and I are to each other.
pub(super) fn standing(name: &str) -> &'static str {
    match name {
        "unconfirmed" => "written down",
        "pending" => "waiting for their answer",
        "asking" => "asks for your card",
        "contact" => "contact",
        _ => "no contact any more",
    }
}

/// The button that says yes to a question of a kind.
pub(super) fn yes_to(kind: &str) -> &'static str {
    match kind {
        "confirm_scan" | "late_claim" => "Yes, it was them",
        "share_back" => "Share my card",
        "vouched" => "It may be shown",
        "wrote" | "key_given_up" => "Seen",
        "handed_over" => "Take them in",
        "fork" => "The new one counts",
        "left_card" => "Keep it",
        _ => SAY_YES,
    }
}

/// The button that says no to a question of a kind.
pub(super) fn no_to(kind: &str) -> &'static str {
    match kind {
        "confirm_scan" | "late_claim" => "Not this person",
        "share_back" => "Not now",
        "vouched" => "Keep it between us",
        "wrote" => "Put aside",
        "handed_over" => "Not for me",
        "fork" => "The old one counts",
        "left_card" => "Let it go",
        _ => SAY_NO,
    }
}

/// What was typed into the field of a number.
pub(super) fn no_number(field: &str, typed: &str) -> String {
    format!("{field}: {typed:?} is no number")
}

/// A link to the whole of a list.
pub(super) fn all_of(total: &usize) -> String {
    format!("All {total}")
}

/// What a list leaves out.
pub(super) fn and_more(more: &usize) -> String {
    format!("and {more} more, when these are answered")
}

/// Days of an event, as one reads them.
pub(super) fn event_days(event: &EventForm) -> String {
    let (first, last) = (super::time::date(&event.first), super::time::date(&event.last));
    let days = if first == last { first } else { format!("{first} – {last}") };
    match event.state {
        EventState::Now => format!("now, {days}"),
        EventState::Coming | EventState::Past => days,
    }
}

/// By when a step is to be done.
pub(super) fn due(step: &StepForm) -> String {
    let day = super::time::day_or_date(&step.due);
    match step.when {
        When::Overdue => format!("overdue since {day}"),
        When::Today => "today".to_owned(),
        When::Week | When::Later => format!("until {day}"),
    }
}

/// How many steps there are, and how soon.
pub(super) fn steps(steps: &StepsAhead) -> String {
    let parts = [(steps.overdue, "overdue"), (steps.today, "today"), (steps.week, "within a week")];
    let said: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, when)| format!("{count} {when}")).collect();
    said.join(" · ")
}

/// A thank-you to begin with, made of what they need and what I promised.
pub(super) fn thank_you(name: &str, need: Option<&str>, promise: Option<&str>) -> String {
    let first = name.split_whitespace().next().unwrap_or(name);
    let need = need.map(|need| format!("You told me what you need: {need}\n")).unwrap_or_default();
    let promise = promise.map(|promise| format!("I promised: {promise}\n")).unwrap_or_default();
    format!("Dear {first},\n\nthank you for the conversation.\n{need}{promise}\nBest regards\n")
}

pub(super) fn minutes(left: i64) -> String {
    match left {
        1 => "1 minute left".to_owned(),
        left => format!("{left} minutes left"),
    }
}

pub(super) fn uses(uses: &u32) -> String {
    match uses {
        0 => "not used".to_owned(),
        1 => "used once".to_owned(),
        uses => format!("used {uses} times"),
    }
}

pub(super) fn refused(tries: &u32) -> String {
    format!("{tries} refused: somebody may have filmed it")
}

pub(super) fn people(total: &usize) -> String {
    match total {
        1 => "1 person".to_owned(),
        total => format!("{total} people"),
    }
}

pub(super) fn people_and_contacts(total: &usize, contacts: &usize) -> String {
    format!("{}, {contacts} of them contacts", people(total))
}

/// A tier as forms name it.
pub(super) const fn tier_name(tier: &TierName) -> &'static str {
    match tier {
        TierName::Public => "public",
        TierName::Contacts => "contacts",
        TierName::Named => "named",
    }
}

pub(super) const fn tier_shows(tier: &TierName) -> &'static str {
    match tier {
        TierName::Public => "shows your public card",
        TierName::Contacts => "shows what contacts see",
        TierName::Named => "shows your whole card",
    }
}

/// Through whose eyes a card is shown.
pub(super) fn preview_of(eyes: &str) -> String {
    match eyes {
        "public" => "This is what anyone with your code sees.".to_owned(),
        "contacts" => "This is what your contacts see.".to_owned(),
        "named" => "This is what people you named see.".to_owned(),
        _ => "This is what this person sees.".to_owned(),
    }
}

pub(super) const fn purpose(purpose: &PurposeName) -> &'static str {
    match purpose {
        PurposeName::Advice => "advice",
        PurposeName::Client => "to sell to them",
        PurposeName::Partner => "to do something together",
        PurposeName::Hiring => "to hire or be hired",
        PurposeName::Other => "something else",
    }
}

/// How many of my contacts see what.
pub(super) fn reach(reach: &ReachForm) -> String {
    format!(
        "Contacts who see what is for contacts: {}. Who see what is for named people too: {}.",
        reach.contacts, reach.named
    )
}

pub(super) fn seen_by(contacts: &usize) -> String {
    match contacts {
        0 => "no contact sees it yet".to_owned(),
        1 => "1 contact sees it".to_owned(),
        contacts => format!("{contacts} contacts see it"),
    }
}

pub(super) fn meeting(meeting: &MeetingForm) -> String {
    let place = meeting.event.as_deref().map(|event| format!(" at {event}")).unwrap_or_default();
    let who = match (meeting.signed_by_me, meeting.signed_by_them) {
        (true, true) => "both of you signed that you met",
        (true, false) => "you signed that you met",
        (false, true) => "they signed that you met",
        (false, false) => "you met",
    };
    format!("{who}{place}")
}

pub(super) fn outcome(outcome: &OutcomeForm) -> String {
    let by = outcome.by.called("You");
    let met = if outcome.met { "met" } else { "did not meet" };
    let useful = if outcome.useful { ", and it was useful" } else { "" };
    let thanks = outcome.thanks.as_deref().map(|thanks| format!(" “{thanks}”")).unwrap_or_default();
    format!("{by}: {met}{useful}.{thanks}")
}

pub(super) const fn health(health: &Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Warning => "look at this",
        Health::Bad => "broken",
    }
}

pub(super) const fn health_class(health: &Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Warning => "warning",
        Health::Bad => "bad",
    }
}

// Getting in.

pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const WITH_CODE: &str = "With a code";
pub(crate) const WITH_PASSWORD: &str = "With a password";
pub(crate) const CODE_TYPED: &str = "Code";
pub(crate) const CODE_HINT: &str = "Eight characters, as kith phone shows them.";
pub(crate) const NO_PASSWORD_YET: &str = "No password yet? On the machine of your node, run";
pub(crate) const NO_PASSWORD_OPEN: &str = "for a link that lets you in once, or";
pub(crate) const NO_PASSWORD_PHONE: &str = "for a code for your phone.";
pub(crate) const COME_IN: &str = "Come in";
pub(crate) const COME_IN_ABOUT: &str =
    "This link signs this browser in on your Kith node. It stays signed in until two weeks after you last used it.";
pub(crate) const NOT_RIGHT_PASSWORD: &str = "That is not the password.";
pub(crate) const NOT_RIGHT_CODE: &str =
    "That link or code is not right, has been used, or is over. Make a fresh one with kith open or kith phone.";
pub(crate) const TOO_MANY: &str =
    "Too many tries. Wait, then try again; kith open on the machine of your node lets you in at once.";
pub(crate) const NOT_STORED: &str = "This could not be stored. Make room on the disk of the node, then try again.";
pub(crate) const GO_ON: &str = "Go on";
pub(crate) const FOREIGN_HOST: &str = "This node does not go by that name";
pub(crate) const FOREIGN_HOST_ABOUT: &str =
    "Open it by its address, or tell it the name with kith up --web-url https://the.name/.";
pub(crate) const FOREIGN_PAGE: &str = "This did not come from a page of this node";
pub(crate) const FOREIGN_PAGE_ABOUT: &str =
    "Nothing was changed. Open the page again and repeat it there. Behind a proxy, pass the Host header on.";
pub(crate) const ACCESS: &str = "Getting in";
pub(crate) const SIGNED_IN: &str = "Signed in";
pub(crate) const THIS_BROWSER: &str = "this browser";
pub(crate) const LAST_USED: &str = "last used";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const SIGN_OUT_OTHERS: &str = "Sign out all others";
pub(crate) const SET_PASSWORD: &str = "Set a password";
pub(crate) const CHANGE_PASSWORD: &str = "Change the password";
pub(crate) const NEW_PASSWORD: &str = "New password";
pub(crate) const NEW_PASSWORD_AGAIN: &str = "The same again";
pub(crate) const NEW_PASSWORD_HINT: &str = "At least ten characters. All other browsers are signed out.";
pub(crate) const ODD_LENGTH: &str = "A password has at least ten characters and at most 512 bytes.";
pub(crate) const ACCESS_WHAT: &str = "Browsers that are signed in, the password, signing out";
pub(crate) const LET_PHONE_IN: &str = "Let a phone in";
pub(crate) const SHOW_PHONE_CODE: &str = "Show a code for it";
pub(crate) const PHONE_TRUST_FIRST: &str = "First, once for each phone, open this on it and install the certificate:";
pub(crate) const PHONE_ABOUT: &str = "Scan it with the phone's camera, or type the code there. It counts twice: in the browser, and in the app on the home screen.";
pub(crate) const NOT_THE_SAME: &str = "The two are not the same.";
pub(crate) const SAVE_PASSWORD: &str = "Save";
pub(crate) const PROVE: &str = "Show that it is you";
pub(crate) const PROVE_ABOUT: &str =
    "What comes next needs the password again, or a sign-in of the last five minutes: kith open makes a link for that.";

// Trusting the certificate of a node.

pub(crate) const TRUST: &str = "Trust this node";
pub(crate) const TRUST_ABOUT: &str = "This node makes its own certificates. Install its authority once on this device, then open the node with https. \
     It counts for this machine and for addresses of local networks, and for no other site.";
pub(crate) const TRUST_NAME: &str = "It is called";
pub(crate) const TRUST_FINGERPRINT: &str =
    "Compare its SHA-256 fingerprint with what kith doctor prints on the machine of the node, before you install it:";
pub(crate) const TRUST_IPHONE: &str = "iPhone and iPad";
pub(crate) const TRUST_IPHONE_STEPS: [&str; 3] = [
    "Open the profile above in Safari and allow the download.",
    "Settings → General → VPN & Device Management: tap the profile, then Install.",
    "Settings → General → About → Certificate Trust Settings: switch it on.",
];
pub(crate) const TRUST_PROFILE: &str = "Profile for iPhone, iPad and Mac";
pub(crate) const TRUST_ANDROID: &str = "Android";
pub(crate) const TRUST_ANDROID_STEPS: [&str; 2] = [
    "Download the certificate above.",
    "Settings → Security → More security settings → Encryption & credentials → Install a certificate → CA certificate: choose the file.",
];
pub(crate) const TRUST_DESKTOP: &str = "Computers";
pub(crate) const TRUST_DESKTOP_STEPS: [&str; 3] = [
    "Mac: open the profile, then System Settings → Privacy & Security → Profiles.",
    "Windows: open the certificate → Install → Trusted Root Certification Authorities.",
    "Linux and Firefox: browser settings → Certificates → Authorities → Import, for websites only.",
];
pub(crate) const TRUST_CERTIFICATE: &str = "Certificate";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_card_leads_nowhere_dangerous() {
        assert_eq!(link("email", "ana@sousa.example").as_deref(), Some("mailto:ana@sousa.example"));
        assert_eq!(link("mobile", "+351 912 345").as_deref(), Some("tel:+351912345"));
        assert_eq!(link("website", "https://sousa.example").as_deref(), Some("https://sousa.example"));
        for (field, value) in
            [("website", "javascript:alert(1)"), ("email", "a b@c"), ("headline", "https://x.example")]
        {
            assert_eq!(link(field, value), None, "{field} {value}");
        }
    }
}
