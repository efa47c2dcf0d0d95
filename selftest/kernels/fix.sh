#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of kernels/fix, on a fake kernel tree. That the repairs fit a real one is for .ci/run.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

have git || {
	echo "1..0 # SKIP git is not installed"
	exit 0
}
kernels=$here/../kernels
tree=$top/tree
export GIT_CONFIG_GLOBAL="$top/gitconfig" GIT_CONFIG_SYSTEM=/dev/null

# A kernel of version $1, whose condition is line $2.
a_tree() {
	rm -rf "$tree"
	mkdir -p "$tree/fs"
	printf 'VERSION = %s\nPATCHLEVEL = %s\n' "${1%.*}" "${1#*.}" >"$tree/Makefile"
	printf 'static void insert(void)\n{\n\tif (%s)\n\t\tenter(waiter);\n}\n' "$2" >"$tree/fs/locks.c"
	git -C "$tree" init -q
	git -C "$tree" add .
	git -C "$tree" -c user.name=x -c user.email=x@example.org commit -q -m tree
}

fix() {
	ran="kernels/fix $*"
	(cd "$tree" && exec "$kernels/fix" "$@") >"$top/out" 2>"$top/err"
	rc=$?
}

new='(blocker->flc_flags & (FL_POSIX|FL_OFDLCK)) == FL_POSIX'
old='IS_POSIX(blocker) && !IS_OFDLCK(blocker)'

a_tree 7.3 "$new"
fix deadlock_behind_ofd .
is "without a sender: refused" "$rc" 2
has "without a sender: says how to name one" err "git config user.name"

printf '[user]\n\tname = A Sender\n\temail = sender@example.org\n' >"$GIT_CONFIG_GLOBAL"
fix deadlock_behind_ofd .
is "a repair is printed" "$rc" 0
has "the sender signs it off" out "^Signed-off-by: A Sender <sender@example.org>\$"
has "what it repairs is named" out '^Fixes: fd7732e033e3 ("fs/locks: '
git -C "$tree" am -q "$top/out" 2>"$top/err"
is "git am takes it" $? 0
has "the waiter decides" tree/fs/locks.c "if ((waiter->flc_flags & (FL_POSIX | FL_OFDLCK)) == FL_POSIX)"
is "the message is ours" "$(git -C "$tree" log -1 --format=%s)" \
	"$("$kernels/fix" -l | sed -n 's/^deadlock_behind_ofd	[^	]*	//p')"
fix deadlock_behind_ofd .
is "a tree that is repaired: refused" "$rc" 1
has "a tree that is repaired: says so" err "no lines match"

a_tree 6.1 "$old"
fix deadlock_behind_ofd .
has "an older kernel: its own form" out "^+.if (IS_POSIX(waiter) && !IS_OFDLCK(waiter))"
a_tree 7.3 "$new || $old"
echo "if ($new)" >>"$tree/fs/locks.c"
fix deadlock_behind_ofd .
is "two places: refused" "$rc" 1
has "two places: says how many" err "2 lines match"

fix no_such .
is "a name that does not exist: refused" "$rc" 2
fix ../fix .
is "a path: refused" "$rc" 2
fix ofdlocks_plan .
is "a tree without the file: refused" "$rc" 2

finish
