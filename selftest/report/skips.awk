# SPDX-License-Identifier: GPL-2.0
#
# The reasons for a skip in C sources, one a line. Input: all sources of lib/ and tests/. Exit
# status 1 if one is no constant, which is then named.

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

# The arguments of a call into argument[], from after its "(" on. How many there are.
function read_arguments(text,	count, depth, token) {
	split("", argument)
	count = 1
	while (match(text, /"([^"\\]|\\.)*"|'([^'\\]|\\.)+'|[(),]/)) {
		token = substr(text, RSTART, RLENGTH)
		argument[count] = argument[count] substr(text, 1, RSTART - 1)
		text = substr(text, RSTART + RLENGTH)
		if (token == ")" && !depth--)
			return count
		if (token == "(")
			depth++
		if (token == "," && !depth)
			count++
		else
			argument[count] = argument[count] token
	}
	return count
}

# What is between the quotes of one literal, or of several in a row.
function literal(text) {
	gsub(/"[ \t\n]+"/, "", text)
	gsub(/^[ \t\n]*"|"[ \t\n]*$/, "", text)
	return text
}

function found(file, text) {
	gsub(/^[ \t\n]+|[ \t\n]+$/, "", text)
	if (text ~ /^[A-Za-z_][A-Za-z_0-9]*$/)
		named[++names] = text
	else if (text ~ /^"/ && text ~ /# *[a-z]+/)
		templates[++template_count] = text
	else if (text ~ /^".*"$/)
		reasons[literal(text)]
	else
		named[++names] = text
	where[names] = file
}

# All calls of @name in @text but its definition: argument @nth, or the last if that is 0.
function look(file, text, name, nth,	before, count) {
	while (match(text, "[^A-Za-z_]" name "\\(")) {
		before = substr(text, 1, RSTART)
		text = substr(text, RSTART + RLENGTH)
		if (before ~ /#define[ \t]$/)
			continue
		count = read_arguments(text)
		if (name == "NEEDS_CAPABILITY")
			capabilities[argument[1]]
		else if (name == "trouble" && argument[2] !~ /TROUBLE_MISSING/)
			continue
		else if (name == "expectation_set" && argument[2] !~ /KSFT_SKIP/)
			continue
		else
			found(file, argument[nth ? nth : count])
	}
}

function look_through(file, text,	part) {
	gsub(/\\\n/, " ", text)
	text = without_comments(text)
	look(file, text, "SKIPS_UNLESS")
	look(file, text, "trouble", 3)
	look(file, text, "NEEDS_CAPABILITY")
	# That header is what the others are made of.
	if (file !~ /(^|\/)expectation\.h$/)
		look(file, text, "expectation_set")
	for (part = text; match(part, /FIXTURE_VARIANT_ADD\([a-z]+, [a-z]+\)/);
	     part = substr(part, RSTART + RLENGTH)) {
		kind = substr(part, RSTART, RLENGTH)
		gsub(/.*, |\)/, "", kind)
		kinds[kind]
	}
	for (part = text; match(part, /# SKIP [^%"]+\\n"/); part = substr(part, RSTART + RLENGTH))
		reasons[substr(part, RSTART + 7, RLENGTH - 10)]
	for (part = text; match(part, /#define[ \t]+[A-Z_0-9]+[ \t]+"[^"]*"/);
	     part = substr(part, RSTART + RLENGTH)) {
		kind = substr(part, RSTART, RLENGTH)
		split(kind, word, /[ \t]+/)
		sub(/^[^"]*/, "", kind)
		value[word[2], ++values[word[2]]] = literal(kind)
	}
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
		if (!values[named[i]]) {
			print where[i] ": no constant reason: " named[i]
			bad = 1
		}
	}
	for (i = 1; i <= template_count; i++) {
		for (capability in capabilities) {
			reason = templates[i]
			gsub(/# *[a-z]+/, "\"" capability "\"", reason)
			reasons[literal(reason)]
		}
	}
	for (reason in reasons) {
		if (reason !~ /%s/) {
			print reason
			continue
		}
		for (kind in kinds) {
			each = reason
			# The errno that the list leaves out.
			sub(/ \(%s\)$/, "", each)
			sub(/%s/, kind, each)
			print each
		}
	}
	exit bad
}
