# Symbols and revisions, as the index of this moment has them.
_happy_with_symbols() {
    _happy "$@"
    local line=${COMP_LINE:0:COMP_POINT} found word
    found=$(happy util complete --line "$line" 2>/dev/null) || return 0
    [ -n "$found" ] || return 0
    # Bash takes a colon for the end of a word: what stands before it goes.
    word=${line##*[[:space:]]}
    local before=
    case $word in *:*) before=${word%:*}: ;; esac
    local candidate
    while IFS= read -r candidate; do
        COMPREPLY+=("${candidate#"$before"}")
    done <<<"$found"
    case ${COMPREPLY[0]} in */) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _happy_with_symbols -o bashdefault -o default happy
