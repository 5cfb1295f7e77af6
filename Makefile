# weir: `make` lists the targets.

.DEFAULT_GOAL := help
.PHONY: help demo build install uninstall programs test tests races vet sequences traces rotations torture soak many lint bench fuzz cover clean

PREFIX  ?= /usr/local
DESTDIR ?=
FUZZTIME ?= 10s
SOAK     ?= 1h
SEQUENCES ?= 10000

# Flags of the environment, or of go env -w, must not change what is built or
# tested. An empty GOFLAGS would let those of go env -w through.
export GOFLAGS := -mod=readonly
export CGO_ENABLED ?=

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0

# The packages with goroutines to race.
CONCURRENT := ./internal/tail ./internal/relay ./internal/feed ./internal/monitor ./internal/simulate ./internal/timesite ./internal/collect ./internal/notify ./internal/term ./internal/cli ./internal/drive ./internal/scan

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## build, then show the main job on a simulated live log, in three minutes
	./weir demo

build: ## the static, stripped, versioned binary ./weir
	CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags='-s -w' -o weir ./cmd/weir

install: build ## install below PREFIX (/usr/local), with completions
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/doc/weir' \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
		'$(DESTDIR)$(PREFIX)/share/zsh/site-functions' \
		'$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d'
	install -m 755 weir '$(DESTDIR)$(PREFIX)/bin/weir'
	install -m 644 README.md LICENSE '$(DESTDIR)$(PREFIX)/share/doc/weir/'
	./weir completion bash > '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/weir'
	./weir completion zsh  > '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_weir'
	./weir completion fish > '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/weir.fish'

uninstall: ## remove what install put below PREFIX
	rm -f '$(DESTDIR)$(PREFIX)/bin/weir' \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions/weir' \
		'$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_weir' \
		'$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/weir.fish'
	rm -rf '$(DESTDIR)$(PREFIX)/share/doc/weir'

# Where one may not be installed, tests that need it are left out, and say so. An
# Alertmanager that came for the tests is not left running as a server of the machine.
programs: ## logrotate and the Alertmanager, which tests use: installed where that may be done (Debian, as root)
	@PATH="$$PATH:/usr/sbin:/sbin"; \
	for program in logrotate prometheus-alertmanager; do \
		command -v $$program > /dev/null && continue; \
		if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
			echo "installing $$program, for the tests"; \
			{ apt-get install -y -qq --no-install-recommends $$program || \
				{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $$program; }; } > /dev/null 2>&1 || \
				echo "$$program could not be installed: tests that need it are left out"; \
			[ $$program = logrotate ] || systemctl disable --now $$program > /dev/null 2>&1 || true; \
		else \
			echo "$$program is not installed (Debian: apt install $$program): tests that need it are left out"; \
		fi; \
	done

# The five go side by side: what waits leaves its processor to what computes. With -k
# all run to their ends, whatever the first says, so that one look shows all. No test
# may depend on how fast it is: the time limit is for what hangs.
test: programs ## everything that must hold, in about six minutes with two processors
	@# Rotations come alone: a follower that polls is to be judged where it may look in time.
	@failed=0; \
	$(MAKE) --no-print-directory -k -j 3 tests races vet sequences || failed=1; \
	$(MAKE) --no-print-directory rotations || failed=1; \
	exit $$failed

TESTING = go test -parallel 8 -timeout 1h

tests: ## every test, at its full length
	$(TESTING) ./...

# What one goroutine does in long loops is left out or played shorter under -short:
# it has nothing to race, and takes five to ten times as long here.
races: ## the packages with goroutines again, under the race detector
	@if command -v $$(go env CC) > /dev/null; then set -x; CGO_ENABLED=1 $(TESTING) -race -short $(CONCURRENT); \
	else echo 'NO C COMPILER, which the race detector needs: nothing looks for races'; fi

vet: ## go vet, for other systems, too
	go vet ./...
	@for os in darwin freebsd windows; do echo "vet for $$os"; GOOS=$$os CGO_ENABLED=0 go vet ./... || exit 1; done

TORTURE = go run ./bench/torture
FOLLOW  = -- ./weir tail -n +1 --no-state {log}
RESUME  = -resume -- ./weir tail -n +1 --state {state}/position {log}

KILLS = go run ./bench/kills
KEEP  = -- ./weir --timezone UTC --threshold 20000 --window 10s --state {state} {log}

rotations: build ## torture in small: restarts and kills, without events; then a history through 25 kills
	$(TORTURE) -lines 500000 -rotations 60 -rate 40000 $(RESUME)
	$(TORTURE) -lines 200000 -rotations 24 -rate 20000 -- ./weir tail -n +1 --no-state --poll {log}
	$(KILLS) -kills 25 -rotations 3 $(KEEP)

torture: build ## 10,000,000 lines, 1,000 rotations of all kinds under weir tail, 500 kills: none lost, doubled, broken
	$(TORTURE) -lines 10000000 -rotations 1000 -rate 100000 $(FOLLOW)
	$(TORTURE) -lines 10000000 -rotations 1000 -rate 100000 $(RESUME)
	$(KILLS) -kills 500 -rotations 50 $(KEEP)

soak: build ## an hour (SOAK) of 40,000 lines a second with rotations: memory, descriptors, threads of weir tail
	$(TORTURE) -soak $(SOAK) -rate 40000 -rotations 360 $(FOLLOW)

many: build ## seven minutes of 10,000 idle logs under weir tail: less than 1 % of a core
	go run ./bench/many -echo -most 1 -- ./weir tail --no-state {logs}

torture: export SEQUENCES := 1000000
torture: sequences traces

traces: ## random rules over random traces, with kills, beside a model of them: SEQUENCES (10,000)
	@echo 'go test -run ^TestAnyRule ./internal/gauge, $(SEQUENCES) traces'; \
	out=$$(WEIR_MODEL_TRACES=$(SEQUENCES) go test -count 1 -timeout 0 -v -run '^TestAnyRule' ./internal/gauge 2>&1); \
	code=$$?; echo "$$out" | grep -vE '^ *(===|--- PASS)'; exit $$code

# In memory, where there is a file system there, so that the disk is spared. The
# tests of make test play some on the disk, too, which gives the numbers of deleted
# files to new ones. The programs are built where they always are: what lies in
# memory may not be allowed to run.
sequences: ## the follower beside a perfect reader: SEQUENCES (10,000) of what may happen to a log
	@echo 'go test -run ^TestAnySequence ./internal/tail, $(SEQUENCES) sequences'; \
	out=$$(GOTMPDIR=$${TMPDIR:-/tmp} TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo "$${TMPDIR:-/tmp}") \
		WEIR_MODEL_SEQUENCES=$(SEQUENCES) go test -count 1 -timeout 0 -v -run '^TestAnySequence' ./internal/tail 2>&1); \
	code=$$?; echo "$$out" | grep -vE '^ *(===|--- PASS)'; exit $$code


lint: ## formatting and static analysis, with pinned tools
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "not formatted by gofmt: $$out"; exit 1; fi
	@out=$$(go run $(GOFUMPT) -l .); if [ -n "$$out" ]; then echo "not formatted by gofumpt (go run $(GOFUMPT) -w .): $$out"; exit 1; fi
	go run $(STATICCHECK) ./...

bench: ## the benchmarks, allocations included
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME (10s)
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

cover: ## statement coverage of each package
	go test -cover ./...

clean: ## remove what was built
	rm -f weir
