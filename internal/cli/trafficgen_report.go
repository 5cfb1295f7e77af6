package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/drive"
	"weir/internal/monitor"
	"weir/internal/plot"
)

// verdict holds the flags of what becomes of a report.
type verdict struct {
	outputs []string
	json    bool
	expect  []string
	kept    float64

	expected []drive.Expectation
}

func (o *verdict) add(f *pflag.FlagSet) {
	f.StringArrayVar(&o.expect, "expect", nil, "`WHAT` must hold, or the exit code is 4: 'p99<50ms', 'errors<1%', 'rate>495'; may be repeated")
	f.Var(newValue(&o.kept, "SHARE", "99%", parseShare), "kept", "of the asked rate must be sent, or the exit code is 4; 0 for any")
	f.StringArrayVarP(&o.outputs, "output", "o", nil, "`FILE` to write the report to, by its ending: .json, .csv, .html (a page with a picture), .svg, .hgrm (percentiles of HdrHistogram) or .txt; may be repeated")
	f.BoolVar(&o.json, "json", false, "write the report as JSON to standard output (docs/json.md)")
}

// check reads what is expected, and finds what contradicts.
func (o *verdict) check() error {
	for _, text := range o.expect {
		e, err := drive.ParseExpectation(text)
		if err != nil {
			return usageError{fmt.Errorf("invalid argument for --expect: %w", err)}
		}
		o.expected = append(o.expected, e)
	}
	for _, name := range o.outputs {
		if !slices.Contains([]string{".json", ".csv", ".html", ".svg", ".hgrm", ".txt"}, filepath.Ext(name)) {
			return usageError{fmt.Errorf("invalid argument for --output: %q must end in .json, .csv, .html, .svg, .hgrm or .txt, which says what is written", name)}
		}
	}
	return nil
}

// ready makes sure that reports can be written, before anything is sent.
func (o *verdict) ready() error {
	for _, name := range o.outputs {
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			continue // a pipe, or what plot.Replace refuses
		}
		// Its name is one that plot.Replace sweeps up, should this process be killed just now.
		f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".weir-plot-")
		if err != nil {
			return fmt.Errorf("cannot write --output %s: %w", name, err)
		}
		f.Close()
		os.Remove(f.Name())
	}
	return nil
}

// write writes the report to where it is wanted.
func (o *verdict) write(r *drive.Report, out *os.File) error {
	text := []byte(r.Text())
	document, err := r.JSON()
	if err != nil {
		return err
	}
	shown := text
	if o.json {
		shown = document
	}
	_, err = out.Write(shown)
	for _, name := range o.outputs {
		var b []byte
		switch filepath.Ext(name) {
		case ".json":
			b = document
		case ".csv":
			b = r.CSV()
		case ".html":
			b = r.HTML()
		case ".svg":
			b = r.SVG()
		case ".txt":
			b = text
		default:
			b = r.HGRM()
		}
		err = errors.Join(err, plot.Replace(name, b, time.Now()))
	}
	return err
}

// judge says what does not hold.
func (o *verdict) judge(r *drive.Report) error {
	var wrong []string
	for _, e := range o.expected {
		if text := e.Check(r); text != "" {
			wrong = append(wrong, text)
		}
	}
	if r.Overloaded {
		wrong = append(wrong, "overloaded: no connection was free for a request that was due")
	}
	if r.Kept() < o.kept {
		wrong = append(wrong, fmt.Sprintf("the rate was not kept: %.1f %% of what was asked was sent, less than %.4g %%", 100*r.Kept(), 100*o.kept))
	}
	if len(wrong) == 0 {
		return nil
	}
	return checkError{strings.Join(wrong, "; ")}
}

func newTrafficgenReport(s streams) *cobra.Command {
	o := &verdict{}
	cmd := &cobra.Command{
		Use:   "report FILE...",
		Short: "Put the reports of several generators together",
		Long: `weir trafficgen report reads reports that weir trafficgen has written with -o report.json, or the
files of its --raw, of generators on several machines or of runs one after the other, and writes one of all: counts
added up, percentiles of all requests together (not means of percentiles).`,
		Example: `  weir trafficgen report a.json b.json
  weir trafficgen report a.json b.json -o all.hgrm --expect 'p99.9<1s'
  weir trafficgen report run.raw -o run.html`,
		RunE: func(_ *cobra.Command, args []string) error { return o.merge(args, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.add(f)
	return cmd
}

func (o *verdict) merge(args []string, s streams) error {
	if err := o.check(); err != nil {
		return err
	}
	if len(args) == 0 {
		return usageError{errors.New("weir trafficgen report needs a file that weir trafficgen has written with -o report.json")}
	}
	var all []*drive.Report
	for _, name := range args {
		r, err := readReport(name)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	if err := o.ready(); err != nil {
		return err
	}
	r := drive.Merge(all)
	return errors.Join(o.write(r, s.out), o.judge(r))
}

// readReport reads a report, or makes one of a raw file.
func readReport(name string) (*drive.Report, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &monitor.InputError{Text: "cannot read " + strings.TrimPrefix(err.Error(), "open ")}
	}
	defer file.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(file, head)
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, &monitor.InputError{Text: fmt.Sprintf("cannot read %s: %v", name, err)}
	}
	var r *drive.Report
	if drive.RawHeader(head[:n]) {
		r, err = drive.ParseRaw(file, name)
	} else {
		var text []byte
		if text, err = io.ReadAll(file); err == nil {
			r, err = drive.ParseReport(text)
		}
	}
	if err != nil {
		return nil, &monitor.InputError{Text: fmt.Sprintf("%s: %v", name, err)}
	}
	return r, nil
}

// A rawOutput is the file of --raw. What it held is kept until there is something to write, and
// where there never was it is not left behind.
type rawOutput struct {
	file    *os.File
	made    bool // it was not there before
	written bool
}

func openRaw(name string) (*rawOutput, error) {
	_, err := os.Stat(name)
	made := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	return &rawOutput{file: file, made: made}, err
}

// Write implements io.Writer.
func (r *rawOutput) Write(b []byte) (int, error) {
	if !r.written {
		if info, err := r.file.Stat(); err == nil && info.Mode().IsRegular() {
			if err := r.file.Truncate(0); err != nil {
				return 0, err
			}
		}
		r.written = true
	}
	return r.file.Write(b)
}

func (r *rawOutput) close() {
	r.file.Close()
	if r.made && !r.written {
		os.Remove(r.file.Name())
	}
}
