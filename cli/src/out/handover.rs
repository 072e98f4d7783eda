//! People whom a contact hands over.

use kith_node::api::model::HandOverForm;

use super::when;

/// What is known of them.
pub fn handover_rows(whom: &HandOverForm) -> Vec<(String, String)> {
    let fields = whom.fields.iter().map(|field| (field.field.clone(), field.value.clone()));
    let code = whom.foreign.iter().map(|text| ("code".to_owned(), text.clone()));
    let note = whom.note.iter().map(|note| ("note".to_owned(), note.clone()));
    let met = [("met".to_owned(), when(&whom.met))];
    fields.chain(code).chain(note).chain(met).collect()
}
