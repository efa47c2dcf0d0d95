# SPDX-License-Identifier: GPL-2.0
#
# Say in words what preflight/preflight found. To be used with series.awk. Input: its lines, see
# there. Output: lines of columns that are separated by tabs:
#
#	header	TEXT				a line for the header
#	VARIABLE	KIND=REASON		for LOCKFAIR_MISSING and so on: see run_preflight
#	fate	KIND CLASS EXTENT WORDS PLURAL	for answer.awk: what the answer says of the kind
#	scope	TEXT				the answer to two directories: is it one lock?
#	apart	KIND=REASON			it is two, which is a fault
#	known	KIND=REASON			it is two, as LOCKFAIR_APART says, or is refused
#	evidence	TEXT			how it can be seen that a waiter sleeps
#	files	WAY			for LOCKFAIR_FILES: how files are made in the directory
#	conflict	KIND=EACCES	for LOCKFAIR_CONFLICT, if that is the errno with any kind
#	flock	fcntl			for LOCKFAIR_FLOCK, if flock is made of fcntl locks
#	lacks	KIND	WORD			for LOCKFAIR_LACKS: see lib/lock/lack.h
#	delay	KIND=SORT LOOKS QUIET LONGEST ERROR	for LOCKFAIR_DELAY
#	longest	MS				the largest LONGEST of all kinds
#
# CLASS is fault; missing; or lacking, if locks do not do what they should. EXTENT is kind if the
# finding is about every lock of the kind, wait if it is about requests that wait, and call if it is
# about another call. Only the worst finding of a kind is its fate; it stands first where several
# are equally bad.

BEGIN {
	FS = OFS = "\t"
	split("posix ofd flock lockf", file_kinds, " ")
	say_lack("conversion", "conversions", "an owner's own lock is in the way of its next one")
	say_lack("parts", "releases of a part", "a part of a lock cannot be released")
	say_lack("owner", "the process as owner", "a lock belongs to a descriptor")
	say_lack("query", "queries", "F_GETLK does not say who is in the way")
	say_lack("turns", "turns", "a release wakes all waiters, which race")
	say_lack("deadlock", "deadlock detection", "nobody looks for a deadlock")
	say_lack("waiters", "waiters in /proc/locks", "/proc/locks has no waiters")
	in_words["owner", "process"] = "a process"
	in_words["owner", "description"] = "an open file description"
	in_words["pid", "holder"] = "the holder"
	in_words["pid", "another"] = "another process"
	in_words["pid", "unseen"] = "nobody"
	in_words["listed", "elsewhere"] = "under other numbers than those of stat(2)"
	in_words["fcntl", "one"] = "one lock"
	in_words["fcntl", "one way"] = "apart in one direction only"
}

function say_lack(word, noun, sentence) {
	lack_noun[word] = noun
	lack_sentence[word] = sentence
}

$1 == "evidence" {
	print "evidence", $2 == "call" ? "/proc/PID/syscall and state" : \
		$2 == "state" ? "state alone, which is weaker and slow" : \
		$2 == "emulated" ? \
		"state alone: /proc/PID/syscall shows the calls of an emulator" : \
		"none, /proc does not show whether a task sleeps"
	next
}

$1 == "files" {
	print
	if ($2 == "named")
		print "header", "files keep their names: without one they cannot be opened again"
	next
}

$2 == "trait" {
	if (($3 == "fcntl" && $4 != "apart") || ($3 == "read-only" && $4 == "EBADF"))
		emulated = 1
	if ($1 !~ /^(eventfd|futex)$/) {
		if (!(($3, $4) in with))
			values[$3] = values[$3] "\t" $4
		with[$3, $4] = with[$3, $4] " " $1
	}
	next
}

$2 == "lacks" {
	if (!($3 in lacking))
		lacks[++lack_count] = $3
	lacking[$3] = lacking[$3] " " $1
	lacked[$1, ++lacked_count[$1]] = lack_noun[$3]
	print "lacks", $1, $3
	next
}

$2 == "delay" {
	timed[++kinds_timed] = $1
	for (i = 3; i <= NF; i++)
		measured[$1, i] = $i
	next
}

$2 == "scope" {
	found = $3 ~ /^(one|two|hidden)$/ ? $3 : "refused"
	scope[found] = scope[found] " " $1
	how[$1] = found
	scopes++
	next
}

$2 == "ok" && $1 !~ /^(eventfd|futex)$/ {
	fine = fine " " $1
}

$2 == "ok" || NF < 5 {
	next
}

