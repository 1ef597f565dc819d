package disk_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/comeback-checkout/comeback/emulators/disk"
)

// childFile names the file that this test binary, started again as a child,
// writes to until it is killed.
const childFile = "DISK_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		writeForEver(path)
	}
	os.Exit(m.Run())
}

// writeForEver writes 0, 1, 2 … and prints each number once its write returned.
func writeForEver(path string) {
	db, err := disk.Open(path)
	for i := 0; err == nil; i++ {
		key := fmt.Appendf(nil, "%08d", i)
		if err = db.Write(disk.Op{Bucket: "a", Key: key, Value: key}, disk.Op{Bucket: "b", Key: key, Value: key}); err == nil {
			fmt.Println(i)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

func open(t *testing.T, path string) *disk.DB {
	t.Helper()
	db, err := disk.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func load(t *testing.T, db *disk.DB, bucket string) []string {
	t.Helper()
	var all []string
	err := db.Load(bucket, func(key, value []byte) error {
		all = append(all, string(key)+"="+string(value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func put(bucket, key, value string) disk.Op {
	return disk.Op{Bucket: bucket, Key: []byte(key), Value: []byte(value)}
}

func TestKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "data.db")
	db := open(t, path)
	write := func(ops ...disk.Op) {
		t.Helper()
		if err := db.Write(ops...); err != nil {
			t.Fatal(err)
		}
	}
	write(put("a", "2", "two"), put("a", "1", "one"), put("b", "1", ""))
	write(put("a", "2", "TWO"), put("a", "3", "three"))
	write(disk.Op{Bucket: "a", Key: []byte("1")}, disk.Op{Bucket: "a", Key: []byte("never there")})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(put("a", "4", "")); !errors.Is(err, disk.ErrClosed) {
		t.Errorf("after Close: got %v, want ErrClosed", err)
	}
	db = open(t, path)
	if got, want := load(t, db, "a"), []string{"2=TWO", "3=three"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := load(t, db, "b"), []string{"1="}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := load(t, db, "c"); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
	broken := errors.New("broken")
	if err := db.Load("a", func(_, _ []byte) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want f's error", err)
	}
}

func TestNoPathKeepsNothing(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	if err := db.Write(put("a", "1", "one")); err != nil {
		t.Fatal(err)
	}
	if got := load(t, db, "a"); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.db")
	db := open(t, path)
	if _, err := disk.Open(path); !errors.Is(err, disk.ErrLocked) {
		t.Fatalf("got %v, want ErrLocked", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestBadOpFailsAlone(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "data.db"))
	for _, bad := range []disk.Op{put("", "1", ""), put("a", "", ""), put("a", strings.Repeat("k", 32769), "")} {
		if err := db.Write(put("a", "good", ""), bad); err == nil {
			t.Errorf("want bucket %q with a key of %d bytes refused", bad.Bucket, len(bad.Key))
		}
	}
	if got := load(t, db, "a"); got != nil {
		t.Errorf("got %v, want nothing of a refused write", got)
	}
}

func TestWritesAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.db")
	db := open(t, path)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for j := range 20 {
				if err := db.Write(put("a", fmt.Sprint(i, "/", j), "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(load(t, open(t, path), "a")); got != 1000 {
		t.Errorf("got %d keys, want 1000", got)
	}
}

func TestSurvivesKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.db")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines, last := bufio.NewScanner(out), -1
	for lines.Scan() {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the child said %q", lines.Text())
		}
		if last == 200 {
			_ = child.Process.Kill() // in the midst of its writing; what it still printed is read below
		}
	}
	_ = child.Wait()
	if last < 200 {
		t.Fatalf("the child ended after write %d", last)
	}
	db := open(t, path)
	a, b := load(t, db, "a"), load(t, db, "b")
	if len(a) <= last {
		t.Errorf("got %d keys, want at least %d: a write that returned is lost", len(a), last+1)
	}
	if !slices.Equal(a, b) {
		t.Errorf("got %d keys in one bucket and %d in the other, want writes whole", len(a), len(b))
	}
}
