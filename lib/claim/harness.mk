# SPDX-License-Identifier: GPL-2.0
#
# Finds kselftest.h and kselftest_harness.h. The first of these that there is:
#   1. KSRC=, a kernel tree
#   2. the kernel tree this directory stands in
#   3. a distribution's kernel source below HARNESS_SRC, the newest version;
#      from a tarball only the headers are unpacked
#   4. a download of the headers of one fixed kernel version
# 3 and 4 put them into OUTPUT/harness.
#
# in:  srcdir OUTPUT KSRC
# out: HARNESS          the folder, for -isystem
#      HARNESS_HEADERS  the files, to depend on

HARNESS_SRC ?= /usr/src
# 6.12.117. The % stands for the file's name.
HARNESS_URL ?= https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git/plain/tools/testing/selftests/%?h=v6.12.117
HARNESS_SHA256 ?= \
	kselftest.h:5d5720da5593490c7260d867904531b48230a4868798dcb4b34df8039a7be609 \
	kselftest_harness.h:42798ca64bd6bea9ccf313379175dc5624d54978fe8f0b087eb62f247dde03f8

harness_in := tools/testing/selftests
harness_source :=

ifneq ($(KSRC),)
HARNESS := $(abspath $(KSRC))/$(harness_in)
# The source of a kernel that is to be built may be a tarball.
ifeq ($(wildcard $(HARNESS)/kselftest_harness.h)$(filter check-mutants check-fair check-debug coverage,$(MAKECMDGOALS)),)
$(error KSRC=$(KSRC) has no $(harness_in)/kselftest_harness.h)
endif

else ifneq ($(wildcard $(srcdir)/../kselftest_harness.h),)
HARNESS := $(abspath $(srcdir)/..)

else
# A line "version rank path" each. A tree says its version in its Makefile, its
# name may have none. Of equals the tree wins: it needs no unpacking.
harness_source := $(lastword $(shell { \
	for d in $(HARNESS_SRC)/linux*/ $(HARNESS_SRC)/linux-source-*/linux-source-*/; do \
		test -f "$${d}$(harness_in)/kselftest_harness.h" || continue; \
		v=$$(sed -nE 's/^(VERSION|PATCHLEVEL|SUBLEVEL) *= *([0-9]+)$$/\2/p' \
			"$$d/Makefile" 2>/dev/null | head -n 3 | tr '\n' .); \
		test "$$v" || v=$$(basename "$$d" | tr -dc 0-9.); \
		echo "$${v:-0} 2 $$d"; \
	done; \
	for f in $(HARNESS_SRC)/linux-source-*.tar.*; do \
		test -f "$$f" || continue; \
		echo "$$(basename "$${f%.tar.*}" | tr -dc 0-9.) 1 $$f"; \
	done; } | sort -k1,1V -k2,2n))

ifneq ($(filter %/,$(harness_source)),)
HARNESS := $(harness_source)$(harness_in)
harness_source :=
else ifneq ($(harness_source),)
HARNESS := $(OUTPUT)/harness/$(basename $(basename $(notdir $(harness_source))))
else
HARNESS := $(OUTPUT)/harness/download
harness_source := download
endif
endif

HARNESS_HEADERS := $(HARNESS)/kselftest_harness.h $(HARNESS)/kselftest.h

ifneq ($(harness_source),)
$(HARNESS)/kselftest.h: $(HARNESS)/kselftest_harness.h ;

# Both recipes work in a folder of their own and rename kselftest_harness.h,
# which make looks at, last: an interrupted one leaves nothing behind that
# passes for a header.
define harness_begin
	tmp=$(HARNESS).$$$$; \
	trap 'rm -rf "$$tmp"' EXIT; trap 'exit 1' HUP INT TERM; \
	mkdir -p "$$tmp" $(HARNESS) || exit 1
endef
define harness_end
	for f in "$$tmp"/*.h; do \
		test "$${f##*/}" = kselftest_harness.h || mv -f "$$f" $(HARNESS)/ || exit 1; \
	done; \
	mv -f "$$tmp/kselftest_harness.h" $(HARNESS)/
endef

ifneq ($(harness_source),download)
# Whatever the two include from beside them is needed, too.
$(HARNESS)/kselftest_harness.h: $(harness_source)
	@$(harness_begin); \
	echo '  UNPACK  kselftest headers from $<' >&2; \
	want='kselftest_harness.h kselftest.h'; top=$(notdir $(HARNESS))/$(harness_in); \
	while test "$$want"; do \
		set --; for f in $$want; do set -- "$$@" "$$top/$$f"; done; \
		tar -C "$$tmp" -xmf $< "$$@" && mv -f "$$tmp/$$top"/*.h "$$tmp"/ || { \
			echo "lockfair: cannot unpack the kselftest headers from $<" >&2; exit 1; }; \
		want=; \
		for f in $$(sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$$tmp"/*.h | sort -u); do \
			test -f "$$tmp/$$f" || want="$$want $$f"; \
		done; \
	done; \
	rm -rf "$$tmp/$${top%%/*}"; \
	$(harness_end)
else
define harness_hint
	case " $$(command -v apt-get dnf zypper apk pacman | tr '\n' ' ') " in \
	*apt-get*) echo '  apt-get install linux-source   brings them' ;; \
	*zypper*) echo '  zypper install kernel-source   brings them' ;; \
	*) command -v curl wget >/dev/null || case " $$(command -v dnf apk pacman) " in \
		*dnf*) echo '  dnf install curl   lets them be downloaded' ;; \
		*apk*) echo '  apk add curl   lets them be downloaded' ;; \
		*pacman*) echo '  pacman -S curl   lets them be downloaded' ;; \
		esac ;; \
	esac; \
	echo '  KSRC=DIR   takes them from the kernel tree DIR'
endef

$(HARNESS)/kselftest_harness.h:
	@$(harness_begin); \
	missing() { { echo "lockfair: no kselftest headers: no kernel source in $(HARNESS_SRC), $$1"; \
		$(harness_hint); } >&2; exit 1; }; \
	if command -v curl >/dev/null; then \
		fetch() { curl -sSfL --connect-timeout 10 --max-time 60 -o "$$1" "$$2"; }; \
	elif command -v wget >/dev/null; then \
		fetch() { wget -q -T 20 -t 2 -O "$$1" "$$2"; }; \
	else \
		missing 'and neither curl nor wget'; \
	fi; \
	echo '  FETCH   kselftest headers from $(firstword $(subst /%, ,$(subst /plain/, ,$(HARNESS_URL))))' >&2; \
	for sum in $(HARNESS_SHA256); do \
		f=$${sum%%:*}; \
		url=$$(printf '%s\n' '$(HARNESS_URL)' | sed "s|%|$$f|"); \
		fetch "$$tmp/$$f" "$$url" || missing "download of $$url failed"; \
		is=$$(sha256sum <"$$tmp/$$f") && is=$${is%% *}; \
		test "$$is" = "$${sum#*:}" || { \
			echo "lockfair: $$url has sha256 $$is, not $${sum#*:}" >&2; exit 1; }; \
	done; \
	$(harness_end)
endif
endif

show-harness: $(HARNESS_HEADERS)
	@echo $(HARNESS)
