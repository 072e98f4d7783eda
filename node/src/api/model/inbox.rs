//! What waits on me.

use kith_protocol::engine::inbox::{Item, ItemKind};
use kith_protocol::engine::invites::OwnInvite;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CardForm, HandOverForm, IntroductionForm, PersonForm, ReachName, VouchForm, WrittenForm, time};

/// Something that waits on me.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ItemForm {
    /// Its id.
    pub id: String,
    /// `confirm_scan`, `share_back`, `late_claim`, `fork`, `introduce`, `meet`, `suggested`, `ask_returned`,
    /// `vouched`, `wrote`, `handed_over`, `left_card` or `key_given_up`.
    pub kind: String,
    /// What is asked, in words.
    pub question: String,
    /// Concerning whom; for a card that a visitor left, who they become when it is accepted.
    pub person: PersonForm,
    /// The card that they gave along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CardForm>,
    /// What a visitor said beside the card that they left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The introduction it is about, with all that there is to know for deciding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction: Option<IntroductionForm>,
    /// The vouch it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouch: Option<VouchForm>,
    /// The newest letter of theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub letter: Option<WrittenForm>,
    /// Whom they hand over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handover: Option<HandOverForm>,
    /// What accepting does.
    pub accept: String,
    /// What ignoring does.
    pub ignore: String,
    /// Since when it waits.
    pub since: String,
    /// When it goes away by itself.
    pub until: String,
}

/// What belongs on the screen beside the question.
#[derive(Debug, Default)]
pub struct ItemContext {
    /// The card that they gave along.
    pub card: Option<CardForm>,
    /// What a visitor said beside the card that they left.
    pub message: Option<String>,
    /// The introduction it is about.
    pub introduction: Option<IntroductionForm>,
    /// The vouch it is about.
    pub vouch: Option<VouchForm>,
    /// The newest letter of theirs.
    pub letter: Option<WrittenForm>,
    /// Whom they hand over.
    pub handover: Option<HandOverForm>,
}

/// What is asked, and what the answers do.
struct Asking {
    kind: &'static str,
    question: String,
    accept: &'static str,
    ignore: &'static str,
}

impl ItemForm {
    /// The form of something that waits.
    pub fn of(item: &Item, person: PersonForm, context: ItemContext, invite: Option<&OwnInvite>) -> Self {
        let Asking { kind, question, accept, ignore } = match item.kind {
            ItemKind::ConfirmScan | ItemKind::ShareBack | ItemKind::LateClaim | ItemKind::Fork => {
                about_scan(item.kind, &person.name, invite)
            }
            ItemKind::Introduce | ItemKind::Meet | ItemKind::Suggested | ItemKind::AskReturned => {
                about_introduction(item.kind, &person.name, context.introduction.as_ref())
            }
            ItemKind::Vouched => about_vouch(&person.name, context.vouch.as_ref()),
            ItemKind::Wrote => about_letter(&person.name),
            ItemKind::HandedOver => about_handover(&person.name, context.handover.as_ref()),
            ItemKind::LeftCard => about_left(&person.name),
            ItemKind::KeyGivenUp => about_key(&person.name),
        };
        let ItemContext { card, message, introduction, vouch, letter, handover } = context;
        Self {
            id: item.id.to_string(),
            kind: kind.to_owned(),
            question,
            person,
            card,
            message,
            introduction,
            vouch,
            letter,
            handover,
            accept: accept.to_owned(),
            ignore: ignore.to_owned(),
            since: time(item.at),
            until: time(item.until),
        }
    }
}

