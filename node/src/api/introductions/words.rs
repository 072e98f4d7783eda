//! Introductions in words: who asks whom, where it stands, what can be done.
//!
//! What an asker reads of an ask that came to nothing is one sentence, whatever happened at the other end.

use kith_protocol::engine::introduction::{
    AskState, Asked, Carried, CarryState, IntroKey, Over, Part, Proposed, ProposedState,
};

use crate::api::model::{ActionForm, day_or_when, when};

/// What people are called in a sentence, and whether a letter of mine still waits for their nodes.
pub(super) struct Names<'n> {
    pub asker: &'n str,
    pub introducer: &'n str,
    pub target: &'n str,
    /// How the letter that I wrote last is doing; nothing if it has arrived.
    pub waits: Option<Way>,
}

/// How a letter that has not arrived is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The two nodes are connected.
    Going,
    /// It waits until they are.
    Waiting,
}

/// The name of a part.
pub(super) const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Asker => "asker",
        Part::Introducer => "introducer",
        Part::Target => "target",
    }
}

/// Why it came to nothing, for programs.
pub(super) const fn over_name(over: Over) -> &'static str {
    match over {
        Over::Expired => "expired",
        Over::Withdrawn => "withdrawn",
        Over::Declined => "declined",
        Over::Broken => "broken",
        Over::Apart => "apart",
    }
}

impl Way {
    fn to(self, name: &str) -> String {
        match self {
            Self::Going => format!("is on its way to {name}"),
            Self::Waiting => format!("waits until {name}'s node can be reached"),
        }
    }
}

impl Names<'_> {
    /// Who asks whom, to the asker.
    pub(super) fn asked(&self, asked: &Asked) -> String {
        let Self { introducer, target, .. } = self;
        match (asked.state, asked.is_suggested()) {
            (AskState::Suggested, _) => format!("{introducer} thinks that you should meet somebody."),
            (_, true) => format!("{introducer} thought that you should meet somebody, and you said yes."),
            (_, false) => format!("You ask {introducer} to introduce you to {target}."),
        }
    }

    /// Who asks whom, to the introducer.
    pub(super) fn carried(&self, carried: &Carried) -> String {
        let Self { asker, target, .. } = self;
        if carried.suggested {
            format!("You think that {asker} and {target} should meet.")
        } else {
            format!("{asker} asks you to introduce them to {target}.")
        }
    }

    /// Who asks whom, to the target.
    pub(super) fn proposed(&self, proposed: &Proposed) -> String {
        let Self { asker, introducer, .. } = self;
        match proposed.ask {
            None => format!("{introducer} thinks that you should meet somebody."),
            Some(_) => format!("{asker} asks to meet you, through {introducer}."),
        }
    }

    /// Where it stands, to the asker.
    pub(super) fn asked_state(&self, asked: &Asked) -> String {
        let Self { introducer, target, .. } = self;
        match (asked.state, self.waits) {
            (AskState::Suggested, _) => "waits on you".to_owned(),
            (AskState::Open, Some(way)) => way.to(introducer),
            (AskState::Open, None) => format!(
                "with {introducer}; you asked on {} and hear a yes, or nothing until {}",
                when(asked.asked),
                when(asked.expires)
            ),
            (AskState::Returned, _) => format!("{introducer} wants it said differently"),
            (AskState::Connecting, Some(way)) => {
                format!("{target} said yes; your first letter {}", way.to(target))
            }
            (AskState::Connecting, None) => {
                format!("{target} said yes; your first letter is there, and their answer on its way")
            }
            (AskState::Connected, _) => format!("you and {target} hold each other"),
            (AskState::Over, _) => self.asked_over(asked.over),
        }
    }

    fn asked_over(&self, over: Option<Over>) -> String {
        match over {
            Some(Over::Withdrawn) => "you withdrew it".to_owned(),
            Some(Over::Declined) => "you said no".to_owned(),
            Some(Over::Broken) => format!("it ended: what came through {} does not fit together", self.introducer),
            Some(Over::Apart) => format!("it ended: you and {} are no contacts any more", self.introducer),
            Some(Over::Expired) | None => "not this time".to_owned(),
        }
    }

    /// Where it stands, to the introducer.
    pub(super) fn carried_state(&self, carried: &Carried) -> String {
        let Self { asker, target, .. } = self;
        match (carried.state, self.waits) {
            (CarryState::Asked, _) => match carried.later {
                Some(later) => format!("you look at it again on {}; nobody is told", day_or_when(later)),
                None => "waits on you".to_owned(),
            },
            (CarryState::Returned, Some(way)) => format!("given back; it {}", way.to(asker)),
            (CarryState::Returned, None) => format!("given back to {asker}, to be said differently"),
            (CarryState::Suggested, _) => match (carried.ask.is_some(), carried.willing) {
                (true, _) => format!("you asked both; {asker} said yes"),
                (false, true) => format!("you asked both; {target} said yes"),
                (false, false) => "you asked both; nobody has said yes so far".to_owned(),
            },
            (CarryState::Proposed, Some(way)) => way.to(target),
            (CarryState::Proposed, None) => format!("{target} has it before them"),
            (CarryState::Later, _) => {
                let later = carried.later.map(|later| format!(", on {}", day_or_when(later))).unwrap_or_default();
                format!("{target} decides later{later}; you alone know")
            }
            (CarryState::Declined, _) => {
                format!("{target} said no; you alone know, and may pass it to somebody else")
            }
            (CarryState::Offered, Some(way)) => format!("{target} said yes; your word of it {}", way.to(asker)),
            (CarryState::Offered, None) => format!("{target} said yes, and {asker} was told"),
            (CarryState::Connected, _) => format!("{asker} and {target} hold each other"),
            (CarryState::Over, _) => match carried.over {
                Some(Over::Declined) => format!("you said no; {asker} hears nothing"),
                over => ended(over),
            },
        }
    }

    /// Where it stands, to the target.
    pub(super) fn proposed_state(&self, proposed: &Proposed) -> String {
        let Self { asker, introducer, .. } = self;
        match (proposed.state, self.waits) {
            (ProposedState::Suggested | ProposedState::Waiting, _) => "waits on you".to_owned(),
            (ProposedState::Willing | ProposedState::Consented, Some(way)) => {
                format!("you said yes; it {}", way.to(introducer))
            }
            (ProposedState::Willing, None) => "you said yes; if the other does too, you are introduced".to_owned(),
            (ProposedState::Joined, _) => format!("you are asked about {asker} through somebody else already"),
            (ProposedState::Later, _) => {
                let later = proposed.later.map(|later| format!(" on {}", day_or_when(later))).unwrap_or_default();
                format!("you look at it again{later}; {introducer} alone knows")
            }
            (ProposedState::Consented, None) => format!("you said yes; {asker}'s first letter has not come"),
            (ProposedState::Connected, _) => format!("you and {asker} hold each other"),
            (ProposedState::Over, _) => match proposed.over {
                Some(Over::Declined) => format!("you said no; {introducer} alone knows"),
                over => ended(over),
            },
        }
    }
}

