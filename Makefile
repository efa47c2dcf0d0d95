# SPDX-License-Identifier: GPL-2.0
#
# One kselftest Makefile for two places: in tools/testing/selftests/lockfair of
# a kernel tree it includes ../lib.mk, anywhere else it stands alone.
#
#   make                build in the source tree, or in O=DIR
#   make run_tests      build and run the suite; ARGS="..." go to run_tests.sh
#   make check          build and run the tests of lockfair itself;
#                       CHECKS="lock build.sh" runs only these, CHECKS=quick those
#                       of the library that take seconds, for packages
#   make install        what is needed to run it, flat, into INSTALL_PATH=DIR
#   make check-mutants  which tests notice when a kernel's file locking is broken?
#                       KSRC=DIR is its source, MUTANTS=GLOB chooses
#   make check-fair     what would make file locks fair, and what breaks? KSRC=DIR
#   make check-debug    what do kernels with KASAN, KCSAN and lockdep complain of? KSRC=DIR
#   make coverage       how much of fs/locks.c does the suite go through? KSRC=DIR
#   make dist           the release of the commit that is checked out, into O=DIR
#   make upstream       a branch in the kernel's clone KSRC=DIR that adds a part of this to its
#                       selftests; ARGS="-b BRANCH" names it
#   make clean
#   make show-harness   print the folder of the kselftest headers
#
# CC, CROSS_COMPILE, USERCFLAGS, USERLDFLAGS and V=1 are kselftest's. STATIC=1
# links statically, LIBCAP=no goes without libcap, KSRC=DIR takes the kselftest
# headers from the kernel tree DIR.

all:
.DELETE_ON_ERROR:

srcdir := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
ifneq ($(words x$(srcdir) x$(O) x$(OUTPUT))$(findstring :,$(srcdir)$(O)$(OUTPUT)),3)
$(error make knows no paths with spaces or colons: $(srcdir) $(O) $(OUTPUT))
endif
# __FILE__ is printed by failed expectations: keep it short.
src := $(if $(filter-out $(CURDIR),$(srcdir)),$(srcdir)/)

# With KSRC=, the headers come from another tree; lib.mk would put its own first.
ifeq ($(KSRC),)
ifneq ($(wildcard $(srcdir)/../kselftest_harness.h),)
lib_mk := $(wildcard $(srcdir)/../lib.mk)
endif
endif

# The selftests' Makefile passes OUTPUT and O; lib.mk itself knows no O.
ifeq ($(OUTPUT),)
OUTPUT := $(abspath $(or $(O),$(srcdir)))
endif

