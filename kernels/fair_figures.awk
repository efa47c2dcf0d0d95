# SPDX-License-Identifier: GPL-2.0
#
# The table of fair_figures: of what the program summary prints of both kernels, a few figures of
# each kind of lock. -v version, machine and pairs are for its head.

BEGIN {
	FS = "\t"
	kinds = split("posix ofd flock lockf eventfd futex", kind, " ")
}

/^#/ || $1 == "figure" { next }

{
	key = $1 SUBSEP $2 SUBSEP $3
	median[key] = $6; low[key] = $7; high[key] = $8
	least[key] = $9
	ratio[key] = $11; ratio_low[key] = $12; ratio_high[key] = $13
}

# Three digits.
function short(value) {
	if (value == "" || value == ".")
		return "."
	if (value >= 9995)
		return sprintf(value >= 99950 ? "%.0fk" : "%.1fk", value / 1000)
	if (value < 0.0995 && value > 0)
		return sprintf("%.2g", value)
	return sprintf(value >= 99.95 || value == int(value) ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f",
		       value)
}

function line(label, cell,	i, text) {
	text = sprintf("%-24s", label)
	for (i = 1; i <= kinds; i++)
		text = text (i == 5 ? " |" : " ") sprintf("%11s", cell[i])
	sub(/ +$/, "", text)
	print text
}

function medians(kernel, figure, parameter, scale,	i, key, cell) {
	for (i = 1; i <= kinds; i++) {
		key = figure SUBSEP kernel SUBSEP kind[i] " " parameter
		cell[i] = key in median ? short(median[key] / scale) : "."
	}
	line("  " kernel, cell)
}

function quartiles(kernel, figure, parameter,	i, key, cell) {
	for (i = 1; i <= kinds; i++) {
		key = figure SUBSEP kernel SUBSEP kind[i] " " parameter
		cell[i] = key in median ? short(low[key]) "-" short(high[key]) : ""
	}
	line("", cell)
}

function ratios(figure, parameter, inverse,	i, key, cell, spread) {
	for (i = 1; i <= kinds; i++) {
		key = figure SUBSEP "fair" SUBSEP kind[i] " " parameter
		cell[i] = "."
		spread[i] = ""
		if (!(key in median))
			continue
		cell[i] = "x" short(inverse ? 1 / ratio[key] : ratio[key])
		spread[i] = inverse ? short(1 / ratio_high[key]) "-" short(1 / ratio_low[key]) : \
			short(ratio_low[key]) "-" short(ratio_high[key])
	}
	line(inverse ? "  plain to fair" : "  fair to plain", cell)
	line("", spread)
}

# The least of all boots.
function leasts(kernel, figure, parameter, scale,	i, key, cell) {
	for (i = 1; i <= kinds; i++) {
		key = figure SUBSEP kernel SUBSEP kind[i] " " parameter
		cell[i] = key in least ? short(least[key] / scale) : "."
	}
	line("  least, " kernel, cell)
}

function cost(label, figure, parameter, scale, inverse) {
	print label
	medians("plain", figure, parameter, scale)
	medians("fair", figure, parameter, scale)
	ratios(figure, parameter, inverse)
}

function share(label, figure, parameter) {
	print label
	medians("plain", figure, parameter, 1)
	quartiles("plain", figure, parameter)
	medians("fair", figure, parameter, 1)
	quartiles("fair", figure, parameter)
}

END {
	print "What first come, first served costs: medians of " pairs " pairs of boots of Linux " version ","
	print "plain and fair in turn, and the quartiles below. A ratio is that of the two boots of a pair."
	print "The machine: " machine "."
	print "The controls (eventfd, futex) are the same on both kernels: how far their ratios are from 1"
	print "is the noise. Least: of all boots, which other work cannot make smaller. A dot: not measured."
	print "k: thousand."
	print ""
	line("", kind)
	cost("lock and unlock, us", "uncontended_median", "-", 1000)
	leasts("plain", "uncontended_median", "-", 1000)
	leasts("fair", "uncontended_median", "-", 1000)
	cost("handoff on one CPU, us", "handoff_one_cpu_median", "-", 1000)
	leasts("plain", "handoff_one_cpu_median", "-", 1000)
	leasts("fair", "handoff_one_cpu_median", "-", 1000)
	cost("handoff to the other, us", "handoff_two_cpus_median", "-", 1000)
	crowds = split("2 8 64", crowd, " ")
	for (c = 1; c <= crowds; c++) {
		print ""
		print crowd[c] " actors that want the lock all the time"
		cost("grants per second", "grants", crowd[c], 1, 1)
		share("equality of shares (Jain)", "jain", crowd[c])
		share("longest streak, grants", "streak", crowd[c])
		share("worst overtaking, times", "overtaken_worst", crowd[c])
	}
	print ""
	print "growth"
	waiters = split("1 10 100 1000", many, " ")
	for (c = 1; c <= waiters; c++)
		cost("one grant, " many[c] " waiter" (many[c] > 1 ? "s" : "") ", us", "growth_grant",
		     many[c], 1000)
	cost("one call, 1000 ranges, us", "growth_lock_own", 1000, 1000)
	cost("one call, 1000 others, us", "growth_lock_others", 1000, 1000)
}
