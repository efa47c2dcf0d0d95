# SPDX-License-Identifier: GPL-2.0
#
# For cut.awk: what stands at the top level of a source, and which names it defines and uses.

# ---- items: what stands at the top level, and the members of structs ----

# item_first, item_last: its lines. item_kind: "always" is kept. item_owner: of a member of a
# struct, the struct. item_note: the comment that belongs to it.
function new_item(file, kind, first, last) {
	items++
	item_file[items] = file
	item_kind[items] = kind
	item_first[items] = first
	item_last[items] = last
	return items
}

function first_line(item) {
	return line[item_file[item], item_first[item]]
}

function is_open(text) {
	return text ~ /^[^ \t#*\/].*\{$/ || text == "{"
}

function comment_end(file, i) {
	while (line[file, i] !~ /\*\//)
		i++
	return i
}

# The last line of the item that begins in line @i.
function item_end(file, i,	open) {
	if (line[file, i] ~ /^#/) {
		while (line[file, i] ~ /\\$/)
			i++
		return i
	}
	while (1) {
		open = open || is_open(line[file, i])
		if (open ? line[file, i] ~ /^\}.*[^{]$|^\}$/ :
		    line[file, i] ~ /;([ \t]*\/\*.*\*\/)?$/ || line[file, i + 1] == "")
			break
		i++
	}
	# }, or } name;
	return i
}

function split_into_items(file,	i, last, note, section, condition, kind, item, is_header) {
	is_header = file ~ /\.h$/
	for (i = 1; i <= length_of[file]; i = last + 1) {
		last = i
		if (line[file, i] == "") {
			note = 0
		} else if (line[file, i] ~ /^\/[*\/]/) {
			last = line[file, i] ~ /^\/\// ? i : comment_end(file, i)
			kind = i <= 2 || line[file, i] ~ /^\/\/ SPDX/ ? "always" : "comment"
			if (line[file, i] ~ /^\/\* ---- /)
				kind = "section"
			note = new_item(file, kind, i, last)
			if (kind != "comment")
				note = 0
		} else {
			last = item_end(file, i)
			kind = "code"
			if (line[file, i] ~ /^# *include/)
				kind = "include"
			else if (line[file, i] ~ /^#/ && line[file, i] !~ /^# *define/)
				kind = "always"
			if (line[file, i] ~ /^# *if/ && !(is_header && !guarded[file]))
				condition++
			if (line[file, i] ~ /^# *endif/ && condition)
				condition--
			if (condition || line[file, i] ~ /^# *define.*_(H|SOURCE)$/)
				kind = kind == "code" ? "always" : kind
			if (line[file, i] ~ /^# *if/)
				guarded[file] = 1
			item = new_item(file, kind, i, last)
			item_note[item] = note
			if (file == "lib/claim/claim.h")
				item_kind[item] = "always"
			if (line[file, i] ~ /^(PRACTICE|FOLKLORE)\(/)
				item_kind[item] = "no promise"
			if (claim_of(line[file, i]) in left_out)
				item_kind[item] = "no promise"
			else if (line[file, i] ~ /^(PROMISE\(|TEST_HARNESS_MAIN|int main\()/)
				item_kind[item] = "always"
			if (line[file, i] ~ /^struct [a-z_]+ \{$/ && item_kind[item] == "code")
				split_into_members(file, item)
		}
	}
}

function split_into_members(file, owner,	i, last, note, item) {
	for (i = item_first[owner]; i <= item_last[owner]; i++)
		if (line[file, i] ~ /^#/)
			return
	for (i = item_first[owner] + 1; i < item_last[owner]; i = last + 1) {
		last = i
		if (line[file, i] ~ /^\t+\/\*/) {
			last = comment_end(file, i)
			note = new_item(file, "comment", i, last)
			item_owner[note] = owner
			continue
		}
		while (line[file, last] !~ /;([ \t]*\/\*.*)?$/)
			last++
		if (line[file, last] ~ /\/\*/)
			last = comment_end(file, last)
		item = new_item(file, "member", i, last)
		item_owner[item] = owner
		item_note[item] = note
		note = 0
	}
	has_members[owner] = 1
}

function code_of(item,	i, text, all, owner) {
	for (i = item_first[item]; i <= item_last[item]; i++)
		if (!gone[item_file[item], i])
			all = all line[item_file[item], i] "\n"
	gsub(/"([^"\\]|\\.)*"/, "\"\"", all)
	gsub(/'([^'\\]|\\.)'/, "0", all)
	while (match(all, /\/\*([^*]|\*[^\/])*\*\//))
		all = substr(all, 1, RSTART - 1) " " substr(all, RSTART + RLENGTH)
	return all
}

# Note the names that the text uses: uses[file, name], anywhere[name], member[name].
function note_names(file, text,	name, before, self) {
	while (match(text, /[A-Za-z_][A-Za-z0-9_]*/)) {
		name = substr(text, RSTART, RLENGTH)
		before = substr(text, 1, RSTART - 1)
		sub(/[ \t\n]+$/, "", before)
		if (before ~ /(\.|->)$/) {
			member[name] = 1
		} else {
			uses[file, name] = 1
			anywhere[name] = 1
		}
		text = substr(text, RSTART + RLENGTH)
	}
}

# The names that the item defines, separated by spaces.
function defines(item,	text, list, body) {
	text = code_of(item)
	if (text ~ /^# *define/) {
		sub(/^# *define[ \t]+/, "", text)
		match(text, /^[A-Za-z0-9_]+/)
		return substr(text, 1, RLENGTH)
	}
	if (text ~ /^(typedef|static_assert)/) {
		if (text ~ /^static_assert/)
			return "static_assert"
		if (match(text, /\(\*?[a-z_]+\)\(/)) {
			text = substr(text, RSTART, RLENGTH)
			gsub(/[^a-z_]/, "", text)
			return text
		}
	}
	if (text ~ /^(static )?(const )?(struct|enum|union)( [a-z_]+)? \{/) {
		list = text
		body = text
		sub(/\{.*/, "", list)
		sub(/^(static )?(const )?(struct|enum|union)/, "", list)
		if (text ~ /^enum/) {
			sub(/^[^{]*\{/, "", body)
			gsub(/=[^,}]*/, "", body)
			gsub(/[^A-Za-z0-9_]/, " ", body)
			return list " " body
		}
		# A variable of that type.
		if (match(text, /\n\} [a-z_]+/))
			list = list " " substr(text, RSTART + 3, RLENGTH - 3)
		return list
	}
	if (text ~ /^(struct|enum) [a-z_]+;/) {
		gsub(/struct|enum|[;\n]/, " ", text)
		return text
	}
	# A function, or variables.
	if (match(text, /[A-Za-z0-9_]+\(/) && text !~ /^[^(]*=/) {
		sub(/__attribute__\(\(constructor\)\) /, "", text)
		match(text, /[A-Za-z0-9_]+\(/)
		return substr(text, RSTART, RLENGTH - 1)
	}
	sub(/ =.*/, "", text)
	gsub(/\[[^]]*\]/, "", text)
	gsub(/[^A-Za-z0-9_,]/, " ", text)
	list = ""
	while (match(text, /[A-Za-z0-9_]+ *(,|$)/)) {
		body = substr(text, RSTART, RLENGTH)
		sub(/ *,?$/, "", body)
		list = list " " body
		text = substr(text, RSTART + RLENGTH)
	}
	return list
}

function is_static(item) {
	return item_file[item] ~ /\.c$/ && first_line(item) ~ \
	       /^(static |#|(struct|enum|union) [a-z_]* ?\{)/
}

function is_prototype(item) {
	return line[item_file[item], item_last[item]] ~ /\)( PRINTF_LIKE\(.*\))?;$/ &&
	       first_line(item) !~ /^#/
}

function is_named(item,	name, n, i) {
	n = split(defined[item], name, " ")
	for (i = 1; i <= n; i++) {
		if (name[i] == "static_assert")
			continue
		if (is_static(item) ? ((item_file[item], name[i]) in uses) : (name[i] in anywhere))
			return 1
	}
	return 0
}

# The members that the text of a member names.
function member_name(item,	text) {
	text = code_of(item)
	sub(/;.*/, "", text)
	gsub(/\[[^]]*\]/, "", text)
	if (match(text, /\(\*[a-z_]+\)/))
		return substr(text, RSTART + 2, RLENGTH - 3)
	sub(/^[ \t]*(const )?(unsigned |struct |enum |long |char )*[a-z_0-9]* \**/, "", text)
	gsub(/[^A-Za-z0-9_]/, " ", text)
	return text
}

function is_member_named(item,	name, n, i) {
	n = split(defined[item], name, " ")
	for (i = 1; i <= n; i++)
		if (name[i] in member)
			return 1
	return 0
}
