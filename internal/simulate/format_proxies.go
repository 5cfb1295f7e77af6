package simulate

import (
	"strconv"
	"strings"
)

// Of what a proxy says about its upstream and the connection, all lines say
// the same.
const upstream = "192.0.2.80:8080"

// option httplog of HAProxy.
func appendHAProxy(f *Format, dst []byte, l *Line) []byte {
	dst = append(dst, l.Client...)
	dst = append(dst, ":51000 ["...)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, '.')
	dst = appendFraction(dst, l.At)
	dst = append(dst, "] www web/app1 0/0/1/"...)
	ms := millis(l.Latency)
	dst = strconv.AppendInt(dst, max(ms-1, 0), 10)
	dst = append(dst, '/')
	dst = strconv.AppendInt(dst, ms, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, ` - - ---- 1/1/0/0/0 0/0 "`...)
	dst = appendRequest(dst, l)
	return append(dst, '"')
}

func appendTraefik(f *Format, dst []byte, l *Line) []byte {
	dst = append(appendCombined(f, dst, l), ' ')
	dst = strconv.AppendUint(dst, f.count, 10)
	dst = append(dst, ` "web@docker" "http://`+upstream+`" `...)
	dst = strconv.AppendInt(dst, millis(l.Latency), 10)
	return append(dst, "ms"...)
}

func appendIngress(f *Format, dst []byte, l *Line) []byte {
	dst = append(appendCombined(f, dst, l), " 512 "...)
	dst = appendSeconds(dst, l.Latency)
	dst = append(dst, " [default-web-80] [] "+upstream+" "...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, ' ')
	dst = appendSeconds(dst, l.Latency)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, ' ')
	return appendHex(appendHex(dst, f.count*0x9E3779B97F4A7C15), f.count)
}

// appendHex appends x as 16 hexadecimal digits.
func appendHex(dst []byte, x uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[x>>shift&15])
	}
	return dst
}

// appendEnvoyHead appends what the default formats of Envoy and Istio have
// alike up to the flags.
func appendEnvoyHead(f *Format, dst []byte, l *Line) []byte {
	dst = append(dst, '[')
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, '.')
	dst = appendFraction(dst, l.At)
	dst = append(dst, `Z] "`...)
	dst = appendRequest(dst, l)
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	return append(dst, " -"...)
}

// appendEnvoyTail appends what they have alike from the sizes to the upstream.
func appendEnvoyTail(f *Format, dst []byte, l *Line) []byte {
	dst = append(dst, " 0 "...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, ' ')
	ms := millis(l.Latency)
	dst = strconv.AppendInt(dst, ms, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, max(ms-1, 0), 10)
	dst = append(dst, ` "`...)
	dst = append(dst, l.Client...)
	dst = append(dst, `" "`...)
	dst = append(dst, l.Agent...)
	dst = append(dst, `" "`...)
	dst = appendHex(dst, f.count*0x9E3779B97F4A7C15)
	dst = append(dst, `" "`...)
	dst = append(dst, l.Host...)
	return append(dst, `" "`+upstream+`"`...)
}

func appendEnvoy(f *Format, dst []byte, l *Line) []byte {
	return appendEnvoyTail(f, appendEnvoyHead(f, dst, l), l)
}

func appendIstio(f *Format, dst []byte, l *Line) []byte {
	dst = append(appendEnvoyHead(f, dst, l), ` via_upstream - "-"`...)
	dst = appendEnvoyTail(f, dst, l)
	return append(dst, " inbound|8080|| 127.0.0.6:40000 192.0.2.80:8080 192.0.2.7:51000 outbound_.80_._.web.shop.svc.cluster.local default"...)
}

// The native access.log of Squid, whose elapsed time is padded to six columns.
func appendSquid(_ *Format, dst []byte, l *Line) []byte {
	dst = strconv.AppendInt(dst, l.At.Unix(), 10)
	dst = append(dst, '.')
	dst = appendFraction(dst, l.At)
	dst = append(dst, ' ')
	ms := millis(l.Latency)
	for wide := int64(100_000); wide > 1 && ms < wide; wide /= 10 {
		dst = append(dst, ' ')
	}
	dst = strconv.AppendInt(dst, ms, 10)
	dst = append(dst, ' ')
	dst = append(dst, l.Client...)
	dst = append(dst, " TCP_MISS/"...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, ' ')
	if l.Garbage != "" {
		dst = append(dst, "NONE error:invalid-request"...)
	} else {
		dst = append(dst, l.Method...)
		dst = append(dst, ' ')
		dst = appendTarget(dst, l)
	}
	dst = append(dst, ' ')
	dst = append(dst, l.User...)
	return append(dst, " HIER_DIRECT/192.0.2.80 text/html"...)
}

// appendBalancer appends what Amazon's balancers have alike, all but the type of
// the connection.
func appendBalancer(f *Format, dst []byte, l *Line) []byte {
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, '.')
	dst = appendFraction(dst, l.At)
	dst = append(dst, "000Z app/web/0123456789abcdef "...)
	dst = append(dst, l.Client...)
	dst = append(dst, ":51000 192.0.2.80:80 0.000 "...)
	dst = appendSeconds(dst, l.Latency)
	dst = append(dst, " 0.000 "...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, " 512 "...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, ` "`...)
	if l.Garbage != "" {
		dst = append(dst, l.Garbage...)
	} else {
		dst = append(dst, l.Method...)
		dst = append(dst, " http://"...)
		dst = append(dst, l.Host...)
		dst = appendTarget(dst, l)
		dst = append(dst, ' ')
		dst = append(dst, l.Protocol...)
	}
	dst = append(dst, `" "`...)
	dst = append(dst, l.Agent...)
	return append(dst, `" - -`...)
}

func appendELB(f *Format, dst []byte, l *Line) []byte { return appendBalancer(f, dst, l) }

func appendALB(f *Format, dst []byte, l *Line) []byte {
	dst = appendBalancer(f, append(dst, "http "...), l)
	dst = append(dst, ` arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef "Root=1-39e3b0a8-`...)
	dst = append(appendHex(dst, f.count), `00000000" "-" "-" 0 `...)
	dst = append(dst, f.stampOf(l.At)...)
	return append(dst, `.000000Z "forward" "-" "-" "192.0.2.80:80" "200" "-" "-"`...)
}

func appendS3(f *Format, dst []byte, l *Line) []byte {
	dst = append(dst, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef www-example-org "...)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, ' ')
	dst = append(dst, l.Client...)
	dst = append(dst, ' ')
	dst = append(dst, l.User...)
	dst = append(dst, ' ')
	dst = appendHex(dst, f.count)
	dst = append(dst, " REST."...)
	dst = append(dst, l.Method...)
	dst = append(dst, ".OBJECT - "...)
	dst = append(dst, '"')
	dst = appendRequest(dst, l)
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, " - "...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, " - "...)
	ms := millis(l.Latency)
	dst = strconv.AppendInt(dst, ms, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, max(ms-1, 0), 10)
	dst = appendTail(dst, l)
	dst = append(dst, " - aG9zdCBpZA== SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader "...)
	dst = append(dst, l.Host...)
	return append(dst, " TLSv1.2 - -"...)
}

// withoutPort returns a host without its port.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		return host[:i]
	}
	return host
}
