# SPDX-License-Identifier: GPL-2.0
#
# Cut sources down to what the promises need, for packaging/upstream/series.
#
#	awk -f edit.awk -f items.awk -f cut.awk -v rules=FILES -v to=DIR SOURCE...
#
# Write each source that has something left to the same path below DIR, in these steps:
#
# 1. What the rules (files, in this order) say is left out: what the tests of a kernel tree do
#    without, as other file systems than tmpfs, other kernels, emulators, the controls,
#    run_tests.sh, and histories that are kept.
# 2. Of the claims, those that are no promises.
# 3. Whatever then is named nowhere: functions, macros, types, variables, members of structs, and
#    includes of headers with nothing left.
#
# So nothing is left that no promise reaches. It relies on the style of the sources: empty lines and
# "}" in the first column end what stands at the top level.
#
# A rule is a keyword, a tab and the rest; an expression must match exactly one line:
#
#	without	FILE		leave it out
#	claim	NAME		leave this promise out
#	header	NAME NAME|...	an include of that header is for these names alone
#	calls	NAME		leave out each statement that is a call of this function
#	in	FILE FUNCTION	what follows is about the definition of FUNCTION; without it about
#				all of FILE
#	drop	REGEXP		leave out that line, and a comment above it
#	from	REGEXP		leave out the lines from this one
#	upto	REGEXP		to the next one with a match of this
#	put	LINE		a line there instead
#	match	REGEXP		replace what it matches
#	make	TEXT		by this

# Find what is reached: begin with what always stays, and add what that names, until nothing is new.
function reach(	i, new, was) {
	for (i = 1; i <= items; i++) {
		kept[i] = item_kind[i] == "always"
		if (kept[i])
			note_names(item_file[i], code_of(i))
		else if (item_kind[i] == "code")
			defined[i] = defines(i)
		else if (item_kind[i] == "member")
			defined[i] = member_name(i)
	}
	do {
		new = 0
		for (i = 1; i <= items; i++) {
			if (kept[i])
				continue
			if (item_kind[i] == "code" && is_named(i)) {
				kept[i] = new = 1
				if (!has_members[i] && !is_prototype(i))
					note_names(item_file[i], body_of(i))
				if (is_prototype(i))
					note_types(i)
			}
			if (item_kind[i] == "member" && kept[item_owner[i]] && is_member_named(i)) {
				kept[i] = new = 1
				note_names(item_file[i], code_of(i))
			}
		}
	} while (new)
}

# A prototype uses the types of its parameters, not its own name.
function note_types(item,	text) {
	text = code_of(item)
	sub(defined[item] "\\(", "(", text)
	note_names(item_file[item], text)
}

# A definition does not use its own name, unless it is recursive: then something else uses it, too.
function body_of(item,	text, name) {
	text = code_of(item)
	name = defined[item]
	if (name ~ /^[A-Za-z0-9_]+$/)
		gsub("(^|[^A-Za-z0-9_])" name "\\(", " (", text)
	return text
}

# ---- what is left ----

function is_ours(include,	f) {
	sub(/^#include "/, "", include)
	sub(/".*/, "", include)
	for (f in length_of)
		if (f == "lib/" include || f == "tests/" include)
			return f
	return ""
}

# Does the source use what the system's header is for? The rules say what that is.
function is_needed(file, include,	header, name, part) {
	if (include !~ /</)
		return 0
	header = include
	gsub(/^[^<]*<|>.*/, "", header)
	if (!(header in needed_for))
		return 1
	for (name in uses) {
		split(name, part, SUBSEP)
		if (part[1] == file && part[2] ~ "^(" needed_for[header] ")$")
			return 1
	}
	return 0
}

function settle_includes(	i, f, again) {
	for (i = 1; i <= items; i++)
		if (kept[i] && item_kind[i] != "include" && first_line(i) !~ /^(#|\/)/)
			has_code[item_file[i]] = 1
	for (i = 1; i <= items; i++)
		if (kept[i] && first_line(i) ~ /^# *define/ &&
		    first_line(i) !~ /_(H|SOURCE)$/)
			has_code[item_file[i]] = 1
	# A header of nothing but includes has something if one of these has.
	do {
		again = 0
		for (i = 1; i <= items; i++) {
			if (item_kind[i] != "include" || kept[i])
				continue
			f = is_ours(first_line(i))
			if (is_needed(item_file[i], first_line(i)) || (f != "" && has_code[f]) ||
			    (f == "" && first_line(i) ~ /kselftest|claim\/claim.h/)) {
				kept[i] = again = 1
			}
		}
	} while (again)
}

function settle_comments(	i, j, open) {
	for (i = 1; i <= items; i++)
		if (kept[i] && item_note[i])
			kept[item_note[i]] = 1
	for (i = 1; i <= items; i++) {
		if (item_kind[i] != "section")
			continue
		open = 0
		for (j = i + 1; j <= items && item_file[j] == item_file[i]; j++) {
			if (item_kind[j] == "section")
				break
			if (kept[j] && !item_owner[j] &&
			    first_line(j) !~ /^(# *endif|TEST_HARNESS_MAIN)/)
				open = 1
		}
		kept[i] = open
	}
}

function write_out(file,	i, j, out, empty, n, text) {
	if (!has_code[file])
		return
	out = to "/" file
	for (i = 1; i <= items; i++) {
		if (item_file[i] != file || kept[i])
			continue
		if (has_members[i] || !item_owner[i] || kept[item_owner[i]])
			for (j = item_first[i]; j <= item_last[i]; j++)
				gone[file, j] = 1
	}
	empty = 1
	for (i = 1; i <= length_of[file]; i++) {
		if (gone[file, i])
			continue
		text = line[file, i]
		if (text == "") {
			if (!empty)
				n++
			empty = 1
			continue
		}
		if (n) {
			print "" > out
			n = 0
		}
		empty = 0
		print text > out
	}
	close(out)
	print file
}

END {
	if (bad)
		exit 1
	read_rules()
	if (misfits)
		fails(misfits " rules do not fit")
	for (i = 1; i <= file_count; i++)
		split_into_items(files[i])
	reach()
	settle_includes()
	settle_comments()
	for (i = 1; i <= file_count; i++)
		write_out(files[i])
}
