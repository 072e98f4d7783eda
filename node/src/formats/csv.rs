//! A list as comma-separated values (RFC 4180), for spreadsheets and other address books.

use kith_protocol::card::FieldKind;

use super::Contact;

/// The columns, under the names that other address books take in. Some are empty for now; that they are there keeps
/// the others in their place.
const COLUMNS: &str = "first_name,last_name,company,title,email,email2,phone,mobile,website,linkedin,city,country,\
                       tags,met_at,met_on,introduced_by,rating,notes,next_step,due\r\n";

/// What stands before the rows: the names of the columns, after the mark by which a spreadsheet knows UTF-8.
pub fn header() -> String {
    format!("\u{FEFF}{COLUMNS}")
}

/// One person.
pub fn row(contact: &Contact) -> String {
    let (last_name, first_name) = contact.split_name();
    let (city, _, country) = contact.place();
    let mut emails = contact.all(FieldKind::Email).chain(contact.all(FieldKind::PersonalEmail));
    let (email, email2) = (emails.next(), emails.next());
    let (tags, notes) = (contact.tags.join("; "), contact.notes.join("\n"));
    let line = |kind| contact.line(kind).unwrap_or_default();
    let cells = [
        first_name,
        last_name,
        line(FieldKind::Organisation),
        line(FieldKind::Title),
        email.unwrap_or_default(),
        email2.unwrap_or_default(),
        line(FieldKind::Phone),
        line(FieldKind::Mobile),
        line(FieldKind::Website),
        line(FieldKind::LinkedIn),
        &city,
        &country,
        &tags,
        contact.met_at.as_deref().unwrap_or_default(),
        contact.met_on.as_deref().unwrap_or_default(),
        contact.introduced_by.as_deref().unwrap_or_default(),
        "",
        &notes,
        contact.next_step.as_deref().unwrap_or_default(),
        contact.due.as_deref().unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| quoted(&harmless(cell))).collect();
    format!("{}\r\n", cells.join(","))
}

/// A spreadsheet takes a cell that begins so for a formula, and a formula can send the sheet elsewhere. An apostrophe
/// makes it text. A phone number begins with a plus and can do no more than be added up: it stays as it can be dialled.
fn harmless(cell: &str) -> String {
    let cell: String = cell.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let dialled = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.' | '/');
    let is_number = cell.strip_prefix('+').is_some_and(|rest| rest.chars().all(dialled));
    let starts_formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    if !is_number && cell.trim_start().starts_with(starts_formula) { format!("'{cell}") } else { cell }
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', ';']) || cell.trim() != cell {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::contact::ana;
    use super::*;

    /// The cells of the first record, as RFC 4180 has them.
    fn cells(row: &str) -> Vec<String> {
        let (mut cells, mut cell, mut inside) = (Vec::new(), String::new(), false);
        let mut chars = row.strip_suffix("\r\n").unwrap().chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if inside && chars.peek() == Some(&'"') => cell.extend(chars.next()),
                '"' => inside = !inside,
                ',' if !inside => cells.push(std::mem::take(&mut cell)),
                c => cell.push(c),
            }
        }
        cells.push(cell);
        cells
    }

    #[test]
    fn every_cell_stands_under_its_column() {
        let (columns, row) = (cells(header().trim_start_matches('\u{FEFF}')), cells(&row(&ana())));
        assert_eq!(columns.len(), row.len());
        let under = |column: &str| row[columns.iter().position(|own| own == column).unwrap()].as_str();
        for (column, says) in [
            ("first_name", "Ana María"),
            ("last_name", "Núñez"),
            ("company", "Sousa Valves, Lda; Porto"),
            ("email", "ana@sousa.example"),
            ("email2", "ana@home.example"),
            ("mobile", "+351 912 345 678"),
            ("city", "Porto"),
            ("country", "Portugal"),
            ("tags", "valves; fair, 2026"),
            ("met_at", "Hannover Messe"),
            ("met_on", "2026-04-20"),
            ("introduced_by", "Bo Berg"),
            ("notes", "wants a quote\nby Friday\nsaid \"maybe\""),
            ("next_step", "send the quote"),
            ("due", "2026-04-24"),
        ] {
            assert_eq!(under(column), says, "{column}");
        }
    }

    #[test]
    fn no_cell_is_a_formula_and_no_text_makes_a_row() {
        for evil in
            ["=HYPERLINK(\"https://mallory.example\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "＝1", " =1"]
        {
            let mallory = Contact { name: evil.to_owned(), ..Contact::default() };
            let text = row(&Contact { notes: vec![evil.to_owned()], met_at: Some(evil.to_owned()), ..mallory });
            assert!(
                cells(&text).iter().all(|cell| !cell.trim_start().starts_with(['=', '+', '-', '@', '＝'])),
                "{text}"
            );
        }
        let rows = row(&Contact { name: "x\r\ny,\"z".to_owned(), ..Contact::default() });
        assert_eq!(cells(&rows)[0], "x\ny,\"z");
    }
}
