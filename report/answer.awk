# SPDX-License-Identifier: GPL-2.0
#
# The answer of a run: a sentence about what each kind of lock does. To be used with summary.awk.
#
# summary.awk calls fact() for each result, and then answer(), which returns the sentence. The facts
# about the kinds come from there: kinds[], seen[] and why_missing[].
#
# Environment: L_ANSWERS is the file "answers", which says what decides; L_MEDIUM where the lock
# files are.

BEGIN {
	while ((getline line < ENVIRON["L_ANSWERS"]) > 0) {
		if (line ~ /^#/ || split(line, field, "\t") != 2)
			continue
		topic_claims[++topics] = pattern(field[1])
		topic[topics] = field[2]
	}
	# From lib/actor/scene.c, which tries the lock before a test.
	refused_text = "^nobody holds the lock, yet [a-z]+ refuses "
}

# Convert a glob, of which only * is used, to a regular expression.
function pattern(glob) {
	gsub(/[.]/, "[.]", glob)
	gsub(/[*]/, ".*", glob)
	return "^" glob "$"
}

# Does this say that a lock was refused? Then the answer says so.
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

# Note the result of test @id for the answer. A test that was skipped or broke says nothing.
function fact(id, kind, state,    i) {
	for (i = 1; i <= topics && id !~ topic_claims[i]; i++)
		;
	if (i > topics)
		return
	if (state ~ /^(hold|xpass)$/)
		good[topic[i], kind]++
	else if (state ~ /^(fail|xfail|unfair)$/)
		poor[topic[i], kind]++
}

# posix, ofd and flock
function series(list, count,    i, text) {
	text = list[1]
	for (i = 2; i <= count; i++)
		text = text (i < count ? ", " : " and ") list[i]
	return text
}

# Describe what a kind does, with verbs for one kind (s = "s") or for several.
function clauses(kind, s,    list, count, order, barging, alternation, does) {
	does = s == "s" ? "does not" : "do not"
	order = poor["order", kind] ? -1 : good["order", kind] ? 1 : 0
	barging = poor["barging", kind] ? -1 : good["barging", kind] ? 1 : 0
	alternation = poor["alternation", kind] ? -1 : good["alternation", kind] ? 1 : 0
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
	return count ? series(list, count) : ""
}

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
	said = missing()
	text = text (text == "" || said == "" ? "" : "; ") said
	return text == "" ? \
		"nothing that ran tells of order, barging or alternation" : text
}

# Is there no lock of this kind here, as far as the results say?
function is_missing(kind) {
	return (kind in why_missing) && !(kind in seen)
}

# Write the sentences about the kinds that are missing or refused here.
function missing(    i) {
	for (i = 1; i <= kind_count; i++) {
		if (is_missing(kinds[i]))
			fate[kinds[i]] = place_of(why_missing[kinds[i]])
		else if (kinds[i] in why_refused)
			fate[kinds[i]] = why_refused[kinds[i]] ", although nobody holds the lock"
	}
	return fates()
}

# Write one sentence for all kinds that share a fate.
function fates(    i, j, done, group, count, text) {
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
		text = text (text == "" ? "" : "; ") series(group, count) \
			(fate[kinds[i]] ~ /^cannot/ ? " " : count == 1 ? " refuses " : " refuse ") \
			fate[kinds[i]]
	}
	return text
}

function place_of(why,    verb) {
	if (why !~ /\(/)
		return "cannot be had in this kernel, which was built without file locks"
	verb = why ~ /that wait/ ? "cannot wait" : "cannot be had"
	sub(/^[^(]*/, "", why)
	return verb " on " ENVIRON["L_MEDIUM"] " here " why
}
