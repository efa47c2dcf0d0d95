# SPDX-License-Identifier: GPL-2.0
#
# Convert results.tsv of the plain kernel ("none") and its mutants to a table of which claims notice
# which mutant. If a guest died, the test that was running has noticed. Variables: list
# (kernels/mutate -l of those that ran), everything (all mutants ran), version.
#
# A claim notices a mutant only if it ran in the plain kernel and came out wrong in the mutant. If
# the plain kernel skips it, it proves nothing. If only the mutant skips it, the skip hides what is
# broken: each SKIP must be decided by something else than the call under test.
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

function with_kind(kinds, kind) {
	if (index(" " kinds " ", " " kind " "))
		return kinds
	return kinds (kinds == "" ? "" : " ") kind
}

function results(n) {
	return n (n == 1 ? " result" : " results")
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
	kinds[name, claim] = with_kind(kinds[name, claim], part[3])
}

# The plain kernel runs the claim and the mutant, which is booted twice, skips it.
function hides(name, id, reason,	claim) {
	if ((name, id) in hidden)
		return
	hidden[name, id]
	hidden_by[name]++
	split(id, part, /[:.]/)
	claim = part[1] ": " part[4] SUBSEP reason
	if (!((name, claim) in hidden_kinds))
		hidden_claims[name, ++hidden_claims_of[name]] = claim
	hidden_kinds[name, claim] = with_kind(hidden_kinds[name, claim], part[3])
	claim = part[1] ":" part[2] "." part[4] SUBSEP reason
	if (!(claim in finding_kinds))
		findings[++finding_count] = claim
	finding_kinds[claim] = with_kind(finding_kinds[claim], part[3])
	if (!((claim, name) in hider)) {
		hider[claim, name]
		if (!hiders[claim]++)
			first_hider[claim] = name
	}
}

# The plain kernel skips the claim, and it came out wrong in the mutant.
function is_no_proof(name, id) {
	if ((name, id) in no_proof)
		return
	no_proof[name, id]
	no_proofs[name] = no_proofs[name] "\n      " id
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
		answered = 1
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

# Not run: too many earlier results of the same file were unexpected (LOCKFAIR_STOP).
$6 == "skip" && $7 ~ /^stopped at / { next }

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
	if ($6 == "skip")
		skipped_kinds[claim] = with_kind(skipped_kinds[claim], $4)
	else
		tried[claim]
	next
}

{ ran[$1] }

plain[id] == "skip" && $6 == "FAIL" { is_no_proof($1, id) }

plain[id] !~ /^(yes|no)$/ { next }

$6 == "FAIL" || ($6 == "yes" && plain[id] == "no") { notices($1, id) }

$6 == "skip" { hides($1, id, $7) }

END {
	if (answered)
		exit
	for (i = 1; i <= deaths; i++) {
		this = dead[i]
		id = died_in[i]
		ran[this]
		if (plain[id] == "skip")
			is_no_proof(this, id)
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
		if (this in no_proofs)
			print "    wrong, but skipped in the plain kernel, which proves nothing:" \
				no_proofs[this]
		if (this in hidden_by)
			printf "    skipped, which hides it: %s\n", results(hidden_by[this])
		for (i = 1; i <= hidden_claims_of[this]; i++) {
			claim = hidden_claims[this, i]
			split(claim, part, SUBSEP)
			printf "      %s (%s): %s\n", part[1], hidden_kinds[this, claim], part[2]
		}
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
			if (this in hidden_by)
				survivors = survivors ", hidden by the skip of " \
					results(hidden_by[this])
		}
		print ""
	}
	printf "Linux %s: caught %d of %d\n", version, good, names
	if (survivors != "")
		print "survivors:" survivors
	if (failing != "")
		print "not ok without any mutant:" failing
	bad = good < names || failing != "" || finding_count
	if (everything) {
		for (i = 1; i <= claims_in_all; i++) {
			claim = order[i]
			if (claim in skipped_kinds)
				skipped = skipped "\n  " claim " (" skipped_kinds[claim] ")"
			if (!(claim in proven) && claim in tried) {
				unproven = unproven "\n  " claim
				bad = 1
			}
		}
		if (unproven != "")
			print "claims that no mutant made fail:" unproven
		if (skipped != "")
			print "claims that are skipped in this kernel, which proves nothing:" \
				skipped
	}
	if (finding_count)
		print "claims that a mutant made skip:"
	for (i = 1; i <= finding_count; i++) {
		claim = findings[i]
		split(claim, part, SUBSEP)
		printf "  %s (%s): %s: %s", part[1], finding_kinds[claim], part[2],
			first_hider[claim]
		print (hiders[claim] > 1 ? " and " hiders[claim] - 1 " more" : "")
	}
	exit bad
}
