# Symbols and revisions, as the index of this moment has them.
complete -c happy -n 'not __fish_use_subcommand' -f -a '(happy util complete --line (commandline -cp | string collect) 2>/dev/null)'
