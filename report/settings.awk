# SPDX-License-Identifier: GPL-2.0
#
# What the preflight found, as the tests get it. Input: the output of preflight.awk. Output: lines
# LOCKFAIR_NAME=VALUE, where several of a name are one value, ENTRY;ENTRY;...

BEGIN {
	FS = "\t"
}

$1 ~ /^(files|flock)$/ {
	value[$1] = $2
}

$1 ~ /^(missing|refused|shared|unwaiting|deaf|late|delay|conflict)$/ {
	value[$1] = value[$1] $2 ";"
}

# A word of several for one kind.
$1 == "lacks" {
	lacking[$2] = lacking[$2] (lacking[$2] == "" ? "" : " ") $3
}

END {
	for (kind in lacking)
		value["lacks"] = value["lacks"] kind "=" lacking[kind] ";"
	for (name in value)
		print "LOCKFAIR_" toupper(name) "=" value[name]
}
