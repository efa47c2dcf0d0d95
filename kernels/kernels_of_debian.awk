# SPDX-License-Identifier: GPL-2.0
#
# For kernels/fetch -l: from lines "VERSION FLAVOUR PACKAGE", the newest last, the names by which
# kernels can be fetched. flavours: SUFFIX=FLAVOUR,... ; architecture: empty for amd64.

BEGIN {
	count = split(flavours, part, ",")
	for (i = 1; i <= count; i++) {
		split(part[i], pair, "=")
		if (pair[1] != "all")
			suffix[pair[2]] = pair[1] == "" ? "" : "-" pair[1]
	}
	slash = architecture == "" ? "" : "/" architecture
	count = 0
}
$2 in suffix {
	split($1, part, ".")
	name = part[1] "." part[2] + 0 suffix[$2] slash
	if (!(name in newest))
		order[++count] = name
	newest[name] = $1
}
END {
	for (i = 1; i <= count; i++)
		printf "debian:%-10s %s\n", order[i], newest[order[i]]
}
