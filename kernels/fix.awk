# SPDX-License-Identifier: GPL-2.0
#
# Print the second file with the replacements of the first: kernels/fix.

BEGIN { FS = "\t" }

function fails(what) {
	print me ": " what > "/dev/stderr"
	bad = 1
	exit 1
}

function number(text,	part) {
	split(text, part, ".")
	return part[1] * 1000 + part[2]
}

# A kernel without a version is a new one.
function is_here(p) {
	return version == "" || ((since[p] == "" || number(version) >= number(since[p])) &&
				 (until[p] == "" || number(version) < number(until[p])))
}

FNR == 1 { files++ }

files == 1 && $1 == "in" { places++ }
files == 1 && $1 == "since" { since[places] = $2 }
files == 1 && $1 == "until" { until[places] = $2 }
files == 1 && $1 == "over" { over[places] = $2 }
files == 1 && $1 == "put" {
	text[places] = text[places] (places in put ? "\n" : "") substr($0, 5)
	put[places]
}

files == 2 { line[++lines] = $0 }

END {
	if (bad)
		exit 1
	for (p = 1; p <= places; p++) {
		if (!is_here(p))
			continue
		found = 0
		for (n = 1; n <= lines; n++) {
			if (!match(line[n], over[p]))
				continue
			found++
			at = n
			start = RSTART
			length_of = RLENGTH
		}
		if (found != 1)
			fails((found ? found : "no") " lines match /" over[p] "/")
		line[at] = substr(line[at], 1, start - 1) text[p] substr(line[at], start + length_of)
	}
	for (n = 1; n <= lines; n++)
		print line[n]
}
