package cloudtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
)

type version struct {
	value    []byte
	disabled bool
}

// PutSecret makes a secret, or adds versions to it.
func (s *Server) PutSecret(name string, values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.secrets[name]
	for _, v := range values {
		list = append(list, version{value: []byte(v)})
	}
	s.secrets[name] = list
}

// DisableVersions disables every version that a secret has.
func (s *Server) DisableVersions(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.secrets[name] {
		s.secrets[name][i].disabled = true
	}
}

// Versions are the values of a secret, oldest first.
func (s *Server) Versions(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, v := range s.secrets[name] {
		list = append(list, string(v.value))
	}
	return list
}

func secretName(name string) string {
	return fmt.Sprintf("projects/%d/secrets/%s", ProjectNumber, name)
}

func (s *Server) getSecret(_ *http.Request, args []string) (any, *apiError) {
	if _, ok := s.secrets[args[1]]; !ok {
		return nil, notFound("Secret [%s] not found.", secretName(args[1]))
	}
	return object{"name": secretName(args[1]), "replication": object{"automatic": object{}}}, nil
}

func (s *Server) listVersions(r *http.Request, args []string) (any, *apiError) {
	if _, err := s.getSecret(r, args); err != nil {
		return nil, err
	}
	filter := r.FormValue("filter")
	if filter != "" && filter != "state:ENABLED" {
		return nil, invalid("cloudtest knows the filter state:ENABLED only")
	}
	var list []object
	for i, v := range s.secrets[args[1]] {
		if filter == "" || !v.disabled {
			list = append(list, versionBody(args[1], i, v))
		}
	}
	total := len(list)
	if size, _ := strconv.Atoi(r.FormValue("pageSize")); size > 0 && size < total {
		list = list[:size]
	}
	return object{"versions": list, "totalSize": total}, nil
}

func versionBody(secret string, i int, v version) object {
	state := "ENABLED"
	if v.disabled {
		state = "DISABLED"
	}
	return object{"name": fmt.Sprintf("%s/versions/%d", secretName(secret), i+1), "state": state}
}

func (s *Server) addVersion(r *http.Request, args []string) (any, *apiError) {
	if _, err := s.getSecret(r, args); err != nil {
		return nil, err
	}
	var body struct {
		Payload struct {
			Data       string `json:"data"`
			DataCRC32C string `json:"dataCrc32c"`
		} `json:"payload"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		return nil, invalid("Invalid JSON payload received.")
	}
	value, err := base64.StdEncoding.DecodeString(body.Payload.Data)
	if err != nil || len(value) == 0 || len(value) > 64<<10 {
		return nil, invalid("Secret Payload: want 1 to 65536 bytes of base64.")
	}
	sum := crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli))
	if body.Payload.DataCRC32C != "" && body.Payload.DataCRC32C != strconv.FormatUint(uint64(sum), 10) {
		return nil, invalid("Secret payload checksum does not match.")
	}
	v := version{value: value}
	s.secrets[args[1]] = append(s.secrets[args[1]], v)
	if s.OnAddVersion != nil {
		s.OnAddVersion(args[1], value)
	}
	return versionBody(args[1], len(s.secrets[args[1]])-1, v), nil
}

func (s *Server) accessVersion(r *http.Request, args []string) (any, *apiError) {
	if _, err := s.getSecret(r, args); err != nil {
		return nil, err
	}
	list := s.secrets[args[1]]
	if len(list) == 0 {
		return nil, notFound("Secret [%s] not found or has no versions.", secretName(args[1]))
	}
	latest := list[len(list)-1]
	name := fmt.Sprintf("%s/versions/%d", secretName(args[1]), len(list))
	if latest.disabled {
		return nil, &apiError{code: http.StatusBadRequest, status: "FAILED_PRECONDITION", message: fmt.Sprintf("Secret Version [%s] is in DISABLED state.", name)}
	}
	return object{"name": name, "payload": object{"data": base64.StdEncoding.EncodeToString(latest.value)}}, nil
}