fn ended(over: Option<Over>) -> String {
    match over {
        Some(Over::Withdrawn) => "it was withdrawn",
        Some(Over::Declined) => "you said no",
        Some(Over::Broken) => "it ended: a letter about it did not fit",
        Some(Over::Apart) => "it ended: one of those concerned is no contact any more",
        Some(Over::Expired) | None => "its date came, and nothing came of it",
    }
    .to_owned()
}

/// What can be done: the action, what goes with it at the command line, what it does.
type Doing = (&'static str, &'static str, &'static str);

const WITHDRAW: Doing = ("withdraw", "", "take it back");
const OUTCOME: Doing = ("outcome", " --met --useful --thanks \"…\"", "tell the introducer how it went, and thank them");
const LATER: Doing = ("later", " --until DATE", "look at it again then");

/// What I can do when I asked.
pub(super) fn asked_actions(asked: &Asked) -> Vec<ActionForm> {
    let doings: &[Doing] = match asked.state {
        AskState::Suggested => &[
            ("accept", " --blurb \"…\"", "you would; if the other would too, you are introduced"),
            ("decline", "", "you would rather not; the introducer alone hears of it"),
        ],
        AskState::Open => &[WITHDRAW],
        AskState::Returned => &[("edit", " --why \"…\" --blurb \"…\"", "say it differently, and ask again"), WITHDRAW],
        AskState::Connected => &[OUTCOME],
        AskState::Connecting | AskState::Over => &[],
    };
    forms(asked.name(), doings)
}

/// What I can do when I carry it.
pub(super) fn carried_actions(carried: &Carried) -> Vec<ActionForm> {
    let names_target = carried.read_ask().is_some_and(|ask| ask.target_id.is_some());
    let pass = match names_target {
        true => ("pass", " --note \"…\"", "ask the target, with a sentence of yours"),
        false => ("pass", " --to WHO --note \"…\"", "ask a contact of yours, with a sentence of yours"),
    };
    let again = ("pass", " --to WHO --note \"…\"", "ask somebody else");
    let give_back = ("return", " --note \"…\"", "give it back, to be said differently");
    let decline = ("decline", "", "no; the asker hears nothing, and their ask ends at its date");
    let doings: &[Doing] = match carried.state {
        CarryState::Asked => &[pass, give_back, LATER, decline],
        CarryState::Returned => &[decline],
        CarryState::Declined if may_ask_another(carried) => &[again, decline],
        CarryState::Declined => &[decline],
        CarryState::Suggested | CarryState::Proposed | CarryState::Later | CarryState::Offered => &[WITHDRAW],
        CarryState::Connected | CarryState::Over => &[],
    };
    forms(carried.name(), doings)
}

/// True if somebody else can be asked than who said no: the asker named nobody, and nobody has been told.
pub(super) fn may_ask_another(carried: &Carried) -> bool {
    let names_target = carried.read_ask().is_some_and(|ask| ask.target_id.is_some());
    !names_target && carried.introduction.is_none()
}

/// What I can do when I am asked for.
pub(super) fn proposed_actions(proposed: &Proposed) -> Vec<ActionForm> {
    let decline = ("decline", "", "no; the introducer alone hears of it");
    let doings: &[Doing] = match proposed.state {
        ProposedState::Suggested => {
            &[("accept", " --tier TIER", "you would; if the other would too, you are introduced"), decline]
        }
        ProposedState::Waiting | ProposedState::Joined | ProposedState::Later => {
            &[("accept", " --tier TIER", "they get your card, and you are contacts"), LATER, decline]
        }
        ProposedState::Willing | ProposedState::Consented => &[WITHDRAW],
        ProposedState::Connected => &[OUTCOME],
        ProposedState::Over => &[],
    };
    forms(proposed.name(), doings)
}

fn forms(key: IntroKey, doings: &[Doing]) -> Vec<ActionForm> {
    let form = |(action, with, does): &Doing| ActionForm {
        action: (*action).to_owned(),
        does: (*does).to_owned(),
        command: format!("kith intro {action} {}{with}", key.id.short()),
    };
    doings.iter().map(form).collect()
}