# Without the ending; the path begins at the top.
units_in        = $(patsubst $(src)%.c,%,$(wildcard $(addprefix $(src),$(addsuffix /*.c,$(1)))))
test_names     := $(notdir $(call units_in,tests))
lib_units      := $(call units_in,lib/*)
model_units    := $(call units_in,model)
# These two are what the programs for the figures share.
figure_units   := $(filter figures/figure figures/statistics,$(call units_in,figures))
preflight_units := $(call units_in,preflight)
figure_names   := $(notdir $(filter-out $(figure_units),$(call units_in,figures)))
# What run_tests.sh is made of, beside itself.
report_files   := $(addprefix report/,$(notdir $(wildcard $(src)report/*)))
# Those in selftest/fake are run by the others, these as libraries that they build.
fake_libraries := $(addprefix selftest/fake/,hide lacking late_waiters lost preload without_memory)
selftest_units := $(filter-out $(fake_libraries),$(call units_in,selftest/*))
selftest_names := $(notdir $(filter-out selftest/fake/%,$(selftest_units)))

TEST_GEN_PROGS := $(addprefix tests/,$(test_names))
# Not TEST_GEN_PROGS: figures are no tests, and a runner would run them.
TEST_GEN_FILES := programs preflight/preflight $(addprefix figures/,$(figure_names))
# Not TEST_PROGS: a runner would run every program a second time.
TEST_FILES     := run_tests.sh $(report_files) $(addprefix figures/,$(notdir $(wildcard $(src)figures/*.awk $(src)figures/*.gnuplot)))

CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wshadow $(CFLAGS)

ifneq ($(lib_mk),)
include $(lib_mk)
else
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(CROSS_COMPILE)gcc
else ifneq ($(CROSS_COMPILE),)
ifneq ($(findstring clang,$(CC)),)
override CC += --target=$(notdir $(CROSS_COMPILE:%-=%))
endif
endif
TEST_GEN_PROGS := $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS))
TEST_GEN_FILES := $(addprefix $(OUTPUT)/,$(TEST_GEN_FILES))
CFLAGS  += $(USERCFLAGS)
LDFLAGS += $(USERLDFLAGS)
endif

# From here on both places are the same.
H     := \#
yes    = $(filter-out 0 n no,$(1))
quiet := $(findstring s,$(firstword -$(MAKEFLAGS)))
Q     := $(if $(call yes,$(V)),,@)
say    = $(if $(Q),$(if $(quiet),,@printf '  %-7s %s\n' $(1) $(2:$(OUTPUT)/%=%)))

# The other goals compile nothing: they must neither probe nor fail for it.
building := $(filter-out clean dist upstream emit_tests show-harness check-mutants check-fair check-debug coverage,$(or $(MAKECMDGOALS),all))
elsewhere := $(filter-out $(realpath $(srcdir)),$(or $(realpath $(OUTPUT)),$(OUTPUT)))

include $(src)lib/claim/harness.mk

# Apart from CFLAGS, so that CFLAGS= on the command line does not lose them.
# _GNU_SOURCE is empty as lib.mk has it: any other value is a redefinition.
# A 32-bit program, too, has offsets of 64 bits.
cppflags := -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64 -I$(src)lib -I$(or $(src),.) $(KHDR_INCLUDES) -isystem $(HARNESS)
static   := $(if $(call yes,$(STATIC)),-static)
ldlibs   := -lpthread -lm

ifneq ($(building),)
# Each make asks again, because the answer depends on the compiler and its flags.
compiles = $(shell printf '%s\n' $(1) | \
	$(CC) $(cppflags) $(CFLAGS) -w -fsyntax-only -x c - 2>/dev/null && echo y)
links = $(shell tmp=$$(mktemp) && trap "rm -f $$tmp" EXIT && \
	trap "exit 1" HUP INT TERM && { printf '%s\n' $(1) | \
	$(CC) $(cppflags) $(CFLAGS) $(static) $(LDFLAGS) -w -x c - $(2) -o $$tmp \
	2>/dev/null && echo y; })

# A second libc (musl-gcc) comes without the kernel's headers. Lend it these
# alone: the rest of /usr/include belongs to the first libc, and its headers
# would vouch for libraries, libcap for one, that do not fit.
ifeq ($(call compiles,'$(H)include <asm/types.h>' '$(H)include <linux/limits.h>'),)
machine := $(shell uname -m)
ifeq ($(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null))),$(machine))
asm := $(firstword $(wildcard /usr/include/$(machine)-linux-gnu/asm /usr/include/asm))
endif
ifneq ($(asm),)
uapi := $(OUTPUT)/uapi
ifneq ($(shell mkdir -p $(uapi) && ln -sfn $(asm) $(uapi)/asm && \
	ln -sfn /usr/include/asm-generic /usr/include/linux $(uapi)/ && echo y),y)
$(error cannot write to $(uapi))
endif
cppflags += -idirafter $(uapi)
endif
endif

# A header is not yet a library that links: not statically, not for any libc.
ifneq ($(call yes,$(or $(LIBCAP),yes)),)
libcap := $(call links,'$(H)include <sys/capability.h>' \
	'int main(void) { return cap_set_proc(cap_get_proc()); }',-lcap)
endif
ifneq ($(libcap),)
ldlibs += -lcap
cppflags_privilege := -DHAVE_LIBCAP
endif

compiler := $(shell $(CC) --version 2>/dev/null | head -n 1)
# Every test of the harness has parameters, used or not. gcc knows that these
# come out of a macro of a system header.
ifneq ($(findstring clang,$(compiler)),)
cflags_harness := -Wno-unused-parameter
endif
endif

in_output       = $(addprefix $(OUTPUT)/,$(1))
lib            := $(call in_output,lib/lockfair.a)
model          := $(call in_output,model/model.a)
figure         := $(call in_output,figures/figure.a)
archives       := $(lib) $(model) $(figure)
figure_progs   := $(call in_output,$(figure_names:%=figures/%))
selftest_progs := $(call in_output,$(selftest_units))
progs          := $(TEST_GEN_PROGS) $(figure_progs) $(selftest_progs) $(call in_output,preflight/preflight)
objs           := $(sort $(progs:=.o) $(addsuffix .o,$(call in_output,$(lib_units) $(model_units) \
	$(figure_units) $(preflight_units))))
dirs           := $(sort $(patsubst %/,%,$(dir $(objs))))

$(OUTPUT) $(dirs) $(OUTPUT)/report:
	@mkdir -p $@

# Writes the words of $(1) to the target, a line each, if that changes it.
define write
	@printf '%s\n' $(1) >$@.tmp; \
	if cmp -s $@.tmp $@; then rm -f $@.tmp; else mv -f $@.tmp $@ $(2); fi
endef

no_libcap := && echo '  NOTE    without libcap: tests that need a capability will skip' >&2
flags := $(CC) ($(compiler)) $(cppflags) $(CFLAGS) $(static) $(LDFLAGS) $(ldlibs)
$(OUTPUT)/.flags: FORCE | $(OUTPUT)
	$(call write,'$(subst ','\'',$(flags))',$(if $(libcap),,$(no_libcap)))

# A rule for each by name: lib.mk's pattern would compile without lib/.
$(objs): $(OUTPUT)/%.o: $(src)%.c $(OUTPUT)/.flags | $(dirs)
	$(call say,CC,$@)
	$(Q)$(CC) $(cppflags) $(cppflags_$(*F)) $(CFLAGS) $(cflags) -MMD -MP -c -o $@ $<

with_harness := $(TEST_GEN_PROGS:=.o) $(selftest_progs:=.o)
$(with_harness): $(HARNESS_HEADERS)
$(with_harness): cflags := $(cflags_harness)

# Of an archive a program gets those units that it uses. Made from nothing: a unit may have gone.
$(lib): $(addsuffix .o,$(call in_output,$(lib_units)))
$(model): $(addsuffix .o,$(call in_output,$(model_units)))
$(figure): $(addsuffix .o,$(call in_output,$(figure_units)))
$(archives):
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(call in_output,$(addprefix tests/,model race cancel_race owner_race)) $(filter $(OUTPUT)/selftest/model/%,$(progs)): $(model)
$(figure_progs) $(filter %/statistics,$(selftest_progs)): $(figure)
$(call in_output,preflight/preflight): $(addsuffix .o,$(call in_output,$(preflight_units)))
$(progs): %: %.o $(lib)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(static) $(LDFLAGS) -o $@ $(filter-out $(lib),$^) $(lib) $(ldlibs)

# An installed suite is one flat folder: this file lists its programs.
$(OUTPUT)/programs: FORCE | $(OUTPUT)
	$(call write,$(test_names))

ifneq ($(elsewhere),)
# It looks for its programs, and for the folder report, beside itself.
all: $(OUTPUT)/run_tests.sh $(call in_output,$(report_files))
$(OUTPUT)/run_tests.sh: $(src)run_tests.sh | $(OUTPUT)
	@cp -f $< $@ && chmod u+w,a+rx $@
$(OUTPUT)/report/%: $(src)report/% | $(OUTPUT)/report
	@cp -f $< $@ && chmod u+w $@
endif

ifeq ($(lib_mk),)
all: $(TEST_GEN_PROGS) $(TEST_GEN_FILES)

run_tests: all
	$(Q)$(OUTPUT)/run_tests.sh $(ARGS)

ifneq ($(filter install,$(MAKECMDGOALS)),)
ifeq ($(INSTALL_PATH),)
$(error make install: set INSTALL_PATH=DIR)
endif
endif
installed := $(addprefix $(src),$(TEST_FILES) $(notdir $(wildcard $(src)config $(src)settings)))
install: all
	$(Q)mkdir -p '$(INSTALL_PATH)'
	$(Q)cp -f $(installed) $(TEST_GEN_PROGS) $(TEST_GEN_FILES) '$(INSTALL_PATH)/'

clean:
endif

clean: clean-ours
clean-ours:
	$(Q)rm -f $(objs) $(objs:.o=.d) $(archives) $(TEST_GEN_PROGS) $(selftest_progs) \
		$(TEST_GEN_FILES) $(addprefix $(OUTPUT)/,.flags .flags.tmp programs.tmp)
	$(Q)rm -rf $(addprefix $(OUTPUT)/,check harness uapi)
ifneq ($(elsewhere),)
	$(Q)rm -rf $(OUTPUT)/run_tests.sh $(OUTPUT)/report
	$(Q)rmdir $(dirs) $(call in_output,lib selftest) 2>/dev/null || :
endif

# CHECKS names them without their folder. The rest of make check boots kernels and installs packages.
quick_checks := actor lock history specification asleep proc_locks task
selftest_scripts := $(patsubst $(src)%,$(srcdir)/%,$(wildcard $(src)selftest/*.sh $(src)selftest/*/*.sh))
every_check := $(filter-out $(OUTPUT)/selftest/fake/%,$(selftest_progs)) $(selftest_scripts)
checks := $(if $(CHECKS),$(foreach c,$(patsubst quick,$(quick_checks),$(CHECKS)),$(or $(filter %/$(c),$(every_check)),$(c))),$(every_check))

# prove knows TAP best. Without it: one plan, as many results, none bad.
judge = $(if $(shell command -v prove),prove -Q -e cat,awk ' \
	/^1\.\.[0-9]/ { plans++; split($$1, p, "."); plan = p[3] } \
	/^(not )?ok( |$$)/ { n++ } /^not ok/ && !/$(H) (TODO|SKIP)/ { bad++ } /^Bail out/ { bad++ } \
	END { exit !(plans == 1 && n == plan && !bad) }')

# The exit status counts as well: 0, or 4 for a skip of everything.
check: all $(selftest_progs)
	@mkdir -p $(OUTPUT)/check; passed=0; failed=0; \
	for t in $(checks); do \
		name=$${t##*/}; log=$(OUTPUT)/check/$$name.tap; \
		LOCKFAIR_RULES=1 LOCKFAIR_BUILD=$(OUTPUT) LOCKFAIR_HARNESS=$(HARNESS) $$t >$$log; status=$$?; \
		n=$$(grep -Ec '^(not )?ok( |$$)' $$log); s=$$(grep -Eic '^ok.* # skip' $$log); \
		if case $$status in 0|4) ;; *) false ;; esac && $(judge) $$log >/dev/null 2>&1; then \
			passed=$$((passed + 1)); $(if $(Q),,cat $$log;) \
			why=$$(sed -n 's/^1\.\.0 $(H) SKIP //p' $$log); \
			echo "  ok      $$name: $${why:+skipped, }$${why:-$$n tests, $$s skipped}"; \
		else \
			failed=$$((failed + 1)); cat $$log; \
			echo "  NOT OK  $$name: exit status $$status, see $$log"; \
		fi; \
	done; \
	echo "make check: $$passed passed, $$failed failed"; \
	test $$failed = 0 && test $$passed != 0

# They build a kernel, boot it, and build the suite for it, all outside of here.
kernel_source := $(or $(KSRC),$(if $(wildcard $(srcdir)/../kselftest_harness.h),$(abspath $(srcdir)/../../../..)))
check-mutants:
	$(Q)'$(srcdir)/kernels/check_mutants' $(if $(kernel_source),--source '$(kernel_source)') \
		$(foreach glob,$(MUTANTS),--mutants '$(glob)') $(ARGS)

check-fair:
	$(Q)'$(srcdir)/kernels/check_fair' $(if $(kernel_source),--source '$(kernel_source)') $(ARGS)

check-debug:
	$(Q)'$(srcdir)/kernels/check_debug' $(if $(kernel_source),--source '$(kernel_source)') $(ARGS)

coverage:
	$(Q)'$(srcdir)/kernels/coverage' $(if $(kernel_source),--source '$(kernel_source)') $(ARGS)

dist: | $(OUTPUT)
	$(Q)'$(srcdir)/packaging/dist' '$(OUTPUT)'

upstream:
	$(Q)'$(srcdir)/packaging/upstream/series' $(ARGS) $(if $(kernel_source),'$(kernel_source)')

ifneq ($(building),)
-include $(wildcard $(dirs:=/*.d))
endif

FORCE:
.PHONY: all run_tests check check-mutants check-fair check-debug coverage dist upstream install \
	clean clean-ours show-harness FORCE
