//go:build !linux

package feed

import (
	"net"
	"syscall"
)

// countDrops is false: only Linux tells how many datagrams it dropped.
func countDrops(*net.UDPConn) bool { return false }

func bufferSize(syscall.Conn) int { return 0 }

func dropsIn([]byte) (total uint32, ok bool) { return 0, false }
