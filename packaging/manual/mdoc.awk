# SPDX-License-Identifier: GPL-2.0
#
# What the awk programs of packaging/manuals share: text as mdoc(7) wants it, a line for each
# sentence, and none above 80 columns.

# Escape a minus that is to be typed: it must not become a hyphen.
function escaped(text) {
	gsub(/\\/, "\\e", text)
	gsub(/[ ]--/, " \\-\\-", text)
	gsub(/^--/, "\\-\\-", text)
	gsub(/[ ]-/, " \\-", text)
	gsub(/^-/, "\\-", text)
	return text
}

# An argument of a macro, of which the last full stop or bracket is not the macro's own.
function quoted_argument(text) {
	gsub(/"/, "\"\"", text)
	return "\"" escaped(text) "\\&\""
}

function put_line(line) {
	print line ~ /^[.']/ ? "\\&" line : line
}

# Print @text.
function put_text(text,	word, count, i, line) {
	count = split(escaped(text), word, " ")
	line = ""
	for (i = 1; i <= count; i++) {
		if (line != "" && (word[i - 1] ~ /[.?!][)]?$/ || length(line " " word[i]) > 78)) {
			put_line(line)
			line = word[i]
		} else {
			line = line (line == "" ? "" : " ") word[i]
		}
	}
	if (line != "")
		put_line(line)
}
