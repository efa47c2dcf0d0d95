# SPDX-License-Identifier: GPL-2.0
#
# Print the type of the file system that a path is on, and in a second line where it is from and the
# options that matter for locks. Input: /proc/self/mountinfo. Environment: L_PATH is the path,
# absolute and without symbolic links.

BEGIN {
	path = ENVIRON["L_PATH"]; best = -1
	matters = "^(vers|minorversion|proto|hard|soft|softerr|nolock|local_lock|nosharecache|" \
		"nobrl|forcemandatorylock|cache|trans|version|default_permissions|allow_other|" \
		"metacopy|index|volatile|localflocks|pagesize|mand)(=|$)"
}

function plain(text) {
	gsub(/\\040/, " ", text); gsub(/\\011/, " ", text)
	gsub(/\\012/, " ", text); gsub(/\\134/, "\\", text)
	return text
}

{
	at = $5
	gsub(/\\040/, " ", at); gsub(/\\011/, "\t", at)
	gsub(/\\012/, "\n", at); gsub(/\\134/, "\\", at)
	if (at != "/" && path != at && index(path, at "/") != 1)
		next
	if (length(at) < best)
		next
	best = length(at)
	for (i = 7; i < NF; i++)
		if ($i == "-") {
			type = $(i + 1); from = plain($(i + 2)); options = $6 "," $(i + 3)
			break
		}
}

END {
	print type
	if (from == "none" || from == type)
		from = ""
	count = split(options, option, ",")
	for (i = 1; i <= count; i++)
		if (option[i] ~ matters)
			from = from (from == "" ? "" : ", ") plain(option[i])
	print from
}
