//! `happy search`

use super::context::{AtArgs, Context};
use super::error::Error;
use super::input::nodes;
use crate::query::{self, Group, Recipe, SearchOptions, Subject};

/// Search by meaning, words and structure
///
/// `happy search "where a user logs in"` ranks symbols; a query that is a
/// symbol's name finds that symbol first. Tests, generated and vendored code
/// come later, not never.
///
/// Meaning is what a table of word vectors inside the program says, offline.
/// `HAPPY_EMBEDDER=endpoint` asks a server instead, as `happy index --help` says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to look for: words, a question, or a name
    #[arg(value_name = "QUERY", required_unless_present = "like")]
    query: Vec<String>,
    /// Find what is similar to this symbol
    #[arg(long, value_name = "SYMBOL", conflicts_with = "query")]
    like: Option<String>,
    /// Only these kinds
    #[arg(short, long, value_name = "KIND", value_delimiter = ',',
          value_parser = ["file", "module", "class", "interface", "function", "method", "variable"])]
    kind: Vec<String>,
    /// Only files of these languages
    #[arg(short, long, value_name = "LANGUAGE", value_delimiter = ',')]
    lang: Vec<String>,
    /// Only below this path
    #[arg(short, long, value_name = "PATH")]
    path: Option<String>,
    /// Only inside this symbol
    #[arg(long, value_name = "SYMBOL")]
    r#in: Option<String>,
    /// Rank tests like other code
    #[arg(long)]
    tests: bool,
    /// At most so many hits
    #[arg(short = 'n', long = "limit", value_name = "N", default_value_t = 10)]
    limit: usize,
    /// One hit per file, the other symbols of the file inside it
    #[arg(long, value_enum, value_name = "BY")]
    group: Option<GroupBy>,
    /// Show what each signal gave
    #[arg(long)]
    explain: bool,
    /// Leave signals out, to see what they are worth
    #[arg(long, value_name = "SIGNAL", value_delimiter = ',', hide = true,
          value_parser = ["name", "words", "file", "meaning", "structure", "prior"])]
    without: Vec<String>,
    /// Change constants of the ranking, to tune them
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', hide = true)]
    recipe: Vec<String>,
    #[command(flatten)]
    at: AtArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum GroupBy {
    /// One hit per file
    File,
}

fn recipe(changes: &[String]) -> Result<Recipe, Error> {
    let mut recipe = Recipe::default();
    for change in changes {
        let (name, value) = change.split_once('=').unwrap_or((change, ""));
        let value = value.parse().ok().filter(|value: &f32| value.is_finite());
        if !value.is_some_and(|value| recipe.set(name, value)) {
            return Err(Error::Usage(format!("`{change}` sets no constant")));
        }
    }
    Ok(recipe)
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> Result<(), Error> {
    super::symbols::check_languages(&args.lang)?;
    let text = args.query.join(" ");
    if args.like.is_none() && text.trim().is_empty() {
        return Err(Error::Usage("the query is empty".to_owned()));
    }
    context.meaning.for_search(context)?;
    let opened = context.open(&args.at)?;
    let subject = match &args.like {
        Some(symbol) => Subject::Like(nodes(context, &opened, &[symbol.into()])?),
        None => Subject::Query(text),
    };
    let within = match &args.r#in {
        Some(symbol) => Some(nodes(context, &opened, &[symbol.into()])?),
        None => None,
    };
    let options = SearchOptions {
        kinds: args.kind.clone(),
        languages: args.lang.clone(),
        path: args.path.as_ref().map(|path| path.clone().into_bytes()),
        within,
        tests: args.tests,
        limit: args.limit,
        group: match args.group {
            Some(GroupBy::File) => Group::File,
            None => Group::None,
        },
        explain: args.explain,
        without: args.without.clone(),
        recipe: recipe(&args.recipe)?,
    };
    let embedder = context.meaning.embedder()?;
    for record in query::search(&opened.snapshot, &subject, &options, &*embedder)? {
        if !context.output.emit(&record) {
            break;
        }
    }
    Ok(())
}
