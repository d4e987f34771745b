# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The front door. Meson builds (meson.build); each target here is one command a person would
# otherwise have to remember.

BUILD = build
MESON_SETUP = meson setup --wrap-mode=nodownload

.PHONY: all demo test bench soak fuzz fixtures format check-static deb check-deb clean install

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

# Without the test programs where their libraries are missing: who only builds needs none.
$(BUILD)/build.ninja:
	scripts/install-deps build
	$(MESON_SETUP) $(BUILD)

demo: all
	$(BUILD)/backstop check $(sort $(wildcard examples/*.eml))
	examples/mailbox/demo $(BUILD)

test:
	scripts/install-deps test
	$(MAKE) $(BUILD)/build.ninja
	meson configure $(BUILD) -Dtests=enabled
	$(MAKE) all
	tests/run $(BUILD)

bench:
	scripts/install-deps bench
	$(MAKE) all
	bench/recognise $(BUILD)
	$(BUILD)/bench/dkim
	$(BUILD)/bench/judge
	$(BUILD)/bench/ledger
	bench/sweep $(BUILD)
	bench/milter $(BUILD)
	bench/postfix $(BUILD)

# Long: what only shows after many mails. The flood is the one of `bench`, ten times as big.
soak: all
	BACKSTOP_BUILD=$(abspath $(BUILD)) BACKSTOP_SOAK_MESSAGES=100000 \
	    tests/milter/test_hostile_client.py -v HostileClient.test_many_mails_leak_nothing
	bench/milter $(BUILD) 50000

# Long: FUZZ_SECONDS for each target. What is found stays below build-fuzz/corpus.
FUZZ_SECONDS = 600
fuzz:
	scripts/install-deps fuzz
	scripts/check-fuzz $(FUZZ_SECONDS)

# The notices of real mail systems, made anew (tests/testbed/).
fixtures: all
	tests/testbed/fetch
	tests/testbed/make-fixtures

format:
	scripts/install-deps check
	scripts/check-format --fix

check-static:
	scripts/install-deps check
	scripts/check-format
	scripts/check-shell
	scripts/check-tidy

# The packages, in build-deb.
deb:
	scripts/install-deps deb
	scripts/make-deb build-deb

# Installs them on a clean Debian 12 beside Postfix, and sends mail. Apart from `test`, for it needs
# root, a mirror of Debian, and minutes.
check-deb: deb
	scripts/install-deps check-deb
	tests/package/check build-deb

clean:
	rm -rf $(BUILD) build-*

install: all
	meson install -C $(BUILD) --no-rebuild
	test -n "$(DESTDIR)" || test "$$(id -u)" -ne 0 || ldconfig
