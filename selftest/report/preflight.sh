#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of what run_tests.sh asks before the first test, apart from refusals (refusal.sh): how the
# findings are put into words, --all, and two directories.
#
# LOCKFAIR_BUILD is the folder with the built programs; make check sets it.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

unset LOCKFAIR_DIR LOCKFAIR_STRICT LOCKFAIR_STOP
LOCKFAIR_PROGRAMS=${LOCKFAIR_BUILD:-$here/..}
export LOCKFAIR_PROGRAMS
report=$here/../report

run() {
	ran="$*"
	"$@" >"$top/out" 2>"$top/err" </dev/null
	rc=$?
	tr -s '\n ' ' ' <"$top/err" >"$top/answer"
}

# Put the findings of stdin into words.
words() {
	ran="$awk preflight.awk"
	tr '|' '\t' | L_MEDIUM=nfs L_FIRST=/a L_SECOND=/b $awk \
		-f "$report/preflight.awk" -f "$report/series.awk" \
		>"$top/words" 2>"$top/err"
	rc=$?
	tr '\t' '|' <"$top/words" >"$top/out"
}

put_into_words() {
	words <<-'END'
	evidence|emulated
	posix|ok|||
	END
	is "$awk: nothing is wrong: the evidence alone" "$(cat "$top/out")" \
		"evidence|state alone: /proc/PID/syscall shows the calls of an emulator"

	words <<-'END'
	evidence|call
	posix|refused|a query|EINVAL|fault
	posix|refused|a second lock|ENOLCK|fault
	posix|refused|a lock on a second file|ENOLCK|fault
	ofd|shared|a try||fault
	flock|lost|a waiter||fault
	lockf|refused|a try|EOPNOTSUPP|missing
	eventfd|unseen|a request that has to wait||fault
	futex|confused|a try for a held lock|EPERM|fault
	END
	is "$awk: it ends well" "$rc$(cat "$top/err")" 0
	line='^header|posix: EINVAL for a query; ENOLCK for a second lock, a lock on a second file$'
	has "$awk: the header has every errno" out "$line"
	has "$awk: the worst finding decides" out \
		'^refused|posix=posix refuses a second lock here .EN'
	has "$awk: a kind that does not exclude" out '^shared|ofd=ofd does not exclude here$'
	has "$awk: a waiter that is lost" out '^unwaiting|flock=no flock waiter is granted the'
	has "$awk: a kind that need not be here" out \
		'^missing|lockf=no lockf locks here (EOPNOTSUPP)$'
	has "$awk: a kind that need not be here: the place" out '|cannot be taken on nfs here (EOPN'
	has "$awk: a waiter that is not seen" out '^unwaiting|eventfd=no eventfd waiter is seen to'
	has "$awk: an errno that is not for a conflict" out \
		'^refused|futex=futex refuses a try for a held lock'
	has "$awk: a finding about one call skips nothing" out '^fate|flock|fault|wait|'

	words <<-'END'
	posix|refused|a request that may wait|EIO|fault
	ofd|refused|a request of a shared lock that may wait|EIO|fault
	flock|refused|a request that may wait|EIO|fault
	flock|refused|a request of a shared lock that may wait|EIO|fault
	lockf|refused|a request that may wait|EIO|fault
	END
	has "$awk: one mode that may not wait" out \
		'^unwaiting|ofd.shared=no shared ofd locks that wait here (EIO)$'
	has "$awk: one mode that may not wait: which" out \
		'^fate|ofd|fault|wait|: a request of a shared lock that waits is refused'
	has "$awk: the other mode" out \
		'^unwaiting|posix.exclusive=no exclusive posix locks that wait here (EIO)$'
	has "$awk: the other mode: which" out '|: a request of an exclusive lock that waits is'
	has "$awk: both modes" out '^unwaiting|flock=no flock locks that wait here (EIO)$'
	has "$awk: a kind of one mode" out '^unwaiting|lockf=no lockf locks that wait here'

	words <<-'END'
	evidence|call
	files|named
	posix|trait|conflict|EACCES
	posix|trait|owner|process
	posix|trait|pid|0
	posix|trait|listed|elsewhere
	posix|trait|locks|mandatory
	posix|ok|||
	ofd|trait|conflict|EACCES
	ofd|trait|owner|description
	ofd|trait|pid|-1
	ofd|trait|listed|elsewhere
	ofd|trait|locks|mandatory
	ofd|ok|||
	flock|trait|conflict|EAGAIN
	flock|trait|owner|description
	flock|trait|listed|no
	flock|trait|locks|mandatory
	flock|trait|fcntl|one
	flock|trait|read-only|EBADF
	flock|ok|||
	futex|trait|conflict|EAGAIN
	futex|ok|||
	END
	is "$awk: what the tests learn of a directory" \
		"$(grep '^[cf][a-z]*|' "$top/out" | tr '\n' ' ')" \
		"files|named conflict|posix=EACCES conflict|ofd=EACCES conflict|flock=EACCES \
conflict|lockf=EACCES flock|fcntl "
	has "$awk: which kinds are offered" out \
		'^header|offered, and requests wait: posix, ofd and flock$'
	line="owner: a process with posix, an open file description with ofd and flock"
	has "$awk: the owners" out "^header|$line;"
	has "$awk: the errno of a conflict" out '; a conflict: EACCES with posix and ofd, EAGAIN w'
	has "$awk: what locks do to the file" out '; locks are mandatory$'
	has "$awk: flock and fcntl locks, and what F_GETLK names" out \
		'^header|flock and fcntl locks: one lock; flock needs .*; F_GETLK names: 0 with'
	has "$awk: where locks are listed" out \
		'/proc/locks: under other numbers than those of stat(2) with posix and ofd, no with'
	has "$awk: files that keep their names" out '^header|files keep their names: '

	words <<-'END'
	posix|ok|||
	posix|lacks|conversion
	posix|lacks|parts
	ofd|lacks|parts
	ofd|refused|a query|EIO|fault
	END
	has "$awk: what the kinds lack" out '^header|with posix: an owner.s own lock is in the way'
	has "$awk: what several lack" out '^header|with posix and ofd: a part of a lock cannot be'
	has "$awk: what the tests learn of that" out '^lacks|posix|conversion$'
	has "$awk: what the answer says of that" out \
		'^fate|posix|lacking|call|lacks conversions and releases of a part|lack conv'
	has_not "$awk: unless something is worse" out '^fate|ofd|missing'

	words <<-'END'
	posix|delay|at-once|0|0|15000|0|1|0|0|0|0|0|0|0/0|0/0
	ofd|delay|polls|4|20|40000|900|5100|1200|2000000|3000000|7000|8000000|3|5/5|0/30|4100|0
	flock|delay|asks|4|10|15000|7|20|9|60|80|2500|55|0|100/100|0/100
	flock|deaf|a signal to a waiter||fault
	lockf|delay|polls|4|10|40000|7|20|9|60|80|0|0|0|9/9|0/100|0|late 29800
	lockf|late|a waiter||fault
	END
	has "$awk: locks that are decided at once" out '^header|decided at once: posix$'
	has "$awk: a kind that polls" out '^header|ofd polls: a lock takes 900 us, at most 5.1 ms;'
	has "$awk: its longest pause" out \
		'^header|ofd asks again after pauses of 4.1 s and more; a gr'
	has "$awk: after a long wait" out '7 s, with 3 polls: a grant takes 8 s$'
	has "$awk: what the tests learn of it" out '^delay|ofd=polls 4 20 40000 100$'
	has "$awk: a kind that asks" out '^header|flock asks a daemon or server: a lock takes 7 us'
	has "$awk: its known sleepers" out ': 100/100 waiters are found, and 0/100 of those'
	has "$awk: three of a hundred may be mistaken" out '^delay|flock=asks 4 10 15000 30$'
	has "$awk: a waiter that ignores signals" out '^deaf|flock=no flock waiter reacts to a sig'
	has "$awk: a late waiter: why a test is skipped" out '^late|lockf=no lockf waiter is wok'
	has "$awk: a late waiter: the answer" out '|call|: a waiter is late: .*, after about 30 s|'
	has "$awk: a late waiter: the header" out \
		'^header|lockf: a waiter is late: .*, after about 30 s$'
	has_not "$awk: no long wait was measured" out '^header|lockf after a wait'
	has_not "$awk: that is no evidence of a lock that is lost" out "^unwaiting"

	words <<-'END'
	posix|scope|one
	ofd|scope|one
	flock|scope|two
	lockf|scope|ENOLCK
	END
	has "$awk: two directories: which kinds are one lock" out \
		'^scope|by /a and /b a file is one lock with posix and ofd, and two locks, '
	has "$awk: two directories: why tests across are skipped" out \
		'^apart|flock=flock is two locks by both paths$'
	has "$awk: two directories: which kind is refused" out ', refused with lockf$'
	words <<-'END'
	posix|scope|hidden
	END
	has "$awk: two directories: another file" out \
		'^scope|a file of /a is not found in /b: they are two files, and two locks$'
}

