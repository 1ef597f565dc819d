package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/comeback-checkout/comeback/internal/config"
)

// options are a command's flags. The embedded set takes more of them, and says which
// were given.
type options struct {
	*flag.FlagSet
	about string // what the command does, for its help

	project, region, config, alertEmail string
	vars, varFiles                      list
	dir, terraform                      string
	noColour                            bool
}

// list is a flag that may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, ", ") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// newOptions begins the flags of a command with those that all have.
func newOptions(name, about string) *options {
	o := &options{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), about: about}
	o.SetOutput(io.Discard) // parse says what is wrong
	o.StringVar(&o.project, "project", "", "the Google Cloud project's `ID`")
	o.StringVar(&o.dir, "dir", "", "the `folder` of Terraform's root module (default: terraform in this repository)")
	o.StringVar(&o.terraform, "terraform", "", "the terraform or tofu `program` (default: the first on the PATH, else it is installed)")
	o.BoolVar(&o.noColour, "no-color", false, "no colours, also on a terminal")
	return o
}

// withValues adds the flags that give Terraform's variables their values.
func (o *options) withValues() *options {
	o.StringVar(&o.config, "config", "", "the `path` of comeback.yaml")
	o.StringVar(&o.region, "region", "", "the `region`, such as europe-west1 (default: the module's, us-central1)")
	o.StringVar(&o.alertEmail, "alert-email", "", "who is told when an alert fires: an `address`")
	o.Var(&o.vars, "var", "a variable of the module, as `name=value`; may be repeated")
	o.Var(&o.varFiles, "var-file", "a `file` of variables; may be repeated. terraform.tfvars in the folder is read anyway")
	return o
}

// parse reads the arguments. A request for help prints it and gives flag.ErrHelp.
func (o *options) parse(p *program, args []string) error {
	err := o.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		o.help(p.out)
		return err
	case err != nil:
		return fmt.Errorf("%w: see deploy %s -help", err, o.Name())
	case o.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: see deploy %s -help", o.Arg(0), o.Name())
	}
	if o.noColour {
		p.colour = false
	}
	return o.check()
}

func (o *options) help(w io.Writer) {
	fmt.Fprintf(w, "usage: go run ./terraform/deploy %s [flags]\n\n%s\n\nflags:\n", o.Name(), o.about)
	o.SetOutput(w)
	o.PrintDefaults()
	o.SetOutput(io.Discard)
	fmt.Fprintf(w, "\n%s", exitHelp)
}

// given says whether a flag was set on the command line.
func (o *options) given(name string) bool {
	given := false
	o.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

var (
	projectForm = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	regionForm  = regexp.MustCompile(`^[a-z]+-[a-z]+[0-9]+$`)
)

// check finds what is wrong with the values before anything else is asked of them.
func (o *options) check() error {
	if o.given("project") && !projectForm.MatchString(o.project) {
		return fmt.Errorf("-project %q: want a project's ID such as my-shop-123, not its name or number", o.project)
	}
	if o.given("region") && !regionForm.MatchString(o.region) {
		return fmt.Errorf("-region %q: want a region such as europe-west1", o.region)
	}
	for _, v := range o.vars {
		if !strings.Contains(v, "=") {
			return fmt.Errorf("-var %q: want name=value", v)
		}
	}
	if err := o.absolute(); err != nil {
		return err
	}
	if !o.given("config") {
		return nil
	}
	return checkConfig(o.config)
}

// absolute makes the paths independent of where Terraform runs.
func (o *options) absolute() (err error) {
	var paths []*string
	if o.config != "" {
		paths = append(paths, &o.config)
	}
	for i := range o.varFiles {
		paths = append(paths, &o.varFiles[i])
	}
	for _, path := range paths {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	return nil
}

// folder is the root module's folder.
func (o *options) folder() (dir string, err error) {
	if dir = o.dir; dir == "" {
		if dir, err = moduleFolder(); err != nil {
			return "", err
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("-dir %s: want the folder of Terraform's root module", dir)
	}
	return dir, nil
}

// assignments are the given values as Terraform's -var wants them.
func (o *options) assignments() []string {
	var all []string
	for _, v := range []struct{ flag, variable, value string }{
		{"project", "project", o.project},
		{"region", "region", o.region},
		{"config", "config", o.config},
		{"alert-email", "alert_email", o.alertEmail},
	} {
		if o.given(v.flag) {
			all = append(all, v.variable+"="+v.value)
		}
	}
	return append(all, o.vars...)
}

// checkConfig reports every fault of the configuration file.
func checkConfig(path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the configuration: %w; start from internal/config/comeback.yaml", err)
	}
	if err := config.Check(file); err != nil {
		return fmt.Errorf("the configuration %s would not work in the cloud:\n%w", path, err)
	}
	return nil
}

const modulePath = "module github.com/comeback-checkout/comeback\n"

// moduleFolder is terraform in the repository that the working folder belongs to.
func moduleFolder() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), modulePath) {
			return filepath.Join(dir, "terraform"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("this folder is not in Comeback's repository: go there, or name the root module's folder with -dir")
		}
		dir = parent
	}
}
