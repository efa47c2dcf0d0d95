# SPDX-License-Identifier: GPL-2.0
#
# The table of figures, 100 columns wide, from what the program summary prints.

function number(value) {
	if (value == "" || value == ".")
		return "."
	if (value >= 9999500)
		return sprintf("%.0fM", value / 1000000)
	if (value >= 999500)
		return sprintf("%.1fM", value / 1000000)
	if (value >= 9999.5)
		return sprintf("%.0fk", value / 1000)
	if (value >= 99.5 || value == int(value))
		return sprintf("%.0f", value)
	return sprintf(value >= 9.95 ? "%.1f" : "%.2f", value)
}

# Of two negative slopes, "-0.38--0.38" is wider than a cell.
function between(low, high,    text) {
	text = number(low) "-" number(high)
	return length(text) <= 10 ? text : sprintf("%.1f-%.1f", low, high)
}

function ratio(value) {
	if (value == "" || value == ".")
		return ""
	return " x" (value >= 9.95 ? number(int(value + 0.5)) : sprintf("%.1f", value))
}

function line(label, cells, from,    i, text) {
	text = sprintf("%-31s", label)
	for (i = 1; i <= 6; i++)
		text = text (i == 5 ? " |" : " ") sprintf("%10s", cells[i])
	print text
}

# A row of medians, or of the largest of all rounds; with_ratio and spread ask for these too.
function row(label, figure, parameter, scale, column, with_ratio, spread,    i, key, cells, any) {
	for (i = 1; i <= 6; i++) {
		key = figure SUBSEP kind[i] SUBSEP parameter
		cells[i] = "."
		if (!(key in have))
			continue
		any = 1
		cells[i] = number(value[key, column] / scale)
		if (with_ratio)
			cells[i] = cells[i] ratio(value[key, "ratio"])
	}
	if (!any)
		return
	line(label, cells)
	if (!spread)
		return
	for (i = 1; i <= 6; i++) {
		key = figure SUBSEP kind[i] SUBSEP parameter
		cells[i] = ""
		if (key in have)
			cells[i] = between(value[key, "low"] / scale, value[key, "high"] / scale)
	}
	line("", cells)
}

function names(label, figure,    i, key, cells, any) {
	for (i = 1; i <= 6; i++) {
		key = figure SUBSEP kind[i] SUBSEP "-"
		cells[i] = "."
		if (key in have) {
			any = 1
			cells[i] = value[key, "growth"]
			sub(/-linear/, " lin.", cells[i])
			sub(/-quadratic/, " qu.", cells[i])
		}
	}
	if (any)
		line(label, cells)
}

function head(title,    cells, i) {
	for (i = 1; i <= 6; i++)
		cells[i] = kind[i]
	print ""
	line(title, cells)
}

# As a text.
function rounds_of(figure,    i) {
	for (i = 1; i <= 6; i++)
		if ((figure, kind[i]) in rounds)
			return rounds[figure, kind[i]] (rounds[figure, kind[i]] == 1 ? " round" : " rounds")
	return 0
}

function growth(label, figure, parameters, unit,    i, count, part) {
	count = split(parameters, part, " ")
	for (i = 1; i <= count; i++)
		row(sprintf("  %s %s, us", part[i], part[i] == 1 ? unit : unit "s"), figure,
		    part[i], 1000, "median", 1, 0)
	row("  exponent" label, figure "_exponent", "-", 1, "median", 0, 1)
	names("  that is", figure "_exponent")
}

BEGIN {
	FS = "\t"
	split("posix ofd flock lockf eventfd futex", kind, " ")
}

/^#/ || $1 == "figure" { next }

{
	key = $1 SUBSEP $2 SUBSEP $3
	have[key] = 1
	rounds[$1, $2] = $5
	value[key, "median"] = $6; value[key, "low"] = $7; value[key, "high"] = $8
	value[key, "most"] = $10; value[key, "ratio"] = $11
	value[key, "growth"] = $14
}

END {
	print ""
	print "Medians of the rounds; below some, the quartiles. x: how many times the futex control in the same"
	print "round. k: thousand, M: million. A dot: not available."

	head("cost (" rounds_of("uncontended_median") ")")
	row("lock and unlock, ns", "uncontended_median", "-", 1, "median", 1, 1)
	row("  99th percentile", "uncontended_p99", "-", 1, "median", 1, 0)
	row("  worst of all rounds", "uncontended_worst", "-", 1, "most", 0, 0)
	key = "uncontended_median" SUBSEP "mutex" SUBSEP "-"
	if (key in have)
		print "  (a mutex between processes, all in user space: " number(value[key, "median"]) \
			" ns, quartiles " number(value[key, "low"]) "-" number(value[key, "high"]) ")"
	row("handoff on one CPU, us", "handoff_one_cpu_median", "-", 1000, "median", 1, 1)
	row("  99th percentile", "handoff_one_cpu_p99", "-", 1000, "median", 1, 0)
	row("  worst of all rounds", "handoff_one_cpu_worst", "-", 1000, "most", 0, 0)
	row("handoff to another CPU, us", "handoff_two_cpus_median", "-", 1000, "median", 1, 1)
	row("  99th percentile", "handoff_two_cpus_p99", "-", 1000, "median", 1, 0)
	row("  worst of all rounds", "handoff_two_cpus_worst", "-", 1000, "most", 0, 0)

	split("2 8 64", crowd, " ")
	for (i = 1; i <= 3; i++) {
		head(crowd[i] " actors (" rounds_of("grants") ")")
		row("grants, 1000/s", "grants", crowd[i], 1000, "median", 1, 1)
		row("equality of shares (Jain)", "jain", crowd[i], 1, "median", 0, 1)
		row("longest streak, grants", "streak", crowd[i], 1, "median", 0, 0)
		row("a waiter is overtaken, times", "overtaken_median", crowd[i], 1, "median", 0, 0)
		row("  worst of all rounds", "overtaken_worst", crowd[i], 1, "most", 0, 0)
		row("barging, of 1000 unlocks", "barging", crowd[i], 1, "median", 0, 1)
	}

	head("growth (" rounds_of("growth_grant") ")")
	print "one grant among"
	growth("", "growth_grant", "1 10 100 1000", "waiter")
	print "one lock call, the caller has"
	growth("", "growth_lock_own", "1 10 100 1000 10000 100000", "range")
	print "one lock call, others have"
	growth("", "growth_lock_others", "1 10 100 1000 10000 100000", "range")
}
