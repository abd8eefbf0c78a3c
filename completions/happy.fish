# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_happy_global_optspecs
    string join \n format= color= C= no-git= index-dir= no-auto-index strict lock-timeout= jobs= q/quiet h/help
end

function __fish_happy_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_happy_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_happy_using_subcommand
    set -l cmd (__fish_happy_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c happy -n "__fish_happy_needs_command" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_needs_command" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_needs_command" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_needs_command" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_needs_command" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_needs_command" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_needs_command" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_needs_command" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_needs_command" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_needs_command" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_needs_command" -f -a "index" -d 'Index revisions, or the working tree'
complete -c happy -n "__fish_happy_needs_command" -f -a "callers" -d 'List who calls a symbol'
complete -c happy -n "__fish_happy_needs_command" -f -a "callees" -d 'List what a symbol calls'
complete -c happy -n "__fish_happy_needs_command" -f -a "refs" -d 'List where a symbol is mentioned'
complete -c happy -n "__fish_happy_needs_command" -f -a "deps" -d 'List what a file, a module or a symbol depends on'
complete -c happy -n "__fish_happy_needs_command" -f -a "symbols" -d 'List symbols, of a file or by pattern'
complete -c happy -n "__fish_happy_needs_command" -f -a "search" -d 'Search by meaning, words and structure'
complete -c happy -n "__fish_happy_needs_command" -f -a "show" -d 'Print the source of a symbol'
complete -c happy -n "__fish_happy_needs_command" -f -a "path" -d 'Show a shortest chain of calls from one symbol to another'
complete -c happy -n "__fish_happy_needs_command" -f -a "graph" -d 'Export symbols and edges'
complete -c happy -n "__fish_happy_needs_command" -f -a "import" -d 'Take precise edges from a SCIP index'
complete -c happy -n "__fish_happy_needs_command" -f -a "mcp" -d 'Serve the verbs to other programs, by the Model Context Protocol'
complete -c happy -n "__fish_happy_needs_command" -f -a "impact" -d 'Show what a change reaches: symbols, who depends on them, tests'
complete -c happy -n "__fish_happy_needs_command" -f -a "patch" -d 'Apply changes to the working tree'
complete -c happy -n "__fish_happy_needs_command" -f -a "test" -d 'Run the tests in a sandbox'
complete -c happy -n "__fish_happy_needs_command" -f -a "hook" -d 'Let Git call happy: keep the index warm, check what is pushed'
complete -c happy -n "__fish_happy_needs_command" -f -a "config" -d 'Show the settings, and trust what a repository would have run'
complete -c happy -n "__fish_happy_needs_command" -f -a "lang" -d 'Add languages by their grammars, and say which there are'
complete -c happy -n "__fish_happy_needs_command" -f -a "agent" -d 'Have a language model change the repository, tests permitting'
complete -c happy -n "__fish_happy_needs_command" -f -a "doctor" -d 'Say what works on this machine, and what would make the rest work'
complete -c happy -n "__fish_happy_needs_command" -f -a "status" -d 'Say what is indexed'
complete -c happy -n "__fish_happy_needs_command" -f -a "gc" -d 'Remove what the index no longer needs'
complete -c happy -n "__fish_happy_using_subcommand index" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand index" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand index" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand index" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand index" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand index" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand index" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand index" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand index" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand index" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand index" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand callers" -l depth -d 'At most so many calls away' -r
complete -c happy -n "__fish_happy_using_subcommand callers" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand callers" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand callers" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand callers" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand callers" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand callers" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand callers" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand callers" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand callers" -s t -l transitive -d 'Through others, too'
complete -c happy -n "__fish_happy_using_subcommand callers" -l all -d 'With the call sites that only bear the name'
complete -c happy -n "__fish_happy_using_subcommand callers" -l exact -d 'Only what scope, import or declared type decides'
complete -c happy -n "__fish_happy_using_subcommand callers" -l explain -d 'Say how each was found, rule by rule'
complete -c happy -n "__fish_happy_using_subcommand callers" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand callers" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand callers" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand callers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand callees" -l depth -d 'At most so many calls away' -r
complete -c happy -n "__fish_happy_using_subcommand callees" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand callees" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand callees" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand callees" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand callees" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand callees" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand callees" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand callees" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand callees" -s t -l transitive -d 'Through others, too'
complete -c happy -n "__fish_happy_using_subcommand callees" -l all -d 'With the call sites that only bear the name'
complete -c happy -n "__fish_happy_using_subcommand callees" -l exact -d 'Only what scope, import or declared type decides'
complete -c happy -n "__fish_happy_using_subcommand callees" -l explain -d 'Say how each was found, rule by rule'
complete -c happy -n "__fish_happy_using_subcommand callees" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand callees" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand callees" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand callees" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand refs" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand refs" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand refs" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand refs" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand refs" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand refs" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand refs" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand refs" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand refs" -l explain -d 'Say how each was found, rule by rule'
complete -c happy -n "__fish_happy_using_subcommand refs" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand refs" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand refs" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand refs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand deps" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand deps" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand deps" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand deps" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand deps" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand deps" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand deps" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand deps" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand deps" -s r -l reverse -d 'What depends on it, instead'
complete -c happy -n "__fish_happy_using_subcommand deps" -s t -l transitive -d 'Through others, too'
complete -c happy -n "__fish_happy_using_subcommand deps" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand deps" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand deps" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand deps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand symbols" -s k -l kind -d 'Only these kinds' -r -f -a "file\t''
module\t''
class\t''
interface\t''
function\t''
method\t''
variable\t''"
complete -c happy -n "__fish_happy_using_subcommand symbols" -s l -l lang -d 'Only files of these languages' -r
complete -c happy -n "__fish_happy_using_subcommand symbols" -s p -l path -d 'Only below this path' -r
complete -c happy -n "__fish_happy_using_subcommand symbols" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand symbols" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand symbols" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand symbols" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand symbols" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand symbols" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand symbols" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand symbols" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand symbols" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand symbols" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand symbols" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand symbols" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand search" -l like -d 'Find what is similar to this symbol' -r
complete -c happy -n "__fish_happy_using_subcommand search" -s k -l kind -d 'Only these kinds' -r -f -a "file\t''
module\t''
class\t''
interface\t''
function\t''
method\t''
variable\t''"
complete -c happy -n "__fish_happy_using_subcommand search" -s l -l lang -d 'Only files of these languages' -r
complete -c happy -n "__fish_happy_using_subcommand search" -s p -l path -d 'Only below this path' -r
complete -c happy -n "__fish_happy_using_subcommand search" -l in -d 'Only inside this symbol' -r
complete -c happy -n "__fish_happy_using_subcommand search" -s n -l limit -d 'At most so many hits' -r
complete -c happy -n "__fish_happy_using_subcommand search" -l group -d 'One hit per file, the other symbols of the file inside it' -r -f -a "file\t'One hit per file'"
complete -c happy -n "__fish_happy_using_subcommand search" -l without -d 'Leave signals out, to see what they are worth' -r -f -a "name\t''
words\t''
file\t''
meaning\t''
structure\t''
prior\t''"
complete -c happy -n "__fish_happy_using_subcommand search" -l recipe -d 'Change constants of the ranking, to tune them' -r
complete -c happy -n "__fish_happy_using_subcommand search" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand search" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand search" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand search" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand search" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand search" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand search" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand search" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand search" -l tests -d 'Rank tests like other code'
complete -c happy -n "__fish_happy_using_subcommand search" -l explain -d 'Show what each signal gave'
complete -c happy -n "__fish_happy_using_subcommand search" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand search" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand search" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand show" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand show" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand show" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand show" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand show" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand show" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand show" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand show" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand show" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand show" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand show" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand path" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand path" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand path" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand path" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand path" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand path" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand path" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand path" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand path" -l explain -d 'Say how each was found, rule by rule'
complete -c happy -n "__fish_happy_using_subcommand path" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand path" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand path" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand graph" -l depth -d 'So many edges around the symbols' -r
complete -c happy -n "__fish_happy_using_subcommand graph" -s e -l edge -d 'Only edges, and only of these kinds' -r -f -a "defines\t'A symbol stands in another'
calls\t'A symbol calls another'
imports\t'A file imports a file or symbol'
implements\t'A class extends or implements another'
references\t'A symbol mentions another'
overrides\t'A member overrides another'"
complete -c happy -n "__fish_happy_using_subcommand graph" -l format -d 'Write records, or one document' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'
markdown\t'A summary of `impact` and `test` for people, in Markdown'
sarif\t'What `impact` and `test` found, for code scanning (SARIF 2.1.0)'
github\t'What `impact` and `test` found, as GitHub\'s annotations'
dot\t'Graphviz'
mermaid\t'A Mermaid flowchart'
graphml\t'`GraphML`, as networkx, Gephi and yEd read it'
csv\t'One table of nodes and edges'
json\t'One JSON document of nodes and edges'
scip\t'A SCIP index, as code hosts and editors read it'
html\t'One page to look at, which needs no network'"
complete -c happy -n "__fish_happy_using_subcommand graph" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand graph" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand graph" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand graph" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand graph" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand graph" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand graph" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand graph" -l html -d 'Write a page to look at; like `--format html`'
complete -c happy -n "__fish_happy_using_subcommand graph" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand graph" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand graph" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand import" -l at -d 'The commit that was indexed' -r
complete -c happy -n "__fish_happy_using_subcommand import" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand import" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand import" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand import" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand import" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand import" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand import" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand import" -l drop -d 'Forget what was imported for the commit'
complete -c happy -n "__fish_happy_using_subcommand import" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand import" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand import" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l allow -d 'Also offer what changes files or runs code' -r -f -a "patch\t'Apply patches to the working tree'
test\t'Run tests in a sandbox'"
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand mcp; and not __fish_seen_subcommand_from install" -f -a "install" -d 'Write the entry for this server into a client\'s settings'
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l name -d 'The entry\'s name in the settings' -r
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -s y -l yes -d 'Write without asking'
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand mcp; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand impact" -l format -d 'Write records, text, or one report for CI' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'
markdown\t'A summary of `impact` and `test` for people, in Markdown'
sarif\t'What `impact` and `test` found, for code scanning (SARIF 2.1.0)'
github\t'What `impact` and `test` found, as GitHub\'s annotations'"
complete -c happy -n "__fish_happy_using_subcommand impact" -l within -d 'Only what is no farther from the change: a plain call is 1, a step that is less sure is more; 0 is no limit' -r
complete -c happy -n "__fish_happy_using_subcommand impact" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand impact" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand impact" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand impact" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand impact" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand impact" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand impact" -l tests -d 'Only the tests'
complete -c happy -n "__fish_happy_using_subcommand impact" -l all -d 'With what may depend on it: call sites that only bear a name, the class or file of a symbol that nobody is seen to use, tests that have its name in them'
complete -c happy -n "__fish_happy_using_subcommand impact" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand impact" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand impact" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand impact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand patch" -l base -d 'The revision that the patch was made for' -r
complete -c happy -n "__fish_happy_using_subcommand patch" -l allow -d 'Allow a protected path that matches' -r
complete -c happy -n "__fish_happy_using_subcommand patch" -l fuzz -d 'Let so many outer context lines of a hunk differ' -r
complete -c happy -n "__fish_happy_using_subcommand patch" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand patch" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand patch" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand patch" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand patch" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand patch" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand patch" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand patch" -l check -d 'Say what would happen, and touch nothing'
complete -c happy -n "__fish_happy_using_subcommand patch" -s R -l reverse -d 'Take the changes back instead of making them'
complete -c happy -n "__fish_happy_using_subcommand patch" -l stdout -d 'Print the result as one diff, and touch nothing'
complete -c happy -n "__fish_happy_using_subcommand patch" -s 3 -l 3way -d 'Merge with what changed since the state that the patch was made for'
complete -c happy -n "__fish_happy_using_subcommand patch" -l strict -d 'Refuse a patch that adds syntax errors'
complete -c happy -n "__fish_happy_using_subcommand patch" -l continue -d 'Complete a change that was cut short'
complete -c happy -n "__fish_happy_using_subcommand patch" -l abort -d 'Take a change that was cut short back'
complete -c happy -n "__fish_happy_using_subcommand patch" -l undo -d 'Take the last applied change back'
complete -c happy -n "__fish_happy_using_subcommand patch" -l discard -d 'Drop the damaged journal of a change that was cut short'
complete -c happy -n "__fish_happy_using_subcommand patch" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand patch" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand patch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand test" -l affected -d 'Only tests that reach what changed: in the working tree, or in a range' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l within -d 'With `--affected`: only tests that are no farther from the change' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l patch -d 'Test the working tree with this patch, which is not applied' -r -F
complete -c happy -n "__fish_happy_using_subcommand test" -l at -d 'Test the files of this revision instead of the working tree\'s' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l runner -d 'This runner, whatever the project looks like' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l sandbox -d 'This sandbox; `auto` takes the strongest that works here' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l timeout -d 'Stop after so many seconds' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l memory -d 'Stop at so many mebibytes of memory' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l format -d 'Write records, text, or one report for CI' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'
markdown\t'A summary of `impact` and `test` for people, in Markdown'
sarif\t'What `impact` and `test` found, for code scanning (SARIF 2.1.0)'
github\t'What `impact` and `test` found, as GitHub\'s annotations'"
complete -c happy -n "__fish_happy_using_subcommand test" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand test" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand test" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand test" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand test" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand test" -l baseline -d 'Run the tests on what the change starts from, too, and tell the difference'
complete -c happy -n "__fish_happy_using_subcommand test" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand test" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand test" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -f -a "install" -d 'Put the hooks in, beside those of others'
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -f -a "uninstall" -d 'Take the hooks out again'
complete -c happy -n "__fish_happy_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall status" -f -a "status" -d 'Say which hooks are in, and where'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l only -d 'Only these' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l files -d 'Hook files, even where Git knows configured hooks (2.54 and later)'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l shared -d 'A folder of hooks outside the repository, which others may use, too'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l only -d 'Only these' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l files -d 'Hook files, even where Git knows configured hooks (2.54 and later)'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l shared -d 'A folder of hooks outside the repository, which others may use, too'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand hook; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l show-origin -d 'Where each value stands, with the values that do not hold'
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -a "trust" -d 'Trust what this repository\'s settings would have run, as they are now'
complete -c happy -n "__fish_happy_using_subcommand config; and not __fish_seen_subcommand_from trust untrust" -a "untrust" -d 'Trust this repository no longer'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand config; and __fish_seen_subcommand_from untrust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -f -a "add" -d 'Check a language and add it: a folder, or its two files'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -f -a "list" -d 'List the languages, built in and added'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -f -a "check" -d 'Check a language: its files, its grammar, its roles, its sample'
complete -c happy -n "__fish_happy_using_subcommand lang; and not __fish_seen_subcommand_from add list check remove" -f -a "remove" -d 'Remove a language that was added'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l replace -d 'Take over names and endings that another language has'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l here -d 'Run the grammar in this process'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand lang; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l resume -d 'Take up a run that was cut short or has spent its budget' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l replay -d 'Run again what a run, or a file of one, has recorded; no model is asked' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l model -d 'The model that orchestrates, as in `anthropic:claude-sonnet-4-5`' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l sub-model -d 'The model of sub-agents, if it is another' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l max-turns -d 'Most turns' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l max-tokens -d 'Most tokens, of all calls together' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l max-cost -d 'Most dollars, of all calls together' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l max-time -d 'Most seconds' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l width -d 'So many sub-agents at once' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l depth -d 'How deep agents may start agents of their own' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l tests -d 'Which tests must pass: `all`, `affected`, or a command by its exit code' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l allow -d 'Allow a protected path that matches' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l sandbox -d 'This sandbox; `auto` takes the strongest that works here' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l test-timeout -d 'Stop a run of tests after so many seconds' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l test-memory -d 'Stop a run of tests at so many mebibytes of memory' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l cell-timeout -d 'Stop a cell after so many seconds of its own' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l allow-test-changes -d 'Let tests and their configuration be changed, too'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l allow-untested -d 'Let edits land where no test ran'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l allow-secrets -d 'Send what looks like a key where it stands in the repository'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l until-stdin-ends -d 'End the run where standard input ends: whoever started it has gone'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l commit -d 'Commit what lands'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l dry-run -d 'Show the edits that pass, and change nothing'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand agent; and not __fish_seen_subcommand_from log" -a "log" -d 'Show what happened in a run; without one, the runs that there are'
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l html -d 'Write one page of HTML that needs nothing else'
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand agent; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand doctor" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand doctor" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand doctor" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand doctor" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand doctor" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand doctor" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand doctor" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand doctor" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand doctor" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand doctor" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand status" -l at -d 'Ask about this revision instead of the working tree' -r
complete -c happy -n "__fish_happy_using_subcommand status" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand status" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand status" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand status" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand status" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand status" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand status" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand status" -l coverage -d 'List the files that were left out or are marked, and why'
complete -c happy -n "__fish_happy_using_subcommand status" -l verify -d 'Check every byte of the index'
complete -c happy -n "__fish_happy_using_subcommand status" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand status" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand status" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c happy -n "__fish_happy_using_subcommand gc" -l keep -d 'Keep so many snapshots' -r
complete -c happy -n "__fish_happy_using_subcommand gc" -l max-size -d 'Keep so many MiB of snapshots' -r
complete -c happy -n "__fish_happy_using_subcommand gc" -l format -d 'Write records as JSON lines or as text' -r -f -a "jsonl\t'One JSON object on each line'
text\t'For people'"
complete -c happy -n "__fish_happy_using_subcommand gc" -l color -d 'Colour the text: when it goes to a terminal, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c happy -n "__fish_happy_using_subcommand gc" -s C -d 'Run as if started in this folder' -r -F
complete -c happy -n "__fish_happy_using_subcommand gc" -l no-git -d 'Look at a plain folder instead of a repository' -r -F
complete -c happy -n "__fish_happy_using_subcommand gc" -l index-dir -d 'Keep the index in this folder instead of `.git/happy`' -r -F
complete -c happy -n "__fish_happy_using_subcommand gc" -l lock-timeout -d 'Wait so many seconds while another process writes the index' -r
complete -c happy -n "__fish_happy_using_subcommand gc" -l jobs -d 'Use so many threads' -r
complete -c happy -n "__fish_happy_using_subcommand gc" -l no-auto-index -d 'Fail where there is no index, instead of building it'
complete -c happy -n "__fish_happy_using_subcommand gc" -l strict -d 'Fail where part of the repository cannot be read, instead of warning'
complete -c happy -n "__fish_happy_using_subcommand gc" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c happy -n "__fish_happy_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'

# Symbols and revisions, as the index of this moment has them.
complete -c happy -n 'not __fish_use_subcommand' -f -a '(happy util complete --line (commandline -cp | string collect) 2>/dev/null)'
