package config

// The environment variables that the program reads beside the secrets.
const (
	varProject           = "COMEBACK_PROJECT"
	varGoogleProject     = "GOOGLE_CLOUD_PROJECT"
	varDatabase          = "COMEBACK_DATABASE"
	varQueues            = "COMEBACK_QUEUES"
	varRemindURL         = "COMEBACK_REMIND_URL"
	varSweepURL          = "COMEBACK_SWEEP_URL"
	varRecoverURL        = "COMEBACK_RECOVER_URL"
	varUnsubscribeURL    = "COMEBACK_UNSUBSCRIBE_URL"
	varTasksAccount      = "COMEBACK_TASKS_ACCOUNT"
	varSchedulerAccount  = "COMEBACK_SCHEDULER_ACCOUNT"
	varCallerCheck       = "COMEBACK_CALLER_CHECK"
	varOIDCIssuer        = "COMEBACK_OIDC_ISSUER"
	varOIDCKeysURL       = "COMEBACK_OIDC_KEYS_URL"
	varSendGridHost      = "COMEBACK_SENDGRID_HOST"
	varSendGridEventsKey = "COMEBACK_SENDGRID_EVENTS_KEY"

	varFirestoreEmulator  = "FIRESTORE_EMULATOR_HOST"
	varCloudTasksEmulator = "CLOUD_TASKS_EMULATOR_HOST"
	varKService           = "K_SERVICE"
	varFunctionTarget     = "FUNCTION_TARGET"
	varLogLevel           = "LOG_LEVEL"
)

// Variable is an environment variable that the program reads.
type Variable struct {
	Name    string
	Default string // on one machine; "" if there is none
	Meaning string
}

// Variables lists every variable of the environment, with those that the file's
// default references name. A file that refers to others adds them.
func Variables() []Variable {
	return []Variable{
		{varProject, localProject, "the Google Cloud project; else `GOOGLE_CLOUD_PROJECT`"},
		{varGoogleProject, "", "the project where `COMEBACK_PROJECT` is not set"},
		{varDatabase, "comeback", "the Firestore database"},
		{varQueues, "named after the project", "the task queues' full names with commas between, as many as `queues` says"},
		{varRemindURL, localHost + "/tasks/remind", "the address of `Remind`: its tasks' target and their tokens' audience"},
		{varSweepURL, localHost + "/tasks/sweep", "the address of `Sweep`: its callers' tokens' audience"},
		{varRecoverURL, localHost + "/r", "the base of links back to a checkout"},
		{varUnsubscribeURL, localHost + "/u", "the base of links to unsubscribe"},
		{varTasksAccount, "tasks@" + localProject + ".iam.gserviceaccount.com", "the service account that Cloud Tasks calls `Remind` as"},
		{varSchedulerAccount, "scheduler@" + localProject + ".iam.gserviceaccount.com", "the service account that Cloud Scheduler calls `Sweep` as"},
		{varCallerCheck, "", "`iam` where Cloud Run's IAM checks callers in front of the function; counts in the cloud only"},
		{varOIDCIssuer, googleIssuer, "the issuer of callers' tokens; another one is for one machine only"},
		{varOIDCKeysURL, googleKeysURL, "the issuer's public keys; others are for one machine only"},
		{varFirestoreEmulator, "", "a Firestore emulator's address; for one machine only"},
		{varCloudTasksEmulator, "", "a Cloud Tasks emulator's address; for one machine only"},
		{varSendGridHost, "", "a SendGrid emulator's URL; for one machine only"},
		{varSendGridEventsKey, "", "the SendGrid emulator's key of events, which counts instead of SENDGRID_EVENTS_PUBLIC_KEY, and where the file's reference is not set; for one machine only"},
		{varKService, "", "set by Cloud Run: this is the cloud, where nothing falls back to a value for development"},
		{varFunctionTarget, "", "set by Cloud Run functions: the function to serve, whose secrets alone are read"},
		{varLogLevel, "INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`; `make run` shows warnings only, unless it is set"},
		{"COMEBACK_API_KEY", LocalAPIKey, "secret: the key that the storefront's backend sends"},
		{"COMEBACK_LINK_KEY", LocalLinkKey, "secret: signs the links in mails"},
		{"COMEBACK_ID_KEY", LocalIDKey, "secret: keys the hashes of addresses; never change it"},
		{"SENDGRID_API_KEY", LocalSendGridKey, "secret: SendGrid's API key"},
		{"SENDGRID_EVENTS_PUBLIC_KEY", "", "SendGrid's verification key of event webhooks; may be absent"},
		{"SHOPIFY_SECRET", LocalShopifySecret, "secret: signs Shopify's webhooks, where the store is on Shopify"},
		{"WOOCOMMERCE_SECRET", LocalWooCommerceSecret, "secret: signs WooCommerce's webhooks, where the store is on WooCommerce"},
	}
}
