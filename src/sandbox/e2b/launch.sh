# Runs in the machine, as root, and becomes the program.
# launch USER FOLDER MEMORY PROCESSES FILE_SIZE CPU INPUT NAME=VALUE... PROGRAM ARGUMENT...
set -eu
user=$1 folder=$2 memory=$3 processes=$4 file=$5 cpu=$6 input=$7
shift 7

nproc=
if [ "$(id -u)" = 0 ]; then
  groups=/sys/fs/cgroup
  { echo '+memory +pids' >$groups/cgroup.subtree_control || true; } 2>/dev/null
  {
    if mkdir $groups/happy && echo "$memory" >$groups/happy/memory.max &&
      echo "$processes" >$groups/happy/pids.max && echo $$ >$groups/happy/cgroup.procs; then
      echo 0 >$groups/happy/memory.swap.max || true
      echo 1 >$groups/happy/memory.oom.group || true
    else
      nproc=--nproc=$processes
    fi
  } 2>/dev/null
  set -- --reuid="$user" --regid="$(id -g "$user")" --init-groups \
    --inh-caps=-all --bounding-set=-all --no-new-privs -- env -i "$@"
else
  set -- --no-new-privs -- env -i "$@"
fi
cd "$folder"
[ -z "$input" ] || exec <"$input"
# shellcheck disable=SC2086
exec prlimit --core=0 --fsize="$file" --cpu="$cpu:$((cpu + 5))" $nproc -- setpriv "$@"