for awk in mawk gawk "gawk --posix" "busybox awk" original-awk; do
	if have "${awk%% *}"; then
		put_into_words
	else
		skip "$awk: the words" "no $awk"
	fi
done

run "$LOCKFAIR_PROGRAMS/preflight/preflight"
is "the program: exit status" $rc 0
is "the program: a line for each kind" "$(grep -c '^[a-z]*	ok	' "$top/out")" 6

run "$here/../run_tests.sh" -t 'grant:promise.posix.a_try*'
has "the header names the evidence" out '^# evidence of waiting: '
run "$here/../run_tests.sh" --all -t 'grant:promise.posix.a_try*'
has_not "--all asks nothing first" out '^# evidence of waiting: '

# ---- the mount ----

mount_of() {
	L_PATH=$1 awk -f "$report/file_system.awk" <<-'END'
	21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
	22 21 0:40 / /m rw,relatime - nfs4 10.0.0.1:/srv/a\040b rw,vers=4.2,hard,local_lock=none
	23 22 0:41 / /m/x rw,relatime - fuse.sshfs host:/y rw,user_id=0,allow_other
	24 21 0:42 / /o rw - overlay none rw,lowerdir=/l,upperdir=/u,metacopy=on
	END
}

is "the mount: a path below it" "$(mount_of /m/dir | tr '\n' '|')" \
	"nfs4|10.0.0.1:/srv/a b, vers=4.2, hard, local_lock=none|"
