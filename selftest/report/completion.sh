#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of packaging/completion in an interactive bash on a terminal, which script(1) makes. There
# the command is typed, with Tab keys; it notes what it was called with.

# shellcheck source-path=SCRIPTDIR source=../front_door
. "$(dirname -- "$0")/../front_door"

for command in bash script; do
	if ! have "$command"; then
		echo "1..0 # SKIP no $command"
		exit 0
	fi
done

# The commands, which call themselves only for -h and -l: one of a source tree, one installed.
healthy_suite
mkdir -p "$top/source/kernels/filesystems" "$top/installed"
: >"$top/source/kernels/filesystems/nfs4.2"
: >"$top/source/kernels/filesystems/ntfs"
printf '%s\n' '# a list' debian:6.12 'gvisor shown' >"$top/source/kernels/matrix.list"
for folder in source installed; do
	printf '%s\n' alternation barging exclusion queue_order >"$top/$folder/programs"
	cat >"$top/$folder/run_tests.sh" <<-END
	#!/bin/sh
	case \$1 in
	-h|-l)	[ \$# = 1 ] && LOCKFAIR_PROGRAMS='$programs' exec sh '$front_door' "\$1" ;;
	esac
	printf '<%s>' "\$@" >>'$top/noted'
	echo >>'$top/noted'
	END
	chmod +x "$top/$folder/run_tests.sh"
done
ln -s ../installed/run_tests.sh "$top/bin/lockfair"
mkdir -p "$top/here/results" "$top/here/my_tree"
: >"$top/here/my_file"
cat >"$top/inputrc" <<'END'
set enable-bracketed-paste off
set bell-style none
set completion-query-items 0
set page-completions off
END
tab=$(printf '\t')

# Type $3, in which @ is the Tab key: the command gets the arguments $2. $1 is the claim.
typed() {
	rm -f "$top/noted"
	ran="typed: $3"
	printf '%s\n' "$3" exit | tr @ "$tab" >"$top/keys"
	(cd "$top/here" && INPUTRC=$top/inputrc PATH=$top/bin:$top/source:$PATH TERM=dumb \
		HOME=$top HISTFILE='' timeout 60 script -qec \
		"bash --noprofile --rcfile '$here/../packaging/completion' -i" /dev/null) \
		<"$top/keys" >"$top/out" 2>"$top/err"
	rc=$?
	is "$1" "$(cat "$top/noted" 2>/dev/null)" "$2"
}

typed "an option" "<--strict>" 'run_tests.sh --str@'
typed "an option of the installed command" "<--strict>" 'lockfair --str@'
typed "an option after another" "<-v><--self-test>" 'run_tests.sh -v --sel@'
typed "nothing that begins so" "<--nonsense>" 'run_tests.sh --nonsense@'
typed "a file of tests, then no space" "<-t><barging:x>" 'run_tests.sh -t barg@x'
typed "an id" "<-t><exclusion:promise.ofd.a_counter_is_right>" \
	'run_tests.sh -t exc@promise.of@'
typed "an id of the installed command" "<-t><exclusion:promise.ofd.a_counter_is_right>" \
	'lockfair -t exc@promise.of@'
typed "an id in quotes" "<-t><exclusion:promise.ofd.a_counter_is_right>" \
	"run_tests.sh -t 'exclusion:promise.of@"
typed "an id after --test=" "<--test=exclusion:promise.ofd.a_counter_is_right>" \
	'run_tests.sh --test=exclusion:promise.of@'
typed "an id after --bisect" "<--bisect><exclusion:promise.ofd.a_counter_is_right>" \
	'run_tests.sh --bisect exclusion:promise.of@'
typed "a second glob" "<-t><x:*><-t><queue_order:y>" 'run_tests.sh -t "x:*" -t que@y'
typed "a kernel" "<-k><debian:6.12>" 'run_tests.sh -k debian:6@'
typed "a kernel that a name begins" "<-k><debian:6.12>" 'run_tests.sh -k deb@'
typed "a kernel without its remark" "<-k><gvisor>" 'run_tests.sh -k gv@'
typed "a kernel that no list has" "<-k><uml>" 'run_tests.sh -k um@'
typed "a kernel tree" "<--kernel><my_tree/>" 'run_tests.sh --kernel my_t@'
typed "no kernel of a list where there is none" "<-k><deb>" 'lockfair -k deb@'
typed "a file system" "<--filesystem><nfs4.2>" 'run_tests.sh --filesystem nf@'
typed "a file system after =" "<--filesystem=ntfs>" 'run_tests.sh --filesystem=nt@'
typed "a directory" "<-d><results/>" 'run_tests.sh -d re@'
typed "no file where a directory is meant" "<-o><my_tree/>" 'run_tests.sh -o my@'
typed "a word that is one of two" "<--vm><qemu>" 'run_tests.sh --vm q@'
typed "no option where a number is meant" "<-n><--str>" 'run_tests.sh -n --str@'
rm "$top/source/programs"
typed "no ids before the programs are built: -l would build them" \
	"<-t><exclusion:promise.of>" 'run_tests.sh -t exclusion:promise.of@'

finish
