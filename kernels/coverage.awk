# SPDX-License-Identifier: GPL-2.0
#
# Convert fs/locks.c.gcov (gcov -b -c) to a table of lines and branches by function, the lock paths
# first. Variables: list (kernels/coverage.list), version.

function percent(part, whole) {
	return whole ? sprintf("%3d %%", 100 * part / whole) : "    -"
}

function row(title, group) {
	printf "%-46s lines %4d of %4d %s   branches %4d of %4d %s\n", title,
		reached[group], lines[group], percent(reached[group], lines[group]),
		taken[group], branches[group], percent(taken[group], branches[group])
}

function group_of(name) {
	return name in given ? given[name] : "lock"
}

# Some lines of a lock path exist only for a server.
function group_of_line(name, text,	i) {
	for (i = 1; i <= hooks; i++)
		if (text ~ hook[i])
			return "server"
	return group_of(name)
}

# The reason why a line, or a branch of it, is not reached; "" if none is known.
function reason(name, text,	i) {
	for (i = 1; i <= reasons; i++)
		if ((for_function[i] == "-" || for_function[i] == name) && text ~ for_text[i]) {
			return why[i]
		}
	return ""
}

BEGIN {
	while ((getline line < list) > 0) {
		if (line ~ /^(#|$)/)
			continue
		count = split(line, field, "\t")
		if (field[1] == "never" && count == 4) {
			reasons++
			for_function[reasons] = field[2]
			for_text[reasons] = field[3]
			why[reasons] = field[4]
		} else if (field[1] == "hook" && count == 2) {
			hook[++hooks] = field[2]
		} else if (field[1] ~ /^(lease|server|boot)$/ && count == 2) {
			given[field[2]] = field[1]
		} else {
			print list ": " line > "/dev/stderr"
			bad = 2
			exit 2
		}
	}
	title["lock"] = "lock paths"
	title["lease"] = "leases and delegations"
	title["server"] = "for an NFS server and other file systems"
	title["boot"] = "at boot, and for what has leaked"
}

/^function / { now = $2; order[++functions] = now; next }

/^branch / {
	branches[group]++
	by_function = group == group_of(now)
	branches[now] += by_function
	if ($0 ~ /taken [1-9]/) {
		taken[group]++
		taken[now] += by_function
	} else if (group == "lock" && !left_in[last]++) {
		missing[++count_missing] = last
	}
	next
}

/^ *([0-9]+\*?|#####|=====): *[0-9]+:/ {
	split($0, part, ":")
	number = part[2] + 0
	text = substr($0, index($0, part[2] ":") + length(part[2]) + 1)
	group = group_of_line(now, text)
	last = number
	source[number] = text
	owner[number] = now
	lines[group]++
	by_function = group == group_of(now)
	lines[now] += by_function
	if (part[1] ~ /[#=]/) {
		not_run[number]
		if (group == "lock" && !left_in[number]++)
			missing[++count_missing] = number
	} else {
		reached[group]++
		reached[now] += by_function
	}
	next
}

END {
	if (bad)
		exit bad
	printf "fs/locks.c of Linux %s\n\n", version
	row(title["lock"], "lock")
	row(title["lease"], "lease")
	row(title["server"], "server")
	row(title["boot"], "boot")
	print "\nlock paths by function, where something is left"
	for (i = 1; i <= functions; i++) {
		name = order[i]
		if (group_of(name) != "lock")
			continue
		if (reached[name] < lines[name] || taken[name] < branches[name])
			row("  " name, name)
	}
	for (i = 1; i <= count_missing; i++) {
		number = missing[i]
		text = source[number]
		gsub(/^[ \t]+/, "", text)
		because = reason(owner[number], text)
		entry = sprintf("%5d %s %s: %s\n", number, number in not_run ? "line  " : "branch",
				owner[number], substr(text, 1, 60))
		if (because == "")
			unknown = unknown entry
		else
			known[because] = known[because] entry
	}
	print "\nwhat is left, and why it cannot be reached from user space"
	for (i = 1; i <= reasons; i++)
		if (why[i] in known) {
			printf "%s\n%s", why[i], known[why[i]]
			delete known[why[i]]
		}
	if (unknown != "")
		printf "\nwhat is left, and could be reached\n%s", unknown
	exit !(lines["lock"] && reached["lock"] >= 0.92 * lines["lock"] &&
	       taken["lock"] >= 0.8 * branches["lock"])
}
