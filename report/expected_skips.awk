# SPDX-License-Identifier: GPL-2.0
#
# Find skips that are not expected on this release of Linux in this set-up. To be used with
# summary.awk.
#
# Environment: L_SKIPS is the file "skips"; L_RELEASE the release of the kernel, X.Y;
# L_CAPABILITIES those in effect that a test may name; L_MACHINE that of uname(2); L_FACTS the other
# words of "skips" that apply; LOCKFAIR_MISSING and so on, and L_APART, what run_preflight has
# found.

BEGIN {
	while ((getline line < ENVIRON["L_SKIPS"]) > 0)
		if (split(line, field, "\t") > 1 && line !~ /^#/)
			expected_when[field[1]] = field[2]
}

# Is release @one older than release @other? Both are X.Y.
function is_older(one, other,    a, b) {
	split(one, a, ".")
	split(other, b, ".")
	return a[1] + 0 < b[1] + 0 || (a[1] + 0 == b[1] + 0 && a[2] + 0 < b[2] + 0)
}

# Does this condition of the file "skips" hold here? The words are explained there.
function applies(condition,    word) {
	split(condition, word, " ")
	if (word[1] == "before")
		return is_older(ENVIRON["L_RELEASE"], word[2])
	if (word[1] == "without")
		return index(" " ENVIRON["L_CAPABILITIES"] " ", " " word[2] " ") == 0
	if (word[1] == "not")
		return ENVIRON["L_MACHINE"] != word[2]
	return index(" " ENVIRON["L_FACTS"] " ", " " word[1] " ") > 0
}

function is_expected(reason,    i, count, one) {
	# The errno in the reason for a missing or refused kind may be any, depending on the file
	# system.
	if (reason ~ / here \([A-Z0-9]+\)$/)
		sub(/ \([A-Z0-9]+\)$/, "", reason)
	count = split(expected_when[reason], one, / or /)
	for (i = 1; i <= count; i++)
		if (applies(one[i]))
			return 1
	return 0
}

# Count the skips that are not expected here, and describe them in surplus.
function more_skips(    i, count, why) {
	for (i = 1; i <= skip_count; i++) {
		why = skip_reasons[i]
		if (is_expected(why) || is_answered(why))
			continue
		count += skip_reason[why]
		surplus = surplus (surplus == "" ? "" : "; ") why " (" skip_reason[why] ")"
	}
	if (count)
		surplus = plural(count, "skip", "skips") " more than Linux " \
			ENVIRON["L_RELEASE"] " has: " surplus
	return count
}

# Is it a reason that run_tests.sh gave to the tests? Then the answer says why.
function is_answered(reason) {
	return index(ENVIRON["LOCKFAIR_MISSING"] ENVIRON["LOCKFAIR_REFUSED"] \
		ENVIRON["LOCKFAIR_SHARED"] ENVIRON["LOCKFAIR_UNWAITING"] \
		ENVIRON["LOCKFAIR_DEAF"] ENVIRON["LOCKFAIR_LATE"] ENVIRON["L_APART"], \
		"=" reason ";") > 0
}

# Report kinds that are missing, although this release has them: a memfd of Linux 6.1 has ofd locks.
function vanished(    i, count, list) {
	for (i = 1; i <= kind_count; i++)
		if (is_missing(kinds[i]) && !(kinds[i] in asked_first) &&
		    why_missing[kinds[i]] ~ /\(/ &&
		    !is_expected(why_missing[kinds[i]]))
			list[++count] = kinds[i]
	if (count)
		put(series(list, count) " should be there", paint(series(list, count) \
			" should be there", "fail"))
	return count
}
