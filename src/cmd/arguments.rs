//! Options that many verbs have.

use std::path::PathBuf;

/// Options that every verb has.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GlobalArgs {
    /// Write records as JSON lines or as text
    ///
    /// Without this, a terminal gets text and a pipe gets JSON lines.
    #[arg(
        long,
        global = true,
        value_parser = super::output::record_formats(),
        value_name = "FORMAT",
        help_heading = "Global options"
    )]
    pub format: Option<super::output::Format>,

    /// Colour the text: when it goes to a terminal, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        help_heading = "Global options"
    )]
    pub color: super::output::Color,

    /// Run as if started in this folder
    #[arg(
        short = 'C',
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub directory: Option<PathBuf>,

    /// Look at a plain folder instead of a repository
    ///
    /// Nothing is stored; the folder is read anew each time.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub no_git: Option<PathBuf>,

    /// Keep the index in this folder instead of `.git/happy`
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub index_dir: Option<PathBuf>,

    /// Fail where there is no index, instead of building it
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_auto_index: bool,

    /// Fail where part of the repository cannot be read, instead of warning
    #[arg(long, global = true, help_heading = "Global options")]
    pub strict: bool,

    /// Wait so many seconds while another process writes the index
    ///
    /// Without it, the setting `lockTimeout`: 600.
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        help_heading = "Global options"
    )]
    pub lock_timeout: Option<u64>,

    /// Use so many threads
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Global options")]
    pub jobs: Option<u16>,

    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub quiet: bool,
}

/// Which state of the repository a question is about.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AtArgs {
    /// Ask about this revision instead of the working tree
    #[arg(long, value_name = "REV")]
    pub at: Option<String>,
}
