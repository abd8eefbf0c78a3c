#!/usr/bin/env bash
# Scores `happy search` on a search benchmark.
#
#   benches/search.sh                 one line for all signals, one for each repository
#   benches/search.sh --ablate        and each signal alone, and all but one
#   benches/search.sh --misses        and what was found where the right answer was not
#   benches/search.sh --commits 100   and the subjects of 100 commits of each repository in
#                                     $HAPPY_CORPUS/histories as queries, against words alone
#
# $SEARCH_TOOLS (default $HAPPY_CORPUS/search-tools) holds queries.jsonl,
# repos.json and score.py; the repositories of repos.json are expected in
# $HAPPY_CORPUS/search/<name>, checked out at their revision.
set -euo pipefail
exec python3 "$(dirname "$0")/search.py" "$@"
