# SPDX-License-Identifier: GPL-2.0
#
# Print the table of a run, the unexpected results, and the answer. To be used together with
# answer.awk and expected_skips.awk.
#
# Input: results.tsv, see ktap.awk. Output: to stdout as people see it, and without colours to
# the file L_SUMMARY.
#
# Environment: L_COLOUR 1 for colours; L_COLUMNS how wide the table may be; L_VERBOSE 1 for a row
# for each claim; L_REPEAT how many runs there were; L_AGAIN the command that repeats them; and what
# the other two read.
#
# Exit status: 0; 1 if a kind of lock is missing that this kernel should have; 4 if no file lock is
# available.

function paint(text, state) {
	if (!colour || !(state in ink))
		return text
	return "\033[" ink[state] "m" text "\033[0m"
}

# Print to stdout, and without colours to the file.
function put(plain, painted) {
	print (painted == "" ? plain : painted)
	print plain > summary
}

# Print a line that begins with a mark.
function entry(before, state, text) {
	put(before pad(mark[state], 8) text, before paint(pad(mark[state], 8), state) text)
}

function plural(count, one, many) {
	return count " " (count == 1 ? one : many)
}

function pad(text, columns) {
	while (length(text) < columns)
		text = text " "
	return text
}

function centred(text, columns,    left) {
	left = int((columns - length(text)) / 2)
	return pad(pad("", left) text, columns)
}

BEGIN {
	FS = "\t"
	colour = ENVIRON["L_COLOUR"] + 0; summary = ENVIRON["L_SUMMARY"]
	rounds = ENVIRON["L_REPEAT"] + 0
	verbose = ENVIRON["L_VERBOSE"] + 0
	width = ENVIRON["L_COLUMNS"] + 0
	# Limit the width: longer lines are hard to follow.
	width = (width > 100 || width < 60 ? 100 : width) - 2
	# With more rows than this, print one row for each file.
	short_table = 30

	marks = "hold xfail xpass skip fail late unfair hung broke lost"
	mark["hold"] = "yes"; legend["hold"] = "it holds"
	mark["xfail"] = "no"; legend["xfail"] = "it does not hold, as expected"
	mark["xpass"] = "yes!"; legend["xpass"] = "it holds, which was not expected"
	mark["skip"] = "skip"; legend["skip"] = "not available here"
	mark["fail"] = "FAIL"; legend["fail"] = "it does not hold, but should"
	mark["late"] = "LATE"; legend["late"] = "a waiter could have had the lock, and slept on"
	mark["unfair"] = "UNFAIR"; legend["unfair"] = "a control that must be fair is not"
	mark["hung"] = "HUNG"; legend["hung"] = "the time limit ended it"
	mark["broke"] = "BROKE"; legend["broke"] = "the test itself went wrong"
	mark["lost"] = "lost"; legend["lost"] = "not run: its program had ended"
	ink["hold"] = "32"; ink["xfail"] = "33"; ink["xpass"] = "1;36"; ink["skip"] = "2"
	ink["fail"] = ink["late"] = ink["unfair"] = ink["hung"] = ink["broke"] = "1;31"
	ink["lost"] = "31"
	ink["head"] = "1"
	# After several runs the table shows the worst result.
	rank_count = split("skip hold xpass xfail lost broke hung late unfair fail", ranked, " ")
	for (i = 1; i <= rank_count; i++)
		rank[ranked[i]] = i

	title["promise"] = "documented in POSIX or a manual page"
	title["practice"] = "not documented, but so on every kernel since 5.10"
	title["folklore"] = "widely believed, but file locks break it"
	kind_count = split("posix ofd flock lockf", kinds, " ")
	for (i = 1; i <= kind_count; i++)
		known[kinds[i]] = 1
	known["eventfd"] = known["futex"] = 1
}

# What --shard writes for report/merge.
$1 == "shard" { next }

$1 !~ /:/ {
	troubles++
	trouble[troubles] = $1 ": " $3
	total["broke"]++
	next
}

