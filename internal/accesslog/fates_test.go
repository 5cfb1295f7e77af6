package accesslog

import (
	"reflect"
	"testing"
)

// A fate is what becomes of a field when the state of an Auto is stored.
type fate string

const (
	stored  fate = "stored"
	derived fate = "made again of what is stored"
	option  fate = "given by the options, or by the format"
	inside  fate = "its own fields are decided on one by one"
	ofLine  fate = "of one line: written before it is read in the next"
	saving  fate = "saves work: remembered or not, a line gives the same"
	ofForks fate = "between an Auto and its forks, which live as long as a block"
)

// fates has a row for every field of every type that an Auto keeps between two
// lines.
func fates() map[string]fate {
	return map[string]fate{
		"Auto.format": stored, "Auto.parser": inside, "Auto.lead": inside, "Auto.settled": stored, "Auto.trial": inside,
		"Auto.others": inside, "Auto.mix": inside, "Auto.forced": stored, "Auto.rejected": stored, "Auto.changes": stored,
		"Auto.turns": ofForks, "Auto.hops": option, "Auto.counts": stored, "Auto.nearest": ofLine, "Auto.way": ofLine,
		"Auto.from": ofForks, "Auto.leading": ofForks, "Auto.moved": ofForks,

		"peeler.kind": stored, "peeler.scratch": ofLine, "peeler.bare": ofLine, "peeler.streams": inside,
		"streams.of": inside, "streams.open": derived, "streams.lost": stored,
		"stream.text": stored, "stream.open": stored, "stream.long": stored, "stream.waited": stored,
		"mixture.also": stored, "mixture.missed": stored, "mixture.due": stored, "mixture.tried": stored, "mixture.votes": stored,

		"csvParser.columns": stored, "csvParser.lacks": derived, "csvParser.scratch": ofLine, "csvParser.asked": option,
		"w3cParser.fields": stored, "w3cParser.defaults": option, "w3cParser.asked": option, "w3cParser.edge": option,
		"w3cParser.lacks": derived, "w3cParser.bare": stored, "w3cParser.taken": stored, "w3cParser.offset": stored,
		"w3cParser.started": stored, "w3cParser.dated": stored, "w3cParser.iso": inside, "w3cParser.scratch": ofLine,

		"clfParser.layout": option, "clfParser.stamp": inside, "clfParser.lists": option, "clfParser.sure": ofLine,
		"traefikParser.clfParser": inside, "ingressParser.clfParser": inside, "s3Parser.stamp": inside,
		"stampCache.raw": saving, "stampCache.sec": saving, "isoCache.raw": saving, "isoCache.sec": saving,
		"haproxyParser.raw": saving, "haproxyParser.sec": saving,
		"balancerParser.iso": inside, "balancerParser.application": option,
		"envoyParser.iso": inside, "envoyParser.istio": option, "envoyParser.asked": option,

		"jsonParser.keys": option, "jsonParser.need": option, "jsonParser.memory": inside, "jsonParser.fields": inside,
		"jsonParser.list": ofLine, "jsonParser.mapped": option,
		"ltsvParser.keys": option, "ltsvParser.memory": inside, "ltsvParser.fields": inside,
		"keyMemory.keys": saving, "keyMemory.next": ofLine, "keyMemory.learning": saving, "keyMemory.known": saving, "keyMemory.unknown": saving,
		"gathering.present": ofLine, "gathering.valued": ofLine, "gathering.writer": ofLine, "gathering.values": ofLine,
		"gathering.asked": option, "gathering.scratch": ofLine,

		"specParser.program": option, "specParser.stamps": inside, "specParser.query": ofLine, "specParser.scratch": ofLine,
		"specParser.asked": option, "stamp.raw": saving, "stamp.sec": saving,
	}
}

// TestEveryFieldThatOutlivesALineIsDecidedOn fails where a field was added and
// nobody has said what becomes of it. That a decision is right is shown by the
// lives of state_test.go.
func TestEveryFieldThatOutlivesALineIsDecidedOn(t *testing.T) {
	left := fates()
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type)
	look = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Array {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || seen[of] {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			name := of.Name() + "." + of.Field(i).Name
			what, ok := fates()[name]
			if !ok {
				t.Errorf("nobody has decided what becomes of %s when the state of a parser is stored: store it (state.go), or say in fates why it need not be", name)
			}
			delete(left, name)
			if what == inside {
				look(of.Field(i).Type)
			}
		}
	}
	look(reflect.TypeFor[Auto]())
	mapped, err := CompileJSON([]string{"status=http.code"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(suite(), mapped) {
		p := f.New()
		look(reflect.TypeOf(p))
		of, holds := reflect.TypeOf(p).Elem(), false
		for i := range of.NumField() {
			holds = holds || fates()[of.Name()+"."+of.Field(i).Name] == stored
		}
		if _, ok := p.(keeper); ok != holds {
			t.Errorf("%s: a keeper %v, with fields that are stored %v", f.Name, ok, holds)
		}
	}
	for name := range left {
		t.Errorf("%s is gone: take it out of fates", name)
	}
}
