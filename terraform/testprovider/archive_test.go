package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

// The same sources give the same archive, in whatever order they come, and its entries
// have neither a mode, which is read as 0666, nor a time.
func TestArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sources := []any{
		map[string]any{"filename": "go.mod", "content": "module example.com/x\n"},
		map[string]any{"filename": "a/b.go", "content": "package b\n"},
	}
	var sums []any
	for _, list := range [][]any{sources, {sources[1], sources[0]}} {
		out := filepath.Join(dir, "made", "x.zip")
		attributes, size, err := archive(map[string]any{"type": "zip", "output_path": out, "source": list})
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(out); err != nil || info.Size() != size {
			t.Errorf("its size: got %d, want that of the file: %v %v", size, info, err)
		}
		sums = append(sums, attributes["output_md5"])
	}
	if sums[0] != sums[1] {
		t.Errorf("got the sums %v, want the same twice", sums)
	}
	z, err := zip.OpenReader(filepath.Join(dir, "made", "x.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for i, want := range []string{"a/b.go", "go.mod"} {
		if got := z.File[i]; got.Name != want || got.Method != zip.Deflate || got.ExternalAttrs != 0 || got.ModifiedDate != 0 {
			t.Errorf("entry %d: got %+v; want %s, deflated, with no mode and no time", i, got.FileHeader, want)
		}
	}
}

func TestArchiveOfNothing(t *testing.T) {
	t.Parallel()
	if _, _, err := archive(map[string]any{"type": "zip", "output_path": filepath.Join(t.TempDir(), "x.zip")}); err == nil {
		t.Error("got an archive of nothing, want an error")
	}
}
