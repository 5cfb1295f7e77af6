package alert

func Fields() []string {
	return []string{"value", "threshold", "window", "rule", "key", "state", "time", "since", "duration", "requests"}
}
