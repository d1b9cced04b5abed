#!/bin/sh
# Say which districts have lost their last member since the last run, and nothing else: cron mails what is printed.
#
#   sh newly_open.sh [RULE...]    by default every coverage rule; partners check --list names the rules
#
# The coalition is PARTNERS_DB, else your own. In a crontab:
#   MAILTO=organizer@example.org
#   0 6 * * *  PARTNERS_DB=$HOME/coalition.db sh $HOME/bin/newly_open.sh
#
# Prints nothing while nothing got worse, however many districts are open; else what was lost, and what was gained,
# since the last run. The first run has nothing to compare with and prints everything that is open.
#
# Exit codes: 0 nothing is newly open; 1 something is; 3 it cannot be decided; else that of partners check, which could
# not look (2 no such rule, 4 no coalition, 5 it is damaged, 6 not permitted).
set -eu
PATH=$PATH:${HOME:-}/.local/bin # cron knows only the folders of the system

[ $# -gt 0 ] || set -- coverage

code=0
report=$(partners check "$@" --since-last --quiet) || code=$?

case $code in
0) exit 0 ;;
1) ;;
*)
    [ -z "$report" ] || printf '%s\n' "$report"
    exit "$code"
    ;;
esac

# What was only gained is good news and can wait; so can gaps that were told before, of which --quiet says nothing.
if printf '%s\n' "$report" | grep -q -e '^  lost: ' -e '; there is no earlier run to compare with$' \
    -e '^[0-9,]* rules*: .*undecided' -e '^[0-9,]* rules*: .*failed'; then
    printf '%s\n' "$report"
    exit 1
fi
exit 0
