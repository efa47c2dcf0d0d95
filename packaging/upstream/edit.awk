# SPDX-License-Identifier: GPL-2.0
#
# For cut.awk: the sources, and the rules.

function fails(what) {
	print "cut.awk: " what > "/dev/stderr"
	bad = 1
	exit 1
}

# The fixture of claim.h here with the kinds that a promise is about.
function fixture_of(promise) {
	sub(/^PROMISE\(/, "", promise)
	sub(/,.*/, "", promise)
	sub(/^EVERY_KIND$/, "FILE_LOCKS", promise)
	sub(/^CONVERSIONS$/, "SHARED_MODE", promise)
	sub(/^POSIX \| LOCKF$/, "OWNED_BY_PROCESS", promise)
	gsub(/ \| /, "_and_", promise)
	return tolower(promise)
}

function claim_of(line) {
	return sub(/^PROMISE\([a-z_]*, /, "", line) ? substr(line, 1, length(line) - 1) : ""
}

# ---- sources: line[file, 1 ... length_of[file]] ----

FNR == 1 { file = FILENAME; files[++file_count] = file }
{
	gsub(/LOCKFAIR_/, "FILELOCK_")
	if (/^PROMISE\(/)
		$0 = "PROMISE(" fixture_of($0) substr($0, index($0, ","))
	sub(/^CLAIM_MAIN$/, "TEST_HARNESS_MAIN")
	line[file, ++length_of[file]] = $0
}

function delete_lines(file, from, upto,	i, n) {
	n = upto - from + 1
	for (i = from; i + n <= length_of[file]; i++)
		line[file, i] = line[file, i + n]
	length_of[file] -= n
}

# The last line of the statement that begins in line @at.
function statement_end(file, at) {
	while (line[file, at] !~ /;([ \t]*\/\*.*\*\/)?$/)
		at++
	return at
}

# The first line of the comment that belongs to line @at, or @at.
function with_comment(file, at,	i) {
	if (line[file, at - 1] ~ /^\t+\/\*.*\*\/$/)
		return at - 1
	if (line[file, at - 1] !~ /^\t+ \*\/$/)
		return at
	for (i = at - 1; line[file, i] !~ /^\t+\/\*/; i--)
		;
	return i
}

# Leave out every statement that is only a call of @name.
function leave_out_calls(name,	f, i, from) {
	for (f = 1; f <= file_count; f++) {
		for (i = 1; i <= length_of[files[f]]; i++) {
			if (line[files[f], i] !~ "^\t+" name "\\(")
				continue
			if (line[files[f], i - 1] ~ /^\t+(if|for|while) \(.*[^{]$|^\t+else$/)
				fails(files[f] ": " name "() is a body: " line[files[f], i])
			from = with_comment(files[f], i)
			delete_lines(files[f], from, statement_end(files[f], i))
			i = from - 1
		}
	}
}

function insert_line(file, at, text,	i) {
	for (i = ++length_of[file]; i > at; i--)
		line[file, i] = line[file, i - 1]
	line[file, at] = text
}

# The one line of @file with a match of @pattern; of the definition of @name, if that is not "".
function find(file, name, pattern,	i, found, within, count) {
	within = name == ""
	for (i = 1; i <= length_of[file]; i++) {
		if (name != "" && line[file, i] ~ "^[a-z].*[ *]" name "(\\(| \\{|\\[)" &&
		    line[file, i] !~ /;$/)
			within = 1
		if (within && line[file, i] ~ pattern) {
			count++
			found = i
		}
		if (name != "" && line[file, i] ~ /^}/)
			within = 0
	}
	if (count == 1)
		return found
	print "cut.awk: " file ", " name ": " count + 0 " matches of " pattern > "/dev/stderr"
	misfits++
	return 0
}

function read_rules(	name, n, i) {
	n = split(rules, name, " ")
	for (i = 1; i <= n; i++)
		read_rules_of(name[i])
}

function read_rules_of(rules,	word, at, keyword, rest, in_file, in_function, from, pattern) {
	while ((getline word < rules) > 0) {
		if (word ~ /^#/ || word == "")
			continue
		keyword = word
		sub(/\t.*/, "", keyword)
		rest = word
		sub(/^[^\t]*\t?/, "", rest)
		if (keyword == "calls") {
			leave_out_calls(rest)
		} else if (keyword == "without") {
			length_of[rest] = 0
		} else if (keyword == "claim") {
			left_out[rest] = 1
		} else if (keyword == "header") {
			at = index(rest, "\t")
			needed_for[substr(rest, 1, at - 1)] = substr(rest, at + 1)
		} else if (keyword == "in") {
			in_file = in_function = rest
			sub(/ .*/, "", in_file)
			if (!sub(/^[^ ]* /, "", in_function))
				in_function = ""
			if (!(in_file in length_of))
				fails("no source " in_file)
		} else if (keyword == "drop") {
			at = find(in_file, in_function, rest)
			from = with_comment(in_file, at)
			if (at)
				delete_lines(in_file, from, at)
		} else if (keyword == "from") {
			from = find(in_file, in_function, rest)
		} else if (keyword == "upto") {
			for (at = from; from && line[in_file, at] !~ rest; at++)
				if (at == length_of[in_file])
					fails(in_file ": no " rest " after line " from)
			if (from)
				delete_lines(in_file, from, at)
		} else if (keyword == "put") {
			insert_line(in_file, from++, rest)
		} else if (keyword == "match") {
			from = find(in_file, in_function, rest)
			pattern = rest
		} else if (keyword == "make") {
			gsub(/&/, "\\\\&", rest)
			sub(pattern, rest, line[in_file, from])
		} else {
			fails("no keyword of the rules: " word)
		}
	}
	close(rules)
}
