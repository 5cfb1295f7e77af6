package change

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"weir/internal/pack"
)

// TestAKillAtAnyPointGoesOnTheSame steps two Series through the same samples, one
// of which is stored and restored again and again: with gaps, faults, alerts, new
// normals.
func TestAKillAtAnyPointGoesOnTheSame(t *testing.T) {
	events := map[Event]int{}
	for k := range kinds {
		for seed := range uint64(6) {
			r := rand.New(rand.NewPCG(seed, 31))
			o := Options{Kind: k, Step: []time.Duration{10 * time.Second, time.Minute}[seed%2]}
			one, two := New(o), New(o)
			at, factor, slow := monday, 1.0, 1.0
			for range 20_000 {
				at += one.step
				switch r.IntN(900) {
				case 0:
					at += one.step * r.Int64N(700)
				case 1:
					factor = []float64{0, 0.5, 1, 1, 2}[r.IntN(5)]
				case 2:
					slow = []float64{1, 1, 3}[r.IntN(3)]
				}
				n := int64(factor * float64(100+r.IntN(20)))
				d := time.Duration(slow * float64(100+r.IntN(20)) * 1e6)
				sample := Sample{Requests: n, Failed: int64(slow*slow*slow) * n / 50, Timed: n, Mean: d, P90: 2 * d}
				if r.IntN(40) == 0 {
					state := two.AppendBinary(nil)
					if len(state) > 4096 || !bytes.Equal(state, one.AppendBinary(nil)) {
						t.Fatalf("%v, seed %d: equal series have different states, of %d bytes", k, seed, len(state))
					}
					var err error
					if two, err = Restore(state, o); err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(one, two) {
						t.Fatalf("%v, seed %d: the restored series is another:\n%+v\n%+v", k, seed, one, two)
					}
				}
				want, told := one.Step(at, sample)
				got, also := two.Step(at, sample)
				if want != got || told != also {
					t.Fatalf("%v, seed %d: got %+v, want %+v", k, seed, got, want)
				}
				if told {
					events[want.Event]++
				}
			}
		}
	}
	for _, e := range []Event{Alert, Recovered, NewNormal, Returned} {
		if events[e] < 3 {
			t.Errorf("%d times %v: the samples are too tame", events[e], e)
		}
	}
}

// TestARestoreAfterEachAnnouncementGoesOnTheSame: the return of a former normal moves what is expected in
// the midst of a minute.
func TestARestoreAfterEachAnnouncementGoesOnTheSame(t *testing.T) {
	within := 0
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 99))
		one, two := New(Options{}), New(Options{})
		factor, left := 1.0, 0
		for at := monday + 10; at < monday+5*86400; at += 10 {
			if left--; left <= 0 {
				factor, left = []float64{1, 1, 0, 0.02, 20, 30}[r.IntN(6)], r.IntN(2000)
			}
			n := int64(0)
			for t := r.ExpFloat64(); t < factor/2; t += r.ExpFloat64() {
				n++
			}
			want, told := one.Step(at, Sample{Requests: n})
			got, also := two.Step(at, Sample{Requests: n})
			if want != got || told != also {
				t.Fatalf("seed %d: got %+v, want %+v", seed, got, want)
			}
			if !told {
				continue
			}
			if want.Event == Returned && at%60 != 0 {
				within++
			}
			var err error
			if two, err = Restore(two.AppendBinary(nil), Options{}); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(one, two) {
				t.Fatalf("seed %d: after %v the restored series is another:\n%+v\n%+v", seed, want.Event, one.f, two.f)
			}
		}
	}
	if within == 0 {
		t.Error("nothing has returned within a minute: the samples are too tame")
	}
}

// TestWhatAnOlderVersionHasLearnedIsKept: version 1 had no bunches of minutes, 2 none of five.
func TestWhatAnOlderVersionHasLearnedIsKept(t *testing.T) {
	for version := byte(1); version < stateVersion; version++ {
		w := newSite(Options{}, 60)
		w.run(3*minutesOfDay, 1)
		old := coder{to: []byte{version, byte(Traffic), 10}, version: version}
		w.s.code(&old)
		s, err := Restore(pack.AppendSum(old.to, 0), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fresh := newNoise()
		if s.noise.fives != fresh.fives || (s.noise.minutes == fresh.minutes) != (version == 1) {
			t.Errorf("version %d: bunches are %+v, want those of a new series where it had none", version, s.noise)
		}
		if s.noise.minutes, s.noise.fives = w.s.noise.minutes, w.s.noise.fives; !reflect.DeepEqual(s, w.s) {
			t.Errorf("version %d: something else is not what it was", version)
		}
	}
}

func TestASeriesIsSmall(t *testing.T) {
	s := New(Options{})
	size := int(unsafe.Sizeof(*s)) + 4*len(s.base.day.values) + len(s.base.day.visits) + 4*len(s.base.week.values) + len(s.base.week.visits)
	if t.Logf("%d bytes", size); size > 4096 {
		t.Errorf("a series takes %d bytes, 4096 are allowed", size)
	}
}

func TestAStateThatCannotBeTakenSaysWhy(t *testing.T) {
	w := newSite(Options{Kind: Errors}, 600)
	w.run(300, 1)
	state := w.s.AppendBinary(nil)
	broken := bytes.Clone(state)
	broken[100] ^= 1
	for name, c := range map[string]struct {
		state []byte
		o     Options
		want  string
	}{
		"damaged":      {broken, Options{Kind: Errors}, "its checksum is wrong"},
		"short":        {state[:3], Options{Kind: Errors}, "its checksum is wrong"},
		"another kind": {state, Options{}, "is one of errors in steps of 10 s, wanted is traffic in steps of 10 s"},
		"another step": {state, Options{Kind: Errors, Step: time.Minute}, "in steps of 60 s"},
	} {
		if _, err := Restore(c.state, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.want)
		}
	}
	if s, err := Restore(state, Options{Kind: Errors, Threshold: 5}); err != nil || s.o.Threshold != 5 {
		t.Errorf("with another threshold: %v", err)
	}
}

func FuzzRestore(f *testing.F) {
	for k := range kinds {
		w := newSite(Options{Kind: k, Step: time.Minute}, 60)
		f.Add(byte(k), w.s.AppendBinary(nil))
		w.run(2000, 1)
		w.run(20, 0.1)
		state := w.s.AppendBinary(nil)
		f.Add(byte(k), state[:len(state)-4])
	}
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		o := Options{Kind: Kind(kind) % kinds, Step: time.Minute}
		state := appendSum(bytes.Clone(body))
		s, err := Restore(state, o)
		if err != nil {
			return
		}
		if again := s.AppendBinary(nil); !bytes.Equal(again, state) {
			i := 0
			for i < len(again) && i < len(state) && again[i] == state[i] {
				i++
			}
			t.Fatalf("restored it has other bytes, from %d of %d on: %x, not %x", i, len(state), again[i:min(i+8, len(again))], state[i:min(i+8, len(state))])
		}
		at := s.At()
		for i := range int64(200) {
			s.Step(at+60*i, Sample{Requests: 5 * i, Failed: i, Timed: i, Mean: time.Second, P90: time.Second})
		}
		_ = s.Look().Text(time.UTC)
	})
}
