#!/usr/bin/env bash
# Runs the experiments of configs/paper, all or those named, and makes from them what lies beside this file:
#   TASK.md                                                    the tables, between its marks (tables.py, which needs python3)
#   TASK-curves.svg, TASK-generalisation.svg, TASK-heads.svg   figures, the first two with the paper's readings (readings/)
#   metrics/TASK-VARIANT-seed-N.jsonl                          learning curves, thinned to at most 200 records
#   metrics/TASK-runs.jsonl, TASK-generalisation.jsonl         what came of each run, and what its best checkpoint costs
# It can be stopped and started again: what is finished is not run twice.
#   docs/results/paper/make.sh                        docs/results/paper/make.sh copy n-grams
#   RUNS=/large/disk docs/results/paper/make.sh       ABLATE="train.sequences=2000" docs/results/paper/make.sh copy    (overrides)
#   FINISHED= docs/results/paper/make.sh copy         pages of what has been run so far, without running more
set -euo pipefail
cd "$(dirname "$0")/../../.."
ntm=${NTM:-target/release/ntm}
[ -n "${NTM:-}" ] || cargo build --release --quiet
runs=${RUNS:-runs/paper} results=${RESULTS:-docs/results/paper} sequences=${SEQUENCES:-100}
read -ra overrides <<< "${ABLATE:-}"
mkdir -p "$results/metrics"
tasks=("$@")
[ ${#tasks[@]} -gt 0 ] || tasks=(copy repeat-copy associative-recall n-grams priority-sort)

# what a best checkpoint is measured at, a line for each call of `ntm eval`; slots are for models with a memory
evaluations() {
    case $1 in
        copy) printf '%s\n' "--length 10,20,30,50,120" "--length 500 model.memory.slots=1100" \
            "--length 1000 model.memory.slots=2200" ;;
        repeat-copy) printf '%s\n' "task.length=(1,10)" "--length 10 task.repeats=(10,10)" "--length 20 task.repeats=(10,10)" \
            "--length 10 task.repeats=(20,20)" "--length 20 task.repeats=(10,10) model.memory.slots=600" \
            "--length 10 task.repeats=(20,20) model.memory.slots=600" ;;
        associative-recall) printf '%s\n' "--length 6,10,12,15,20" "--length 20 model.memory.slots=256" ;;
        n-grams) printf '%s\n' "--length 200 --sequences 1000" ;;
        priority-sort) printf '%s\n' "--length 20" ;;
        *) echo "$1: no such task" >&2; exit 2 ;;
    esac
}
# what the head picture shows
picture() {
    case $1 in
        repeat-copy) printf '%s\n' --length 5 "task.repeats=(6,6)" ;;
        n-grams) printf '%s\n' --length 200 ;;
        *) ;;
    esac
}
# the validation cost below which a run has reached the task's bar
bar() {
    case $1 in
        copy) echo 0.01 ;;
        repeat-copy) echo 0.1 ;;
        associative-recall) echo 0.05 ;;
        n-grams) echo 137 ;;
        priority-sort) echo 18 ;;
    esac
}
field() { sed -nE "s/.*\"$1\": ?([^,}]*).*/\1/p" "$2"; }
# at most so many lines of a file, evenly spread, the last one among them
thinned() { awk -v most=200 '{ line[NR] = $0 } END { every = int((NR + most - 1) / most); if (every < 1) every = 1
    for (n = 1; n <= NR; n++) if ((NR - n) % every == 0) print line[n] }' "$1"; }
# the first record whose validation cost is below a bar: how many sequences there were
reached() { sed -nE 's/.*"sequences":([0-9]+),.*"validation_bits":([^,}]*).*/\1 \2/p' "$1" |
    awk -v bar="$2" '$2 < bar { print $1; found = 1; exit } END { if (!found) print "null" }'; }

for task in "${tasks[@]}"; do
    evaluations "$task" > /dev/null
    [ -n "${FINISHED+set}" ] || "$ntm" ablate "configs/paper/$task.ron" ${overrides[@]+"${overrides[@]}"} --out "$runs/$task"
    best="" lowest=""
    : > "$results/metrics/$task-runs.jsonl.new"
    : > "$results/metrics/$task-generalisation.jsonl.new"
    while IFS= read -r run; do
        variant=$(basename "$(dirname "$run")") seed=${run##*seed-}
        name="$task-$variant-seed-$seed"
        first=null
        [ ! -e "$run/metrics.jsonl" ] || {
            thinned "$run/metrics.jsonl" > "$results/metrics/$name.jsonl"
            first=$(reached "$run/metrics.jsonl" "$(bar "$task")")
        }
        about="{\"variant\":\"$variant\",\"seed\":$seed"
        echo "$about,\"bar\":$(bar "$task"),\"below_bar\":$first,$(tr -d '\n' < "$run/status.json" | sed -E 's/^\{ *//; s/ +/ /g')" \
            >> "$results/metrics/$task-runs.jsonl.new"
        [ -e "$run/checkpoints/best.safetensors" ] || continue
        while IFS= read -r line; do
            [ "$variant" != lstm ] || line=${line/ model.memory.slots=*/}
            read -ra arguments <<< "$line"
            [[ $line == *--sequences* ]] || arguments+=(--sequences "$sequences")
            rows=$("$ntm" eval "$run" "${arguments[@]}" --json 2> /dev/null)
            echo "$about,\"arguments\":\"${arguments[*]}\",${rows#\{}" >> "$results/metrics/$task-generalisation.jsonl.new"
        done < <(evaluations "$task")
        bits=$(field bits_per_sequence "$run/status.json")
        if [ "$variant" != lstm ] && { [ -z "$lowest" ] || awk "BEGIN { exit !($bits < $lowest) }"; }; then
            best=$run lowest=$bits
        fi
    done < <(find "$runs/$task" -name status.json -path '*/seed-*' -printf '%h\n' | sort -V)
    for kind in runs generalisation; do
        mv "$results/metrics/$task-$kind.jsonl.new" "$results/metrics/$task-$kind.jsonl"
    done

    drawn=$(mktemp -d)
    for kind in curves generalisation; do
        readings=()
        [ ! -e "docs/results/paper/readings/$task-$kind.csv" ] || readings=(--readings "docs/results/paper/readings/$task-$kind.csv")
        "$ntm" plot "$runs/$task" --kind "$kind" ${readings[@]+"${readings[@]}"} --out "$drawn" 2> /dev/null
        cp "$drawn/$kind.svg" "$results/$task-$kind.svg"
    done
    echo "$task: the machine with the lowest validation cost is $best, $lowest bits"
    mapfile -t shown < <(picture "$task")
    "$ntm" plot "$best" --kind paper ${shown[@]+"${shown[@]}"} --out "$drawn" 2> /dev/null
    cp "$drawn/paper.svg" "$results/$task-heads.svg"
    rm -rf "$drawn"
    # the part of the page between the two marks is made here
    page="$results/$task.md"
    [ ! -e "$page" ] || {
        { sed '/<!-- table -->/q' "$page"; echo; python3 docs/results/paper/tables.py "$results/metrics" "$task"; echo
            sed -n '/<!-- end of table -->/,$p' "$page"; } > "$page.new"
        mv "$page.new" "$page"
    }
done
