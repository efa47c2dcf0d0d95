# SPDX-License-Identifier: GPL-2.0
#
# Does the file have the shape of the KTAP that run_tests.sh prints? Print each line that does not
# fit, and exit with 1.

function bad(what) {
	print FILENAME ":" FNR ": " what ": " $0
	wrong = 1
}
function number_of(line) {
	sub(/^ *(not )?ok /, "", line)
	return line + 0
}
function name_of(line) {
	sub(/^ *(not )?ok [0-9]+ /, "", line)
	sub(/ # .*/, "", line)
	return line
}
/FAIL:|\[FAIL\]|# not ok|# ok |not-?ok.*not ok/ { bad("a diagnostic like a result") }
/[\001-\010\013-\037\177]/ { bad("a control character") }
FNR == 1 { if ($0 != "KTAP version 1") bad("first line"); next }
/^# / { if (inside && inner != inner_plan) bad("a diagnostic of the wrong level"); next }
/^1\.\.[0-9]+$/ { if (plan != "") bad("a second plan"); plan = substr($0, 4) + 0; next }
plan == "" { bad("before the plan"); next }
/^  KTAP version 1$/ {
	if (inside) bad("a subtest in a subtest")
	inside = 1; title = ""; inner_plan = ""; inner = 0; inner_bad = 0
	next
}
/^  # Subtest: / {
	title = $3
	if (!inside || inner_plan != "" || title !~ /^[a-z0-9_.]+$/) bad("title")
	next
}
/^  1\.\.[0-9]+$/ {
	inner_plan = substr($0, 6) + 0
	if (title == "" || inner) bad("plan")
	next
}
/^  # / || /^  #$/ { if (inner_plan == "") bad("a diagnostic before the plan"); next }
/^  (not )?ok [0-9]+ [a-z0-9_.]+( # (SKIP|XFAIL) [^#]+)?$/ {
	if (!inside || inner_plan == "") bad("a result outside of a subtest")
	if (number_of($0) != ++inner) bad("number")
	if (name_of($0) !~ /^(promise|practice|folklore)\.[a-z0-9]+\.[a-z0-9_]+$/) bad("name")
	if ($0 ~ /^  not/) inner_bad++
	if ($0 ~ /^  not.* # /) bad("a directive on a failure")
	results++
	next
}
/^(not )?ok [0-9]+ [a-z0-9_.]+( # SKIP [^#]+)?$/ {
	if (number_of($0) != ++outer) bad("number")
	if (inside && name_of($0) != title) bad("name")
	if (inside && inner != inner_plan) bad("the subtest has " inner " results of " inner_plan)
	if (inside && inner_bad && $0 !~ /^not/) bad("the failure inside is not seen outside")
	inside = 0
	next
}
{ bad("no line of KTAP") }
END {
	if (outer != plan) { print "plan " plan ", results " outer; wrong = 1 }
	if (inside) { print "a subtest without its result"; wrong = 1 }
	exit wrong
}
