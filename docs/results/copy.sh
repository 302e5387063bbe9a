#!/usr/bin/env bash
# Trains configs/copy.ron with the seeds FIRST to LAST (default 101 to 200) on all cores, measures every run on 100 sequences of length 20
# and 100 of length 120, and prints how the runs are spread; copy-seeds.csv beside copy.md holds what it says of each. Stopped, it goes on where it was.
#   docs/results/copy.sh [FIRST LAST [OVERRIDE...]]
set -euo pipefail
cd "$(dirname "$0")/../.."
first=${1:-101} last=${2:-200}
shift $(($# < 2 ? $# : 2))
cargo build --release --quiet
ntm=target/release/ntm
name=$(printf '%s' "copy-$first-$last$*" | tr -c 'A-Za-z0-9.-' '-')
"$ntm" sweep configs/copy.ron "train.seed=$first..=$last" "$@" --out "runs/$name" --quiet > /dev/null
# one field of one line of JSON
field() { sed -nE "s/.*\"$1\": ?([^,}]*).*/\1/p"; }
echo "seed,sequences_to_solved,wrong_bits_at_20,wrong_bits_at_120"
for seed in $(seq "$first" "$last"); do
  run=runs/$name/base/seed-$seed
  solved=$(tr -d '\n' < "$run/status.json" | field sequences_to_solved)
  wrong() { "$ntm" eval "$run" --length "$1" --json 2> /dev/null | field wrong_bits_per_sequence; }
  echo "$seed,${solved/null/},$(wrong 20),$(wrong 120)"
done | tee "runs/$name/seeds.csv"
sort -t, -k2,2n "runs/$name/seeds.csv" | awk -F, '
  $2 != "" { solved[++k] = $2 } $3 == 0 { short++ } $4 == 0 { long++ }
  END { printf "%d seeds, %d solved; sequences to solved: median %.0f, worst %d; no wrong bit at 20: %d, at 120: %d\n", NR, k,
        k % 2 ? solved[(k + 1) / 2] : (solved[k / 2] + solved[k / 2 + 1]) / 2, solved[k], short, long }' >&2
