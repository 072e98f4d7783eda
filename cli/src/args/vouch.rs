//! What people say of each other.

use clap::{Args, Subcommand, ValueEnum};

/// Say what is true of a contact, or look after what is said.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Vouch {
    /// Look after vouches
    #[command(subcommand)]
    pub command: Option<VouchCommand>,
    /// What I want to say
    #[command(flatten)]
    pub new: Option<NewVouch>,
}

/// A new vouch.
#[derive(Args)]
pub struct NewVouch {
    /// Of whom: a contact, by name, petname, or the beginning of an id
    pub who: String,
    /// On what my word rests
    #[arg(long)]
    pub basis: Basis,
    /// My words, one sentence or two
    #[arg(long)]
    pub words: String,
    /// What they are good at; may be given several times
    #[arg(long)]
    pub skill: Vec<String>,
    /// Since which year
    #[arg(long, value_name = "YEAR")]
    pub since: Option<u16>,
    /// Until which year; left out if it goes on
    #[arg(long, value_name = "YEAR")]
    pub until: Option<u16>,
    /// How strongly: 1 with some reserve, 2 firmly, 3 without reserve
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub strength: u8,
    /// What I have to gain; always said, also when it is nothing
    #[arg(long)]
    pub interest: Interest,
    /// What exactly that is
    #[arg(long, value_name = "WORDS")]
    pub interest_words: Option<String>,
    /// How far I let it be shown, once they agree
    #[arg(long, default_value = "contacts")]
    pub reach: Reach,
}

/// Looking after vouches.
#[derive(Subcommand)]
pub enum VouchCommand {
    /// List what I say of others and what others say of me
    List {
        /// All that is said of this person, as far as I may see it
        #[arg(long, value_name = "WHO")]
        about: Option<String>,
    },
    /// Say how far what somebody says of me may be shown
    Accept {
        /// Its id, or the beginning of it
        id: String,
        /// How far at most; us-two takes an earlier word back
        #[arg(long, default_value = "contacts")]
        reach: Reach,
    },
    /// Say it no more
    Revoke {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Say the same for another two years
    Renew {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// On what a word rests.
#[derive(Clone, Copy, ValueEnum)]
pub enum Basis {
    /// They bought from me
    Client,
    /// They sold to me
    Supplier,
    /// We worked in one place
    Colleague,
    /// We worked on one thing
    Partner,
    /// They guided me
    Mentor,
    /// We met
    Met,
    /// Something else, which the words say
    Other,
}

/// What I have to gain.
#[derive(Clone, Copy, ValueEnum)]
pub enum Interest {
    /// Nothing
    None,
    /// We are relatives
    Family,
    /// Money flows between us
    Financial,
    /// One of us works for the other
    Employer,
    /// Something else; say it with --interest-words
    Other,
}

/// Who may be shown it.
#[derive(Clone, Copy, ValueEnum)]
pub enum Reach {
    /// The two of us alone
    UsTwo,
    /// Contacts of either of us
    Contacts,
    /// Anybody
    Public,
}

/// As the API writes a choice: the words of the command line, joined by underscores.
pub fn api_name(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().replace('-', "_")).unwrap_or_default()
}
