# Runs in the machine, as root, after the program.
# finish USER [FOLDER...]: says which limits the kernel kept, and packs folders.
set -u
user=$1
shift
if [ "$(id -u)" = 0 ]; then
  group=/sys/fs/cgroup/happy
  if [ -d $group ]; then
    sed 's/^/memory /' $group/memory.events 2>/dev/null
    sed 's/^/pids /' $group/pids.events 2>/dev/null
    echo 1 >$group/cgroup.kill 2>/dev/null
  fi
  setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- \
    sh -c 'kill -KILL -1' >/dev/null 2>&1
fi
number=0
for folder; do
  tar -C "$folder" -cf "/var/lib/happy/back.$number" . || exit 1
  number=$((number + 1))
done
exit 0
