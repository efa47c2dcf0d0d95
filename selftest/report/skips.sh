#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of report/skips: it has every reason for which a test may be skipped, and no other, and says
# when each is expected.

# shellcheck source-path=SCRIPTDIR source=../tap
. "$(dirname -- "$0")/../tap"

list=$here/../report/skips

awk -f "$here/report/skips.awk" "$here"/../lib/*/*.[ch] "$here"/../tests/*.[ch] >"$top/found"
result $? "every reason in the sources is a constant" "$(grep 'no constant' "$top/found")"
sort -u "$top/found" >"$top/sources"
grep -v '^#' "$list" | cut -f 1 | sort >"$top/listed"

said=$(comm -23 "$top/sources" "$top/listed")
result "$([ -z "$said" ]; echo $?)" "the list has every reason in the sources" "$said"
said=$(comm -13 "$top/sources" "$top/listed")
result "$([ -z "$said" ]; echo $?)" "the sources have every reason in the list" "$said"
said=$(uniq -d "$top/listed")
result "$([ -z "$said" ]; echo $?)" "no reason is listed twice" "$said"
said=$(awk -F '\t' '!/^#/ && (NF != 3 || $1 == "" || $3 == "")' "$list")
result "$([ -z "$said" ]; echo $?)" "each reason has three columns" "$said"

one='(before [0-9]+\.[0-9]+|without CAP_[A-Z_]+|not x86_64|user|directory|gvisor|stopped|build'
one="$one|elsewhere|never)"
said=$(grep -v '^#' "$list" | cut -f 2 | grep -Evx "$one( or $one)*")
result "$([ -z "$said" ]; echo $?)" \
	"the second column has only the conditions that the head explains" "$said"

# Does the search find reasons in every form?
cat >"$top/lib.h" <<'EOF'
void scene_lacks(struct scene *scene, const char *format, ...);
bool skip_unless(struct scene *scene, bool condition, const char *reason);
bool needs_capability(struct scene *scene, int capability, int err);
#define MISSING	"named, once"
#define EACH FIXTURE_VARIANT_ADD(class, posix); FIXTURE_VARIANT_ADD(class, ofd)
EOF
cat >"$top/lib.c" <<'EOF'
void scene_lacks(struct scene *scene, const char *format, ...)
{
	end(scene, SCENE_LACKS, format);
}

bool skip_unless(struct scene *scene, bool condition, const char *reason)
{
	if (!condition)
		scene_lacks(scene, "%s", reason);
	return scene_goes_on(scene);
}

bool needs_capability(struct scene *scene, int capability, int err)
{
	const char *name = privilege_name(capability);

	scene_lacks(scene, "lacks %s", name);
	return scene_goes_on(scene);
}

static void probe(struct scene *scene, const struct lock_site *site, int err)
{
	const char *kind = lock_kind_name(site->kind);

	scene_lacks(scene, "no %s here", kind);
	scene_lacks(scene, "no %s beside it (%s)", kind, error_name(err));
}
EOF
cat >"$top/test.c" <<'EOF'
/* skip_unless(scene, false, "in a comment") */
static bool needs_this(struct scene *scene)
{
	if (!skip_unless(scene, is("a, b", ')') || (c(1, 2)),
			 "over two"
			 " lines"))
		return false;
	needs_capability(scene, CAP_CHOWN, err);
	scene_lacks(actor->scene, "set (by hand)");
	scene_broken(scene, "broken: %s", why);
	scene_failed(scene, "failed");
	requires(scene, it, "required");
	printf("ok %u %s # SKIP printed\n", number, name);
	return skip_unless(scene, true, MISSING);
}
EOF
find_reasons() {
	awk -f "$here/report/skips.awk" "$top/lib.h" "$top/lib.c" "$top/test.c" "$@"
}

find_reasons | sort >"$top/found"
sort >"$top/wanted" <<'EOF'
over two lines
named, once
lacks CAP_CHOWN
no posix here
no ofd here
no posix beside it
no ofd beside it
set (by hand)
printed
EOF
said=$(diff "$top/wanted" "$top/found")
result $? "reasons are found in every form" "$said"

nth=0
while IFS= read -r call; do
	nth=$((nth + 1))
	printf '\t%s\n' "$call" >"$top/bad.c"
	said=$(find_reasons "$top/bad.c")
	[ $? = 1 ] && printf '%s\n' "$said" | grep -q 'bad\.c: no constant reason: '
	result $? "a reason that is not constant is an error: ${call%%(*}, line $nth" "$call: $said"
done <<'EOF'
skip_unless(scene, true, why);
skip_unless(scene, true, reason);
skip_unless(scene, true, UNKNOWN);
skip_unless(scene, true, it ? "one" : "two");
scene_lacks(scene, why);
scene_lacks(scene, "%s", reason);
scene_lacks(scene, "no %s here", name);
scene_lacks(scene, "needs version %d", version);
needs_capability(scene, capability, err);
printf("ok %u # SKIP %s\n", number, why);
EOF

finish
