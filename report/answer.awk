# SPDX-License-Identifier: GPL-2.0
#
# The answer of a run: a sentence about what each kind of lock does. To be used with summary.awk.
#
# summary.awk calls fact() for each result, and then answer(), which returns the sentence. The facts
# about the kinds come from there: kinds[], seen[], why_missing[] and why_unwaiting[].
#
# Environment: L_ANSWERS is the file "answers", which says what decides; L_MEDIUM where the lock
# files are; L_FATES and L_SCOPE what was found before the first test.

BEGIN {
	while ((getline line < ENVIRON["L_ANSWERS"]) > 0) {
		if (line ~ /^#/ || split(line, field, "\t") != 2)
			continue
		topic_claims[++topics] = pattern(field[1])
		topic[topics] = field[2]
	}
	# What run_tests.sh found before the first test: preflight.awk says the columns.
	while (ENVIRON["L_FATES"] != "" && (getline line < ENVIRON["L_FATES"]) > 0) {
		if (split(line, field, "\t") != 5)
			continue
		# Lacking something does not explain that a lock is refused.
		if (field[2] != "lacking")
			asked_first[field[1]] = field[2]
		extent[field[1]] = field[3]
		say_fate(field[1], field[4], field[5])
	}
	if (ENVIRON["L_SCOPE"] != "")
		getline both_directories < ENVIRON["L_SCOPE"]
	# From lib/actor/scene.c, which tries the lock before a test.
	refused_text = "^nobody holds the lock, yet [a-z]+ refuses "
}

# Convert a glob, of which only * is used, to a regular expression.
function pattern(glob) {
	gsub(/[.]/, "[.]", glob)
	gsub(/[*]/, ".*", glob)
	return "^" glob "$"
}

# Does @saw say that a lock was refused? Then the answer reports that.
function is_refused(saw,    part) {
	if (saw !~ refused_text)
		return 0
	split(saw, part, " ")
	if (!(part[6] in why_refused))
		why_refused[part[6]] = refusal_in(saw)
	return 1
}

# "nobody holds the lock, yet posix refuses a try: ENOLCK (…)": "a try with ENOLCK"
function refusal_in(text) {
	sub(refused_text, "", text)
	sub(/ \(.*/, "", text)
	sub(/: /, " with ", text)
	return text
}

# Note the result of test @id for the answer; @saw and @notes are columns of results.tsv. A test
# that was skipped or broke says nothing, and a test whose steps failed says nothing about its
# claim. Only if two were seen to hold the lock at the same time does a kind not exclude.
function fact(id, kind, state, saw, notes,    i) {
	for (i = 1; i <= topics && id !~ topic_claims[i]; i++)
		;
	if (i > topics)
		return
	topical++
	if (state ~ /^(hold|xpass)$/)
		good[topic[i], kind]++
	else if (topic[i] == "exclusion" ? saw ~ /^two held it at the same time/ : \
		 state ~ /^(xfail|unfair)$/ || (state == "fail" && notes ~ /expected: /))
		poor[topic[i], kind]++
	else if (state ~ /^(fail|late)$/)
		unsaid[topic[i], kind]++
}

# 1, -1 if it does not, or 0 if the results do not say.
function topic_holds(name, kind) {
	if (poor[name, kind])
		return -1
	return good[name, kind] && !unsaid[name, kind] ? 1 : 0
}

# Describe what a kind does, with verbs for one kind (s = "s") or for several. If what run_tests.sh
# found first decides that, it is said elsewhere.
function clauses(kind, s,    list, count, order, barging, alternation, does) {
	if (extent[kind] == "kind")
		return ""
	if (extent[kind] == "wait")
		return poor["exclusion", kind] ? (s == "s" ? "does" : "do") " not exclude" : ""
	does = s == "s" ? "does not" : "do not"
	order = topic_holds("order", kind)
	barging = topic_holds("barging", kind)
	alternation = topic_holds("alternation", kind)
	if (poor["exclusion", kind])
		list[++count] = does " exclude"
	# Strict alternation includes order, and that nobody is overtaken.
	if (order && !(order > 0 && barging >= 0 && alternation > 0))
		list[++count] = order > 0 ? "queue" s " in order" : does " queue in order"
	if (barging && !(barging > 0 && alternation > 0))
		list[++count] = barging > 0 ? "let" s " nobody barge in" : \
			(order > 0 ? "then " : "") "let" s " others barge in"
	if (alternation && !(alternation < 0 && barging < 0))
		list[++count] = alternation > 0 ? "alternate" s " strictly" : \
			does " alternate strictly"
	if (!count && topic_holds("exclusion", kind) > 0)
		list[++count] = "exclude" s
	return count ? series(list, count) : ""
}

# Return "" if only tests were chosen that the answer does not depend on.
function answer(    i, j, said, group, count, text, done) {
	for (i = 1; i <= kind_count; i++) {
		said = clauses(kinds[i], "")
		if (said == "" || done[kinds[i]])
			continue
		count = 0
		for (j = i; j <= kind_count; j++) {
			if (clauses(kinds[j], "") == said) {
				group[++count] = kinds[j]
				done[kinds[j]] = 1
			}
		}
		text = text (text == "" ? "" : "; ") series(group, count) " " \
			(count == 1 ? clauses(kinds[i], "s") : said)
	}
	if (both_directories != "")
		text = both_directories (text == "" ? "" : "; " text)
	said = missing()
	# A lock that excludes nobody, or that is refused, comes first.
	if (said != "")
		text = said (text == "" ? "" : "; " text)
	if (text == "" && topical)
		text = "no test of exclusion, order, barging or alternation had a result"
	return text
}

# Is no lock of this kind available, according to the results?
function is_missing(kind) {
	return (kind in why_missing) && !(kind in seen)
}

# Write the sentences about the kinds that are missing or refused here.
function missing(    i, kind) {
	for (i = 1; i <= kind_count; i++) {
		kind = kinds[i]
		if (kind in asked_first)
			continue
		if (is_missing(kind))
			say_fate(kind, place_of(why_missing[kind]))
		else if (kind in why_unwaiting)
			say_fate(kind, ": a request that waits is refused here " \
				errno_in(why_unwaiting[kind]))
		else if (kind in why_refused)
			say_fate(kind, "refuses " why_refused[kind] ", although nobody holds it",
				"refuse " why_refused[kind] ", although nobody holds them")
	}
	return fates()
}

function say_fate(kind, words, of_several) {
	fate[kind] = words
	fate_of_several[kind] = of_several == "" ? words : of_several
}

# Write one sentence for all kinds that share a fate.
function fates(    i, j, done, group, count, text, said) {
	for (i = 1; i <= kind_count; i++) {
		if (!(kinds[i] in fate) || done[kinds[i]])
			continue
		count = 0
		for (j = i; j <= kind_count; j++) {
			if ((kinds[j] in fate) && fate[kinds[j]] == fate[kinds[i]]) {
				group[++count] = kinds[j]
				done[kinds[j]] = 1
			}
		}
		said = count == 1 ? fate[kinds[i]] : fate_of_several[kinds[i]]
		text = text (text == "" ? "" : "; ") series(group, count) \
			(said ~ /^:/ ? "" : " ") said
	}
	return text
}

# "no posix locks here (ENOLCK)": "(ENOLCK)"
function errno_in(why) {
	sub(/^[^(]*/, "", why)
	return why
}

function place_of(why) {
	if (why !~ /\(/)
		return "cannot be taken in this kernel, which was built without file locks"
	return "cannot be taken on " ENVIRON["L_MEDIUM"] " here " errno_in(why)
}
