# SPDX-License-Identifier: GPL-2.0
#
# Convert one program's TAP to KTAP version 1 and to results.tsv. To be used with one_line.awk.
#
# Input: what the program printed, stdout and stderr. Output: its subtest, from the first result on,
# and its own result, to stdout and appended to the file L_KTAP. A line for each result is appended
# to the file L_RESULTS, in columns separated by tabs:
#
#	id	FILE:CLASS.KIND.CLAIM, or FILE for what is wrong with the program as a whole
#	state	hold, xfail, xpass, skip, fail, late, unfair, hung, broke or lost: see summary.awk
#	reason	why it was skipped, was expected to fail, was ended, or broke
#	seen	what the test saw that should not have happened
#	notes	all diagnostics, with the drawing; \n is a new line, \t a tab, \\ a backslash
#
# Environment: L_NAME is the program, L_TITLE its name in the KTAP, L_NUMBER its number; L_WANT a
# file of the chosen ids; L_STATUS the exit status, L_HUNG 1 if the time limit of
# L_LIMIT seconds ended it, L_CUT 1 if the last line is not whole; L_STRICT 1 makes an expected
# failure a failure; LOCKFAIR_LIVE 1 puts the lines of L_RESULTS among the KTAP, too.
#
# Exit status: 0, 1 for an unexpected result, 4 if every test was skipped.

function out(line) {
	print line
	if (ktap != "")
		print line >> ktap
}

