//! `kith completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::out;
use crate::trouble::Trouble;

/// Prints what a shell needs to complete the commands.
pub fn print(shell: Shell) -> Result<(), Trouble> {
    // Into memory first: the generator does not put up with a reader who goes away.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "kith", &mut script);
    let script = String::from_utf8(script).map_err(|error| Trouble::failed(error.to_string()))?;
    out::say(script.trim_end());
    Ok(())
}
