# SPDX-License-Identifier: GPL-2.0
#
# Print what the file of selftest/steadiness has: for each regime and kernel the runs, those with an
# unexpected result, and the upper bound, at 95 %, of the rate at which such a run comes.
#
# If no run of n was unexpected, that is 3/n (rule of three); else the mean of the Poisson
# distribution that gives so few, or fewer, with a probability of 5 %, divided by n.

BEGIN { FS = "\t" }

# The probability of up to k events, if mean is expected.
function up_to(k, mean,    i, term, sum) {
	term = sum = exp(-mean)
	for (i = 1; i <= k; i++) {
		term *= mean / i
		sum += term
	}
	return sum
}

function bound(k, n,    low, high, middle) {
	if (k == 0)
		return 3 / n
	high = 2 * k + 20
	while (high - low > 0.0001) {
		middle = (low + high) / 2
		if (up_to(k, middle) > 0.05)
			low = middle
		else
			high = middle
	}
	return high / n
}

NF >= 9 {
	key = $3 "\t" $2
	if (!(key in runs)) {
		order[++keys] = key
		first[key] = $1
		fastest[key] = slowest[key] = $7
		fewest[key] = most[key] = $5
	}
	runs[key]++
	results[key] += $4
	last[key] = $1
	if ($7 + 0 < fastest[key] + 0)
		fastest[key] = $7
	if ($7 + 0 > slowest[key] + 0)
		slowest[key] = $7
	if ($5 + 0 < fewest[key] + 0)
		fewest[key] = $5
	if ($5 + 0 > most[key] + 0)
		most[key] = $5
	others[key] += $8
	if ($6 + 0) {
		bad[key]++
		wrong[key] += $6
		count = split($10, each, "; ")
		said[++lines] = $1 " " $3 " (" $2 ", " $9 "): " each[1] \
			(count > 1 ? " (and " count - 1 " more)" : "")
	}
}

function days(key,    from, to) {
	from = substr(first[key], 1, 10)
	to = substr(last[key], 1, 10)
	return from == to ? from : from " to " to
}

function range(low, high) {
	return low + 0 == high + 0 ? low + 0 : low + 0 "-" high + 0
}

END {
	printf "%-14s%-32s%6s%9s%7s%9s%8s%7s%9s  %s\n", "regime", "kernel", "runs", "results", \
		"skips", "seconds", "others", "unexp.", "below", "dates"
	for (i = 1; i <= keys; i++) {
		key = order[i]
		split(key, part, "\t")
		rate = bound(bad[key] + 0, runs[key])
		printf "%-14s%-32s%6d%9d%7s%9s%7d%%%7d%9s  %s\n", part[1], part[2], runs[key], \
			results[key], range(fewest[key], most[key]), range(fastest[key], slowest[key]), \
			others[key] / runs[key] + 0.5, bad[key], \
			(rate >= 1 ? "-" : sprintf("%.2f%%", 100 * rate)), days(key)
	}
	if (lines)
		print "\nunexpected:"
	for (i = 1; i <= lines; i++)
		print said[i]
}
