#!/bin/sh
# Export the whole coalition, prove that the file can be loaded again, and keep the newest exports with their checksums.
#
#   sh nightly_export.sh FOLDER [KEEP]    KEEP: how many exports stay in the folder (14)
#
# The coalition is PARTNERS_DB, else your own; it may be open in the terminal UI. In a crontab:
#   30 2 * * *  PARTNERS_DB=$HOME/coalition.db sh $HOME/bin/nightly_export.sh /media/stick/exports
#
# The export holds everything but settings and journal, what not everyone may see included: whoever can read the folder
# can read the coalition. It is loaded into a new coalition, exported from there, and compared byte by byte before it
# gets its name, so that a file of the folder is whole and loads. A coalition on a map that does not come with the
# program needs MAP_FILE=FILE.map, the file that it was created with.
#
# Prints one line: the file, its records, how many exports are kept. Check the sums with: sha256sum -c *.sha256
#
# Exit codes: 0 done; 1 the export came back different, and was not kept; 2 usage; else that of the command that failed.
set -eu
umask 077
PATH=$PATH:${HOME:-}/.local/bin

usage() {
    echo "usage: nightly_export.sh FOLDER [KEEP]" >&2
    exit 2
}
[ $# -eq 1 ] || [ $# -eq 2 ] || usage
folder=$1
keep=${2:-14}
case $folder in '' | -*) usage ;; esac
case $keep in '' | *[!0-9]* | 0*) usage ;; esac

mkdir -p "$folder"
work=$(mktemp -d "$folder/.nightly.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

name=coalition-$(date +%Y-%m-%d).jsonl
said=$(partners export "$work/$name" --all --include-private)

# Into a coalition of its own, and out again.
state=$(partners config get state)
scratch=$work/scratch.db
if [ -n "${MAP_FILE:-}" ]; then
    partners --db "$scratch" init --name scratch --map "$MAP_FILE" >/dev/null
else
    partners --db "$scratch" init --name scratch --state "$state" >/dev/null
fi
partners --db "$scratch" import "$work/$name" >/dev/null
partners --db "$scratch" export "$work/again.jsonl" --all --include-private >/dev/null
if ! cmp -s "$work/$name" "$work/again.jsonl"; then
    echo "nightly_export.sh: the export did not come back as it was; nothing was kept" >&2
    exit 1
fi

if command -v sha256sum >/dev/null; then
    (cd "$work" && sha256sum "$name" >"$name.sha256")
else
    (cd "$work" && shasum -a 256 "$name" >"$name.sha256")
fi
mv -f "$work/$name" "$work/$name.sha256" "$folder"

# Only files of its own making are counted, and deleted.
exports() {
    day='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
    find "$folder/." ! -name . -prune -type f -name "coalition-$day.jsonl" | sort -r
}
exports | tail -n "+$((keep + 1))" | while IFS= read -r old; do
    rm -f "$old" "$old.sha256"
done

told=$(printf '%s\n' "$said" | sed -n '1s/^.*: //p')
printf '%s: %s, loaded again without a difference; exports kept: %d\n' "$folder/$name" "$told" "$(exports | wc -l)"