{
	id = $1; state = $2
	split(id, part, /[:.]/)
	file = part[1]; class = part[2]; kind = part[3]; claim = part[4]
	results++
	total[state]++
	if (!(kind in known)) {
		known[kind] = 1
		kinds[++kind_count] = kind
	}
	present[kind] = 1
	row = class SUBSEP file SUBSEP claim
	if (!(row in row_seen)) {
		row_seen[row] = 1
		rows[++row_count] = row
		claim_length[row_count] = length(claim)
	}
	cell = row SUBSEP kind
	runs[cell]++
	times[cell, state]++
	if (!(cell in worst) || rank[state] > rank[worst[cell]])
		worst[cell] = state
	if (state == "skip") {
		if (!skip_reason[$3]++)
			skip_reasons[++skip_count] = $3
		if ($3 == "no file locks in this kernel" ||
		    index($3, "no " kind " locks here") == 1)
			why_missing[kind] = $3
		else if (index($3, "no " kind " locks that wait here") == 1)
			why_unwaiting[kind] = $3
	} else {
		seen[kind] = 1
	}
	if (state == "fail" && is_refused($4)) {
		# One line reports the common cause of all of these.
		refused_results++
		next
	}
	if (state == "lost")
		lost[file]++
	else if (state ~ /^(fail|late|unfair|broke|hung)$/) {
		if (!listed[state, id]++) {
			listed_id[++unexpected] = id
			listed_state[unexpected] = state
		}
	} else if (state == "xpass" && !passed[id]++)
		passes[++pass_count] = id
	fact(id, kind, state, $4, $5)
}

# Were tests of a kind skipped for what was found before the first test?
function is_limited(    i) {
	for (i = 1; i <= kind_count; i++)
		if (kinds[i] in present && kinds[i] in asked_first && extent[kinds[i]] != "call")
			return 1
	return 0
}

# Set fault[] and faulty to the kinds that were tested and in which a fault was found before.
function faults(    i) {
	for (i = 1; i <= kind_count; i++)
		if (kinds[i] in present && kinds[i] in asked_first &&
		    asked_first[kinds[i]] == "fault")
			fault[++faulty] = kinds[i]
}

# Were file locks tested, and is no kind of them available?
function nothing_to_lock(    i, asked) {
	for (i = 1; i <= kind_count; i++) {
		if (kinds[i] ~ /^(eventfd|futex)$/ || !(kinds[i] in present))
			continue
		asked = 1
		if (!is_missing(kinds[i]))
			return 0
	}
	return asked
}

# Break @text at spaces into lines of up to @columns.
function wrapped(text, columns, first, rest,    words, count, i, line) {
	count = split(text, words, " ")
	line = first words[1]
	for (i = 2; i <= count; i++) {
		if (length(line) + 1 + length(words[i]) > columns) {
			put(line)
			line = rest words[i]
		} else {
			line = line " " words[i]
		}
	}
	return line
}

function cell_text(cell,    state) {
	if (!(cell in worst))
		return "."
	state = worst[cell]
	if (times[cell, state] == runs[cell])
		return mark[state]
	return mark[state] " " times[cell, state] (brief ? "" : "/" runs[cell])
}

# Fold the rows of claims into one row for each file and class. A cell shows the worst result of the
# claims, and how many have it unless all do.
function fold(    i, j, part, row, cell, folded, count, state, claims) {
	split("", claims)
	for (j = 1; j <= row_count; j++) {
		split(rows[j], part, SUBSEP)
		row = part[1] SUBSEP part[2]
		if (!claims[row]++)
			folded[++count] = row
		for (i = 1; i <= kind_count; i++) {
			cell = rows[j] SUBSEP kinds[i]
			if (!(cell in worst))
				continue
			state = worst[cell]
			cell = row SUBSEP kinds[i]
			runs[cell]++
			times[cell, state]++
			if (!(cell in worst) || rank[state] > rank[worst[cell]])
				worst[cell] = state
		}
	}
	row_count = count
	for (j = 1; j <= row_count; j++) {
		rows[j] = folded[j]
		split(rows[j], part, SUBSEP)
		label[j] = pad("  " part[2], 20) plural(claims[rows[j]], "claim", "claims")
		claim_length[j] = length(label[j])
	}
	is_folded = 1
}

function widths(    i, j, text) {
	room = width
	claim_width = 24
	for (i = 1; i <= kind_count; i++) {
		wide[i] = length(kinds[i])
		for (j = 1; j <= row_count; j++) {
			text = cell_text(rows[j] SUBSEP kinds[i])
			if (length(text) > wide[i])
				wide[i] = length(text)
		}
		room -= wide[i] + 2
	}
	for (j = 1; j <= row_count; j++)
		if (claim_length[j] + 4 > claim_width)
			claim_width = claim_length[j] + 4
	# Claims can be broken into lines, the names of files cannot.
	if (claim_width > room && !is_folded)
		claim_width = room
}

