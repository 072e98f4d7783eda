//! What is said of next steps, thank-yous and events.

use crate::api::model::{EventForm, EventState, StepForm, StepsAhead, When};
use crate::web::time;

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

/// Days of an event, as one reads them.
pub(crate) fn event_days(event: &EventForm) -> String {
    let (first, last) = (time::date(&event.first), time::date(&event.last));
    let days = if first == last { first } else { format!("{first} – {last}") };
    match event.state {
        EventState::Now => format!("now, {days}"),
        EventState::Coming | EventState::Past => days,
    }
}

/// By when a step is to be done.
pub(crate) fn due(step: &StepForm) -> String {
    let day = time::day_or_date(&step.due);
    match step.when {
        When::Overdue => format!("overdue since {day}"),
        When::Today => "today".to_owned(),
        When::Week | When::Later => format!("until {day}"),
    }
}

/// How many steps there are, and how soon.
pub(crate) fn steps(steps: &StepsAhead) -> String {
    let parts = [(steps.overdue, "overdue"), (steps.today, "today"), (steps.week, "within a week")];
    let said: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, when)| format!("{count} {when}")).collect();
    said.join(" · ")
}

/// A thank-you to begin with, made of what they need and what I promised.
pub(crate) fn thank_you(name: &str, need: Option<&str>, promise: Option<&str>) -> String {
    let first = name.split_whitespace().next().unwrap_or(name);
    let need = need.map(|need| format!("You told me what you need: {need}\n")).unwrap_or_default();
    let promise = promise.map(|promise| format!("I promised: {promise}\n")).unwrap_or_default();
    format!("Dear {first},\n\nthank you for the conversation.\n{need}{promise}\nBest regards\n")
}
