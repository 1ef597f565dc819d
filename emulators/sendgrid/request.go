package sendgrid

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"unicode/utf8"
)

// mailSend is the body of POST /v3/mail/send, as far as the emulator looks at it.
type mailSend struct {
	Personalizations []personalization `json:"personalizations"`
	From             *address          `json:"from"`
	ReplyTo          *address          `json:"reply_to"`
	ReplyToList      []address         `json:"reply_to_list"`
	Subject          string            `json:"subject"`
	Content          []content         `json:"content"`
	Attachments      []attachment      `json:"attachments"`
	Headers          map[string]string `json:"headers"`
	Categories       []string          `json:"categories"`
	CustomArgs       map[string]string `json:"custom_args"`
	MailSettings     struct {
		SandboxMode struct {
			Enable bool `json:"enable"`
		} `json:"sandbox_mode"`
	} `json:"mail_settings"`

	TemplateID json.RawMessage `json:"template_id"`
	Sections   json.RawMessage `json:"sections"`
	SendAt     json.RawMessage `json:"send_at"`
	BatchID    json.RawMessage `json:"batch_id"`
}

// personalization is one envelope: its own recipients and, over the request's
// own, its own subject, headers and custom arguments.
type personalization struct {
	From       *address          `json:"from"`
	To         []address         `json:"to"`
	CC         []address         `json:"cc"`
	BCC        []address         `json:"bcc"`
	Subject    string            `json:"subject"`
	Headers    map[string]string `json:"headers"`
	CustomArgs map[string]string `json:"custom_args"`

	Substitutions       json.RawMessage `json:"substitutions"`
	DynamicTemplateData json.RawMessage `json:"dynamic_template_data"`
	SendAt              json.RawMessage `json:"send_at"`
}

type address struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

type content struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type attachment struct {
	Content     []byte `json:"content"` // encoding/json wants base64 here, as the service does
	Filename    string `json:"filename"`
	Disposition string `json:"disposition"`
}

// parse decodes and checks a body. What is wrong with it comes back as the
// errors of a 400.
func parse(body []byte) (*mailSend, []apiError) {
	if !utf8.Valid(body) {
		return nil, []apiError{{Message: "Bad Request"}}
	}
	m := new(mailSend)
	if err := json.Unmarshal(body, m); err != nil {
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			return nil, []apiError{{Message: fmt.Sprintf("The value must be of another type: got a JSON %s.", wrong.Value), Field: wrong.Field}}
		}
		if bad := base64.CorruptInputError(0); errors.As(err, &bad) {
			return nil, []apiError{{Message: "The attachment content must be base64 encoded.", Field: "attachments.content"}}
		}
		return nil, []apiError{{Message: "Bad Request"}}
	}
	return m, m.validate()
}

// notEmulated names what the request asks for and only the service can do.
func (m *mailSend) notEmulated() []apiError {
	var errs []apiError
	check := func(field string, value json.RawMessage) {
		if len(value) > 0 && string(value) != "null" {
			errs = append(errs, apiError{Message: "The emulator does not do this: leave it out.", Field: field})
		}
	}
	check("template_id", m.TemplateID)
	check("sections", m.Sections)
	check("send_at", m.SendAt)
	check("batch_id", m.BatchID)
	for i, p := range m.Personalizations {
		at := fmt.Sprintf("personalizations.%d.", i)
		check(at+"substitutions", p.Substitutions)
		check(at+"dynamic_template_data", p.DynamicTemplateData)
		check(at+"send_at", p.SendAt)
	}
	return errs
}

// merged is base with what over sets on top; never nil.
func merged(base, over map[string]string) map[string]string {
	all := make(map[string]string, len(base)+len(over))
	maps.Copy(all, base)
	maps.Copy(all, over)
	return all
}
