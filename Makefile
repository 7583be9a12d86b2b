# Berth's tasks. Every target does its own set-up; `make` alone prints what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# The toolchain is taken from PATH, else from its usual folder.
ifeq ($(shell command -v swift),)
export PATH := /opt/swift/usr/bin:$(PATH)
endif

PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
PROGRAMS := berth berthd berth-init berth-helper
RELEASE := .build/release
SWIFT_RELEASE := -c release --static-swift-stdlib

# A crash must not leave the backtracer hanging in front of a build.
export SWIFT_BACKTRACE ?= enable=no

.PHONY: help packages build demo test test-unit test-vm torture fuzz vm bench install format lint clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages:  ## install the Debian packages that are missing
	@scripts/packages

build: packages  ## build the programs (release, static)
	@set -e; for program in $(PROGRAMS); do \
	  echo "swift build $(SWIFT_RELEASE) --product $$program"; \
	  swift build $(SWIFT_RELEASE) --product $$program; done

demo:  ## watch real jobs being run, paused, limited, killed and accounted for
	@scripts/demo --check
	@$(MAKE) --no-print-directory build
	@scripts/demo

test: packages  ## all suites: lint, builds, unit, real-kernel and end-to-end tests here, then their core and the demo in the virtual machine
	@scripts/test-all

test-unit: packages  ## the tests that run on this machine
	@scripts/test-all lint unit criu promtool schemathesis

test-vm: packages  ## the tests and the demo on a stock Debian 13 in a virtual machine
	@scripts/test-all vm-tests vm-demo

torture: export BERTH_KILL_ROUNDS ?= $(or $(ROUNDS),300)
torture: export BERTH_CUT_ROUNDS ?= $(or $(CUTS),100)
torture: export BERTH_WAVES ?= $(or $(WAVES),10)
torture: export BERTH_TORTURE_ROUNDS ?= $(or $(RACES),10000)
torture: export BERTH_LOAD_SECONDS ?= $(or $(LOAD),600)
torture: export BERTH_CHECKPOINT_ROUNDS ?= $(or $(CHECKPOINTS),10)
torture: packages  ## faults, load and races for hours: PARTS="kills cuts crowds crashes load races versions checkpoints", ROUNDS (300), CUTS (100), WAVES (10), LOAD (600), RACES (10000), CHECKPOINTS (10), BERTH_SEED
	@scripts/torture $(PARTS)

FUZZ_TIME ?= 1h

fuzz: packages  ## random inputs for every decoder and the API: FUZZ_TIME=8h, FUZZ_TARGETS="archive api", FUZZ_SEED=1 (scripts/fuzz)
	@scripts/fuzz $(FUZZ_TIME)

vm: build  ## a shell in that virtual machine
	@scripts/vm shell

bench: build  ## measure beside the kernel's floor, crun and batch systems: .build/bench.json
	@bench/run

install: build  ## install below PREFIX (and DESTDIR): programs, unit, configuration, profiles, completions, manual pages
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/libexec/berth
	install -m 0755 $(RELEASE)/berth $(DESTDIR)$(PREFIX)/bin/berth
	install -m 0755 $(RELEASE)/berthd $(DESTDIR)$(PREFIX)/sbin/berthd
	install -m 0711 $(RELEASE)/berth-init $(DESTDIR)$(PREFIX)/libexec/berth/berth-init
	install -m 0755 $(RELEASE)/berth-helper $(DESTDIR)$(PREFIX)/libexec/berth/berth-helper
	cd Config && find . -name '*.json' -exec install -D -m 0644 {} $(DESTDIR)$(PREFIX)/libexec/berth/{} \;
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/berth $(DESTDIR)$(PREFIX)/share
	sed 's|@PREFIX@|$(PREFIX)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' Config/systemd/berthd.service.in \
	  > $(DESTDIR)$(UNITDIR)/berthd.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/berthd.service
	@# A configuration that the administrator has changed is never overwritten.
	test -e $(DESTDIR)$(SYSCONFDIR)/berth/berthd.yaml || \
	  { sed 's|^#program_directory:.*|program_directory: $(PREFIX)/libexec/berth|' Config/berthd.yaml \
	    > $(DESTDIR)$(SYSCONFDIR)/berth/berthd.yaml && chmod 0644 $(DESTDIR)$(SYSCONFDIR)/berth/berthd.yaml; }
	@scripts/install-completions $(RELEASE)/berth $(DESTDIR)$(PREFIX)/share
	@scripts/man-pages $(RELEASE)/berth $(RELEASE)/berthd $(DESTDIR)$(PREFIX)/share

format:  ## format the Swift sources in place
	swift format --in-place --recursive --parallel Sources Tests Package.swift

lint: packages  ## formatting, imports by layer, forbidden words, file sizes
	@scripts/lint

clean:  ## remove everything that was built
	rm -rf .build