# Change the parts of a diagnostic that a parser or a grep could take for a result.
function harmless(text) {
	gsub(/[\001-\010\013-\037\177]/, "?", text)
	gsub(/not ok/, "not-ok", text)
	gsub(/XFAIL:/, "xfail:", text)
	gsub(/FAIL:/, "fail:", text)
	gsub(/FAILED:/, "failed:", text)
	gsub(/\[[ ]*FAIL[ ]*\]/, "[fail]", text)
	if (text ~ /^# *(not-)?ok /)
		sub(/^# */, "# said: ", text)
	return text
}

function note(text) {
	pending = pending "  " harmless(text) "\n"
}

function constant(text) {
	gsub(/[\001-\037\177#]/, "", text)
	gsub(/^ +| +$/, "", text)
	return text
}

function is_control(id) {
	return id ~ /^[a-z]+\.(eventfd|futex)\./
}

function result(line,    whole, bad, at, id, text, state) {
	whole = line
	bad = line ~ /^not /
	sub(/^(not )?ok [0-9]+ (- )?/, "", line)
	at = index(line, " # ")
	id = at ? substr(line, 1, at - 1) : line
	text = at ? substr(line, at + 3) : ""
	gsub(/ +$/, "", id)
	if (!(id in number)) {
		note("# " whole)
		unlisted++
		return
	}
	if (id in state_of) {
		note("# a second result of this test")
		notes[id] = notes[id] pending
		pending = broken = ""
		state_of[id] = "broke"
		reason[id] = "a second result of this test"
		return
	}
	if (text ~ /^SKIP/ && !bad) {
		state = "skip"
		sub(/^SKIP:?/, "", text)
	} else if (text ~ /^XFAIL/ && !bad) {
		state = "xfail"
		sub(/^XFAIL:?/, "", text)
		if (strict || id !~ /^folklore/ || is_control(id)) {
			bad = 1
			note("# " constant(text))
		}
	} else {
		state = "hold"
		if (text != "")
			note("# " text)
		text = ""
	}
	if (broken != "" && state != "skip")
		state = "broke"
	else if (bad && ended)
		state = "hung"
	else if (bad && late != "")
		state = "late"
	else if (bad)
		state = is_control(id) && id ~ /^folklore/ ? "unfair" : "fail"
	else if (state == "hold" && id ~ /^folklore/ && !is_control(id)) {
		state = "xpass"
		if (pending !~ /unexpected pass/)
			note("# unexpected pass: file locks have not been seen to do this")
	}
	state_of[id] = state
	what_was_seen[id] = saw
	reason[id] = state == "broke" ? broken : state == "hung" ? ended : \
		state == "late" ? late : constant(text)
	if (reason[id] == "" && state ~ /^(skip|xfail)$/)
		reason[id] = "no reason given"
	notes[id] = pending
	seen[++results] = id
	pending = saw = broken = late = ended = ""
}

function take(line, cut) {
	if (line ~ /^#  +RUN +/) {
		running = line
		sub(/^# +RUN +/, "", running)
		sub(/ .*/, "", running)
	} else if (line ~ /^#  +(OK|FAIL|SKIP|XFAIL|XPASS|GLOBAL)( |$)/ ||
		   line ~ /^# (Starting|PASSED:|FAILED:|Totals:)/) {
		return
	} else if (line ~ /^TAP version / || line ~ /^[ \t]*$/) {
		return
	} else if (line ~ /^1\.\.[0-9]+/) {
		if (line ~ /^1\.\.0 *# *SKIP/) {
			skip_all = line
			sub(/^1\.\.0 *# *SKIP:?/, "", skip_all)
			skip_all = constant(skip_all)
			if (skip_all == "")
				skip_all = "no reason given"
		}
	} else if (!cut && line ~ /^(not )?ok [0-9]+ /) {
		result(line)
	} else if (line ~ /^#/) {
		if (line ~ /^# broken:/ && broken == "")
			broken = constant(substr(line, 3))
		# The harness prints the former, and lib/claim the latter, on SIGTERM.
		if (line ~ /^#.*(Test terminated by timeout|ended from outside)/)
			ended = "the time limit of the test ended it"
		if (line ~ /^# late: / && late == "")
			late = constant(substr(line, 9))
		if (line ~ /^# seen: / && saw == "")
			saw = constant(substr(line, 9))
		note(line)
	} else {
		note("# " line)
	}
}

BEGIN {
	name = ENVIRON["L_NAME"]; title = ENVIRON["L_TITLE"]
	ktap = ENVIRON["L_KTAP"]; file = ENVIRON["L_RESULTS"]
	live = ENVIRON["LOCKFAIR_LIVE"] == "1"
	status = ENVIRON["L_STATUS"] + 0; hung = ENVIRON["L_HUNG"] + 0
	cut = ENVIRON["L_CUT"] + 0; strict = ENVIRON["L_STRICT"] + 0
	while ((getline id < ENVIRON["L_WANT"]) > 0) {
		sub(/^[^:]*:/, "", id)
		want[++wanted] = id
		number[id] = wanted
	}
	split("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM", signal, " ")
}

{
	if (NR > 1)
		take(held, 0)
	held = $0
}

END {
	if (NR)
		take(held, cut)

	if (hung)
		how = "the time limit of " ENVIRON["L_LIMIT"] " s ended it"
	else if (status > 128)
		how = "signal " (status - 128) (status - 128 in signal ? " (SIG" \
			signal[status - 128] ")" : "") " ended it"
	else if (status == 126 || status == 127)
		how = "it could not be started"
	else
		how = "it ended with exit status " status

	# The test that ran when the program was ended may have reported that itself.
	if (hung && running in state_of && state_of[running] ~ /^(fail|late|broke|unfair|hung)$/) {
		reason[running] = state_of[running] == "broke" ? reason[running] : how
		state_of[running] = "hung"
		notes[running] = notes[running] pending "  # " how "\n"
		pending = ""
	}
	for (i = 1; i <= wanted; i++) {
		id = want[i]
		if (id in state_of)
			continue
		missing++
		seen[++results] = id
		if (skip_all != "") {
			state_of[id] = "skip"
			reason[id] = skip_all
		} else if (!blamed && (!(running in number) || running in state_of ||
			   running == id)) {
			# The program ended in this test or outside of any: report the first test
			# without a result.
			blamed = 1
			state_of[id] = hung ? "hung" : "broke"
			reason[id] = "no result: " how
			what_was_seen[id] = saw
			notes[id] = pending "  # " reason[id] "\n"
			pending = ""
		} else {
			state_of[id] = "lost"
			reason[id] = "not run, or no result: " how
			notes[id] = "  # " reason[id] "\n"
		}
	}

	for (i = 1; i <= results; i++) {
		id = seen[i]
		state = state_of[id]
		if (id in notes)
			out_notes(notes[id])
		line = "  " (state ~ /^(hold|xpass|xfail|skip)$/ ? "" : "not ") "ok " i " " id
		if (state == "skip")
			line = line " # SKIP " reason[id]
		else if (state == "xfail")
			line = line " # XFAIL " reason[id]
		if (line ~ /^  not/)
			bad++
		if (state == "skip")
			skipped++
		out(line)
		record(name ":" id, state, reason[id], what_was_seen[id], notes[id])
	}

	if (!bad && !missing && status != 0 && status != 4 && !(status == 2 || status == 3))
		trouble = trouble how " although no test failed\n"
	else if (hung && !bad)
		trouble = trouble how "\n"
	if (unlisted)
		trouble = trouble "results of tests that it does not list: " unlisted "\n"
	out_notes(outer(pending))
	lines = split(trouble, text, "\n")
	for (i = 1; i < lines; i++) {
		out("# " name ": " text[i])
		record(name, "broke", text[i])
		bad++
	}
	all_skipped = skipped == wanted && !bad
	out((bad ? "not " : "") "ok " ENVIRON["L_NUMBER"] " " title \
		(all_skipped ? " # SKIP every test was skipped" : ""))
	exit bad ? 1 : all_skipped ? 4 : 0
}

function record(id, state, why, saw, said,    line) {
	sub(/\n$/, "", said)
	sub(/^  # ?/, "", said)
	gsub(/\n  # ?/, "\n", said)
	line = id "\t" state "\t" why "\t" saw "\t" one_line(said)
	print line >> file
	if (live)
		print "lockfair: result\t" line
}

function outer(text) {
	sub(/^  /, "", text)
	gsub(/\n  /, "\n", text)
	return text
}

function out_notes(text) {
	sub(/\n$/, "", text)
	if (text != "")
		out(text)
}
