package simulate

// A manner is how the paths of a section behave.
type manner struct {
	methods  []choice
	statuses []choice
	bytes    spread // bytes of a full reply
	latency  spread // milliseconds
	revisit  float64
	query    float64 // share of requests with a query
	leaf     string  // what names of paths end in
}

// A choice is a value with its weight.
type choice struct {
	value  string
	status int
	weight float64
}

// A spread is a log-normal distribution.
type spread struct{ median, sigma float64 }

// The manners of paths.
const (
	mannerAPI = iota
	mannerPage
	mannerAsset
	mannerForm
	mannerSearch
)

// manners returns the table of manners. Revisit is the share of GETs that a
// cache turns into a 304.
func manners() []manner {
	gets := []choice{{value: "GET", weight: 97}, {value: "HEAD", weight: 3}}
	return []manner{
		mannerAPI: {
			methods:  []choice{{value: "GET", weight: 74}, {value: "POST", weight: 18}, {value: "PUT", weight: 5}, {value: "DELETE", weight: 2}, {value: "OPTIONS", weight: 1}},
			statuses: []choice{{status: 200, weight: 90}, {status: 201, weight: 3}, {status: 204, weight: 2.5}, {status: 400, weight: 1.2}, {status: 401, weight: .9}, {status: 404, weight: 1.5}, {status: 429, weight: .2}, {status: 500, weight: .5}, {status: 503, weight: .2}},
			bytes:    spread{900, 1.1}, latency: spread{24, 0.9}, revisit: 0.02, query: 0.35,
		},
		mannerPage: {
			methods: gets, statuses: []choice{{status: 200, weight: 94}, {status: 301, weight: 1.5}, {status: 302, weight: 1}, {status: 404, weight: 3}, {status: 500, weight: .3}, {status: 502, weight: .2}},
			bytes: spread{14_000, 0.8}, latency: spread{38, 0.8}, revisit: 0.06, query: 0.08,
		},
		mannerAsset: {
			methods: gets, statuses: []choice{{status: 200, weight: 97.5}, {status: 206, weight: 1}, {status: 404, weight: 1.5}},
			bytes: spread{28_000, 1.4}, latency: spread{2, 0.7}, revisit: 0.3, leaf: ".js",
		},
		mannerForm: {
			methods: []choice{{value: "GET", weight: 45}, {value: "POST", weight: 55}}, statuses: []choice{{status: 200, weight: 60}, {status: 302, weight: 30}, {status: 401, weight: 7}, {status: 403, weight: 2}, {status: 500, weight: 1}},
			bytes: spread{4_200, 0.6}, latency: spread{70, 0.7},
		},
		mannerSearch: {
			methods: gets, statuses: []choice{{status: 200, weight: 97.5}, {status: 400, weight: 1}, {status: 500, weight: .7}, {status: 504, weight: .8}},
			bytes: spread{9_000, 0.7}, latency: spread{120, 0.9}, query: 0.97,
		},
	}
}

// A sectionPlan is a section by name.
type sectionPlan struct {
	name   string
	manner int
}

// sectionPlans returns the named sections, the busiest first.
func sectionPlans() []sectionPlan {
	return []sectionPlan{
		{"/api", mannerAPI},
		{"/products", mannerPage},
		{"/static", mannerAsset},
		{"/blog", mannerPage},
		{"/images", mannerAsset},
		{"/search", mannerSearch},
		{"/login", mannerForm},
		{"/cart", mannerForm},
		{"/account", mannerPage},
		{"/docs", mannerPage},
		{"/checkout", mannerForm},
		{"/news", mannerPage},
		{"/feed", mannerAPI},
		{"/help", mannerPage},
		{"/about", mannerPage},
		{"/pages", mannerPage},
	}
}

// words returns the words that names of paths and queries are made of.
func words() []string {
	return []string{
		"alder", "amber", "autumn", "basket", "birch", "blue", "bridge", "candle", "cedar", "chair", "cloud", "copper",
		"coral", "cotton", "creek", "desk", "drum", "ember", "fern", "field", "garden", "glass", "green", "harbour",
		"hazel", "island", "jacket", "kettle", "lamp", "lantern", "linen", "maple", "meadow", "mirror", "north", "oak",
		"olive", "paper", "pebble", "pine", "plate", "quill", "rain", "red", "river", "saddle", "sand", "shelf",
		"silver", "slate", "spoon", "spring", "stone", "summer", "table", "teapot", "thread", "tower", "valley",
		"violet", "walnut", "water", "willow", "winter", "wool",
	}
}

// users returns the names of people who have logged in.
func users() []string {
	return []string{"anna", "bela", "chloe", "david", "emre", "frida", "goran", "hanna", "ivan", "jonas", "klara", "luis", "mira", "noor", "olga", "pavel"}
}