function table(    i, j, k, part, class, file, last_class, last_file, head, claim, plain,
	       painted, text, state, cell) {
	# The controls come last, and apart; a kind without a test has no column.
	kinds[++kind_count] = "eventfd"
	kinds[++kind_count] = "futex"
	for (i = j = 1; i <= kind_count; i++)
		if (kinds[i] in present)
			kinds[j++] = kinds[i]
	kind_count = j - 1
	if (!verbose && row_count > short_table)
		fold()
	widths()
	if (room < 30) {
		brief = 1
		widths()
	}
	head = pad("", claim_width)
	for (i = 1; i <= kind_count; i++)
		head = head bar(i) centred(kinds[i], wide[i])
	sub(/ +$/, "", head)
	put("")
	put(head, paint(head, "head"))

	split("promise practice folklore", class_order, " ")
	for (i = 1; i <= 3; i++) {
		class = class_order[i]
		last_file = ""
		for (j = 1; j <= row_count; j++) {
			split(rows[j], part, SUBSEP)
			if (part[1] != class)
				continue
			if (last_class != class)
				put(class ": " title[class], paint(class, "head") ": " title[class])
			last_class = class
			if (part[2] != last_file && !is_folded)
				put("  " part[2])
			last_file = part[2]
			claim = part[3]
			gsub(/_/, " ", claim)
			plain = is_folded ? label[j] : wrapped(claim, claim_width, "    ", "      ")
			plain = painted = pad(plain, claim_width)
			for (k = 1; k <= kind_count; k++) {
				cell = rows[j] SUBSEP kinds[k]
				text = bar(k) centred(cell_text(cell), wide[k])
				if (k == kind_count)
					sub(/ +$/, "", text)
				plain = plain text
				painted = painted (cell in worst ? paint(text, worst[cell]) : text)
			}
			put(plain, painted)
		}
	}
}

function bar(i) {
	if (kinds[i] ~ /^(eventfd|futex)$/ && i > 1 && kinds[i - 1] !~ /^(eventfd|futex)$/)
		return " | "
	return "  "
}

END {
	if (row_count)
		table()
	put("")

	count = split(marks, state_list, " ")
	for (i = 1; i <= count; i++) {
		state = state_list[i]
		if (total[state])
			entry("  ", state, pad(total[state], 6) legend[state])
	}
	faults()
	bad = total["fail"] + total["late"] + total["unfair"] + total["hung"] + total["broke"] + \
		total["lost"]
	more = more_skips()
	text = plural(results + 0, "result", "results") \
		(rounds > 1 ? " of " rounds " runs" : "") ": "
	if (bad)
		text = text bad " unexpected"
	else if (total["skip"] == results)
		text = text "nothing ran"
	else if (more)
		text = text "all that ran as expected, more skips than expected"
	else if (is_limited() || faulty)
		text = text "all that ran as expected"
	else
		text = text "all as expected"
	if (total["xpass"])
		text = text ", " plural(total["xpass"], "unexpected pass", "unexpected passes")
	put(text, paint(text, bad || faulty ? "fail" : total["skip"] == results ? "skip" : "hold"))

	if (is_folded)
		put("a row for every claim: -v")
	if (skip_count) {
		put("")
		for (i = 1; i <= skip_count; i++)
			put(wrapped("skipped, " skip_reason[skip_reasons[i]] ": " skip_reasons[i],
				width, "", "  "))
		if (surplus != "")
			put(wrapped(surplus, width, "", "  "))
		gone = vanished()
	}
	if (pass_count) {
		put("")
		for (i = 1; i <= pass_count; i++)
			entry("", "xpass", "unexpected pass: " passes[i])
	}
	gone += faulty
	if (bad || gone)
		put("")
	for (i = 1; i <= unexpected; i++)
		entry("", listed_state[i], listed_id[i])
	if (refused_results)
		entry("", "fail", plural(refused_results, "result", "results") \
			": the lock is refused, see below")
	for (i = 1; i <= faulty; i++)
		entry("", "fail", fault[i] ": see below")
	for (file in lost)
		entry("", "lost", plural(lost[file], "test", "tests") " of " file)
	for (i = 1; i <= troubles; i++)
		entry("", "broke", trouble[i])
	if (unexpected)
		put("run one alone: " ENVIRON["L_AGAIN"] " -t \047" listed_id[1] "\047")

	text = answer()
	if (text != "") {
		put("")
		text = wrapped("In short: " text ".", width, "", "  ")
		put(text, paint(text, "head"))
	}
	exit gone ? 1 : nothing_to_lock() ? 4 : 0
}
