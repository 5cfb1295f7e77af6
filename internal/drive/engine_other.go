//go:build !linux

package drive

// engineOf returns the engine for a run; at are the addresses of the sites.
func engineOf(o *Options, at map[string]string) engine { return &pool{o: o, at: at} }
