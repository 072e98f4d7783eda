//! My card, and who may see what of it.

use clap::{Subcommand, ValueEnum};

/// My card.
#[derive(Subcommand)]
pub enum Card {
    /// Show it, whole or through other eyes
    Show {
        /// public, contacts, named, or a person
        #[arg(long = "as", value_name = "WHO")]
        eyes: Option<String>,
    },
    /// Set a field, such as name, org, title, email, mobile, website
    Set {
        /// Which field
        field: String,
        /// What it says; empty to remove it
        value: String,
        /// Who may see it
        #[arg(long)]
        tier: Option<Tier>,
    },
    /// Write it for other programs, as text
    Export {
        /// Through whose eyes: public, contacts, named, or a person
        #[arg(long = "as", value_name = "WHO", default_value = "public")]
        eyes: String,
        /// In which form
        #[arg(long, default_value = "vcard3")]
        format: Format,
        /// At most 300 bytes, for a small code
        #[arg(long)]
        small: bool,
    },
}

/// A form that other programs read.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// vCard 3.0, which every phone takes in
    Vcard3,
}

/// Who may see something.
#[derive(Clone, Copy, ValueEnum)]
pub enum Tier {
    /// Anyone who has my code or link
    Public,
    /// My contacts
    Contacts,
    /// People that I name one by one
    Named,
}

impl Tier {
    /// As the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Contacts => "contacts",
            Self::Named => "named",
        }
    }
}