fn about_scan(kind: ItemKind, name: &str, invite: Option<&OwnInvite>) -> Asking {
    let event = invite.and_then(|invite| invite.event.as_ref()).map(|event| format!(" ({event})"));
    let event = event.unwrap_or_default();
    let others = match invite.map_or(0, |invite| invite.refused) {
        0 => String::new(),
        1 => " The code was tried once more afterwards: somebody may have filmed it.".to_owned(),
        tried => format!(" The code was tried {tried} more times afterwards: somebody may have filmed it."),
    };
    let (accept, ignore) = ("they get your card and you are contacts", "they are told nothing, and their card goes");
    match kind {
        ItemKind::ShareBack => Asking {
            kind: "share_back",
            question: format!("{name} scanned your printed code{event} and gave you their card. Do you share yours?"),
            accept,
            ignore,
        },
        ItemKind::LateClaim => Asking {
            kind: "late_claim",
            question: format!(
                "{name} says they scanned your code{event}, but the scan was delivered later. Did you meet them?"
            ),
            accept,
            ignore,
        },
        ItemKind::Fork => Asking {
            kind: "fork",
            question: format!(
                "{name} has shown two key histories that contradict each other. Somebody else may hold their recovery \
                 words. Meet {name} and scan their code: that settles which one is theirs. A scan of theirs is answered when you have \
                 said that the new one counts."
            ),
            accept: "the history that they showed you counts",
            ignore: "the history that you saw first goes on counting",
        },
        _ => Asking {
            kind: "confirm_scan",
            question: format!("{name} scanned your code{event}. Was it the person in front of you?{others}"),
            accept: "both of you sign that you met",
            ignore: "you withdraw your card from them, and theirs goes",
        },
    }
}

fn about_introduction(kind: ItemKind, name: &str, introduction: Option<&IntroductionForm>) -> Asking {
    let summary = introduction.map(|introduction| introduction.line.summary.clone());
    match kind {
        ItemKind::Introduce => Asking {
            kind: "introduce",
            question: summary.unwrap_or_else(|| format!("{name} asks you to introduce them.")),
            accept: "pass it on with a sentence of your own: kith intro pass",
            ignore: "they hear nothing, and their ask ends at its date",
        },
        ItemKind::Meet => Asking {
            kind: "meet",
            question: summary.unwrap_or_else(|| format!("{name} would introduce somebody to you.")),
            accept: "they get your card, and the two of you are contacts",
            ignore: "only the one who would introduce you hears of it",
        },
        ItemKind::AskReturned => Asking {
            kind: "ask_returned",
            question: format!("{name} would introduce you, if you say it differently."),
            accept: "say it differently: kith intro edit",
            ignore: "you withdraw your ask",
        },
        _ => Asking {
            kind: "suggested",
            question: summary.unwrap_or_else(|| format!("{name} thinks that you should meet somebody.")),
            accept: "if the other says yes too, you are introduced",
            ignore: "only the one who had the idea hears of it",
        },
    }
}

fn about_letter(name: &str) -> Asking {
    Asking {
        kind: "wrote",
        question: format!("{name} wrote to you."),
        accept: "you have read it; it stays with what you keep of them",
        ignore: "the same: they are not told whether you read it",
    }
}

fn about_handover(name: &str, handover: Option<&HandOverForm>) -> Asking {
    let whom = handover.map_or("somebody", |handover| handover.name.as_str());
    let event = handover.and_then(|handover| handover.event.as_deref());
    let met = event.map(|event| format!(", whom they met at {event}")).unwrap_or_default();
    Asking {
        kind: "handed_over",
        question: format!("{name} hands {whom} over to you{met}."),
        accept: "they are written down among your people, unconfirmed",
        ignore: "nothing of it is kept",
    }
}

fn about_left(name: &str) -> Asking {
    Asking {
        kind: "left_card",
        question: format!("{name} left you their card on your page. Nobody says that it is really them."),
        accept: "they are written down among your people, unconfirmed; they can still take their card back",
        ignore: "nothing of it is kept, and they are not told",
    }
}

fn about_key(name: &str) -> Asking {
    Asking {
        kind: "key_given_up",
        question: format!(
            "The key you know {name} by was given up: somebody else may have it, and may have met you or written to you in \
             their name. Nothing more is believed of it. Meet {name} and scan their code, or wait for a letter with their new key."
        ),
        accept: "you have read it; what you keep of them goes on saying so, until you know their new key",
        ignore: "the same",
    }
}

fn about_vouch(name: &str, vouch: Option<&VouchForm>) -> Asking {
    if vouch.is_some_and(|vouch| vouch.reach == ReachName::UsTwo) {
        return Asking {
            kind: "vouched",
            question: format!("{name} vouches for you, for the two of you alone."),
            accept: "if they let it be shown one day, contacts of either of you may see it",
            ignore: "it stays between the two of you",
        };
    }
    Asking {
        kind: "vouched",
        question: format!("{name} vouches for you. May it be shown?"),
        accept: "contacts of either of you may see it",
        ignore: "it stays between the two of you",
    }
}
