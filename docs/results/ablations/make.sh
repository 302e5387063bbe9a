#!/usr/bin/env bash
# Runs the ablations of configs/ablations, all or those that are named, and puts their tables and figures into the pages beside this file.
# It can be stopped and started again: what is finished is not run twice.
#   docs/results/ablations/make.sh addressing heads
#   NTM=target/release/ntm docs/results/ablations/make.sh heads     with a program that is built already
set -euo pipefail
cd "$(dirname "$0")/../../.."
ntm=${NTM:-target/release/ntm}
[ -n "${NTM:-}" ] || cargo build --release
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(addressing controller heads memory training)

# how many of a variant's machines make no mistake at a length they were trained for, and at six times that
farther() {
    local title directory length sequences clean all wrong
    echo "| variant | clean at 20 (2_000 sequences) | clean at 120 (100 sequences) |"
    echo "| ------- | ---------------------------: | ---------------------------: |"
    awk -F ' *[|] *' '/^[|]/ && $2 != "variant" && $2 !~ /^-/ { print $2 }' "runs/ablations/$1/summary.md" | while IFS= read -r title; do
        directory="runs/ablations/$1/$(tr '[:upper:]' '[:lower:]' <<< "$title" | sed -E 's/[^a-z0-9.]+/-/g')"
        printf '| %s ' "$title"
        for length in 20 120; do
            sequences=$((length == 20 ? 2000 : 100)) clean=0 all=0
            for run in "$directory"/seed-*; do
                all=$((all + 1))
                [ -e "$run/checkpoints/best.safetensors" ] || continue
                wrong=$("$ntm" eval "$run" --length "$length" --sequences "$sequences" --json 2> /dev/null | sed -nE 's/.*"wrong_bits_per_sequence":([^,}]*).*/\1/p')
                [ "$wrong" != 0.0 ] || clean=$((clean + 1))
            done
            printf '| %s of %s ' "$clean" "$all"
        done
        echo "|"
    done
}

for name in "${names[@]}"; do
    "$ntm" ablate "configs/ablations/$name.ron"
    folder="runs/ablations/$name" page="docs/results/ablations/$name.md"
    "$ntm" plot "$folder" --kind intervals --out "$folder/plots"
    cp "$folder/plots/intervals.svg" "docs/results/ablations/$name.svg"
    # the part of the page between the two marks is made here
    {
        sed '/<!-- table -->/q' "$page"
        echo
        sed 1,2d "$folder/summary.md" # its title
        echo
        farther "$name"
        echo
        sed -n '/<!-- end of table -->/,$p' "$page"
    } > "$page.new"
    mv "$page.new" "$page"
done
