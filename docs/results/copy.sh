#!/usr/bin/env bash
# Trains configs/copy.ron on the seeds given (default 1 to 10), one after the other, and prints a row of the table in
# copy.md for each: sequences and seconds to solved, wrong bits per sequence at lengths 20 and 120 over 100 sequences.
#   docs/results/copy.sh [OVERRIDE...]            SEEDS="1 2 3" docs/results/copy.sh train.batch=1
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --quiet
ntm=target/release/ntm
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
field() { sed -E "s/.*\"$1\": ?([^,}]*).*/\1/"; }
echo "| seed | solved | sequences to solved | seconds | wrong bits at 20 | wrong bits at 120 |"
echo "|--:|---|--:|--:|--:|--:|"
for seed in ${SEEDS:-1 2 3 4 5 6 7 8 9 10}; do
  out=$("$ntm" train configs/copy.ron "$@" "train.seed=$seed" --out "$runs/$seed" --quiet --json 2>/dev/null)
  wrong() { "$ntm" eval "$runs/$seed" --length "$1" --json 2>/dev/null | field wrong_bits_per_sequence; }
  echo "| $seed | $(field solved <<<"$out") | $(field sequences_to_solved <<<"$out") |" \
    "$(field seconds <<<"$out" | cut -c1-5) | $(wrong 20) | $(wrong 120) |"
done
