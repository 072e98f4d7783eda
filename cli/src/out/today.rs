//! Events, and what is to be done.

use kith_node::api::model::{Doing, EventForm, EventState, StepForm, TodayForm, When};

use super::{aside, item, say, short, when};

/// An event.
pub fn event(event: &EventForm) {
    let days =
        if event.first == event.last { event.first.clone() } else { format!("{} to {}", event.first, event.last) };
    let place = event.place.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
    let state = match event.state {
        EventState::Past => "",
        EventState::Now => "; on now",
        EventState::Coming => "; to come",
    };
    say(format!("{}  {}  {days}{place}; met {}{state}", short(&event.id), event.name, event.people));
}

/// A next step, in words.
pub fn step(step: &StepForm) -> String {
    let due = if step.due.len() > 10 { when(&step.due) } else { step.due.clone() };
    let soon = match step.when {
        When::Overdue => "overdue since",
        When::Today => "today,",
        When::Week | When::Later => "by",
    };
    format!("{} ({soon} {due})", step.what)
}

/// Somebody, and what is to be done for them.
pub fn doing(doing: &Doing) {
    let person = &doing.person;
    let next = doing.follow_up.next.as_ref().map(|next| format!("  {}", step(next))).unwrap_or_default();
    say(format!("{}  {}{next}", short(&person.id), person.name));
    for (label, text) in [("needs", &doing.follow_up.need), ("promised", &doing.follow_up.promise)] {
        if let Some(text) = text {
            say(format!("          {label}: {text}"));
        }
    }
}

/// What a list of the day leaves out.
fn and_more(total: usize, shown: usize, which: &str) {
    if total > shown {
        say(format!("          and {} more; {which}", total - shown));
    }
}

/// What a day has for me.
pub fn today(today: &TodayForm) {
    if let Some(event) = &today.event {
        self::event(event);
    }
    if today.inbox.total > 0 {
        say(format!("Waiting on you: {}", today.inbox.total));
        today.inbox.list.iter().for_each(item);
        and_more(today.inbox.total, today.inbox.list.len(), "kith inbox lists all");
    }
    let steps = &today.steps;
    if !steps.list.is_empty() {
        let parts = [(steps.overdue, "overdue"), (steps.today, "today"), (steps.week, "in the next days")];
        let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, when)| format!("{count} {when}"));
        say(format!("To do: {}", said.collect::<Vec<_>>().join(", ")));
        steps.list.iter().for_each(doing);
        and_more(steps.overdue + steps.today + steps.week, steps.list.len(), "these are due first");
    }
    if today.silent.total > 0 {
        say(format!("Out of touch: {}", today.silent.total));
        today.silent.list.iter().for_each(doing);
        and_more(today.silent.total, today.silent.list.len(), "these are due first");
    }
    if today.words_wait {
        aside("Your 24 recovery words still lie in a file: kith words shows them, kith words --done deletes it.");
    }
    if today.inbox.total + steps.list.len() + today.silent.total == 0 {
        aside("Nothing due.");
    }
}