{
	kind = $1; finding = $2; call = $3; error = $4; class = $5
	if (!(kind in worst))
		kinds[++count] = kind
	if (finding == "refused")
		refused[kind, call]
	if (error != "") {
		if (!((kind, error) in calls))
			errors[kind] = errors[kind] " " error
		calls[kind, error] = calls[kind, error] \
			(calls[kind, error] == "" ? "" : ", ") call
	} else {
		others[kind] = others[kind] (others[kind] == "" ? "" : "; ") call ": " finding
	}
	rank = rank_of(finding, call)
	if (rank > worst[kind]) {
		worst[kind] = rank
		class_of[kind] = class
		finding_of[kind] = finding
		call_of[kind] = call
		error_of[kind] = error
	}
}

# Is only one of two modes refused to requests that wait? Return "shared ", "exclusive " or "".
function mode_of(kind,    shared, exclusive) {
	shared = (kind, "a request of a shared lock that may wait") in refused
	exclusive = (kind, "a request that may wait") in refused
	if (finding_of[kind] != "refused" || shared == exclusive || kind ~ /^(lockf|eventfd)$/)
		return ""
	return shared ? "shared " : "exclusive "
}

function rank_of(finding, call) {
	if (finding == "unopened")
		return 9
	if (finding == "refused" && (call == "a try" || call == "a release"))
		return 8
	if (finding == "shared")
		return 7
	if (finding == "refused" && call ~ /^(a try of a shared lock|a (second lock|lock on))/)
		return 6
	if (finding == "confused")
		return 5
	if (finding == "refused" && call ~ /may wait/)
		return 4
	if (finding == "unwaiting")
		return 3
	if (finding == "late")
		return 1.6
	if (finding == "deaf")
		return 1.5
	return finding == "refused" ? 1 : 2
}

# Is no file lock available at all, for one reason? Then this system has none.
function none_at_all(    i, kind) {
	for (i = 1; i <= 4; i++) {
		kind = file_kinds[i]
		if (worst[kind] != 8 || call_of[kind] != "a try" ||
		    error_of[kind] != error_of[file_kinds[1]])
			return 0
	}
	return error_of[kind] ~ /^(ENOLCK|ENOSYS|EOPNOTSUPP|EINVAL|ENOTTY)$/
}

# security modules use these
function by_a_module(error) {
	return error ~ /^(EACCES|EPERM)$/ ? ", as a security module does" : ""
}

function article(mode) {
	return (mode ~ /^[aeiou]/ ? "an " : "a ") mode
}

# Milliseconds in words, rounded so that a difference by chance does not show; "" for none.
function about(ms) {
	return ms >= 10000 ? 10 * int(ms / 10000 + 0.5) " s" : ms > 0 ? time(1000 * ms) : ""
}

function lateness(kind) {
	return call_of[kind] " is late: a release does not wake it, but it asks again" \
		(late_after[kind] == "" ? "" : ", after about " late_after[kind])
}

# Set words and plural to what the answer says of a kind, and of several with one fate.
function say(kind,    error, call, mode) {
	error = error_of[kind]
	call = call_of[kind]
	plural = ""
	if (finding_of[kind] == "unopened") {
		words = ": " (error == "" ? call : call " cannot be opened (" error ")")
	} else if (finding_of[kind] == "shared") {
		words = "does not exclude: two processes held it at the same time"
		plural = "do not exclude: two processes held it at the same time"
	} else if (finding_of[kind] == "confused") {
		words = ": a try for a held lock is refused with " error ", not with EAGAIN"
	} else if (finding_of[kind] == "unwaiting") {
		words = ": a request that has to wait is refused here (" error \
			"), one that finds the lock free is not"
	} else if (finding_of[kind] == "unseen") {
		words = ": a request that has to wait neither returns nor is seen to sleep here"
	} else if (finding_of[kind] == "late") {
		words = ": " lateness(kind)
	} else if (finding_of[kind] == "deaf") {
		words = ": a signal does not end a wait here, not even one that kills"
	} else if (finding_of[kind] == "lost") {
		words = ": a waiter is not granted the lock when it is released"
	} else if (call ~ /may wait/) {
		mode = mode_of(kind)
		words = ": a request " (mode == "" ? "" : "of " article(mode) "lock ") \
			"that waits is refused here (" error \
			"), also where nobody holds the lock; a try works"
	} else if (call == "a try" && class_of[kind] == "missing") {
		words = "cannot be taken on " ENVIRON["L_MEDIUM"] " here (" error ")"
	} else if (call == "a try") {
		words = "is refused with " error " although nobody holds it" by_a_module(error)
		plural = "are refused with " error " although nobody holds them" by_a_module(error)
	} else {
		words = ": " call " is refused here (" error "), although no lock is in the way"
	}
	if (plural == "")
		plural = words
}

