//! What the pages say that look after the node: its health, mailboxes, event mode, the daily mail, the key.

use super::Choices;
use crate::api::{Health, MailForm};

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

pub(crate) const fn health(health: &Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Warning => "look at this",
        Health::Bad => "broken",
    }
}

pub(crate) const fn health_class(health: &Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Warning => "warning",
        Health::Bad => "bad",
    }
}

// Whose nodes hold letters.
words! {
    MAILBOXES = "Mailboxes";
    MAILBOXES_WHAT = "Letters reach you while your node is off";
    MAILBOXES_WHY = "While your node is off, the nodes of up to two contacts hold letters for you, for up to 30 days. Your codes lead there, too.";
    MAILBOXES_SEE = "Whoever holds letters sees which machines come when and how much they bring, and no names and no words.";
    NO_MAILBOX = "Nobody's node holds letters for you. While yours is off, letters wait at their senders.";
    CHOSEN_BY_ME = "you chose it";
    SINCE_WHEN = "since";
    GIVE_UP = "Give up";
    CHOOSE_MAILBOX = "Choose one yourself";
    CHOOSE_MAILBOX_HOW = "They are chosen by themselves among contacts whose nodes everybody reaches: a server, say. One that you choose comes before those.";
    MAILBOX_OF = "The node of";
    ASK_THEIR_NODE = "Ask their node";
    ALL_CHOSEN = "The nodes of all your contacts were asked already.";
    HELD_FOR_OTHERS = "What your node holds for others";
}

// Looking for contacts on local networks.
words! {
    EVENT_MODE = "Event mode";
    EVENT_MODE_WHAT = "Contacts in the same hall find you without internet";
    EVENT_MODE_WHEN = "For a fair without internet: contacts whose addresses are new find each other on the local network, once both have turned this on. It looks where the machine of your node is, so take that along.";
    EVENT_MODE_SHOWS = "Your node says a name there that only your contacts know, and another one each day. Others see that Kith is used at your address, and not by whom; who goes on to dial it, or repeats the name to have your contacts dial them, learns the number of a node, as on the internet.";
    EVENT_MODE_NEEDS = "UDP port 5353 must be open in the firewall of the machine. Some guest networks keep their guests apart.";
    EVENT_MODE_ON = "On since";
    EVENT_MODE_OFF = "Off.";
    EVENT_MODE_ABOUT = "When, and what others see";
    EVENT_MODE_END = "Turn it off when you have left.";
    TURN_ON = "Turn on";
    TURN_OFF = "Turn off";
    HEARD_HERE = "Heard here now";
    NOBODY_HEARD = "No contact is heard here now.";
}

// The mail of every day.
words! {
    MAIL = "Daily mail";
    MAIL_WHAT = "Your node writes to you when something waits";
    MAIL_WHY = "Once a day your node writes to you by a mail server of yours, if something waits, and only then. It counts by kinds and says nothing of what anybody wrote.";
    MAIL_NONE = "No mail is sent.";
    MAIL_SENT = "Last sent";
    MAIL_TROUBLE = "The last one could not be sent:";
    MAIL_ANSWERED = "Sent. The server says:";
    SEND_ONE_NOW = "Send one now";
    MAIL_HOW = "How it is sent";
    MAIL_SERVER = "Mail server";
    MAIL_SERVER_HOW = "smtps://, or smtp:// with STARTTLS. To another machine it goes encrypted, or not at all.";
    MAIL_FROM = "From";
    MAIL_TO = "To";
    MAIL_AT = "Time of the day, where the node is";
    MAIL_NAMES = "Name the people concerned";
    MAIL_NAMES_MEANS = "Mail lies readable at providers and on lock screens.";
    MAIL_LOGIN = "Login, if the server wants one";
    MAIL_PASSWORD = "Its password";
    MAIL_PASSWORD_NEW = "It is kept sealed in the home, and never shown again.";
    MAIL_PASSWORD_KEPT = "A password is kept. Leave this empty and it stays; for another server or port, type it again.";
    MAIL_PASSWORD_HANDED_OVER = "The service manager hands it over. Leave this empty and it stays so.";
}

/// What the doctor says, as a sentence of its own.
pub(crate) fn sentence(finding: &str) -> String {
    let mut rest = finding.chars();
    rest.next().map(|first| format!("{}{}.", first.to_uppercase(), rest.as_str())).unwrap_or_default()
}

/// How the mail is set, in a sentence.
pub(crate) fn mail_set(mail: &MailForm) -> String {
    let names = if mail.names { "with names" } else { "without names" };
    format!("To {} each day at {}, if something waits; {names}.", mail.to, mail.at)
}

// The key, and changing it.
words! {
    KEY = "My key";
    KEY_WHAT = "Change what signs for you, or get fresh words";
    KEY_WHY = "What you say is signed with a key on your node. With your 24 words you can put another in its place: your contacts are told, and you stay the same person to them.";
    KEY_CHANGE = "Change the key";
    KEY_REASON = "Why";
    KEY_FRESH = "Fresh words too: others may have read mine";
    KEY_PAPER = "Have your 24 words at hand. You are asked for them next, and nothing changes before that.";
    KEY_GONE = "The machine itself is gone? Then run kith recover on another one.";
    KEY_THEN = "This is what happens:";
    KEY_SIGNS = "You sign with a new key from then on. Your contacts are told.";
    KEY_STANDS = "What you signed before stands, and your codes stay good.";
    KEY_STOLEN = "What the old key signs from then on is believed by nobody who has heard of it.";
    KEY_CODES = "All your codes are withdrawn, printed ones too.";
    KEY_WORDS_STAY = "Your 24 words stay the same.";
    KEY_WORDS_FRESH = "The words of before are not you any more. Fresh ones lie in a file in the home until you have written them on paper.";
    KEY_BACKUPS = "A backup from before is no way back any more.";
    KEY_WORDS = "Your 24 words";
    KEY_WORDS_ONCE = "They are used this once, and kept nowhere.";
    KEY_NOT = "No, leave it";
    KEY_LATE = "More than five minutes went by since you showed that it is you, so nothing was changed. Type the words again.";
    KEY_CODES_GONE = "All your codes are withdrawn. Show and print new ones.";
    KEY_FRESH_NOW = "The words of before are not you any more. Write the fresh ones down, then take a backup. Those from before are opened by the words of before, which somebody may have: delete them.";
}

/// Why a key is changed.
pub(crate) const KEY_REASONS: Choices =
    &[("routine", "To be safe: nothing happened"), ("stolen", "The key may be in other hands")];

/// Which key signs.
pub(crate) fn key_number(key: &u8) -> String {
    match key {
        0 => "You sign with your first key, number 0.".to_owned(),
        key => format!("You sign with key number {key}; the first was 0."),
    }
}

/// The page on what a line of the doctor is about, if there is one.
pub(crate) fn page_of(subject: &str) -> Option<&'static str> {
    Some(match subject {
        "mailbox" | "held for others" => "mailboxes",
        "event mode" => "event-mode",
        "mail" => "mail",
        "sign-in" => "access",
        _ => return None,
    })
}
