package main

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// archive writes the zip that archive_file's `source` blocks describe, as
// hashicorp/archive does: in the order of the names, deflated, with no time, and returns
// its sums by attribute and its size.
func archive(values map[string]any) (map[string]any, int64, error) {
	type entry struct{ name, content string }
	var entries []entry
	for _, s := range instances(values["source"]) {
		m, _ := s.(map[string]any)
		entries = append(entries, entry{fmt.Sprint(m["filename"]), fmt.Sprint(m["content"])})
	}
	if len(entries) == 0 || values["type"] != "zip" {
		return nil, 0, fmt.Errorf("this stand-in makes zips of source blocks only")
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: filepath.ToSlash(e.name), Method: zip.Deflate})
		if err != nil {
			return nil, 0, err
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			return nil, 0, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, 0, err
	}
	out := fmt.Sprint(values["output_path"])
	if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
		return nil, 0, err
	}
	data := buf.Bytes()
	s1, s256, s512, m5 := sha1.Sum(data), sha256.Sum256(data), sha512.Sum512(data), md5.Sum(data)
	return map[string]any{
		"id": hex.EncodeToString(s1[:]), "output_sha": hex.EncodeToString(s1[:]), "output_md5": hex.EncodeToString(m5[:]),
		"output_sha256": hex.EncodeToString(s256[:]), "output_sha512": hex.EncodeToString(s512[:]),
		"output_base64sha256": base64.StdEncoding.EncodeToString(s256[:]), "output_base64sha512": base64.StdEncoding.EncodeToString(s512[:]),
	}, int64(len(data)), os.WriteFile(out, data, 0o600)
}