is "the mount: one below another" "$(mount_of /m/x/y | tr '\n' '|')" \
	"fuse.sshfs|host:/y, allow_other|"
is "the mount: no source" "$(mount_of /o | tr '\n' '|')" "overlay|metacopy=on|"
is "the mount: a name that only begins like it" "$(mount_of /mx | tr '\n' '|')" "ext4|/dev/sda1|"

mkdir "$top/one" "$top/other" || exit 1
two_directories() {
	run "$here/../run_tests.sh" -d "$1" -d "$2" -t 'grant:promise.posix.a_try*'
}
two_directories "$top/one" "$top/one/../one"
is "two directories, one file: exit status" $rc 0
has "two directories, one file: one lock" answer \
	"In short: by .* a file is one lock with posix, ofd, flock and lockf"
two_directories "$top/one" "$top/other"
has "two directories, two files" answer "In short: a file of .* is not found in .*/other"
run "$here/../run_tests.sh" -d "$top/one" -d "$top/other" -d "$top"
is "three directories: exit status" $rc 2
run "$here/../run_tests.sh" -d "$top/one" -d "$top/none"
is "a second directory that is not there: exit status" $rc 2
is "nothing is left in the directories" "$(find "$top/one" "$top/other" -mindepth 1)" ""

run "$here/../run_tests.sh" -d "$top/one" -d "$top/one" -t 'exclusion_across:*' \
	-t 'cancel_across:*.flock.killing_the_first*'
is "two directories, one file: across, exit status" $rc 0
has "two directories, one file: across, the claims hold" out \
	'ok .* promise.posix.a_writer_excludes_a_writer$'
has_not "two directories, one file: across, none is skipped" out SKIP
run "$here/../run_tests.sh" -d "$top/one" -d "$top/other" -t 'exclusion_across:*'
has "two directories, two files: across, skipped" out \
	'ok .* # SKIP a file cannot be opened by the second path'
is "nothing is left in the directories after that" \
	"$(find "$top/one" "$top/other" -mindepth 1)" ""

# An overlay and its upper layer, in a mount namespace that goes with the command: the claims across
# can fail.
mkdir "$top/mount" || exit 1
on_an_overlay() {
	# shellcheck disable=SC2016 # for the other shell
	run unshare -m sh -c 'mount -t tmpfs none "$1" && cd "$1" && mkdir lower upper work both &&
		mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work both || exit 99
		exec "$2" -d both -d upper -t "exclusion_across:promise.[pf]*.*" \
			-t "grant_across:promise.posix.a_try*"' sh "$top/mount" \
		"$(cd "$here/.." && pwd)/run_tests.sh"
}
rc=99
! unshare -m true 2>/dev/null || on_an_overlay
case $rc in
[01])	line="two locks, which do not exclude each other, with posix, ofd, flock and lockf"
	has "an overlay and its upper layer are two locks" answer "a file is $line"
	is "an overlay and its upper layer: exit status" $rc 1
	has "an overlay and its upper layer: two hold it" out \
		'seen: two held it at the same time: second was granted it while first held it'
	has "an overlay and its upper layer: the rest is skipped" out \
		'a_try_of_a_free_lock_is_granted # SKIP posix is two locks by both paths'
	LOCKFAIR_APART="posix ofd flock lockf"
	export LOCKFAIR_APART
	on_an_overlay
	is "an overlay and its upper layer, as documented: exit status" $rc 0
	has "an overlay and its upper layer, as documented: skipped" out \
		'a_writer_excludes_a_writer # SKIP posix is two locks by both paths'
	unset LOCKFAIR_APART ;;
*)	skip "an overlay and its upper layer are two locks" "no overlay can be mounted here" ;;
esac

finish
