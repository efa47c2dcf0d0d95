# SPDX-License-Identifier: GPL-2.0
#
# Print the reasons for a skip in C sources, one a line. Input: all sources of lib/ and tests/. A
# reason that is not constant is reported with its file, and the exit status is 1.

function without_comments(text,	out, token, end) {
	while (match(text, /"([^"\\]|\\.)*"|'([^'\\]|\\.)+'|\/\*|\/\//)) {
		out = out substr(text, 1, RSTART - 1)
		token = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (token == "/*" || token == "//") {
			end = index(text, token == "/*" ? "*/" : "\n")
			text = substr(text, end + (token == "/*" ? 2 : 0))
			out = out " "
		} else {
			out = out token
		}
	}
	return out text
}

function trimmed(text) {
	gsub(/^[ \t\n]+|[ \t\n]+$/, "", text)
	return text
}

# Read the arguments of a call, from after its "(" on, into argument[].
function read_arguments(text,	count, depth, token) {
	split("", argument)
	count = 1
	while (match(text, /"([^"\\]|\\.)*"|'([^'\\]|\\.)+'|[(),]/)) {
		token = substr(text, RSTART, RLENGTH)
		argument[count] = argument[count] substr(text, 1, RSTART - 1)
		text = substr(text, RSTART + RLENGTH)
		if (token == ")" && !depth--)
			break
		if (token == "(")
			depth++
		if (token == "," && !depth)
			count++
		else
			argument[count] = argument[count] token
	}
	for (; count; count--)
		argument[count] = trimmed(argument[count])
}

function is_literal(text) {
	return text ~ /^"([^"\\]|\\.)*"([ \t\n]+"([^"\\]|\\.)*")*$/
}

# Return the text of one string literal, or of several in a row.
function literal(text) {
	gsub(/"[ \t\n]+"/, "", text)
	gsub(/^"|"$/, "", text)
	return text
}

function not_constant(file, text) {
	print file ": no constant reason: " text
	bad = 1
}

# A reason without conversions, as it is or by the name of a constant.
function found(file, text) {
	if (is_literal(text)) {
		reasons[literal(text)]
	} else if (text ~ /^[A-Z_0-9]+$/) {
		named[++names] = text
		where[names] = file
	} else {
		not_constant(file, text)
	}
}

function is_set_by(text, variable, maker) {
	return variable ~ /^[a-z_]+$/ && text ~ ("[^A-Za-z_0-9]" variable " = " maker "\\(")
}

# A format, in argument[@at], with the arguments that follow it.
function found_format(file, text, at,	whole, reason, nth) {
	whole = argument[at] ", " argument[at + 1]
	# This function passes on a reason of its callers, which is looked for in them.
	if (whole == "\"%s\", reason" && text ~ /bool skip_unless\([^)]*\)\n\{/)
		return
	# The table of lib/lock/lack.c has these.
	if (whole ~ /^"%s", lock_lack_reason\(/)
		return
	# What run_tests.sh has found before the first test is not in the list.
	if ((whole ~ /^"%s", scene->(deaf|unwoken|no_wait\[request\.site\]\[request\.mode\])$/ ||
	     whole ~ /^"%\.\*s", length$/) &&
	    text ~ /\nstatic const char \*found_for_mode\(/)
		return
	if (!is_literal(argument[at]) || argument[at] !~ /%/)
		return found(file, argument[at])
	reason = literal(argument[at])
	for (nth = at + 1; match(reason, /%./); nth++) {
		if (is_set_by(text, argument[nth], "lock_kind_name"))
			sub(/%s/, KIND, reason)
		else if (is_set_by(text, argument[nth], "privilege_name"))
			sub(/%s/, CAPABILITY, reason)
		else if (argument[nth] ~ /^error_name\(/ &&
			 substr(reason, RSTART - 2, 5) == " (%s)")
			# The list leaves the errno out.
			sub(/ \(%s\)/, "", reason)
		else
			return not_constant(file, whole)
		if (match(reason, /%[^s]/))
			return not_constant(file, whole)
	}
	templates[reason]
}

# All calls of @name in @text, but not its declaration.
function look(file, text, name,	rest) {
	rest = text
	while (match(rest, "[^A-Za-z_0-9]" name "\\(")) {
		rest = substr(rest, RSTART + RLENGTH)
		read_arguments(rest)
		if (argument[1] ~ /^struct /)
			continue
		if (name == "skip_unless")
			found(file, argument[3])
		else if (name == "scene_lacks")
			found_format(file, text, 2)
		else if (name == "goes_on_by_tries")
			found_format(file, text, 4)
		else if (argument[2] ~ /^CAP_[A-Z_]+$/)
			capabilities[argument[2]]
		else
			not_constant(file, argument[2])
	}
}

function look_through(file, text,	part, word) {
	gsub(/\\\n/, " ", text)
	text = without_comments(text)
	look(file, text, "skip_unless")
	look(file, text, "scene_lacks")
	look(file, text, "goes_on_by_tries")
	# lib/claim skips a test by itself.
	for (part = text; match(part, /\*reason = "[^"]+"/);
	     part = substr(part, RSTART + RLENGTH)) {
		word = substr(part, RSTART, RLENGTH)
		sub(/^[^"]*/, "", word)
		reasons[literal(word)]
	}
	for (part = text; match(part, /\[LACKS_[A-Z]+\] = \{ "[a-z]+", "[^"]+"/);
	     part = substr(part, RSTART + RLENGTH)) {
		word = substr(part, RSTART, RLENGTH)
		sub(/^[^,]*, /, "", word)
		reasons[literal(word)]
	}
	look(file, text, "needs_capability")
	for (part = text; match(part, /FIXTURE_VARIANT_ADD\([a-z]+, [a-z]+\)/);
	     part = substr(part, RSTART + RLENGTH)) {
		word = substr(part, RSTART, RLENGTH)
		gsub(/.*, |\)/, "", word)
		kinds[word]
	}
	for (part = text; match(part, /# SKIP [^"]+\\n"/); part = substr(part, RSTART + RLENGTH)) {
		word = substr(part, RSTART + 7, RLENGTH - 10)
		if (word ~ /%/)
			not_constant(file, word)
		else
			reasons[word]
	}
	for (part = text; match(part, /#define[ \t]+[A-Z_0-9]+[ \t]+"[^"]*"/);
	     part = substr(part, RSTART + RLENGTH)) {
		word = substr(part, RSTART, RLENGTH)
		split(word, define, /[ \t]+/)
		sub(/^[^"]*/, "", word)
		value[define[2], ++values[define[2]]] = literal(word)
	}
}

# Print the template once for each of the words that can stand for the mark.
function print_each(template, mark, words,	word, reason) {
	for (word in words) {
		reason = template
		sub(mark, word, reason)
		print reason
	}
}

BEGIN {
	KIND = "<kind>"
	CAPABILITY = "<capability>"
}

FNR == 1 && NR > 1 {
	look_through(name, text)
	text = ""
}

{
	name = FILENAME
	text = text $0 "\n"
}

END {
	look_through(name, text)
	for (i = 1; i <= names; i++) {
		for (j = 1; j <= values[named[i]]; j++)
			reasons[value[named[i], j]]
		if (!values[named[i]])
			not_constant(where[i], named[i])
	}
	for (reason in reasons)
		print reason
	for (reason in templates) {
		if (index(reason, KIND))
			print_each(reason, KIND, kinds)
		else if (index(reason, CAPABILITY))
			print_each(reason, CAPABILITY, capabilities)
		else
			print reason
	}
	exit bad
}
