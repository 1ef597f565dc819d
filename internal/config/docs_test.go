package config

import (
	"os"
	"strings"
	"testing"
)

// The documentation lists every variable as Variables does.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range Variables() {
		value := v.Default
		if value != "" {
			value = "`" + value + "`"
		}
		if row := "| `" + v.Name + "` | " + value + " | " + v.Meaning + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/configuration.md lacks the row %s", row)
		}
	}
}
