package notify

import (
	"crypto/tls"
	"io"
	"log"
	"net/netip"
	"testing"
)

func discard() *log.Logger { return log.New(io.Discard, "", 0) }

func tlsServer(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}}
}

func TestAddressesWhereCloudsTellSecretsAreDenied(t *testing.T) {
	for address, want := range map[string]bool{
		"169.254.169.254": true, "169.254.0.1": true, "::ffff:169.254.169.254": true, "64:ff9b::a9fe:a9fe": true,
		"fe80::1": true, "fe80::1%eth0": true, "febf::1": true, "fd00:ec2::254": true, "fd00:ec2::254%lo": true, "100.100.100.200": true, "192.0.0.192": true,
		"127.0.0.1": false, "::1": false, "10.0.0.1": false, "192.168.1.1": false, "fd00::1": false, "fec0::1": false, "169.253.0.1": false, "8.8.8.8": false,
		"64:ff9b::808:808": false, "2001:db8::1": false,
	} {
		if got := denied(netip.MustParseAddr(address)) != ""; got != want {
			t.Errorf("%s: denied = %t, want %t", address, got, want)
		}
	}
}

func TestTheSystemAsksAboutEachAddressBeforeItConnects(t *testing.T) {
	for address, want := range map[string]bool{"169.254.169.254:80": true, "[fe80::1%lo]:80": true, "127.0.0.1:80": false, "nonsense": true} {
		if err := refuseDenied("tcp", address, nil); (err != nil) != want {
			t.Errorf("%s: got %v, want denied = %t", address, err, want)
		}
	}
}