# Is the finding only about requests that wait?
function waits(kind) {
	return worst[kind] >= 2 && worst[kind] <= 4
}

# Return the variable by which the tests learn of it.
function variable(kind) {
	return waits(kind) ? "unwaiting" : \
		finding_of[kind] ~ /^(shared|deaf|late)$/ ? finding_of[kind] : \
		class_of[kind] == "missing" ? "missing" : "refused"
}

# Return why a test of the kind is skipped, or "": then it can be judged.
function reason(kind,    error) {
	error = " here (" error_of[kind] ")"
	if (finding_of[kind] == "shared")
		return kind " does not exclude here"
	if (worst[kind] == 8 && call_of[kind] == "a try")
		return class_of[kind] == "missing" ? "no " kind " locks" error : \
			kind " is refused" error
	if (worst[kind] == 8 || worst[kind] == 6)
		return kind " refuses " call_of[kind] error
	if (finding_of[kind] == "confused")
		return kind " refuses a try for a held lock" error
	if (error_of[kind] != "" && waits(kind))
		return "no " mode_of(kind) kind " locks that wait" error
	if (finding_of[kind] == "unseen")
		return "no " kind " waiter is seen to sleep here"
	if (finding_of[kind] == "late")
		return "no " kind substr(call_of[kind], 2) " is woken by a release here"
	if (finding_of[kind] == "deaf")
		return "no " kind " waiter reacts to a signal here"
	if (finding_of[kind] == "lost")
		return "no " kind " waiter is granted the released lock here"
	return ""
}

# For LOCKFAIR_UNWAITING: KIND is both modes, KIND.shared is one.
function mode_suffix(kind,    mode) {
	mode = waits(kind) ? mode_of(kind) : ""
	sub(/ $/, "", mode)
	return mode == "" ? "" : "." mode
}

# Microseconds in words.
function time(us) {
	return us < 1000 ? us " us" : us < 1000000 ? int(us / 100 + 0.5) / 10 " ms" : \
		int(us / 100000 + 0.5) / 10 " s"
}

# How long a lock takes, and whether its waiters can be distinguished from other sleepers.
function delays(    i, kind, sort, at_once, text, held, free, error) {
	for (i = 1; i <= kinds_timed; i++) {
		kind = timed[i]
		sort = measured[kind, 3]
		if (sort == "at-once") {
			at_once = at_once " " kind
			continue
		}
		# With none of N mistaken, up to 3 of N may be, with a probability of 95 percent.
		split(measured[kind, 16], free, "/")
		error = free[2] > 0 ? int(1000 * (free[1] + 3) / free[2]) : 1000
		print "delay", kind "=" sort " " measured[kind, 4] " " measured[kind, 5] " " \
			measured[kind, 6] " " (error > 1000 ? 1000 : error)
		if (measured[kind, 6] + 0 > longest)
			longest = measured[kind, 6] + 0
		text = kind (sort == "polls" ? " polls" : " asks a daemon or server") \
			": a lock takes " time(measured[kind, 7]) \
			", at most " time(measured[kind, 8])
		split(measured[kind, 15], held, "/")
		print "header", text (held[2] == 0 ? "" : "; a refusal " time(measured[kind, 9]) \
			"; a grant " time(measured[kind, 10]) ", at most " time(measured[kind, 11]))
		if (measured[kind, 18] ~ /^late/) {
			split(measured[kind, 18], late, " ")
			late_after[kind] = about(late[2])
		}
		if (measured[kind, 17] + 0)
			print "header", kind " asks again after pauses of " \
				time(measured[kind, 17] * 1000) " and more; a grant may take " \
				time(measured[kind, 6] * 1000)
		if (held[2] == 0)
			continue
		if (measured[kind, 12] + 0)
			print "header", kind " after a wait of " time(measured[kind, 12] * 1000) \
				", with " measured[kind, 14] " polls: a grant takes " \
				time(measured[kind, 13])
		print "header", kind " sleepers, by " measured[kind, 4] " looks in " \
			measured[kind, 5] " ms: " measured[kind, 15] " waiters are found, and " \
			measured[kind, 16] " of those that nobody was in the way of"
	}
	if (longest)
		print "longest", longest
	if (at_once != "")
		print "header", "decided at once: " listed(at_once)
}

