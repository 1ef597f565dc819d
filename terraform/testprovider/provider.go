package main

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// provider serves the protocol. What it does not define nobody calls.
type provider struct {
	tfprotov5.ProviderServer
	address string
	schemas schemas
	rules   map[string]map[string]rule
	cloud   *cloud
	types   sync.Map // of resources, by name
}

func newProvider(address, dir string) (*provider, error) {
	p := &provider{address: address}
	var err error
	if p.schemas, p.rules, err = readSchemas(address); err != nil {
		return nil, err
	}
	if dir != "" {
		p.cloud = &cloud{dir: dir}
		err = os.MkdirAll(dir, 0o700)
	}
	return p, err
}

func (p *provider) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	r := &tfprotov5.GetMetadataResponse{}
	for name := range p.schemas.Resources {
		r.Resources = append(r.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range p.schemas.DataSources {
		r.DataSources = append(r.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return r, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	r := &tfprotov5.GetProviderSchemaResponse{ResourceSchemas: map[string]*tfprotov5.Schema{}, DataSourceSchemas: map[string]*tfprotov5.Schema{}}
	w, err := p.schemas.Provider.Block.wire()
	if err != nil {
		return nil, err
	}
	r.Provider = &tfprotov5.Schema{Block: w}
	for name, s := range p.schemas.Resources {
		if w, err = s.Block.wire(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.ResourceSchemas[name] = &tfprotov5.Schema{Block: w}
	}
	for name, s := range p.schemas.DataSources {
		if w, err = s.Block.wire(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.DataSourceSchemas[name] = &tfprotov5.Schema{Block: w}
	}
	return r, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) GetFunctions(context.Context, *tfprotov5.GetFunctionsRequest) (*tfprotov5.GetFunctionsResponse, error) {
	return &tfprotov5.GetFunctionsResponse{}, nil
}

func (p *provider) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (p *provider) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

// resource is a resource's schema and its type on the wire.
func (p *provider) resource(name string) (block, tftypes.Type, error) {
	b := p.schemas.Resources[name].Block
	if t, ok := p.types.Load(name); ok {
		return b, t.(tftypes.Type), nil
	}
	w, err := b.wire()
	if err != nil {
		return b, nil, err
	}
	t := w.ValueType()
	p.types.Store(name, t)
	return b, t, nil
}

func problem(err error) []*tfprotov5.Diagnostic {
	if err == nil {
		return nil
	}
	return []*tfprotov5.Diagnostic{{Severity: tfprotov5.DiagnosticSeverityError, Summary: err.Error()}}
}

func (p *provider) ValidateResourceTypeConfig(_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	b, t, err := p.resource(r.TypeName)
	if err != nil {
		return nil, err
	}
	config, err := decode(r.Config, t)
	if err != nil {
		return nil, err
	}
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: validate(b, p.rules[r.TypeName], config)}, nil
}

func (p *provider) UpgradeResourceState(_ context.Context, r *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	_, t, err := p.resource(r.TypeName)
	if err != nil {
		return nil, err
	}
	v, err := r.RawState.UnmarshalWithOpts(t, tfprotov5.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
	if err != nil {
		return nil, err
	}
	d, err := tfprotov5.NewDynamicValue(t, v)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &d}, err
}

func (p *provider) ReadResource(_ context.Context, r *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	_, t, err := p.resource(r.TypeName)
	if err != nil {
		return nil, err
	}
	state, err := decode(r.CurrentState, t)
	if err != nil {
		return nil, err
	}
	if m, ok := state.(map[string]any); ok && p.cloud != nil {
		there, err := p.cloud.find(r.TypeName, identity(r.TypeName, m))
		if err != nil {
			return nil, err
		}
		if there == nil { // somebody took it away
			gone, err := encode(nil, t)
			return &tfprotov5.ReadResourceResponse{NewState: gone}, err
		}
	}
	return &tfprotov5.ReadResourceResponse{NewState: r.CurrentState}, nil
}

func (p *provider) PlanResourceChange(_ context.Context, r *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	b, t, err := p.resource(r.TypeName)
	if err != nil {
		return nil, err
	}
	proposed, err := decode(r.ProposedNewState, t)
	if err != nil {
		return nil, err
	}
	prior, err := decode(r.PriorState, t)
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 a plan fills in defaults, as the real provider does
	res := &tfprotov5.PlanResourceChangeResponse{PlannedState: r.ProposedNewState, UnsafeToUseLegacyTypeSystem: true}
	after, ok := proposed.(map[string]any)
	if !ok { // it goes
		return res, nil
	}
	before, _ := prior.(map[string]any)
	pl := &planner{rules: p.rules[r.TypeName], create: before == nil}
	res.PlannedState, err = encode(pl.fill(b, "", tftypes.NewAttributePath(), after, before), t)
	res.RequiresReplace = pl.replaces
	return res, err
}

func (p *provider) ApplyResourceChange(_ context.Context, r *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	b, t, err := p.resource(r.TypeName)
	if err != nil {
		return nil, err
	}
	planned, err := decode(r.PlannedState, t)
	if err != nil {
		return nil, err
	}
	prior, err := decode(r.PriorState, t)
	if err != nil {
		return nil, err
	}
	before, _ := prior.(map[string]any)
	after, stays := planned.(map[string]any)
	if !stays {
		if err := p.cloud.delete(r.TypeName, identity(r.TypeName, before), before); err != nil {
			return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PriorState, Diagnostics: problem(err)}, nil
		}
		return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PlannedState}, nil
	}
	id := identity(r.TypeName, after)
	settle(b, after, chooser(r.TypeName, id, after))
	write := p.cloud.create
	if before != nil {
		write = p.cloud.update
	}
	if err := write(r.TypeName, id, after); err != nil {
		return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PriorState, Diagnostics: problem(err)}, nil
	}
	state, err := encode(after, t)
	//lint:ignore SA1019 a plan fills in defaults, as the real provider does
	return &tfprotov5.ApplyResourceChangeResponse{NewState: state, UnsafeToUseLegacyTypeSystem: true}, err
}

func (p *provider) ImportResourceState(_ context.Context, r *tfprotov5.ImportResourceStateRequest) (*tfprotov5.ImportResourceStateResponse, error) {
	_, t, err := p.resource(r.TypeName)
	if err != nil {
		return nil, err
	}
	var there *thing
	if p.cloud != nil {
		if there, err = p.cloud.find(r.TypeName, r.ID); err != nil {
			return nil, err
		}
	}
	if there == nil {
		//lint:ignore ST1005 Terraform's own words
		return &tfprotov5.ImportResourceStateResponse{Diagnostics: problem(fmt.Errorf("Cannot import non-existent remote object %s", r.ID))}, nil
	}
	state, err := encode(there.State, t)
	return &tfprotov5.ImportResourceStateResponse{ImportedResources: []*tfprotov5.ImportedResource{{TypeName: r.TypeName, State: state}}}, err
}

func (p *provider) ValidateDataSourceConfig(context.Context, *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return &tfprotov5.ValidateDataSourceConfigResponse{}, nil
}

// ReadDataSource makes archives. Google's data sources ask the cloud, which a plan must
// not need.
func (p *provider) ReadDataSource(_ context.Context, r *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	if r.TypeName != "archive_file" {
		return &tfprotov5.ReadDataSourceResponse{Diagnostics: problem(fmt.Errorf("%s asks the cloud: a plan must not need one", r.TypeName))}, nil
	}
	w, err := p.schemas.DataSources[r.TypeName].Block.wire()
	if err != nil {
		return nil, err
	}
	config, err := decode(r.Config, w.ValueType())
	if err != nil {
		return nil, err
	}
	values, _ := config.(map[string]any)
	sums, size, err := archive(values)
	if err != nil {
		return &tfprotov5.ReadDataSourceResponse{Diagnostics: problem(err)}, nil
	}
	for name, sum := range sums {
		values[name] = sum
	}
	values["output_size"] = new(big.Float).SetInt64(size)
	state, err := encode(values, w.ValueType())
	return &tfprotov5.ReadDataSourceResponse{State: state}, err
}
