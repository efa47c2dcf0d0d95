# SPDX-License-Identifier: GPL-2.0
#
# results.tsv of the plain kernel ("none") and its mutants to a table: which claims notice which
# mutant. The death of a guest counts for the test that was running. Variables: list (kernels/mutate -l
# of those that ran), everything (all mutants ran), version.
#
# With known, a file of all ids, and no input: which globs of the list match none of them?

# A glob of the shell, of which only * is used, as a regular expression.
function pattern(glob) {
	gsub(/[.]/, "[.]", glob)
	gsub(/\*/, ".*", glob)
	return "^" glob "$"
}

function is_about(name, id,	i) {
	for (i = 1; i <= globs[name]; i++)
		if (id ~ glob[name, i])
			return 1
	return 0
}

function unmatched(	id, i, n, k, bad) {
	while ((getline line < known) > 0)
		id[++ids] = line
	for (n = 1; n <= names; n++) {
		for (i = 1; i <= globs[name[n]]; i++) {
			for (k = 1; k <= ids && id[k] !~ glob[name[n], i]; k++)
				;
			if (k > ids) {
				print name[n] ": no test matches " written[name[n], i]
				bad = 1
			}
		}
	}
	return bad
}

function notices(name, id,	claim) {
	noticed[name]++
	if (is_about(name, id))
		caught[name]++
	split(id, part, /[:.]/)
	claim = part[1] ": " part[4]
	proven[part[1] ":" part[2] "." part[4]]
	if (!((name, claim) in kinds))
		claims[name, ++claims_of[name]] = claim
	if (!((name, claim, part[3]) in seen)) {
		seen[name, claim, part[3]]
		kinds[name, claim] = kinds[name, claim] (kinds[name, claim] == "" ? "" : " ") part[3]
	}
}

BEGIN {
	FS = "\t"
	while ((getline line < list) > 0) {
		split(line, field, "\t")
		name[++names] = field[1]
		says[field[1]] = field[3]
		globs[field[1]] = split(field[4], one, " ")
		for (i = 1; i <= globs[field[1]]; i++) {
			written[field[1], i] = one[i]
			glob[field[1], i] = pattern(one[i])
		}
	}
	if (known != "") {
		told = 1
		exit unmatched()
	}
}

FNR == 1 { next }

$2 == "machine" {
	if ($8 ~ /^the guest \(.*\) (panicked|oopsed|hung.*) while [a-z_0-9]+:[^ ]+ ran$/) {
		sub(/ ran$/, "", $8)
		sub(/.* /, "", $8)
		deaths++
		dead[deaths] = $1
		died_in[deaths] = $8
	}
	next
}

{ id = $2 ":" $3 "." $4 "." $5 }

$1 == "none" {
	plain[id] = $6
	claim = $2 ":" $3 "." $5
	if (!(claim in all)) {
		all[claim]
		order[++claims_in_all] = claim
	}
	if ($6 == "FAIL" || $6 == "BROKE")
		failing = failing "\n  " id
	# Folklore that does not hold has been seen to fail.
	if ($6 == "no")
		proven[claim]
	if ($6 != "skip")
		tried[claim]
	next
}

{ ran[$1] }

$6 == "FAIL" && (plain[id] == "yes" || plain[id] == "no") { notices($1, id) }

$6 == "yes" && plain[id] == "no" { notices($1, id) }

END {
	if (told)
		exit
	for (i = 1; i <= deaths; i++) {
		this = dead[i]
		id = died_in[i]
		ran[this]
		if (plain[id] ~ /^(yes|no)$/ && is_about(this, id))
			notices(this, id)
		if (!((this, id) in death)) {
			death[this, id]
			died[this] = died[this] (died[this] == "" ? "" : ", ") id
		}
	}
	for (n = 1; n <= names; n++) {
		this = name[n]
		printf "%s\n    %s\n", this, says[this]
		if (this in died)
			printf "    the kernel died in %s\n", died[this]
		for (i = 1; i <= claims_of[this]; i++)
			printf "      %s (%s)\n", claims[this, i], kinds[this, claims[this, i]]
		if (caught[this]) {
			good++
		} else if (!(this in ran)) {
			print "    DID NOT RUN"
			survivors = survivors "\n  " this ", which did not run"
		} else {
			print "    SURVIVED"
			survivors = survivors "\n  " this
			if (noticed[this])
				survivors = survivors ", noticed by others than those it names"
		}
		print ""
	}
	printf "Linux %s: caught %d of %d\n", version, good, names
	if (survivors != "")
		print "survivors:" survivors
	if (failing != "")
		print "not ok without any mutant:" failing
	bad = good < names || failing != ""
	if (everything) {
		for (i = 1; i <= claims_in_all; i++) {
			claim = order[i]
			if (claim in proven)
				continue
			if (claim in tried) {
				unproven = unproven "\n  " claim
				bad = 1
			} else {
				skipped = skipped "\n  " claim
			}
		}
		if (unproven != "")
			print "claims that no mutant made fail:" unproven
		if (skipped != "")
			print "claims that are skipped in this kernel:" skipped
	}
	exit bad
}
