#!/bin/sh
# Check the coalition in a build: the answers as JUnit, which every CI server shows, and a summary as Markdown.
#
#   sh ci_checks.sh EXPORT.jsonl FOLDER
#
# The database stays at home. The build gets an export of everything (partners export EXPORT.jsonl --all, without
# --include-private), loads it into a new coalition, and asks that one. STATE=ne says another state than Illinois,
# MAP_FILE=FILE.map names a map that does not come with the program. checks.yml, beside this file, is such a build.
#
# Writes into FOLDER: rules.xml (every saved rule, else every check), coverage.xml (a test for each district, under
# --strict) and summary.md.
#
# Prints each file with the exit code of its answer.
#
# Exit codes: 0 every rule is met; 1 something has findings; 2 usage; 3 something is undecided, or the export is not
# whole; else that of the command that failed.
set -eu
umask 077
PATH=$PATH:${HOME:-}/.local/bin

usage() {
    echo "usage: ci_checks.sh EXPORT.jsonl FOLDER" >&2
    exit 2
}
[ $# -eq 2 ] || usage
case $1 in '' | -*) usage ;; esac
case $2 in '' | -*) usage ;; esac
file=$1
folder=$2
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

PARTNERS_DB=$work/coalition.db
export PARTNERS_DB
if [ -n "${MAP_FILE:-}" ]; then
    partners init --name build --map "$MAP_FILE" >/dev/null
else
    partners init --name build --state "${STATE:-il}" >/dev/null
fi
code=0
partners import "$file" >/dev/null || code=$?
[ "$code" -ne 1 ] || exit 3 # lines of it were rejected: what is left is another coalition
[ "$code" -eq 0 ] || exit "$code"

# answer FILE COMMAND...: keep what a question prints; an answer that could not be given ends the build.
answer() {
    into=$folder/$1
    shift
    code=0
    partners "$@" >"$into" || code=$?
    case $code in
    0 | 1 | 3) printf '%s: exit code %d\n' "$into" "$code" ;;
    *)
        rm -f "$into"
        exit "$code"
        ;;
    esac
}

answer summary.md check --format markdown
answer rules.xml check --format junit
rules=$code
answer coverage.xml coverage check --strict --format junit

# A proven finding wins over what is undecided.
case $rules:$code in
*1*) exit 1 ;;
*3*) exit 3 ;;
*) exit 0 ;;
esac
