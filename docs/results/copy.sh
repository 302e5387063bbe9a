#!/usr/bin/env bash
# Trains configs/copy.ron on 100 seeds that chose nothing (101 to 200), measures each at lengths 20 and 120, writes a line for
# each to copy.csv beside this file, and prints how the numbers are distributed. It can be stopped and started again.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --quiet
ntm=target/release/ntm folder=runs/sweeps/copy-fresh csv=docs/results/copy.csv
"$ntm" sweep configs/copy.ron train.seed=101..=200 --out "$folder"
field() { sed -E "s/.*\"$1\": ?([^,}]*).*/\1/"; }
echo "seed,sequences_to_solved,wrong_bits_at_20,wrong_bits_at_120" > "$csv"
for seed in $(seq 101 200); do
  run="$folder/base/seed-$seed"
  solved=$(tr -d '\n' < "$run/status.json" | field sequences_to_solved | tr -d ' ')
  wrong() { "$ntm" eval "$run" --length "$1" --json 2>/dev/null | tail -n 1 | field wrong_bits_per_sequence; }
  echo "$seed,$solved,$(wrong 20),$(wrong 120)" >> "$csv"
done
echo "sequences to solved, and how many of the 100 seeds:"
tail -n +2 "$csv" | cut -d, -f2 | sort -n | uniq -c
echo "seeds without a wrong bit at 20 and at 120 (100 sequences each):"
tail -n +2 "$csv" | awk -F, '$3 == 0 { a++ } $4 == 0 { b++ } END { print a + 0, b + 0 }'
