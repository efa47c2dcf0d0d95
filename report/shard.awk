# SPDX-License-Identifier: GPL-2.0
#
# Print the programs of one shard. Files: report/times, and the names of the programs, a line each.
# Variables: shard and shards, as in --shard SHARD/SHARDS.
#
# The longest program comes first, and each goes to the shard that has the least to do until then;
# of equals, the first. So every machine with the same table cuts the same programs alike.

BEGIN { usual = 5 }

FNR == 1 { files++ }

files == 1 {
	if (split($0, column, "\t") == 2)
		time[column[1]] = column[2]
	next
}

{
	name[++count] = alone = $1
	# The same program again, on two paths: report/across.
	sub(/_across$/, "", alone)
	cost[count] = alone in time ? time[alone] : usual
}

END {
	for (round = 1; round <= count; round++) {
		longest = 0
		for (i = 1; i <= count; i++)
			if (!(i in of) && (!longest || cost[i] > cost[longest]))
				longest = i
		least = 1
		for (s = 2; s <= shards; s++)
			if (load[s] < load[least])
				least = s
		of[longest] = least
		load[least] += cost[longest]
	}
	for (i = 1; i <= count; i++)
		if (of[i] == shard)
			print name[i]
}