function listed(words,    one) {
	return series(one, split(words, one, " "))
}

# "VALUE with posix and ofd, OTHER with flock"; the value alone if all kinds have it.
function by_value(trait,    one, count, i, text) {
	count = split(substr(values[trait], 2), one, "\t")
	for (i = 1; i <= count; i++) {
		text = text (i > 1 ? ", " : "") \
			((trait, one[i]) in in_words ? in_words[trait, one[i]] : one[i])
		if (count > 1)
			text = text " with " listed(with[trait, one[i]])
	}
	return text
}

# What the kinds are like where they may differ from local ones: in a directory.
function traits(    text) {
	if (!("owner" in values))
		return
	if (fine != "")
		print "header", "offered, and requests wait: " listed(fine)
	print "header", "owner: " by_value("owner") "; a conflict: " by_value("conflict") \
		"; locks are " by_value("locks")
	if ("fcntl" in values)
		text = "flock and fcntl locks: " by_value("fcntl") "; "
	if (with["read-only", "EBADF"] != "")
		text = text "flock needs a descriptor that is open for its mode; "
	if ("pid" in values)
		text = text "F_GETLK names: " by_value("pid") "; "
	print "header", text "in /proc/locks: " by_value("listed")
}

# What the kinds lack, though POSIX or Linux says that they have it.
function lackings(    i) {
	for (i = 1; i <= lack_count; i++)
		print "header", "with " listed(lacking[lacks[i]]) ": " lack_sentence[lacks[i]]
}

# What the answer says of these kinds, unless something worse was found.
function fates_of_lackings(    i, j, kind, noun, text) {
	for (i = 1; i <= 4; i++) {
		kind = file_kinds[i]
		if (!lacked_count[kind] || (kind in worst))
			continue
		for (j = 1; j <= lacked_count[kind]; j++)
			noun[j] = lacked[kind, j]
		text = series(noun, lacked_count[kind])
		print "fate", kind, "lacking", "call", "lacks " text, "lack " text
	}
}

# Is the file by both directories one lock?
function both_directories(    text) {
	if (scope["hidden"] != "")
		return "a file of " ENVIRON["L_FIRST"] " is not found in " ENVIRON["L_SECOND"] \
			": they are two files, and two locks"
	text = "by " ENVIRON["L_FIRST"] " and " ENVIRON["L_SECOND"]
	if (scope["one"] != "")
		text = text " a file is one lock with " listed(scope["one"])
	if (scope["two"] != "")
		text = text (scope["one"] != "" ? ", and" : " a file is") \
			" two locks, which do not exclude each other, with " listed(scope["two"])
	if (scope["refused"] != "")
		text = text ", refused with " listed(scope["refused"])
	return text
}

# Print why tests across both directories are skipped. Those tests notice by themselves that a file
# is hidden.
function directories_apart(    kind, known) {
	for (kind in how) {
		known = index(" " ENVIRON["LOCKFAIR_APART"] " ", " " kind " ")
		if (how[kind] == "two")
			print known ? "known" : "apart", kind "=" kind " is two locks by both paths"
		else if (how[kind] == "refused")
			print "known", kind "=" kind " is refused by both paths"
	}
}

END {
	delays()
	directories_apart()
	if (scopes)
		print "scope", both_directories()
	if (with["conflict", "EACCES"] != "" && !("owner" in values))
		print "header", "a conflict is " by_value("conflict")
	traits()
	lackings()
	# A try may get EAGAIN from a client that knows of the lock, and EACCES from the server.
	for (i = 1; i <= 4 && with["conflict", "EACCES"] != ""; i++)
		print "conflict", file_kinds[i] "=EACCES"
	if (emulated)
		print "flock", "fcntl"
	fates_of_lackings()
	if (none_at_all())
		for (i = 1; i <= 4; i++)
			class_of[file_kinds[i]] = "missing"
	for (i = 1; i <= count; i++) {
		kind = kinds[i]
		text = others[kind]
		parts = split(errors[kind], one, " ")
		for (j = 1; j <= parts; j++)
			text = text (text == "" ? "" : "; ") one[j] " for " calls[kind, one[j]]
		if (finding_of[kind] == "late")
			text = lateness(kind)
		print "header", kind ": " text
		why = reason(kind)
		if (why != "")
			print variable(kind), kind mode_suffix(kind) "=" why
		say(kind)
		extent = waits(kind) ? "wait" : "kind"
		if (why == "" || finding_of[kind] == "late")
			extent = "call"
		print "fate", kind, class_of[kind], extent, words, plural
	}
}
