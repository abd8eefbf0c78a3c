# Symbols and revisions, as the index of this moment has them.
_happy_dynamic() {
    local -a found
    found=(${(f)"$(happy util complete --line "${words[1,CURRENT-1]} ${PREFIX}" 2>/dev/null)"})
    if (( $#found )); then
        compadd -S '' -- $found
    else
        _files
    fi
}
