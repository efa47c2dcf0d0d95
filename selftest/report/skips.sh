#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of report/skips: it has each reason for which a test may be skipped, and no other one, and
# says of each when it is expected.

set -u
export LC_ALL=C
unset CDPATH

here=$(cd -- "$(dirname -- "$0")/.." && pwd)
top=$(mktemp -d "${TMPDIR:-/tmp}/skips.XXXXXX") || exit 1
trap 'rm -rf -- "$top"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# shellcheck source-path=SCRIPTDIR source=../tap
. "$here/tap"

list=$here/../report/skips

awk -f "$here/report/skips.awk" "$here"/../lib/*/*.[ch] "$here"/../tests/*.[ch] >"$top/found"
tell $? "every reason in the sources is a constant" "$(grep 'no constant' "$top/found")"
sort -u "$top/found" >"$top/sources"
grep -v '^#' "$list" | cut -f 1 | sort >"$top/listed"

said=$(comm -23 "$top/sources" "$top/listed")
tell "$([ -z "$said" ]; echo $?)" "the list has every reason in the sources" "$said"
said=$(comm -13 "$top/sources" "$top/listed")
tell "$([ -z "$said" ]; echo $?)" "the sources have every reason in the list" "$said"
said=$(uniq -d "$top/listed")
tell "$([ -z "$said" ]; echo $?)" "no reason is listed twice" "$said"
said=$(awk -F '\t' '!/^#/ && (NF != 3 || $1 == "" || $3 == "")' "$list")
tell "$([ -z "$said" ]; echo $?)" "each has three columns" "$said"

one='(before [0-9]+\.[0-9]+|without CAP_[A-Z_]+|not x86_64|user|directory|gvisor|stopped|never)'
said=$(grep -v '^#' "$list" | cut -f 2 | grep -Evx "$one( or $one)*")
tell "$([ -z "$said" ]; echo $?)" "the second says when, in the words of its head" "$said"

# Does the search find what it should, in every form that there is?
cat >"$top/lib.h" <<'EOF'
#define SKIPS_UNLESS(condition, reason) do { expectation_set(t, 4, reason); } while (0)
#define NEEDS_CAPABILITY(capability, err) do { \
	SKIPS_UNLESS(privilege_has(capability), "lacks " #capability); \
} while (0)
#define MISSING	"named, once"
#define EACH FIXTURE_VARIANT_ADD(class, posix); FIXTURE_VARIANT_ADD(class, ofd)
EOF
cat >"$top/test.c" <<'EOF'
/* SKIPS_UNLESS(false, "in a comment") */
	SKIPS_UNLESS(is("a, b", ')') || (c(1, 2)),
		     "over two"
		     " lines");
	SKIPS_UNLESS(true, MISSING);
	NEEDS_CAPABILITY(CAP_CHOWN, err);
	trouble(scene, TROUBLE_MISSING, "no %s here", name);
	trouble(scene, TROUBLE_BROKEN, "broken: %s", why);
	expectation_set(_metadata, KSFT_SKIP, "set (by hand)");
	expectation_set(_metadata, KSFT_FAIL, "failed");
	printf("ok %u %s # SKIP printed\n", number, name);
EOF
awk -f "$here/report/skips.awk" "$top/lib.h" "$top/test.c" | sort >"$top/found"
sort >"$top/wanted" <<'EOF'
over two lines
named, once
lacks CAP_CHOWN
no posix here
no ofd here
set (by hand)
printed
EOF
said=$(diff "$top/wanted" "$top/found")
tell $? "reasons are found in every form" "$said"
echo '	SKIPS_UNLESS(true, why);' >>"$top/test.c"
said=$(awk -f "$here/report/skips.awk" "$top/lib.h" "$top/test.c")
tell "$([ $? = 1 ]; echo $?)" "a reason that is no constant is an error" "$said"

finish
