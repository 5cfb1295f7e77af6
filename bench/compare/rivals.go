package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// goaccessTools are the GoAccess of the system and those of the command line.
// It writes to a file, as it is used; newer ones get one thread, which costs
// them the least processor time.
func goaccessTools(ctx context.Context, o options, scratch string) []tool {
	row := tool{key: "goaccess", name: "goaccess", slow: true}
	var tools []tool
	for i, name := range append([]string{"goaccess"}, o.goaccess...) {
		t := installed(ctx, row, name, "--version")
		if t.path == "" {
			t.name = "goaccess"
			if i > 0 {
				t.name += " of -goaccess, number " + strconv.Itoa(i)
			}
			tools = append(tools, t)
			continue
		}
		out := filepath.Join(scratch, "goaccess.json")
		last := []string{"-o", out, "--no-progress"}
		if knowsJobs(ctx, t.path) {
			last = append(last, "-j1")
			t.name += " -j1"
		}
		t.command = "goaccess FILE --no-global-config --log-format=COMBINED -o OUT.json " + strings.Join(last[2:], " ") +
			" # rt1g: a format that ends in %T"
		t.args = func(f logFile) []string {
			args := []string{f.name, "--no-global-config"}
			args = append(args, goaccessFormat(f)...)
			return append(args, last...)
		}
		t.hits = func([]byte) (int64, error) {
			n, err := fileHits(out, goaccessHits)
			// The next run must not be judged by what this one left.
			return n, errors.Join(err, remove(out))
		}
		tools = append(tools, t)
	}
	return tools
}

// knowsJobs tells whether a GoAccess has threads for parsing: older ones end
// with an error at the flag.
func knowsJobs(ctx context.Context, path string) bool {
	out, _ := exec.CommandContext(ctx, path, "--help").CombinedOutput() // some versions end with 1
	return bytes.Contains(out, []byte("--jobs"))
}

// goaccessFormat is the format of a log: its name, or for what has no name the
// same with the request time at the end.
func goaccessFormat(f logFile) []string {
	if !f.latency() {
		return []string{"--log-format=COMBINED"}
	}
	return []string{`--log-format=%h %^[%d:%t %^] "%r" %s %b "%R" "%u" %T`, "--date-format=%d/%b/%Y", "--time-format=%H:%M:%S"}
}

func goaccessHits(text []byte) (int64, error) {
	var report struct {
		General struct {
			Total  *int64 `json:"total_requests"`
			Failed int64  `json:"failed_requests"`
		} `json:"general"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return 0, fmt.Errorf("its output is no JSON: %w", err)
	}
	if report.General.Total == nil {
		return 0, errors.New(`its JSON has no "total_requests"`)
	}
	if report.General.Failed != 0 {
		return 0, fmt.Errorf("it could not read %d lines", report.General.Failed)
	}
	return *report.General.Total, nil
}

// mtailProgram counts hits by section and status. Without strptime it would
// count as many, at the time of the run.
const mtailProgram = `counter hits by section, status
/^\S+ \S+ \S+ \[(?P<stamp>[^\]]+)\] "\S+ (?P<section>\/[^\/? ]*)\S* \S+" (?P<status>\d{3}) / {
  strptime($stamp, "02/Jan/2006:15:04:05 -0700")
  hits[$section][$status]++
}
`

// mawkProgram counts hits by section and by status, and adds up the bytes.
const mawkProgram = `{
	split($7, target, "?")
	split(target[1], part, "/")
	section[part[2]]++
	status[$9]++
	bytes += $10
}
END {
	for (s in section) print "section", section[s], "/" s
	for (s in status) print "status", status[s], s
	print "bytes", bytes
}
`

// rivalTools are the other programs that look at logs. Each does less than
// weir: one count.
func rivalTools(ctx context.Context, scratch string) ([]tool, error) {
	// mtail takes the name of its program from that of the file.
	program := filepath.Join(scratch, "sections.mtail")
	if err := os.WriteFile(program, []byte(mtailProgram), 0o644); err != nil {
		return nil, err
	}
	const query = ";SELECT sc_status, count(*) AS hits FROM access_log GROUP BY sc_status"
	return []tool{
		installed(ctx, tool{
			key: "lnav", name: "lnav, hits by status", slow: true,
			command: "lnav -n -c '" + query + "' -c ':write-csv-to -' FILE",
			args: func(f logFile) []string {
				return []string{"-n", "-c", query, "-c", ":write-csv-to -", f.name}
			},
			hits: lnavHits,
		}, "lnav", "-V"),
		installed(ctx, tool{
			key: "mtail", name: "mtail, hits by section, status", slow: true,
			command: "mtail --one_shot --progs sections.mtail --logs FILE",
			args: func(f logFile) []string {
				return []string{"--one_shot", "--progs", program, "--logs", f.path()}
			},
			hits: mtailHits,
		}, "mtail", "--version"),
		installed(ctx, tool{
			key: "mawk", name: "mawk, hits by section, by status", command: "mawk PROGRAM FILE",
			args: func(f logFile) []string { return []string{mawkProgram, f.name} },
			hits: mawkHits,
		}, "mawk", "-W", "version"),
	}, nil
}

// lnavHits adds up the second column of "status,hits".
func lnavHits(out []byte) (int64, error) {
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		return 0, fmt.Errorf("its output is no CSV: %w", err)
	}
	if len(rows) == 0 {
		return 0, errors.New("it wrote nothing")
	}
	var sum int64
	for _, row := range rows[1:] {
		n, err := strconv.ParseInt(row[len(row)-1], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// mtailHits adds up all values of the metric hits.
func mtailHits(out []byte) (int64, error) {
	var metrics map[string][]struct {
		LabelValues []struct {
			Value struct{ Value int64 }
		}
	}
	if err := json.Unmarshal(out, &metrics); err != nil {
		return 0, fmt.Errorf("its output is no JSON: %w", err)
	}
	var sum int64
	for _, m := range metrics["hits"] {
		for _, v := range m.LabelValues {
			sum += v.Value.Value
		}
	}
	return sum, nil
}

// mawkHits adds up the lines "status N NAME".
func mawkHits(out []byte) (int64, error) {
	var sum int64
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "status" {
			continue
		}
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
