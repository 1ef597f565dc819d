package cost

// Price is a list price in us-central1, as read on 2026-11-22.
type Price struct {
	Unit    string
	Dollars float64 // a unit
	Free    float64 // units a month
	// Note is the page, and what is to be said of the allowance.
	Note string
	// Unchecked says that the figure comes from a third party or from memory.
	Unchecked bool
}

var (
	taskOperation = Price{"Cloud Tasks, an operation (a create, a dispatch)", 0.40e-6, 1e6, "cloud.google.com/tasks/pricing", false}
	request       = Price{"Cloud Run, a request", 0.40e-6, 2e6, "cloud.google.com/run/pricing", false}
	cpuSecond     = Price{"Cloud Run, a second of a vCPU while a request runs", 24e-6, 180e3, "the same page", false}
	gibSecond     = Price{"Cloud Run, a second of a GiB", 2.5e-6, 360e3, "the same page", false}
	idleInstance  = Price{"Cloud Run, an instance of `min_instances`, idle for a month", 3600 * hours * (cpus + memory) * 2.5e-6, 0, "the same page", true}

	documentRead   = Price{"Firestore, a document read", 0.03e-5, 50e3 * days, "cloud.google.com/firestore/pricing; the allowance is for each day, and for one database of a project", true}
	documentWrite  = Price{"Firestore, a document written", 0.09e-5, 20e3 * days, "the same page and allowance", true}
	documentDelete = Price{"Firestore, a document that expired", 0.01e-5, 0, "the same page; never free", true}
	storedGiB      = Price{"Firestore, a GiB stored for a month", 0.15, 1, "the same page; 0.18 in nam5", true}
	historyGiB     = Price{"Firestore, a GiB of point-in-time recovery for a month", 0.15, 0, "the same", true}

	transferGiB = Price{"transfer to the internet, a GiB", 0.12, 1, "cloud.google.com/vpc/pricing, premium tier, the first TiB; the allowance is within North America", true}
	logGiB      = Price{"Cloud Logging, a GiB", 0.50, 50, "cloud.google.com/stackdriver/pricing; 30 days of storage included", false}

	schedulerJob  = Price{"Cloud Scheduler, a job for a month", 0.10, 3, "cloud.google.com/scheduler/pricing; the allowance is the billing account's", false}
	secretVersion = Price{"Secret Manager, an active version for a month", 0.06, 6, "cloud.google.com/secret-manager/pricing; the same", false}
	loadBalancer  = Price{"load balancer (only with `domain`), for a month", 0.025 * hours, 0, "cloud.google.com/load-balancing/pricing; and 0.008 for each GiB in and out", false}
	condition     = Price{"Cloud Monitoring, a condition of an alert policy for a month", 0.10, 0, "cloud.google.com/stackdriver/pricing, announced; and for each query's series", true}

	mailEssentials = Price{"SendGrid Essentials, a mail", 19.95 / 50e3, 0, "19.95 a month for 50,000", true}
	mailPro        = Price{"SendGrid Pro, a mail", 89.95 / 100e3, 0, "89.95 a month for 100,000", true}
)

// prices are all of them, in the order of the documentation.
var prices = []Price{
	taskOperation, request, cpuSecond, gibSecond, idleInstance,
	documentRead, documentWrite, documentDelete, storedGiB, historyGiB,
	transferGiB, logGiB, schedulerJob, secretVersion, loadBalancer, condition,
	mailEssentials, mailPro,
}
