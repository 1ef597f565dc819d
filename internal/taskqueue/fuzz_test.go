package taskqueue

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// FuzzParse looks for a body that is taken for a task and names none: what it says
// becomes paths of documents and names of further tasks.
func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`{"v":1,"store":"default","checkout":"hash","generation":2,"step":1}`,
		`{"v":1,"store":"a/b","checkout":"c/d","generation":1,"step":0}`,
		`{"v":1,"store":"default","checkout":"..","generation":1,"step":0}`,
		`{"v":1,"store":"default","checkout":"__x__","generation":-1,"step":-1}`,
		`{"v":1,"store":"default","checkout":"hash","generation":1e3,"step":99999999999999999999}`,
		`{"V":1,"STORE":"default","Checkout":"hash","generation":1}`,
		`{"v":1,"v":2,"store":"\ud800","checkout":"\u0000"}`, `{"v":2}`, `{`, `null`, ``,
	} {
		f.Add([]byte(body), "hash-2-1-s0")
	}
	queue := &Queue{config: Config{Queues: []string{"projects/p/locations/l/queues/a", "projects/p/locations/l/queues/b"}}}
	name := regexp.MustCompile(`^projects/p/locations/l/queues/[ab]/tasks/[A-Za-z0-9_-]{1,500}$`)
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		task, err := Parse(body, http.Header{"X-Cloudtasks-Taskname": {header}})
		if err != nil {
			if task != (recovery.Task{}) {
				t.Errorf("got %+v beside %v", task, err)
			}
			return
		}
		suffix := task.Suffix
		task.Suffix = "s0" // the header's is read, not written
		req, err := queue.request(task)
		if err != nil || !name.MatchString(req.GetTask().GetName()) {
			t.Fatalf("%s: the name is %q, %v", body, req.GetTask().GetName(), err)
		}
		again, err := Parse(req.GetTask().GetHttpRequest().GetBody(), http.Header{"X-Cloudtasks-Taskname": {task.Name()}})
		if task.At = again.At; err != nil || again != task {
			t.Errorf("wrote %+v, read back %+v, %v", task, again, err)
		}
		if task.Suffix = suffix; suffix != "" && task.Name() != header {
			t.Errorf("took the suffix %q from %q", suffix, header)
		}
	})
}
