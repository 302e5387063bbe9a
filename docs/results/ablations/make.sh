#!/usr/bin/env bash
# Runs the ablations of configs/ablations that have a page here, or those that are named, and puts their tables and figures into the pages beside
# this file. It can be stopped and started again: what is finished is not run twice.
#   docs/results/ablations/make.sh addressing heads
set -euo pipefail
cd "$(dirname "$0")/../../.."
cargo build --release
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(addressing)
for name in "${names[@]}"; do
    target/release/ntm ablate "configs/ablations/$name.ron"
    folder="runs/ablations/$name" page="docs/results/ablations/$name.md"
    target/release/ntm plot "$folder" --kind intervals --out "$folder/plots"
    cp "$folder/plots/intervals.svg" "docs/results/ablations/$name.svg"
    # the part of the page between the two marks is the table
    { sed '/<!-- table -->/q' "$page"; echo; cat "$folder/summary.md"; echo; sed -n '/<!-- end of table -->/,$p' "$page"; } > "$page.new"
    mv "$page.new" "$page"
done
