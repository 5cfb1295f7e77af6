package drive

// engineOf returns the engine for a run; at are the addresses of the sites.
func engineOf(o *Options, at map[string]string) engine {
	if plain(o) {
		return &loops{o: o, at: at}
	}
	return &pool{o: o, at: at}
}
