package notify

import (
	"time"
)

// A story is all that waits of one alert: told as a whole, so that its recovery is told
// with it and never before.
type story struct {
	alert    string
	ids      []int64
	messages []Message
	due      time.Time // of the earliest
	queued   time.Time // when the first was
}

// A plan is what to do with the rows of a channel: decided from them, the settings and
// the time alone.
type plan struct {
	send    []story
	brief   []story // dropped since they were over before anybody was told
	expired []story // tried long enough
	broken  []Row   // that hold no message
	next    time.Time
	waiting int
}

// An aim is what a plan depends on besides the rows.
type aim struct {
	policy *Policy
	now    time.Time
	// since is when this process began: what was queued before may have been tried.
	since time.Time
	tried map[int64]time.Time // when this process tried a row last
	// single: one story at a time, as a group was refused.
	single bool
	// hurry: what waits to be grouped goes now, as the end is near.
	hurry bool
	most  int // messages in a group
}

// planned decides about rows, the oldest first.
func planned(rows []Row, a *aim) plan {
	p := plan{waiting: len(rows)}
	due := false
	var ready []story
	for _, s := range stories(rows, &p) {
		switch {
		case a.now.Sub(s.queued) >= a.policy.GiveUp && s.triedAt(a).Sub(s.queued) >= a.policy.GiveUp:
			p.expired = append(p.expired, s)
			continue
		case a.policy.SkipBrief && s.over() && !s.maybeTold(a):
			p.brief = append(p.brief, s)
			continue
		}
		if s.due.Sub(a.now) > mostAhead { // the clock was set back since
			s.due = a.now
		}
		switch {
		case !s.due.After(a.now):
			due = true
			ready = append(ready, s)
		case !s.due.After(a.now.Add(a.policy.GroupWait)):
			ready = append(ready, s)
			fallthrough
		default:
			if p.next.IsZero() || s.due.Before(p.next) {
				p.next = s.due
			}
		}
	}
	if !due && !(a.hurry && len(ready) > 0) {
		return p
	}
	messages := 0
	for _, s := range ready {
		if messages > 0 && (messages+len(s.messages) > a.most || a.single) {
			break
		}
		if a.single && s.due.After(a.now) && !a.hurry {
			continue
		}
		p.send = append(p.send, s)
		messages += len(s.messages)
	}
	return p
}

// stories puts rows together by alert, in the order of the first row of each. A message
// that is there twice is told once.
func stories(rows []Row, p *plan) []story {
	var all []story
	at := map[string]int{}
	seen := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		e, err := parse(r)
		if err != nil {
			p.broken = append(p.broken, *r)
			continue
		}
		name := e.Message.alert()
		k, ok := at[name]
		if !ok {
			k = len(all)
			at[name] = k
			all = append(all, story{alert: name, due: r.Due, queued: e.Queued})
		}
		s := &all[k]
		s.ids = append(s.ids, r.ID)
		if r.Due.Before(s.due) {
			s.due = r.Due
		}
		if !seen[e.Message.ID] {
			seen[e.Message.ID] = true
			s.messages = append(s.messages, e.Message)
		}
	}
	return all
}

// over tells whether the story begins and ends here.
func (s *story) over() bool {
	return len(s.messages) > 1 && s.messages[0].State == Firing && s.messages[len(s.messages)-1].State == Recovered
}

// maybeTold tells whether somebody may have been told of it already.
func (s *story) maybeTold(a *aim) bool { return !s.triedAt(a).IsZero() || s.queued.Before(a.since) }

// triedAt is when this process tried to tell it last; zero for never. Nothing is given up that
// was not tried after its time was over: a machine that slept, a clock that was set and a weir
// that did not run have tried nothing meanwhile.
func (s *story) triedAt(a *aim) (last time.Time) {
	for _, id := range s.ids {
		if at := a.tried[id]; at.After(last) {
			last = at
		}
	}
	return last
}

func idsOf(stories []story) []int64 {
	var ids []int64
	for _, s := range stories {
		ids = append(ids, s.ids...)
	}
	return ids
}

func messagesOf(stories []story) []Message {
	var all []Message
	for _, s := range stories {
		all = append(all, s.messages...)
	}
	return all
}
