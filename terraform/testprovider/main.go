// Testprovider is a Terraform provider for tests: it serves the recorded schemas of
// hashicorp/google and hashicorp/archive, enforces what is recorded of their rules, and
// keeps what is applied in a folder that stands for the cloud. It talks to nobody.
//
// One binary serves both, told by its file's name which one it is.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

func main() {
	if err := serve(filepath.Base(os.Args[0])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(binary string) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(binary, "terraform-provider-"), "_")
	p, err := newProvider("registry.terraform.io/hashicorp/"+name, os.Getenv("COMEBACK_TEST_CLOUD"))
	if err != nil {
		return err
	}
	return tf5server.Serve(p.address, func() tfprotov5.ProviderServer { return p })
}
