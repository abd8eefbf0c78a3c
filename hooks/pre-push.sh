# Checks what is pushed with `happy`; whatever stands below reads the same input.
happy_pushed=$(cat)
if command -v happy >/dev/null 2>&1; then
  printf '%s\n' "$happy_pushed" | happy hook run pre-push "$@" || [ $? -ne 1 ] || exit 1
fi
if [ -z "$happy_pushed" ]; then exec </dev/null; else exec <<HAPPY_PUSHED; fi
$happy_pushed
HAPPY_PUSHED
