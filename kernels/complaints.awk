# SPDX-License-Identifier: GPL-2.0
#
# What a debugging kernel complained of, a line each: kernel, run, test, complaint, why it is known.
#
# Input: the kernel's log since the suite began; the programs name each test in it. Variables:
# kernel and run; began, when the suite began by the log; known, the file kernels/debug/known;
# leaks, what kmemleak said; hz, of the kernel's configuration. Environment: L_COMPLAINT and
# L_PATIENT, expressions for what is a complaint, and for what is none although it looks like one.

# Print without what differs from one time to the next: the time, the task, and addresses.
function constant(text) {
	sub(/^\[[^]]*\] */, "", text)
	sub(/CPU: [0-9]+ /, "", text)
	sub(/, CPU#[0-9]+: .*/, "", text)
	sub(/PID: [0-9]+ /, "", text)
	sub(/^WARNING: +at /, "WARNING: at ", text)
	gsub(/\+0x[0-9a-f]+\/0x[0-9a-f]+/, "", text)
	gsub(/:[0-9]+ blocked for/, " blocked for", text)
	gsub(/(0x)?[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]+/, "ADDRESS",
	     text)
	gsub(/\t/, " ", text)
	return text
}

function report(test, text,	i) {
	for (i = 1; i <= reasons; i++)
		if ((of[i] == kernel || of[i] == "-") && text ~ expression[i]) {
			print kernel, run, test, text, reason[i]
			return
		}
	print kernel, run, test, text, ""
}

BEGIN {
	FS = "\t"
	OFS = "\t"
	complaint = ENVIRON["L_COMPLAINT"]
	patient = ENVIRON["L_PATIENT"]
	while ((getline < known) > 0) {
		if (/^#/ || /^$/)
			continue
		of[++reasons] = $1
		expression[reasons] = $2
		reason[reasons] = $3
	}
	test = run == "soak" ? "tests/model" : "-"
}

match($0, /lockfair: [a-z_0-9]+:[a-z]+\.[a-z]+\.[a-z_0-9]+/) {
	test = substr($0, RSTART + 10, RLENGTH - 10)
	if (match($0, /^\[ *[0-9.]+/)) {
		started[++tests] = substr($0, 2, RLENGTH - 1) + 0
		id[tests] = test
	}
	next
}

/lockfair: / { next }

$0 ~ complaint && $0 !~ patient { report(test, constant($0)) }

# Print the test that ran when the clock of the kernel was jiffies, which begins five minutes before
# it overflows 32 bits; or nothing for a time before the suite began, and a second less, because the
# log has another clock.
function test_at(jiffies,	seconds, i) {
	seconds = (jiffies - (4294967296 - 300 * hz)) / hz
	if (seconds < began - 1)
		return ""
	for (i = tests; i > 1 && started[i] > seconds; i--)
		;
	return tests ? id[i] : test
}

function leaked() {
	if (size != "" && at != "")
		report(at, "leak: " size " bytes of " who ", allocated by " (by == "" ? "?" : by))
	size = by = ""
}

END {
	while ((getline line < leaks) > 0) {
		if (line ~ /^unreferenced object/) {
			leaked()
			split(line, part, /size |\)/)
			size = part[2]
		} else if (line ~ /^  comm /) {
			split(line, part, /"/)
			who = part[2]
			at = test
			if (hz && match(line, /jiffies [0-9]+/))
				at = test_at(substr(line, RSTART + 8, RLENGTH - 8) + 0)
		} else if (line ~ /^    / && line !~ /alloc|^    [0-9a-f][0-9a-f] / && by == "") {
			by = line
			sub(/^ *(\[<[^>]*>\] )?/, "", by)
			sub(/\+.*/, "", by)
		} else if (line !~ /^ /) {
			leaked()
			report("-", line)
		}
	}
	leaked()
}
