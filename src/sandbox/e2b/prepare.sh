# Runs in the machine, as root, before the program.
# prepare USER PROGRAM CHECK_NETWORK [--writable] FOLDER...
set -eu
user=$1 program=$2 network=$3
shift 3
no() { echo "$*" >&2; exit 97; }

root=no
[ "$(id -u)" != 0 ] || root=yes
for tool in tar setpriv prlimit env; do
  command -v "$tool" >/dev/null || no "the template has no \`$tool\`"
done
[ "$root" = no ] || id "$user" >/dev/null 2>&1 || no "the template has no user \`$user\`"

chmod 700 /var/lib/happy
cat /var/lib/happy/shown.* 2>/dev/null | tar -C / -xpf - --no-same-owner
rm -f /var/lib/happy/shown.*

writable=no
for folder; do
  if [ "$folder" = --writable ]; then writable=yes; continue; fi
  if [ "$writable" = yes ]; then
    mkdir -p "$folder"
    case $folder in
      /tmp) chmod 1777 /tmp ;;
      *) [ "$root" = no ] || chown -R "$user:" "$folder" ;;
    esac
  fi
  # The way to it must be open to the user.
  way=${folder%/*}
  while [ -n "$way" ]; do
    [ ! -d "$way" ] || chmod a+x "$way" 2>/dev/null || true
    way=${way%/*}
  done
done

if [ "$network" = check ] && command -v timeout >/dev/null && command -v bash >/dev/null &&
  timeout 1 bash -c ': </dev/tcp/1.1.1.1/443' 2>/dev/null; then
  no 'the machine reaches the internet, though it was made without'
fi

# The host's program may stand elsewhere in the machine.
case $program in
  /*) [ -x "$program" ] || program=$(command -v "${program##*/}" || echo "$program") ;;
esac
printf '%s' "$program"
