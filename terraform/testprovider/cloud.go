package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// cloud is a folder that stands for Google's: a file for each thing, faults.json with
// the failures to come, ops.jsonl with what was done, and versions/NAME for each secret
// that somebody gave a version. A nil cloud remembers nothing.
type cloud struct {
	dir string
	mu  sync.Mutex
}

// thing is one file of the cloud.
type thing struct {
	Type  string         `json:"type"`
	ID    string         `json:"id"`
	State map[string]any `json:"state"`
}

// fault makes the next calls fail that fit it.
type fault struct {
	Type  string `json:"type"`
	Name  string `json:"name"` // part of the thing's full name; "" fits all
	Op    string `json:"op"`   // create, update or delete
	Times int    `json:"times"`
	Error string `json:"error"`
}

func (c *cloud) file(kind, id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(c.dir, fmt.Sprintf("%s-%x.json", kind, sum[:16]))
}

// find returns nil if there is no such thing.
func (c *cloud) find(kind, id string) (*thing, error) {
	data, err := os.ReadFile(c.file(kind, id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var t thing
	return &t, json.Unmarshal(data, &t)
}

func (c *cloud) create(kind, id string, state map[string]any) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.begin("create", kind, id); err != nil {
		return err
	}
	there, err := c.find(kind, id)
	switch {
	case err != nil:
		return err
	case there != nil && strings.Contains(kind, "_iam_"), there != nil && kind == "google_firestore_field", there != nil && kind == "google_project_service":
		// granting, changing a field's indexes and enabling again are no faults
	case there != nil:
		//lint:ignore ST1005 Google's own words
		return fmt.Errorf("Error creating %s: googleapi: Error 409: %s already exists, alreadyExists", kind, id)
	}
	if err := c.refuse(kind, id, state); err != nil {
		return err
	}
	return c.write(kind, id, state)
}

// refuse is what the service says to things that a deployment is known to trip over.
func (c *cloud) refuse(kind, id string, state map[string]any) error {
	if kind == "google_cloud_tasks_queue" {
		if _, err := os.Stat(c.file("deleted_queue", id)); err == nil {
			//lint:ignore ST1005 Google's own words
			return errors.New("Error creating Queue: googleapi: Error 400: The queue cannot be created because a queue with this name existed too recently.")
		}
	}
	if kind != "google_cloudfunctions2_function" {
		return nil
	}
	for _, config := range instances(state["service_config"]) {
		m, _ := config.(map[string]any)
		for _, secret := range instances(m["secret_environment_variables"]) {
			s, _ := secret.(map[string]any)
			if err := c.needVersion(fmt.Sprint(s["project_id"]), fmt.Sprint(s["secret"])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *cloud) needVersion(project, secret string) error {
	if _, err := os.Stat(filepath.Join(c.dir, "versions", secret)); err == nil {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(c.dir, "google_secret_manager_secret_version-*.json"))
	if err != nil {
		return err
	}
	for _, file := range files {
		var t thing
		if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &t) == nil && strings.HasSuffix(fmt.Sprint(t.State["secret"]), "/"+secret) {
			return nil
		}
	}
	//lint:ignore ST1005 Google's own words
	return fmt.Errorf("Error creating function: Error code 3, message: Secret projects/%s/secrets/%s/versions/latest was not found", project, secret)
}

func (c *cloud) update(kind, id string, state map[string]any) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.begin("update", kind, id); err != nil {
		return err
	}
	return c.write(kind, id, state)
}

func (c *cloud) delete(kind, id string, state map[string]any) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if state["deletion_policy"] == "ABANDON" || kind == "google_project_service" && state["disable_on_destroy"] == false {
		return c.note("abandon", kind, id)
	}
	if err := c.begin("delete", kind, id); err != nil {
		return err
	}
	if state["delete_protection_state"] == "DELETE_PROTECTION_ENABLED" {
		//lint:ignore ST1005 Google's own words
		return fmt.Errorf("Error deleting Database: googleapi: Error 400: %s has delete protection enabled", id)
	}
	if kind == "google_cloud_tasks_queue" {
		if err := os.WriteFile(c.file("deleted_queue", id), nil, 0o600); err != nil {
			return err
		}
	}
	if kind == "google_secret_manager_secret" {
		_ = os.Remove(filepath.Join(c.dir, "versions", filepath.Base(id))) // it may have none
	}
	if err := os.Remove(c.file(kind, id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (c *cloud) write(kind, id string, state map[string]any) error {
	plain, _ := toJSON(state).(map[string]any)
	data, err := json.MarshalIndent(thing{kind, id, plain}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.file(kind, id), data, 0o600)
}

// begin notes the call, unless a fault is set for it.
func (c *cloud) begin(op, kind, id string) error {
	if err := c.fail(op, kind, id); err != nil {
		return err
	}
	return c.note(op, kind, id)
}

func (c *cloud) note(op, kind, id string) error {
	line, err := json.Marshal(map[string]string{"op": op, "type": kind, "id": id})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(c.dir, "ops.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

func (c *cloud) fail(op, kind, id string) error {
	name := filepath.Join(c.dir, "faults.json")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var list []fault
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for i, f := range list {
		if f.Times == 0 || f.Op != op || f.Type != kind || !strings.Contains(id, f.Name) {
			continue
		}
		list[i].Times--
		if data, err = json.Marshal(list); err == nil {
			err = os.WriteFile(name, data, 0o600)
		}
		return errors.Join(errors.New(f.Error), err)
	}
	return nil
}
