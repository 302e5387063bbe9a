#!/usr/bin/env bash
# Makes the pictures of a report that are beside this file: trains on the copy task, writes the report, looks at it with Chromium.
# Needs chromedriver and python3 (Debian: chromium, chromium-driver).
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
target/release/ntm train --quiet --out "$place/copy"
target/release/ntm report "$place/copy"
python3 ntm-cli/tests/report/browser.py "$place/copy/report.html" --pictures "$place" --fragment '#sequence=1&step=27' --crop '#what-it-does'
cp "$place/light.png" docs/pictures/report-light.png
cp "$place/phone-dark.png" docs/pictures/report-phone.png
