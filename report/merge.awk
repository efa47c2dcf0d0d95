# SPDX-License-Identifier: GPL-2.0
#
# Merge the results.tsv of shards: see report/merge. Variable: me, for messages.
#
# The line "shard" of each says which it is, which programs it has, and what the whole run has.

function complain(text) {
	print me ": " text > "/dev/stderr"
	wrong = 1
}

function end_file() {
	if (file != "" && !here)
		complain(file ": not of a run with --shard, or not its whole results.tsv")
}

# The shard I/N on line $0.
function begin_shard(	part, program, many, i) {
	here = 1
	split($2, part, "/")
	if (shards == "") {
		shards = part[2] + 0
		whole = $4
	} else if (part[2] + 0 != shards) {
		complain(file ": shard " $2 ", and others are of " shards)
	} else if ($4 != whole) {
		complain(file ": of a run of " $4 ", and others are of " whole)
	}
	if ($2 in found) {
		complain("shard " $2 " is there twice: " found[$2] " and " file)
		return
	}
	found[$2] = file
	many = split($3, program, " ")
	for (i = 1; i <= many; i++) {
		if (program[i] in owner) {
			complain(file ": " program[i] " is also in " owner[program[i]])
			continue
		}
		owner[program[i]] = file
		programs[++program_count] = program[i]
	}
}

BEGIN { FS = "\t" }

FNR == 1 {
	end_file()
	file = FILENAME
	here = 0
}

$1 == "shard" { begin_shard(); next }

{
	name = $1
	sub(/:.*/, "", name)
	# The result of a failed machine, or of the file system of -d, belongs to no program.
	if (!(name in lines))
		order[++names] = name
	lines[name] = lines[name] $0 "\n"
	from[name] = file
	state[$2]++
	results++
	if ($1 ~ /:/ && !seen[$1]++)
		tests++
}

END {
	end_file()
	for (i = 1; i <= shards; i++)
		if (!(i "/" shards in found))
			complain("shard " i "/" shards " is missing")
	for (i = 1; i <= program_count; i++)
		if (!(programs[i] in lines))
			complain(owner[programs[i]] ": not whole, nothing of " programs[i])
	# A program that could not list its tests is not in these counts: its result has no id.
	split(whole, part, " ")
	if (!wrong && (program_count != part[4] || tests + 0 != part[1]))
		complain(tests + 0 " tests of " program_count + 0 \
			" programs, and the run had " whole)
	if (wrong)
		exit 2

	for (i = 2; i <= names; i++) {
		name = order[i]
		for (j = i - 1; j && order[j] > name; j--)
			order[j + 1] = order[j]
		order[j + 1] = name
	}
	for (i = 1; i <= names; i++)
		printf "%s", lines[order[i]]
	summary = ""
	count = split("hold xfail xpass skip fail late unfair hung broke lost", word, " ")
	for (i = 1; i <= count; i++)
		if (state[word[i]])
			summary = summary ", " state[word[i]] " " word[i]
	print me ": " results + 0 " results of " shards " shards: " \
		substr(summary, 3) > "/dev/stderr"
	exit state["fail"] + state["late"] + state["unfair"] + state["hung"] + state["broke"] + \
		state["lost"] ? 1 : 0
}
