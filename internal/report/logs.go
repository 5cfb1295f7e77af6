package report

import (
	"time"

	"weir/internal/alert"
	"weir/internal/escape"
	"weir/internal/traffic"
	"weir/internal/unit"
)

// past writes the alerts that there would have been.
func (p *page) past() {
	fired := int64(0)
	for _, e := range p.Alerts {
		if e.State == alert.Firing {
			fired++
		}
	}
	if fired > 0 && p.Dropped == 0 {
		p.title(unit.Count(fired) + " " + unit.Plural(fired, "alert"))
	} else {
		p.title("alerts")
	}
	for _, r := range p.Rules {
		p.sentence(dim, indent, r.Name+": more than "+r.Threshold.String()+"/s on average over "+unit.Span(time.Duration(r.Window)*time.Second))
	}
	if p.AlertsFrom != 0 {
		p.sentence("", indent, "known from "+p.full(p.AlertsFrom)+" on only: the seconds before are too many to be kept")
	}
	if len(p.Alerts) == 0 && p.Dropped == 0 {
		p.sentence("", indent, "no alert")
	}
	older := p.Dropped + max(0, len(p.Alerts)-maxMessages)
	if older > 0 {
		p.sentence(dim, indent, "("+unit.Count(int64(older))+" older "+unit.Plural(int64(older), "message")+" not listed)")
	}
	for _, e := range p.Alerts[max(0, len(p.Alerts)-maxMessages):] {
		// In one piece and at the margin, however wide: people search for it.
		p.paint(eventColor(e.State), escape.Terminal([]byte(e.Message(p.zone))))
		p.end()
	}
	for _, w := range p.Open {
		p.sentence(eventColor(alert.Firing), indent, "still open: "+w.Rule.Name+" since "+time.Unix(w.Since, 0).In(p.zone).Format(time.RFC3339)+
			", "+unit.Average(w.Hits, w.Rule.Window)+"/s at the end")
	}
}

// logs writes what was not counted, and what else there is to know of the logs.
func (p *page) logs() {
	if p.Rejected.Total == 0 && p.Late == 0 && p.Outside == 0 && len(p.Notices)+len(p.Failures) == 0 {
		return
	}
	p.title("about the logs")
	for _, f := range p.Failures {
		p.sentence(red, indent+"! ", f)
	}
	p.rejected()
	if n := p.Late; n > 0 {
		p.sentence("", indent, unit.Count(n)+" late "+unit.Plural(n, "line")+", more than "+unit.Count(traffic.Lateness)+" s behind another: counted at the time they tell")
	}
	if n := p.Outside; n > 0 {
		p.sentence("", indent, unit.Count(n)+" "+unit.Plural(n, "request")+" passed over: not of the time asked for, or filtered out")
	}
	for _, n := range p.Notices {
		p.sentence("", indent, n)
	}
}

// rejected writes how many lines were rejected, why, and where the last one of
// each log is.
func (p *page) rejected() {
	r := p.Rejected
	if r.Total == 0 {
		return
	}
	text := unit.Count(r.Total) + " rejected " + unit.Plural(r.Total, "line")
	sep := ": "
	for _, why := range r.Reasons {
		text += sep + unit.Count(why.Lines) + " " + why.Text
		sep = ", "
	}
	p.sentence("", indent, text)
	listed := 0
	for _, s := range p.Sources {
		if s.LastReject == nil {
			continue
		}
		if listed++; listed > maxLogs {
			p.sentence(dim, indent+indent, "… more in other logs")
			return
		}
		p.sentence(dim, indent+indent, "last at "+s.LastReject.Position(s.Name)+": "+s.LastReject.Reason)
	}
}
