# SPDX-License-Identifier: GPL-2.0
#
# For kernels/check_systematic: print FUNCTION FILE..., for each function the files of tests that
# are most likely to notice a mutant of it. Input: kernels/mutate -l, kernels/mutate -p, lines of
# PATH/MUTANT/verdict:claim, tab, ID, and the functions.

FNR == 1 { input++ }

# The files that have the claims which a mutant of kernels/mutants names.
input == 1 {
	count = split($4, glob, " ")
	for (i = 1; i <= count; i++) {
		named = glob[i]
		sub(/:.*/, "", named)
		if (named !~ /[*?[]/ && !(($1, named) in names)) {
			names[$1, named]
			files_of[$1] = files_of[$1] " " named
		}
	}
	next
}

function knows(name, file, weight) {
	if (!(file in index_of)) {
		index_of[file] = ++files
		file_at[files] = file
	}
	score[name, file] += weight
	in_all[file] += weight
}

input == 2 {
	if ($2 != "fs/locks.c")
		next
	count = split(files_of[$1], has, " ")
	functions = split($3, one, "|")
	for (i = 1; i <= functions; i++)
		for (k = 1; k <= count; k++)
			knows(one[i], has[k], 1)
	next
}

# A file that has noticed one of them counts twice.
input == 3 && FILENAME ~ /noticed$/ {
	count = split($1, part, "/")
	mutant = part[count - 1]
	sub(/\..*/, "", mutant)
	file = $2
	sub(/:.*/, "", file)
	knows(mutant, file, 2)
	next
}

{
	printf "%s", $1
	for (n = 0; n < 5; n++) {
		best = ""
		for (i = 1; i <= files; i++) {
			file = file_at[i]
			if (($1, file) in taken)
				continue
			# Of no mutant of this function: those that notice most of all.
			weight = score[$1, file] + in_all[file] / 1000
			if (best == "" || weight > most) {
				best = file
				most = weight
			}
		}
		if (best == "")
			break
		taken[$1, best]
		printf " %s", best
	}
	print ""
}
