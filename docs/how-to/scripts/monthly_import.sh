#!/bin/sh
# Import this month's copy of the spreadsheet that the coalition still keeps, and stop where it looks like another one.
#
#   sh monthly_import.sh [--major] FILE [OPTION...]
#
# FILE is what partners import reads; OPTIONs are those of partners import, such as --policy update or --sheet Members.
# The coalition is PARTNERS_DB, else your own. In a crontab:
#   0 7 1 * *  PARTNERS_DB=$HOME/coalition.db sh $HOME/bin/monthly_import.sh "$HOME/share/Master list FINAL.xlsx"
#
# First comes a dry run. When it says MAJOR (a column changes on 30 % of the rows or more, or not one row is recognised)
# nothing is imported: a column was moved, or the file is another one. Look at it, and say --major if it is right.
# Rejected rows are written to FILE.problems.csv with the reason for each: correct and import that file. It takes the
# place of that of last month, and of nothing else: another file of that name is refused, and nothing is imported.
#
# Prints what partners import prints: every row counted, and the operation that partners undo takes back.
#
# Exit codes: 0 every row went in, or was known; 1 the rest went in, some rows were rejected; 2 usage; 3 the file cannot
# be read; 9 MAJOR, nothing was imported; else that of partners import.
set -eu
umask 077
PATH=$PATH:${HOME:-}/.local/bin

major=no
if [ "${1:-}" = --major ]; then
    major=yes
    shift
fi
case ${1:-} in
'' | -*)
    echo "usage: monthly_import.sh [--major] FILE [OPTION...]" >&2
    exit 2
    ;;
esac
file=$1
shift

code=0
look=$(partners import "$file" --dry-run --format json "$@") || code=$?
[ "$code" -le 1 ] || exit "$code"

# A text of JSON holds no line break, and only what stands outermost is indented by two: no cell can pass for this line.
headline=$(printf '%s\n' "$look" | sed -n 's/^  "headline": "\(.*\)",*$/\1/p')
case $headline in
MAJOR:*)
    printf '%s\n' "$headline"
    if [ "$major" = no ]; then
        echo "nothing was imported; look at it with: partners import FILE --dry-run"
        echo "if it is right: monthly_import.sh --major FILE"
        exit 9
    fi
    ;;
esac

code=0
partners import "$file" --problems "$file.problems.csv" "$@" || code=$?
[ "$code" -ne 0 ] || rm -f "$file.problems.csv" # one of last month has a header and no row now
exit "$code"
