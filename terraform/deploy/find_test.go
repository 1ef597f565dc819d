package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// fakeProgram is a program that says it is Terraform of a version.
func fakeProgram(t *testing.T, dir, name, version string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	script := "#!/bin/sh\necho '{\"terraform_version\": \"" + version + "\", \"platform\": \"linux_amd64\", \"provider_selections\": {}}'\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil { //nolint:gosec // it has to run
		t.Fatal(err)
	}
	return path
}

func TestFindTerraform(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		there map[string]string // versions by name
		asked string            // -terraform
		want  string            // the program's name; "" for an error
		said  string            // in the error
	}{
		{"terraform", map[string]string{"terraform": "1.5.0"}, "", "terraform", ""},
		{"terraform before tofu", map[string]string{"terraform": "1.11.4", "tofu": "1.12.0"}, "", "terraform", ""},
		{"tofu", map[string]string{"tofu": "1.6.0"}, "", "tofu", ""},
		{"tofu where terraform is old", map[string]string{"terraform": "1.4.7", "tofu": "1.6.0"}, "", "tofu", ""},
		{"asked for", map[string]string{"terraform": "1.11.4", "mine": "1.9.0"}, "mine", "mine", ""},
		{"asked for, and old", map[string]string{"terraform": "1.11.4", "mine": "1.3.0"}, "mine", "", "is of version 1.3.0, want 1.5.0 or later"},
		{"asked for, and not there", nil, "mine", "", "no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, version := range tc.there {
				fakeProgram(t, dir, name, version)
			}
			s := newStage(t, "").with(map[string]string{"PATH": "/nowhere:" + dir, "XDG_CACHE_HOME": t.TempDir()})
			o := newOptions("plan", "")
			o.dir = dir
			if tc.asked != "" {
				o.terraform = filepath.Join(dir, tc.asked)
			}
			got, err := s.findTerraform(t.Context(), o)
			if tc.want != "" && (err != nil || got.ExecPath() != filepath.Join(dir, tc.want)) {
				t.Errorf("got %v, %v, want %s", got, err, tc.want)
			}
			if tc.want == "" {
				s.program.status(t.Context(), err)
				s.wantSaid(t, tc.said)
			}
		})
	}
}

func TestInstall(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(site.Close)
	cache := t.TempDir()
	s := newStage(t, "").with(map[string]string{"PATH": "", "XDG_CACHE_HOME": cache})
	s.releases = site.URL
	o := newOptions("plan", "")
	o.dir = cache
	_, err := s.findTerraform(t.Context(), o)
	s.program.status(t.Context(), err)
	s.wantSaid(t, "downloading Terraform 1.11.4 into "+cache, "no terraform or tofu to work with", "tofu is not on the PATH", "-terraform")

	dir := filepath.Join(cache, "comeback", "terraform-1.11.4")
	path := fakeProgram(t, dir, "terraform", "1.11.4")
	if got, err := s.findTerraform(t.Context(), o); err != nil || got.ExecPath() != path {
		t.Errorf("got %v, %v, want the one that was downloaded before", got, err)
	}
}
