# SPDX-License-Identifier: GPL-2.0
#
# Encode text of several lines for a column of results.tsv, and decode it. To be used with other
# programs.

function one_line(text,    done, char) {
	while (match(text, /[\\\n\t]/)) {
		char = substr(text, RSTART, 1)
		char = char == "\n" ? "n" : char == "\t" ? "t" : char
		done = done substr(text, 1, RSTART - 1) "\\" char
		text = substr(text, RSTART + 1)
	}
	return done text
}

function several_lines(text,    done, char) {
	while (match(text, /\\./)) {
		char = substr(text, RSTART + 1, 1)
		char = char == "n" ? "\n" : char == "t" ? "\t" : char
		done = done substr(text, 1, RSTART - 1) char
		text = substr(text, RSTART + 2)
	}
	return done text
}
